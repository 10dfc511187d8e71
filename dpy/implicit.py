"""Gradients for arrays that a function reaches by itself: ``gradient(f, Params([W, b]))``."""

from __future__ import annotations

from types import MethodType
from typing import Any

from dpy import structs
from dpy.cotangent import ZERO
from dpy.depth import in_room
from dpy.parameters import Grads, Params
from dpy.runs import PROTECTED, Run, compiled, dispatched, is_compiled, sweep_of
from dpy.runtime import forward_run
from dpy.runtime.accumulators import Accumulators
from dpy.seeds import seed_like, seed_of

__all__ = ["implicit_gradient", "implicit_pullback"]


def implicit_gradient(f: Any, params: Params, kwargs: dict[str, Any]) -> tuple[Any, Grads]:
    """The value of ``f()`` and its gradients."""
    y, back = _implicit_run(f, params, kwargs)
    return y, back(seed_of(y, f))


def implicit_pullback(f: Any, params: Params, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The value of ``f()`` and a function from its cotangent to the gradients."""
    y, back = _implicit_run(f, params, kwargs)
    return y, lambda dy: back(seed_like(dy, y))


def _implicit_run(f: Any, params: Params, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    run: Run = forward_run.in_run(_run_heap, f, kwargs)
    held = tuple(params)
    entry = structs.snapshot(held)

    def swept(acc: Accumulators, seed: Any) -> Grads:
        in_room(run.sweep, seed, acc)
        totals = acc.finish(held, (ZERO,) * len(held), entry)
        return Grads(params, structs.gradients(totals, held, entry))

    return run.y, lambda seed: Accumulators().sweep(swept, seed)


def _run_heap(f: Any, kwargs: dict[str, Any]) -> Run:
    """A run in which whatever `f` reaches is differentiated."""
    function, args = (f.__func__, (f.__self__,)) if type(f) is MethodType else (f, ())
    if not is_compiled(function):
        return dispatched(f, (), kwargs, ())
    found = compiled(function, args, kwargs, PROTECTED, heap_active=True)
    y, pb = found.forward(function)(*args, **kwargs)
    return Run(y, sweep_of(found, pb, len(args), kwargs), args, None)
