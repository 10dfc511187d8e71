"""The tape of a function that cannot be given an adjoint of its own (see `dpy.transform.taped`).

An entry is the pullback of one operation with the keys of its operands and its line. A key is the
place of the entry that made the value: there the sweep gathers the value's cotangent, as far as
that travels by value (the *remainder*; what belongs to mutable objects is in the accumulators).

Where an exception may be caught, nothing that ran before it must be lost: a function that was left
by an exception hands its tape to whoever catches it. These tapes wait in `state.orphans`, from the
call on that makes them. When the operation that made them completes, its own pullback takes care
of them, and they are dropped.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add, is_zero
from dpy.errors import NotDifferentiableError
from dpy.runtime import sources
from dpy.runtime.attempts import Thrown, interrupted, is_guarded, state
from dpy.runtime.conversions import truth
from dpy.runtime.dispatch import dispatch
from dpy.runtime.failures import STANDS_FOR
from dpy.runtime.fresh import alone, leave, named
from dpy.runtime.hidden import hide_text, show_text
from dpy.runtime.operations import OPERATIONS, read_cell, read_global
from dpy.runtime.special_methods import user_method
from dpy.runtime.starred_calls import call_spread
from dpy.transform.ir import Home
from dpy.transform.places import Spot, show_in_traceback

__all__ = [
    "Sweep", "Tape", "Thrown", "is_called_directly", "is_guarded", "run_guarded", "state",
]  # fmt: skip

# Values of these types never have a cotangent, wherever they were read.
_CONSTANT = frozenset({
    types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type, bool, str, bytes,
    type(None), np.ufunc, type(np.sum),
})  # fmt: skip


# Numbers whose arithmetic needs no further look.
_NUMBERS = frozenset({float, int})

# Operations that may call a method of the user's, and hand on its result as it is.
_OPERATORS = frozenset((
    "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift neg pos invert "
    "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift "
    "getitem setitem delitem lt le gt ge eq ne contains"
).split())  # fmt: skip

# In place of a callee: the method of the user's that an operator stands for.
OPERATOR = object()


def is_called_directly(function: Any) -> bool:
    """Whether this call of a function is the one that a taped function makes."""
    callee, state.callee = state.callee, None
    if callee is OPERATOR:
        return True
    while callee is not None and callee is not function:
        if type(callee) is types.MethodType:
            callee = callee.__func__
        elif type(callee) is functools.partial:
            callee = callee.func
        elif isinstance(callee, type):
            found = callee.__init__, callee.__new__  # type: ignore[misc]
            return function in found and callee is not type
        elif isinstance(callee, (types.FunctionType, types.BuiltinFunctionType)):
            return False
        else:
            callee = user_method(type(callee), "__call__")
    return callee is function


def run_guarded(run: Callable[[], tuple[Any, Any]], is_direct: bool) -> tuple[Any, Any]:
    """A call on a tape of its own; if `is_direct`, an exception comes as `Thrown`."""
    orphans = state.orphans
    base = len(orphans)
    try:
        return run()
    except BaseException as error:
        if not is_direct or len(orphans) <= base:
            raise
        own: Tape = orphans[base].__self__  # type: ignore[attr-defined]
        own.adopt(base + 1)
        del orphans[base:]
        return Thrown(error), lambda d, acc: own.pullback(None, ZERO, acc)


class Sweep:
    """One reverse sweep over a tape: how far it has come, and the cotangents on the way."""

    __slots__ = ("found", "place")

    def __init__(self, place: int) -> None:
        self.place = place
        self.found: dict[int, Any] = {}

    def give(self, key: int | None, d: Any) -> None:
        """Add to the cotangent of the value with this key."""
        if key is not None and d is not ZERO and d is not None:
            known = self.found.get(key)
            self.found[key] = d if known is None else add(known, d)


class Tape:
    """The operations of one call, in the order in which they ran."""

    __slots__ = ("_base", "_here", "entries", "home", "is_running", "keywords", "parameters")

    def __init__(self, home: Home, is_of_generator: bool = False) -> None:
        self.home = home  # the function
        self.is_running = not is_of_generator
        # (pullback, (key, ..., line)); of calls with the names of keyword arguments; of arithmetic
        # (None, (key, key, line), partial, partial); of parameters (None, ()).
        self.entries: list[tuple[Any, ...]] = []
        self.parameters: list[int] = []
        self.keywords: dict[int, Any] = {}  # by key: the dict of a ``**`` parameter
        here = self._here = state.__dict__  # of this thread
        orphans = here["orphans"]
        if here["depth"] and not is_of_generator:
            orphans.append(self.abandoned)
        self._base = len(orphans)

    # --- the forward ------------------------------------------------------------------------------

    def parameter(self, value: Any) -> int:
        """The key of the next parameter."""
        key = len(self.entries)
        self.entries.append((None, ()))
        self.parameters.append(key)
        return key

    def keywords_parameter(self, value: dict[str, Any]) -> int:
        """The key of a ``**`` parameter."""
        key = self.parameter(value)
        self.keywords[key] = value
        return key

    def sent(self) -> int:
        """The key of a value that the consumer of a generator sends."""
        self.entries.append((None, ()))
        return len(self.entries) - 1

    def start_segment(self) -> int:
        """The generator goes on: the place on the tape."""
        self._here = state.__dict__
        self._base = len(state.orphans)
        return len(self.entries)

    def call(
        self, active: tuple[bool, ...], keys: tuple[Any, ...], f: Any, /, *args: Any, **kwargs: Any
    ) -> tuple[Any, Any]:
        """``f(*args, **kwargs)``: its value and key; `active` and `keys` as of `call_`."""
        here = self._here
        if here["depth"]:
            here["callee"] = f
        n = len(args) + 1
        y, pb = dispatch(f, args, kwargs, active[1:n], active[n:])
        if type(y) is str and all(key is None for key in keys[:-1]):
            show_text(y, (*args, *kwargs.values()))  # its operands carry nothing after all
        self._settle(here)
        if pb is None:
            return y, None
        entries = self.entries
        entries.append((pb, keys, tuple(kwargs)))
        if type(y) is Thrown:
            raise y.error
        return y, len(entries) - 1

    def call_spread(
        self, active: tuple[bool, ...], keys: tuple[Any, ...], layout: Any, f: Any, *operands: Any
    ) -> tuple[Any, Any]:
        """A call with ``*`` or ``**`` operands."""
        here = self._here
        if here["depth"]:
            here["callee"] = f
        return self.note(call_spread(active, layout, f, *operands), keys)

    def operate(self, name: str, keys: tuple[Any, ...], /, *args: Any) -> tuple[Any, Any]:
        """The value and key of the operation `name` of the IR."""
        here = self._here
        if here["depth"] and name in _OPERATORS:
            here["callee"] = OPERATOR
        y, pb = OPERATIONS[name](*args)
        if type(y) is str:
            # An index only chooses; what a text was made of is known of the text itself.
            is_of_active = any(key is not None for key in keys[:-1])
            is_of_active = is_of_active and not (name == "getitem" and type(args[0]) is str)
            hide_text(y, args, is_of_active=is_of_active)
        self._settle(here)
        if pb is None:
            return y, None
        entries = self.entries
        entries.append((pb, keys))
        if type(y) is Thrown:
            raise y.error
        return y, len(entries) - 1

    def note(self, made: tuple[Any, Any], keys: tuple[Any, ...]) -> tuple[Any, Any]:
        """The value of an operation and its key; its pullback goes on the tape."""
        self._settle(self._here)
        y, pb = made
        entries = self.entries
        entries.append((pb, keys))
        if type(y) is Thrown:
            raise y.error
        return y, len(entries) - 1

    def _settle(self, here: dict[str, Any]) -> None:
        """An operation has completed: it takes care itself of what ran within."""
        here["callee"] = None
        orphans = here["orphans"]
        if len(orphans) > self._base:
            del orphans[self._base :]

    # The arithmetic of numbers: an entry has the partial derivatives.

    def add(self, keys: tuple[Any, ...], a: Any, b: Any) -> tuple[Any, Any]:
        """``a + b``."""
        if type(a) in _NUMBERS and type(b) in _NUMBERS:
            self.entries.append((None, keys, 1.0, 1.0))
            return a + b, len(self.entries) - 1
        return self.operate("add", keys, a, b)

    def sub(self, keys: tuple[Any, ...], a: Any, b: Any) -> tuple[Any, Any]:
        """``a - b``."""
        if type(a) in _NUMBERS and type(b) in _NUMBERS:
            self.entries.append((None, keys, 1.0, -1.0))
            return a - b, len(self.entries) - 1
        return self.operate("sub", keys, a, b)

    def mul(self, keys: tuple[Any, ...], a: Any, b: Any) -> tuple[Any, Any]:
        """``a * b``."""
        if type(a) in _NUMBERS and type(b) in _NUMBERS:
            self.entries.append((None, keys, b, a))
            return a * b, len(self.entries) - 1
        return self.operate("mul", keys, a, b)

    def getattr(self, keys: tuple[Any, ...], owner: Any, name: str) -> tuple[Any, Any]:
        """``owner.name``."""
        if type(owner) is types.ModuleType:
            y = getattr(owner, name)
            if type(y) in _CONSTANT:
                return y, None
        return self.operate("getattr", keys, owner, name)

    def truth(self, keys: tuple[Any, int], x: Any) -> bool:
        """``bool(x)``, for a test."""
        if type(x) is bool:
            return x
        y, pb = truth(x)
        if pb is not None:
            self._settle(self._here)
            self.entries.append((lambda d, acc: (pb(d, acc),), keys))
        return bool(y)

    def read_global(self, name: str, globals_: Any, value: Any) -> tuple[Any, Any]:
        """The value of a global."""
        if type(value) in _CONSTANT:
            return value, None
        return self.note(read_global(name, globals_, value), ())

    def read_cell(self, cell: Any, value: Any) -> tuple[Any, Any]:
        """The value of a captured variable."""
        if type(value) in _CONSTANT:
            return value, None
        return self.note(read_cell(cell, value), ())

    def items(
        self, iterable: Any, keys: tuple[Any, int], is_fresh: bool = False
    ) -> Iterator[tuple[Any, Any]]:
        """The items of a ``for`` loop with their keys."""
        if type(iterable) is range:
            return ((i, None) for i in iterable)
        is_alone = is_fresh and alone(iterable)
        part = sources.Part(iterable)
        self.entries.append((_remainder(part), keys))
        items = self._items(part, keys[-1:])
        return named(self._last_items(part, items, keys[-1:]), iterable) if is_alone else items

    def _last_items(
        self, part: sources.Part, items: Iterator[Any], line: tuple[int]
    ) -> Generator[tuple[Any, Any], None, None]:
        """The items of a generator that dies with the loop."""
        try:
            yield from items
        finally:
            try:
                leave(part)
            finally:
                if part.is_last:
                    self.entries.append((_ending(part), line))

    def _items(self, part: sources.Part, line: tuple[int]) -> Iterator[tuple[Any, Any]]:
        items = enumerate(part.iterable)
        while True:
            base = len(state.orphans)
            try:
                k, item = next(items)
            except StopIteration:
                break
            except BaseException:
                interrupted(base, part.give_extra)
                raise
            yield self.note((item, _giving(part, k)), line)
        self.entries.append((_ending(part), line))

    def delegate(self, source: Any, keys: tuple[Any, int]) -> Iterator[Any]:
        """``yield from source``."""
        from dpy.runtime.generators import delegate

        return delegate(self, source, keys)

    # --- exceptions -------------------------------------------------------------------------------

    def enter(self) -> None:
        """A ``try`` body starts."""
        state.depth += 1

    def leave(self) -> None:
        """It has ended."""
        if self.is_running:  # not a generator that is dropped where it waits
            state.depth -= 1

    def recover(self) -> None:
        """It has ended, maybe by an exception: what was done before is not lost."""
        if self.is_running:
            state.depth -= 1
            self.adopt(self._base)

    def adopt(self, base: int) -> None:
        """Take in the tapes that an exception has left behind."""
        orphans = state.orphans
        for pb in orphans[base:]:
            self.entries.append((pb, ()))
        del orphans[base:]

    def abandoned(self, d: Any, acc: Any) -> tuple[()]:
        """The pullback of a call that an exception has ended, made by code out of sight."""
        sweep = Sweep(len(self.entries))
        self.sweep(acc, sweep)
        if not all(map(is_zero, self.of_parameters(sweep, acc))):
            raise NotDifferentiableError(
                "a cotangent would have to pass through a call that ended by an exception",
                why="the call was made by the runtime (an operator, a property, a callback), and "
                "what it did before with its arguments has an influence on the result",
                repair="call the function directly within the `try` statement",
            )
        return ()

    # --- the reverse ------------------------------------------------------------------------------

    def sweep(self, acc: Any, sweep: Sweep, stop: int = 0) -> None:
        """Go back to the place `stop`."""
        entries, found = self.entries, sweep.found
        place = sweep.place
        try:
            for place in range(sweep.place - 1, stop - 1, -1):
                entry = entries[place]
                pb, keys = entry[0], entry[1]
                if pb is None:
                    d = found.pop(place, None)
                    if d is not None and keys:  # arithmetic; else a parameter
                        first, second, _ = keys
                        if first is not None:
                            known, d_key = found.get(first), d * entry[2]
                            found[first] = d_key if known is None else known + d_key
                        if second is not None:
                            known, d_key = found.get(second), d * entry[3]
                            found[second] = d_key if known is None else known + d_key
                    elif d is not None:
                        found[place] = d
                    continue
                d = found.pop(place, ZERO)
                if len(entry) == 2:
                    ds = pb(d, acc)
                else:
                    d_f, d_args, d_kwargs = pb(d, acc)
                    ds = (d_f, *d_args, *[d_kwargs.get(name, ZERO) for name in entry[2]])
                for key, d in zip(keys[:-1], ds, strict=True):
                    if key is not None and d is not ZERO and d is not None:
                        known = found.get(key)
                        found[key] = d if known is None else add(known, d)
        except BaseException as error:
            spot = self.spot(place)
            if spot is not None:
                show_in_traceback(error, spot)
            raise
        sweep.place = stop

    def spot(self, place: int) -> Spot | None:
        """The line of the program that made an entry, if it is known."""
        keys = self.entries[place][1] if place < len(self.entries) else ()
        if not keys:
            return None
        source = self.home.source
        return Spot(source.filename, keys[-1], source.code.co_name, self.home)

    def pullback(self, key: int | None, d: Any, acc: Any) -> tuple[Any, ...]:
        """The cotangents of the parameters for the cotangent `d` of the value with this key."""
        sweep = Sweep(len(self.entries))
        sweep.give(key, d)
        self.sweep(acc, sweep)
        return self.of_parameters(sweep, acc)

    def of_parameters(self, sweep: Sweep, acc: Any) -> tuple[Any, ...]:
        """What a sweep has found for the parameters."""
        for key, value in self.keywords.items():
            sweep.give(key, acc.take_slots(value) or ZERO)
        return tuple([sweep.found.get(key, ZERO) for key in self.parameters])


def _spot_of_sweep(frame: types.FrameType) -> Spot | None:
    local = frame.f_locals
    own: Tape = local["self"]
    return own.spot(local["place"])


STANDS_FOR[Tape.sweep.__code__] = _spot_of_sweep


def _remainder(part: sources.Part) -> Callable[[Any, Any], tuple[Any, ...]]:
    return lambda d, acc: (part.remainder(acc),)


def _ending(part: sources.Part) -> Callable[[Any, Any], tuple[()]]:
    def end(d: Any, acc: Any) -> tuple[()]:
        part.end(acc)
        return ()

    return end


def _giving(part: sources.Part, k: int) -> Callable[[Any, Any], tuple[()]]:
    def give_back(d: Any, acc: Any) -> tuple[()]:
        part.give(acc, k, d)
        return ()

    return give_back
