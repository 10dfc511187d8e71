"""Functions of the standard library and of attrs, written so that they can be differentiated.

The originals use constructs that the compiler refuses (``try``, generators); these do the same.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, is_zero
from dpy.runtime.entries import entry

__all__ = ["SUBSTITUTES", "substitute"]


def fields(class_or_instance: Any) -> Any:
    """``dataclasses.fields``."""
    if not hasattr(class_or_instance, "__dataclass_fields__"):
        raise TypeError("must be called with a dataclass type or instance")
    every = class_or_instance.__dataclass_fields__
    return tuple([f for f in every.values() if f._field_type.name == "_FIELD"])


def asdict(obj: Any, *, dict_factory: Any = dict) -> Any:
    """``dataclasses.asdict``."""
    if isinstance(obj, type) or not dataclasses.is_dataclass(obj):
        raise TypeError("asdict() should be called on dataclass instances")
    return _asdict(obj, dict_factory)


def _asdict(obj: Any, dict_factory: Any) -> Any:
    if not isinstance(obj, type) and dataclasses.is_dataclass(obj):
        pairs: list[Any] = []
        for f in fields(obj):
            pairs.append((f.name, _asdict(getattr(obj, f.name), dict_factory)))
        return dict_factory(pairs)
    if isinstance(obj, tuple) and hasattr(obj, "_fields"):
        return type(obj)(*[_asdict(v, dict_factory) for v in obj])
    if isinstance(obj, (list, tuple)):
        return type(obj)([_asdict(v, dict_factory) for v in obj])
    if isinstance(obj, dict):
        return type(obj)([
            (_asdict(k, dict_factory), _asdict(v, dict_factory)) for k, v in obj.items()
        ])  # fmt: skip
    return copy.deepcopy(obj)


def astuple(obj: Any, *, tuple_factory: Any = tuple) -> Any:
    """``dataclasses.astuple``."""
    if isinstance(obj, type) or not dataclasses.is_dataclass(obj):
        raise TypeError("astuple() should be called on dataclass instances")
    return _astuple(obj, tuple_factory)


def _astuple(obj: Any, tuple_factory: Any) -> Any:
    if not isinstance(obj, type) and dataclasses.is_dataclass(obj):
        values: list[Any] = []
        for f in fields(obj):
            values.append(_astuple(getattr(obj, f.name), tuple_factory))
        return tuple_factory(values)
    if isinstance(obj, tuple) and hasattr(obj, "_fields"):
        return type(obj)(*[_astuple(v, tuple_factory) for v in obj])
    if isinstance(obj, (list, tuple)):
        return type(obj)([_astuple(v, tuple_factory) for v in obj])
    if isinstance(obj, dict):
        return type(obj)([
            (_astuple(k, tuple_factory), _astuple(v, tuple_factory)) for k, v in obj.items()
        ])  # fmt: skip
    return copy.deepcopy(obj)


def evolve(inst: Any, **changes: Any) -> Any:
    """``attrs.evolve``."""
    cls: Any = type(inst)
    for a in cls.__attrs_attrs__:
        if a.init and a.alias not in changes:
            changes[a.alias] = getattr(inst, a.name)
    return cls(**changes)


def root_of_ratio(n: int, m: int) -> float:
    """The square root of n / m, correctly rounded: by integer arithmetic, which has no slope."""
    import statistics

    return statistics._float_sqrt_of_frac(n, m)  # type: ignore[attr-defined]


@entry(root_of_ratio)
def _root_of_ratio(dispatch: Any, args: Any, kwargs: Any) -> Any:
    n, m = args
    y = root_of_ratio(n, m)

    def root_pullback(d: Any, acc: Any) -> Any:
        if is_zero(d):
            return ZERO, (ZERO, ZERO), {}
        inner = 0.5 * d / y if y else 0.5 * d * float("inf")
        return ZERO, (inner / m, -inner * (n / m) / m), {}

    return y, root_pullback


def float_sqrt_of_frac(n: int, m: int) -> float:
    """``statistics._float_sqrt_of_frac``: what ``stdev`` and ``pstdev`` end with."""
    return root_of_ratio(n, m)


def vectorized_call(self: Any, func: Any, args: Any) -> Any:
    """``np.vectorize._vectorize_call``, which goes through arrays of objects."""
    if self.signature is not None:
        return self._vectorize_call_with_signature(func, args)
    if not args:
        return func()
    arrays = [np.asanyarray(a) for a in args]
    otypes = self.otypes
    first: Any = None
    if otypes is None:
        if any(a.size == 0 for a in arrays):
            raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
        first = func(*[a.flat[0] for a in arrays])
        several = isinstance(first, tuple)
        outputs = first if several else (first,)
        otypes = "".join([np.asarray(x).dtype.char for x in outputs])
    shape = np.broadcast_shapes(*[a.shape for a in arrays])
    columns = [np.broadcast_to(a, shape).ravel().tolist() for a in arrays]
    rows: list[Any] = []
    for items in zip(*columns, strict=True):
        is_known = self.cache and self.otypes is None and not rows
        rows.append(first if is_known else func(*items))
    if len(otypes) == 1:
        return np.array(rows, dtype=otypes[0]).reshape(shape)
    return tuple([
        np.array([row[k] for row in rows], dtype=t).reshape(shape) for k, t in enumerate(otypes)
    ])  # fmt: skip


def _inverse_of_normal(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``NormalDist(mu, sigma).inv_cdf(p)`` ends in a C function of (p, mu, sigma)."""
    _, mu, sigma = args
    y = _normal_dist_inv_cdf(*args)

    def inverse_pullback(d: Any, acc: Any) -> Any:
        if is_zero(d):
            return ZERO, (ZERO,) * 3, {}
        z = (y - mu) / sigma
        density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        return ZERO, (d * sigma / density, d, d * z), {}

    return y, inverse_pullback


try:  # without importing `statistics`
    from _statistics import _normal_dist_inv_cdf  # type: ignore[import-not-found]
except ImportError:  # the Python code is differentiated
    pass
else:
    entry(_normal_dist_inv_cdf)(_inverse_of_normal)


# By module and qualified name: attrs need not be installed.
SUBSTITUTES: dict[tuple[str, str], Callable[..., Any]] = {
    ("dataclasses", "fields"): fields,
    ("dataclasses", "asdict"): asdict,
    ("dataclasses", "_asdict_inner"): _asdict,
    ("dataclasses", "_astuple_inner"): _astuple,
    ("dataclasses", "astuple"): astuple,
    ("attr._make", "evolve"): evolve,
    ("numpy.lib._function_base_impl", "vectorize._vectorize_call"): vectorized_call,
    ("statistics", "_float_sqrt_of_frac"): float_sqrt_of_frac,
}


def substitute(f: FunctionType) -> Callable[..., Any] | None:
    """What stands for a library function, or None.

    A function is known by its definition. The names that it bears may be another's: attrs makes
    `evolve` a method of its classes, and renames it; `functools.wraps` lends a wrapper the names
    of what it wraps.
    """
    return SUBSTITUTES.get((f.__globals__.get("__name__", ""), f.__code__.co_qualname))
