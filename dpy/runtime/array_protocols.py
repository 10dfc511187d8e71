"""Objects that NumPy asks how they want to be treated, and functions of NumPy written in Python.

``__array_function__`` and ``__array_ufunc__`` replace a whole function, as NumPy's documentation
describes; ``__array__`` (and ``__float__`` of items) gives an array that stands for the object.
A function of NumPy that has no rule is differentiated as any other Python code.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy._core import _methods
from numpy._core._multiarray_umath import _array_converter  # type: ignore[import-not-found]

from dpy.adjoints import registry
from dpy.cotangent import ZERO, add
from dpy.runtime.entries import CALLABLES, ITEMS, entry
from dpy.runtime.failures import mutation_error
from dpy.runtime.item_cotangents import as_tuple, fresh_items
from dpy.runtime.iteration import collect, give_items
from dpy.runtime.opaque import carries, opaque
from dpy.runtime.rule_calls import by_rule
from dpy.runtime.special_methods import is_foreign, user_method

__all__ = ["override_ufunc"]

_FUNCTION = type(np.sum)
_METHOD = type(np.ufunc.reduce)
_DEPTH = 4
_KNOWN = frozenset(
    {float, int, bool, str, np.ndarray, np.float64, type(None), complex, type, slice}
)


# --- functions and ufuncs that an argument replaces -----------------------------------------------


def _relevant(values: Any, depth: int = 0) -> Iterator[Any]:
    for x in values:
        if type(x) in (list, tuple) and depth < _DEPTH:
            yield from _relevant(x, depth + 1)
        elif type(x) not in _KNOWN or type(x) is np.ndarray:
            yield x


def _overriding(name: str, values: Any) -> list[Any]:
    """One argument per class with this method: from the left, subclasses before their bases."""
    found: list[Any] = []
    for x in values:
        cls = type(x)
        if getattr(cls, name, None) is None or any(type(other) is cls for other in found):
            continue
        places = [i for i, other in enumerate(found) if issubclass(cls, type(other))]
        found.insert(places[0] if places else len(found), x)
    return found


def _is_default(x: Any, name: str) -> bool:
    return getattr(type(x), name) is getattr(np.ndarray, name)


def _function(dispatch: Any, f: Any, args: Any, kwargs: Any) -> Any:
    """A function of NumPy that no rule applies to."""
    name = "__array_function__"
    overriding = _overriding(name, _relevant((*args, *kwargs.values())))
    if all(_is_default(x, name) for x in overriding):
        return _by_implementation(dispatch, f, args, kwargs)
    classes = tuple(map(type, overriding))
    for x in overriding:
        method = getattr(type(x), name)
        y, pb = dispatch(method, (x, f, classes, args, kwargs), {})
        if y is not NotImplemented:
            return y, None if pb is None else _given_whole(pb, x, args, kwargs)
    return f(*args, **kwargs), None  # raises NumPy's error


def _by_implementation(dispatch: Any, f: Any, args: Any, kwargs: Any) -> Any:
    """The function itself: of the arrays for which objects stand, or as it is written."""
    names = (f.__name__, f.__name__.removeprefix("a"))  # many call the method of their name
    if not any(hasattr(x, name) for x in args[:1] if is_foreign(x) for name in names):
        found = _over_arrays(dispatch, f, args, kwargs)
        if found is not None:
            return found
    implementation = getattr(f, "_implementation", None)
    if isinstance(implementation, types.FunctionType):
        return dispatch(implementation, args, kwargs)
    return None


def _given_whole(pb: Any, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Back from a method that was given the arguments as a tuple and a dict."""

    def function_pullback(d: Any, acc: Any) -> Any:
        d_owner, _, _, d_args, d_kwargs = pb(d, acc)[1]
        parts = list(as_tuple(d_args, len(args)))
        named = {**acc.take_slots(kwargs), **(d_kwargs if type(d_kwargs) is dict else {})}
        _give_owner(parts, args, owner, d_owner)
        return ZERO, tuple(parts), {name: named.get(name, ZERO) for name in kwargs}

    return function_pullback


