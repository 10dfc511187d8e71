"""Generators of the user's that run on a tape.

Between two items a generator runs a segment of its body. The item goes to its consumer with the
place on the tape where the segment ended; when the reverse sweep comes back to the consumption of
the item, the generator's own sweep goes back over the segment.
"""

from __future__ import annotations

import gc
import types
from collections.abc import Callable, Generator
from typing import Any

from dpy.cotangent import ZERO
from dpy.errors import NotDifferentiableError, Place, UnsupportedSyntaxError
from dpy.runtime import entries, item_cotangents, iterators, sources
from dpy.runtime.item_cotangents import is_null
from dpy.runtime.tape import Sweep, Tape, state

__all__ = ["TapedGenerator", "delegate"]

# What refers to a generator because it has run, and not because the program keeps it.
_HELD_BY_RUNS = (
    types.CellType, types.FrameType, types.MethodType, types.FunctionType, tuple,
    types.GeneratorType,
)  # fmt: skip


class _OfTaped(sources.Lazy):
    """The items of a generator."""

    def __init__(self, generator: TapedGenerator) -> None:
        super().__init__(generator, [])
        self.is_kept = True

    @property
    def ended_by(self) -> Any:  # of all that read this generator
        """Who read it to its end."""
        return self.iterable.ended_by

    @ended_by.setter
    def ended_by(self, who: Any) -> None:
        if who is not None:
            self.iterable.ended_by = who

    def mark(self) -> int:
        return self.iterable.count - 1  # the program may have read items in other ways

    def give(self, acc: Any, k: int, d: Any) -> None:
        self.iterable.back_to(acc, k, d)

    def give_end(self, acc: Any) -> None:
        if self.iterable.has_ended_by_itself:
            self.iterable.back_from_end(acc, ZERO)


class TapedGenerator(Generator[Any, Any, Any]):
    """What a differentiated generator function returns: to the program, a generator."""

    died_at: int | None = None  # the place on its tape where it began to die with a loop

    def __init__(self, inner: Any, function: Any, count: int, tape: Tape, cleans_up: bool) -> None:
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__
        self._depth = 0  # of `try` bodies in which it waits
        self._inner = inner
        self._code = function.__code__
        self._cleans_up = cleans_up  # where it is left in the middle, code of its own runs
        self._count = count  # of parameters
        self._tape = tape
        self._is_started = self._is_closed = False
        self.ended_by: Any = None  # of those that read it
        # Of each item: the places where its segment began and ended, and its key.
        self._segments: list[tuple[int, int, Any]] = []
        self._sweeps: dict[int, tuple[Any, Sweep]] = {}
        # Where the last segment began, the key of the result, and whether it ended by itself.
        self._result: tuple[int, Any, bool] | None = None

    def __repr__(self) -> str:
        return f"<generator object {self.__qualname__} at {id(self):#x}>"

    @property
    def count(self) -> int:
        """How many items it has given."""
        return len(self._segments)

    @property
    def has_ended_by_itself(self) -> bool:
        """Whether the last segment ran to the end of the body."""
        return self._result is not None and self._result[2]

    # --- running ----------------------------------------------------------------------------------

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        """Run to the next ``yield``, which gives `value` to the generator."""
        return self.send_with_key(value)[0]

    def send_with_key(self, value: Any) -> tuple[Any, int | None]:
        """`send`, and the key under which the sweep finds the cotangent of `value`."""
        if not self._is_started:
            if value is not None:
                raise TypeError("can't send non-None value to a just-started generator")
            self._is_started = True
            next(self._inner)
            return self._resume(self._inner.send, self._tape), None
        key = None if value is None else self._tape.sent()
        return self._resume(self._inner.send, (value, key)), key

    def throw(self, *error: Any) -> Any:
        """Throw an exception where the generator waits."""
        self._is_started = True
        return self._resume(self._inner.throw, *error)

    def close(self) -> None:
        """Let the generator end where it waits."""
        self.close_here()

    def close_here(self) -> int:
        """`close`; the place on the tape where that began."""
        start = len(self._tape.entries)
        self._is_started = True
        self._resume(self._inner.close)
        self._is_closed = True
        return start

    @property
    def waits(self) -> bool:
        """Whether it has begun and not ended."""
        return self._is_started and not (self._is_closed or self._result is not None)

    def die(self) -> None:
        """What Python does when nobody holds it any more.

        An exception from here cannot be caught: the interpreter writes it to stderr.
        """
        start, base = len(self._tape.entries), len(state.orphans)
        try:
            self.close_here()
        except BaseException:
            del state.orphans[base:]
            raise
        finally:
            self._is_closed = True
            self.died_at = start

    def _resume(self, step: Any, *args: Any) -> Any:
        tape = self._tape
        start, outer, base = tape.start_segment(), state.depth, len(state.orphans)
        state.depth += self._depth
        tape.is_running = True
        try:
            found = step(*args)
        except BaseException as error:
            tape.adopt(base)
            key, ended = None, error
            if isinstance(error, StopIteration) and type(error.value) is tuple:
                value, key = error.value
                ended = StopIteration(value)
            if self._result is None:
                self._result = start, key, isinstance(error, StopIteration)
            if outer:
                state.orphans.append(self._end_pullback(ended))
            if ended is not error:
                raise ended from None
            raise
        finally:
            tape.is_running = False
            self._depth = state.depth - outer
            state.depth = outer
        if found is None:  # of `close`
            return None
        y, key = found
        self._segments.append((start, len(tape.entries), key))
        return y

    def _end_pullback(self, error: BaseException) -> Any:
        """Of the segment that ended without an item, for whoever catches the exception."""

        def end_pullback(d: Any, acc: Any) -> tuple[()]:
            value = acc.take_slot(error, "value") if isinstance(error, StopIteration) else ZERO
            self.back_from_end(acc, value)
            return ()

        return end_pullback

    # --- the reverse ------------------------------------------------------------------------------

    def _sweep(self, acc: Any) -> Sweep:
        known = self._sweeps.get(id(acc))
        if known is None or known[0] is not acc:
            known = self._sweeps[id(acc)] = (acc, Sweep(len(self._tape.entries)))
        return known[1]

    def go_back(self, acc: Any, stop: int) -> tuple[()]:
        """Go back to a place on the tape, if the sweep has not come there yet."""
        sweep = self._sweep(acc)
        if sweep.place > stop:
            self._tape.sweep(acc, sweep, stop)
        return ()

    def back_to(self, acc: Any, k: int, d: Any) -> None:
        """Go back over the segment that ended with item `k`, of which `d` is the remainder."""
        start, end, key = self._segments[k]
        self.go_back(acc, end)
        self._give(acc, key, d)
        self.go_back(acc, start)

    def _give(self, acc: Any, key: int | None, d: Any) -> None:
        sweep = self._sweep(acc)
        if key is not None and key >= sweep.place and not is_null(d):
            if self._tape.entries[key][0] is not None:  # no parameter
                raise NotDifferentiableError(
                    f"an item of the generator {self.__qualname__} was used out of order",
                    why="a cotangent for it came after the sweep had passed the place of its yield",
                    repair="read the items into a list first",
                )
        sweep.give(key, d)

    def back_from_end(self, acc: Any, d: Any) -> None:
        """Go back over the last segment; `d` is for what the generator returned."""
        if self._result is None:
            return
        start, key, _ = self._result
        self._give(acc, key, d)
        self.go_back(acc, start)

    def take_sent(self, acc: Any, key: int | None) -> Any:
        """The cotangent of what was sent."""
        return ZERO if key is None else self._sweep(acc).found.pop(key, ZERO)

    def creation_pullback(self, d: Any, acc: Any) -> tuple[Any, ...]:
        """The cotangents of the parameters, after all items."""
        if self._cleans_up and self.waits and not self._is_kept():
            self._refuse()
        self.go_back(acc, 0)
        sweep = self._sweeps.pop(id(acc))[1]
        found = self._tape.of_parameters(sweep, acc)
        return found + (ZERO,) * (self._count - len(found))

    def _is_kept(self) -> bool:
        """Whether the program holds it in something that lives on: then it is not left at all."""
        return any(
            type(holder) not in _HELD_BY_RUNS and not type(holder).__module__.startswith("dpy.")
            for holder in gc.get_referrers(self)
        )

    def _refuse(self) -> None:
        """Python closes a generator when nobody refers to it any more; this one lives longer."""
        code = self._code
        raise UnsupportedSyntaxError(
            f"the generator {self.__qualname__} was left before its end",
            place=Place(code.co_filename, code.co_firstlineno, function=code.co_name),
            why="what it does then (`finally`, `with`) runs later than in a plain call",
            repair="close it (contextlib.closing), or read it to its end",
        )


