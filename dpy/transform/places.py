"""Where in the user's files the statements come from whose functions are inlined.

Code has one file and one function name. A statement that came from another function stands at the
line of the call, and its column, which no user's line reaches, is a number under which the way
there is found: when an exception passes, the frames that a plain call would have shown are put
into its traceback.
"""

from __future__ import annotations

import ast
import copy
import itertools
import sys
import types
import weakref
from typing import Any

from dpy.errors import DpyError
from dpy.records import record, replace
from dpy.transform import ir

__all__ = [
    "Spot",
    "at_its_place",
    "code_behind",
    "encode",
    "guarded",
    "note_code",
    "register",
    "relocate",
    "show_in_traceback",
    "spot_of",
]

FIRST = 1_000_000
"""Columns from here on are no columns."""


@record
class Spot:
    """A line of one of the user's functions."""

    filename: str
    line: int
    function: str
    home: ir.Home | None = None


Table = dict[int, tuple[Spot, ...]]


def encode(function: ir.Function) -> tuple[ir.Function, Table]:
    """The function with numbers for columns, and for each number the way to the statement.

    The way is the line of the call, then a line in each function that was entered.
    """
    if not any(_loc(s) is not None for s in _statements(function)):
        return function, {}
    numbers: dict[Any, ir.Loc] = {}
    table: Table = {}

    def coded(s: Any) -> Any:
        loc = _loc(s)
        if loc is None:
            return s
        if loc not in numbers:
            column = FIRST + len(numbers)
            spots = _spots(function.filename, loc)
            table[column] = spots
            # the user's own line, where it is in this file, so that warnings show it
            line = loc.line if spots[-1].filename == function.filename else spots[0].line
            numbers[loc] = ir.Loc(line, column, line, column + 1)
        return replace(s, loc=numbers[loc])

    return replace(function, body=_map(function.body, coded)), table


def _statements(function: ir.Function) -> Any:
    for s in ir.walk(function.body):
        yield s
        if isinstance(s, ir.Def):
            yield from _statements(s.function)


def _loc(s: ir.Stmt) -> ir.Loc | None:
    return s.loc if s.loc is not None and s.loc.entered else None


def _map(block: ir.Block, change: Any) -> ir.Block:
    out: list[ir.Stmt] = []
    for s in block:
        if type(s) is ir.Assign:
            out.append(change(s))
            continue
        if isinstance(s, ir.If):
            s = replace(s, body=_map(s.body, change), orelse=_map(s.orelse, change))
        elif isinstance(s, ir.For):
            s = replace(s, body=_map(s.body, change))
        elif isinstance(s, ir.While):
            s = replace(s, test_body=_map(s.test_body, change), body=_map(s.body, change))
        elif isinstance(s, ir.Def):
            s = replace(s, function=replace(s.function, body=_map(s.function.body, change)))
        out.append(change(s))
    return tuple(out)


def _spots(filename: str, loc: ir.Loc) -> tuple[Spot, ...]:
    lines = [*(entered.line for entered in loc.entered), loc.line]
    spots = [Spot(filename, lines[0], "")]
    for entered, line in zip(loc.entered, lines[1:], strict=True):
        source = entered.home.source
        spots.append(Spot(source.filename, line, source.code.co_name, entered.home))
    return tuple(spots)


# --- what runs ----------------------------------------------------------------------------------

_tables: dict[int, tuple[Any, Table]] = {}


def register(code: types.CodeType, table: Table) -> None:
    """The ways of a code object and of those in it."""
    number = id(code)
    _tables[number] = weakref.ref(code, lambda _: _tables.pop(number, None)), table
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            register(inner, table)


_written_for: dict[int, tuple[Any, types.CodeType]] = {}


def note_code(code: types.CodeType, users: types.CodeType) -> None:
    """Note for which code of the user's generated code stands."""
    number = id(code)
    _written_for[number] = weakref.ref(code, lambda _: _written_for.pop(number, None)), users


