"""Integrals that C code of SciPy computes: ``quad`` is differentiated under the integral sign.

Each call of the integrand runs once, differentiated, as QUADPACK makes it. The value is a sum over
the nodes of the intervals in which QUADPACK ended; the sweep goes back over the calls at these
with their weights, and over the others only because of what they may have written. The derivatives
by the limits are the integrand there, which the nodes beside them tell.
"""

from __future__ import annotations

import bisect
from typing import Any

import numpy as np
from scipy.integrate import _quadpack

from dpy.cotangent import ZERO, add, is_zero
from dpy.errors import NotDifferentiableError
from dpy.runtime.entries import entry
from dpy.runtime.roots import Calls

__all__: list[str] = []

# Kronrod's nodes and weights, from the end of the interval to its middle.
_NODES_15 = (
    0.991455371120812639206854697526329, 0.949107912342758524526189684047851,
    0.864864423359769072789712788640926, 0.741531185599394439863864773280788,
    0.586087235467691130294144838258730, 0.405845151377397166906606412076961,
    0.207784955007898467600689403773245, 0.0,
)  # fmt: skip
_WEIGHTS_15 = (
    0.022935322010529224963732008058970, 0.063092092629978553290700663189204,
    0.104790010322250183839876322541518, 0.140653259715525918745189590510238,
    0.169004726639267902826583426598550, 0.190350578064785409913256402421014,
    0.204432940075298892414161999234649, 0.209482141084727828012999174891714,
)  # fmt: skip
_NODES_21 = (
    0.995657163025808080735527280689003, 0.973906528517171720077964012084452,
    0.930157491355708226001207180059508, 0.865063366688984510732096688423493,
    0.780817726586416897063717578345042, 0.679409568299024406234327365114874,
    0.562757134668604683339000099272694, 0.433395394129247190799265943165784,
    0.294392862701460198131126603103866, 0.148874338981631210884826001129720, 0.0,
)  # fmt: skip
_WEIGHTS_21 = (
    0.011694638867371874278064396062192, 0.032558162307964727478818972459390,
    0.054755896574351996031381300244580, 0.075039674810919952767043140916190,
    0.093125454583697605535065465083366, 0.109387158802297641899210590325805,
    0.123491976262065851077958109831074, 0.134709217311473325928054001771707,
    0.142775938577060080797094273138717, 0.147739104901338491374841515972068,
    0.149445554002916905664936468389821,
)  # fmt: skip


def _both_sides(half: tuple[float, ...], sign: float) -> Any:
    return np.array([*(sign * x for x in half), *half[-2::-1]])


_RULES = {
    15: (_both_sides(_NODES_15, -1.0), _both_sides(_WEIGHTS_15, 1.0)),
    21: (_both_sides(_NODES_21, -1.0), _both_sides(_WEIGHTS_21, 1.0)),
}


class _Sum:
    """The value of an integral as a sum over some of the calls of the integrand."""

    def __init__(self, calls: list[Any], info: dict[str, Any], points: int, place: Any) -> None:
        """`place` gives for nodes of an interval the points of the calls, and their factors."""
        self.weights = [0.0] * len(calls)
        nodes, weights = _RULES[points]
        order = sorted(range(len(calls)), key=lambda i: calls[i].x)
        xs = [calls[i].x for i in order]
        ys = np.array([float(np.ravel(calls[i].y)[0]) for i in order])
        self.at_low = self.at_high = 0.0  # the integrand at the ends of the whole range
        n = info["last"]
        low, high = info["alist"][:n].min(), info["blist"][:n].max()
        for a, b in zip(info["alist"][:n], info["blist"][:n], strict=True):
            half = 0.5 * (b - a)
            total = np.zeros(len(nodes))
            for x, factor in place(0.5 * (a + b) + half * nodes):
                found = np.array([_nearest(xs, t) for t in x])
                for k, i in enumerate(found):
                    self.weights[order[i]] += half * weights[k] * factor[k]
                total += ys[found] * factor
            if a == low:
                self.at_low = _interpolated(nodes, total, -1.0)
            if b == high:
                self.at_high = _interpolated(nodes, total, 1.0)
        self.value = float(np.dot(self.weights, [float(np.ravel(call.y)[0]) for call in calls]))


