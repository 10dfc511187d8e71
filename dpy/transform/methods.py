"""Find the bound methods that are only called, while what they are bound to is still the same.

For these, and no others, ``m = x.sum`` and ``m()`` may be taken as ``np.ndarray.sum(x)``: a method
that is stored, passed on or called after ``x`` has been rebound carries `x` with it, as a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from dpy.transform import ir

__all__ = ["direct_methods"]


def direct_methods(function: ir.Function) -> set[int]:
    """The ids of the ``getattr`` statements whose value is only called, with the same owner."""
    return _Search(function).found


class _Search:
    def __init__(self, function: ir.Function) -> None:
        self.assigned: Counter[str] = Counter(p.name for p in function.params)
        self.in_loop: set[str] = set()
        self.reads: Counter[str] = Counter(_names(function.result))
        self.calls: dict[str, list[tuple[ir.Block, int]]] = {}
        self.bound: list[tuple[ir.Assign, ir.Block, int]] = []
        self._visit(function.body, False)
        self.found = {id(s) for s, block, i in self.bound if self._is_direct(s, block, i)}

    def _visit(self, block: ir.Block, in_loop: bool) -> None:
        for i, s in enumerate(block):
            for name in _targets(s):
                self.assigned[name] += 1
                if in_loop or isinstance(s, ir.For):
                    self.in_loop.add(name)
            self.reads.update(_read_by(s))
            if isinstance(s, ir.Assign):
                value = s.value
                if isinstance(value, ir.Call) and isinstance(value.func, ir.Var):
                    self.calls.setdefault(value.func.name, []).append((block, i))
                if isinstance(value, ir.Op) and value.name == "getattr":
                    self.bound.append((s, block, i))
            for inner in _blocks(s):
                self._visit(inner, in_loop or isinstance(s, (ir.For, ir.While)))

    def _is_direct(self, s: ir.Assign, block: ir.Block, i: int) -> bool:
        target = s.target
        if not isinstance(target, str) or self.assigned[target] != 1:
            return False
        calls = self.calls.get(target, [])
        if self.reads[target] != len(calls):
            return False  # read otherwise: stored, compared, passed on
        assert isinstance(s.value, ir.Op)
        owner = s.value.args[0]
        if not isinstance(owner, ir.Var):
            return True
        if self.assigned[owner.name] == 1 and owner.name not in self.in_loop:
            return True
        return all(
            where is block and i < j and owner.name not in _assigned(block[i + 1 : j])
            for where, j in calls
        )


def _blocks(s: ir.Stmt) -> tuple[ir.Block, ...]:
    if isinstance(s, ir.If):
        return s.body, s.orelse
    if isinstance(s, ir.For):
        return (s.body,)
    if isinstance(s, ir.While):
        return s.test_body, s.body
    return ()


def _targets(s: ir.Stmt) -> tuple[str, ...]:
    if not isinstance(s, (ir.Assign, ir.For)) or s.target is None:
        return ()
    return s.target if isinstance(s.target, tuple) else (s.target,)


def _assigned(block: ir.Block) -> set[str]:
    return {name for s in ir.walk(block) for name in _targets(s)}


def _read_by(s: ir.Stmt) -> Iterator[str]:
    """The variables that a statement itself reads, once for each time."""
    if isinstance(s, ir.Assign):
        yield from _names(s.value)
    elif isinstance(s, (ir.If, ir.While)):
        yield from _names(s.test)
    elif isinstance(s, ir.For):
        yield from _names(s.iter)
    elif isinstance(s, ir.Raise):
        yield from _names(s.exc)
        yield from _names(s.cause)
    if isinstance(s, (ir.For, ir.While)) and s.exit is not None:
        yield s.exit


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, ir.Var):
        yield value.name
        return
    atoms: tuple[Any, ...] = ()
    if isinstance(value, ir.Star):
        atoms = (value.value,)
    elif isinstance(value, ir.Op):
        atoms = value.args
    elif isinstance(value, ir.Call):
        atoms = (value.func, *value.args, *(a for _, a in value.kwargs))
    elif isinstance(value, ir.Closure):
        atoms = (
            *(a for _, a in value.cells), *value.defaults, *(a for _, a in value.kwdefaults)
        )  # fmt: skip
    for atom in atoms:
        yield from _names(atom)
