"""How the values of each type are read as slots, and how a gradient is built from them.

Attributes are read past properties, ``__getattr__`` and the like, and objects are made without
their constructor: nothing here runs the user's code.
"""

from __future__ import annotations

import collections
import functools
import numbers
import types
from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np

from dpy import leaves
from dpy.slots import Kind, Slots, contents
from dpy.tangent import Tangent

__all__ = ["bare_maker", "classify", "is_rebuilt_bare", "set_attributes", "slot_members"]

# Objects of these standard modules serve a program but hold nothing that can be differentiated.
_SERVICES = frozenset({
    "_io", "_thread", "asyncio", "builtins", "concurrent", "io", "logging", "multiprocessing",
    "pathlib", "random", "re", "socket", "subprocess", "threading", "weakref", "zipfile",
})  # fmt: skip
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE


# --- attributes of objects ------------------------------------------------------------------------


def bare_maker(cls: type) -> Any:
    """The ``__new__`` of the nearest built-in base: makes instances without code of the user."""
    for base in cls.__mro__:
        new = base.__dict__.get("__new__")
        if isinstance(new, types.BuiltinFunctionType):
            return new
    return object.__new__


def _bare(cls: type) -> Any:
    return bare_maker(cls)(cls)


def slot_members(cls: type) -> tuple[tuple[str, Any], ...]:
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
    members = slot_members(cls)
    has_dict = bool(cls.__dictoffset__)
    if has_dict and not members:
        return _read_dict

    def read(x: Any) -> Slots:
        found: Slots = {}
        for name, member in members:
            try:
                found[name] = member.__get__(x)
            except AttributeError:  # not set
                continue
        if has_dict:
            found.update(_read_dict(x))
        return found

    return read


def _read_dict(x: Any) -> Slots:
    try:
        return dict(object.__getattribute__(x, "__dict__"))
    except AttributeError:  # a class in C that has room for one, and shows none
        return {}


def _attributes(x: Any) -> Slots:
    return _reader(type(x))(x)


def set_attributes(new: Any, values: Slots) -> None:
    """Fill an object, past its ``__setattr__`` and its properties."""
    members = dict(slot_members(type(new)))
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
    has_slots = bool(slot_members(cls))

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
    if not (_is_dataclass(cls) or hasattr(cls, "__attrs_attrs__")) or slot_members(cls):
        return False
    try:
        bare_maker(cls)(cls)
    except TypeError:  # a base in C that has to be constructed
        return False
    return True


def _is_dataclass(x: Any) -> bool:
    """What `dataclasses.is_dataclass` says, which would have to be imported."""
    return hasattr(x if isinstance(x, type) else type(x), "__dataclass_fields__")


# --- containers -----------------------------------------------------------------------------------


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


# --- functions ------------------------------------------------------------------------------------


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
    if found and "<" not in f.__qualname__:  # can be imported: numbers of it are constants
        found = {name: x for name, x in found.items() if not isinstance(x, (int, float, complex))}
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


def _read_builtin_method(m: Any) -> Slots:
    owner = m.__self__
    return {} if owner is None or isinstance(owner, types.ModuleType) else {"__self__": owner}


def _read_partial(p: Any) -> Slots:
    return {"func": p.func, "args": p.args, "keywords": p.keywords}


def _read_slice(s: slice) -> Slots:
    return {"start": s.start, "stop": s.stop, "step": s.step}


def _build_slice(s: slice, values: Slots) -> Any:
    """A slice of whole numbers picks items: it has no gradient."""
    is_index = all(type(bound) in (int, type(None)) for bound in (s.start, s.stop, s.step))
    return None if is_index else Tangent("slice", **values)


# --- which type is what ---------------------------------------------------------------------------

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
    (slice, Kind(read=_read_slice, build=_build_slice, frozen=True, is_by_value=True)),
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


def classify(cls: type) -> Kind:
    """How values of a class are read and rebuilt."""
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
    if cls.__dictoffset__ or slot_members(cls):
        return Kind(read=_reader(cls), build=_build_object, is_whole=_is_of_python(cls))
    return _ATOM


def _is_of_python(cls: type) -> bool:
    """Whether Python code has made all that instances are, or it is a builtin that shows it."""
    made_by = getattr(bare_maker(cls), "__self__", object)
    return made_by.__module__ in ("builtins", "types")


def _is_made_by_exec(cls: type) -> bool:
    """Whether a class is a user's that bears the name of no module: it seems to be a builtin."""
    return cls.__module__ == "builtins" and bool(cls.__flags__ & _HEAP_TYPE)
