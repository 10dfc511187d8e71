"""Read a field of what was just built from where the field's value is.

After `splice` a program builds objects and tuples only to take them apart again. Here a read of
a field, or of an item, becomes the variable that was put there, and what nobody reads any more is
not built.

>>> from dpy.transform.ir import Assign, Function, Lit, Op, Param, Var
>>> from dpy.transform.show import show
>>> body = (Assign("t_1", Op("tuple", (Var("x"), Lit(2)))),
...         Assign("y", Op("getitem", (Var("t_1"), Lit(0)))))
>>> print(show(run(Function("f", (Param("x"),), body, Var("y")), None)))
def f(x):
    y = x
    return y
"""

from __future__ import annotations

import inspect
import types
from collections import Counter
from itertools import chain
from typing import Any, TypeVar

from dpy.kinds import Const, KnownObject, Object, Tuple, is_plain_dataclass
from dpy.records import replace
from dpy.transform import ir
from dpy.transform.constructors import made_with
from dpy.transform.ir import variables
from dpy.transform.optimise.nodes import is_temporary, substitute
from dpy.transform.splice import unbound_reads
from dpy.transform.versions import assigned

__all__ = ["run"]

_S = TypeVar("_S", ir.Assign, ir.If, ir.For, ir.While)


def run(function: ir.Function, facts: Any) -> ir.Function:
    """The function without the detours. `facts` are those of `infer` for it, or None."""
    body = _Forwarding(facts).block(function.body, {})
    if body == function.body:
        return function
    return _without_unread(replace(function, body=body), facts)


class _Forwarding:
    """Goes through the statements with what is known of the variables before each.

    `known` maps a variable to an atom that it is a copy of, or to the dict of what is in it.
    """

    def __init__(self, facts: Any) -> None:
        self.facts = facts

    def block(self, block: ir.Block, known: dict[str, Any]) -> ir.Block:
        """The new statements; `known` is brought up to date."""
        out: list[ir.Stmt] = []
        for s in block:
            new = self.statement(s, known)
            out.append(new)
        return tuple(out)

    def statement(self, s: ir.Stmt, known: dict[str, Any]) -> ir.Stmt:
        if isinstance(s, ir.Assign):
            return self.assign(s, known)
        if isinstance(s, ir.If):
            s = self.with_originals(s, "test", known)
            before = dict(known)
            body = self.block(s.body, before)
            other = dict(known)
            orelse = self.block(s.orelse, other)
            _forget(known, assigned((s,)) if known else ())
            return replace(s, body=body, orelse=orelse)
        if isinstance(s, ir.For):
            s = self.with_originals(s, "iter", known)
            _forget(known, assigned((s,)) if known else ())
            return replace(s, body=self.block(s.body, dict(known)))
        if isinstance(s, ir.While):
            _forget(known, assigned((s,)) if known else ())
            inner = dict(known)
            test_body = self.block(s.test_body, inner)
            s = self.with_originals(s, "test", inner)
            return replace(s, test_body=test_body, body=self.block(s.body, inner))
        return s

    def with_originals(self, s: _S, part: str, known: dict[str, Any]) -> _S:
        """The statement with the originals of the temporaries that it reads, where it can be."""
        value = getattr(s, part)
        copies = {
            name: known[name]
            for name in variables(value)
            if is_temporary(name) and isinstance(known.get(name), ir.Var)
        }
        if not copies or isinstance(value, ir.Closure):
            return s
        changed: Any = {part: substitute(value, copies)}
        return replace(s, **changed)

    def assign(self, s: ir.Assign, known: dict[str, Any]) -> ir.Stmt:
        found = self.read(s, known)
        new = self.with_originals(s, "value", known) if found is None else replace(s, value=found)
        parts = self.parts(s, new.value)
        _forget(known, assigned((s,)) if known else ())
        if not isinstance(s.target, str):
            return new
        if parts is not None:
            if ir.Var(s.target) not in parts.values():
                known[s.target] = parts
        elif isinstance(new.value, ir.Var) and new.value.name != s.target:
            known[s.target] = known.get(new.value.name, new.value)
        return new

    def read(self, s: ir.Assign, known: dict[str, Any]) -> Any:
        """The atom, or the shorter expression, for a read of something known."""
        value = s.value
        if isinstance(value, ir.Call):
            return self.same_tuple(s, value, known)
        if not isinstance(value, ir.Op) or value.name not in ("getattr", "getitem", "unpack"):
            return None
        owner, slot = value.args
        if not isinstance(owner, ir.Var) or not isinstance(slot, ir.Lit):
            return None
        parts = known.get(owner.name)
        if not isinstance(parts, dict):
            return None
        if value.name == "unpack":
            if len(parts) == slot.value and all(type(key) is int for key in parts):
                return ir.Op("tuple", tuple(parts[i] for i in range(slot.value)))
            return None
        if value.name == "getitem":
            return parts.get(slot.value) if type(slot.value) is int else None
        kind = self.facts.kind(s, owner) if self.facts is not None else None
        return parts.get(slot.value) if _is_plain_read(kind, slot.value) else None

    def same_tuple(self, s: ir.Assign, value: ir.Call, known: dict[str, Any]) -> Any:
        """``tuple(x)`` of a tuple is `x`."""
        if self.facts is None or len(value.args) != 1 or value.kwargs:
            return None
        function = self.facts.kind(s, value.func)
        if not isinstance(function, KnownObject) or function.value is not tuple:
            return None
        is_tuple = isinstance(self.facts.kind(s, value.args[0]), Tuple)
        return value.args[0] if is_tuple else None

    def parts(self, s: ir.Assign, value: Any) -> dict[Any, Any] | None:
        """What is in a tuple or an object that this statement makes, if nobody changes it."""
        facts = self.facts
        if isinstance(value, ir.Op) and value.name == "tuple":
            if any(isinstance(a, ir.Star) for a in value.args):
                return None
            return dict(enumerate(value.args))
        if not isinstance(value, ir.Call) or facts is None or s.target in facts.written:
            return None
        made = made_with(value.func.value) if isinstance(value.func, ir.Known) else None
        if made is not None:
            return dict(zip(made.fields, value.args, strict=True))
        site = facts.sites.get(id(s))
        if site is not None and site.form == "construct":
            names = [f for f, _ in facts.kinds[id(s)].fields]
            if set(names) == set(site.binding):
                return dict(site.binding)
        return None


