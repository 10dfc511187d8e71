"""The public functions: gradients, pullbacks and Jacobians of ordinary Python functions."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from dpy import entry as entry_points
from dpy import structs
from dpy.adjoints import registry
from dpy.cotangent import ZERO, is_zero, project
from dpy.entry import PLAIN, UNITS, Mode, find, mode_of
from dpy.errors import (
    DpyError,
    NotDifferentiableError,
    NotScalarOutputError,
    SourceUnavailableError,
)  # fmt: skip
from dpy.kinds import Number, kind_of
from dpy.params import Grads, Params
from dpy.runtime import forward_run
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.dispatch import dispatch, has_own_way
from dpy.runtime.special_methods import user_method
from dpy.specialise import Specialisation, counts, entries, forward_of, keeps_tape, spread

__all__ = [
    "grad", "gradient", "jacobian", "pullback", "stop_gradient", "value_and_grad",
    "value_and_gradient", "withgradient",
]  # fmt: skip

_PROTECTED = mode_of(protect=True)
_PIECEWISE = 0x2A0  # generators and coroutines


class _Run:
    """One forward run: the value, and the sweep that gives cotangents of the arguments."""

    __slots__ = ("args", "entry", "sweep", "y")

    def __init__(self, y: Any, sweep: Any, args: tuple[Any, ...], entry: Any) -> None:
        self.y = y
        self.sweep = sweep
        self.args = args
        self.entry = entry

    def gradients(self, seed: Any) -> tuple[Any, ...]:
        acc = Accumulators()
        ds = self.sweep(seed, acc)
        totals = acc.finish(self.args, ds, self.entry)
        del ds
        return structs.gradients(totals, self.args, self.entry)


class _KnownRun:
    """A `_Run` of code that `dpy.entry` knows."""

    __slots__ = ("args", "known", "pullback", "snapshot", "y")

    def __init__(
        self, known: entry_points.Entry, args: tuple[Any, ...], snapshot: Any, y: Any, pullback: Any
    ) -> None:
        self.known = known
        self.args = args
        self.snapshot = snapshot
        self.y = y
        self.pullback = pullback

    def gradients(self, seed: Any) -> tuple[Any, ...]:
        return self.known.gradients(self.pullback, seed, self.args, self.snapshot)


def _run_known(
    known: entry_points.Entry, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> _KnownRun:
    snapshot = structs.snapshot(args) if known.needs_snapshot else None
    return _KnownRun(known, args, snapshot, *known.run(f, args, kwargs))


def _start(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], mode: Mode = PLAIN
) -> _Run | _KnownRun:
    """A run on the short way if there is one for this call."""
    if type(f) is FunctionType:
        known = find(f, args, kwargs, mode)
        if known is not None:
            return _run_known(known, f, args, kwargs)
    else:
        bound = _unbound(f)
        if bound is not None:
            known = find(bound[0], (bound[1], *args), kwargs, _bound_mode(mode, len(args)))
            if known is not None:
                return _run_known(known, bound[0], (bound[1], *args), kwargs)
    return _run(f, args, kwargs, mode)


def _unbound(f: Any) -> tuple[FunctionType, Any] | None:
    """The Python function behind a bound method or callable object, and its first argument."""
    t = type(f)
    if t is MethodType:
        function = f.__func__
        return (function, f.__self__) if type(function) is FunctionType else None
    hashes: Any = t.__hash__
    if isinstance(f, type) or (hashes is not None and hashes is not object.__hash__):
        return None  # its look-up among the rules would run code of the user
    call = user_method(t, "__call__")
    if call is None or registry.lookup(f) is not None or has_own_way(call):
        return None
    return call, f


def _bound_mode(mode: Mode, n: int) -> Mode:
    """The mode in which the function behind a bound method runs: its object is held fixed."""
    found = mode.bound.get(n)
    if found is None:
        active = (False, *(mode.active or (True,) * n))
        found = mode.bound[n] = mode_of(active, mode.protect, drops_first=True)
    return found


def _run(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], mode: Mode = PLAIN
) -> _Run | _KnownRun:
    outer = forward_run.fresh_run()
    try:
        return _forward(f, args, kwargs, mode)
    finally:
        forward_run.end_run(outer)


def _forward(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], mode: Mode) -> _Run | _KnownRun:
    function, xs, inner_mode = f, args, mode
    bound = None if type(f) is FunctionType else _unbound(f)
    if bound is not None:
        function, xs = bound[0], (bound[1], *args)
        inner_mode = _bound_mode(mode, len(args))
    if not _is_compiled(function):
        return _dispatched(f, args, kwargs, mode.active or (True,) * len(args))
    try:
        found = _compiled(function, xs, kwargs, inner_mode)
    except SourceUnavailableError:
        if type(f) in (FunctionType, MethodType):
            raise
        return _dispatched(f, args, kwargs, mode.active or (True,) * len(args))
    snapshot = structs.snapshot(xs) if found.summary.needs_acc else None
    y, pb = found.forward(function)(*xs, **kwargs)
    known = entry_points.remember(function, xs, kwargs, inner_mode, found)
    if known is not None:
        return _KnownRun(known, xs, snapshot, y, pb)
    sweep = _sweep(found, pb, len(xs), kwargs)
    if bound is not None:
        return _Run(y, lambda d, acc: sweep(d, acc)[1:], args, snapshot)
    return _Run(y, sweep, args, snapshot)


def _is_compiled(f: Any) -> bool:
    return (
        type(f) is FunctionType
        and registry.lookup(f) is None
        and not f.__code__.co_flags & _PIECEWISE
        and not keeps_tape(f)
    )


def _compiled(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], mode: Mode, heap_active: bool = False
) -> Specialisation:
    active = mode.active or (True,) * len(args)
    inactive = (False,) * len(kwargs)
    return forward_of(
        f, args, kwargs, active, inactive, heap_active=heap_active, protect=mode.protect
    )


def _sweep(found: Specialisation, pb: Any, n: int, kwargs: dict[str, Any]) -> Any:
    """The pullback of compiled code as one to the cotangents of positional arguments."""
    names = tuple(kwargs)
    params = found.params
    if found.summary.needs_acc:
        return lambda d, acc: spread(params, pb(d, acc), n, names)[0]
    return lambda d, acc: spread(params, pb(d), n, names)[0]


def _dispatched(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any) -> _Run:
    """A run of what is not a plain Python function."""
    entry = structs.snapshot(args)
    y, pb = dispatch(f, args, kwargs, active, (False,) * len(kwargs))
    if pb is None:
        return _Run(y, lambda d, acc: (ZERO,) * len(args), args, entry)
    return _Run(y, lambda d, acc: pb(_sink_seed(acc, y, d), acc)[1], args, entry)


def _sink_seed(acc: Any, y: Any, d: Any) -> Any:
    from dpy.runtime.held import sink

    return sink(acc, y, d)


def _seed_of(y: Any, f: Any) -> Any:
    """The unit seed of a real scalar result; an error that names the alternatives for others."""
    unit = UNITS.get(type(y))
    if unit is not None:
        return unit
    if isinstance(y, np.floating):
        return y.dtype.type(1)
    if isinstance(y, np.integer) or _is_rational(y):
        return 1.0 if isinstance(y, np.integer) else type(y)(1)
    if isinstance(y, np.ndarray) or hasattr(y, "__cuda_array_interface__"):
        if y.ndim == 0 and y.dtype.kind in "fiu":
            return np.ones((), y.dtype if y.dtype.kind == "f" else float)
    raise _not_scalar(y, f)


def _is_rational(y: Any) -> bool:
    from fractions import Fraction

    return isinstance(y, Fraction)


def _not_scalar(y: Any, f: Any) -> NotScalarOutputError:
    name = getattr(f, "__qualname__", None) or type(f).__name__
    described = type(y).__name__
    if isinstance(y, np.ndarray):
        described = f"an array of shape {y.shape} and dtype {y.dtype}"
    why = "a gradient is defined for functions with one real number as result"
    if isinstance(y, (complex, np.complexfloating)):
        why = "the gradient of a complex result is not one number per argument"
    return NotScalarOutputError(
        f"gradient needs a real scalar result, but {name} returned {described}",
        why=why,
        repair="reduce the result (.sum(), .real, abs), or use dpy.pullback(f, *args) with a seed, "
        "or dpy.jacobian(f, *args)",
    )


def gradient(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """The gradient of the real scalar ``f(*args, **kwargs)`` for each positional argument.

    Always a tuple, one entry per positional argument, each like its argument: float -> float,
    array -> array of the same shape and dtype, dataclass -> the same dataclass, other objects ->
    `Tangent`. None stands where no gradient can exist. Keyword arguments are passed on.

    With `Params` as the only argument, ``gradient(f, Params([W, b]))`` gives the gradients of
    ``f()`` for arrays that `f` reaches through globals and closures, keyed by identity.

    Raises:
        NotScalarOutputError: the result is not a real scalar.
        NoAdjointError: a cotangent reached a function without rule or source.
        UnsupportedSyntaxError: the function uses a construct that cannot be differentiated.

    >>> gradient(lambda x, y: 3 * x**2 + 2 * x + y, 2, 2)
    (14.0, 1.0)
    """
    if type(f) is FunctionType:
        for known in entries.get(id(f.__code__), ()):
            found = known.sweep(f, args, kwargs, _seed_of)
            if found is not None:
                counts["hits"] += 1
                return found[1]
    if len(args) == 1 and type(args[0]) is Params:
        return _implicit(f, args[0], kwargs)[1]
    run = _start(f, args, kwargs)
    return run.gradients(_seed_of(run.y, f))


def value_and_gradient(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """``(f(*args), gradient(f, *args))`` from one run.

    A result that is a tuple or dict is ``(loss, auxiliary values...)``: the first entry is
    differentiated, the whole is returned.

    >>> value_and_gradient(lambda x: x * x, 3.0)
    (9.0, (6.0,))
    """
    if type(f) is FunctionType:
        for known in entries.get(id(f.__code__), ()):
            found = known.sweep(f, args, kwargs, _seed_of_first)
            if found is not None:
                counts["hits"] += 1
                return found
    if len(args) == 1 and type(args[0]) is Params:
        return _implicit(f, args[0], kwargs)
    run = _start(f, args, kwargs)
    return run.y, run.gradients(_seed_of_first(run.y, f))


def _seed_of_first(y: Any, f: Any) -> Any:
    """The unit seed of a scalar, or of the first entry of a tuple or dict."""
    if isinstance(y, tuple) and y:
        return _seed_of(y[0], f), *(ZERO for _ in y[1:])
    if type(y) is dict and y:
        first = next(iter(y))
        return {first: _seed_of(y[first], f)}
    return _seed_of(y, f)


withgradient = value_and_gradient


def pullback(
    f: Callable[..., Any], /, *args: Any, borrow: bool = False, **kwargs: Any
) -> tuple[Any, Callable[[Any], Any]]:
    """``(y, back)``: the value and a function from a cotangent of `y` to those of the arguments.

    ``back(dy)`` may be called any number of times, also after the caller has updated the
    arguments in place; with `borrow` the copies that this takes are not made.

    >>> y, back = pullback(lambda x: x * x, 3.0)
    >>> y, back(1.0), back(2.0)
    (9.0, (6.0,), (12.0,))
    """
    if len(args) == 1 and type(args[0]) is Params:
        return _implicit_pullback(f, args[0], kwargs)
    run = _start(f, args, kwargs, PLAIN if borrow else _PROTECTED)
    y = run.y

    def back(dy: Any) -> tuple[Any, ...]:
        return run.gradients(_seed_like(dy, y))

    return y, back


def _seed_like(dy: Any, y: Any) -> Any:
    """A user's cotangent in internal form."""
    t = type(y)
    if type(dy) is float and t is float:
        return dy
    if t is np.ndarray and type(dy) is t and dy.dtype is y.dtype and dy.shape == y.shape:
        if y.dtype.kind == "f":
            return dy.copy()
    if is_zero(dy):
        return ZERO
    if isinstance(y, tuple):
        return tuple(_seed_like(d, v) for d, v in zip(dy, y, strict=True))
    if isinstance(y, list):
        return {i: _seed_like(d, v) for i, (d, v) in enumerate(zip(dy, y, strict=True))}
    if isinstance(y, dict):
        return {key: _seed_like(d, y[key]) for key, d in dy.items()}
    if isinstance(y, np.ndarray):
        shape = np.shape(dy)
        if shape != y.shape:
            raise DpyError(
                f"the cotangent has shape {shape}, the result has shape {y.shape}",
                repair="pass a cotangent of the result's shape",
            )
        return np.array(project(np.asarray(dy), y))
    if isinstance(y, (int, float, complex, np.generic)):
        return project(dy, y)
    slots = structs.slots_of(dy)
    return {name: _seed_like(d, getattr(y, name, None)) for name, d in slots.items()}


