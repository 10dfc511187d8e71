"""The short way into compiled code, for calls that look like one that was compiled before.

What a call costs besides the function's own work counts for small functions. `find` gets from a
function and its arguments to compiled code by one or two lookups, and checks all that this code
relies on: what `specialise` would compile again is never used. Everything else is left to
`dpy.specialise.forward_of`; whatever that finds may be remembered here.
"""

from __future__ import annotations

import sys
from types import CellType, FunctionType
from typing import Any

import numpy as np

from dpy import config, slots, structs
from dpy.adjoints import registry
from dpy.cotangent import ZERO
from dpy.kinds import is_number, kind_of
from dpy.leaves import real_gradient
from dpy.runtime import iteration
from dpy.runtime.accumulators import Accumulators
from dpy.specialise import MISSING, Specialisation, are_disjoint, cell_kind, counts, entries
from dpy.transform.emit import CELLS

__all__ = ["Entry", "find", "remember"]

_REALS = frozenset((float, int))
_HEAP_TYPE = 1 << 9  # of a class made by a class statement
_MOST_FUNCTIONS = 4096
_MOST_SIGNATURES = 32


def find(f: Any, args: tuple[Any, ...], active: tuple[bool, ...] | None = None) -> Entry | None:
    """The compiled code for this call, if it was remembered and is still right.

    `active` says which arguments are differentiated, None: all.
    """
    if type(f) is not FunctionType:
        return None
    known = entries.get(id(f.__code__))
    if known is None:
        return None
    key: Any = tuple(map(type, args))
    found = known.get(key if active is None else (active, key))
    if type(found) is dict:
        found = found.get(_signature(f, args))
    if found is None or not found.holds(f):
        return None
    if found.may_overlap and not are_disjoint(args):
        return None
    counts["hits"] += 1
    return found


def _signature(f: FunctionType, args: tuple[Any, ...]) -> Any:
    kinds = tuple([_token(x) for x in args])
    if f.__closure__ is None:
        return kinds
    try:
        return kinds, tuple([kind_of(cell.cell_contents) for cell in f.__closure__])
    except ValueError:  # an empty cell
        return None


_have_just_a_dict: dict[type, bool] = {}


def _token(x: Any) -> Any:
    """What tells the kind of a value: quicker to find than the kind, and at least as fine."""
    t = type(x)
    if t in _REALS:
        return t
    if t is np.ndarray:
        return x.dtype, x.ndim
    is_simple = _have_just_a_dict.get(t)
    if is_simple is None:
        if len(_have_just_a_dict) >= _MOST_FUNCTIONS:
            _have_just_a_dict.clear()
        is_simple = _have_just_a_dict[t] = _has_just_a_dict(t)
    if not is_simple:
        return kind_of(x)
    parts: list[Any] = [t]
    for name, value in object.__getattribute__(x, "__dict__").items():
        parts.append(name)
        held = type(value)
        if held in _REALS:
            parts.append(held)
        elif held is np.ndarray:
            parts.append((value.dtype, value.ndim))
        else:
            parts.append(kind_of(value, 1))
    return tuple(parts)


def _has_just_a_dict(cls: type) -> bool:
    """Whether `dpy.kinds.kind_of` looks at nothing but the ``__dict__`` of instances."""
    return (
        cls.__dictoffset__ != 0
        and cls.__module__ != "builtins"
        and cls.__base__ is not None
        and all("__slots__" not in c.__dict__ and _is_plain(c) for c in cls.__mro__[:-1])
    )


def _is_plain(cls: type) -> bool:
    return bool(cls.__flags__ & _HEAP_TYPE)


def remember(
    f: FunctionType,
    args: tuple[Any, ...],
    active: tuple[bool, ...] | None,
    specialisation: Specialisation,
) -> None:
    """Note the specialisation that a call with just positional arguments has led to."""
    code = f.__code__
    if len(args) != code.co_argcount or code.co_kwonlyargcount or code.co_flags & 0x0C:
        return  # defaults, *args, **kwargs
    overlap = specialisation.summary.written and not specialisation.is_for_distinct
    if overlap and not specialisation.summary.reads_heap:
        return  # the next arguments may be disjoint, and then there is better code
    if code.co_freevars and _signature(f, args) is None:
        return
    if len(entries) >= _MOST_FUNCTIONS:
        entries.clear()
    known = entries.get(id(code))
    if known is None:
        known = entries[id(code)] = {}
    key: Any = tuple(map(type, args))
    is_simple = not code.co_freevars and all(is_number(kind_of(x)) for x in args)
    if active is not None:
        key = (active, key)
    entry = Entry(f, args, specialisation)
    if is_simple:
        known[key] = entry
        return
    group = known.get(key)
    if group is None or len(group) >= _MOST_SIGNATURES:
        group = known[key] = {}
    group[_signature(f, args)] = entry