sources.SOURCES[TapedGenerator] = _OfTaped


@entries.entry(TapedGenerator.__next__)
def next_item(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``generator.__next__()``."""
    return iterators.next_(dispatch, args, kwargs)


@entries.entry(TapedGenerator.send)
def send_item(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``generator.send(value)``."""
    generator, value = args
    y, key = generator.send_with_key(value)
    k = generator.count - 1

    def send_pullback(d: Any, acc: Any) -> Any:
        generator.back_to(acc, k, d)
        return ZERO, (ZERO, generator.take_sent(acc, key)), {}

    return y, send_pullback


@entries.entry(TapedGenerator.throw)
def throw_into(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``generator.throw(error)``."""
    generator, *error = args
    y = generator.throw(*error)
    k = generator.count - 1

    def throw_pullback(d: Any, acc: Any) -> Any:
        generator.back_to(acc, k, d)
        return item_cotangents.nothing(args)

    return y, throw_pullback


@entries.entry(TapedGenerator.close)
def close_generator(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``generator.close()``."""
    (generator,) = args
    start = generator.close_here()

    def close_pullback(d: Any, acc: Any) -> Any:
        generator.go_back(acc, start)
        return item_cotangents.nothing(args)

    return None, close_pullback


def delegate(tape: Tape, source: Any, keys: tuple[Any, int]) -> Generator[Any, Any, Any]:
    """``yield from source`` in a generator that runs on `tape`."""
    if type(source) is not TapedGenerator:
        yield from tape.items(source, keys)
        return None, None
    line = keys[-1:]
    step: Callable[[Any], tuple[Any, int | None]] = source.send_with_key
    given, sent_key = None, None
    while True:
        try:
            y, inner_key = step(given)
        except StopIteration as stop:
            return tape.note((stop.value, _ending(source)), line)
        passing = _passing(source, source.count - 1, inner_key)
        pair = tape.note((y, passing), (sent_key, *line))
        step, sent_key = source.send_with_key, None
        try:
            given, sent_key = yield pair
        except GeneratorExit:
            source.close()
            raise
        except BaseException as error:
            given, step = error, lambda thrown: (source.throw(thrown), None)


def _ending(source: TapedGenerator) -> Any:
    def end_pullback(d: Any, acc: Any) -> tuple[()]:
        source.back_from_end(acc, d)
        return ()

    return end_pullback


def _passing(source: TapedGenerator, k: int, key: int | None) -> Any:
    def pass_pullback(d: Any, acc: Any) -> tuple[Any]:
        source.back_to(acc, k, d)
        return (source.take_sent(acc, key),)

    return pass_pullback