def code_behind(code: types.CodeType) -> types.CodeType | None:
    """The code of the user's for which generated code stands; None for other code."""
    known = _written_for.get(id(code))
    return None if known is None else known[1]


def spot_of(frame: types.FrameType) -> Spot | None:
    """The user's place of a running frame of generated code, if its statement was inlined."""
    spots = _spots_at(frame.f_code, frame.f_lasti)
    return spots[-1] if spots else None


def _spots_at(code: types.CodeType, lasti: int) -> tuple[Spot, ...]:
    known = _tables.get(id(code))
    if known is None or lasti < 0:
        return ()
    positions = next(itertools.islice(code.co_positions(), lasti // 2, None), None)
    column = positions[2] if positions is not None else None
    return known[1].get(column, ()) if column is not None else ()


def guarded(tree: ast.FunctionDef, name: ast.expr) -> ast.FunctionDef:
    """The function and those in it with a handler that has tracebacks relocated by `name`."""
    body = [
        guarded(s, name) if isinstance(s, ast.FunctionDef) else s for s in tree.body
    ]  # the pullback is defined at the top level
    handler = ast.ExceptHandler(
        ast.Name("BaseException", ast.Load()),
        "error_",
        [
            ast.Expr(ast.Call(name, [ast.Name("error_", ast.Load())], [])),
            ast.Raise(None, None),
        ],
    )
    whole = ast.Try(body, [handler], [], [])
    made = ast.FunctionDef(tree.name, tree.args, [whole], [])
    ast.copy_location(made, tree)
    for node in (whole, handler, *ast.walk(handler)):
        if isinstance(node, (ast.stmt, ast.expr, ast.ExceptHandler)):
            ast.copy_location(node, tree)
    return made


def relocate(error: BaseException) -> None:
    """Show the functions that were entered in the traceback of an error that passes."""
    tb = error.__traceback__
    if tb is None:
        return
    spots = _spots_at(tb.tb_frame.f_code, tb.tb_lasti)
    if not spots:
        return
    below = tb.tb_next
    for spot in reversed(spots[1:]):
        below = types.TracebackType(below, _frame(spot), -1, spot.line)
    error.__traceback__ = types.TracebackType(below, tb.tb_frame, -1, spots[0].line)


def show_in_traceback(error: BaseException, spot: Spot) -> None:
    """Let a traceback go through a line of the user's on its way from the frame that handles it.

    A sweep over a tape works for a function that has no frame of its own.
    """
    tb = error.__traceback__
    assert tb is not None
    below = types.TracebackType(tb.tb_next, _frame(spot), -1, spot.line)
    error.__traceback__ = types.TracebackType(below, tb.tb_frame, tb.tb_lasti, tb.tb_lineno)


def _probe(getframe: Any) -> Any:
    return getframe()


def at_its_place(error: DpyError, names: dict[str, Any]) -> DpyError:
    """A copy of an error of a function that was never called: its traceback shows the place.

    `names` are the globals of the function.
    """
    place, new = error.place, copy.copy(error)
    if place is None:
        return new.with_traceback(None)
    frame = _make_frame(place.filename, place.line, place.function or "<unknown>", names)
    return new.with_traceback(types.TracebackType(None, frame, -1, place.line))


def _frame(spot: Spot) -> types.FrameType:
    """A frame of a function with this name in this file."""
    assert spot.home is not None
    return _make_frame(
        spot.filename, spot.line, spot.home.source.code.co_qualname, spot.home.globals
    )


def _make_frame(filename: str, line: int, qualname: str, names: dict[str, Any]) -> types.FrameType:
    code = _probe.__code__.replace(
        co_filename=filename, co_name=qualname.rpartition(".")[2], co_firstlineno=line,
        co_qualname=qualname,
    )  # fmt: skip
    frame: types.FrameType = types.FunctionType(code, names)(sys._getframe)
    return frame
