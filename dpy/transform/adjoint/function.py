"""Write the adjoint of a whole function: the pullback first, then the forward around it."""

from __future__ import annotations

from typing import Any

from dpy.kinds import UNKNOWN, Array, is_atomic, is_number, is_real_scalar
from dpy.records import replace
from dpy.transform import ir
from dpy.transform.adjoint.buffers import start_buffer
from dpy.transform.adjoint.control import reverse_block
from dpy.transform.adjoint.expressions import ZERO_NODE, identifier
from dpy.transform.adjoint.forward import copies, forward_block
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import Runtime, call
from dpy.transform.infer import Facts

__all__ = ["write_adjoint"]


def write_adjoint(facts: Facts, runtime: Runtime) -> ir.Function:
    """The forward of `facts.function`; its last statements define and return the pullback.

    The targets of its reversed loops are pending: `finish_loops` puts them in.
    """
    function = facts.function
    sweep = Sweep(facts, runtime)
    params, reverse = _write_sweep(sweep)
    saved = sweep.saved
    body = forward_block(saved, function.body)
    name = identifier(function.name)
    pullback = ir.Function(
        sweep.names.fresh(f"{name}_pullback"),
        params,
        reverse,
        filename=function.filename,
        loc=function.loc,
    )
    both = ir.Op("tuple", (function.result, ir.Var(pullback.name)))
    statements = (
        *copies(saved, "start", None, function.loc),
        *body,
        *copies(saved, "end", None, function.loc),
        ir.Def(pullback, function.loc),
        ir.Return(both, function.loc),
    )
    return replace(function, name=f"{name}_forward", body=statements, result=None)


def _write_sweep(sweep: Sweep) -> tuple[tuple[ir.Param, ...], ir.Block]:
    """The parameters and the body of the pullback."""
    function = sweep.facts.function
    sweep.loc = function.loc
    params = [_seed(sweep)]
    if sweep.facts.summary.needs_acc:
        params.append(ir.Param(sweep.acc.name))
    reverse_block(sweep, function.body)
    sweep.loc = function.loc
    given = tuple([_given_back(sweep, p) for p in function.params])
    sweep.out.append(ir.Return(ir.Op("tuple", given), function.loc))
    return tuple(params), tuple(sweep.out)


def _seed(sweep: Sweep) -> ir.Param:
    """The parameter for the cotangent of the result, and what is done with it at first."""
    facts = sweep.facts
    result = facts.function.result
    if not facts.is_active(result):
        return ir.Param(sweep.names.fresh("d_result"))
    d = sweep.d(result.name)
    kind = facts.summary.result
    # Where accumulators are at work, the pullback runs even if no cotangent came.
    is_certain = is_number(kind) or isinstance(kind, Array)
    is_certain = is_certain and not facts.summary.needs_acc
    sweep.states[result.name] = "value" if is_certain else "maybe"
    if result.name in facts.buffers:
        start_buffer(sweep, result.name, d, not is_certain, sweep.acc)
    elif result.name in facts.identity:
        _sink_result(sweep, result)
    return ir.Param(d.name)


def _sink_result(sweep: Sweep, result: ir.Var) -> None:
    """The seed of a result that is kept by identity goes to the accumulators first."""
    d = sweep.consume(result.name)
    held = ir.Var(sweep.saved.versions.residual_at_end(result.name))
    rest = sweep.emit_new("rest", call(sweep.runtime.sink, sweep.acc, held, d))
    sweep.states[result.name] = "maybe"
    sweep.emit(sweep.d(result.name), rest)


def _given_back(sweep: Sweep, p: ir.Param) -> Any:
    """The cotangent that the pullback returns for a parameter."""
    facts, runtime = sweep.facts, sweep.runtime
    kind = facts.params.get(p.name, UNKNOWN)
    if p.name in facts.identity and not is_atomic(kind):
        d = sweep.consume(p.name, kind) if sweep.has_cotangent(p.name) else ZERO_NODE
        held = ir.Var(sweep.saved.versions.residual_at_start(p.name))
        if p.name not in facts.written:
            return call(runtime.take_deep, sweep.acc, held, d)
        # The caller keeps it by identity as well, but a dict of keyword arguments is our own.
        return call(runtime.take, sweep.acc, held, d) if p.kind == "kwargs" else d
    if p.name in facts.active and p.name in sweep.states or sweep.slots(p.name):
        return sweep.consume(p.name, kind)
    return ir.Lit(0.0) if is_real_scalar(kind) else ZERO_NODE
