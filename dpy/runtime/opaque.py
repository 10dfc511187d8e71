"""Calls of functions with neither rule nor source: C functions, and what serves a program.

Such a function is run as it is. An error is due only when a cotangent arrives that would have to
cross it. What merely moves references (a heap, ``bisect.insort``, ``random.shuffle``) is followed
by the identity of the objects moved.
"""

from __future__ import annotations

import functools
import gc
import os
import sys
import types
from typing import Any

import numpy as np

from dpy import leaves
from dpy.cotangent import ZERO, add
from dpy.runtime import item_cotangents
from dpy.runtime.attempts import is_guarded, state
from dpy.runtime.failures import mutation_error, no_adjoint
from dpy.runtime.held import hold, take
from dpy.runtime.memory import owner_of
from dpy.slots import kind_of

__all__ = ["carries", "is_of_library", "is_service", "opaque"]

_MOST_VISITED = 2000
_MOST_WATCHED = 2000
_DEPTH = 3
# Standard modules whose functions and objects serve a program: logs, locks, random numbers, files.
_SERVICES = frozenset({
    "_io", "_random", "_thread", "asyncio", "concurrent", "datetime", "io", "locale", "logging",
    "multiprocessing", "os", "pathlib", "queue", "random", "re", "shutil", "socket", "string",
    "subprocess", "sys", "tempfile", "textwrap", "threading", "time", "traceback", "uuid",
    "warnings", "zipfile",
})  # fmt: skip
_CACHED = type(functools.lru_cache(lambda: None))
# Objects that call functions which they do not show.
_CALLERS = frozenset({type(functools.cmp_to_key(lambda a, b: 0)), _CACHED, np.ufunc})
_INERT: tuple[Any, ...] = (
    str, bool, type(None), type, types.ModuleType, range, slice, np.dtype,
    type(Ellipsis), type(NotImplemented), types.CodeType, type({}.keys()), np.ufunc,
)  # fmt: skip


@functools.cache
def _random_types() -> tuple[type, ...]:
    return (
        np.random.Generator, np.random.RandomState, np.random.BitGenerator, np.random.SeedSequence,
    )  # fmt: skip


def _is_inert(x: Any) -> bool:
    if isinstance(x, _INERT):
        return True
    # NumPy imports its random numbers when they are first used; dpy does not before that.
    return "numpy.random" in sys.modules and isinstance(x, _random_types())


def is_service(cls_or_function: Any) -> bool:
    """Whether a class or function belongs to a standard module that only serves a program."""
    module = getattr(cls_or_function, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] in _SERVICES


