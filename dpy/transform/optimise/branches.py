"""Save at the end of each branch of a loop what this branch has computed.

A loop whose body branches saves the test, and values that exist in one branch only. Appending in
the branches makes the test a literal and leaves out what a branch does not have:

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> saved, backward = Var("saved"), Call(Known(reversed, "reversed"), (Var("saved"),))
>>> names = ("t_1", "t_2_0")
>>> append = Assign(None, Op("append", (saved, Op("tuple", tuple(map(Var, names))))))
>>> mul = lambda a, b: Op("mul", (Var(a), Var(b)))
>>> loop = For("i", Var("xs"), (
...     Assign("t_2_0", Lit(None)), Assign("t_1", Op("lt", (Var("x"), Lit(1)))),
...     If(Var("t_1"), (Assign("t_2", mul("x", "i")), Assign("t_2_0", Var("t_2")),
...                     Assign("x", mul("t_2", "x")))), append))
>>> sweep = For(names, backward, (If(Var("t_1"), (Assign("d", mul("d", "t_2_0")),)),))
>>> pullback = Function("pb", (Param("d"),), (sweep, Return(Var("d"))), None)
>>> print(show(run(Function("f", (Param("xs"),), (loop, Def(pullback), Return(Var("pb"))), None))))
def f(xs):
    for i in xs:
        t_2_0 = None
        t_1 = x < 1
        if t_1:
            t_2 = x * i
            t_2_0 = t_2
            x = t_2 * x
            saved.append((True, t_2))
        else:
            saved.append((False, None))
<BLANKLINE>
    def pb(d):
        for t_1, t_2_0 in reversed(saved):
            if t_1:
                d = d * t_2_0
        return d
    return pb

Values of different branches share a place. What is dead now, `dead_copies` drops.
"""

from __future__ import annotations

from typing import Any

from dpy.records import replace, struct
from dpy.transform import ir
from dpy.transform.ir import variables
from dpy.transform.optimise.blocks import map_blocks, map_inner
from dpy.transform.optimise.nodes import (
    assigned,
    expressions,
    pullback_of,
    rewrite,
    substitute,
    targets,
    walk,
    with_pullback,
)
from dpy.transform.optimise.tapes import (
    entries,
    item,
    reverse_loops,
    tape_of_append,
    values,
    with_target,
)

__all__ = ["run"]

_MOST_LEAVES = 16
_ABSENT = ir.Lit(None)  # known by identity: a place that a branch leaves empty


@struct
class _Loop:
    """A tape whose append is sunk: the names read back, and the parts of each leaf's item."""

    names: tuple[str, ...]
    leaves: list[tuple[Any, ...]]
    places: list[int]  # of each name in the items


def run(function: ir.Function) -> ir.Function:
    """Sink the appends of all loops for which that gains something."""
    pullback = pullback_of(function)
    if pullback is None:
        return function
    sunk: dict[str, _Loop] = {}
    for tape, loop in reverse_loops(pullback.body).items():
        names = entries(loop)
        sunk[tape] = _Loop(names, [], list(range(len(names))))
    tests = _only_tests(pullback.body)

    own = function.locals | {p.name for p in function.params}

    def change(s: ir.Stmt) -> ir.Stmt:
        if isinstance(s, (ir.For, ir.While)):
            return _forward_loop(s, sunk, tests, own)
        return s

    body = map_blocks(function.body, change)
    function = replace(function, body=body)
    pullback = pullback_of(function)
    assert pullback is not None
    return _share(function, pullback, {t: loop for t, loop in sunk.items() if loop.leaves})


def _only_tests(block: ir.Block) -> set[str]:
    """Names that the pullback reads as conditions only: their truth is all it needs."""
    tests: set[str] = set()
    other: set[str] = set()
    for s in walk(block):
        if isinstance(s, ir.If):
            test = s.test
            if isinstance(test, ir.Op) and test.name == "not_":
                test = test.args[0]
            if isinstance(test, ir.Var):
                tests.add(test.name)
                continue
        for e in expressions(s):
            other.update(variables(e))
    return tests - other


def _forward_loop(
    s: ir.For | ir.While, sunk: dict[str, _Loop], tests: set[str], own: frozenset[str]
) -> ir.Stmt:
    if not s.body:
        return s
    append = s.body[-1]
    tape = tape_of_append(append, sunk)
    if tape is None or sunk[tape].leaves:
        return s
    loop = sunk[tape]
    if len(loop.names) < 2:
        return s
    assert isinstance(append, ir.Assign)
    parts = values(append, len(loop.names))
    if not all(isinstance(part, ir.Var) for part in parts):
        return s
    inits = set(loop.names) - own
    body = _sink(s.body[:-1], append, parts, {}, tests, loop, inits)
    if body is None or len(loop.leaves) > _MOST_LEAVES:
        loop.leaves.clear()
        return s
    return replace(s, body=body)


