r"""How statements can end, read off the tree: by falling through or by leaving.

>>> import gast
>>> tree = gast.parse("while 1:\n  if a: break\n  if b: return\n  continue")
>>> flow = Flows().of(tree.body)
>>> sorted(flow.kinds), flow.falls
(['return'], True)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gast

from dpy.records import record

__all__ = ["Flow", "Flows", "is_endless"]


@record
class Flow:
    """`kinds`: subset of "break", "continue", "return"; `falls`: may reach the next statement."""

    kinds: frozenset[str]
    falls: bool


_FALLS = Flow(frozenset(), True)
_LEAVES: dict[type, Flow] = {
    gast.Break: Flow(frozenset({"break"}), False),
    gast.Continue: Flow(frozenset({"continue"}), False),
    gast.Return: Flow(frozenset({"return"}), False),
    gast.Raise: Flow(frozenset(), False),
}


def is_endless(node: Any) -> bool:
    """``while True`` and the like."""
    return isinstance(node, gast.While) and isinstance(node.test, gast.Constant) and node.test.value


class Flows:
    """Computes flows, once per statement."""

    def __init__(self) -> None:
        self._known: dict[int, Flow] = {}

    def of(self, statements: Sequence[Any]) -> Flow:
        """The flow of statements in sequence; what follows a certain exit does not count."""
        kinds: frozenset[str] = frozenset()
        for statement in statements:
            flow = self.one(statement)
            kinds |= flow.kinds
            if not flow.falls:
                return Flow(kinds, False)
        return Flow(kinds, True)

    def one(self, statement: Any) -> Flow:
        """The flow of one statement."""
        flow = self._known.get(id(statement))
        if flow is None:
            flow = self._known[id(statement)] = self._compute(statement)
        return flow

    def walk(self, node: Any) -> Iterator[Any]:
        """A node and all below it, without the statements that can never be reached."""
        yield node
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, gast.AST):
                yield from self.walk(value)
            elif isinstance(value, list) and not (name == "orelse" and is_endless(node)):
                for child in value:
                    if isinstance(child, gast.AST):
                        yield from self.walk(child)
                    if isinstance(child, gast.stmt) and not self.one(child).falls:
                        break

    def _compute(self, node: Any) -> Flow:
        if type(node) in _LEAVES:
            return _LEAVES[type(node)]
        if isinstance(node, gast.If):
            body, orelse = self.of(node.body), self.of(node.orelse)
            return Flow(body.kinds | orelse.kinds, body.falls or orelse.falls)
        if isinstance(node, (gast.For, gast.While)):
            body, orelse = self.of(node.body), self.of(node.orelse)
            breaks = "break" in body.kinds
            if is_endless(node):
                return Flow(body.kinds & {"return"}, breaks)
            return Flow((body.kinds & {"return"}) | orelse.kinds, breaks or orelse.falls)
        if isinstance(node, (gast.Try, gast.TryStar)):
            return self._of_try(node)
        if isinstance(node, gast.Match):
            return self._of_match(node)
        if isinstance(node, gast.With):  # the manager may swallow an exception
            return Flow(self.of(node.body).kinds, True)
        return _FALLS

    def _of_match(self, node: Any) -> Flow:
        flows = [self.of(case.body) for case in node.cases]
        last = node.cases[-1]
        always = last.guard is None and isinstance(last.pattern, gast.MatchAs)
        always = always and last.pattern.pattern is None
        kinds = frozenset[str]().union(*(flow.kinds for flow in flows))
        return Flow(kinds, not always or any(flow.falls for flow in flows))

    def _of_try(self, node: Any) -> Flow:
        body, orelse, final = self.of(node.body), self.of(node.orelse), self.of(node.finalbody)
        handlers = [self.of(handler.body) for handler in node.handlers]
        if not final.falls:
            return final
        kinds = body.kinds.union(final.kinds, *(handler.kinds for handler in handlers))
        if body.falls:
            kinds |= orelse.kinds
        falls = (body.falls and orelse.falls) or any(handler.falls for handler in handlers)
        return Flow(kinds, falls)