@functools.cache
def _libraries() -> tuple[str, ...]:
    import sysconfig

    paths = sysconfig.get_paths()
    return tuple([paths[name] + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")])


def is_of_library(f: Any) -> bool:
    """Whether a Python function is of the standard library or an installed package."""
    return bool(f.__code__.co_filename.startswith(_libraries()))


def carries(*values: Any) -> bool:
    """Whether anything that could have a cotangent can be reached from the values."""
    seen: set[int] = set()
    stack = list(values)
    while stack:
        x = stack.pop()
        t = type(x)
        if t is float or t is int or t is complex:
            return True
        if t is np.ufunc:  # of `np.frompyfunc`
            stack.extend(_called_by(x))
            continue
        if _is_inert(x) or is_service(t):
            continue
        if t is types.FunctionType or t is types.BuiltinFunctionType:
            if is_service(x):
                continue
        elif t is types.MethodType and is_service(type(x.__self__)):
            continue
        if isinstance(x, np.ndarray):
            if x.dtype.kind in "fciuO":
                return True
            continue
        if id(x) in seen:
            continue
        seen.add(id(x))
        if len(seen) > _MOST_VISITED:
            return True
        if isinstance(x, (set, frozenset)):
            stack.extend(x)
            continue
        kind = kind_of(t)
        if t is types.FunctionType:
            stack.extend(_of_function(x))
        elif t is _CACHED:
            stack.append(x.__wrapped__)
        elif kind.read is not None:
            stack.extend(kind.read(x).values())
        elif kind.leaf is not leaves.no_gradient or t.__module__ not in ("enum", "builtins"):
            return True  # a number, or an object that keeps its contents to itself
        elif t.__name__ not in ("object", "staticmethod", "classmethod", "method_descriptor",
                                "wrapper_descriptor", "property", "mappingproxy"):  # fmt: skip
            return True  # an iterator, a generator, a memoryview
    return False


def _of_function(f: Any) -> list[Any]:
    """What a function holds; the numbers that are defaults of a top-level one are constants."""
    held = list(kind_of(types.FunctionType).read(f).values())  # type: ignore[misc]
    if "<locals>" in f.__qualname__:
        return held
    return [x for x in held if type(x) not in (int, float, complex)]


def _called_by(x: Any) -> list[Any]:
    """The functions that an object calls, and what else it holds."""
    return [held for held in gc.get_referents(x) if type(held) is not dict]


class _Watched:
    """A mutable container that a C function was given, with its contents before the call."""

    __slots__ = ("before", "obj")

    def __init__(self, obj: Any, before: dict[Any, Any]) -> None:
        self.obj = obj
        self.before = before


def _contents(x: Any) -> dict[Any, Any]:
    if isinstance(x, dict):
        return dict(dict.items(x))
    if isinstance(x, (set, frozenset)):
        return {item: item for item in x}
    kind = kind_of(type(x))
    return {} if kind.read is None else kind.read(x)


def _watch(values: list[Any]) -> tuple[list[_Watched], list[tuple[Any, Any]]]:
    """What a call could write to, as it is before: containers and arrays, directly or in cells."""
    found: list[_Watched] = []
    arrays: list[tuple[Any, Any]] = []
    stack = [(x, 0) for x in values]
    seen: set[int] = set()
    while stack and len(found) < _MOST_WATCHED:
        x, depth = stack.pop()
        t = type(x)
        if t is float or t is int or id(x) in seen:
            continue
        if t is np.ndarray:
            seen.add(id(x))
            arrays.append((x, x.copy()))
            continue
        if t in _CALLERS:
            seen.add(id(x))
            stack.extend([(held, depth) for held in _called_by(x)])
            continue
        if _is_inert(x) or is_service(t):
            continue
        if not isinstance(x, set) and kind_of(t).read is None:
            continue
        seen.add(id(x))
        contents = _contents(x)
        if t is not types.FunctionType and not isinstance(x, tuple):
            found.append(_Watched(x, contents))
        if t is types.FunctionType or t is types.MethodType or t is types.CellType:
            stack.extend([(held, depth) for held in contents.values()])
        elif depth < _DEPTH:
            stack.extend([(held, depth + 1) for held in contents.values()])
    return found, arrays


class _Moves:
    """Where the values in a container come from, by identity."""

    __slots__ = ("taken", "where")

    def __init__(self, watched: list[_Watched], args: list[tuple[Any, Any]]) -> None:
        self.where: dict[int, list[tuple[str, Any, Any]]] = {}
        for place, x in args:
            if type(x) not in (int, bool, str, type(None)):
                self.where.setdefault(id(x), []).append(("arg", place, x))
        for w in watched:
            for slot, x in w.before.items():
                self.where.setdefault(id(x), []).append(("slot", (w.obj, slot), x))
        self.taken: set[tuple[int, Any]] = set()

    def origin(self, x: Any, preferred: tuple[Any, Any] | None = None) -> Any:
        """Where `x` was before: its own slot if it is still there, else one not yet found."""
        places = self.where.get(id(x), ())
        for how, place, _ in places:
            if how == "slot" and preferred is not None and place[0] is preferred[0]:
                if place[1] == preferred[1] and self._claim(place):
                    return how, place
        for how, place, _ in places:
            if how == "slot" and self._claim(place):
                return how, place
        for how, place, _ in places:
            if how == "arg":
                return how, place
        return None

    def _claim(self, place: tuple[Any, Any]) -> bool:
        key = (id(place[0]), place[1])
        if key in self.taken:
            return False
        self.taken.add(key)
        return True


def opaque(
    f: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    active: Any = None,
    active_kw: Any = None,
) -> tuple[Any, Any]:
    """Run `f`; the pullback raises if a cotangent would have to cross it."""
    given = list(args) if active is None else [x for x, a in zip(args, active, strict=True) if a]
    if active_kw is None:
        given += kwargs.values()
    else:
        given += [x for x, a in zip(kwargs.values(), active_kw, strict=True) if a]
    if not carries(f, *given):
        return f(*args, **kwargs), None
    watched, arrays = _watch([f, *args, *kwargs.values()])
    places = [*enumerate(args), *kwargs.items()]
    try:
        y = f(*args, **kwargs)
    except BaseException as error:
        if is_guarded():
            state.orphans.append(_after_error(f, error, watched, arrays, places))
        raise
    changed = [w for w in watched if not _same(w.before, _contents(w.obj))]
    moved = _moves(changed, _Moves(watched, places), y)
    written = [(x, ~_equal(x, old)) for x, old in arrays if x.shape == old.shape]
    written = [(x, where) for x, where in written if where.any()]
    reshaped = [x for x, old in arrays if x.shape != old.shape]
    is_alias = _is_alias(y, [*args, *kwargs.values()], watched)
    held_y = hold(y)

    def opaque_pullback(d: Any, acc: Any) -> Any:
        d_args: dict[Any, Any] = {}
        origin, containers_moved = moved
        taken = [(acc.take_slots(obj), obj, places) for obj, places in containers_moved]
        for slots, obj, places in taken:
            _move_back(acc, f, obj, slots, places, d_args)
        if origin is not None:
            _give(acc, origin, d, d_args)
            d = ZERO
        for x, where in written:
            _check_written(acc, f, x, where)
        for x in reshaped:
            if not item_cotangents.is_null(acc.peek(x)):
                raise mutation_error(f"{f} changed the shape of an array", "it is not reversible")
        if is_alias:
            if not item_cotangents.is_null(d):
                acc.add(y, d)
        elif not item_cotangents.is_null(take(acc, held_y, d)):
            raise no_adjoint(f, args)
        return (
            ZERO,
            tuple(d_args.get(i, ZERO) for i in range(len(args))),
            {name: d for name, d in d_args.items() if type(name) is str},
        )

    return y, opaque_pullback


def _after_error(
    f: Any, error: BaseException, watched: list[_Watched], arrays: list[Any], places: list[Any]
) -> Any:
    """Of a call that ended by an exception, which somebody catches."""
    changed = [w for w in watched if not _same(w.before, _contents(w.obj))]
    moves = _Moves(watched, places)
    _, moved = _moves(changed, moves, None)
    written = [(x, x.shape != old.shape or ~_equal(x, old)) for x, old in arrays]
    written = [(x, where) for x, where in written if np.any(where)]

    def error_pullback(d: Any, acc: Any) -> Any:
        d_args: dict[Any, Any] = {}
        for obj, slots in moved:
            _move_back(acc, f, obj, acc.take_slots(obj), slots, d_args)
        for x, where in written:
            _check_written(acc, f, x, where)
        if any(not item_cotangents.is_null(d_arg) for d_arg in d_args.values()):
            raise no_adjoint(f, (), "it ended by an exception, after it had moved values")
        return ()

    return error_pullback


def _same(before: dict[Any, Any], after: dict[Any, Any]) -> bool:
    return len(before) == len(after) and all(
        slot in before and before[slot] is x for slot, x in after.items()
    )


def _moves(changed: list[_Watched], moves: _Moves, y: Any) -> tuple[Any, list[Any]]:
    """Where the value of the call came from, and for each changed container its slots."""
    out = []
    for w in changed:
        places = {slot: moves.origin(x, (w.obj, slot)) for slot, x in _contents(w.obj).items()}
        out.append((w.obj, places))
    origin = None
    if isinstance(y, (float, complex, np.inexact)):
        origin = moves.origin(y)
    return origin, out


def _give(acc: Any, origin: Any, d: Any, d_args: dict[Any, Any]) -> None:
    how, place = origin
    if how == "arg":
        d_args[place] = add(d_args.get(place, ZERO), d)
    else:
        acc.add_slot(place[0], place[1], d)


def _move_back(acc: Any, f: Any, obj: Any, slots: Any, places: Any, d_args: dict[Any, Any]) -> None:
    for slot, d in slots.items():
        origin = places.get(slot)
        if origin is not None:
            _give(acc, origin, d, d_args)
        elif not item_cotangents.is_null(d):
            raise mutation_error(
                f"{getattr(f, '__name__', f)} wrote to a {type(obj).__name__}, and a cotangent "
                "reached what it wrote",
                "it has neither an adjoint rule nor Python source",
            )


def _check_written(acc: Any, f: Any, x: Any, where: Any) -> None:
    d = acc.take(x)
    if d is ZERO:
        return
    if np.any(d[where]):
        raise no_adjoint(f, (x,), "it wrote to an array that carries a derivative")
    acc.add(x, d)


def _equal(a: Any, b: Any) -> Any:
    same = a == b
    if a.dtype.kind in "fc":
        same = same | ((a != a) & (b != b))
    return np.asarray(same, bool)


def _is_alias(y: Any, args: list[Any], watched: list[_Watched]) -> bool:
    """Whether the value existed before the call: its cotangents are where they belong."""
    if isinstance(y, (float, int, complex, np.generic, str, tuple, type(None))):
        return False
    if isinstance(y, np.ndarray):
        owner = owner_of(y)
        reached = [*args, *(x for w in watched for x in w.before.values())]
        return any(isinstance(x, np.ndarray) and owner_of(x) is owner for x in reached)
    for x in args:
        if x is y:
            return True
        kind = kind_of(type(x))
        if kind.read is not None and any(held is y for held in kind.read(x).values()):
            return True
    return any(held is y for w in watched for held in w.before.values())
