"""What a call of code out of sight could write to: looked at before it, and again after it.

What such a call moves is followed by the identity of the objects moved; what it makes is new. A
value that was neither there before nor moved has no known origin.
"""

from __future__ import annotations

import collections
import functools
import gc
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from dpy.runtime.dict_keys import KeySlot, may_carry
from dpy.runtime.memory import owner_of
from dpy.slots import kind_of

__all__ = [
    "CACHED", "CALLERS", "Contents", "Moves", "Watch", "called_by", "is_inert", "is_service",
    "reachable_arrays",
]  # fmt: skip

_MOST_WATCHED = 2000
# Standard modules whose functions and objects serve a program: logs, locks, random numbers, files.
_SERVICES = frozenset({
    "_frozen_importlib", "_frozen_importlib_external", "_io", "_json", "_random", "_thread",
    "asyncio", "concurrent", "importlib", "io", "json", "locale", "logging",
    "multiprocessing", "os", "pathlib", "random", "re", "shutil", "socket", "string",
    "subprocess", "sys", "tempfile", "textwrap", "threading", "time", "traceback", "uuid",
    "warnings", "zipfile",
})  # fmt: skip
CACHED = type(functools.lru_cache(lambda: None))
# Objects that call functions which they do not show.
CALLERS = frozenset({type(functools.cmp_to_key(lambda a, b: 0)), CACHED, np.ufunc})
_INERT: tuple[Any, ...] = (
    str, bool, type(None), type, types.ModuleType, range, np.dtype, type(Ellipsis),
    type(NotImplemented), types.CodeType, type({}.keys()), np.ufunc,
)  # fmt: skip
# What is only a way to other values: nothing is written to it.
_WAYS = (types.FunctionType, tuple, frozenset, slice)
# Iterators that show what they read from to the garbage collector alone.
_ITERATORS = frozenset({
    type(iter([])), type(iter(())), type(reversed([])), type(iter({})), type(iter({}.values())),
    type(iter({}.items())), type(iter(set())), zip, enumerate, map, filter, reversed,
})  # fmt: skip


@functools.cache
def _random_types() -> tuple[type, ...]:
    return (
        np.random.Generator, np.random.RandomState, np.random.BitGenerator, np.random.SeedSequence,
    )  # fmt: skip


def is_inert(x: Any) -> bool:
    """Whether `x` is of a type that holds nothing with a derivative."""
    if isinstance(x, _INERT):
        return True
    # NumPy imports its random numbers when they are first used; dpy does not before that.
    return "numpy.random" in sys.modules and isinstance(x, _random_types())


def is_service(cls_or_function: Any) -> bool:
    """Whether a class or function belongs to a standard module that only serves a program."""
    module = getattr(cls_or_function, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] in _SERVICES


def called_by(x: Any) -> list[Any]:
    """The functions that an object calls, and what else it holds."""
    return [held for held in gc.get_referents(x) if type(held) is not dict]


class Contents:
    """A mutable container, with its contents before a call; none if the call has made it."""

    __slots__ = ("before", "obj")

    def __init__(self, obj: Any, before: dict[Any, Any]) -> None:
        self.obj = obj
        self.before = before

    def now(self) -> dict[Any, Any]:
        """What the container holds now."""
        return _read(self.obj)

    def is_same(self) -> bool:
        """Whether the container holds now what it held before."""
        after = self.now()
        return len(self.before) == len(after) and all(
            slot in self.before and self.before[slot] is x for slot, x in after.items()
        )


def _read(x: Any) -> dict[Any, Any]:
    if isinstance(x, dict):
        held = dict(dict.items(x))
        held.update({KeySlot(key): key for key in dict.keys(x) if may_carry(key)})
        return held
    if isinstance(x, (set, frozenset)):
        return {item: item for item in x}
    kind = kind_of(type(x))
    return {} if kind.read is None else kind.read(x)


def _reach(values: list[Any], known: dict[int, Any], most: int) -> Iterator[tuple[Any, Any]]:
    """What can be reached from the values, near things first: ``(array, None)`` and contents.

    All that is visited is noted in `known`, and what is there already is left out.
    """
    waiting = collections.deque(values)
    classes: set[type] = set()
    while waiting and most:
        x = waiting.popleft()
        t = type(x)
        if t is float or t is int or id(x) in known:
            continue
        cls = x if isinstance(x, type) else t
        if cls not in classes:
            classes.add(cls)
            waiting.extend(_captured_by(cls))
        if isinstance(x, np.ndarray):
            known[id(x)] = x
            yield x, None
        elif t in CALLERS or t in _ITERATORS:
            known[id(x)] = x
            waiting.extend(called_by(x) if t in CALLERS else gc.get_referents(x))
        elif t is memoryview or t is np.flatiter:
            waiting.append(x.obj if t is memoryview else x.base)
        elif not is_inert(x) and not is_service(t):
            if isinstance(x, (set, frozenset)) or kind_of(t).read is not None:
                known[id(x)] = x
                contents = _read(x)
                waiting.extend(contents.values())
                if not isinstance(x, _WAYS):
                    most -= 1
                    yield x, contents


