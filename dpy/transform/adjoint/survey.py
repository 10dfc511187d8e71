"""What is read off a function before its reverse sweep is written.

>>> from dpy.transform import ir
>>> x, y = ir.Var("x"), ir.Var("y")
>>> body = (ir.Assign("y", ir.Op("mul", (x, x))), ir.Assign("z", ir.Op("neg", (y,))))
>>> found = Reads(body)
>>> found.counts, sorted(found.makers)
({'x': 2, 'y': 1}, ['y', 'z'])
"""

from __future__ import annotations

import functools
from typing import Any

from dpy.kinds import UNKNOWN, Kind, Object, Tuple, is_number
from dpy.transform import ir
from dpy.transform.infer import Facts
from dpy.transform.ir import variables

__all__ = ["Reads", "Survey", "form_of", "names_in"]


def names_in(function: ir.Function) -> set[str]:
    """All names that generated code must leave alone."""
    taken = set(function.locals) | {p.name for p in function.params}
    for s in ir.walk(function.body):
        if isinstance(s, ir.Assign):
            taken.update(variables(s.value))
            if isinstance(s.value, (ir.Global, ir.Free)):
                taken.add(s.value.name)
            if isinstance(s.target, str):
                taken.add(s.target)
    return taken


def form_of(facts: Facts, s: ir.Stmt) -> str:
    """How the adjoint treats a statement: see `infer.Site`."""
    site = facts.sites.get(id(s))
    return site.form if site is not None else "inert"


class Survey:
    """What the variables of a function may hold, and what its loops assign."""

    def __init__(self, facts: Facts) -> None:
        self._body = facts.function.body
        self._assigned: dict[str, list[Kind]] = {p: [k] for p, k in facts.params.items()}
        self._iterated: dict[str, Kind] = {}
        self._inside: dict[int, frozenset[str]] = {}
        for s in ir.walk(facts.function.body):
            if isinstance(s, ir.Assign) and isinstance(s.target, str):
                self._assigned.setdefault(s.target, []).append(facts.kinds.get(id(s), UNKNOWN))
            elif isinstance(s, ir.For):
                for t in s.target if isinstance(s.target, tuple) else (s.target,):
                    self._iterated[t] = facts.exit_kinds.get(t, UNKNOWN)

    @functools.cached_property
    def reads(self) -> Reads:
        """How often each variable is read, and where."""
        return Reads(self._body)

    def numbers(self) -> set[str]:
        """Variables that only ever hold numbers: their cotangents start at 0.0."""
        names = {**self._assigned, **self._iterated}
        return {name for name in names if all(map(is_number, self._kinds(name)))}

    def tuple_size(self, var: str) -> int:
        """The length of the longest tuple that a variable may hold."""
        return max((len(k.items) for k in self._kinds(var) if isinstance(k, Tuple)), default=0)

    def named_fields(self, var: str) -> tuple[str, ...] | None:
        """The fields of the named tuple that a variable holds, if it is assigned one."""
        for kind in reversed(self._assigned.get(var, ())):
            if isinstance(kind, Object) and issubclass(kind.cls, tuple):
                return kind.cls._fields  # type: ignore[attr-defined]
        return None

    def assigned_in(self, loop: ir.Stmt) -> frozenset[str]:
        """The variables that a loop assigns, its target among them."""
        found = self._inside.get(id(loop))
        if found is None:
            names: set[str] = set()
            for s in ir.walk((loop,)):
                if isinstance(s, (ir.Assign, ir.For)) and s.target is not None:
                    names.update(s.target if isinstance(s.target, tuple) else (s.target,))
            found = self._inside[id(loop)] = frozenset(names)
        return found

    def _kinds(self, var: str) -> list[Kind]:
        kinds = self._assigned.get(var, [])
        return [*kinds, self._iterated[var]] if var in self._iterated else kinds


class Reads:
    """How often each variable is read, and where.

    Attributes:
        counts: the number of reads in the text of the function.
        makers: by variable, the last statement of the text that assigns it.
        blocks: by id of a statement, that of the block it stands in.
    """

    def __init__(self, block: ir.Block) -> None:
        self.counts: dict[str, int] = {}
        self.makers: dict[str, ir.Assign] = {}
        self.blocks: dict[int, int] = {}
        self._block(block)

    def _read(self, value: Any) -> None:
        for name in variables(value):
            self.counts[name] = self.counts.get(name, 0) + 1

    def _block(self, block: ir.Block) -> None:
        for s in block:
            self.blocks[id(s)] = id(block)
            if isinstance(s, ir.Assign):
                self._read(s.value)
                if isinstance(s.target, str):
                    self.makers[s.target] = s
            elif isinstance(s, ir.If):
                self._read(s.test)
                self._block(s.body)
                self._block(s.orelse)
            elif isinstance(s, ir.For):
                self._read(s.iter)
                self._block(s.body)
            elif isinstance(s, ir.While):
                self._block(s.test_body)
                self._read(s.test)
                self._block(s.body)
            elif isinstance(s, ir.Raise):
                self._read(s.exc)
                self._read(s.cause)
