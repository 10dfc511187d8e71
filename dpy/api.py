"""The public functions: gradients, pullbacks and Jacobians of ordinary Python functions."""

from __future__ import annotations

import copy
import functools
from _thread import get_ident
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.entry import PLAIN, UNITS, Mode, find, mode_of
from dpy.errors import NotDifferentiableError
from dpy.kinds import Kind, Number, kind_of
from dpy.parameters import Params
from dpy.runs import PROTECTED, KnownRun, Run, run_known, start
from dpy.runtime.forward_run import running
from dpy.seeds import not_scalar, seed_like, seed_of, seed_of_first
from dpy.specialise import counts, entries

__all__ = [
    "grad", "gradient", "jacobian", "pullback", "stop_gradient", "value_and_grad",
    "value_and_gradient", "withgradient", "within_gradient",
]  # fmt: skip


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
            found = known.sweep(f, args, kwargs, seed_of)
            if found is not None:
                counts["hits"] += 1
                return found[1]
    if len(args) == 1 and type(args[0]) is Params:
        from dpy.implicit import implicit_gradient

        return implicit_gradient(f, args[0], kwargs)[1]
    run = start(f, args, kwargs)
    return run.gradients(seed_of(run.y, f))


def value_and_gradient(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """``(f(*args), gradient(f, *args))`` from one run.

    A result that is a tuple or dict is ``(loss, auxiliary values...)``: the first entry is
    differentiated, the whole is returned.

    >>> value_and_gradient(lambda x: x * x, 3.0)
    (9.0, (6.0,))
    """
    if type(f) is FunctionType:
        for known in entries.get(id(f.__code__), ()):
            found = known.sweep(f, args, kwargs, seed_of_first)
            if found is not None:
                counts["hits"] += 1
                return found
    if len(args) == 1 and type(args[0]) is Params:
        from dpy.implicit import implicit_gradient

        return implicit_gradient(f, args[0], kwargs)
    run = start(f, args, kwargs)
    return run.y, run.gradients(seed_of_first(run.y, f))


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
        from dpy.implicit import implicit_pullback

        return implicit_pullback(f, args[0], kwargs)
    run = start(f, args, kwargs, PLAIN if borrow else PROTECTED)
    y = run.y

    def back(dy: Any) -> tuple[Any, ...]:
        return run.gradients(seed_like(dy, y))

    return y, back


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
    """The gradients of a function for some of its arguments: what `value_and_grad` returns."""

    seed = staticmethod(seed_of_first)

    def __init__(self, f: Callable[..., Any], argnums: int | tuple[int, ...]) -> None:
        functools.update_wrapper(self, f, updated=())
        self.f = f
        self.argnums = argnums
        # By the number of arguments in a call: the mode, and which gradients are shown.
        self.plans: dict[int, tuple[Mode, tuple[int, ...]]] = {}

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """The value, and a bare gradient for one argnum, a tuple for several."""
        f = self.f
        plan = self.plans.get(len(args))
        if plan is not None and type(f) is FunctionType:
            known = find(f, args, kwargs, plan[0])
            if known is not None and known.is_differentiable:
                return self._shown(run_known(known, f, args, kwargs), plan[1])
        chosen = _positions(self.argnums, args)
        mode = mode_of(tuple([i in chosen for i in range(len(args))]))
        self.plans[len(args)] = mode, chosen
        return self._shown(start(f, args, kwargs, mode), chosen)

    def _shown(self, run: Run | KnownRun, chosen: tuple[int, ...]) -> tuple[Any, Any]:
        y = run.y
        found = run.gradients(UNITS.get(type(y)) or self.seed(y, self.f))
        if isinstance(self.argnums, int):
            return y, found[chosen[0]]
        return y, tuple([found[i] for i in chosen])

    def __get__(self, owner: Any, cls: type | None = None) -> Any:
        """In a class it is a method, as a function is."""
        return self if owner is None else MethodType(self, owner)

    def __repr__(self) -> str:
        shown = getattr(self.f, "__qualname__", repr(self.f))
        return f"<gradient of {shown} for argnums={self.argnums!r}>"

    def __reduce__(self) -> Any:
        return type(self), (self.f, self.argnums)


class _ChosenGradient(_Chosen):
    """What `grad` returns: the gradient without the value."""

    seed = staticmethod(seed_of)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """A bare gradient for one argnum, a tuple for several."""
        return super().__call__(*args, **kwargs)[1]


def value_and_grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0
) -> Callable[..., tuple[Any, Any]]:
    """A function that returns ``(value, gradient)``; bare for one argnum, a tuple for several.

    A value that is a tuple or dict is ``(loss, auxiliary values...)``, as in `value_and_gradient`.

    >>> value_and_grad(lambda x, y: x * y)(2.0, 3.0)
    (6.0, 3.0)
    """
    return _Chosen(f, argnums)


def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns the gradient of `f` for `argnums`, in JAX's manner.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    """
    return _ChosenGradient(f, argnums)


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
    run = start(f, args, kwargs, PROTECTED)
    y = run.y
    if not isinstance(kind_of(y), Number) and not isinstance(y, np.ndarray):
        raise not_scalar(y, f)
    flat = np.asarray(y)
    if flat.dtype.kind not in "fiu":
        raise not_scalar(y, f)
    rows: list[tuple[Any, ...]] = []
    for i in range(flat.size):
        if isinstance(y, np.ndarray):
            dtype = y.dtype if y.dtype.kind == "f" else np.dtype(float)
            seed = np.zeros(y.size, dtype)
            seed[i] = 1
            rows.append(run.gradients(seed.reshape(y.shape)))
        else:
            rows.append(run.gradients(seed_of(y, f)))
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


def within_gradient() -> bool:
    """Whether a run that is being differentiated is under way in this thread.

    True from the start of the forward run of `gradient`, `pullback` or one of their kin to its end,
    whatever depends on what is differentiated: layers that behave otherwise in training ask this.

    >>> def noisy(x): return x + 0.5 if within_gradient() else x
    >>> noisy(1.0), value_and_gradient(noisy, 1.0)
    (1.0, (1.5, (1.0,)))
    """
    return bool(running) and get_ident() in running


def _is_bool(*kinds: Kind, **named: Kind) -> Kind:
    """The kind of the answer, which is never computed when code is compiled."""
    return Number(bool)


registry.nondifferentiable(within_gradient, kind=_is_bool)
