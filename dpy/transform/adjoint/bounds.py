"""What is certain of the numbers in a program, from the statements that made them.

Two questions are answered here: whether a denominator can be zero, and whether two parts of an
array are apart. Both are about the statements behind a variable, not about its kind; whatever is
not understood is answered with no.

    gates = 1 / (1 + np.exp(-z))            the denominator is never 0
    a, b = gates[:, :n], gates[:, n:2 * n]  never share an element, where n = h.shape[1]
"""

from __future__ import annotations

import math
import operator
from typing import Any, TypeAlias

import numpy as np

from dpy.kinds import Array, Const, KnownObject, Tuple
from dpy.records import made_by, struct
from dpy.transform import ir
from dpy.transform.adjoint.saved import Saved
from dpy.transform.infer import Site
from dpy.transform.optimise.nodes import reads_of, targets

__all__ = ["Interval", "Parts", "is_regular_quotient", "region_at"]

Linear: TypeAlias = dict[Any, int]
"""A sum of lengths: the factor of each by what it is, and under None a constant."""

Interval: TypeAlias = tuple[Linear, Linear | None]
"""The positions from the first bound up to the second; up to the end of the axis for None."""

_NEVER_NEGATIVE = frozenset({np.exp, np.exp2, np.cosh, np.square, np.fabs})
_LONGEST_CHAIN = 8
_FAR = 100


# --- denominators -------------------------------------------------------------------------------


def is_regular_quotient(saved: Saved, s: ir.Assign, site: Site) -> bool:
    """Whether `s` divides a constant by a positive constant plus something that is not negative.

    Where that something is NaN the cotangent is too, with or without strong zeros: its own partial
    derivative is NaN there. So nothing is lost if the quotient's cotangent is computed as it is.
    """
    if site.function not in (operator.truediv, np.divide):
        return False
    above, below = site.operands
    numerator = _constant(saved, s, above)
    made = _made_elementwise(saved, s, below)
    if numerator is None or made is None:
        return False
    statement, inner = made
    if inner.function not in (operator.add, np.add):
        return False
    for offset, other in (inner.operands, reversed(inner.operands)):
        c = _constant(saved, statement, offset)
        if c is not None and c > 0 and abs(numerator) / c < 1e100:
            return _is_never_negative(saved, statement, other)
    return False


def _constant(saved: Saved, s: ir.Stmt, atom: Any) -> float | None:
    kind = saved.facts.kind(s, atom)
    if isinstance(kind, Const) and type(kind.value) in (int, float) and math.isfinite(kind.value):
        return float(kind.value)
    return None


def _made_elementwise(saved: Saved, s: ir.Stmt, atom: Any) -> tuple[ir.Assign, Site] | None:
    """The elementwise statement that made an array of floats which nothing writes to."""
    facts = saved.facts
    if not isinstance(atom, ir.Var) or atom.name in facts.written:
        return None
    made = saved.maker_of(s, atom.name)
    if made is None:
        return None
    site, kind = facts.sites.get(id(made)), facts.kinds.get(id(made))
    if site is None or site.form != "elementwise":
        return None
    is_float = isinstance(kind, Array) and kind.dtype.kind == "f"
    return (made, site) if is_float else None


def _is_never_negative(saved: Saved, s: ir.Stmt, atom: Any) -> bool:
    made = _made_elementwise(saved, s, atom)
    if made is None:
        return False
    statement, site = made
    if site.function in _NEVER_NEGATIVE:
        return True
    if site.function in (operator.mul, np.multiply):
        return bool(site.operands[0] == site.operands[1])
    if site.function in (operator.pow, np.power):
        power = _constant(saved, statement, site.operands[1])
        return power is not None and power > 0 and power % 2 == 0
    return False


# --- parts of arrays ----------------------------------------------------------------------------


@struct
class Parts:
    """The parts that were assigned of an array of zeros, since it was made in a block.

    Attributes:
        out: the statements of the block so far.
        regions: what was assigned.
        end: where in `out` the last assignment stands, and one.
    """

    out: list[ir.Stmt]
    regions: list[tuple[Interval, ...]] = made_by(default_factory=list)
    end: int = 0

    def is_untouched(self, out: list[ir.Stmt], name: str) -> bool:
        """Whether, at the end of the block `out`, nothing else has used the variable `name`."""
        if out is not self.out or len(out) - self.end > _FAR:
            return False
        later = ir.walk(tuple(out[self.end :]))
        return not any(name in targets(s) or name in reads_of(s) for s in later)

    def are_apart_from(self, region: tuple[Interval, ...]) -> bool:
        """Whether a region certainly has no element in common with one of these."""
        return all(_are_apart(region, other) for other in self.regions)


