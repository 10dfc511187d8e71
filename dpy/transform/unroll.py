"""Write out the few iterations of a loop over a tuple of known length.

``[a * p + q for p, q in zip(x, y)]`` on tuples of three numbers is three sums of products. As a
loop it is iterators, a list that grows, and items whose kind is the join of all.

>>> from dpy.kinds import Number, Tuple
>>> from dpy.transform.infer import Facts
>>> from dpy.transform.ir import Assign, For, Function, Op, Param, Var
>>> from dpy.transform.show import show
>>> add = Assign("y", Op("add", (Var("y"), Var("v"))))
>>> loop = For("v", Var("x"), (add,))
>>> function = Function("f", (Param("x"), Param("y")), (loop,), Var("y"))
>>> facts = Facts(function, {})
>>> facts.operand_kinds[id(loop)] = {"x": Tuple((Number(float), Number(float)))}
>>> print(show(run(function, facts)))
def f(x, y):
    v = x[0]
    y = y + v
    v_0 = x[1]
    y = y + v_0
    return y

A model that calls each of its layers would, before this, call something unknown, which might write
to the model: then it is not known what the loop goes through. So a loop is written out for what it
seemed to go through before that was taken into account, and `holds` says whether it was right.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from dpy.kinds import Const, KnownObject, Tuple
from dpy.records import replace
from dpy.transform import ir
from dpy.transform.ir import variables
from dpy.transform.optimise.nodes import is_temporary
from dpy.transform.splice import rename, size
from dpy.transform.versions import Names

__all__ = ["Assumed", "holds", "run"]

LARGEST = 64
"""No loop becomes more statements than these."""
LARGEST_OF_UNKNOWN = 512
"""The same for loops that would call something unknown, which costs more than a longer function."""


Assumed = list[tuple[ir.Stmt, str, int]]
"""Statements, and the variables that must be tuples of this length there."""


def run(function: ir.Function, facts: Any, assumed: Assumed | None = None) -> ir.Function:
    """The function with its short loops over tuples, and over ranges in displays, written out.

    Args:
        function: as it was analysed.
        facts: what was found.
        assumed: if a list is given, loops are also written out on the strength of
            ``facts.first_sources``, and the list is filled with what that rests on.
    """
    unroller = _Unroller(function, facts, assumed)
    body = unroller.block(function.body)
    if not unroller.changed:
        return function
    return replace(function, body=body, locals=function.locals | unroller.locals)


def holds(assumed: Assumed, facts: Any) -> bool:
    """Whether an analysis of the function that `run` gave confirms what it assumed."""
    for s, name, n in assumed:
        kind = facts.kind(s, ir.Var(name))
        if not isinstance(kind, Tuple) or len(kind.items) != n:
            return False
    return True


class _Unroller:
    def __init__(self, function: ir.Function, facts: Any, assumed: Assumed | None) -> None:
        self.facts = facts
        self.assumed = assumed
        self.changed = False
        self.reads = Counter(variables(function.result))
        self.locals: set[str] = set()
        taken = {p.name for p in function.params} | set(function.locals) | set(function.free)
        self.readers: dict[str, list[ir.Stmt]] = {}
        for s in ir.walk(function.body):
            for name in ir.reads(s):
                self.reads[name] += 1
                self.readers.setdefault(name, []).append(s)
            taken.update(ir.targets(s))
            value = getattr(s, "value", None)
            if isinstance(value, (ir.Global, ir.Free)):
                taken.add(value.name)
        self.names = Names(taken)

    def block(self, block: ir.Block) -> ir.Block:
        out: list[ir.Stmt] = []
        for s in block:
            if isinstance(s, ir.If):
                s = replace(s, body=self.block(s.body), orelse=self.block(s.orelse))
            elif isinstance(s, ir.While):
                s = replace(s, test_body=self.block(s.test_body), body=self.block(s.body))
            elif isinstance(s, ir.For):
                written = self.loop(s, out)
                if written is not None:
                    out += written
                    continue
                s = replace(s, body=self.block(s.body))
            out.append(s)
        return tuple(out)

    def loop(self, s: ir.For, before: list[ir.Stmt]) -> list[ir.Stmt] | None:
        """The iterations of a loop, or None where it stays a loop."""
        if s.exit is not None or not isinstance(s.target, str):
            return None
        if any(map(_has_own_frame, ir.walk(s.body))):
            return None
        items, used = self.items(s, before)
        if not items:
            return None
        is_known = used is not None or isinstance(self.facts.kind(s, s.iter), Tuple)
        if len(items) * (1 + size(s.body)) > (LARGEST if is_known else LARGEST_OF_UNKNOWN):
            return None
        list_ = self.filled(s, before)
        if list_ is None:
            return None
        for gone in (used, *list_.values()):
            if gone is not None:
                before.remove(gone)
        values: list[Any] = []
        inside = Counter(name for inner in ir.walk(s.body) for name in ir.reads(inner))
        carried = self.carried(s)
        assigned = {t: None for inner in ir.walk((s,)) for t in ir.targets(inner)}
        own = [n for n in assigned if self.reads[n] == inside[n] and n not in carried]
        out: list[ir.Stmt] = []
        for i, item in enumerate(items):
            env: dict[str, Any] = {}
            for name in own if i else ():
                env[name] = ir.Var(self.fresh(name))
            target = env[s.target].name if s.target in env else s.target
            out += self.flat(target, item, s.loc)
            if not is_known:
                self.assume(out[-1], s, len(items))
            for inner in rename(s.body, env):
                if isinstance(inner, ir.Assign) and _appended(inner) in list_:
                    assert isinstance(inner.value, ir.Op)
                    values.append(ir.Var(self.fresh("t_1")))
                    inner = ir.Assign(values[-1].name, inner.value.args[1], inner.loc)
                out.append(inner)
        for name in list_:
            shape = "tuple" if self.is_only_taken_apart(name) else "list"
            out.append(ir.Assign(name, ir.Op(shape, tuple(values)), s.loc))
        self.changed = True
        return out

    def assume(self, read: ir.Stmt, s: ir.For, n: int) -> None:
        """Note that this statement reads from a tuple of length `n`, if all is as it seems."""
        assert self.assumed is not None and isinstance(s.iter, ir.Var)
        self.assumed.append((read, s.iter.name, n))

    def is_only_taken_apart(self, name: str) -> bool:
        """Whether nobody can tell a list from a tuple: it is unpacked or made a tuple, no more."""
        readers = [s for s in self.readers[name] if _appended(s) != name]
        if len(readers) != 1 or self.reads[name] != 2 or not isinstance(readers[0], ir.Assign):
            return False
        value = readers[0].value
        if isinstance(value, ir.Op):
            return value.name == "unpack"
        if not isinstance(value, ir.Call) or value.args != (ir.Var(name),) or value.kwargs:
            return False
        found = self.facts.kind(readers[0], value.func)
        return isinstance(found, KnownObject) and found.value is tuple

    def filled(self, s: ir.For, before: list[ir.Stmt]) -> dict[str, ir.Stmt] | None:
        """The list that a comprehension's loop fills, with what starts it; None: it stays a loop.

        The reverse of an append belongs to a loop: either the list becomes a display, or nothing
        is written out.
        """
        adding = [
            inner for inner in ir.walk(s.body)
            if isinstance(inner, ir.Assign) and isinstance(inner.value, ir.Op)
            and inner.value.name in ("append", "add_to_set", "put")
        ]  # fmt: skip
        if not adding:
            return {}
        name = _appended(adding[0])
        start = before[-1] if before else None
        if len(adding) > 1 or not any(inner is adding[0] for inner in s.body) or name is None:
            return None
        if start is None or not _starts_list(start) or start.target != name:  # type: ignore[union-attr]
            return None
        return {name: start}

    def flat(self, target: str, item: Any, loc: Any) -> list[ir.Stmt]:
        """``target = item`` where the items of a tuple are reads, each with a variable."""
        if not isinstance(item, ir.Op) or item.name != "tuple":
            return [ir.Assign(target, item, loc)]
        out: list[ir.Stmt] = []
        atoms: list[Any] = []
        for part in item.args:
            if isinstance(part, ir.Op):
                out.append(ir.Assign(self.fresh("t_1"), part, loc))
                part = ir.Var(out[-1].target)  # type: ignore[union-attr, arg-type]
            atoms.append(part)
        return [*out, ir.Assign(target, ir.Op("tuple", tuple(atoms)), loc)]

    def carried(self, s: ir.For) -> set[str]:
        """Variables whose value an iteration may take from the one before, or leave behind."""
        first: set[str] = {str(s.target)}
        found: set[str] = set()
        for inner in s.body:
            found.update(name for name in _all_reads(inner) if name not in first)
            if isinstance(inner, ir.Assign):
                first.update(ir.targets(inner))
        return found

    def fresh(self, name: str) -> str:
        if is_temporary(name):
            number = 1
            while f"t_{number}" in self.names.taken:
                number += 1
            new = f"t_{number}"
        else:
            new = self.names.numbered(name)
            self.locals.add(new)
        self.names.taken.add(new)
        return new

    def items(self, s: ir.For, before: list[ir.Stmt]) -> tuple[list[Any] | None, ir.Stmt | None]:
        """What the loop's variable is in each iteration, and the call that is not needed then."""
        source = s.iter
        none = None, None
        if not isinstance(source, ir.Var):
            return none
        kind = self.facts.kind(s, source)
        if self.assumed is not None and not isinstance(kind, Tuple):
            kind = self.facts.first_sources.get(id(s), kind)
        if isinstance(kind, Tuple):
            if source.name in {t for inner in ir.walk(s.body) for t in ir.targets(inner)}:
                return none
            return [_item(source, i) for i in range(len(kind.items))], None
        at = len(before) - 1
        while at > 0 and isinstance(before[at], ir.Assign) and _starts_list(before[at]):
            at -= 1
        made = before[at] if before else None
        if not isinstance(made, ir.Assign) or made.target != source.name:
            return none
        if self.reads[source.name] != 1 or not isinstance(made.value, ir.Call):
            return none
        return self.called(made, made.value, s), made

    def called(self, made: ir.Assign, value: ir.Call, s: ir.For) -> list[Any] | None:
        """The items of ``zip(x, y)``, ``enumerate(x)``, and in displays of ``range(3)``."""
        function = self.facts.kind(made, value.func)
        if not isinstance(function, KnownObject) or value.kwargs or not value.args:
            return None
        if function.value is range and len(value.args) == 1:
            kind = self.facts.kind(made, value.args[0])
            fills = any(
                isinstance(inner, ir.Assign) and isinstance(inner.value, ir.Op)
                and inner.value.name == "append" for inner in s.body
            )  # fmt: skip
            if fills and isinstance(kind, Const) and kind.type is int and kind.value <= LARGEST:
                return [ir.Lit(i) for i in range(kind.value)]
            return None
        if function.value not in (zip, enumerate) or len(value.args) > 4:
            return None
        kinds = [self.facts.kind(made, a) for a in value.args]
        inside = {t for inner in ir.walk(s.body) for t in ir.targets(inner)}
        if not all(isinstance(k, Tuple) for k in kinds):
            return None
        if any(name in inside for name in variables(value)):
            return None
        n = min(len(k.items) for k in kinds if isinstance(k, Tuple))
        sources: tuple[Any, ...] = value.args
        reads: list[tuple[Any, ...]] = [
            tuple(_item(source, i) for source in sources) for i in range(n)
        ]
        if function.value is enumerate:
            if len(sources) > 1:
                return None
            reads = [(ir.Lit(i), *parts) for i, parts in enumerate(reads)]
        return [ir.Op("tuple", parts) for parts in reads]


def _item(source: ir.Var, i: int) -> ir.Op:
    return ir.Op("getitem", (source, ir.Lit(i)))


def _has_own_frame(s: ir.Stmt) -> bool:
    """Loops, and functions made in the loop, which hold what was there when they were made."""
    value = getattr(s, "value", None)
    return isinstance(s, (ir.For, ir.While)) or isinstance(value, (ir.Closure, ir.Cell))


def _starts_list(s: ir.Stmt) -> bool:
    return isinstance(s, ir.Assign) and s.value == ir.Op("list", ())


def _all_reads(s: ir.Stmt) -> list[str]:
    return [name for inner in ir.walk((s,)) for name in ir.reads(inner)]


def _appended(s: ir.Stmt) -> str | None:
    """The list that a statement appends to."""
    if isinstance(s, ir.Assign) and isinstance(s.value, ir.Op) and s.value.name == "append":
        return str(s.value.args[0].name)
    return None
