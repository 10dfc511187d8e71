"""Errors of the runtime, with the user's place taken from the running generated code."""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

import numpy as np

from dpy.errors import MutationError, NoAdjointError, Place
from dpy.transform.places import Spot, spot_of

__all__ = ["STANDS_FOR", "dotted_name", "mutation_error", "no_adjoint", "user_place"]

_OWN = __name__.partition(".")[0]

#: Code of dpy's that works for functions without frames of their own: what finds their lines.
STANDS_FOR: dict[CodeType, Callable[[FrameType], Spot | None]] = {}


def user_place() -> Place | None:
    """The innermost frame that is not dpy's own: generated code bears the user's file and line."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        is_own = frame.f_globals.get("__name__", "").startswith(f"{_OWN}.")
        find = STANDS_FOR.get(code) if is_own else spot_of
        spot = None if find is None else find(frame)
        if spot is not None:
            return Place(spot.filename, spot.line, function=spot.function)
        if not is_own:
            return _place_in(frame)
        frame = frame.f_back
    return None


def _place_in(frame: FrameType) -> Place:
    """What a frame is computing, as far as its code tells the columns."""
    code, line = frame.f_code, frame.f_lineno
    nothing = (None, None, None, None)
    positions = next(itertools.islice(code.co_positions(), frame.f_lasti // 2, None), nothing)
    start, end_line, column, end_column = positions
    if start != line or column is None:
        return Place(code.co_filename, line, function=code.co_name)
    return Place(code.co_filename, line, column, end_line, end_column, code.co_name)


def no_adjoint(f: Any, args: tuple[Any, ...], detail: str = "") -> NoAdjointError:
    """The error for a cotangent that arrives at a function without a rule."""
    name = dotted_name(f)
    parameters = _parameter_names(f, len(args))
    listed = ", ".join(parameters)
    short = name.rpartition(".")[2]
    cotangents = ", ".join(f"d_{p}" for p in parameters) + ("," if len(parameters) == 1 else "")
    stub = (
        f"\n\n    @dpy.adjoint({name})\n"
        f"    def {short}_rule({listed}):\n"
        f"        y = {name}({listed})\n"
        f"        def {short}_pullback(d_y):\n"
        f"            return ({cotangents})  # the cotangents of {listed}\n"
        f"        return y, {short}_pullback\n"
    )
    return NoAdjointError(
        f"a cotangent reached {name}, which has neither an adjoint rule nor Python source",
        place=user_place(),
        why=detail or "dpy differentiates Python source, and C functions by rules",
        repair="write its rule, or wrap the call in dpy.stop_gradient(...):" + stub,
    )


def mutation_error(
    what: str, why: str, repair: str = "assign to a new array instead"
) -> MutationError:
    """The error for a write that cannot be reversed."""
    return MutationError(what, place=user_place(), why=why, repair=repair)


def dotted_name(f: Any) -> str:
    """The name of a callable with its module."""
    owner = getattr(f, "__objclass__", None)
    name = getattr(f, "__qualname__", None) or getattr(f, "__name__", None) or type(f).__name__
    module = getattr(f, "__module__", None) or getattr(owner, "__module__", None)
    if isinstance(f, np.ufunc):  # a ufunc does not say where it is from
        module = "numpy" if getattr(np, name, None) is f else "scipy.special"
    return name if module in (None, "builtins") else f"{module}.{name}"


def _parameter_names(f: Any, n: int) -> list[str]:
    try:
        names = [
            p.name
            for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        names = []
    return names[:n] if len(names) >= n else ["x", "y", "z", *(f"x_{i}" for i in range(n))][:n]