def region_at(saved: Saved, s: ir.Stmt, index: Any) -> tuple[Interval, ...]:
    """What an index takes of the first axes, as far as it is understood."""
    parts: tuple[Any, ...] = (index,)
    where: ir.Stmt = s
    if isinstance(saved.facts.kind(s, index), Tuple):
        made = _made_by_op(saved, s, index, "tuple")
        if made is None or any(isinstance(a, ir.Star) for a in made[1]):
            return ()
        where, parts = made
    found: list[Interval] = []
    for part in parts:
        interval = _interval(saved, where, part)
        if interval is None:
            break
        found.append(interval)
    return tuple(found)


def _are_apart(a: tuple[Interval, ...], b: tuple[Interval, ...]) -> bool:
    """Whether two regions of an array certainly have no element in common."""
    return any(
        _is_before(one, other) or _is_before(other, one)
        for one, other in zip(a, b, strict=False)
    )  # fmt: skip


def _is_before(a: Interval, b: Interval) -> bool:
    stop, start = a[1], b[0]
    return stop is not None and all(n <= start.get(key, 0) for key, n in stop.items())


def _interval(saved: Saved, s: ir.Stmt, part: Any) -> Interval | None:
    """What one index takes of its axis; None if it is not known to be a run of positions."""
    made = _made_by_op(saved, s, part, "slice")
    if made is None:
        position = _linear(saved, s, part)
        return None if position is None else (position, _sum(position, {None: 1}))
    where, (start, stop, step) = made
    if step != ir.Lit(None) and _constant(saved, where, step) != 1:
        return None
    first = {} if start == ir.Lit(None) else _linear(saved, where, start)
    if first is None:
        return None
    if stop == ir.Lit(None):
        return first, None
    last = _linear(saved, where, stop)
    return None if last is None else (first, last)


def _made_by_op(
    saved: Saved, s: ir.Stmt, atom: Any, name: str
) -> tuple[ir.Stmt, tuple[Any, ...]] | None:
    """The statement that made `atom` by this operation of the IR, and its operands."""
    made = saved.maker_of(s, atom.name) if isinstance(atom, ir.Var) else None
    if made is None or not isinstance(made.value, ir.Op) or made.value.name != name:
        return None
    return made, made.value.args


def _linear(saved: Saved, s: ir.Stmt, atom: Any, depth: int = 0) -> Linear | None:
    """A number as a sum of lengths, none of it negative; None if it is something else."""
    kind = saved.facts.kind(s, atom)
    if isinstance(kind, Const):
        is_count = type(kind.value) is int and kind.value >= 0
        return {None: kind.value} if is_count else None
    version = saved.versions.uses.get((id(s), atom.name)) if isinstance(atom, ir.Var) else None
    made = saved.maker_of(s, atom.name) if version is not None else None
    if made is None or depth > _LONGEST_CHAIN:
        return None
    value: Any = made.value
    if isinstance(value, ir.Var):
        return _linear(saved, made, value, depth + 1)
    if isinstance(value, ir.Op) and value.name in ("add", "mul"):
        a, b = (_linear(saved, made, x, depth + 1) for x in value.args)
        if a is None or b is None:
            return None
        return _sum(a, b) if value.name == "add" else _product(a, b)
    return {version: 1} if _is_length(saved, made) else None


def _is_length(saved: Saved, made: ir.Assign) -> bool:
    """Whether a statement reads the length of something."""
    value: Any = made.value
    facts = saved.facts
    if isinstance(value, ir.Call) and not value.kwargs and len(value.args) == 1:
        function = facts.kind(made, value.func)
        return isinstance(function, KnownObject) and function.value is len
    if not isinstance(value, ir.Op):
        return False
    if value.name == "getattr":
        name = value.args[1]
        return name in (ir.Lit("size"), ir.Lit("ndim")) and _is_array(saved, made, value.args[0])
    if value.name == "getitem" and isinstance(value.args[0], ir.Var):
        shape = _made_by_op(saved, made, value.args[0], "getattr")
        return shape is not None and shape[1][1] == ir.Lit("shape") and (
            _is_array(saved, shape[0], shape[1][0])
        )  # fmt: skip
    return False


def _is_array(saved: Saved, s: ir.Stmt, atom: Any) -> bool:
    return isinstance(saved.facts.kind(s, atom), Array)


def _sum(a: Linear, b: Linear) -> Linear:
    return {key: a.get(key, 0) + b.get(key, 0) for key in {**a, **b}}


def _product(a: Linear, b: Linear) -> Linear | None:
    for one, other in ((a, b), (b, a)):
        if set(one) <= {None}:
            factor = one.get(None, 0)
            return {key: n * factor for key, n in other.items()}
    return None