def _give_owner(parts: list[Any], args: tuple[Any, ...], owner: Any, d: Any) -> None:
    for i, x in enumerate(args):
        if x is owner:
            parts[i] = add(parts[i], d)
            return


def override_ufunc(
    dispatch: Any, f: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Any] | None:
    """A call of a ufunc or of its `method` where an operand has its own ``__array_ufunc__``."""
    name = "__array_ufunc__"
    out = kwargs.get("out")
    outs = () if out is None else out if isinstance(out, tuple) else (out,)
    overriding = [x for x in _overriding(name, (*args, *outs)) if not _is_default(x, name)]
    if not overriding:
        return None
    if outs:
        kwargs = {**kwargs, "out": outs}
    for x in overriding:
        y, pb = dispatch(getattr(type(x), name), (x, f, method, *args), kwargs)
        if y is not NotImplemented:
            return y, None if pb is None else _given_apart(pb, x, args, out, outs)
    return getattr(f, method)(*args, **kwargs), None  # raises NumPy's error


def _given_apart(pb: Any, owner: Any, args: Any, out: Any, outs: Any) -> Any:
    def ufunc_pullback(d: Any, acc: Any) -> Any:
        _, (d_owner, _, _, *parts), d_kwargs = pb(d, acc)
        _give_owner(parts, args, owner, d_owner)
        if outs and out is not outs and "out" in d_kwargs:
            d_kwargs = {**d_kwargs, "out": as_tuple(d_kwargs["out"], 1)[0]}
        return ZERO, tuple(parts), d_kwargs

    return ufunc_pullback


def _ufunc(dispatch: Any, f: Any, args: Any, kwargs: Any) -> Any:
    """A ufunc that no rule applies to."""
    refuses = any(getattr(type(x), "__array_ufunc__", x) is None for x in args)
    if refuses:
        return f(*args, **kwargs), None  # raises NumPy's error
    found = override_ufunc(dispatch, f, "__call__", args, kwargs)
    return found or _over_arrays(dispatch, f, args, kwargs)


def _method_of_ufunc(dispatch: Any, f: Any, args: Any, kwargs: Any) -> Any:
    """``np.add.reduce`` and the like, and the methods of arrays that call it."""
    if f.__objclass__ is np.ndarray and args:
        written = getattr(_methods, _WRITTEN.get(f.__name__, "-"), None)
        return None if written is None else dispatch(written, args, kwargs)
    if f.__objclass__ is not np.ufunc or not args:
        return None
    owner, *rest = args
    found = override_ufunc(dispatch, owner, f.__name__, tuple(rest), kwargs)
    if found is None:
        return _over_arrays(dispatch, f, args, kwargs)
    y, pb = found
    if pb is None:
        return y, None

    def method_pullback(d: Any, acc: Any) -> Any:
        _, d_args, d_kwargs = pb(d, acc)
        return ZERO, (ZERO, *d_args), d_kwargs

    return y, method_pullback


# Methods of arrays that NumPy has written in Python, over ufuncs.
_WRITTEN = {
    "sum": "_sum", "prod": "_prod", "max": "_amax", "min": "_amin", "mean": "_mean", "var": "_var",
    "std": "_std", "clip": "_clip", "any": "_any", "all": "_all",
}  # fmt: skip