def _is_plain_read(kind: Any, name: str) -> bool:
    """Whether the attribute of an object is what was stored in it: no code runs to read it."""
    if not isinstance(kind, Object) or issubclass(kind.cls, tuple):
        return False
    if kind.cls.__getattribute__ is not object.__getattribute__:
        return False
    raw = inspect.getattr_static(kind.cls, name, None)
    return isinstance(raw, types.MemberDescriptorType) or not hasattr(type(raw), "__set__")


def _forget(known: dict[str, Any], names: Any) -> None:
    """These variables are assigned anew: drop what is known of them, and through them."""
    gone = set(names)
    for name, value in list(known.items()):
        held = value.values() if isinstance(value, dict) else (value,)
        if name in gone or any(isinstance(a, ir.Var) and a.name in gone for a in held):
            del known[name]


# --- what nobody reads --------------------------------------------------------------------------


def _without_unread(function: ir.Function, facts: Any) -> ir.Function:
    """Drop what only built something that is not read, until nothing changes."""
    unbound = unbound_reads(function)
    reads = Counter(chain.from_iterable(map(ir.reads, ir.walk(function.body))))
    reads.update(variables(function.result))

    def clean(block: ir.Block) -> ir.Block:
        out: list[ir.Stmt] = []
        for s in reversed(block):
            if isinstance(s, ir.If):
                s = replace(s, orelse=clean(s.orelse), body=clean(s.body))
            elif isinstance(s, ir.For):
                s = replace(s, body=clean(s.body))
            elif isinstance(s, ir.While):
                s = replace(s, body=clean(s.body), test_body=clean(s.test_body))
            elif isinstance(s, ir.Assign) and isinstance(s.target, str) and not reads[s.target]:
                if id(s) not in unbound and _has_no_effect(s, facts):
                    reads.subtract(ir.reads(s))
                    continue
            out.append(s)
        return tuple(reversed(out))

    return replace(function, body=clean(function.body))


def _has_no_effect(s: ir.Assign, facts: Any) -> bool:
    """Whether a statement only makes a value, and cannot fail."""
    value = s.value
    if isinstance(value, (ir.Var, ir.Lit, ir.Known)):
        return True
    if isinstance(value, ir.Op):
        if value.name in ("is_", "is_not"):
            return True
        return value.name == "tuple" and not any(isinstance(a, ir.Star) for a in value.args)
    if facts is None:
        return False
    if isinstance(value, (ir.Global, ir.Free)):
        return isinstance(facts.kinds.get(id(s)), KnownObject)
    if not isinstance(value, ir.Call) or value.kwargs:
        return False
    function = value.func.value if isinstance(value.func, ir.Known) else None
    if function is None:
        kind = facts.kind(s, value.func)
        function = kind.value if isinstance(kind, KnownObject) else None
    if function is isinstance:  # decided by the kinds: no class was asked
        return isinstance(facts.kinds.get(id(s)), Const)
    if made_with(function) is not None:
        return True
    site = facts.sites.get(id(s))
    return site is not None and site.form == "construct" and is_plain_dataclass(function)
