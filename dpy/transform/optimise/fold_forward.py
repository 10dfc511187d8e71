"""In the forward, put a temporary that is read once into the statement after it.

Python's order of evaluation stays what it is: nothing but atoms may stand before it there. Both
must be on one line of the user's source, so that tracebacks show the right one.

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> body = (Assign("t_1", Global("math"), Loc(1)),
...         Assign("t_2", Op("getattr", (Var("t_1"), Lit("sin"))), Loc(1)),
...         Assign("t_3", Op("mul", (Var("x"), Lit(2))), Loc(1)),
...         Assign("y", Call(Var("t_2"), (Var("t_3"),)), Loc(1)))
>>> print(show(run(Function("f", (Param("x"),), body, Var("y")))))
def f(x):
    y = math.sin(x * 2)
    return y
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Any

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.ir import variables
from dpy.transform.optimise.blocks import map_inner
from dpy.transform.optimise.nodes import (
    INPLACE,
    count_reads,
    find,
    is_temporary,
    rewrite,
    size,
    substitute,
    targets,
    walk,
)

__all__ = ["run"]

_LARGEST = 60
_WINDOW = 20
_ARITHMETIC = frozenset(
    "add sub mul truediv floordiv mod pow neg pos lt le eq ne gt ge is_ is_not getattr".split()
)
_STATEMENTS = INPLACE | {
    "setitem", "setattr", "delitem", "delattr", "put", "append", "add_to_set", "unpack",
    "unpack_star", "unbound", "setglobal", "delglobal", "import", "format", "join",
}  # fmt: skip


def run(function: ir.Function, known: frozenset[str] = frozenset()) -> ir.Function:
    """Fold in all blocks of the forward; the pullback is left alone.

    `known` names temporaries that hold what was found at compile time (``math.sin``):
    these are read after arithmetic that stood behind them as well as before it.
    """
    own = function.locals | {p.name for p in function.params}
    reads = count_reads(function)
    writes = Counter(chain.from_iterable(map(targets, walk(function.body))))
    once = {
        name
        for name, n in writes.items()
        if n == 1 and reads[name] == 1 and is_temporary(name) and name not in own
    }
    return replace(function, body=_Folder(once, once & known, own).block(function.body))


def _never(e: Any) -> bool:
    return False


def _is_arithmetic(e: Any) -> bool:
    return isinstance(e, ir.Op) and e.name in _ARITHMETIC


def _is_calm(e: Any) -> bool:
    """Whether an expression calls nothing."""
    if isinstance(e, ir.Op):
        return e.name in _ARITHMETIC and all(map(_is_calm, e.args))
    return isinstance(e, (ir.Var, ir.Lit, ir.Known, ir.Global))


class _Folder:
    def __init__(self, once: set[str], known: set[str], own: frozenset[str]) -> None:
        self.once = once
        self.known = known
        self.own = own

    def block(self, block: ir.Block) -> ir.Block:
        out: list[Any] = []
        for s in block:
            if isinstance(s, ir.Def):
                out.append(s)
            elif _is_tape(s, self.own):  # started earlier it stands in no one's way
                at = len(out)
                while at and isinstance(out[at - 1], ir.Assign) and out[at - 1].target in self.once:
                    at -= 1
                out.insert(at, s)
            else:
                s = map_inner(s, self.block)
                out.append(_test(s, self.once) if isinstance(s, ir.While) else self.fold(s, out))
        return tuple(out)

    def fold(self, s: Any, out: list[Any]) -> Any:
        """`s` with what stands at the end of `out` folded in as far as that may be."""
        while out:
            folded = _folded(out[-1], s, self.once)
            if folded is not None:
                out.pop()
            else:
                folded = self._known_read(s, out)
                if folded is None:
                    break
            s = folded
        return s

    def _known_read(self, s: Any, out: list[Any]) -> Any:
        for name in variables(_expression(s)):
            if name not in self.known:
                continue
            for back in range(1, min(len(out), _WINDOW) + 1):
                first = out[-back]
                if isinstance(first, ir.Assign) and first.target == name:
                    folded = _folded(first, s, self.known, _is_arithmetic)
                    if folded is not None:
                        del out[-back]
                    return folded
                if not isinstance(first, ir.Assign) or not _is_calm(first.value):
                    break
        return None


def _is_tape(s: ir.Stmt, own: frozenset[str]) -> bool:
    return (
        isinstance(s, ir.Assign)
        and s.value == ir.Op("list", ())
        and isinstance(s.target, str)
        and s.target.startswith("saved")
        and s.target not in own
    )


def _test(s: ir.While, once: set[str]) -> ir.While:
    """Temporaries at the end of the test's own statements go into the test."""
    before = list(s.test_body)
    probe: Any = ir.If(s.test, (), (), s.loc)
    while before and (folded := _folded(before[-1], probe, once)) is not None:
        probe = folded
        before.pop()
    return replace(s, test_body=tuple(before), test=probe.test)


def _folded(
    first: Any, then: Any, once: set[str], is_harmless: Callable[[Any], bool] = _never
) -> Any:
    """`then` with the temporary that `first` assigns replaced by its value; None if it may not."""
    if not isinstance(first, ir.Assign) or first.target not in once:
        return None
    value = first.value
    if isinstance(value, ir.Op) and value.name in _STATEMENTS or isinstance(value, ir.Star):
        return None
    if first.loc is None or then.loc is None or first.loc.line != then.loc.line:
        return None
    if first.loc.entered != then.loc.entered:  # from another function: errors must show which
        return None
    expression = _expression(then)
    name = first.target
    if expression is None or find(expression, name, is_harmless) != "first":
        return None
    if size(expression) + size(value) > _LARGEST:
        return None
    return rewrite(then, lambda e: substitute(e, {name: value}))


def _expression(s: Any) -> Any:
    """What a statement evaluates before anything else."""
    if isinstance(s, ir.Assign):
        return s.value
    if isinstance(s, ir.For):
        return s.iter
    if isinstance(s, ir.If):
        return s.test
    return None
