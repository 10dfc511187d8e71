"""Subclasses of ndarray: which code of theirs runs, and what they hand on to new arrays.

A rule knows arrays of numbers. What a subclass does otherwise is in its methods, which are run and
differentiated as Python runs them; the rules see the same memory as plain arrays. NumPy calls
``__array_finalize__`` out of sight whenever it makes an array of the class: what that hands on from
the attributes of another array is followed by identity.
"""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from dpy.runtime.failures import no_adjoint
from dpy.runtime.item_cotangents import is_null
from dpy.runtime.special_methods import user_method

__all__ = ["as_plain", "handed_on", "has_own_methods", "is_derived", "wraps"]

# What does not change what a function of NumPy computes.
_HARMLESS = frozenset({
    "__new__", "__init__", "__init_subclass__", "__array_finalize__", "__array_wrap__", "__del__",
    "__class_getitem__", "__reduce__", "__reduce_ex__", "__setstate__", "__getstate__", "__repr__",
    "__str__", "__format__", "__copy__", "__deepcopy__", "__array_ufunc__", "__array_function__",
})  # fmt: skip


def is_derived(x: Any) -> bool:
    """Whether `x` is an array of a subclass.

    >>> is_derived(np.ma.ones(1)), is_derived(np.ones(1))
    (True, False)
    """
    return type(x) is not np.ndarray and isinstance(x, np.ndarray)


def has_own_methods(cls: type) -> bool:
    """Whether a subclass of ndarray has methods in Python that NumPy's functions may call."""
    for c in cls.__mro__:
        if c is np.ndarray:
            break
        if any(type(v) is types.FunctionType and k not in _HARMLESS for k, v in vars(c).items()):
            return True
    return False


def as_plain(x: Any) -> Any:
    """The same memory as an array of NumPy's own class, also within lists and tuples."""
    if is_derived(x):
        return x.view(np.ndarray)
    if type(x) is list or type(x) is tuple:
        items = [as_plain(item) for item in x]
        return x if all(a is b for a, b in zip(items, x, strict=True)) else type(x)(items)
    return x


def wraps(args: Any) -> bool:
    """Whether a user's ``__array_wrap__`` gets the results of ufuncs of these operands."""
    methods = [user_method(type(x), "__array_wrap__") for x in args if is_derived(x)]
    return any(m is not None and not m.__module__.startswith("numpy.") for m in methods)


def handed_on(y: Any, sources: Any, pullback: Any) -> Any:
    """The pullback of what made `y` from `sources`, attributes included.

    ``pullback(d, acc)`` is that of the items of the arrays.
    """
    if not is_derived(y) or user_method(type(y), "__array_finalize__") is None:
        return pullback
    attributes = getattr(y, "__dict__", None)
    if not attributes:
        return pullback
    places = {
        id(value): (x, name)
        for x in sources
        if is_derived(x)
        for name, value in getattr(x, "__dict__", {}).items()
    }
    origins = {name: places.get(id(value)) for name, value in attributes.items()}

    def handed_on_pullback(d: Any, acc: Any) -> Any:
        for name, part in acc.take_slots(y).items():
            origin = origins.get(name)
            if origin is not None:
                acc.add_slot(*origin, part)
            elif not is_null(part):
                raise no_adjoint(
                    type(y).__array_finalize__,
                    (y,),
                    f"it made the attribute {name!r} of a new array, where dpy does not see it",
                )
        return pullback(d, acc)

    return handed_on_pullback
