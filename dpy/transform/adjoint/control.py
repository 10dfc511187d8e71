"""Reverse blocks, branches and loops.

The sweep goes through the same tree from the last statement to the first. A branch is taken again
by its saved test; a loop runs over what its iterations saved, backward. Before the body of a loop
is written for good, it is reversed until the states at its start and at its end agree.
"""

from __future__ import annotations

from typing import Any

from dpy.transform import ir
from dpy.transform.adjoint.arrays import own_before_loop
from dpy.transform.adjoint.buffers import make_lists
from dpy.transform.adjoint.cotangents import ORDER, States
from dpy.transform.adjoint.forms import FORMS
from dpy.transform.adjoint.forward import Pending
from dpy.transform.adjoint.iteration import begin_builders, begin_items, end_items, give_item
from dpy.transform.adjoint.number_lists import begin_lists, begin_positions, give_position
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import call

__all__ = ["reverse_block"]


def reverse_block(sweep: Sweep, block: ir.Block) -> None:
    """Write the reverse of a block."""
    if sweep.facts.number_lists:
        begin_lists(sweep, block)
    for s in reversed(block):
        sweep.loc = s.loc
        if isinstance(s, ir.Assign):
            _reverse_assign(sweep, s)
        elif isinstance(s, ir.If):
            _reverse_if(sweep, s)
        elif isinstance(s, (ir.For, ir.While)):
            _reverse_loop(sweep, s)


def _reverse_assign(sweep: Sweep, s: ir.Assign) -> None:
    site = sweep.facts.sites.get(id(s))
    if site is not None and site.form != "inert":
        FORMS[site.form](sweep, s, site)
    elif isinstance(s.target, str):
        # An inactive value overwrites the variable: what came later does not reach back.
        sweep.drop(s.target)


# --- branches -------------------------------------------------------------------------------------


def _reverse_if(sweep: Sweep, s: ir.If) -> None:
    decided = sweep.facts.decided.get(id(s))
    if decided is not None:
        reverse_block(sweep, s.body if decided else s.orelse)
        return
    before = sweep.states
    body, after_body = sweep.apart(before, lambda: reverse_block(sweep, s.body))
    orelse, after_orelse = sweep.apart(before, lambda: reverse_block(sweep, s.orelse))
    sweep.states = sweep.merge(body, after_body, orelse, after_orelse)
    sweep.loc = s.loc
    if not body and not orelse:
        return
    test = s.test
    if isinstance(test, ir.Var):
        test = sweep.saved.test_at(s, test)
    sweep.out.append(ir.If(test, tuple(body), tuple(orelse), s.loc))


# --- loops ----------------------------------------------------------------------------------------


def _reverse_loop(sweep: Sweep, s: ir.For | ir.While) -> None:
    giver = begin_items(sweep, s)
    position = begin_positions(sweep, s)
    own_before_loop(sweep, s)
    builders = begin_builders(sweep, s)
    is_outermost = sweep.saved.versions.where[id(s)][0].loop is None
    if is_outermost:
        sweep.by_item, sweep.as_whole = set(), set()
    states, body = _settled(sweep, s, giver, position)
    sweep.loc = s.loc
    for key, state in states.items():
        if key not in sweep.states:
            sweep.out.append(sweep.zero(key)[0])
        sweep.states[key] = state
    if body or giver is not None:
        if is_outermost and body:
            make_lists(sweep, sweep.saved.tape(s))
        _emit_loop(sweep, s, body)
    for name in builders:
        del sweep.builders[name]
    if giver is not None:
        sweep.loc = s.loc
        assert isinstance(s, ir.For)
        end_items(sweep, s, giver)


def _settled(
    sweep: Sweep, s: ir.For | ir.While, giver: ir.Var | None, position: ir.Var | None
) -> tuple[States, list[ir.Stmt]]:
    """The states at the head of the reversed loop and its body, which leads to them again.

    States only fall, and there are only so many variables and slots that can get one. A cotangent
    that moves through a chain of variables takes a round for each.
    """
    states = dict(sweep.states)
    while True:
        body, after = sweep.apart(states, lambda: _reverse_body(sweep, s, giver, position))
        joined = _joined(sweep, states, after)
        if joined == states:
            break
        states = joined
    sweep.loc = s.loc
    for key in states:
        if key not in after:  # consumed: zero for the next iteration
            body.append(sweep.zero(key)[0])
    return states, body


def _joined(sweep: Sweep, states: States, after: States) -> States:
    """The states that hold both before the first iteration and after any."""
    joined = dict(states)
    for key, state in after.items():
        old = joined.get(key)
        joined[key] = sweep.state_of_zero(key) if old is None else min(old, state, key=ORDER.index)
    for key, state in states.items():
        if key not in after:
            joined[key] = min(state, sweep.state_of_zero(key), key=ORDER.index)
    return joined


def _reverse_body(
    sweep: Sweep, s: ir.For | ir.While, giver: ir.Var | None, position: ir.Var | None
) -> None:
    reverse_block(sweep, s.body)
    if isinstance(s, ir.While):
        reverse_block(sweep, s.test_body)
    elif giver is not None:
        sweep.loc = s.loc
        give_item(sweep, s, giver)
    elif position is not None:
        sweep.loc = s.loc
        give_position(sweep, s, position)
    else:
        assert isinstance(s.target, str)  # tuples have been split
        sweep.drop(s.target)  # each iteration assigns it anew


def _emit_loop(sweep: Sweep, s: Any, body: list[ir.Stmt]) -> None:
    tape = ir.Var(sweep.saved.tape(s))
    backward = call(ir.Known(reversed, "reversed"), tape)
    # What an iteration saves is only known when everything is written: see `finish_loops`.
    target = Pending(sweep.saved.versions.scopes[id(s)])
    sweep.out.append(ir.For(target, backward, tuple(body), None, s.loc))
