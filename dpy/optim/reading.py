"""Straight-line code that reads all arrays of one model and of its gradient.

A walk over both trees takes longer than the step of a small array. So for each tree of states a
function is written that goes to every array directly. Whatever it does not find where and as it was
at setup (another shape, a gradient of None, a list of another length) it leaves to the walk.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from dpy.optim.states import Leaf, State, leaves_of

__all__ = ["read"]

_MOST_LEAVES = 2000
_BRACKETS = {"[": list, "(": tuple, "{": dict}


def read(state: Any, model: Any, grads: Any) -> tuple[list[Leaf], Any, Any] | None:
    """The leaves, the arrays and their gradients, in one order; None where the walk is needed."""
    if type(state) is not State:
        return None
    if state._reader_ is None:
        state._reader_ = _reader(state)
    function, leaves = state._reader_
    if function is None:
        return None
    try:
        found = function(model, grads)
    except (AttributeError, LookupError, TypeError):
        return None
    return None if found is None else (leaves, *found)


def _reader(state: State) -> tuple[Callable[[Any, Any], Any] | None, list[Leaf]]:
    leaves = leaves_of(state)
    if len(leaves) > _MOST_LEAVES or any(leaf.is_tied or leaf.step for leaf in leaves):
        return None, leaves
    writer = _Writer()
    writer.node(state, "model", "grads")
    names = [f"{k}" for k in range(len(writer.shapes))]

    def all_of(form: str) -> str:
        return f"({''.join(form.format(name) + ', ' for name in names)})"

    writer.lines += [
        f"xs = {all_of('x{}')}",
        f"ds = {all_of('d{}')}",
        "if not all(map(same, xs, last[0])):",  # else they were looked at in the last step
        f"    if {all_of('x{}.shape')} != shapes: return None",
        f"    last[:] = xs, {all_of('x{}.dtype')}",
        f"if {all_of('d{}.shape')} != shapes or {all_of('d{}.dtype')} != last[1]: return None",
        "return xs, ds",
    ]
    code = "def read(model, grads):\n " + "\n ".join(writer.lines)
    names_there: dict[str, Any] = {
        "keys": writer.keys,
        "shapes": tuple(writer.shapes),
        "last": [(None,) * len(writer.shapes), ()],
        "same": operator.is_,
    }
    exec(_compiled(code), names_there)
    return names_there["read"], leaves


@functools.lru_cache(64)  # models of one structure are set up again and again
def _compiled(code: str) -> Any:
    return compile(code, "<arrays of a model>", "exec")


class _Writer:
    """Collects the lines, and what they refer to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.keys: list[Any] = []
        self.shapes: list[Any] = []
        self.parts = 0

    def node(self, node: State, x: str, d: str) -> None:
        kind = _BRACKETS.get(node._form_)
        if kind is not None:
            for name in (x, d):
                self.lines.append(f"if type({name}) is not {kind.__name__}: return None")
            if kind is not dict:
                self.lines.append(f"if len({x}) != {len(node)}: return None")
        elif not node._names_:
            for name in (x, d):
                self.lines.append(f"{name} = {name}.__dict__")
        for slot, inner in node._live_:
            index = self._index(slot)
            if isinstance(inner, Leaf):
                k = len(self.shapes)
                self.shapes.append(inner.shape)
                self.lines += [f"x{k} = {x}[{index}]", f"d{k} = {d}[{index}]"]
            else:
                self.parts += 1
                names = f"part{self.parts}", f"part{self.parts}_d"
                self.lines += [f"{names[0]} = {x}[{index}]", f"{names[1]} = {d}[{index}]"]
                self.node(inner, *names)

    def _index(self, slot: Any) -> str:
        if type(slot) in (int, str):
            return repr(slot)
        self.keys.append(slot)
        return f"keys[{len(self.keys) - 1}]"
