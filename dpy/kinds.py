"""Kinds: what the compiler knows of a value at compile time.

Kinds form a finite lattice: `BOTTOM` (no value yet) below everything, `UNKNOWN` above. They are
hashable, so that a tuple of kinds is the signature of a specialisation.
"""

from __future__ import annotations

import dataclasses
import types
from typing import Any

import numpy as np

from dpy.records import record

__all__ = [
    "BOTTOM", "UNKNOWN", "Array", "Bottom", "Const", "Dict", "Iterator", "Kind", "KnownObject",
    "List", "Method", "Number", "Object", "Other", "Slice", "Text", "Tuple", "Unknown", "can_carry",
    "dummy_of", "is_atomic", "is_number", "is_real_scalar", "is_text", "join", "kind_of",
    "outline", "widen",
]  # fmt: skip


class Kind:
    """Base class of kinds."""

    __slots__ = ()


class Unknown(Kind):
    """Of a value of which nothing is known."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


class Bottom(Kind):
    """Of a variable that has no value yet."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "BOTTOM"


UNKNOWN = Unknown()
BOTTOM = Bottom()


@record
class Number(Kind):
    """A scalar of exactly this type: bool, int, float, complex or a NumPy scalar type."""

    type: type


@record
class Array(Kind):
    """An ndarray (exactly) of this dtype and number of dimensions."""

    dtype: np.dtype[Any]
    ndim: int


@record
class Tuple(Kind):
    """A plain tuple with items of these kinds."""

    items: tuple[Kind, ...]


@record
class Slice(Kind):
    """A slice with bounds of these kinds: start, stop, step."""

    parts: tuple[Kind, ...]


@record
class List(Kind):
    """A plain list whose items are all of one kind."""

    item: Kind


@record
class Iterator(Kind):
    """An iterator of a builtin (zip, enumerate, reversed) whose items are all of one kind."""

    item: Kind


@record
class Dict(Kind):
    """A plain dict with string keys and values of these kinds."""

    fields: tuple[tuple[str, Kind], ...]


@record
class Object(Kind):
    """An instance of exactly `cls` whose instance attributes have these kinds."""

    cls: type
    fields: tuple[tuple[str, Kind], ...]

    def field(self, name: str) -> Kind | None:
        """The kind of an instance attribute, or None."""
        for key, kind in self.fields:
            if key == name:
                return kind
        return None


@record
class Const(Kind):
    """A constant known at compile time: int, float, str, None, ... ; hashed with its type."""

    value: Any
    type: type

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Const)
            and self.type is other.type
            and (self.value == other.value and repr(self.value) == repr(other.value))
        )

    def __hash__(self) -> int:
        return hash((self.type, self.value))


