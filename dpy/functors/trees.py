"""Any object as a tree: its children, and the same object with other children."""

from __future__ import annotations

import collections
import functools
import types
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.errors import DpyError
from dpy.leaves import cuda_gradient
from dpy.slot_kinds import bare_maker, set_attributes, slot_members
from dpy.slots import Slots, kind_of
from dpy.tangent import Tangent

__all__ = ["children", "fmap", "gradient_children", "is_array", "rebuild"]

# What holds code rather than data: such values are kept as they are.
_ATOMS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.CellType,
    slice,
)
# Values of these types hold nothing, and most values of models are of them.
_LEAVES = frozenset((float, int, str, bool, type(None), types.FunctionType, type, np.ufunc))


def is_array(x: Any) -> bool:
    """Whether `x` is an array, of NumPy or of a package whose arrays have shape, dtype and items.

    >>> is_array(np.ones(2)), is_array(np.float64(1.0)), is_array([1.0])
    (True, False, False)
    """
    if type(x) in _LEAVES:
        return False
    return isinstance(x, np.ndarray) or kind_of(type(x)).leaf is cuda_gradient


def children(x: Any) -> Slots | None:
    """What `x` holds, by attribute name, position or key, in a new dict; None for a leaf.

    Leaves are arrays, numbers, texts, classes and functions. What a `functools.cached_property` has
    stored is no child: it is computed from the others. A class can restrict its children with
    ``@functor(fields=...)``.

    >>> from types import SimpleNamespace
    >>> children(SimpleNamespace(a=1, b="x")), children((2, 3)), children(np.ones(2))
    ({'a': 1, 'b': 'x'}, {0: 2, 1: 3}, None)
    """
    cls = type(x)
    if cls in _LEAVES:
        return None
    if _maker(cls) is not None and not hasattr(cls, "__children__"):
        return dict(object.__getattribute__(x, "__dict__"))
    kind = kind_of(cls)
    if kind.read is None or not kind.is_whole or issubclass(cls, _ATOMS):
        return None
    if cls is types.MethodType:
        return {"__self__": x.__self__}
    slots = kind.read(x)
    if issubclass(cls, functools.partial):
        slots |= vars(x)
    chosen = getattr(cls, "__children__", None)
    if chosen is not None:
        return {slot: slots[slot] for slot in chosen if slot in slots}
    cached = _cached(cls)
    return {slot: v for slot, v in slots.items() if slot not in cached} if cached else slots


def gradient_children(gradient: Any, x: Any = None) -> Slots:
    """The slots of the gradient of `x`, however it is written; what is missing has none.

    >>> gradient_children(Tangent(a=2.0)), gradient_children((1.0, 2.0)), gradient_children(None)
    ({'a': 2.0}, {0: 1.0, 1: 2.0}, {})
    """
    if gradient is None:
        return {}
    if type(gradient) is dict:
        return gradient
    read = kind_of(type(gradient)).read
    slots = {} if read is None else read(gradient)
    if type(x) is types.MethodType and "__self__" not in slots:
        return {"__self__": gradient}  # the gradient of a method shows the fields of its object
    return slots


def rebuild(x: Any, slots: Slots) -> Any:
    """An object like `x` with other children; its constructor does not run.

    Args:
        x: anything for which `children` is not None.
        slots: new children; those that are not named stay as they are.

    >>> from types import SimpleNamespace
    >>> rebuild(SimpleNamespace(a=1, b=2), {"b": 3})
    namespace(a=1, b=3)
    """
    new = _empty(x)
    if new is None:
        return _closed(x, slots)
    _fill(new, x, (children(x) or {}) | slots)
    return new


def fmap(
    f: Callable[..., Any], tree: Any, *rest: Any, exclude: Callable[[Any], bool] = is_array
) -> Any:
    """A tree of the same classes in which each array `a` is replaced by ``f(a)``.

    Objects and arrays that stand at several places are treated once and stay shared. Numbers, texts
    and functions are kept as they are; mutable objects are always made anew.

    Args:
        f: called with an array of `tree` and what stands at its place in each of `rest`.
        tree: a model, or any structure.
        rest: trees of the same structure, such as gradients; where one has nothing, `f` gets None.
        exclude: what is given to `f` instead of being walked into.

    Raises:
        DpyError: a tuple or the like contains itself.

    >>> a = np.ones(2)
    >>> fmap(lambda x, g: x - g, {"a": a, "again": [a], "name": "n"}, {"a": 2 * a})
    {'a': array([-1., -1.]), 'again': [array([-1., -1.])], 'name': 'n'}
    """
    return _Walk(f, exclude).of(tree, rest)


class _Walk:
    """One `fmap`: what has been made of each object, by identity."""

    def __init__(self, f: Callable[..., Any], exclude: Callable[[Any], bool]) -> None:
        self.f = f
        self.exclude = exclude
        self.done: dict[int, tuple[Any, Any]] = {}  # the originals are kept alive
        self.passed = _LEAVES if exclude is is_array else frozenset()

    def of(self, x: Any, rest: tuple[Any, ...]) -> Any:
        if type(x) in self.passed:
            return x
        found = self.done.get(id(x))
        if found is not None:
            if found[1] is _OPEN:
                raise _contains_itself(x)
            return found[1]
        if self.exclude(x):
            return self._keep(x, self.f(x, *rest))
        slots = children(x)
        if slots is None:
            return x
        new = _empty(x)
        self._keep(x, _OPEN if new is None else new)
        of = self.of
        if rest:
            others = [gradient_children(r, x) for r in rest]
            values = {
                slot: of(value, tuple([other.get(slot) for other in others]))
                for slot, value in slots.items()
            }
        else:
            values = {slot: of(value, ()) for slot, value in slots.items()}
        if new is not None:
            _fill(new, x, values)
            return new
        if all(values[slot] is value for slot, value in slots.items()):
            return self._keep(x, x)
        return self._keep(x, _closed(x, values))

    def _keep(self, x: Any, new: Any) -> Any:
        self.done[id(x)] = (x, new)
        return new


