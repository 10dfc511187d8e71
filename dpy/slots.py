"""User data as trees of slots: how each type is read, and how its gradient is built.

Every value is either a *leaf* (a number, an array, or an atom without a gradient) or holds other
values in *slots*:

- list, tuple, deque: slot = position; dict: slot = key;
- object, dataclass, NamedTuple subclass with attributes: slot = attribute name;
- function: slot = name of a free variable (its value is the *cell*), of a parameter with a
  default, or of a function attribute; cell: the one slot ``"cell_contents"``;
- bound method: ``"__self__"`` and ``"__func__"``; `functools.partial`: func, args, keywords.

An internal cotangent (see `dpy.cotangent`) names the same slots. Nothing here runs the user's code.
"""

from __future__ import annotations

import collections
import functools
import numbers
import operator
import types
import weakref
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeAlias

import numpy as np

from dpy import leaves
from dpy.cotangent import ZERO
from dpy.errors import DpyError
from dpy.records import record

__all__ = [
    "Kind", "Slots", "Tangent", "bare_maker", "contents", "fields_of", "is_leaf",
    "is_rebuilt_bare", "kind_of", "slots_of",
]  # fmt: skip

Slots: TypeAlias = dict[Any, Any]

# Objects of these standard modules serve a program but hold nothing that can be differentiated.
_SERVICES = frozenset({
    "_io", "_thread", "asyncio", "builtins", "concurrent", "io", "logging", "multiprocessing",
    "pathlib", "queue", "random", "re", "socket", "subprocess", "threading", "weakref", "zipfile",
})  # fmt: skip
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE


class Tangent:
    """The gradient of an object that cannot be rebuilt: a light struct with the same names.

    >>> g = Tangent(r=1.0, g=2.0)
    >>> g.r, 2 * g
    (1.0, Tangent(r=2.0, g=4.0))
    """

    __slots__ = ("__dict__", "__mirrored", "__weakref__")

    def __init__(self, _mirrored: str = "", /, **fields: Any) -> None:
        object.__setattr__(self, "_Tangent__mirrored", _mirrored)
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:  # only called when the field is missing
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # copy, pickle and numpy probe for such names
        of = f" of {self.__mirrored}" if self.__mirrored else ""
        known = ", ".join(self.__dict__) or "none"
        raise AttributeError(f"the gradient{of} has no field {name!r}; its fields: {known}")

    def __repr__(self) -> str:
        return f"Tangent({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items())})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tangent):
            return NotImplemented
        return _equal(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return _tangent, (self.__mirrored, self.__dict__)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Tangent):
            return self if type(other) is int and other == 0 else NotImplemented
        return _combine(operator.add, self, other)

    __radd__ = __add__  # 0 + tangent: sum() starts from 0

    def __sub__(self, other: Any) -> Any:
        return _combine(operator.sub, self, other) if isinstance(other, Tangent) else NotImplemented

    def __mul__(self, factor: Any) -> Any:
        return _scale(factor, self) if _is_number(factor) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Any:
        if not _is_number(divisor):
            return NotImplemented
        return _map(lambda leaf: leaf / divisor, self)

    def __neg__(self) -> Any:
        return _map(operator.neg, self)

    def __pos__(self) -> Any:
        return _map(operator.pos, self)


def _tangent(mirrored: str, fields: Slots) -> Tangent:
    return Tangent(mirrored, **fields)


def _is_number(x: Any) -> bool:
    return isinstance(x, (numbers.Number, np.generic)) or (
        isinstance(x, np.ndarray) and x.ndim == 0
    )


def _scale(factor: Any, x: Any) -> Any:
    return _map(lambda leaf: leaf * factor, x)


def _map(op: Callable[[Any], Any], x: Any) -> Any:
    if x is None:
        return None
    kind = kind_of(type(x))
    if kind.read is None:
        return op(x)
    return kind.build(x, {slot: _map(op, value) for slot, value in kind.read(x).items()})