class KnownObject(Kind):
    """A function, class, module or the like, known by identity."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnownObject) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)

    def __repr__(self) -> str:
        return f"KnownObject({getattr(self.value, '__name__', self.value)!r})"


@record
class Method(Kind):
    """A method of a known callable bound to the value of an atom of the function."""

    function: KnownObject
    owner: Any


@record
class Other(Kind):
    """An instance of exactly this type that can hold no cotangent and has no known value."""

    type: type


@record
class Text(Kind):
    """A str that was made of something that may carry a derivative, in which it ends."""


_KNOWN_TYPES = (
    types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type, np.ufunc,
    types.MethodDescriptorType, types.WrapperDescriptorType,
    type(np.sum),  # most functions of NumPy are dispatchers written in C
)  # fmt: skip
_NUMBERS: dict[type, Number] = {t: Number(t) for t in (bool, int, float, complex)}
_NUMBERS |= {t: Number(t) for t in np.sctypeDict.values() if issubclass(t, (np.number, np.bool_))}
_CARRIERS = (np.ndarray, np.generic, float, int, complex, list, tuple, dict, set)
_INERT = (str, bytes, type(None), range, type(Ellipsis), np.dtype)
_ARRAYS: dict[tuple[np.dtype[Any], int], Array] = {}
_DEPTH = 8
_OUTLINE = 3


def kind_of(x: Any, depth: int = 0) -> Kind:
    """The kind of a value.

    >>> kind_of(1.0), kind_of(np.ones((2, 2)))
    (Number(type=<class 'float'>), Array(dtype=dtype('float64'), ndim=2))
    """
    t = type(x)
    number = _NUMBERS.get(t)
    if number is not None:
        return number
    if t is np.ndarray:
        key = (x.dtype, x.ndim)
        array = _ARRAYS.get(key)
        if array is None:
            if x.dtype.names is not None or x.dtype.kind == "O":
                return UNKNOWN  # its fields, or its objects, are followed by the runtime
            array = _ARRAYS[key] = Array(*key)
        return array
    if t in _INERT:
        return Other(t)
    if isinstance(x, _KNOWN_TYPES):
        is_method = t is types.BuiltinFunctionType and isinstance(
            getattr(x, "__self__", None), _CARRIERS
        )
        if is_method or (t is not type and isinstance(x, type) and _is_operand(t)):
            return UNKNOWN  # ``[].append`` and the like
        return KnownObject(x)
    if depth >= _DEPTH:
        return UNKNOWN
    if t is tuple:
        return Tuple(tuple(kind_of(item, depth + 1) for item in x)) if len(x) <= 64 else UNKNOWN
    if t is list:
        return List(_common(x, depth))
    if t is slice:
        return Slice(tuple([kind_of(part, depth + 1) for part in (x.start, x.stop, x.step)]))
    if t is dict:
        if len(x) <= 64 and all(type(key) is str for key in x):
            return Dict(tuple((key, kind_of(value, depth + 1)) for key, value in x.items()))
        return UNKNOWN
    return _object_kind(x, t, depth)


# What a metaclass may define without its classes being more than classes.
_OF_CLASSES = frozenset({
    "__new__", "__init__", "__call__", "__prepare__", "__setattr__", "__delattr__", "__repr__",
    "__instancecheck__", "__subclasscheck__", "__subclasshook__", "__annotations__", "__or__",
})  # fmt: skip
_META_MODULES = frozenset({"abc", "builtins", "enum", "typing"})


def _is_operand(metaclass: type) -> bool:
    """Whether operators, items and the like of a class are those of a metaclass in Python."""
    return any(
        isinstance(raw, types.FunctionType)
        and name.startswith("__")
        and name.endswith("__")
        and name not in _OF_CLASSES
        for c in metaclass.__mro__
        if c.__module__ not in _META_MODULES
        for name, raw in c.__dict__.items()
    )


def _common(items: list[Any], depth: int) -> Kind:
    found = set(map(type, items))
    if len(found) == 1:
        number = _NUMBERS.get(next(iter(found)))
        if number is not None:
            return number
    if len(items) > 64:
        return UNKNOWN
    kind: Kind = BOTTOM
    for item in items:
        kind = join(kind, kind_of(item, depth + 1))
    return kind if kind is not BOTTOM else UNKNOWN


def _object_kind(x: Any, t: type, depth: int) -> Kind:
    if isinstance(x, (tuple, list, dict, set, frozenset, BaseException)) and not hasattr(
        t, "_fields"
    ):
        return UNKNOWN
    if hasattr(t, "_fields") and isinstance(x, tuple):
        return Object(t, tuple((n, kind_of(getattr(x, n), depth + 1)) for n in t._fields))
    if t.__module__ == "builtins" or isinstance(x, np.ndarray) or is_exact(t):
        return UNKNOWN
    names = _instance_names(x, t)
    if names is None or len(names) > 128:
        return UNKNOWN
    return Object(t, tuple((n, kind_of(v, depth + 1)) for n, v in names))


def is_exact(t: type) -> bool:
    """Whether this is Fraction, or made from it."""
    return any(c.__module__ == "fractions" and c.__name__ == "Fraction" for c in t.__mro__)


def _instance_names(x: Any, t: type) -> list[tuple[str, Any]] | None:
    """The instance attributes, from ``__dict__`` and ``__slots__``; no user code runs."""
    try:
        found = list(object.__getattribute__(x, "__dict__").items())
    except AttributeError:
        found = []
        if not any("__slots__" in c.__dict__ for c in t.__mro__):
            return None
    for c in t.__mro__:
        slots = c.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name in ("__dict__", "__weakref__"):
                continue
            descriptor = c.__dict__.get(name)
            if isinstance(descriptor, types.MemberDescriptorType):
                try:
                    found.append((name, descriptor.__get__(x, t)))
                except AttributeError:
                    continue
    return found


def join(a: Kind, b: Kind) -> Kind:
    """The least kind above both."""
    if a is b or a == b or b is BOTTOM:
        return a
    if a is BOTTOM:
        return b
    if isinstance(a, Const):
        a = _widen(a)
    if isinstance(b, Const):
        b = _widen(b)
    if a == b:
        return a
    if isinstance(a, Tuple) and isinstance(b, Tuple) and len(a.items) == len(b.items):
        return Tuple(tuple(map(join, a.items, b.items)))
    if isinstance(a, List) and isinstance(b, List):
        return List(join(a.item, b.item))
    if isinstance(a, Slice) and isinstance(b, Slice):
        return Slice(tuple(map(join, a.parts, b.parts)))
    if isinstance(a, Iterator) and isinstance(b, Iterator):
        return Iterator(join(a.item, b.item))
    if isinstance(a, Object) and isinstance(b, Object) and a.cls is b.cls:
        names = [name for name, _ in a.fields]
        if names == [name for name, _ in b.fields]:
            pairs = zip(a.fields, b.fields, strict=True)
            return Object(a.cls, tuple((n, join(k, m)) for (n, k), (_, m) in pairs))
    if is_real_scalar(a) and is_real_scalar(b):
        return _join_reals(a, b)
    if is_text(a) and is_text(b):
        return Text()
    return UNKNOWN


def _join_reals(a: Kind, b: Kind) -> Kind:
    """int and float join to float ("a real Python number"): generated code is the same for both."""
    assert isinstance(a, Number) and isinstance(b, Number)
    if {a.type, b.type} <= {int, float, np.float64}:
        return Number(np.float64) if np.float64 in (a.type, b.type) else Number(float)
    return UNKNOWN


def _widen(kind: Const) -> Kind:
    number = _NUMBERS.get(kind.type)
    return number if number is not None else Other(kind.type)


def widen(kind: Kind) -> Kind:
    """A constant's kind without its value."""
    return _widen(kind) if isinstance(kind, Const) else kind


