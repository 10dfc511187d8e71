"""Find the lists of numbers whose cotangents can be local lists of the reverse sweep.

A list that is made in this function, holds nothing but real numbers and is reached through its
variables alone needs no accumulator: its cotangent is a list in a local variable, which is as long
as the list is at each point of the sweep.

    xs = [a, b]          d_a = d_xs[0]; d_b = d_xs[1]
    xs.append(v)         d_v = d_xs.pop()
    xs[i] = v            d_v = d_xs[i]; d_xs[i] = 0.0
    y = xs[i]            d_xs[i] += d_y
    y = xs.pop()         d_xs.append(d_y)
    y = sum(xs)          each item of d_xs += d_y
    for v in xs: ...     d_xs[k] += d_v, at the end of each iteration backward
    ys = xs * n          each item of d_xs += its copies of d_ys

Any other use (a slice, a callee, a container, a nested function, a result) leaves the list to the
runtime.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.kinds import BOTTOM, Kind, KnownObject, List, Method, number_type
from dpy.records import struct
from dpy.transform import ir
from dpy.transform.buffers import analysed, hidden_reads
from dpy.transform.ir import variables
from dpy.transform.versions import Names, Versions

__all__ = ["Listed", "find_number_lists"]

_REALS = (int, float, np.float64)
_MAKERS = ("make", "alias", "repeat")
_METHODS: dict[Any, tuple[str, int]] = {list.append: ("append", 1), list.pop: ("pop", 0)}


@struct
class Listed:
    """A variable that holds a list of numbers.

    Attributes:
        owner: the variable that the list was assigned to when it was made.
        made: the statement that assigns the variable.
    """

    owner: str
    made: ir.Assign


def find_number_lists(facts: Any) -> tuple[dict[str, Listed], dict[int, str]]:
    """The variables that hold such lists, and what each statement does to them, by its id."""
    search = _Search(facts)
    return search.run() if search.names else ({}, {})


class _Search:
    def __init__(self, facts: Any) -> None:
        self.facts = facts
        self.statements = list(analysed(facts.function.body, facts.decided))
        self.roles: dict[int, str] = {}
        self.touched: dict[int, set[str]] = {}
        self.makers: dict[str, list[ir.Stmt]] = {}
        self.names = {
            s.target
            for s in self.statements
            if isinstance(s, ir.Assign) and isinstance(s.target, str)
            and s.target in facts.active and _is_list(facts.kinds.get(id(s)))
        }  # fmt: skip

    def run(self) -> tuple[dict[str, Listed], dict[int, str]]:
        self.names -= {p.name for p in self.facts.function.params}
        self.names -= set(variables(self.facts.function.result))
        for s in self.statements:
            if not self.names:
                return {}, {}
            self._look(s)
        made = {name: found[0] for name, found in self.makers.items() if len(found) == 1}
        self.names &= {name for name, s in made.items() if id(s) in self.roles}
        self._keep_what_is_always_seen(made)
        self._keep_whole_groups()
        lists = {name: self._listed(name, made) for name in self.names}
        return lists, {k: r for k, r in self.roles.items() if self.touched[k] <= self.names}

    def _keep_what_is_always_seen(self, made: dict[str, ir.Stmt]) -> None:
        """Only variables that hold, wherever they are read, what their one assignment gave them."""
        if not self.names:
            return
        facts = self.facts
        hidden = hidden_reads(facts.sites)
        versions = Versions(facts.function, Names(set()), hidden, facts.self_updates)
        for (_, name), version in versions.uses.items():
            if name in self.names:
                if version is not versions.definitions.get((id(made[name]), name)):
                    self.names.discard(name)

    def _keep_whole_groups(self) -> None:
        """Lists that are made of each other keep their cotangents in the same way."""
        groups = [self.touched[key] for key, r in self.roles.items() if r in ("alias", "repeat")]
        while any(group & self.names and not group <= self.names for group in groups):
            for group in groups:
                if not group <= self.names:
                    self.names -= group

    def _listed(self, name: str, made: dict[str, ir.Stmt]) -> Listed:
        s: Any = made[name]
        if self.roles[id(s)] == "alias":
            return self._listed(s.value.name, made)
        return Listed(name, s)

    # --- statements ---------------------------------------------------------------------------

    def _look(self, s: ir.Stmt) -> None:
        """Note the role of a statement; what it uses in any other way is no candidate."""
        for name in ir.targets(s):
            self.makers.setdefault(name, []).append(s)
        read = self._read_by(s) & self.names
        role, allowed = self._role(s)
        if role is not None:
            self.roles[id(s)] = role
            self.touched[id(s)] = {*allowed, *(ir.targets(s) if role in _MAKERS else ())}
        self.names -= read - allowed

    def _read_by(self, s: ir.Stmt) -> set[str]:
        found = set(ir.reads(s))
        site = self.facts.sites.get(id(s))
        if site is not None:
            atoms = (*site.operands, *site.binding.values())
            found.update([a.name for a in atoms if type(a) is ir.Var])
        return found

    def _role(self, s: ir.Stmt) -> tuple[str | None, set[str]]:
        """What a statement does to the lists of the second result; no role changes nothing."""
        if isinstance(s, ir.For):
            name: Any = getattr(s.iter, "name", None)
            ok = name in self.names and isinstance(s.target, str)
            return ("iterate", {name}) if ok else (None, set())
        if not isinstance(s, ir.Assign):
            return None, set()
        value: Any = s.value
        if isinstance(value, ir.Var):
            ok = s.target in self.names and value.name in self.names
            return ("alias", {value.name}) if ok else (None, set())
        if isinstance(value, ir.Op):
            return self._role_of_operation(s, value)
        if isinstance(value, ir.Call) and not value.kwargs:
            return self._role_of_call(s, value)
        return None, set()

    def _role_of_operation(self, s: ir.Assign, op: ir.Op) -> tuple[str | None, set[str]]:
        name, args = op.name, op.args
        if name == "list":
            ok = s.target in self.names and all(self._is_real(s, a) for a in args)
            return ("make" if ok else None), set()
        owners = {a.name for a in args if isinstance(a, ir.Var)} & self.names
        if name == "getattr":
            is_bound = isinstance(self.facts.kinds.get(id(s)), Method)  # and only called
            return None, owners if is_bound else set()
        if name == "mul" and s.target in self.names:
            if {int} == {t for a in args if (t := self._type(s, a)) is not None}:
                return "repeat", owners
            return None, set()
        first: Any = getattr(args[0], "name", None) if args else None
        if first not in owners or len(owners) != 1:
            return None, set()
        if name == "append":
            return ("append", owners) if self._is_real(s, args[1]) else (None, set())
        if name == "getitem" and self._type(s, args[1]) is int and self._gives_real(s):
            return "read", owners
        if name == "setitem" and self._type(s, args[1]) is int and self._is_real(s, args[2]):
            return "write", owners
        return None, set()

    def _role_of_call(self, s: ir.Assign, call: ir.Call) -> tuple[str | None, set[str]]:
        function = self.facts.kind(s, call.func)
        if isinstance(function, Method):
            return self._role_of_method(s, function, call.args)
        first: Any = getattr(call.args[0], "name", None) if len(call.args) == 1 else None
        if not isinstance(function, KnownObject) or first not in self.names:
            return None, set()
        if function.value is len:
            return None, {first}
        if function.value is sum and self._gives_real(s):
            return "total", {first}
        return None, set()

    def _role_of_method(
        self, s: ir.Assign, method: Method, args: tuple[Any, ...]
    ) -> tuple[str | None, set[str]]:
        name: Any = getattr(method.owner, "name", None)
        role, count = _METHODS.get(getattr(method.function, "value", None), ("", -1))
        if name not in self.names or len(args) != count or s.target is not None and role != "pop":
            return None, set()
        fits = self._is_real(s, args[0]) if role == "append" else self._gives_real(s)
        return (role, {name}) if fits else (None, set())

    def _type(self, s: ir.Stmt, atom: Any) -> Any:
        return None if isinstance(atom, ir.Star) else number_type(self.facts.kind(s, atom))

    def _is_real(self, s: ir.Stmt, atom: Any) -> bool:
        return self._type(s, atom) in _REALS

    def _gives_real(self, s: ir.Assign) -> bool:
        return s.target is None or number_type(self.facts.kinds.get(id(s))) in _REALS


def _is_list(kind: Kind | None) -> bool:
    return isinstance(kind, List) and (kind.item is BOTTOM or number_type(kind.item) in _REALS)
