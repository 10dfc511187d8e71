"""Plain functions that generated code calls where Python has no expression for an operation."""

from __future__ import annotations

import builtins
import functools
import operator
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, unbroadcast

__all__ = [
    "HELPERS",
    "add_to",
    "add_to_items",
    "array_of",
    "delete_global",
    "fold_items",
    "import_module",
    "is_mapping",
    "is_sequence",
    "items_of",
    "make_function",
    "match_args",
    "matches",
    "new_cell",
    "put",
    "read_cell",
    "set_global",
    "special",
    "subtract_from",
    "take_at",
    "unbound",
    "unpack",
    "unpack_star",
]


def unpack(value: Any, count: int) -> tuple[Any, ...]:
    """The items of an iterable of exactly `count` items, with Python's own errors.

    >>> unpack("ab", 2)
    ('a', 'b')
    """
    return _unpacker(count, 0, False)(value)


def unpack_star(value: Any, before: int, after: int) -> tuple[Any, ...]:
    """``a, *rest, z = value`` as one tuple.

    >>> unpack_star(range(5), 1, 1)
    (0, [1, 2, 3], 4)
    """
    return _unpacker(before, after, True)(value)


_ITEMS_PER_ITERATION = 8


@functools.cache
def _unpacker(before: int, after: int, star: bool) -> Callable[[Any], tuple[Any, ...]]:
    if before + after == 0 and not star:
        targets, result = "[]", "()"
    else:
        names = [f"a_{i}" for i in range(before)]
        ends = [f"z_{i}" for i in range(after)]
        middle = ["rest"] if star else []
        result = "".join(f"{name}, " for name in (*names, *middle, *ends))
        targets = "".join(f"{name}, " for name in (*names, *(f"*{m}" for m in middle), *ends))
    namespace: dict[str, Any] = {}
    exec(f"def unpacker(value):\n    {targets} = value\n    return {result}", namespace)
    return namespace["unpacker"]


def add_to(part: Any, d: Any) -> None:
    """Add a cotangent to (a view of) an array of cotangents, summed over what was broadcast.

    >>> d_u = np.zeros(3)
    >>> add_to(d_u[1:2], np.ones(2))
    >>> d_u
    array([0., 2., 0.])
    """
    if type(d) is not np.ndarray or d.shape != part.shape:
        if d is ZERO:
            return
        d = unbroadcast(d, part.shape)
    part += d


def subtract_from(part: Any, d: Any) -> None:
    """The same with the sign reversed."""
    if type(d) is not np.ndarray or d.shape != part.shape:
        if d is ZERO:
            return
        d = unbroadcast(d, part.shape)
    part -= d


def add_to_items(ds: list[Any], d: Any) -> None:
    """Add the cotangent of a sum to those of all items.

    >>> d_xs = [1.0, 2.0]
    >>> add_to_items(d_xs, 3.0)
    >>> d_xs
    [4.0, 5.0]
    """
    ds[:] = [item + d for item in ds]


def fold_items(ds: list[Any], whole: list[Any]) -> None:
    """Add the cotangents of ``xs * n`` to those of `xs`.

    >>> d_xs = [1.0, 2.0]
    >>> fold_items(d_xs, [1.0, 2.0, 3.0, 4.0])
    >>> d_xs
    [5.0, 8.0]
    """
    n = len(ds)
    for i in range(n):
        ds[i] += sum(whole[i::n])


def items_of(d: Any, count: int) -> Any:
    """A vector of cotangents as a list, where a loop of `count` iterations will use many of them.

    The items of lists are read and written faster.
    """
    if type(d) is list or d.size > _ITEMS_PER_ITERATION * count:
        return d
    return d.tolist()


def array_of(d: Any) -> Any:
    """The array again."""
    return np.array(d, np.float64) if type(d) is list else d


def take_at(d: Any, index: Any) -> Any:
    """The cotangent of what ``a[index] = value`` wrote, for any index; zero is left behind.

    Where `index` names a position twice, the value that was written last is the one that stayed.
    """
    part = d[index]
    if not isinstance(part, np.ndarray):
        d[index] = 0.0
        return part
    part = part.copy()
    if part.size > 1:
        order = np.arange(part.size).reshape(part.shape)
        last = np.empty(d.shape, np.intp)
        last[index] = order
        part[last[index] != order] = 0.0
    d[index] = 0.0
    return part


def unbound(name: str) -> Any:
    """Raise what reading an unassigned local variable raises."""
    raise UnboundLocalError(
        f"cannot access local variable '{name}' where it is not associated with a value"
    )


def new_cell(*value: Any) -> types.CellType:
    """A cell, empty or with a value."""
    return types.CellType(*value)


def read_cell(cell: Any, name: str) -> Any:
    """The content of the cell of a local variable."""
    try:
        return cell.cell_contents
    except ValueError:
        return unbound(name)


def put(mapping: Any, key: Any, value: Any) -> None:
    """``mapping[key] = value``."""
    mapping[key] = value


def set_global(names: dict[str, Any], name: str, value: Any) -> None:
    """Assign to a global variable."""
    names[name] = value


def delete_global(names: dict[str, Any], name: str) -> None:
    """Delete a global variable."""
    try:
        del names[name]
    except KeyError:
        raise NameError(f"name '{name}' is not defined") from None


