"""Calls of functions with neither rule nor source: C functions, and what serves a program.

Such a function is run as it is. An error is due only when a cotangent arrives that would have to
cross it. What merely moves references (a heap, ``bisect.insort``, ``random.shuffle``) is followed
by the identity of the objects moved.
"""

from __future__ import annotations

import functools
import os
import types
from typing import Any

import numpy as np

from dpy import leaves
from dpy.config import current
from dpy.cotangent import ZERO, add
from dpy.frames import seen_from_outside
from dpy.runtime import item_cotangents
from dpy.runtime.attempts import is_guarded, state
from dpy.runtime.dict_keys import may_carry
from dpy.runtime.failures import mutation_error, no_adjoint
from dpy.runtime.forward_run import run
from dpy.runtime.held import hold, take
from dpy.runtime.hidden import hide_kept, hide_made
from dpy.runtime.memory import owner_of
from dpy.runtime.watch import CACHED, Contents, Moves, Watch, called_by, is_inert, is_service
from dpy.slots import kind_of

__all__ = ["Way", "carries", "is_drawing", "is_of_library", "is_service", "opaque", "refuse_shown"]

_MOST_VISITED = 2000


@functools.cache
def _libraries() -> tuple[str, ...]:
    import sysconfig

    paths = sysconfig.get_paths()
    return tuple([paths[name] + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")])


def is_of_library(f: Any) -> bool:
    """Whether a Python function is of the standard library or an installed package."""
    return bool(f.__code__.co_filename.startswith(("<frozen ", *_libraries())))


def carries(*values: Any) -> bool:
    """Whether anything that could have a cotangent can be reached from the values."""
    seen: set[int] = set()
    hidden = run.hidden
    stack = list(values)
    while stack:
        x = stack.pop()
        t = type(x)
        if t is float or t is int or t is complex or id(x) in hidden:
            return True
        if t is np.ufunc:  # of `np.frompyfunc`
            stack.extend(called_by(x))
            continue
        if is_inert(x) or is_service(t):
            continue
        if t is types.FunctionType or t is types.BuiltinFunctionType:
            if is_service(x):
                continue
        elif t is types.MethodType and is_service(type(x.__self__)):
            if id(x.__self__) in hidden:
                return True
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
        elif t is CACHED or t.__module__ == "dpy.api":  # what `grad` returns
            stack.append(x.__wrapped__)
        elif kind.read is not None:
            if not kind.is_whole:
                return True
            stack.extend(kind.read(x).values())
            if isinstance(x, dict) and any(map(may_carry, x)):
                return True
        elif kind.leaf is not leaves.no_gradient or t.__module__ not in ("enum", "builtins"):
            return True  # a number, or an object that keeps its contents to itself
        elif t.__name__ not in ("object", "staticmethod", "classmethod", "method_descriptor",
                                "wrapper_descriptor", "property", "mappingproxy"):  # fmt: skip
            return True  # an iterator, a generator, a memoryview
    return False


# Methods of `random.Random` that set its state.
_OF_STATE = frozenset({"__init__", "__new__", "seed", "getstate", "setstate"})
_IDLE = (int, str, bytes, type(None))


def is_drawing(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a function of `random` makes a random number, or a choice, of what it is given.

    It is Python code, and what it draws is a constant: ``uniform(a, b)`` has derivatives.
    """
    if f.__module__ != "random" or f.__name__ in _OF_STATE:
        return False
    given = (*args, *kwargs.values())
    return any(not isinstance(x, _IDLE) and not is_service(type(x)) for x in given)


def _of_function(f: Any) -> list[Any]:
    """What a function holds; the numbers that are defaults of a top-level one are constants."""
    held = list(kind_of(types.FunctionType).read(f).values())  # type: ignore[misc]
    if "<locals>" in f.__qualname__:
        return held
    return [x for x in held if type(x) not in (int, float, complex)]


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
        return _run(f, args, kwargs), None
    watch = Watch([f, *args, *kwargs.values()])
    places = [*enumerate(args), *kwargs.items()]
    try:
        y = _run(f, args, kwargs)
    except BaseException:
        if is_guarded():
            state.orphans.append(Way(f, watch, places, None).after_error)
        raise
    hide_kept(getattr(f, "__self__", None), *args, *kwargs.values())
    hide_made(y)
    way = Way(f, watch, places, y)
    is_alias = _is_alias(y, [*args, *kwargs.values()], watch.containers)
    held_y = hold(y)

    def opaque_pullback(d: Any, acc: Any) -> Any:
        d_args: dict[Any, Any] = {}
        d = way.back(acc, d, d_args)
        if is_alias:
            if not item_cotangents.is_null(d):
                acc.add(y, d)
        elif way.origin is not None:
            pass  # it was there before, and what it holds has its own
        elif not item_cotangents.is_null(take(acc, held_y, d)) or _has_left(acc, y):
            raise no_adjoint(f, args)
        return (
            ZERO,
            tuple(d_args.get(i, ZERO) for i in range(len(args))),
            {name: d for name, d in d_args.items() if type(name) is str},
        )

    return y, opaque_pullback


def _run(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    y = seen_from_outside(f)(*args, **kwargs)
    if current().check_finite:
        from dpy.runtime import finiteness

        finiteness.expect_finite_call(None, y, f, *args, **kwargs)
    return y


class Way:
    """The way back over a call: by identity, for what it moved; an error for what it computed."""

    def __init__(self, f: Any, watch: Watch, places: list[Any], y: Any) -> None:
        self.f = f
        self.args = tuple([x for place, x in places if type(place) is int])
        self.watch = watch
        changed, made, self.made_arrays = watch.changes(y)
        moves = Moves(watch.containers, places)
        self.changed = [(c.obj, moves.origins(c)) for c in changed]
        self.made = [(c.obj, moves.origins(c)) for c in made]
        is_by_value = isinstance(y, (float, complex, np.inexact, tuple))
        self.origin = moves.origin(y) if is_by_value else None
        self.reshaped = [x for x, old in watch.arrays if x.shape != old.shape]
        written = [(x, ~_equal(x, old)) for x, old in watch.arrays if x.shape == old.shape]
        self.written = [(x, where) for x, where in written if where.any()]
        self.shown = _shown(y, [x for x, _ in watch.arrays])

    @property
    def changes_anything(self) -> bool:
        """Whether the call has written to anything that was there before."""
        return bool(self.changed or self.written or self.reshaped)

    def back(self, acc: Any, d: Any, d_args: dict[Any, Any]) -> Any:
        """Give back what was moved; what remains of the cotangent `d` of the value."""
        taken = [(acc.take_slots(obj), obj, places) for obj, places in self.changed]
        for obj, places in self.made:
            slots = acc.take_slots(obj)
            if _has_no_origin(slots, places):
                raise no_adjoint(self.f, self.args)
            _move_back(acc, self.f, obj, slots, places, d_args)
        for slots, obj, places in taken:
            _move_back(acc, self.f, obj, slots, places, d_args)
        if self.origin is not None:
            _give(acc, self.origin, d, d_args)
            d = ZERO
        for x, where in self.written:
            _check_written(acc, self.f, x, where)
        for x in self.reshaped:
            if not item_cotangents.is_null(acc.peek(x)):
                raise mutation_error(
                    f"{self.f} changed the shape of an array", "it is not reversible"
                )
        for x in self.shown:
            refuse_shown(acc, x)
        if any(not item_cotangents.is_null(acc.take(x)) for x in self.made_arrays):
            raise no_adjoint(self.f, self.args)
        if self.watch.unwatched(acc):
            raise no_adjoint(self.f, self.args, "it was given more objects than can be watched")
        return d

    def after_error(self, d: Any, acc: Any) -> Any:
        """The pullback of a call that ended by an exception, which somebody catches."""
        d_args: dict[Any, Any] = {}
        self.back(acc, ZERO, d_args)
        if any(not item_cotangents.is_null(d_arg) for d_arg in d_args.values()):
            raise no_adjoint(
                self.f, self.args, "it ended by an exception, after it had moved values"
            )
        return ()


def _has_left(acc: Any, y: Any) -> bool:
    """Whether cotangents are held for attributes of what the call made, which are kept in C."""
    return kind_of(type(y)).read is None and not item_cotangents.is_null(acc.take_slots(y))


def _give(acc: Any, origin: Any, d: Any, d_args: dict[Any, Any]) -> None:
    how, place = origin
    if how == "arg":
        d_args[place] = add(d_args.get(place, ZERO), d)
    else:
        acc.add_slot(place[0], place[1], d)


def _has_no_origin(slots: Any, places: Any) -> bool:
    return any(
        places.get(slot) is None and not item_cotangents.is_null(d) for slot, d in slots.items()
    )


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
    if not item_cotangents.is_null(d[where]):
        raise no_adjoint(f, (x,), "it wrote to an array that carries a derivative")
    acc.add(x, d)


def _shown(y: Any, arrays: list[Any]) -> list[Any]:
    """Those of the arrays whose memory can be written to through `y`, which is no array."""
    if not arrays or y is None or isinstance(y, (np.ndarray, np.generic, str, int, float, list)):
        return []
    if isinstance(y, memoryview) and isinstance(y.obj, np.ndarray):
        return []  # what is written there is seen: see `stand_ins`
    try:
        memory = np.frombuffer(y, np.uint8)
    except (TypeError, ValueError, BufferError):  # it shows none, or not in one piece
        return []
    if not memory.flags.writeable:
        return []
    return [x for x in arrays if np.may_share_memory(x, memory)]


def refuse_shown(acc: Any, x: Any) -> Any:
    """An array that others could write to from here on, unseen, has no gradient."""
    if not item_cotangents.is_null(acc.peek(x)):
        raise mutation_error(
            "the memory of an array was given away, and a cotangent reached the array",
            "what is written there by other means than the array is not seen",
            "hand over a copy of the array, or stop the gradient with dpy.stop_gradient",
        )
    return ZERO


def _equal(a: Any, b: Any) -> Any:
    same = a == b
    if a.dtype.kind in "fc":
        same = same | ((a != a) & (b != b))
    return np.asarray(same, bool)


def _is_alias(y: Any, args: list[Any], watched: list[Contents]) -> bool:
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
