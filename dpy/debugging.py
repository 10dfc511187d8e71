"""Step through generated code in a debugger."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from dpy.api import gradient
from dpy.config import stopping_in
from dpy.errors import DpyError
from dpy.runtime.special_methods import user_method

__all__ = ["debug"]


def debug(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """The gradient of ``f(*args, **kwargs)``; the debugger stops in the generated code.

    It stops at the first line of the forward, and again at the first line of the pullback. What it
    shows is the listing of the code that runs: that of `dpy.adjoint_source`, with the user's line
    numbers as comments, and with a variable ``d_name`` for the cotangent of each variable of the
    program. All commands work as in any code (``n``, ``p d_x``, ``b 12``, ``c``); the functions
    that are called have listings too (``s``).

    The debugger is that of ``breakpoint()``: ``pdb``, unless `sys.breakpointhook` or the
    environment variable PYTHONBREAKPOINT names another one. To stop elsewhere, write
    ``breakpoint()`` into the function, and call any function of dpy's under
    ``dpy.settings(listings=True)``.

    A function that runs on a tape (with ``try``, ``with`` or ``yield``) has no pullback to stop in.

    >>> import sys
    >>> def show():  # in place of a debugger
    ...     print("stopped in", sys._getframe(1).f_code.co_name)
    >>> def triple(r): return 3 * r
    >>> sys.breakpointhook = show
    >>> debug(triple, 2.0)
    stopped in triple_forward
    stopped in triple_pullback
    (3.0,)
    >>> sys.breakpointhook = sys.__breakpointhook__
    """
    function = f
    if isinstance(function, types.MethodType):
        function = function.__func__
    if not isinstance(function, types.FunctionType):
        function = user_method(type(f), "__call__") or function
    if not isinstance(function, types.FunctionType):
        raise DpyError(
            f"{f!r} is not a Python function", repair="pass the function or method itself"
        )
    with stopping_in(function.__code__):
        return gradient(f, *args, **kwargs)