class Entry:
    """Compiled code for one signature of one code object, and all that it relies on."""

    __slots__ = (
        "_cells", "_codes", "_forward", "_kinds", "_template", "_values", "code", "globals",
        "is_isolated", "is_real", "may_overlap", "needs_acc", "settings", "specialisation",
        "version",
    )  # fmt: skip

    def __init__(self, f: FunctionType, args: tuple[Any, ...], found: Specialisation) -> None:
        self.code = f.__code__  # held, so that its identity stays its own
        self.globals = f.__globals__
        self.settings = config.current()
        self.version = registry.version()
        self.specialisation = found
        self.needs_acc = found.summary.needs_acc
        others = [x for x in args if not is_number(kind_of(x))]
        self.may_overlap = bool(found.summary.written) and found.is_for_distinct and len(others) > 1
        self.is_real = not self.needs_acc and all(type(x) in _REALS for x in args)
        self.is_isolated = found.is_isolated()
        guards = found.all_guards()
        self._values = tuple((m.get, key, value) for m, key, value in guards.entries.values())
        self._kinds = tuple((m.get, key, kind) for m, key, kind in guards.kinds.values())
        self._codes = tuple(guards.codes.values())
        self._cells = tuple(guards.cells.values())
        self._template = _template(f, found)
        self._forward: Any = None
        if f.__closure__ is None and f.__defaults__ is None and self._template is not None:
            self._forward = found.forward(f)

    def holds(self, f: FunctionType) -> bool:
        """Whether everything is as it was when the code was compiled."""
        if (
            self.version != registry.version()
            or f.__globals__ is not self.globals
            or config.current() is not self.settings
            or registry.has_rule(f)
        ):
            return False
        for get, key, value in self._values:
            if get(key, MISSING) is not value:
                return False
        for function, code, defaults, kwdefaults in self._codes:
            if (
                function.__code__ is not code
                or function.__defaults__ is not defaults
                or function.__kwdefaults__ is not kwdefaults
            ):
                return False
        for get, key, kind in self._kinds:
            if kind_of(get(key, MISSING)) != kind:
                return False
        return not self._cells or all(cell_kind(cell) == kind for cell, kind in self._cells)

    def forward(self, f: FunctionType) -> Any:
        """The compiled forward of `f`, bound to its cells and defaults."""
        if self._forward is not None and f.__defaults__ is None:
            return self._forward
        if self._template is None:
            return self.specialisation.forward(f)
        closure = f.__closure__
        emitted = self.specialisation.emitted()
        return FunctionType(
            emitted.code, self.globals, emitted.code.co_name, None,
            tuple([closure[c] if type(c) is int else c for c in self._template]),  # type: ignore[index]
        )  # fmt: skip

    def run(self, f: Any, args: tuple[Any, ...]) -> Any:
        """The pair of ``f(*args)`` and its pullback."""
        if self.is_isolated:
            return self.forward(f)(*args)
        outer = iteration.fresh_run()
        try:
            return self.forward(f)(*args)
        finally:
            iteration.end_run(outer)

    def gradients(
        self, pullback: Any, seed: Any, args: tuple[Any, ...], snapshot: Any
    ) -> tuple[Any, ...]:
        """The gradients of the arguments, as the user gets them."""
        acc = None
        if self.needs_acc:
            acc = Accumulators()
            ds = pullback(seed, acc)
        else:
            ds = pullback(seed)
        if acc is None or not (acc.arrays or acc.slots):
            if self.is_real:
                for d in ds:
                    if type(d) is not float:
                        return tuple([real_gradient(d, None, True) for d in ds])
                return ds
            if snapshot is None:
                totals = _totals(ds, args)
                if totals is not None:
                    return totals
            if acc is None:
                acc = Accumulators()
        held = acc.finish(args, ds, snapshot)
        del ds
        return structs.gradients(held, args, snapshot)


def _template(f: FunctionType, found: Specialisation) -> tuple[Any, ...] | None:
    """The closure of the compiled forward: cells, and positions of cells in the closure of `f`."""
    emitted = found.emitted()
    places: list[Any] = []
    own = f.__code__.co_freevars
    for name in emitted.code.co_freevars:
        if name == CELLS:
            return None
        cell = emitted.bound.get(name)
        places.append(cell if cell is not None else own.index(name))
    assert all(type(c) in (int, CellType) for c in places)
    return tuple(places)


# How many references a value has in `_total` and `_struct` that one container alone holds.
def _references(ds: tuple[Any, ...]) -> int:
    d = ds[0]
    return sys.getrefcount(d)


_alone = _references((np.zeros(1),))


def _totals(ds: tuple[Any, ...], xs: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The gradients of arguments that share nothing, without a walk; None where it needs one."""
    found = []
    seen: set[int] = set()
    for i in range(len(ds)):
        d = ds[i]
        x = xs[i]
        t = type(x)
        if t is float and type(d) is float:
            found.append(d)
            continue
        is_alone = sys.getrefcount(d) <= _alone
        kind = slots.kind_of(t)
        if kind.read is None:
            if t is np.ndarray and not _is_first(x, seen):
                return None
            found.append(kind.leaf(d, x, is_alone))
            continue
        whole = _struct(d, x, kind, is_alone, seen)
        if whole is None:
            return None
        found.append(whole)
    return tuple(found)


def _struct(d: Any, x: Any, kind: slots.Kind, is_alone: bool, seen: set[int]) -> Any:
    """The gradient of an object that holds just numbers and arrays, else None."""
    assert kind.read is not None
    if id(x) in seen:
        return None
    if type(d) is tuple:
        d = dict(enumerate(d))
    elif d is ZERO:
        d = {}
    elif type(d) is not dict:
        return None
    seen.add(id(x))
    values = kind.read(x)
    for slot, value in values.items():
        d_value = d.get(slot, ZERO)
        t = type(value)
        if t is float and type(d_value) is float:
            values[slot] = d_value
            continue
        is_own = is_alone and sys.getrefcount(d_value) <= _alone
        held = slots.kind_of(t)
        if held.read is not None or (t is np.ndarray and not _is_first(value, seen)):
            return None
        values[slot] = held.leaf(d_value, value, is_own)
    return kind.build(x, values)


def _is_first(x: np.ndarray, seen: set[int]) -> bool:
    """Whether the memory of an array is its own, and was not met before."""
    if x.base is not None or id(x) in seen:
        return False
    seen.add(id(x))
    return True
