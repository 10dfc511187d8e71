"""Cotangents of arrays with buffers (see `transform.buffers`): local arrays of the reverse sweep.

A buffer is made when the first contribution comes, belongs to nobody else, and is never ZERO once
it is there; before that, what would be read from it is a structural zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.kinds import Array
from dpy.transform import ir
from dpy.transform.adjoint.cotangents import Cotangents
from dpy.transform.adjoint.expressions import adds_to, copied, is_new, part
from dpy.transform.buffers import Member
from dpy.transform.generic import call
from dpy.transform.helpers import items_of

__all__ = [
    "VECTOR", "buffer_of", "ensure_buffer", "give_to_buffer", "has_buffer", "make_lists",
    "start_buffer",
]  # fmt: skip

VECTOR = Array(np.dtype(np.float64), 1)
"""The kind of arrays whose cotangents may be lists for a while."""

_ITEMS_OF = ir.Known(items_of, "items_of")


def has_buffer(sweep: Cotangents, name: str) -> bool:
    """Whether the buffer behind an array or view is there already."""
    return sweep.facts.buffers[name].owner in sweep.states


def ensure_buffer(sweep: Cotangents, name: str) -> None:
    """Make the buffer behind an array or view, filled with zeros, unless it is there."""
    owner = sweep.facts.buffers[name].owner
    if owner not in sweep.states:
        sweep.emit(sweep.d(owner), sweep.new_buffer(owner))
        sweep.states[owner] = "owned"


def start_buffer(sweep: Cotangents, owner: str, d: Any, maybe: bool, acc: Any) -> None:
    """Begin the buffer of the function's result with what its caller gives.

    A caller that keeps the cotangent of the result by identity has it in the accumulators.
    """
    if maybe:
        x = ir.Var(sweep.saved.versions.residual_at_end(owner))
        if sweep.facts.gathers_result:
            d = call(sweep.runtime.take, acc, x, d)
        value = call(sweep.runtime.owned, d, x)
    else:
        value = copied(d)
    sweep.emit(sweep.d(owner), value)
    sweep.states[owner] = "owned"


def buffer_of(sweep: Cotangents, name: str, *, item: bool = False) -> Any:
    """The buffer's part for an array or a view of it, as an expression.

    `item`: only an item of it will be used, named by an integer.
    """
    member: Member = sweep.facts.buffers[name]
    if member.parent is None:
        ensure_buffer(sweep, name)
        if item and sweep.facts.kinds[id(member.made)] == VECTOR:
            sweep.by_item.add(name)
        else:
            sweep.need_array(name)
        return sweep.d(name)
    whole = buffer_of(sweep, member.parent)
    if member.index is None:
        return whole
    return part(whole, sweep.saved.index_at(member.made, member.index))


def give_to_buffer(sweep: Cotangents, name: str, value: Any, maybe: bool) -> None:
    """Add a contribution to the buffer of an array, or to its part for a view."""
    owner = sweep.facts.buffers[name].owner
    if owner not in sweep.states and not maybe and _is_whole(sweep, name):
        sweep.as_whole.add(owner)
        sweep.emit(sweep.d(owner), value if is_new(value) else copied(value))
        sweep.states[owner] = "owned"
        return
    sweep.emit(None, adds_to(buffer_of(sweep, name), value))


def _is_whole(sweep: Cotangents, name: str) -> bool:
    """Whether a variable holds all of its array."""
    member: Member = sweep.facts.buffers[name]
    return member.index is None and (member.parent is None or _is_whole(sweep, member.parent))


def make_lists(sweep: Cotangents, tape: str) -> None:
    """Before a loop that uses cotangents of vectors item by item: see `items_of`."""
    for var in sorted(sweep.by_item - sweep.as_whole):
        if sweep.states.get(var) == "owned":
            d = sweep.d(var)
            count = call(ir.Known(len, "len"), ir.Var(tape))
            sweep.emit(d, call(_ITEMS_OF, d, count))
            sweep.lists.add(var)
