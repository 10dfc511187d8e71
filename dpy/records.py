"""Classes of plain fields: what `dataclasses` makes, in a tenth of its time.

The compiler is imported with the first gradient, which a person waits for, and it has many classes
of this sort. `dataclasses` compiles several methods for each of them; here ``__init__`` is compiled
once per *number* of fields and given other names, and the other methods are shared.

`record` is for those that never change, compared by their fields; `struct` for those that do, which
are compared by identity. `dataclasses.replace` and `dataclasses.fields` work too, if slowly. That
nobody assigns to a field of a record is seen to by the type checker: a check at run time makes
fields three times as dear to store, and the compiler makes many. `sealed` adds it for those records
that users are given.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from types import CodeType, FunctionType, SimpleNamespace
from typing import Any, TypeVar, dataclass_transform

__all__ = ["made_by", "record", "replace", "same_fields", "sealed", "struct"]

_Class = TypeVar("_Class", bound=type)
_Value = TypeVar("_Value")


class _Made:
    """The default of a field whose value each instance makes for itself."""

    def __init__(self, factory: Callable[[], Any]) -> None:
        self.factory = factory


def made_by(*, default_factory: Callable[[], _Value]) -> _Value:
    """The default of a field, made anew for each instance (as `dataclasses.field` has it)."""
    made: Any = _Made(default_factory)
    return made


@dataclass_transform(frozen_default=True)
def record(cls: _Class) -> _Class:
    """A class decorator; fields are annotated names, with immutable defaults or none.

    >>> @record
    ... class Pair:
    ...     left: int
    ...     right: int = 0
    >>> Pair(1), Pair(1) == Pair(1, 0), len({Pair(1), Pair(1)})
    (Pair(left=1, right=0), True, 1)
    >>> replace(Pair(1), right=2)
    Pair(left=1, right=2)
    """
    names, body, defaults = _contents(cls)
    new = _new_class(cls, names, body, defaults)
    key = _key(names)

    def __eq__(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return key(self) == key(other)

    def __hash__(self: Any) -> int:
        return hash(key(self))

    if "__eq__" not in body:
        new.__eq__ = __eq__
    if body.get("__hash__") is None:  # Python puts None there for a class with an ``__eq__``
        new.__hash__ = __hash__
    return new


@dataclass_transform(eq_default=False, field_specifiers=(made_by,))
def struct(cls: _Class) -> _Class:
    """A class decorator for mutable fields; compared by identity.

    >>> @struct
    ... class Basket:
    ...     owner: str
    ...     apples: list[str] = made_by(default_factory=list)
    >>> basket = Basket("Eve")
    >>> basket.apples.append("red")
    >>> basket, basket == Basket("Eve", ["red"]), same_fields(basket, Basket("Eve", ["red"]))
    (Basket(owner='Eve', apples=['red']), False, True)
    """
    names, body, defaults = _contents(cls)
    return _new_class(cls, names, body, defaults)


def sealed(cls: _Class) -> _Class:
    """A class decorator for a `record`: its fields cannot be assigned at run time either.

    >>> @sealed
    ... @record
    ... class Pair:
    ...     left: int
    >>> Pair(1).left = 2
    Traceback (most recent call last):
    ...
    dataclasses.FrozenInstanceError: cannot assign to field 'left'
    """
    sealed_class: Any = cls
    names, plain = sealed_class.__match_args__, sealed_class.__init__

    @functools.wraps(plain)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        fields = SimpleNamespace()
        plain(fields, *args, **kwargs)
        for name in names:
            object.__setattr__(self, name, getattr(fields, name))

    sealed_class.__init__ = __init__
    sealed_class.__setattr__ = _refuse_store
    sealed_class.__delattr__ = _refuse_delete
    return cls


def replace(old: _Value, /, **changes: Any) -> _Value:
    """A new instance with some fields changed."""
    cls: Any = type(old)
    values = [
        changes.pop(name) if name in changes else getattr(old, name) for name in cls.__match_args__
    ]
    if changes:
        raise TypeError(f"{cls.__name__} has no field {next(iter(changes))!r}")
    return cls(*values)


def same_fields(a: Any, b: Any) -> bool:
    """Whether two instances of one class have equal fields."""
    return type(a) is type(b) and all(
        getattr(a, name) == getattr(b, name) for name in a.__match_args__
    )


# --- making the class -----------------------------------------------------------------------------


def _contents(cls: type) -> tuple[tuple[str, ...], dict[str, Any], dict[str, Any]]:
    """The names of the fields, the rest of the class's body, and the defaults."""
    names = tuple(cls.__dict__.get("__annotations__", cls.__annotations__))
    defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    body = {
        key: value
        for key, value in cls.__dict__.items()
        if key not in names and key not in ("__dict__", "__weakref__")
    }
    return names, body, defaults


