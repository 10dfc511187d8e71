"""Reverse what is done to lists of numbers: see `dpy.transform.number_lists`.

The cotangent of such a list begins as zeros where the block ends that the list is made in, and is
as long as the list at each point of the sweep. It has no state: it is there, and belongs to nobody
else.
"""

from __future__ import annotations

from typing import Any

from dpy.kinds import Method
from dpy.transform import ir
from dpy.transform.adjoint.expressions import args_of, method_call, part
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import call
from dpy.transform.helpers import add_to_items, fold_items
from dpy.transform.infer import Site

__all__ = [
    "begin_lists", "begin_positions", "give_position", "reverse_list_alias", "reverse_list_append",
    "reverse_list_make", "reverse_list_pop", "reverse_list_read", "reverse_list_repeat",
    "reverse_list_total", "reverse_list_write",
]  # fmt: skip

_ZEROS = ir.Op("list", (ir.Lit(0.0),))
_ADD_TO_ITEMS = ir.Known(add_to_items, "add_to_items")
_FOLD_ITEMS = ir.Known(fold_items, "fold_items")


def begin_lists(sweep: Sweep, block: ir.Block) -> None:
    """The cotangents of the lists that are made in a block, before the block is reversed."""
    made = {id(x.made): x.owner for x in sweep.facts.number_lists.values()}
    for s in block:
        owner = made.get(id(s))
        if owner is not None:
            length = call(ir.Known(len, "len"), ir.Var(owner))
            n = sweep.saved.keep_after(block[-1], ("length", owner), f"n_{owner}", length)
            sweep.emit(sweep.d(owner), ir.Op("mul", (_ZEROS, n)))


def _cotangents(sweep: Sweep, name: str) -> ir.Var:
    return sweep.d(sweep.facts.number_lists[name].owner)


# --- statements -----------------------------------------------------------------------------------


def reverse_list_make(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``xs = [a, b]``."""
    assert isinstance(s.target, str)
    d = _cotangents(sweep, s.target)
    for i, atom in enumerate(args_of(s)):
        if sweep.facts.is_active(atom):
            sweep.give(s, atom, part(d, ir.Lit(i)))


def reverse_list_alias(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``ys = xs``: both have the same cotangents."""


def reverse_list_repeat(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``ys = xs * n``."""
    assert isinstance(s.target, str)
    for atom in args_of(s):
        if isinstance(atom, ir.Var) and atom.name in sweep.facts.number_lists:
            whole = _cotangents(sweep, s.target)
            sweep.emit(None, call(_FOLD_ITEMS, _cotangents(sweep, atom.name), whole))


def reverse_list_append(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``xs.append(v)``."""
    name, value = _owner_and_value(sweep, s)
    popped = method_call(_cotangents(sweep, name), "pop")
    if sweep.facts.is_active(value):
        sweep.give(s, value, popped)
    else:
        sweep.emit(None, popped)


def _owner_and_value(sweep: Sweep, s: ir.Assign) -> tuple[str, Any]:
    if isinstance(s.value, ir.Op):  # of a comprehension
        return s.value.args[0].name, s.value.args[1]
    assert isinstance(s.value, ir.Call)
    method = sweep.facts.kind(s, s.value.func)
    assert isinstance(method, Method)
    return method.owner.name, s.value.args[0] if s.value.args else None


def reverse_list_pop(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``y = xs.pop()``."""
    name, _ = _owner_and_value(sweep, s)
    d: Any = ir.Lit(0.0)
    if sweep.has_cotangent(s.target):
        maybe = sweep.states.get(s.target) == "maybe"
        d = sweep.consume(s.target)
        d = call(sweep.runtime.add, ir.Lit(0.0), d) if maybe else d
    sweep.emit(None, method_call(_cotangents(sweep, name), "append", d))


def reverse_list_read(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``y = xs[i]``."""
    owner, index = args_of(s)
    region = part(_cotangents(sweep, owner.name), sweep.saved.index_at(s, index))
    sweep.with_cotangent(s, lambda d: sweep.emit(None, ir.Op("iadd", (region, d))))


def reverse_list_write(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``xs[i] = v``."""
    owner, index, value = args_of(s)
    region = part(_cotangents(sweep, owner.name), sweep.saved.index_at(s, index))
    is_active = sweep.facts.is_active(value)
    d = sweep.new("d_value")
    if is_active:
        sweep.emit(d, region)
    sweep.emit(None, ir.Op("setitem", (*region.args, ir.Lit(0.0))))
    if is_active:
        sweep.give(s, value, d)


def reverse_list_total(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``y = sum(xs)``."""
    assert isinstance(s.value, ir.Call)
    whole = _cotangents(sweep, s.value.args[0].name)
    sweep.with_cotangent(s, lambda d: sweep.emit(None, call(_ADD_TO_ITEMS, whole, d)))


# --- loops over a list ----------------------------------------------------------------------------


def begin_positions(sweep: Sweep, loop: Any) -> ir.Var | None:
    """The position in the list that a reversed loop gives to; None if the loop is over no list."""
    site = sweep.facts.sites.get(id(loop))
    if site is None or site.form != "list_iterate":
        return None
    position = sweep.saved.once(("position", id(loop)), lambda: sweep.new("position"))
    count = call(ir.Known(len, "len"), ir.Var(sweep.saved.tape(loop)))
    sweep.emit(position, count)
    return position


def give_position(sweep: Sweep, loop: ir.For, position: ir.Var) -> None:
    """At the end of a reversed iteration: what the item read at its start gets."""
    assert isinstance(loop.target, str) and isinstance(loop.iter, ir.Var)
    sweep.emit(position, ir.Op("isub", (position, ir.Lit(1))))
    if not sweep.has_cotangent(loop.target):
        return
    maybe = sweep.states.get(loop.target) == "maybe"
    d = sweep.consume(loop.target)
    region = part(_cotangents(sweep, loop.iter.name), position)
    sweep.emit(
        None, ir.Op("iadd", (region, call(sweep.runtime.add, ir.Lit(0.0), d) if maybe else d))
    )
