"""Functions that call each other are analysed together, in rounds.

An analysis that meets a function which is itself being analysed, its *head*, takes the summary that
the head had in the last round. The result is provisional: it serves the rest of the round, and
when the head is done, the next round begins without it. The last round is the one in which no
summary has changed; all its results are final. So each round analyses each function once, however
many ways there are from one to the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dpy.kinds import UNKNOWN
from dpy.transform.infer import Summary

if TYPE_CHECKING:
    from dpy.specialise.specialisation import Specialisation

__all__ = ["Progress"]

_ROUNDS_BEFORE_WIDENING = 4
_MOST_ROUNDS = 40


class Progress:
    """What is being analysed, each within the analysis of the one before, and what rests on it."""

    def __init__(self, forget: Callable[[Specialisation], None]) -> None:
        self._forget = forget
        self.stack: list[Specialisation] = []
        self._provisional: list[Specialisation] = []
        self._summaries: dict[Any, Summary] = {}  # of the last round

    def begin(self, new: Specialisation) -> int:
        """The analysis of a function begins; for `leave`."""
        new.summary = self._last(new)
        self.stack.append(new)
        return len(self._provisional)

    def leave(self, base: int, *, failed: bool) -> None:
        """It has ended. What rests on it goes as well, if it has failed."""
        ended = self.stack.pop()
        if failed:
            self._drop(base)
            return
        if ended.lowest_dependence is None or ended.lowest_dependence >= len(self.stack):
            ended.lowest_dependence = None
        else:
            self._provisional.append(ended)
            self.stack[-1].lower_dependence(ended.lowest_dependence)

    def meets(self, found: Specialisation) -> bool:
        """The function being analysed calls one that is not settled; False if none analyses it."""
        if found in self.stack:
            self.stack[-1].lower_dependence(self.stack.index(found))
            return True
        if found.lowest_dependence is not None and found in self._provisional:
            self.stack[-1].lower_dependence(found.lowest_dependence)
            return True
        return False  # left behind by an interrupt

    def rounds(self, new: Specialisation, infer: Callable[[], Summary]) -> None:
        """Let ``infer()`` analyse the function on top of the stack until nothing changes."""
        place, base = len(self.stack) - 1, len(self._provisional)
        for count in range(_MOST_ROUNDS):
            new.lowest_dependence = None
            summary = infer()
            is_head = new.lowest_dependence is None or new.lowest_dependence >= place
            members = self._provisional[base:]
            changed = [m for m in members if m.summary != self._last(m)]
            is_stable = not changed and summary == new.summary
            new.summary = summary
            if new.lowest_dependence is None or not is_head:
                return
            new.is_recursive = True
            if is_stable:
                break
            if count >= _ROUNDS_BEFORE_WIDENING:
                for m in (new, *changed):
                    m.summary.result = UNKNOWN
            self._drop(base)
        for member in (new, *self._provisional[base:]):
            member.lowest_dependence = None
            member.is_recursive = True
        del self._provisional[base:]

    def clear(self) -> None:
        """Nothing is being analysed any more."""
        del self.stack[:]
        self._drop(0)
        self._summaries.clear()

    def _last(self, member: Specialisation) -> Summary:
        known = self._summaries.get((member.source.code, member.key))
        return Summary() if known is None else known

    def _drop(self, base: int) -> None:
        """Forget provisional results, but not their summaries."""
        for member in self._provisional[base:]:
            self._summaries[member.source.code, member.key] = member.summary
            self._forget(member)
        del self._provisional[base:]