def _combine(op: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """`op` leaf by leaf, over two gradients of one structure; None counts as zero."""
    if a is None:
        return b if b is None or op is operator.add else _map(operator.neg, b)
    if b is None:
        return a
    kind = kind_of(type(a))
    if kind.read is None:
        return op(a, b)
    left, right = kind.read(a), slots_of(b)
    if type(a) is not type(b) or left.keys() != right.keys():
        raise TypeError(f"gradients of different structure: {a!r} and {b!r}")
    return kind.build(a, {slot: _combine(op, left[slot], right[slot]) for slot in left})


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.shape(a) == np.shape(b) and bool(np.all(np.equal(a, b)))
    kind = kind_of(type(a))
    if kind.read is None:
        return bool(a == b)
    if type(a) is not type(b):
        return False
    left, right = kind.read(a), kind.read(b)
    return left.keys() == right.keys() and all(_equal(left[slot], right[slot]) for slot in left)


# --- kinds ---


@record
class Kind:
    """A leaf has `leaf`; anything else `read` (its slots) and `build` (from mirrored slots).

    `frozen`: which values its slots hold can never change.
    `is_by_value`: besides, its identity means nothing: its cotangent lives in locals only.
    """

    leaf: Callable[[Any, Any, bool], Any] = leaves.no_gradient
    read: Callable[[Any], Slots] | None = None
    build: Callable[[Any, Slots], Any] = lambda x, values: None
    frozen: bool = False
    is_by_value: bool = False


def bare_maker(cls: type) -> Any:
    """The ``__new__`` of the nearest built-in base: makes instances without code of the user."""
    for base in cls.__mro__:
        new = base.__dict__.get("__new__")
        if isinstance(new, types.BuiltinFunctionType):
            return new
    return object.__new__


def _bare(cls: type) -> Any:
    return bare_maker(cls)(cls)


def _slot_members(cls: type) -> tuple[tuple[str, Any], ...]:
    """The members that ``__slots__`` made, base classes first, under their mangled names."""
    return tuple(
        (name, member)
        for base in reversed(cls.__mro__)
        if "__slots__" in base.__dict__
        for name, member in base.__dict__.items()
        if isinstance(member, types.MemberDescriptorType)
    )


def _reader(cls: type) -> Callable[[Any], Slots]:
    """A function that reads instance attributes past properties, ``__getattr__`` and the like."""
    members = _slot_members(cls)
    has_dict = bool(cls.__dictoffset__)
    if has_dict and not members:
        return lambda x: dict(object.__getattribute__(x, "__dict__"))

    def read(x: Any) -> Slots:
        found: Slots = {}
        for name, member in members:
            try:
                found[name] = member.__get__(x)
            except AttributeError:  # not set
                continue
        if has_dict:
            found.update(object.__getattribute__(x, "__dict__"))
        return found

    return read


def _attributes(x: Any) -> Slots:
    return _reader(type(x))(x)


def set_attributes(new: Any, values: Slots) -> None:
    members = dict(_slot_members(type(new)))
    for name, value in values.items():
        if name in members:
            members[name].__set__(new, value)
        else:
            object.__getattribute__(new, "__dict__")[name] = value


def _build_object(x: Any, values: Slots) -> Any:
    if isinstance(x, Tangent):
        return Tangent(x._Tangent__mirrored, **values)
    return Tangent(type(x).__name__, **values) if values else None


def _struct_builder(cls: type) -> Callable[[Any, Slots], Any]:
    """A function that makes a new instance without running ``__init__`` or its like."""
    make = bare_maker(cls)
    has_slots = bool(_slot_members(cls))

    def build(x: Any, values: Slots) -> Any:
        try:
            new = make(type(x))
        except TypeError:  # a base in C that has to be constructed
            return _build_object(x, values)
        if has_slots:
            set_attributes(new, values)
        else:
            object.__getattribute__(new, "__dict__").update(values)
        return new

    return build


def is_rebuilt_bare(cls: type) -> bool:
    """Whether a gradient is an instance of the class, made bare and filled by ``__dict__``."""
    if not (_is_dataclass(cls) or hasattr(cls, "__attrs_attrs__")) or _slot_members(cls):
        return False
    try:
        bare_maker(cls)(cls)
    except TypeError:  # a base in C that has to be constructed
        return False
    return True


def _read_list(x: Any) -> Slots:
    found: Slots = dict(enumerate(list.__iter__(x)))
    return found if type(x) is list else found | _attributes(x)


def _read_tuple(x: Any) -> Slots:
    found: Slots = dict(enumerate(tuple.__iter__(x)))
    return found if type(x) is tuple else found | _attributes(x)


def _split(values: Slots) -> tuple[list[Any], Slots]:
    """Items (whole-numbered slots) and attributes (named slots) of a sequence."""
    items = [value for slot, value in values.items() if type(slot) is int]
    return items, {slot: value for slot, value in values.items() if type(slot) is not int}


def _build_list(x: Any, values: Slots) -> Any:
    if type(x) is list:
        return list(values.values())
    items, attributes = _split(values)
    new = _bare(type(x))
    list.extend(new, items)
    set_attributes(new, attributes)
    return new


def _build_tuple(x: Any, values: Slots) -> Any:
    if type(x) is tuple:
        return tuple(values.values())
    items, attributes = _split(values)
    try:
        new = tuple.__new__(type(x), items)
    except TypeError:  # a struct sequence such as time.struct_time
        return tuple(items)
    set_attributes(new, attributes)
    return new


def _read_deque(x: Any) -> Slots:
    return dict(enumerate(collections.deque.__iter__(x)))


def _build_deque(x: Any, values: Slots) -> Any:
    new = _bare(type(x))
    collections.deque.__init__(new, values.values(), x.maxlen)
    return new


def _build_dict(x: Any, values: Slots) -> Any:
    if type(x) is dict:
        return values
    new = _bare(type(x))
    ordered = isinstance(x, collections.OrderedDict)
    put = collections.OrderedDict.__setitem__ if ordered else dict.__setitem__
    for key, value in values.items():
        put(new, key, value)
    if isinstance(x, collections.defaultdict):
        new.default_factory = x.default_factory
    if type(x).__dictoffset__ and object.__getattribute__(x, "__dict__") is x:
        object.__setattr__(new, "__dict__", new)  # the class whose attributes are its keys
    return new


def _read_cell(x: Any) -> Slots:
    try:
        return {"cell_contents": x.cell_contents}
    except ValueError:  # empty
        return {}


def _build_cell(x: Any, values: Slots) -> Any:
    return values.get("cell_contents")


def _read_function(f: Any) -> Slots:
    code = f.__code__
    found: Slots = dict(zip(code.co_freevars, f.__closure__ or (), strict=True))
    if f.__defaults__:
        names = code.co_varnames[: code.co_argcount]
        found.update(zip(names[-len(f.__defaults__) :], f.__defaults__, strict=True))
    found.update(f.__kwdefaults__ or {})
    for name, value in f.__dict__.items():
        if not name.startswith("__"):  # not __wrapped__
            found.setdefault(name, value)
    return found


def _build_stateful(x: Any, values: Slots) -> Any:
    if all(value is None for value in values.values()):
        return None
    return Tangent(getattr(x, "__name__", type(x).__name__), **values)


def _read_method(m: Any) -> Slots:
    return {"__self__": m.__self__, "__func__": m.__func__}


def _build_method(m: Any, values: Slots) -> Any:
    """A method shows the fields of its object, ``g.r``; and of its function if it has state."""
    fields: Slots = {}
    own = values["__self__"]
    if (
        isinstance(own, Tangent)
        or hasattr(type(own), "__dataclass_fields__")
        or hasattr(type(own), "__attrs_attrs__")
    ):
        fields.update(contents(own) or {})
    elif own is not None:
        fields["__self__"] = own
    if values["__func__"] is not None:
        fields["__func__"] = values["__func__"]
    return _build_stateful(m, fields)


def _is_dataclass(x: Any) -> bool:
    """What `dataclasses.is_dataclass` says, which would have to be imported."""
    return hasattr(x if isinstance(x, type) else type(x), "__dataclass_fields__")


def _read_builtin_method(m: Any) -> Slots:
    owner = m.__self__
    return {} if owner is None or isinstance(owner, types.ModuleType) else {"__self__": owner}


def _read_partial(p: Any) -> Slots:
    return {"func": p.func, "args": p.args, "keywords": p.keywords}


_LEAF_TYPES: tuple[tuple[Any, Callable[[Any, Any, bool], Any]], ...] = (
    ((Enum, bool, str, bytes, bytearray, type, types.ModuleType, np.ufunc), leaves.no_gradient),
    (np.ndarray, leaves.array_gradient),
    (np.generic, leaves.generic_gradient),
    ((int, float), leaves.real_gradient),
    (complex, leaves.complex_gradient),
)

_CONTAINER_TYPES: tuple[tuple[Any, Kind], ...] = (
    (tuple, Kind(read=_read_tuple, build=_build_tuple, frozen=True, is_by_value=True)),
    (list, Kind(read=_read_list, build=_build_list)),
    (dict, Kind(read=lambda x: dict(dict.items(x)), build=_build_dict)),
    (collections.deque, Kind(read=_read_deque, build=_build_deque)),
    (types.CellType, Kind(read=_read_cell, build=_build_cell)),
    (types.FunctionType, Kind(read=_read_function, build=_build_stateful)),
    (types.MethodType, Kind(read=_read_method, build=_build_method, frozen=True, is_by_value=True)),
    (
        (types.BuiltinFunctionType, types.MethodWrapperType),
        Kind(read=_read_builtin_method, build=_build_stateful, frozen=True, is_by_value=True),
    ),
    (
        functools.partial,
        Kind(read=_read_partial, build=_build_stateful, frozen=True, is_by_value=True),
    ),
)

_ATOM = Kind()


def _caches_properties(cls: type) -> bool:
    """Whether instances gain attributes when a `functools.cached_property` is first read."""
    cached = functools.cached_property
    return any(isinstance(v, cached) for base in cls.__mro__ for v in vars(base).values())


def _classify(cls: type) -> Kind:
    for known, leaf in _LEAF_TYPES:
        if issubclass(cls, known):
            return Kind(leaf=leaf)
    exact = leaves.exact_gradient(cls)
    if exact is not None:
        return Kind(leaf=exact)
    for known, kind in _CONTAINER_TYPES:
        if issubclass(cls, known):
            return kind
    if issubclass(cls, Tangent):
        return Kind(read=lambda x: dict(x.__dict__), build=_build_object)
    if _is_dataclass(cls):
        parameters = getattr(cls, "__dataclass_params__", None)
        frozen = bool(getattr(parameters, "frozen", False)) and not _caches_properties(cls)
        return Kind(read=_reader(cls), build=_struct_builder(cls), frozen=frozen)
    if hasattr(cls, "__attrs_attrs__"):
        return Kind(read=_reader(cls), build=_struct_builder(cls))
    if hasattr(cls, "__cuda_array_interface__") and hasattr(cls, "dtype"):
        return Kind(leaf=leaves.cuda_gradient)
    if issubclass(cls, numbers.Number):
        return Kind(leaf=leaves.number_gradient)
    if cls.__module__.partition(".")[0] in _SERVICES and not _is_made_by_exec(cls):
        return _ATOM
    if cls.__dictoffset__ or _slot_members(cls):
        return Kind(read=_reader(cls), build=_build_object)
    return _ATOM


def _is_made_by_exec(cls: type) -> bool:
    """Whether a class is a user's that bears the name of no module: it seems to be a builtin."""
    return cls.__module__ == "builtins" and bool(cls.__flags__ & _HEAP_TYPE)


# By identity of the class: entries of user classes go when the class does.
_kinds: dict[int, Kind] = {}
_classes: dict[int, weakref.ref[type]] = {}


def kind_of(cls: type) -> Kind:
    """How values of a type are read and rebuilt."""
    kind = _kinds.get(id(cls))
    return _remember(cls) if kind is None else kind


def _remember(cls: type) -> Kind:
    key = id(cls)

    def forget(_: Any) -> None:
        _kinds.pop(key, None)
        _classes.pop(key, None)

    kind = _classify(cls)
    _classes[key] = weakref.ref(cls, forget)
    _kinds[key] = kind
    return kind


# --- what a value holds ---


def is_leaf(x: Any) -> bool:
    """Whether `x` holds no other values: a number, an array, or an atom without a gradient."""
    return kind_of(type(x)).read is None


def contents(x: Any) -> Slots | None:
    """The slots of `x` and their values, a new dict; None for a leaf."""
    read = kind_of(type(x)).read
    return None if read is None else read(x)


def fields_of(x: Any) -> list[str] | None:
    """The attribute names that can hold differentiable data; None for atoms and plain containers.

    >>> from types import SimpleNamespace
    >>> fields_of(SimpleNamespace(a=1, b=2.0))
    ['a', 'b']
    """
    if isinstance(x, tuple) and hasattr(type(x), "_fields"):
        return list(getattr(x, "_fields", ()))
    kind = kind_of(type(x))
    if kind.read is None or isinstance(x, (list, tuple, dict, collections.deque)):
        return None
    return [name for name in kind.read(x) if isinstance(name, str)]


def slots_of(d: Any) -> Slots:
    """The slots of a cotangent, however a rule wrote it: dict, tuple, list, Tangent or struct."""
    if type(d) is dict:
        return d
    if d is ZERO or d is None:
        return {}
    slots = contents(d)
    if slots is None:
        raise DpyError(
            f"a cotangent of type {type(d).__name__} for a value that holds other values",
            why="the cotangent of a container or object has one entry per slot",
            repair="return a dict, a Tangent or an instance of the same class from the rule",
        )
    return slots
