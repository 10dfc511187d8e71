"""The tapes of loops: what a forward appends per iteration, and the reverse loop that reads it."""

from __future__ import annotations

from typing import Any

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.optimise.nodes import walk

__all__ = [
    "entries", "item", "reverse_loops", "tape_of_append", "tape_of_loop", "values",
    "with_target",
]  # fmt: skip


def tape_of_loop(s: ir.Stmt) -> str | None:
    """The tape that a reverse loop reads, if it is one."""
    if isinstance(s, ir.For) and isinstance(s.iter, ir.Call) and len(s.iter.args) == 1:
        func, arg = s.iter.func, s.iter.args[0]
        if isinstance(func, ir.Known) and func.value is reversed and isinstance(arg, ir.Var):
            return arg.name
    return None


def reverse_loops(block: ir.Block) -> dict[str, ir.For]:
    """The reverse loops of a pullback by their tapes."""
    found: dict[str, ir.For] = {}
    for s in walk(block):
        tape = tape_of_loop(s)
        if tape is not None:
            assert isinstance(s, ir.For)
            found[tape] = s
    return found


def tape_of_append(s: ir.Stmt, tapes: Any) -> str | None:
    """The tape to which a statement of the forward appends."""
    if isinstance(s, ir.Assign) and s.target is None and isinstance(s.value, ir.Op):
        op = s.value
        if op.name == "append" and isinstance(op.args[0], ir.Var) and op.args[0].name in tapes:
            name: str = op.args[0].name
            return name
    return None


def entries(loop: ir.For) -> tuple[str, ...]:
    """The names under which a reverse loop reads the parts of an item."""
    if isinstance(loop.target, tuple):
        return loop.target
    return () if loop.target == "_" else (loop.target,)


def values(append: ir.Assign, count: int) -> tuple[Any, ...]:
    """The parts of the item that is appended."""
    assert isinstance(append.value, ir.Op)
    value = append.value.args[1]
    if count == 1:
        return (value,)
    if count == 0:
        return ()
    parts: tuple[Any, ...] = value.args
    return parts


def item(parts: tuple[Any, ...]) -> Any:
    """One item: None, the single part, or a tuple."""
    if not parts:
        return ir.Lit(None)
    return parts[0] if len(parts) == 1 else ir.Op("tuple", parts)


def with_target(loop: ir.For, names: tuple[str, ...]) -> ir.For:
    """The reverse loop reading parts under these names."""
    target: Any = names if len(names) > 1 else names[0] if names else "_"
    return replace(loop, target=target)
