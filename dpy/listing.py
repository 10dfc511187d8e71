"""Listings of generated code."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from dpy.errors import DpyError
from dpy.specialise import forward_of, keeps_tape, taped_tree
from dpy.transform.listed import format_code

__all__ = ["adjoint_source"]


def adjoint_source(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> str:
    """The generated forward and pullback of `f` for these arguments, as Python text.

    >>> def square(x): return x * x
    >>> print(adjoint_source(square, 3.0))
    def square_forward(x):
        t_1 = x * x
    <BLANKLINE>
        def square_pullback(d_t_1):
            d_x = 2 * x * d_t_1
            return d_x,
        return t_1, square_pullback
    <BLANKLINE>
    """
    function = getattr(f, "__func__", f)
    if not isinstance(function, types.FunctionType):
        raise DpyError(
            f"{f!r} is not a Python function", repair="pass the function or method itself"
        )
    if function is not f:
        args = (f.__self__, *args)  # type: ignore[attr-defined]
    if keeps_tape(function):
        return format_code(taped_tree(function))
    active = (True,) * len(args)
    found = forward_of(function, args, kwargs, active, (False,) * len(kwargs), protect=False)
    return format_code(found.tree())
