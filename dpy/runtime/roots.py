"""Roots that C code of SciPy finds: their derivatives by the implicit function theorem.

Where ``f(x, p) = 0``, the root moves with the parameters as ``dx = -(df/dx)^-1 df/dp``. How it was
found has no part in that. Each call of ``f`` runs once, differentiated, as the solver makes it; the
sweep goes back over the call at the root with the cotangent that this gives it, and over the others
only because of what they may have written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import _minpack, _zeros

from dpy.cotangent import ZERO, add, is_zero
from dpy.errors import NotDifferentiableError
from dpy.runtime import attempts
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.attempts import callback
from dpy.runtime.entries import entry
from dpy.runtime.held import hold, sink, take

__all__ = ["Calls"]


class _Call:
    """One call of a function of the user's, at the point `x`."""

    __slots__ = ("is_residual", "pb", "x", "y")

    def __init__(self, x: Any, y: Any, pb: Any, is_residual: bool) -> None:
        self.x = x
        self.y = y
        self.pb = pb
        self.is_residual = is_residual

    def back(self, acc: Any, seed: Any = None) -> tuple[Any, Any, tuple[Any, ...]]:
        """The cotangents of the function, of the point, and of what else it was given."""
        d = ZERO if seed is None else sink(acc, self.y, _shaped(seed, self.y))
        d_f, (d_x, *d_rest), _ = self.pb(d, acc)
        return d_f, take(acc, self.x, d_x), tuple(d_rest)


def _shaped(seed: Any, y: Any) -> Any:
    """The numbers of `seed` in the form of a cotangent of the (held) value `y`."""
    if isinstance(y, np.ndarray):
        return np.reshape(seed, y.shape)
    numbers = np.ravel(seed).tolist()
    if isinstance(y, tuple):
        return tuple(numbers)
    return dict(enumerate(numbers)) if hasattr(y, "contents") else numbers[0]


class Calls:
    """The calls that a solver makes, in their order."""

    def __init__(self, dispatch: Any) -> None:
        self._dispatch = dispatch
        self._base = len(attempts.state.orphans)
        self.made: list[_Call] = []

    def of(self, f: Any, is_residual: bool = True) -> Callable[..., Any]:
        """`f`, noting how it is called."""

        def called(x: Any, *rest: Any) -> Any:
            if isinstance(x, np.ndarray):
                x = x.copy()  # the solver writes to its own
            y, pb = callback(self._dispatch, f, (x, *rest), self._thrown)
            if pb is not None:
                self.made.append(_Call(x, hold(y), pb, is_residual))
            return y

        return called

    def run(self, solver: Any, *args: Any) -> Any:
        """Call the solver."""
        try:
            return solver(*args)
        except BaseException:
            attempts.interrupted(self._base, lambda acc: self.back(acc, None, ZERO) and None)
            raise

    def _thrown(self, acc: Any, pb: Any) -> None:
        pb(ZERO, acc)
        self.back(acc, None, ZERO)

    def back(self, acc: Any, root: Any, d: Any) -> tuple[Any, Any]:
        """The cotangents of the functions and of their further arguments."""
        d_f: Any = ZERO
        d_rest: Any = ZERO
        at_root = None if is_zero(d) else self._at(root)
        for call in reversed(self.made):
            seed = None
            if call is at_root:
                slope = _slope(call, np.size(root))
                seed = -np.linalg.solve(slope.T, np.ravel(d))
            d_own, d_x, d_given = call.back(acc, seed)
            if call is not at_root and not is_zero(d_x) and np.any(d_x):
                raise NotDifferentiableError(
                    "a cotangent reached a point that a solver only passed on its way to the root",
                    why="the function kept what it was given there",
                    repair="let the function compute its result from its arguments alone",
                )
            if call.is_residual:
                d_f = add(d_f, d_own)
            d_rest = d_given if d_rest is ZERO else tuple(map(add, d_rest, d_given))
        return d_f, d_rest

    def _at(self, root: Any) -> _Call | None:
        """The last call at the root; None if the function has no part in the derivative."""
        for call in reversed(self.made):
            if call.is_residual and np.array_equal(call.x, root):
                return call
        if not self.made:
            return None
        raise NotDifferentiableError(
            "a cotangent reached a root at which the function was never called",
            why="its derivatives there are what the implicit function theorem needs",
            repair="call dpy.stop_gradient(...) on the root, and take a Newton step from there",
        )


def _slope(call: _Call, n: int) -> Any:
    """The matrix of the derivatives by the point, from sweeps that leave nothing behind."""
    rows = [call.back(Accumulators(), unit)[1] for unit in np.eye(n)]
    return np.stack([np.zeros(n) if is_zero(row) else np.ravel(row) for row in rows])


def _bracketed(solver: Any) -> Any:
    def solve(dispatch: Any, args: Any, kwargs: Any) -> Any:
        """``solver(f, a, b, xtol, rtol, maxiter, args, full_output, disp)``."""
        calls = Calls(dispatch)
        found = calls.run(solver, calls.of(args[0]), *args[1:])
        root = found[0] if isinstance(found, tuple) else found

        def solve_pullback(d: Any, acc: Any) -> Any:
            d_root = d[0] if isinstance(found, tuple) and d is not ZERO else d
            d_f, d_rest = calls.back(acc, root, d_root)
            d_args = [ZERO] * len(args)
            d_args[0], d_args[6] = d_f, d_rest
            return ZERO, tuple(d_args), {}

        return found, solve_pullback

    return solve


for _solver in (_zeros._bisect, _zeros._ridder, _zeros._brenth, _zeros._brentq):
    entry(_solver)(_bracketed(_solver))


def _of_system(solver: Any, n_functions: int) -> Any:
    def solve(dispatch: Any, args: Any, kwargs: Any) -> Any:
        """``solver(f[, jacobian], x0, args, full_output, ...)``."""
        calls = Calls(dispatch)
        functions = [calls.of(f, is_residual=not i) for i, f in enumerate(args[:n_functions])]
        found = calls.run(solver, *functions, *args[n_functions:])
        root, info = found[0], found[1]

        def solve_pullback(d: Any, acc: Any) -> Any:
            d_root = take(acc, root, ZERO if d is ZERO else d[0])
            if isinstance(info, dict):
                for name in ("fjac", "r", "qtf"):
                    _refuse(acc.take(info[name]), name)
            d_f, d_rest = calls.back(acc, root, d_root)
            d_args = [ZERO] * len(args)
            d_args[0], d_args[n_functions + 1] = d_f, d_rest
            return ZERO, tuple(d_args), {}

        return found, solve_pullback

    return solve


def _refuse(d: Any, name: str) -> None:
    if not is_zero(d):
        raise NotDifferentiableError(
            f"a cotangent reached {name!r} of what a solver of SciPy returned",
            why="it depends on how the root was found",
            repair="compute it from the root",
        )


entry(_minpack._hybrd)(_of_system(_minpack._hybrd, 1))
entry(_minpack._hybrj)(_of_system(_minpack._hybrj, 2))
