"""Objects of the user's classes that are iterated over by methods of their own."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from dpy.cotangent import ZERO
from dpy.runtime.attempts import Failed, attempt, may_lose
from dpy.runtime.dispatch import dispatch
from dpy.runtime.sources import Lazy, Part
from dpy.runtime.special_methods import user_method

__all__ = ["OfIndexed", "OfObject", "attempt_call"]


class _OfCalls(Lazy):
    """Each item is what a call of a method has returned; one that fails finds the end."""

    def __init__(self, obj: Any) -> None:
        super().__init__(obj, [])
        self.pbs: list[Any] = []
        self.last: Any = None  # the call that found the end

    def items(self, method: Any, calls: Iterable[tuple[Any, ...]], end: Any) -> Iterator[Any]:
        """What the method returns for these arguments, until it raises `end`."""
        for args in calls:
            found = attempt_call(end, method, args)
            if type(found) is Failed:
                self.last = found
                return
            y, pb = found
            self.pbs.append(pb)
            yield y

    def give(self, acc: Any, k: int, d: Any) -> None:
        if self.pbs[k] is not None:
            self.pbs[k](d, acc)

    def give_end(self, acc: Any) -> None:
        if self.last is not None:
            self.last.back(acc)
        super().give_end(acc)

    def remainder(self, acc: Any) -> Any:
        return ZERO


class OfObject(_OfCalls):
    """An object whose class defines ``__iter__`` (or ``__next__``) in Python."""

    def __init__(self, obj: Any) -> None:
        super().__init__(obj)
        method = user_method(type(obj), "__iter__")
        self.begin: Any = None
        it: Any = obj
        if method is not None:
            it, self.begin = dispatch(method, (obj,), {})
        advance = user_method(type(it), "__next__")
        if advance is None:
            part = Part(it)
            self.parts = [part]
            self.iterable = part.iterable
        else:
            self.iterable = self.items(advance, itertools.repeat((it,)), StopIteration)

    def give(self, acc: Any, k: int, d: Any) -> None:
        """To the call that made the item, or to the iterator that the class has handed out."""
        if self.parts:
            self.parts[0].give(acc, k, d)
        else:
            super().give(acc, k, d)

    def remainder(self, acc: Any) -> Any:
        """Back through ``__iter__`` to the object."""
        d = self.parts[0].remainder(acc) if self.parts else ZERO
        return ZERO if self.begin is None else self.begin(d, acc)[1][0]


class OfIndexed(_OfCalls):
    """An object that is iterated by ``__getitem__`` with 0, 1, 2, ..."""

    def __init__(self, obj: Any, method: Any) -> None:
        super().__init__(obj)
        calls = zip(itertools.repeat(obj), itertools.count(), strict=False)
        self.iterable = self.items(method, calls, (IndexError, StopIteration))


def attempt_call(end: Any, method: Any, args: tuple[Any, ...]) -> Any:
    """A call that tells by an exception that there is no more."""
    if may_lose(method.__code__):
        return attempt(end, dispatch, method, args, {})
    try:
        return dispatch(method, args, {})
    except end as error:
        return Failed(error, [])