_OPEN = object()  # an immutable object whose children are being made


def _contains_itself(x: Any) -> DpyError:
    return DpyError(
        f"a {type(x).__name__} contains itself",
        why="an immutable object is made from its children, which would have to exist before",
        repair="hold the reference back in a list or a mutable object",
    )


# --- making objects without their code ------------------------------------------------------------


# By identity of the class, for as long as it lives: the names of its cached properties, and what
# makes its instances if these are nothing but their ``__dict__``.
_plans: dict[int, tuple[frozenset[str], Any, Any]] = {}


def _plan(cls: type) -> tuple[frozenset[str], Any, Any]:
    key = id(cls)
    found = _plans.get(key)
    if found is None:
        cached = _cached_names(cls)
        reference = weakref.ref(cls, lambda _: _plans.pop(key, None))
        found = _plans[key] = cached, None if cached else _plain_maker(cls), reference
    return found


def _cached(cls: type) -> frozenset[str]:
    """The names under which `functools.cached_property` stores what it computed."""
    return _plan(cls)[0]


def _maker(cls: type) -> Any:
    """What makes an instance without the constructor, if its ``__dict__`` is all that it holds."""
    return _plan(cls)[1]


def _plain_maker(cls: type) -> Any:
    kind = kind_of(cls)
    if kind.read is None or not kind.is_whole or not cls.__dictoffset__ or _is_closed(cls):
        return None
    if issubclass(cls, (*_ATOMS, Tangent, list, dict, collections.deque)) or slot_members(cls):
        return None
    make = bare_maker(cls)
    try:
        make(cls)
    except TypeError:  # a base in C that has to be constructed
        return None
    return make


def _cached_names(cls: type) -> frozenset[str]:
    return frozenset(
        name
        for base in cls.__mro__
        for name, value in vars(base).items()
        if isinstance(value, functools.cached_property)
    )


def _is_closed(cls: type) -> bool:
    """Whether an instance is made from its children at once."""
    return issubclass(cls, (tuple, functools.partial, types.MethodType))


def _empty(x: Any) -> Any:
    """A new object of the class of `x`, still empty; None where that cannot be."""
    cls = type(x)
    make = _maker(cls)
    if make is not None:
        return make(cls)
    if _is_closed(cls):
        return None
    if isinstance(x, Tangent):
        return Tangent(x._Tangent__mirrored)
    if isinstance(x, collections.deque):
        new: Any = bare_maker(cls)(cls)
        collections.deque.__init__(new, (), x.maxlen)
        return new
    try:
        new = bare_maker(cls)(cls)
    except TypeError:
        raise DpyError(
            f"a {cls.__name__} cannot be made without its constructor",
            why="one of its base classes is written in C",
            repair="hold the object in a field that is not walked into: @functor(fields=...)",
        ) from None
    if isinstance(x, collections.defaultdict):
        new.default_factory = x.default_factory
    return new


def _fill(new: Any, x: Any, slots: Slots) -> None:
    """Give an empty object its children, and whatever `x` holds that is no child."""
    if _maker(type(x)) is not None:
        held = object.__getattribute__(new, "__dict__")
        if hasattr(type(x), "__children__"):
            held.update(object.__getattribute__(x, "__dict__"))
        held.update(slots)
        return
    whole = _whole(x, slots)
    if isinstance(new, Tangent):
        new.__dict__.update(whole)
    elif isinstance(x, dict):
        _fill_dict(new, x, whole)
    elif isinstance(x, (list, collections.deque)):
        base: Any = list if isinstance(x, list) else collections.deque
        base.extend(new, [value for slot, value in whole.items() if type(slot) is int])
        _set_named(new, whole)
    else:
        set_attributes(new, whole)


def _fill_dict(new: Any, x: Any, whole: Slots) -> None:
    ordered = isinstance(x, collections.OrderedDict)
    put = collections.OrderedDict.__setitem__ if ordered else dict.__setitem__
    for key, value in whole.items():
        put(new, key, value)
    if type(x).__dictoffset__:
        attributes = object.__getattribute__(x, "__dict__")
        if attributes is x:  # the class whose attributes are its keys
            object.__setattr__(new, "__dict__", new)
        else:
            object.__getattribute__(new, "__dict__").update(attributes)


def _closed(x: Any, slots: Slots) -> Any:
    """An immutable object, made from its children."""
    cls = type(x)
    if cls is types.MethodType:
        return types.MethodType(x.__func__, slots.get("__self__", x.__self__))
    whole = _whole(x, slots)
    if isinstance(x, functools.partial):
        new: Any = cls(whole["func"], *whole["args"], **whole["keywords"])
        new.__dict__.update({k: v for k, v in whole.items() if k in x.__dict__})
        return new
    items = [value for slot, value in whole.items() if type(slot) is int]
    if cls is tuple:
        return tuple(items)
    new = tuple.__new__(cls, items)
    _set_named(new, whole)
    return new


def _whole(x: Any, slots: Slots) -> Slots:
    """All that `x` holds, with the children `slots`; without what was computed from them."""
    read = kind_of(type(x)).read
    held: Slots = {} if read is None else read(x)
    if isinstance(x, functools.partial):
        held |= vars(x)
    for name in _cached(type(x)):
        held.pop(name, None)
    return held | slots


def _set_named(new: Any, whole: Slots) -> None:
    named = {slot: value for slot, value in whole.items() if type(slot) is not int}
    if named:
        set_attributes(new, named)
