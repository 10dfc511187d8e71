"""In the pullback, put expressions where they are used once, and drop what nothing reads.

Only expressions without effects move, and only over statements that assign none of their
operands. Calls of other pullbacks and of accumulators keep their order; no array is read on the
other side of one, since accumulators may add to arrays in place.

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> inner = (
...     Assign("d_t", Op("mul", (Var("d_y"), Var("a")))), Assign("d_u", Var("d_y")),
...     Assign("d_x", Op("neg", (Var("d_t"),))), Return(Var("d_x")),
... )
>>> body = (Def(Function("pb", (Param("d_y"),), inner, None)), Return(Var("pb")))
>>> print(show(run(Function("f", (), body, None))))
def f():
<BLANKLINE>
    def pb(d_y):
        d_x = -(d_y * a)
        return d_x
    return pb
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from dpy.records import made_by, replace, struct
from dpy.transform import ir
from dpy.transform.ir import variables
from dpy.transform.optimise.nodes import (
    assigned,
    changed_in_place,
    find,
    is_pure,
    pullback_of,
    reads_of,
    rewrite,
    size,
    substitute,
    targets,
    touched,
    with_pullback,
)

__all__ = ["run"]

_LARGEST = 16
_FAR = 1 << 60


def run(function: ir.Function, shown: frozenset[str] = frozenset()) -> ir.Function:
    """Fold and drop, from the last statement of the pullback to the first.

    The variables in `shown` stay, for someone who looks at them.
    """
    pullback = pullback_of(function)
    if pullback is None:
        return function
    body, _ = _Folder(shown).block(pullback.body, set())
    return with_pullback(function, replace(pullback, body=body))


@struct
class _Use:
    """The reads of a variable between here and its next assignment."""

    count: int
    index: int  # of the statement that reads it; -1: inside a block, or after this one


@struct
class _Ahead:
    """What is known about the statements after the present one, in its block."""

    uses: dict[str, _Use] = made_by(default_factory=dict)
    assigned: dict[str, int] = made_by(default_factory=dict)
    effect: int = _FAR

    def read(self, name: str, index: int) -> None:
        use = self.uses.get(name)
        if use is None:
            self.uses[name] = _Use(1, index)
        else:
            use.count += 1


class _Folder:
    def __init__(self, shown: frozenset[str]) -> None:
        self.shown = shown
        self.exposures: dict[int, tuple[set[str], set[str]]] = {}

    def block(self, block: ir.Block, live_out: Set[str]) -> tuple[ir.Block, set[str]]:
        """The block folded, and the names that are live before it."""
        ahead = _Ahead({name: _Use(1, -1) for name in live_out})
        out: dict[int, ir.Stmt] = {}
        for i in range(len(block) - 1, -1, -1):
            s = block[i]
            if isinstance(s, ir.Assign):
                self._assign(s, i, out, ahead)
            elif isinstance(s, ir.If):
                self._if(s, i, out, ahead)
            elif isinstance(s, ir.For):
                self._for(s, i, out, ahead)
            else:
                out[i] = s
                for name in reads_of(s):
                    ahead.read(name, i)
        return tuple(out[i] for i in sorted(out)), set(ahead.uses)

    def _assign(self, s: ir.Assign, i: int, out: dict[int, ir.Stmt], ahead: _Ahead) -> None:
        pure = is_pure(s.value)
        if isinstance(s.target, str) and pure and s.target not in self.shown:
            use = ahead.uses.get(s.target)
            if use is None:
                return
            if self._fold(s, s.target, use, out, ahead):
                return
        for name in targets(s):
            ahead.uses.pop(name, None)
            ahead.assigned[name] = i
        for name in changed_in_place(s):
            ahead.assigned[name] = i
        if not pure:
            ahead.effect = i
        out[i] = s
        for name in reads_of(s):
            ahead.read(name, i)

    def _fold(
        self, s: ir.Assign, name: str, use: _Use, out: dict[int, ir.Stmt], ahead: _Ahead
    ) -> bool:
        j = use.index
        if use.count != 1 or j < 0:
            return False
        value = s.value
        names = variables(value)
        if any(ahead.assigned.get(n, _FAR) < j for n in (*names, name)):
            return False
        is_atom = isinstance(value, (ir.Var, ir.Lit, ir.Known))
        if not is_atom and ahead.effect < j:
            return False
        reader: Any = out[j]
        expression: Any = (
            reader.iter if isinstance(reader, ir.For) else getattr(reader, "test", None)
        )
        if expression is None:
            expression = reader.value
        if name in changed_in_place(reader):
            return False
        if not is_atom:
            if isinstance(reader, ir.Return):  # cotangents of parameters are shown by name
                return False
            if _shown_size(expression) + size(value) > _LARGEST:
                return False
            if find(expression, name, is_pure) != "first":
                return False
        out[j] = rewrite(reader, lambda e: substitute(e, {name: value}))
        del ahead.uses[name]
        for n in names:
            ahead.read(n, j)
        return True

    def _if(self, s: ir.If, i: int, out: dict[int, ir.Stmt], ahead: _Ahead) -> None:
        names = touched(s)
        live = names & ahead.uses.keys()
        body, live_a = self.block(s.body, live)
        orelse, live_b = self.block(s.orelse, live)
        if not body and not orelse and is_pure(s.test):
            return
        new = replace(s, body=body, orelse=orelse)
        self._compound(new, i, out, ahead, names, live_a | live_b)

    def _for(self, s: ir.For, i: int, out: dict[int, ir.Stmt], ahead: _Ahead) -> None:
        names = touched(s)
        after = names & ahead.uses.keys()
        exposed, _ = self.exposure(s.body)
        body, live_in = self.block(s.body, after | (exposed - set(targets(s))))
        live = (live_in - set(targets(s))) | after
        self._compound(replace(s, body=body), i, out, ahead, names, live)

    def _compound(
        self,
        s: Any,
        i: int,
        out: dict[int, ir.Stmt],
        ahead: _Ahead,
        names: Set[str],
        live: Set[str],
    ) -> None:
        """Note a statement with blocks; of `names`, all that stood in it, `live` are live before.

        Nothing is done for other names: a long function has many, and many branches.
        """
        out[i] = s
        ahead.assigned.update(dict.fromkeys(assigned((s,)), i))
        if not _is_quiet(s):
            ahead.effect = i
        kept = touched(s)
        for name in (names - live) & ahead.uses.keys():
            del ahead.uses[name]
        for name in names & live:
            if name in kept or name not in ahead.uses:
                ahead.uses[name] = _Use(1, -1)
        for name in reads_of(s):
            ahead.read(name, i)

    def exposure(self, block: ir.Block) -> tuple[set[str], set[str]]:
        """The names read before they are assigned, and the names certainly assigned."""
        found = self.exposures.get(id(block))
        if found is not None:
            return found
        exposed: set[str] = set()
        killed: set[str] = set()
        for s in block:
            exposed.update(name for name in reads_of(s) if name not in killed)
            if isinstance(s, ir.Assign):
                killed.update(targets(s))
            elif isinstance(s, ir.If):
                read_a, killed_a = self.exposure(s.body)
                read_b, killed_b = self.exposure(s.orelse)
                exposed |= (read_a | read_b) - killed
                killed |= killed_a & killed_b
            elif isinstance(s, ir.For):
                read, _ = self.exposure(s.body)
                exposed |= read - set(targets(s)) - killed
        self.exposures[id(block)] = exposed, killed
        return exposed, killed


def _shown_size(e: Any) -> int:
    """The size of what stands on the right hand side."""
    is_write = isinstance(e, ir.Op) and e.name == "setitem"
    return size(e.args[-1] if is_write else e)


def _is_quiet(s: ir.Stmt) -> bool:
    """Whether a statement has no effect but its assignments, and those in it."""
    if isinstance(s, ir.Assign):
        return is_pure(s.value)
    return isinstance(s, (ir.If, ir.For)) and ir.asked(s, _is_quiet_inside)


def _is_quiet_inside(s: ir.If | ir.For) -> bool:
    return all(_is_quiet(inner) for block in ir.blocks_of(s) for inner in block)