@entry(np.ndarray.__array_ufunc__)
def array_ufunc(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``super().__array_ufunc__(ufunc, method, *inputs)``: declines where others have their own."""
    _, ufunc, method, *inputs = args
    out = kwargs.get("out", ())
    outs = out if isinstance(out, tuple) else (out,)
    if any(not _is_default(x, name) for name in ("__array_ufunc__",) for x in (*inputs, *outs)
           if hasattr(type(x), name)):  # fmt: skip
        return NotImplemented, None
    f = ufunc if method == "__call__" else getattr(ufunc, method)
    y, pb = dispatch(f, tuple(inputs), kwargs)
    if pb is None:
        return y, None

    def array_ufunc_pullback(d: Any, acc: Any) -> Any:
        _, d_inputs, d_kwargs = pb(d, acc)
        return ZERO, (ZERO, ZERO, ZERO, *d_inputs), d_kwargs

    return y, array_ufunc_pullback


@entry(np.ndarray.__array_function__)
def array_function(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``super().__array_function__(function, types, args, kwargs)``: what NumPy itself does."""
    _, f, classes, given, named = args
    if not all(issubclass(c, np.ndarray) for c in classes):
        return NotImplemented, None
    implementation = getattr(f, "_implementation", None)
    if isinstance(implementation, types.FunctionType):
        y, pb = dispatch(implementation, tuple(given), dict(named))
    else:
        rule = registry.lookup(f)
        found = opaque if rule is None else by_rule
        y, pb = found(f if rule is None else rule, tuple(given), dict(named))
    if pb is None:
        return y, None

    def array_function_pullback(d: Any, acc: Any) -> Any:
        _, d_given, d_named = pb(d, acc)
        for name, part in d_named.items():
            acc.add_slot(named, name, part)
        return ZERO, (ZERO, ZERO, ZERO, give_items(acc, given, list(d_given)), ZERO), {}

    return y, array_function_pullback


CALLABLES[_FUNCTION] = _function
CALLABLES[np.ufunc] = _ufunc
CALLABLES[_METHOD] = _method_of_ufunc


# --- objects that stand for arrays ----------------------------------------------------------------


class _Stand:
    """Stands for an object while NumPy asks it for its array."""

    def __init__(self, dispatch: Any, x: Any, method: Any) -> None:
        self._of = dispatch, x, method
        self.found: tuple[Any, Any] | None = None

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        dispatch, x, method = self._of
        self.found = dispatch(method, (x, *args), kwargs)
        return self.found[0]

    def back(self, d: Any, acc: Any) -> Any:
        """From the cotangent of the array to that of the object."""
        assert self.found is not None
        pb = self.found[1]
        return ZERO if pb is None else pb(d, acc)[1][0]


class _Items:
    """Items of which some are objects, in a list of their own."""

    def __init__(self, items: list[Any], parts: dict[int, Any], give: Any) -> None:
        self.items = items
        self.parts = parts
        self.give = give
        self.arrays: list[Any] = []

    def back(self, d: Any, acc: Any) -> Any:
        """From the cotangents of the items, in order, to that of what holds them."""
        ds = fresh_items(acc, self.arrays, len(self.arrays), d)
        for i, part in self.parts.items():
            ds[i] = part.back(ds[i], acc)
        return self.give(acc, ds)


class _Number:
    """An object that is asked for a number."""

    def __init__(self, found: tuple[Any, Any]) -> None:
        self.value, self._pb = found

    def back(self, d: Any, acc: Any) -> Any:
        """From the cotangent of the number to that of the object."""
        return ZERO if self._pb is None else self._pb(d, acc)[1][0]


def _part(dispatch: Any, x: Any, dtype: Any) -> Any:
    """How the arrays of `x` are found; None if NumPy needs no help."""
    t = type(x)
    if t is list or t is tuple:
        return _of_items(dispatch, x, x, dtype)
    if not is_foreign(x) or hasattr(t, "__array_interface__") or hasattr(t, "__array_struct__"):
        return None
    method = user_method(t, "__array__")
    if method is not None:
        return _Stand(dispatch, x, method)
    if user_method(t, "__len__") is not None and user_method(t, "__getitem__") is not None:
        items, give = collect(x)
        return _of_items(dispatch, items, x, dtype) or _Items(items, {}, give)
    method = user_method(t, "__float__")
    if method is None or dtype is None or np.dtype(dtype).kind != "f":
        return None
    return _Number(dispatch(method, (x,), {}))


def _of_items(dispatch: Any, items: Any, owner: Any, dtype: Any) -> _Items | None:
    parts = {}
    for i, item in enumerate(items):
        part = None if type(item) in _KNOWN else _part(dispatch, item, dtype)
        if part is not None:
            parts[i] = part
    if not parts:
        return None
    return _Items(list(items), parts, lambda acc, ds: give_items(acc, owner, ds))


def _asked(part: Any, x: Any) -> Any:
    """What NumPy is given in place of `x`, to ask the objects in it."""
    if isinstance(part, _Items):
        return [_asked(part.parts.get(i), item) for i, item in enumerate(part.items)]
    return part.value if isinstance(part, _Number) else x if part is None else part


def _answered(part: Any, x: Any) -> Any:
    """The same with what the objects have given."""
    if isinstance(part, _Items):
        part.arrays = [_answered(part.parts.get(i), item) for i, item in enumerate(part.items)]
        return part.arrays
    if isinstance(part, _Stand):
        assert part.found is not None
        return part.found[0]
    return part.value if isinstance(part, _Number) else x


def _convert(dispatch: Any, f: Any, args: Any, kwargs: Any) -> Any:
    dtype = f if isinstance(f, type) else kwargs.get("dtype", args[1] if len(args) > 1 else None)
    part = _part(dispatch, args[0], dtype)
    if part is None:
        return None
    f(_asked(part, args[0]), *args[1:], **kwargs)
    y, pb = dispatch(f, (_answered(part, args[0]), *args[1:]), kwargs)
    if pb is None:
        return y, None

    def convert_pullback(d: Any, acc: Any) -> Any:
        _, (d_x, *rest), d_kwargs = pb(d, acc)
        return ZERO, (part.back(d_x, acc), *rest), d_kwargs

    return y, convert_pullback


def _converter(f: Any) -> None:
    def converted(dispatch: Any, args: Any, kwargs: Any) -> Any:
        """``np.array(x)`` and the like of an object, or of what contains some."""
        return _convert(dispatch, f, args, kwargs) if args and type(args[0]) not in _KNOWN else None

    entry(f)(converted)


for _f in (np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray,
           np.float64, np.float32, np.longdouble, np.complex128, np.complex64):  # fmt: skip
    _converter(_f)


def _over_arrays(dispatch: Any, f: Any, args: Any, kwargs: Any) -> Any:
    """The function of arrays in place of the objects that give them; None if there are none."""
    parts = {
        i: part
        for i, x in enumerate(args)
        if type(x) not in _KNOWN and (part := _part(dispatch, x, None)) is not None
    }
    if not parts:
        return None
    new = list(args)
    for i, part in parts.items():
        _ask(part)
        new[i] = _answered(part, args[i])
    y, pb = dispatch(f, tuple(new), kwargs)
    if pb is None:
        return y, None

    def arrays_pullback(d: Any, acc: Any) -> Any:
        d_f, d_args, d_kwargs = pb(d, acc)
        ds = [parts[i].back(d_x, acc) if i in parts else d_x for i, d_x in enumerate(d_args)]
        return d_f, tuple(ds), d_kwargs

    return y, arrays_pullback


def _ask(part: Any) -> None:
    """Let NumPy ask all objects for their arrays."""
    if isinstance(part, _Stand):
        np.asanyarray(part)
    elif isinstance(part, _Items):
        for inner in part.parts.values():
            _ask(inner)


# --- the converter that NumPy's Python code uses --------------------------------------------------


@entry(_array_converter)
def converter(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``_array_converter(*arrays)``: arrays go in and come out as they are, others as copies."""
    found = [(x, None) if isinstance(x, np.ndarray) else dispatch(np.asanyarray, (x,), {})
             for x in args]  # fmt: skip
    y = _array_converter(*[array for array, _ in found], **kwargs)

    def converter_pullback(d: Any, acc: Any) -> Any:
        parts = [ZERO if pb is None else pb(ZERO, acc)[1][0] for _, pb in found]
        return ZERO, tuple(parts), {}

    return y, converter_pullback


@entry(_array_converter.as_arrays)
def converted_arrays(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """All that come out."""
    return _array_converter.as_arrays(*args, **kwargs), None


ITEMS[_array_converter] = lambda owner, index: (owner[index], None)


# --- functions that NumPy calls where floats go wrong ---------------------------------------------


@entry(np.errstate, np.seterrcall)
def called_on_errors(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``np.errstate(call=f)``: NumPy calls `f` in the middle of its own work."""
    if carries(*args, kwargs.get("call"), kwargs.get("func")):
        raise mutation_error(
            "a function that NumPy is to call on errors of floats reaches values that may carry a "
            "derivative",
            "NumPy calls it out of sight",
            "let it note texts only, or look at the result afterwards",
        )
    return None