def _new_class(
    cls: Any, names: tuple[str, ...], body: dict[str, Any], defaults: dict[str, Any]
) -> Any:
    """The class again, with slots: they can only be given when a class is made."""
    new: Any = type(cls)(
        cls.__name__, cls.__bases__, {**body, "__slots__": names, "__match_args__": names}
    )
    if "__init__" not in body:
        new.__init__ = _init(new, names, defaults)
    if "__repr__" not in body:
        new.__repr__ = _repr
    new.__reduce__ = _reduce
    new.__dataclass_fields__ = _Fields(names, defaults)
    return new


@functools.cache
def _template(made: tuple[bool, ...]) -> CodeType:
    """The code of an ``__init__`` whose fields have other names; `made` where it makes defaults."""
    given = "".join(f", field_{i}" for i in range(len(made)))
    values = [
        f"factory_{i}() if field_{i} is default_{i} else field_{i}" if is_made else f"field_{i}"
        for i, is_made in enumerate(made)
    ]
    stores = "; ".join(f"self.field_{i} = {value}" for i, value in enumerate(values)) or "pass"
    namespace: dict[str, Any] = {}
    exec(f"def __init__(self{given}): {stores}", namespace)
    code: CodeType = namespace["__init__"].__code__
    return code


def _init(cls: Any, names: tuple[str, ...], defaults: dict[str, Any]) -> FunctionType:
    code = _template(tuple([isinstance(defaults.get(name), _Made) for name in names]))
    renamed = {f"field_{i}": name for i, name in enumerate(names)}
    code = code.replace(
        co_names=tuple([renamed.get(name, name) for name in code.co_names]),
        co_varnames=("self", *names),
        co_qualname=f"{cls.__qualname__}.__init__",
    )
    makers: dict[str, Any] = {}
    for i, name in enumerate(names):
        default = defaults.get(name)
        if isinstance(default, _Made):
            makers |= {f"default_{i}": default, f"factory_{i}": default.factory}
    given = tuple(defaults[name] for name in names if name in defaults)
    init = FunctionType(code, makers, "__init__", given or None)
    init.__module__ = cls.__module__
    return init


def _key(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """The tuple of the fields' values."""
    if len(names) > 1:
        return operator.attrgetter(*names)
    if not names:
        return lambda x: ()
    get = operator.attrgetter(*names)
    return lambda x: (get(x),)


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{type(self).__qualname__.rpartition('.')[2]}({shown})"


def _reduce(self: Any) -> tuple[Any, ...]:
    return type(self), tuple([getattr(self, name) for name in self.__match_args__])


def _refuse_store(self: Any, name: str, value: Any) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


class _Fields:
    """The ``__dataclass_fields__`` of a class, made by `dataclasses` when first asked for."""

    def __init__(self, names: tuple[str, ...], defaults: dict[str, Any]) -> None:
        self.names = names
        self.defaults = defaults
        self.fields: dict[str, Any] | None = None

    def __get__(self, instance: Any, owner: Any) -> dict[str, Any]:
        if self.fields is None:
            import dataclasses

            fields: list[Any] = []
            for name in self.names:
                default = self.defaults.get(name, dataclasses.MISSING)
                if isinstance(default, _Made):
                    field: Any = dataclasses.field(default_factory=default.factory)
                else:
                    field = dataclasses.field(default=default)
                fields.append((name, Any, field))
            twin: Any = dataclasses.make_dataclass("Twin", fields)
            self.fields = twin.__dataclass_fields__
        return self.fields
