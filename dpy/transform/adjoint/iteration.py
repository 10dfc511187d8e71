"""What a reverse loop gives back around its iterations: items it read, and lists it made.

Active items come from a source: the runtime hands them out in the forward, and a *giver* takes the
cotangent of each in the sweep. A list that a comprehension appends to is unpacked before the loop
is reversed, and each ``append`` takes the last cotangent from it.
"""

from __future__ import annotations

from typing import Any

from dpy.transform import ir
from dpy.transform.adjoint.expressions import args_of, method_call
from dpy.transform.adjoint.survey import form_of
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import call
from dpy.transform.infer import Site

__all__ = ["begin_builders", "begin_items", "end_items", "give_item", "reverse_append"]


# --- iteration over active values -----------------------------------------------------------------


def begin_items(sweep: Sweep, loop: Any) -> ir.Var | None:
    """The variable of the giver; None where no item of the loop carries a derivative."""
    site = sweep.facts.sites.get(id(loop))
    if not isinstance(loop, ir.For) or site is None or site.form != "iterate":
        return None
    if not sweep.facts.is_active(loop.iter):
        return None
    saved = sweep.saved
    giver = saved.once(("giver", id(loop)), lambda: sweep.new("giver"))
    pb = saved.once(("iterate", id(loop)), lambda: _iterate(sweep, loop))
    acc = sweep.acc if sweep.facts.summary.needs_acc else ir.Lit(None)
    count = call(ir.Known(len, "len"), ir.Var(saved.tape(loop)))
    sweep.emit(giver, call(pb, count, acc))
    return giver


def _iterate(sweep: Sweep, loop: ir.For) -> ir.Var:
    """The forward asks the runtime for the items; what makes the giver is kept."""
    saved = sweep.saved
    pb = ir.Var(saved.versions.extra(loop, "pb"))
    items = sweep.new("items")
    assert isinstance(loop.iter, ir.Var)
    by_identity = ir.Lit(loop.iter.name in sweep.facts.identity)
    is_fresh = (ir.Lit(True),) if loop.is_fresh else ()
    begun = call(sweep.runtime.iterate, loop.iter, by_identity, *is_fresh)
    saved.before.setdefault(id(loop), []).append(ir.Assign((items.name, pb.name), begun, loop.loc))
    saved.iterables[id(loop)] = items
    return pb


def give_item(sweep: Sweep, loop: ir.For, giver: ir.Var) -> None:
    """At the end of a reversed iteration."""
    assert isinstance(loop.target, str)  # tuples have been split
    sweep.emit(None, method_call(giver, "give", sweep.consume(loop.target)))


def end_items(sweep: Sweep, loop: ir.For, giver: ir.Var) -> None:
    """What the source of the items gets, after the reversed loop."""
    assert isinstance(loop.iter, ir.Var)
    kind = sweep.facts.kind(loop, loop.iter)
    d = method_call(giver, "finish")
    sweep.accumulate(loop.iter.name, d, kind, scalar=False, maybe=True)


# --- lists made by comprehensions -----------------------------------------------------------------


def begin_builders(sweep: Sweep, loop: ir.Stmt) -> list[str]:
    """Lists that this loop appends to: unpack their cotangent, to be popped item by item."""
    inside = sweep.survey.assigned_in(loop)
    found: list[str] = []
    for s in ir.walk((loop,)):
        if isinstance(s, ir.Assign) and form_of(sweep.facts, s) == "append":
            name = args_of(s)[0].name
            if name not in sweep.builders and name not in found and name not in inside:
                found.append(name)
    for name in found:
        sweep.loc = loop.loc
        sweep.builders[name] = _unpack_cotangent(sweep, loop, name)
    return found


def _unpack_cotangent(sweep: Sweep, loop: ir.Stmt, name: str) -> ir.Var:
    saved, runtime = sweep.saved, sweep.runtime
    box = saved.once(("builder", id(loop), name), lambda: sweep.new(f"d_{name}_items"))

    def built() -> ir.Var:
        """The list itself, as it is after the loop."""
        held = call(runtime.hold, ir.Var(name))
        return saved.keep_after(loop, ("built", id(loop), name), name, held)

    if name in sweep.facts.identity:
        d = call(runtime.take, sweep.acc, built(), sweep.consume(name))
    else:
        d = sweep.consume(name)
    # A mutable box [cotangent, length], popped from the end.
    sweep.emit(box, call(runtime.pop_items, d, built()))
    return box


def reverse_append(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``xs.append(v)`` to a list that a comprehension makes."""
    target, value = args_of(s)
    box = sweep.builders.get(target.name)
    if box is None:
        return
    popped = ir.Call(ir.Op("getattr", (box, ir.Lit("pop"))), ())
    if sweep.facts.is_active(value):
        sweep.give(s, value, popped, maybe=True)
    else:
        sweep.emit(None, popped)
