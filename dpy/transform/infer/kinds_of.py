"""The kinds of results from the kinds of operands: indexing, powers, and what running tells.

All here are functions of kinds alone; what depends on the program is in the other modules.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from dpy.kinds import (
    BOTTOM,
    UNKNOWN,
    Array,
    Const,
    Kind,
    KnownObject,
    List,
    Method,
    Number,
    Object,
    Other,
    Slice,
    Tuple,
    dummy_of,
    is_number,
    is_real_scalar,
    join,
    kind_of,
    number_type,
    widen,
)

__all__ = [
    "NONE", "calls_back", "element", "indexed", "is_basic", "joined", "kind_by_dummy",
    "kind_by_rule", "numeric", "storable",
]  # fmt: skip

NONE = Other(type(None))


def numeric(kinds: tuple[Kind, ...]) -> bool:
    """Whether all are numbers and arrays."""
    return all(is_number(k) or isinstance(k, Array) for k in kinds)


def joined(kinds: tuple[Kind, ...]) -> Kind:
    """The kind of a value that may be any of these."""
    found: Kind = BOTTOM
    for kind in kinds:
        found = join(found, kind)
    return found


def storable(kind: Kind) -> Kind:
    """The kind under which a value is noted where it is stored or given back.

    A `Method` names a variable of the function, and means nothing elsewhere.
    """
    return UNKNOWN if isinstance(kind, Method) else widen(kind)


def calls_back(kinds: tuple[Kind, ...]) -> bool:
    """A primitive given callables or objects, or containers of these, may run user code."""
    return any(
        isinstance(k, (KnownObject, Object, Method))
        or (isinstance(k, List) and calls_back((k.item,)))
        or (isinstance(k, Tuple) and calls_back(k.items))
        for k in kinds
    )


# --- indexing -------------------------------------------------------------------------------------


def element(kind: Array, dims: int) -> Kind:
    """The kind of an array's element after indexing `dims` dimensions by integers."""
    if kind.ndim < dims:
        return UNKNOWN
    if kind.ndim == dims:
        return Number(kind.dtype.type) if kind.dtype.kind in "biufc" else UNKNOWN
    return Array(kind.dtype, kind.ndim - dims)


def is_basic(index: Kind) -> bool:
    """Indexing with ints, slices, None and Ellipsis only: the result is a view."""
    parts = index.items if isinstance(index, Tuple) else (index,)
    return not any(isinstance(part, (Array, List)) for part in parts)


def indexed(kind: Array, index: Kind) -> Kind:
    """The kind of ``array[index]``; UNKNOWN where the number of dimensions is not certain.

    >>> indexed(Array(np.dtype(float), 3), Tuple((Slice((NONE, NONE, NONE)), Number(int))))
    Array(dtype=dtype('float64'), ndim=2)
    """
    if kind.dtype.kind not in "biufc":
        return UNKNOWN
    parts = index.items if isinstance(index, Tuple) else (index,)
    removed = added = 0
    fancy: int | None = None
    for part in parts:
        effect = _effect_of_part(part)
        if effect is None:
            return UNKNOWN
        removed += effect[0]
        added += effect[1]
        if effect[2] is not None:
            fancy = max(fancy or 0, effect[2])
    ndim = kind.ndim - removed + added + (fancy or 0)
    if removed > kind.ndim:
        return UNKNOWN
    has_ellipsis = any(isinstance(p, Const) and p.value is Ellipsis for p in parts)
    if ndim == 0 and fancy is None and not has_ellipsis:
        return Number(kind.dtype.type)
    return Array(kind.dtype, ndim)


def _effect_of_part(part: Kind) -> tuple[int, int, int | None] | None:
    """The dimensions that a part of an index removes and adds, and those of an index array."""
    if isinstance(part, Const) and part.value is None:
        return 0, 1, None
    if isinstance(part, Const) and part.value is Ellipsis:
        return 0, 0, None
    if isinstance(part, Slice):
        return 0, 0, None
    if isinstance(part, Other) and part.type is type(None):
        return 0, 1, None
    if (t := number_type(part)) is not None and t not in (bool, np.bool_):
        return (1, 0, None) if t is int or issubclass(t, np.integer) else None
    if isinstance(part, Array) and part.dtype.kind in "iu":
        return 1, 0, part.ndim
    if isinstance(part, Array) and part.dtype.kind == "b":
        return part.ndim, 0, 1
    if isinstance(part, List) and number_type(part.item) is int:
        return 1, 0, 1
    return None


# --- primitives -----------------------------------------------------------------------------------


def kind_by_rule(function: Any, rule: Any, kinds: tuple[Kind, ...], named: Any) -> Kind:
    """The kind of what a primitive with a rule gives; `named` are the kinds of its keywords."""
    if function is operator.pow:
        return _power_kind(kinds)
    how = rule.kind if rule is not None else "dummy"
    if how == "unknown":
        return UNKNOWN
    if callable(how):
        found: Kind = how(*kinds, **dict(named))
        if found is not NotImplemented:
            return found
    return kind_by_dummy(function, kinds, named)


def _power_kind(kinds: tuple[Kind, ...]) -> Kind:
    """Of ``base ** exponent``, where ints may give a float, and negative bases a complex."""
    base, exponent = kinds
    if is_number(base) and is_number(exponent):
        b, e = number_type(base), number_type(exponent)
        if b is int and e is int:
            if isinstance(exponent, Const):
                return Number(int) if exponent.value >= 0 else Number(float)
            return Number(float)
        if is_real_scalar(base) and is_real_scalar(exponent):
            return kind_by_dummy(operator.pow, (widen(base), widen(exponent)), ())
    return kind_by_dummy(operator.pow, kinds, ())


def _kind_of_call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Kind:
    try:
        with np.errstate(all="ignore"):
            return kind_of(function(*args, **kwargs))
    except Exception:
        return UNKNOWN


_dummy_cache: dict[Any, Kind] = {}


def kind_by_dummy(function: Any, kinds: tuple[Kind, ...], named: Any) -> Kind:
    """Learn the kind of a pure primitive's result by running it on small values.

    >>> kind_by_dummy(np.add, (Number(int), Array(np.dtype(np.float32), 2)), ())
    Array(dtype=dtype('float32'), ndim=2)
    """
    try:
        key = (function, kinds, named)
        if key in _dummy_cache:
            return _dummy_cache[key]
    except TypeError:
        key = None
    args = tuple(map(dummy_of, kinds))
    kwargs = {k: dummy_of(kind) for k, kind in named}
    if any(a is NotImplemented for a in (*args, *kwargs.values())):
        return UNKNOWN
    result = _kind_of_call(function, args, kwargs)
    int_ = Number(int)
    if result is UNKNOWN and (int_ in kinds or any(kind == int_ for _, kind in named)):
        # An axis or a place that the dummies do not have: there is always a first.
        args = tuple([0 if k == int_ else a for k, a in zip(kinds, args, strict=True)])
        kwargs.update({name: 0 for name, kind in named if kind == int_})
        result = _kind_of_call(function, args, kwargs)
    if isinstance(result, KnownObject):
        result = UNKNOWN
    if key is not None:
        if len(_dummy_cache) > 20_000:
            _dummy_cache.clear()
        _dummy_cache[key] = result
    return result
