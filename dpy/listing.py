"""Listings of generated code."""

from __future__ import annotations

import ast
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

from dpy.errors import DpyError
from dpy.specialise import forward_of, keeps_tape, taped_code

__all__ = ["adjoint_source", "format_code"]


def format_code(tree: ast.AST) -> str:
    """A tree as text: by `astor` where that runs, by ``ast.unparse`` otherwise."""
    has_match = any(isinstance(node, ast.Match) for node in ast.walk(tree))
    if sys.version_info < (3, 14) and not has_match:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                import astor

                return str(astor.to_source(tree))
        except (ImportError, AttributeError, TypeError):
            pass
    return ast.unparse(tree) + "\n"


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
        return format_code(taped_code(function).tree)
    active = (True,) * len(args)
    found = forward_of(function, args, kwargs, active, (False,) * len(kwargs), protect=False)
    return format_code(found.emitted().tree)