def import_module(
    names: dict[str, Any], module: str, wanted: tuple[str, ...] | None, level: int
) -> Any:
    """What ``import module`` or ``from module import wanted`` fetches; `names` are the globals."""
    found = __import__(module, names, None, wanted, level)
    for name in wanted or ():
        if not hasattr(found, name):
            submodule = sys.modules.get(f"{found.__name__}.{name}")
            if submodule is None:
                where = getattr(found, "__file__", None) or "unknown location"
                raise ImportError(
                    f"cannot import name {name!r} from {found.__name__!r} ({where})",
                    name=found.__name__,
                    path=getattr(found, "__file__", None),
                )
            setattr(found, name, submodule)
    return found


def make_function(
    code: types.CodeType,
    names: dict[str, Any],
    defaults: tuple[Any, ...],
    kwdefaults: Iterable[tuple[str, Any]],
    cells: Iterable[tuple[str, Any]],
    annotations: Iterable[tuple[str, Any]] = (),
) -> types.FunctionType:
    """A function object over the given globals and cells."""
    by_name = dict(cells)
    closure = tuple(by_name[name] for name in code.co_freevars)
    function = types.FunctionType(code, names, code.co_name, defaults or None, closure)
    function.__kwdefaults__ = dict(kwdefaults) or None
    function.__qualname__ = code.co_qualname
    function.__annotations__ = dict(annotations)
    docstring = code.co_consts[0] if code.co_consts else None
    function.__doc__ = docstring if isinstance(docstring, str) else None
    function.__module__ = names.get("__name__", "builtins")
    return function


def matches(error: BaseException, wanted: Any) -> bool:
    """Whether ``except wanted`` catches the exception.

    >>> matches(KeyError(1), LookupError), matches(KeyError(1), (OSError, IndexError))
    (True, False)
    """
    classes = wanted if isinstance(wanted, tuple) else (wanted,)
    for cls in classes:
        if not (isinstance(cls, type) and issubclass(cls, BaseException)):
            raise TypeError(
                "catching classes that do not inherit from BaseException is not allowed"
            )
    return any(cls in type(error).__mro__ for cls in classes)


_SEQUENCE, _MAPPING, _MATCH_SELF = 1 << 5, 1 << 6, 1 << 22  # flags of types


def is_sequence(x: Any) -> bool:
    """Whether a sequence pattern may match (not strings).

    >>> is_sequence([1]), is_sequence("a")
    (True, False)
    """
    return bool(type(x).__flags__ & _SEQUENCE)


def is_mapping(x: Any) -> bool:
    """Whether a mapping pattern may match."""
    return bool(type(x).__flags__ & _MAPPING)


#: Instead of an attribute that is not there.
MISSING = object()


def match_args(cls: type, count: int, keywords: tuple[str, ...]) -> tuple[str | None, ...]:
    """The attributes that positional patterns of a class look at.

    None stands for the subject itself: ``case float(x)``.
    """
    names = getattr(cls, "__match_args__", ())
    if type(names) is not tuple:
        raise TypeError(
            f"{cls.__name__}.__match_args__ must be a tuple (got {type(names).__name__})"
        )
    if not hasattr(cls, "__match_args__") and cls.__flags__ & _MATCH_SELF:
        names = (None,)
    if count > len(names):
        allowed = f"{len(names)} positional sub-pattern{'' if len(names) == 1 else 's'}"
        raise TypeError(f"{cls.__name__}() accepts {allowed} ({count} given)")
    names = names[:count]
    seen: set[str | None] = set()
    for name in (*names, *keywords):
        if name is not None and not isinstance(name, str):
            kind = type(name).__name__
            raise TypeError(f"__match_args__ elements must be strings (got {kind})")
        if name in seen:
            raise TypeError(f"{cls.__name__}() got multiple sub-patterns for attribute {name!r}")
        seen.add(name)
    return names


def special(owner: Any, name: str) -> Any:
    """``__enter__`` or ``__exit__`` of a context manager, as ``with`` finds them."""
    cls = type(owner)
    for base in cls.__mro__:
        if name in base.__dict__:
            method = base.__dict__[name]
            get = getattr(type(method), "__get__", None)
            return method if get is None else get(method, owner, cls)
    missed = " (missed __exit__ method)" if name == "__exit__" else ""
    raise TypeError(
        f"'{_full_name(cls)}' object does not support the context manager protocol{missed}"
    )


_HEAP = 1 << 9  # the flag of types that are made at run time


def _full_name(cls: type) -> str:
    if cls.__flags__ & _HEAP:
        return cls.__name__
    module = cls.__module__
    return cls.__qualname__ if module == "builtins" else f"{module}.{cls.__qualname__}"


_OPERATOR_NAMES = (
    "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift "
    "setitem delitem not_ contains"
).split()

HELPERS: dict[str, Any] = {
    "add_to": add_to,
    "add_to_items": add_to_items,
    "fold_items": fold_items,
    "items_of": items_of,
    "array_of": array_of,
    "subtract_from": subtract_from,
    "take_at": take_at,
    "unpack": unpack,
    "unpack_star": unpack_star,
    "unbound": unbound,
    "is_sequence": is_sequence,
    "is_mapping": is_mapping,
    "match_args": match_args,
    "matches": matches,
    "special": special,
    "new_cell": new_cell,
    "read_cell": read_cell,
    "put": put,
    "set_global": set_global,
    "delete_global": delete_global,
    "import_module": import_module,
    "make_function": make_function,
    **{name: getattr(operator, name) for name in _OPERATOR_NAMES},
    **{
        name: getattr(builtins, name)
        for name in ("slice", "set", "getattr", "setattr", "delattr", "globals")
    },
}
"""All helpers by the name under which `show` prints them."""