def _sink(
    block: ir.Block, append: Any, parts: tuple[Any, ...], known: dict[str, Any], tests: set[str],
    loop: _Loop, inits: set[str],
) -> ir.Block | None:  # fmt: skip
    """The block with the append moved into its last fitting `If`; None if there is none.

    `known` maps names to what they are known to equal at this point.
    """
    names = {part.name for part in parts if isinstance(part, ir.Var)}
    at = _last_branch(block, names)
    if at is None:
        return None
    branch: Any = block[at]
    known = dict(known)
    for s in block[:at]:
        _follow(s, known, inits)
    arms = []
    for arm, truth in ((branch.body, True), (branch.orelse, False)):
        inside = dict(known)
        here = parts
        name = branch.test.name
        if name in tests and name not in assigned(arm):
            here = tuple(ir.Lit(truth) if part == branch.test else part for part in parts)
        deeper = _sink(arm, append, here, inside, tests, loop, inits)
        if deeper is None:
            for s in arm:
                _follow(s, inside, inits)
            here = tuple(inside.get(p.name, p) if isinstance(p, ir.Var) else p for p in here)
            loop.leaves.append(here)
            tape = append.value.args[0]
            deeper = (*arm, replace(append, value=ir.Op("append", (tape, item(here)))))
        arms.append(deeper)
    return (*block[:at], replace(branch, body=arms[0], orelse=arms[1]), *block[at + 1 :])


def _last_branch(block: ir.Block, names: set[str]) -> int | None:
    """The place of the last `If` on a saved test after which no saved variable is assigned."""
    for i in range(len(block) - 1, -1, -1):
        s = block[i]
        if isinstance(s, ir.If) and isinstance(s.test, ir.Var) and s.test.name in names:
            return i
        if assigned((s,)) & names:
            return None
    return None


def _follow(s: ir.Stmt, known: dict[str, Any], inits: set[str]) -> None:
    """Keep `known` true over one statement."""
    changed = assigned((s,))
    for name, value in list(known.items()):
        if name in changed or isinstance(value, ir.Var) and value.name in changed:
            del known[name]
    if isinstance(s, ir.Assign) and isinstance(s.target, str):
        if s.value == ir.Lit(None) and s.target in inits:
            known[s.target] = _ABSENT
        elif isinstance(s.value, ir.Var) and s.target != s.value.name:
            known[s.target] = s.value


# --- places shared --------------------------------------------------------------------------------


def _share(function: ir.Function, pullback: ir.Function, sunk: dict[str, _Loop]) -> ir.Function:
    """Let values that no branch has together share a place in the items."""
    renamed: dict[str, ir.Var] = {}
    for loop in sunk.values():
        columns: list[list[int]] = []
        for i in range(len(loop.names)):
            for column in columns:
                if all(_are_apart(leaf, (*column, i)) for leaf in loop.leaves):
                    column.append(i)
                    break
            else:
                columns.append([i])
        for place, column in enumerate(columns):
            for i in column:
                loop.places[i] = place
                if i != column[0]:
                    renamed[loop.names[i]] = ir.Var(loop.names[column[0]])
        loop.leaves = [
            tuple(next((leaf[i] for i in c if leaf[i] is not _ABSENT), _ABSENT) for c in columns)
            for leaf in loop.leaves
        ]
    if not renamed:
        return function
    taken = {tape: len(loop.names) for tape, loop in sunk.items()}

    def forward(s: ir.Stmt) -> ir.Stmt:
        tape = tape_of_append(s, sunk)
        if tape is None:
            return s
        assert isinstance(s, ir.Assign)
        merged: dict[int, Any] = {}
        for place, part in zip(sunk[tape].places, values(s, taken[tape]), strict=True):
            if part is not _ABSENT or place not in merged:
                merged[place] = part
        whole = item(tuple(merged[k] for k in sorted(merged)))
        return replace(s, value=ir.Op("append", (ir.Var(tape), whole)))

    def backward(block: ir.Block) -> ir.Block:
        out = []
        for s in block:
            s = rewrite(s, lambda e: substitute(e, renamed))
            s = map_inner(s, backward)
            if isinstance(s, ir.For) and any(name in renamed for name in targets(s)):
                s = with_target(s, tuple(n for n in targets(s) if n not in renamed))
            out.append(s)
        return tuple(out)

    body = tuple(
        s if isinstance(s, ir.Def) else map_inner(forward(s), lambda b: map_blocks(b, forward))
        for s in function.body
    )
    swept = replace(pullback, body=backward(pullback.body))
    return with_pullback(replace(function, body=body), swept)


def _are_apart(leaf: tuple[Any, ...], column: tuple[int, ...]) -> bool:
    return sum(leaf[i] is not _ABSENT for i in column) <= 1
