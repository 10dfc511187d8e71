"""Compare gradients with numerical differences: `check_gradient`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dpy.errors import DpyError
from dpy.numerical import (
    Leaf,
    Line,
    NotReal,
    all_leaves,
    copies,
    evaluate,
    follow,
    items,
    numerical_gradient,
)
from dpy.slots import contents

__all__ = ["Comparison", "GradientMismatch", "GradientReport", "check_gradient",
           "numerical_gradient"]  # fmt: skip

_ELEMENTWISE = 24  # arrays up to this size are checked item by item
_DIRECTIONS = 3  # bigger ones along this many random directions
_ITEMS = 4  # and at this many items


# --- results -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    """One derivative found in both ways.

    `verdict` is "ok", "kink" (the one-sided derivatives differ and the gradient lies between
    them), "integer" (the number cannot stand for a real one here, so nothing was compared), or a
    failure: "WRONG", "MISSING" (None), "SHAPE", "IMPRECISE" (numerical differences are too noisy).
    """

    where: str
    gradient: Any
    numerical: float
    uncertainty: float
    verdict: str

    @property
    def is_failure(self) -> bool:
        """Whether the gradient is wrong here, or could not be judged."""
        return self.verdict.isupper()


@dataclass(frozen=True, slots=True)
class GradientReport:
    """What `check_gradient` compared; true if all agrees."""

    comparisons: tuple[Comparison, ...]

    def __bool__(self) -> bool:
        return not self.failures

    @property
    def failures(self) -> tuple[Comparison, ...]:
        """The comparisons that do not agree."""
        return tuple(c for c in self.comparisons if c.is_failure)

    def __str__(self) -> str:
        return _table(self.comparisons, self)


class GradientMismatch(DpyError, AssertionError):  # noqa: N818 - reads as what was found
    """A gradient does not agree with numerical differences. `report` has every comparison.

    Wrong: a rule whose pullback forgets a factor. Repair: correct the rule that the message's
    leaf goes through; `check_gradient` of that function alone narrows it down.
    """

    def __init__(self, report: GradientReport) -> None:
        super().__init__(_table(report.failures, report))
        self.report = report


def _table(rows: Sequence[Comparison], report: GradientReport) -> str:
    n = len(report.comparisons)
    head = f"{n - len(report.failures)} of {n} derivatives agree with numerical differences"
    lines = [("", "gradient", "numerical", "difference", "")]
    for c in rows:
        known = isinstance(c.gradient, float)
        difference = f"{c.gradient - c.numerical:.2e}" if known else "-"
        shown = f"{c.gradient:.10g}" if known else str(c.gradient)
        lines.append((c.where, shown, f"{c.numerical:.10g}", difference, c.verdict))
    widths = [max(len(line[i]) for line in lines) for i in range(5)]
    table = [
        "  ".join(
            [line[0].ljust(widths[0]), *(line[i].rjust(widths[i]) for i in (1, 2, 3)), line[4]]
        ).rstrip()
        for line in lines
    ]
    return "\n".join([head, *table]) if rows else head


# --- the check ---


def check_gradient(
    f: Callable[..., Any],
    *args: Any,
    order: int = 1,
    rtol: float | None = None,
    atol: float | None = None,
    argnums: int | Sequence[int] | None = None,
    seed: int = 0,
    gradient: Callable[..., Any] | None = None,
    raise_on_error: bool = True,
    **kwargs: Any,
) -> GradientReport:
    """Compare the gradients of the scalar ``f(*args)`` with numerical differences.

    Numbers and small arrays are checked one by one, big arrays along random directions and at a
    few items. The arguments are copied for every evaluation, so `f` may change them.

    Args:
        f: the function.
        args: where to check.
        order: 2 checks derivatives of the gradient too.
        rtol: relative tolerance; by default 1e-6 for float64, 2e-3 for float32.
        atol: absolute tolerance; by default `rtol` / 100.
        argnums: the arguments to check, all by default.
        seed: of the random directions.
        gradient: the function to check, `dpy.gradient` by default.
        raise_on_error: False returns the report even if something is wrong.
        kwargs: passed on to `f`, not differentiated.

    Raises:
        GradientMismatch: something is wrong; the message is a table of it.

    >>> def wrong(f, x): return (2.1 * x,)
    >>> print(check_gradient(lambda x: x * x, 3.0, gradient=wrong, raise_on_error=False))
    0 of 1 derivatives agree with numerical differences
                gradient  numerical  difference
    argument 0       6.3          6    3.00e-01  WRONG
    """
    if gradient is None:
        from dpy.api import gradient as dpy_gradient

        gradient = dpy_gradient
    chosen = range(len(args)) if argnums is None else np.atleast_1d(np.asarray(argnums)).tolist()
    _check_repeatable(f, args, kwargs)
    g = gradient(f, *copies(args, {}), **copy.deepcopy(kwargs))
    if not isinstance(g, tuple) or len(g) != len(args):
        raise DpyError(f"the gradient of {len(args)} argument(s) must be a tuple of that length")
    leaves = all_leaves(args, chosen)
    rng = np.random.default_rng(seed)
    comparisons: list[Comparison] = []

    def line(leaf: Leaf, v: Any) -> Line:
        return Line(f, args, kwargs, leaf, v)

    for leaf in leaves:
        comparisons += _compare(line, leaf, follow(g, args, leaf.path), rng, (rtol, atol))
    report = GradientReport(tuple(comparisons))
    if raise_on_error and not report:
        raise GradientMismatch(report)
    if order > 1:
        slope = _slope(f, gradient, args, leaves, kwargs, rng)
        more = check_gradient(
            slope, *args, order=order - 1, rtol=rtol, atol=atol, argnums=argnums, seed=seed,
            gradient=gradient, raise_on_error=raise_on_error,
        )  # fmt: skip
        report = GradientReport(report.comparisons + more.comparisons)
    return report


def _check_repeatable(f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> None:
    first, second = (evaluate(f, copies(args, {}), kwargs) for _ in range(2))
    if first != second and not (math.isnan(first) and math.isnan(second)):
        raise DpyError(
            f"two calls with the same arguments gave {first!r} and {second!r}",
            why="differences of a function that is not repeatable are noise",
            repair="seed the random numbers inside the function, or pass them as an argument",
        )


def _directions(leaf: Leaf, rng: np.random.Generator) -> Iterator[tuple[str, Any]]:
    size = np.size(leaf.value)
    if size <= _ELEMENTWISE:
        yield from items(leaf)
        return
    shape = leaf.value.shape
    for k in range(_DIRECTIONS):
        v = rng.uniform(-1.0, 1.0, shape)
        yield f" along direction {k}", v + 1j * rng.uniform(-1, 1, shape) if leaf.is_complex else v
    for flat in rng.choice(size, _ITEMS, replace=False):
        index = np.unravel_index(int(flat), shape)
        v = np.zeros(shape)
        v[index] = 1.0
        yield f"[{', '.join(map(str, map(int, index)))}]", v


def _compare(
    line: Callable[[Leaf, Any], Line],
    leaf: Leaf,
    g: Any,
    rng: np.random.Generator,
    tolerances: tuple[float | None, float | None],
) -> Iterator[Comparison]:
    """The comparisons for one leaf, whose gradient is `g`."""
    rtol, atol = tolerances
    if rtol is None:
        rtol = 1e-6 if leaf.digits > 10 else 2e-3 if leaf.digits > 4 else 0.1
    if atol is None:
        atol = rtol / 100
    for name, v in _directions(leaf, rng):
        where = leaf.where + name
        try:
            numerical, uncertainty = line(leaf, v).derivative()
        except NotReal:
            yield Comparison(where, _shown(g), math.nan, math.nan, "integer")
            return
        if g is None or np.shape(g) != np.shape(leaf.value):
            verdict = "MISSING" if g is None else "SHAPE"
            yield Comparison(where, _shown(g), numerical, uncertainty, verdict)
            if isinstance(leaf.value, np.ndarray):
                return
            continue
        slope = float(np.real(np.vdot(g if _is_native(g) else float(g), v)))
        tolerance = atol + rtol * max(abs(slope), abs(numerical))
        verdict = _verdict(slope, numerical, uncertainty, tolerance)
        if verdict != "ok" and _is_kink(line(leaf, v), slope, tolerance):
            verdict = "kink"
        yield Comparison(where, slope, numerical, uncertainty, verdict)


def _verdict(slope: float, numerical: float, uncertainty: float, tolerance: float) -> str:
    difference = abs(slope - numerical)
    if difference <= tolerance:
        return "ok"
    if not math.isfinite(uncertainty) or (difference <= uncertainty and math.isfinite(slope)):
        return "IMPRECISE"
    return "WRONG"


def _is_kink(line: Line, slope: float, tolerance: float) -> bool:
    sides = line.one_sided()
    if sides is None or not all(map(math.isfinite, sides)):
        return False
    room = max(tolerance, 1e-3 * abs(sides[1] - sides[0]))
    return min(sides) - room <= slope <= max(sides) + room


def _is_native(g: Any) -> bool:
    return isinstance(g, (np.ndarray, np.generic, float, complex))


def _shown(g: Any) -> Any:
    return f"shape {np.shape(g)}" if isinstance(g, np.ndarray) else "None" if g is None else g


def _slope(
    f: Callable[..., Any],
    gradient: Callable[..., Any],
    args: Sequence[Any],
    leaves: Sequence[Leaf],
    kwargs: dict[str, Any],
    rng: np.random.Generator,
) -> Callable[..., Any]:
    """The derivative of `f` along a random direction, a function of the same arguments."""
    picks = []
    for leaf in leaves:
        shape = np.shape(leaf.value)
        w: Any = rng.uniform(0.5, 1.5, shape)
        if leaf.is_complex:
            w = w + 1j * rng.uniform(0.5, 1.5, shape)
        picks.append((_steps(args, leaf), w if shape else w[()], leaf.is_complex))

    def slope(*args: Any) -> Any:
        g = gradient(f, *args, **kwargs)
        total = 0.0
        for steps, w, is_complex in picks:
            part = g
            for is_attribute, slot in steps:
                part = getattr(part, slot) if is_attribute else part[slot]
            product = np.sum(w * part)
            if is_complex:
                product = np.sum(w.real * part.real + w.imag * part.imag)
            total = total + product
        return total

    return slope


def _steps(args: Sequence[Any], leaf: Leaf) -> list[tuple[bool, Any]]:
    """How to reach the entry of a leaf in the gradients: pairs of (is attribute, name or key)."""
    steps = []
    x: Any = tuple(args)
    for slot in leaf.path:
        if slot not in ("cell_contents", "__self__"):
            is_item = isinstance(x, (dict, list)) or type(slot) is int
            steps.append((not is_item, slot))
        x = (contents(x) or {})[slot]
    return steps