def outline(kind: Kind, depth: int = 0) -> Kind:
    """A kind that says less of what containers hold, so that fewer signatures differ."""
    if isinstance(kind, Tuple) and depth < _OUTLINE:
        return Tuple(tuple([outline(item, depth + 1) for item in kind.items]))
    if isinstance(kind, List):
        return List(outline(kind.item, depth + 1))
    if isinstance(kind, Dict) and not depth:
        return Dict(tuple([(key, outline(k, 1)) for key, k in kind.fields]))
    if isinstance(kind, Object) and depth < _OUTLINE:
        return Object(kind.cls, tuple([(n, outline(k, depth + 1)) for n, k in kind.fields]))
    return kind if is_atomic(kind) or isinstance(kind, Array) else UNKNOWN


def is_number(kind: Kind) -> bool:
    """A scalar number (bool included)."""
    return isinstance(kind, Number) or (isinstance(kind, Const) and kind.type in _NUMBERS)


def is_real_scalar(kind: Kind) -> bool:
    """A real scalar that is not a bool."""
    t = number_type(kind)
    return t is not None and (t in (int, float) or issubclass(t, (np.floating, np.integer)))


def number_type(kind: Kind) -> type | None:
    """The type of a number kind, or None."""
    if isinstance(kind, Number):
        return kind.type
    if isinstance(kind, Const) and kind.type in _NUMBERS:
        return kind.type
    return None


def is_text(kind: Kind) -> bool:
    """Whether a value of this kind is a str."""
    return isinstance(kind, Text) or (isinstance(kind, (Other, Const)) and kind.type is str)


_ATOMIC = frozenset((Number, Const, KnownObject, Other, Text, Bottom))


def is_atomic(kind: Kind) -> bool:
    """Values of this kind hold no reference to a mutable object that can carry a cotangent."""
    if type(kind) in _ATOMIC:
        return True
    if isinstance(kind, Tuple):
        return all(map(is_atomic, kind.items))
    if isinstance(kind, Slice):
        return all(map(is_atomic, kind.parts))
    return False


def can_carry(kind: Kind) -> bool:
    """Whether a value of this kind can carry a derivative."""
    if isinstance(kind, (Number, Const)):
        t = number_type(kind)
        return t is not None and t is not bool and t is not np.bool_
    if isinstance(kind, Array):
        return kind.dtype.kind in "fciuO"
    if isinstance(kind, (KnownObject, Other)):
        return False
    if isinstance(kind, Tuple):
        return any(map(can_carry, kind.items))
    if isinstance(kind, Slice):
        return any(map(can_carry, kind.parts))
    return True


def dummy_of(kind: Kind) -> Any:
    """A small value of this kind, to ask a pure primitive about its result; or NotImplemented."""
    if isinstance(kind, Const):
        return kind.value
    if isinstance(kind, Number):
        return kind.type(1) if kind.type in (bool, np.bool_) else kind.type(2)
    if isinstance(kind, Array):
        if kind.dtype.kind not in "biufc":
            return NotImplemented
        ones = np.ones((2,) * kind.ndim, kind.dtype)
        # Regular and positive definite, for linear algebra.
        is_matrix = kind.ndim > 1 and kind.dtype.kind in "fc"
        return ones + np.eye(2, dtype=kind.dtype) if is_matrix else ones
    if isinstance(kind, KnownObject):
        return kind.value
    if isinstance(kind, Other) and kind.type is type(None):
        return None
    if isinstance(kind, Tuple):
        items = tuple(map(dummy_of, kind.items))
        return NotImplemented if any(i is NotImplemented for i in items) else items
    if isinstance(kind, List):
        item = dummy_of(kind.item)
        return NotImplemented if item is NotImplemented else [item, item]
    return NotImplemented


def is_plain_dataclass(cls: Any) -> bool:
    """Constructing an instance only stores the arguments in the fields of the same names."""
    params = cls.__dict__.get("__dataclass_params__")
    if params is None or not params.init or "__post_init__" in dir(cls):
        return False
    has_setattr = cls.__setattr__ is not object.__setattr__
    if cls.__new__ is not object.__new__ or type(cls) is not type:
        return False
    init = cls.__dict__.get("__init__")
    if not isinstance(init, types.FunctionType) or init.__code__.co_filename != "<string>":
        return False
    if has_setattr and not params.frozen:
        return False
    return all(
        f.init and f.default_factory is dataclasses.MISSING for f in dataclasses.fields(cls)
    ) and not any("InitVar" in str(a) for a in getattr(cls, "__annotations__", {}).values())
