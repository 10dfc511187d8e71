"""A class's ``__init__`` as a function from its arguments to the fields of the new object.

Which classes are made in this way is decided here; `dpy.transform.constructors` writes the
function.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import weakref
from typing import Any

from dpy.errors import DpyError
from dpy.specialise.store import lowered_function
from dpy.transform import constructors
from dpy.transform.source import Source, read_source

__all__ = ["Constructor", "build_object", "constructor_of"]


class Constructor:
    """A class's ``__init__`` that looks like a function which returns the fields."""

    def __init__(self, cls: type, init: Any, body: Any, source: Source, made: Any) -> None:
        self.cls = cls
        self.init = init
        self.source = source
        self.lowered = made.function
        self.fields = made.fields
        self.__code__ = body.__code__
        self.__closure__ = body.__closure__
        self.__globals__ = body.__globals__
        self.__defaults__ = init.__defaults__
        self.__kwdefaults__ = init.__kwdefaults__
        self.__name__ = cls.__name__


_constructors: weakref.WeakKeyDictionary[type, tuple[Any, Constructor | None]] = (
    weakref.WeakKeyDictionary()
)


def constructor_of(cls: Any) -> Constructor | None:
    """The constructor as a function to fields, or None where it does more than set attributes."""
    init, post = cls.__init__, getattr(cls, "__post_init__", None)
    state = (init, post, cls.__setattr__)
    known = _constructors.get(cls)
    if known is None or known[0] != state:
        try:
            made = _make_constructor(cls, init, post)
        except DpyError:
            made = None
        known = _constructors[cls] = (state, made)
    return known[1]


def _make_constructor(cls: Any, init: Any, post: Any) -> Constructor | None:
    if cls.__new__ is not object.__new__ or type(cls) is not type:
        return None
    if not isinstance(init, types.FunctionType) or issubclass(cls, BaseException):
        return None
    body: Any = init
    given: tuple[str, ...] = ()
    if dataclasses.is_dataclass(cls) and init.__code__.co_filename == "<string>":
        fields = cls.__dataclass_fields__.values()
        simple = all(
            f.init and f.default_factory is dataclasses.MISSING
            and f._field_type is dataclasses._FIELD for f in fields  # type: ignore[attr-defined]
        )  # fmt: skip
        if not simple or not isinstance(post, types.FunctionType):
            return None
        body, given = post, tuple(f.name for f in fields)
    frozen = cls.__setattr__ is not object.__setattr__
    source = read_source(body)
    made = constructors.run(lowered_function(source), given)
    if made is None or frozen:
        return None
    for name in made.fields:
        raw = inspect.getattr_static(cls, name, None)
        if hasattr(type(raw), "__set__") and not isinstance(raw, types.MemberDescriptorType):
            return None
    return Constructor(cls, init, body, source, made)


def build_object(cls: type, names: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    """A new object with these attributes, set in this order."""
    obj: Any = object.__new__(cls)
    for name, value in zip(names, values, strict=True):
        object.__setattr__(obj, name, value)
    return obj