def _nearest(xs: list[float], x: float) -> int:
    """The place of the number in `xs`, in order, that is next to `x`."""
    i = bisect.bisect_left(xs, x)
    if i == len(xs) or (i and x - xs[i - 1] < xs[i] - x):
        i -= 1
    return i


def _interpolated(nodes: Any, ys: Any, x: float) -> float:
    """The polynomial through the points, at `x` (the barycentric formula)."""
    differences = nodes[:, None] - nodes[None, :]
    np.fill_diagonal(differences, 1.0)
    terms = 1.0 / differences.prod(axis=1) / (x - nodes)
    return float((terms * ys).sum() / terms.sum())


def _finite(t: Any) -> Any:
    return [(t, np.ones(len(t)))]


def _infinite(bound: float, which: int) -> Any:
    """To infinity by ``t = bound + (1 - s) / s``; from minus infinity to infinity both ways."""

    def place(s: Any) -> Any:
        t = (1.0 - s) / s
        if which == 2:
            return [(t, s**-2.0), (-t, s**-2.0)]
        return [(bound + which * t, s**-2.0)]

    return place


def _integral(solver: Any, points: int, n_limits: int) -> Any:
    place_of_args = n_limits + 1

    def integrate(dispatch: Any, args: Any, kwargs: Any) -> Any:
        """``solver(f, *limits, args, full_output, epsabs, epsrel, limit)``."""
        if kwargs or not callable(args[0]):
            return None
        calls = Calls(dispatch)
        given = list(args)
        given[0], given[place_of_args + 1] = calls.of(args[0]), 1
        value, error, info, code = calls.run(solver, *given)
        if points == 15:
            bound, which = args[1], args[2]
            place = _infinite(0.0 if which == 2 else bound, which)
        else:
            place = _finite

        def integral_pullback(d: Any, acc: Any) -> Any:
            d_value = ZERO if is_zero(d) else d[0]
            d_args: list[Any] = [ZERO] * len(args)
            weights = [0.0] * len(calls.made)
            if not is_zero(d_value) and d_value != 0:
                found = _Sum(calls.made, info, points, place)
                _check(found.value, value, error)
                weights = found.weights
                if points == 15:
                    d_args[1] = -d_value * which * found.at_high if which != 2 else ZERO
                else:
                    d_args[1], d_args[2] = -d_value * found.at_low, d_value * found.at_high
            for call, weight in zip(reversed(calls.made), reversed(weights), strict=True):
                d_f, _, d_rest = call.back(acc, weight * d_value if weight else None)
                d_args[0] = add(d_args[0], d_f)
                known = d_args[place_of_args]
                d_args[place_of_args] = d_rest if known is ZERO else tuple(map(add, known, d_rest))
            return ZERO, tuple(d_args), {}

        found = (value, error, info, code) if args[place_of_args + 1] else (value, error, code)
        return found, integral_pullback

    return integrate


def _check(found: float, value: float, error: float) -> None:
    """QUADPACK extrapolates the integrals of functions with singularities."""
    if not abs(found - value) <= max(1e-7 * abs(value), 10.0 * error, 1e-10):
        raise NotDifferentiableError(
            "a cotangent reached an integral that was extrapolated",
            why="the integrand is singular, and its nodes do not tell the derivative well enough",
            repair="substitute a variable in which the integrand is smooth",
        )


entry(_quadpack._qagse)(_integral(_quadpack._qagse, 21, 2))
entry(_quadpack._qagpe)(_integral(_quadpack._qagpe, 21, 3))
entry(_quadpack._qagie)(_integral(_quadpack._qagie, 15, 2))