# --- implicit parameters -----------------------------------------------------------------------


def _implicit(f: Any, params: Params, kwargs: dict[str, Any]) -> tuple[Any, Grads]:
    y, back = _implicit_run(f, params, kwargs)
    return y, back(_seed_of(y, f))


def _implicit_run(f: Any, params: Params, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    run = _run_heap(f, kwargs)
    held = tuple(params)
    entry = structs.snapshot(held)

    def back(seed: Any) -> Grads:
        acc = Accumulators()
        run.sweep(seed, acc)
        totals = acc.finish(held, (ZERO,) * len(held), entry)
        found = structs.gradients(totals, held, entry)
        return Grads(params, found)

    return run.y, back


def _run_heap(f: Any, kwargs: dict[str, Any]) -> _Run:
    """A run in which whatever `f` reaches is differentiated."""
    outer = forward_run.fresh_run()
    try:
        function, args = (f.__func__, (f.__self__,)) if type(f) is MethodType else (f, ())
        if not _is_compiled(function):
            return _dispatched(f, (), kwargs, ())
        found = _compiled(function, args, kwargs, _PROTECTED, heap_active=True)
        y, pb = found.forward(function)(*args, **kwargs)
        return _Run(y, _sweep(found, pb, len(args), kwargs), args, None)
    finally:
        forward_run.end_run(outer)


def _implicit_pullback(f: Any, params: Params, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    y, back = _implicit_run(f, params, kwargs)
    return y, lambda dy: back(_seed_like(dy, y))


# --- function transformers -----------------------------------------------------------------------


def _positions(argnums: int | tuple[int, ...], args: tuple[Any, ...]) -> tuple[int, ...]:
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for i in chosen:
        if not -len(args) <= i < len(args):
            raise NotDifferentiableError(
                f"argnums names argument {i}, but the call has {len(args)} positional arguments",
                repair="pass the argument by position",
            )
        x = args[i]
        if isinstance(x, (bool, np.bool_, str, bytes, type(None))) or (
            isinstance(x, np.ndarray) and x.dtype.kind in "bSU"
        ):
            raise NotDifferentiableError(
                f"argument {i} is a {type(x).__name__}, which has no gradient",
                repair="leave it out of argnums",
            )
    return tuple(i % len(args) for i in chosen)


class _Chosen:
    """The gradients of a function for some of its arguments."""

    __slots__ = ("argnums", "f", "plans")

    def __init__(self, f: Callable[..., Any], argnums: int | tuple[int, ...]) -> None:
        self.f = f
        self.argnums = argnums
        # By the number of arguments in a call: the mode, and which gradients are shown.
        self.plans: dict[int, tuple[Mode, tuple[int, ...]]] = {}

    def both(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The value, and a bare gradient for one argnum, a tuple for several."""
        f = self.f
        plan = self.plans.get(len(args))
        if plan is not None and type(f) is FunctionType:
            known = find(f, args, kwargs, plan[0])
            if known is not None and known.is_differentiable:
                return self._shown(_run_known(known, f, args, kwargs), plan[1])
        chosen = _positions(self.argnums, args)
        mode = mode_of(tuple([i in chosen for i in range(len(args))]))
        self.plans[len(args)] = mode, chosen
        return self._shown(_start(f, args, kwargs, mode), chosen)

    def _shown(self, run: _Run | _KnownRun, chosen: tuple[int, ...]) -> tuple[Any, Any]:
        y = run.y
        found = run.gradients(UNITS.get(type(y)) or _seed_of(y, self.f))
        if isinstance(self.argnums, int):
            return y, found[chosen[0]]
        return y, tuple([found[i] for i in chosen])


def value_and_grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0
) -> Callable[..., tuple[Any, Any]]:
    """A function that returns ``(value, gradient)``; bare for one argnum, a tuple for several.

    >>> value_and_grad(lambda x, y: x * y)(2.0, 3.0)
    (6.0, 3.0)
    """
    both = _Chosen(f, argnums).both

    @functools.wraps(f, updated=())
    def value_and_grad_f(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        return both(args, kwargs)

    return value_and_grad_f


def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns the gradient of `f` for `argnums`, in JAX's manner.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    """
    both = _Chosen(f, argnums).both

    @functools.wraps(f, updated=())
    def grad_f(*args: Any, **kwargs: Any) -> Any:
        return both(args, kwargs)[1]

    return grad_f


def jacobian(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
    """The Jacobian of an array-valued (or scalar) `f` for each positional argument.

    The entry for an argument with shape ``s`` is an array of shape ``(y.size, prod(s))``, row
    major, or ``(y.size,)`` for a number; None for arguments that are neither.

    Raises:
        NotScalarOutputError: the result is complex, or no array.

    >>> jacobian(lambda a: 100 * a[:2] ** 2, np.array([1.0, 2.0, 3.0]))[0]
    array([[200.,   0.,   0.],
           [  0., 400.,   0.]])
    """
    run = _start(f, args, kwargs, _PROTECTED)
    y = run.y
    if not isinstance(kind_of(y), Number) and not isinstance(y, np.ndarray):
        raise _not_scalar(y, f)
    flat = np.asarray(y)
    if flat.dtype.kind not in "fiu":
        raise _not_scalar(y, f)
    rows: list[tuple[Any, ...]] = []
    for i in range(flat.size):
        if isinstance(y, np.ndarray):
            dtype = y.dtype if y.dtype.kind == "f" else np.dtype(float)
            seed = np.zeros(y.size, dtype)
            seed[i] = 1
            rows.append(run.gradients(seed.reshape(y.shape)))
        else:
            rows.append(run.gradients(_seed_of(y, f)))
    return tuple(_stack_rows(rows, k, x, flat.size) for k, x in enumerate(args))


def _stack_rows(rows: list[tuple[Any, ...]], k: int, x: Any, n: int) -> Any:
    if isinstance(x, np.ndarray):
        if x.dtype.kind not in "fciu":
            return None
        if not rows:
            return np.zeros((n, x.size))
        return np.stack([np.asarray(row[k]).reshape(-1) for row in rows])
    if isinstance(kind_of(x), Number) and not isinstance(x, (bool, np.bool_)):
        return np.array([row[k] for row in rows])
    return None


def stop_gradient(x: Any) -> Any:
    """The value of `x` (a copy of what is mutable); no derivative flows back through it.

    >>> gradient(lambda x: x * stop_gradient(x), 3.0)
    (3.0,)
    """
    if isinstance(x, (int, float, complex, str, bytes, type(None), np.generic)):
        return x
    if isinstance(x, np.ndarray):
        return x.copy()  # an alias would share the accumulator of x
    return copy.deepcopy(x)


registry.nondifferentiable(stop_gradient, kind="unknown")
