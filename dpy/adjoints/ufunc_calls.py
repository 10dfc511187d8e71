"""Calls of ufuncs beyond ``f(a, b)``: keyword arguments, and the methods reduce, accumulate, ...

`Rule.apply` comes here when the arguments of an elementwise rule are not just its inputs. With
``out=``, the value is the output array itself: the pullback wants the whole cotangent that this
array has after the call, and returns the cotangent of what the array held on entry (zero, but
where ``where=`` left it alone) in the place of `out`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.adjoints.registry import Rule, adjoint
from dpy.cotangent import ZERO, conjugate, is_zero, project, times
from dpy.errors import AdjointError, MutationError, NoAdjointError

__all__ = ["apply_ufunc", "other_arity"]

_other_arities: dict[tuple[Any, int], Rule] = {}


def other_arity(primal: Callable[..., Any], *partials: Any, singular: bool = False) -> None:
    """The partials of an elementwise function for another number of inputs (``log(x, base)``)."""
    rule = Rule(primal, partials=partials, singular=singular, fresh=True)
    _other_arities[primal, len(partials)] = rule


def apply_ufunc(
    rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Callable[..., tuple[Any, ...]] | None]:
    """``(y, pullback)`` of a call with ``out=``, ``where=``, ``dtype=`` or another arity."""
    other = _other_arities.get((rule.primal, len(args)))
    if other is not None and not kwargs:
        return other.apply(args, kwargs)
    if not isinstance(rule.primal, np.ufunc):
        rule.primal(*args, **kwargs)  # this raises: it names the error as Python does
        raise AdjointError(f"the rule for {rule.name} does not cover these arguments")
    return _apply_with_options(rule, rule.primal, args, kwargs)


def _apply_with_options(
    rule: Rule, ufunc: np.ufunc, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Callable[..., tuple[Any, ...]]]:
    inputs = args[: ufunc.nin]
    outputs = _outputs(args[ufunc.nin :], kwargs)
    # what the call overwrites is needed as it was on entry
    inputs = tuple(copy.copy(x) if any(_overlap(x, out) for out in outputs) else x for x in inputs)
    where = kwargs.get("where", True)
    if isinstance(where, np.ndarray):
        where = where.copy() if any(_overlap(where, out) for out in outputs) else where
    y = ufunc(*args, **kwargs)
    saved = copy.deepcopy(y) if outputs else y
    narrowed = tuple(_cast(x, kwargs.get("dtype")) for x in inputs)
    truncates = _truncates(y, inputs)

    def ufunc_pullback(d_y: Any) -> Any:
        d_args: list[Any] = [ZERO] * len(args)
        d_kwargs: dict[str, Any] = {}
        if outputs and where is not True:
            _put_outputs(d_args, d_kwargs, ufunc.nin, kwargs, _select(where, d_y, inside=False))
        if is_zero(d_y) or truncates:
            return tuple(d_args), d_kwargs
        with np.errstate(all="ignore"):
            d_inputs = _pull_inputs(rule, narrowed, saved, _select(where, d_y, inside=True))
        for i, (d, x) in enumerate(zip(d_inputs, inputs, strict=True)):
            d_args[i] = project(_select(where, d, inside=True), x)
        return tuple(d_args), d_kwargs

    return y, ufunc_pullback


def _outputs(extra: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """The arrays that the call writes to."""
    out = kwargs.get("out")
    given = [*extra, *(out if isinstance(out, tuple) else (out,))]
    return [array for array in given if array is not None]


def _overlap(x: Any, out: Any) -> bool:
    return isinstance(x, np.ndarray) and np.may_share_memory(x, out)


def _cast(x: Any, dtype: Any) -> Any:
    """The input as the loop of this `dtype` sees it."""
    if dtype is None or not isinstance(x, (np.ndarray, np.generic)):
        return x
    return x.astype(dtype)


def _truncates(y: Any, inputs: tuple[Any, ...]) -> bool:
    """Whether real inputs were rounded to an integer result (``casting="unsafe"``)."""
    first = y[0] if isinstance(y, tuple) else y
    return np.result_type(first).kind in "iub" and any(
        np.result_type(x).kind in "fc" for x in inputs
    )


def _select(where: Any, d: Any, *, inside: bool) -> Any:
    """The cotangent `d` where the mask holds (or does not), and 0 elsewhere."""
    if where is True or is_zero(d):
        return d
    if isinstance(d, tuple):
        return tuple(_select(where, part, inside=inside) for part in d)
    zero = np.zeros((), np.result_type(d))
    return np.where(where, d, zero) if inside else np.where(where, zero, d)


def _pull_inputs(rule: Rule, inputs: tuple[Any, ...], y: Any, d_y: Any) -> tuple[Any, ...]:
    """One cotangent per input, not projected."""
    if rule.partials is None:
        assert rule.forward is not None
        d_inputs: tuple[Any, ...] = rule.forward(*inputs)[1](d_y)
        return d_inputs
    return tuple(
        ZERO if partial is None else times(d_y, conjugate(partial(*inputs, y)), rule.singular)
        for partial in rule.partials
    )


def _put_outputs(
    d_args: list[Any], d_kwargs: dict[str, Any], first: int, kwargs: dict[str, Any], d_out: Any
) -> None:
    parts = d_out if isinstance(d_out, tuple) else (d_out,)
    if kwargs.get("out") is not None:
        d_kwargs["out"] = parts if isinstance(kwargs["out"], tuple) else parts[0]
    for i, part in zip(range(first, len(d_args)), parts, strict=False):
        d_args[i] = part


# --- reduce, accumulate, outer, reduceat ------------------------------------------------------


def _twin(ufunc: np.ufunc, method: str) -> Rule | None:
    """The rule of the NumPy function that does the same as a method of this ufunc."""
    functions: dict[tuple[str, str], Callable[..., Any]] = {
        ("add", "reduce"): np.sum,
        ("multiply", "reduce"): np.prod,
        ("maximum", "reduce"): np.max,
        ("minimum", "reduce"): np.min,
        ("add", "accumulate"): np.cumsum,
        ("multiply", "accumulate"): np.cumprod,
    }
    function = functions.get((ufunc.__name__, method))
    return None if function is None else registry.lookup(function)


def _refuse_out(out: Any) -> None:
    if out is not None and not (isinstance(out, tuple) and out == (None,)):
        raise MutationError(
            "a ufunc method with out= cannot be differentiated",
            why="the cotangent of the array that it overwrites is not tracked",
            repair="assign the result: x[...] = ufunc.reduce(...)",
        )


@adjoint(np.ufunc.reduce, static=("ufunc", "axis", "dtype", "out", "keepdims", "where"))
def reduce(
    ufunc: Any,
    array: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = np._NoValue,
    where: Any = True,
) -> Any:
    """y = the fold of `array` along `axis`: as sum, prod, max and min where it is one of them."""
    _refuse_out(out)
    options = {"axis": axis, "dtype": dtype, "keepdims": keepdims, "where": where}
    if initial is not np._NoValue:
        options["initial"] = initial
    y = ufunc.reduce(array, **options)
    twin = _twin(ufunc, "reduce")
    if twin is not None:
        pull = _twin_pullback(twin, array, y, options)
    else:
        pull = _fold_pullback(ufunc, array, y, options)

    def reduce_pullback(d_y: Any) -> Any:
        return pull(d_y)

    return y, reduce_pullback


def _twin_pullback(twin: Rule, array: Any, y: Any, options: dict[str, Any]) -> Callable[..., Any]:
    plain = {k: v for k, v in options.items() if not (k == "where" and v is True)}
    if twin.signature is not None and "dtype" not in twin.signature.parameters:
        dtype = plain.pop("dtype")
        array = array if dtype is None else np.asarray(array, dtype)
    _, pullback = twin.apply((array,), plain)
    assert pullback is not None

    def twin_pullback(d_y: Any) -> Any:
        d_args, d_kwargs = pullback(d_y)
        return d_args[0], d_kwargs.get("initial", ZERO)

    return twin_pullback


def _fold_pullback(
    ufunc: np.ufunc, array: Any, y: Any, options: dict[str, Any]
) -> Callable[..., Any]:
    """The pullback of a fold that no other function computes."""
    rule = registry.lookup(ufunc)
    if rule is not None and rule.is_nondifferentiable:
        return lambda d_y: (None, None)
    axis, x = options["axis"], np.asarray(array)
    if axis is None and x.ndim == 1:
        axis = 0
    unusual = options["where"] is not True or "initial" in options or not isinstance(axis, int)
    if rule is None or unusual or options["dtype"] is not None:
        return _no_rule(f"numpy.{ufunc.__name__}.reduce with these arguments")
    return lambda d_y: (_pull_fold(rule, x, axis, options["keepdims"], d_y), None)


def _pull_fold(rule: Rule, x: Any, axis: int, keepdims: bool, d_y: Any) -> Any:
    if is_zero(d_y) or x.shape[axis] == 0:
        return ZERO
    d = d_y if keepdims else np.expand_dims(d_y, axis)
    d_prefix = np.zeros_like(x, dtype=np.result_type(d))
    np.moveaxis(d_prefix, axis, 0)[-1] = np.moveaxis(np.asarray(d), axis, 0)[0]
    return _pull_prefixes(rule, x, axis, d_prefix)


def _pull_prefixes(rule: Rule, x: Any, axis: int, d_y: Any) -> Any:
    """The cotangent of `x` where `d_y` is that of ``ufunc.accumulate(x, axis)``.

    Each prefix is ``f(prefix before, x_k)``: the partials of all steps at once, then one backward
    recurrence over the prefixes.
    """
    prefix = np.moveaxis(rule.primal.accumulate(x, axis), axis, 0)  # type: ignore[attr-defined]
    items, d = np.moveaxis(x, axis, 0), np.moveaxis(np.array(d_y), axis, 0)
    assert rule.partials is not None and rule.partials[0] and rule.partials[1]
    with np.errstate(all="ignore"):
        inputs = (prefix[:-1], items[1:], prefix[1:])
        carry = conjugate(np.broadcast_to(rule.partials[0](*inputs), prefix[1:].shape))
        for k in range(len(items) - 1, 0, -1):
            d[k - 1] += times(d[k], carry[k - 1], rule.singular)
        d_x = d.copy()
        own = conjugate(np.asarray(rule.partials[1](*inputs)))
        d_x[1:] = times(d[1:], own, rule.singular)
    return np.moveaxis(d_x, 0, axis)


def _no_rule(what: str) -> Callable[..., Any]:
    def no_pullback(d_y: Any) -> Any:
        if is_zero(d_y):
            return None, None
        raise NoAdjointError(
            f"{what} has no adjoint rule",
            repair="write it as a loop or with functions that have one",
        )

    return no_pullback


@adjoint(np.ufunc.accumulate, static=("ufunc", "axis", "dtype", "out"), fresh=True)
def accumulate(ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    """y = all the prefixes of a fold: as cumsum and cumprod where it is one of them."""
    _refuse_out(out)
    y = ufunc.accumulate(array, axis, dtype)
    pull = _accumulate_pullback(ufunc, array, axis, dtype)

    def accumulate_pullback(d_y: Any) -> Any:
        return (pull(d_y),)

    return y, accumulate_pullback


def _accumulate_pullback(ufunc: np.ufunc, array: Any, axis: int, dtype: Any) -> Callable[..., Any]:
    twin, rule = _twin(ufunc, "accumulate"), registry.lookup(ufunc)
    if twin is not None:
        _, pullback = twin.apply((array,), {"axis": axis, "dtype": dtype})
        assert pullback is not None
        return lambda d_y: pullback(d_y)[0][0]
    if rule is not None and rule.is_nondifferentiable:
        return lambda d_y: None
    if rule is None or rule.partials is None or dtype is not None:
        refuse = _no_rule(f"numpy.{ufunc.__name__}.accumulate with these arguments")
        return lambda d_y: refuse(d_y)[0]
    x = np.asarray(array)
    return lambda d_y: d_y if is_zero(d_y) or not x.size else _pull_prefixes(rule, x, axis, d_y)


@adjoint(np.ufunc.outer, static=("ufunc",), fresh=True)
def outer(ufunc: Any, A: Any, B: Any, /, **options: Any) -> Any:  # noqa: N803 - NumPy's names
    """y[i..., j...] = ufunc(A[i...], B[j...])."""
    rule = registry.lookup(ufunc)
    left = np.reshape(A, np.shape(A) + (1,) * np.ndim(B))
    y = ufunc.outer(A, B, **options)
    pullback = (
        rule.apply((left, B), options)[1]
        if rule is not None
        else _no_rule(f"numpy.{ufunc.__name__}.outer")
    )

    def outer_pullback(d_y: Any) -> Any:
        if pullback is None:
            return None, None
        if rule is None:
            return pullback(d_y)
        d_left, d_right = pullback(d_y)[0]
        return d_left if is_zero(d_left) else np.reshape(d_left, np.shape(A)), d_right

    return y, outer_pullback


@adjoint(np.ufunc.reduceat, static=("ufunc", "axis", "dtype", "out"), fresh=True)
def reduceat(
    ufunc: Any, array: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None
) -> Any:
    """y[k] = ufunc.reduce(array[indices[k]:indices[k + 1]]); one item where that is empty."""
    _refuse_out(out)
    y = ufunc.reduceat(array, indices, axis, dtype)
    starts = [int(i) for i in np.asarray(indices)]

    def reduceat_pullback(d_y: Any) -> Any:
        if is_zero(d_y):
            return None, None
        return _pull_segments(ufunc, array, starts, axis, dtype, d_y), None

    return y, reduceat_pullback


def _pull_segments(
    ufunc: np.ufunc, array: Any, starts: list[int], axis: int, dtype: Any, d_y: Any
) -> Any:
    x = np.moveaxis(np.asarray(array), axis, 0)
    d_x = np.zeros(x.shape, np.result_type(d_y))
    segments = np.moveaxis(np.asarray(d_y), axis, 0)
    for k, start in enumerate(starts):
        end = starts[k + 1] if k + 1 < len(starts) else len(x)
        if end <= start:  # the item itself
            d_x[start] += segments[k]
        else:
            d_part = reduce(ufunc, x[start:end], 0, dtype)[1](segments[k])[0]
            if not is_zero(d_part):
                d_x[start:end] += d_part
    return np.moveaxis(d_x, 0, axis)