def reachable_arrays(values: list[Any]) -> list[Any]:
    """The arrays that can be reached from the values."""
    return [x for x, contents in _reach(values, {}, _MOST_WATCHED) if contents is None]


def _captured_by(cls: type) -> list[Any]:
    """The methods of a class within a function: what they have captured can be reached."""
    if "<locals>" not in cls.__qualname__:
        return []
    found = []
    for c in cls.__mro__:
        for raw in c.__dict__.values():
            for f in (raw, getattr(raw, "__func__", None), getattr(raw, "fget", None)):
                if type(f) is types.FunctionType and f.__closure__:
                    found.append(f)
    return found


class Watch:
    """What a call could write to, as it is before it: containers and arrays.

    >>> xs, y = [1.0], 2.0
    >>> watch = Watch([xs])
    >>> xs.append([y])
    >>> changed, made, arrays = watch.changes(None)
    >>> [c.obj for c in changed], [c.obj for c in made]
    ([[1.0, [2.0]]], [[2.0]])
    """

    __slots__ = ("_is_whole", "_known", "_values", "arrays", "containers")

    def __init__(self, values: list[Any]) -> None:
        self.containers: list[Contents] = []
        self.arrays: list[tuple[Any, Any]] = []
        self._known: dict[int, Any] = {}
        self._values = values
        for x, contents in _reach(values, self._known, _MOST_WATCHED):
            if contents is None:
                self.arrays.append((x, x.copy()))
            else:
                self.containers.append(Contents(x, contents))
        self._is_whole = len(self.containers) < _MOST_WATCHED

    def changes(self, y: Any) -> tuple[list[Contents], list[Contents], list[Any]]:
        """The containers that the call has changed, and the containers and arrays that it made.

        `y` is the call's value.
        """
        changed = [c for c in self.containers if not c.is_same()]
        owners = {id(owner_of(x)) for x, _ in self.arrays}
        left = [x for c in changed for x in _read(c.obj).values()]
        made: list[Contents] = []
        arrays: list[Any] = []
        for x, contents in _reach([y, *left], self._known, _MOST_WATCHED):
            if contents is not None:
                made.append(Contents(x, {}))
            elif id(owner_of(x)) not in owners:
                arrays.append(x)
        if len(made) == _MOST_WATCHED:
            self._is_whole = False
            self._values = [*self._values, y, *left]
        return changed, made, arrays

    def unwatched(self, acc: Any) -> bool:
        """Whether cotangents are held for what was too much to be watched."""
        if self._is_whole or not (acc.slots or acc.arrays):
            return False
        known = self._known
        return any(
            id(owner_of(x)) in acc.arrays if contents is None else id(x) in acc.slots
            for x, contents in _reach(self._values, {}, sys.maxsize)
            if id(x) not in known
        )


class Moves:
    """Where the values in a container come from, by identity."""

    __slots__ = ("taken", "where")

    def __init__(self, watched: list[Contents], args: list[tuple[Any, Any]]) -> None:
        self.where: dict[int, list[tuple[str, Any, Any]]] = {}
        for place, x in args:
            if type(x) not in (int, bool, str, type(None)):
                self.where.setdefault(id(x), []).append(("arg", place, x))
        for w in watched:
            for slot, x in w.before.items():
                self.where.setdefault(id(x), []).append(("slot", (w.obj, slot), x))
        self.taken: set[tuple[int, Any]] = set()

    def origins(self, c: Contents) -> dict[Any, Any]:
        """For each slot of a changed container, where its value was before, or None."""
        return {slot: self.origin(x, (c.obj, slot)) for slot, x in _read(c.obj).items()}

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
        return places[0][:2] if len(places) == 1 else None  # stored twice, or not known

    def _claim(self, place: tuple[Any, Any]) -> bool:
        key = (id(place[0]), place[1])
        if key in self.taken:
            return False
        self.taken.add(key)
        return True
