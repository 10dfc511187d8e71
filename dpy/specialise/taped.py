"""Functions that keep a tape: which they are, their code, and how to run them.

The layer above `transform.taped` and `runtime.tape`.
"""

from __future__ import annotations

import ast
import functools
import inspect
import weakref
from typing import Any

from dpy.config import current
from dpy.errors import DpyError
from dpy.runtime import dispatch, starred_calls
from dpy.specialise.store import lowered_function
from dpy.transform import ir, taped
from dpy.transform.emit import Emitted, emit
from dpy.transform.generic import Runtime
from dpy.transform.source import Source, read_source

__all__ = ["keeps_tape", "run_taped", "taped_tree"]

_MOST_FUNCTIONS = 4096
# By code object, globals and settings: what is emitted relies on nothing else.
_emitted: dict[tuple[Any, ...], tuple[Emitted, bool]] = {}
_MOST_FORWARDS = 1024
_forwards: weakref.WeakKeyDictionary[Any, tuple[Any, Any]] = weakref.WeakKeyDictionary()


def keeps_tape(function: Any) -> bool:
    """Whether a Python function cannot be given an adjoint of its own (see `transform.taped`).

    False also for functions that cannot be transformed: `specialise` says why.
    """
    code = function.__code__
    if code.co_flags & inspect.CO_GENERATOR:
        return True
    try:
        if code.co_exceptiontable == b"":
            return False
        return taped.uses_tape(lowered_function(read_source(function)))
    except DpyError:
        return False


def taped_tree(function: Any) -> ast.FunctionDef:
    """The generated code of a function that keeps a tape, for `dpy.adjoint_source`."""
    source = read_source(function)
    tree = emit(taped.run(lowered_function(source), _runtime(source)), source).tree
    assert tree is not None
    return tree


def run_taped(
    function: Any, source: Source, lowered: ir.Function, args: tuple[Any, ...], kwargs: Any
) -> tuple[Any, Any]:
    """``(function(*args, **kwargs), pullback)``; the pullback gives a tuple, one per parameter."""
    emitted, is_generator = _emit(function, source, lowered)
    known = _forwards.get(function)
    if known is None or known[0] is not emitted:
        if len(_forwards) >= _MOST_FORWARDS:  # that of a recursive closure keeps it alive
            _forwards.clear()
        known = _forwards[function] = (emitted, emitted.bind(function))
    forward = known[1]
    if forward.__defaults__ is not function.__defaults__:
        forward.__defaults__ = function.__defaults__
    forward.__kwdefaults__ = function.__kwdefaults__
    if is_generator:
        from dpy.runtime.generators import TapedGenerator

        generator = TapedGenerator(
            forward(*args, **kwargs), function, len(lowered.params),
            _tape_class()(ir.Home(source), is_of_generator=True), taped.cleans_up(source.node),
        )  # fmt: skip
        return generator, generator.creation_pullback
    y, key, own = forward(*args, **kwargs)
    return y, lambda d, acc: own.pullback(key, d, acc)


def _emit(function: Any, source: Source, lowered: ir.Function) -> tuple[Emitted, bool]:
    settings = current()
    stops = settings.stops_in is source.code
    key = (
        source.code, id(function.__globals__), settings.check_finite, settings.listings, stops,
    )  # fmt: skip
    found = _emitted.get(key)
    if found is None:
        if len(_emitted) >= _MOST_FUNCTIONS:
            _emitted.clear()
        written = taped.run(lowered, _runtime(source))
        if settings.verify:
            from dpy.transform.verify import verify

            verify(lowered)
            verify(written, nested_ok=True)
        made = emit(written, source, as_listed=settings.listings, stops=stops).without_tree()
        found = _emitted[key] = made, taped.suspends(lowered)
    return found


def _runtime(source: Source) -> Runtime:
    from dpy.runtime import operations  # with the first program that needs them

    return Runtime(
        begin=functools.partial(_tape_class(), ir.Home(source)),
        operate=operations.operate, display_spread=operations.display_spread,
        call_=dispatch.call_, call_spread=starred_calls.call_spread,
        read_global=operations.read_global, write_global=operations.write_global,
        read_cell=operations.read_cell, closure=operations.closure, globals_=source.globals,
    )  # fmt: skip


def _tape_class() -> Any:
    if current().check_finite:
        from dpy.runtime.finite_calls import CheckedTape

        return CheckedTape
    from dpy.runtime.tape import Tape

    return Tape
