"""Operations that are left to the runtime: one call that looks at the actual values.

Such a call returns ``(y, pb)``; ``pb(d_y, acc)`` gives one cotangent per operand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dpy.transform import ir

__all__ = ["Runtime", "call", "generic_call", "generic_operands"]


class Runtime:
    """The functions of the runtime that generated code calls, handed in by the layer above."""

    def __init__(self, **functions: Any) -> None:
        self._functions = functions

    def __getattr__(self, name: str) -> ir.Known:
        try:
            return ir.Known(self._functions[name], name)
        except KeyError:
            raise AttributeError(name) from None


def call(function: Any, *args: Any) -> ir.Call:
    """A call node."""
    return ir.Call(function, args)


def generic_call(value: Any, runtime: Any, is_active: Callable[[Any], bool]) -> ir.Call:
    """The runtime's form of an operation or call; `is_active` tells which operands may matter."""

    def active(atoms: tuple[Any, ...]) -> ir.Lit:
        return ir.Lit(tuple(is_active(a) for a in atoms))

    if isinstance(value, ir.Global):
        name = ir.Lit(value.name)
        return call(runtime.read_global, name, runtime.globals_, ir.Global(value.name))
    if isinstance(value, ir.Closure):
        return call(runtime.closure, value)
    if isinstance(value, ir.Free):
        return call(runtime.read_cell, ir.Cell(value.name), ir.Free(value.name))
    if isinstance(value, ir.Op):
        args = value.args
        if value.name == "setglobal":
            return call(runtime.write_global, runtime.globals_, *args)
        if any(isinstance(a, ir.Star) for a in args):
            layout = ir.Lit(tuple("*" if isinstance(a, ir.Star) else "" for a in args))
            name = ir.Lit(value.name)
            return call(runtime.display_spread, name, active(args), layout, *_plain(args))
        return call(runtime.operate, ir.Lit(value.name), active(args), *args)
    assert isinstance(value, ir.Call)
    atoms = (value.func, *value.args, *(a for _, a in value.kwargs))
    starred = any(isinstance(a, ir.Star) for a in value.args)
    if starred or any(name is None for name, _ in value.kwargs):
        layout = ir.Lit(
            tuple(
                ["*" if isinstance(a, ir.Star) else "" for a in value.args]
                + ["**" if name is None else name for name, _ in value.kwargs]
            )
        )
        return call(runtime.call_spread, active(atoms), layout, *_plain(atoms))
    return ir.Call(runtime.call_, (active(atoms), value.func, *value.args), value.kwargs)


def _plain(atoms: tuple[Any, ...]) -> list[Any]:
    return [a.value if isinstance(a, ir.Star) else a for a in atoms]


def generic_operands(value: Any) -> tuple[Any, ...]:
    """The operands in the order in which the runtime's pullback returns their cotangents."""
    if isinstance(value, ir.Op):
        return value.args
    if isinstance(value, ir.Call):
        return (value.func, *value.args, *(a for _, a in value.kwargs))
    if isinstance(value, ir.Closure):
        return value.atoms()
    return ()
