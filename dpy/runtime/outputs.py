"""Calls that write their value to arrays of the caller's: ``np.sum(a, out=b)``.

The value is the array that was written to, so its cotangent is what the array has accumulated by
then; before the call the array held something else, and nothing is left for that. The rule of the
function knows nothing of this: it is applied to the same arguments without the array.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add, is_zero, project
from dpy.runtime.failures import mutation_error
from dpy.runtime.held import hold, protect, sink, take

__all__ = ["call_into"]

_PIECE_BY_PIECE = frozenset({np.concatenate, np.stack})


def call_into(
    apply: Any,
    rule: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    outputs: list[tuple[Any, Any]],
) -> tuple[Any, Any]:
    """The call by its rule, of which `Rule.outputs` has told what it writes to.

    ``apply(rule, args, kwargs)`` applies a rule.
    """
    arrays = [out for _, given in outputs for out in _arrays(given)]
    mask = kwargs.get("where", True) if isinstance(rule.primal, np.ufunc) else True
    mask = np.array(mask) if mask is not True else None
    held, held_kw = tuple(map(hold, args)), {name: hold(x) for name, x in kwargs.items()}
    value, pullback = _by_rule(apply, rule, args, kwargs, outputs, arrays)
    y = rule.primal(*args, **kwargs)
    targets = y if type(y) is tuple else (arrays[0],)
    values = value if type(y) is tuple else (value,)

    def into_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        rests = d if type(d) is tuple else (d,) * len(targets)
        parts = [_written(acc, x, rest, mask) for x, rest in zip(targets, rests, strict=True)]
        if pullback is None or all(map(is_zero, parts)):
            return ZERO, (ZERO,) * len(held), {}
        fitted = tuple(map(_fitted, parts, values, targets))
        d_args, d_kwargs = pullback(fitted if type(y) is tuple else fitted[0])
        return (
            ZERO,
            tuple([sink(acc, x, d_x) for x, d_x in zip(held, d_args, strict=True)]),
            {name: sink(acc, held_kw[name], d_x) for name, d_x in d_kwargs.items()},
        )

    return y, into_pullback


def _by_rule(
    apply: Any,
    rule: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    outputs: list[tuple[Any, Any]],
    arrays: list[Any],
) -> tuple[Any, Any]:
    """Value and pullback of the same call without the arrays that it writes to.

    What shares memory with these is copied: the call is about to change it.
    """
    if rule.is_nondifferentiable:
        return None, None
    if rule.primal in _PIECE_BY_PIECE and not _are_apart(args, arrays):
        raise mutation_error(
            f"{rule.name} writes to an array that it reads from",
            "it copies piece by piece, so that it may read what it has just written",
            "leave out=, and assign the result",
        )
    places = {place for place, _ in outputs}
    inputs = [_apart(x, arrays) if i not in places else None for i, x in enumerate(args)]
    while inputs and len(inputs) - 1 in places:
        inputs.pop()
    named = {name: _apart(x, arrays) for name, x in kwargs.items() if name not in places}
    if "where" in named and isinstance(rule.primal, np.ufunc):
        named["out"] = tuple(map(np.zeros_like, arrays))  # else NumPy warns
    try:
        with np.errstate(all="ignore"):
            value, pullback = apply(rule, tuple(inputs), named)
    except Exception:
        rule.primal(*args, **kwargs)  # ends in the same way, in the words of the user's call
        raise
    if pullback is None:
        return value, None
    protected = protect(pullback, (value, tuple(inputs), named))

    def padded_pullback(d: Any) -> Any:
        d_args, d_kwargs = protected(d)
        d_kwargs.pop("out", None)
        return (*d_args, *(ZERO,) * (len(args) - len(d_args))), d_kwargs

    return value, padded_pullback


def _arrays(given: Any) -> list[Any]:
    return [x for x in given if x is not None] if type(given) is tuple else [given]


def _are_apart(args: tuple[Any, ...], arrays: list[Any]) -> bool:
    return all(
        a is b for x in args for a, b in zip(_items(x), _items(_apart(x, arrays)), strict=True)
    )


def _items(x: Any) -> list[Any]:
    return list(x) if type(x) is list or type(x) is tuple else [x]


def _apart(x: Any, arrays: list[Any]) -> Any:
    """`x`, with copies of the arrays in it that share memory with one of `arrays`."""
    if isinstance(x, np.ndarray):
        return x.copy() if any(np.may_share_memory(x, out) for out in arrays) else x
    if type(x) is list or type(x) is tuple:
        return type(x)([_apart(item, arrays) for item in x])
    return x


def _written(acc: Any, x: Any, rest: Any, mask: Any) -> Any:
    """The cotangent of what the call wrote to `x`; where a mask said no, it stays with `x`."""
    d = take(acc, hold(x), ZERO)
    if isinstance(rest, (float, complex, np.generic)):  # of a value that is no array
        d = add(d, rest)
    if mask is None or is_zero(d):
        return d
    acc.add(x, np.where(mask, 0.0, d))
    return np.where(mask, d, 0.0)


def _fitted(d: Any, value: Any, x: Any) -> Any:
    """`d` as a cotangent of the value before it was cast and broadcast to the array `x`."""
    if is_zero(d) or (_kind(x) in "iub" and _kind(value) in "fc"):  # rounded
        return ZERO
    return project(d, value)


def _kind(x: Any) -> str:
    return str(np.result_type(x).kind)
