"""The runtime's way to the compiler: calls of functions that become known while a program runs."""

from __future__ import annotations

from typing import Any

from dpy.cotangent import ZERO
from dpy.errors import DpyError, SourceUnavailableError, UnsupportedSyntaxError
from dpy.runtime import attempts
from dpy.specialise.arguments import forward_of, give_defaults, spread
from dpy.specialise.store import lowered_function
from dpy.specialise.taped import keeps_tape, run_taped
from dpy.transform.source import read_source

__all__ = ["compile_call", "may_write"]


def compile_call(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any] | None:
    """Run `function` on these arguments, differentiated; None where it cannot be."""
    if keeps_tape(function):
        return _call_taped(function, args, kwargs, active, active_kw)
    try:
        found = forward_of(function, args, kwargs, active, active_kw, heap_active=True)
    except TypeError:
        function(*args, **kwargs)  # raises Python's own error for a wrong call
        raise
    except SourceUnavailableError:
        return None
    except UnsupportedSyntaxError:
        if any(active) or any(active_kw):
            raise
        return None
    if attempts.is_guarded() and found.summary.needs_acc:
        return _call_taped(function, args, kwargs, active, active_kw)
    y, pullback = found.forward(function)(*args, **kwargs)
    needs_acc = found.summary.needs_acc
    params = found.params
    n = len(args)
    names = tuple(kwargs)

    has_defaults = function.__defaults__ is not None or function.__kwdefaults__ is not None

    def compiled_pullback(d: Any, acc: Any) -> tuple[Any, Any]:
        if needs_acc:
            d_params = pullback(d, acc)
        elif d is ZERO:
            d_params = (ZERO,) * len(params)
        else:
            d_params = pullback(d)
        if has_defaults:
            give_defaults(function, params, d_params, n, names, acc)
        return spread(params, d_params, n, names)

    return y, compiled_pullback


def may_write(function: Any, args: tuple[Any, ...]) -> bool:
    """Whether a call may write to what is there before it, as far as is known."""
    if keeps_tape(function):
        return True
    try:
        found = forward_of(function, args, {}, (False,) * len(args), (), protect=False)
    except (DpyError, TypeError):
        return True
    return found.summary.writes


def _call_taped(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any] | None:
    """Run a function on a tape."""
    try:
        source = read_source(function)
        lowered = lowered_function(source)
    except SourceUnavailableError:
        return None
    except UnsupportedSyntaxError:
        if any(active) or any(active_kw):
            raise
        return None
    if attempts.is_guarded():
        from dpy.runtime import tape

        is_direct = tape.is_called_directly(function)
        y, pullback = tape.run_guarded(
            lambda: run_taped(function, source, lowered, args, kwargs), is_direct
        )
    else:
        y, pullback = run_taped(function, source, lowered, args, kwargs)
    params = [(p.name, p.kind) for p in lowered.params]
    n, names = len(args), tuple(kwargs)

    def taped_pullback(d: Any, acc: Any) -> tuple[Any, Any]:
        d_params = pullback(d, acc)
        if function.__defaults__ is not None or function.__kwdefaults__ is not None:
            give_defaults(function, params, d_params, n, names, acc)
        return spread(params, d_params, n, names)

    return y, taped_pullback
