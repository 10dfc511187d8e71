"""From what was inferred to code that runs: the last stages, with the runtime that they call."""

from __future__ import annotations

from typing import Any

from dpy.cotangent import add, project, unbroadcast
from dpy.records import replace
from dpy.runtime import alive, dispatch, helpers, item_cotangents, iteration, starred_calls
from dpy.runtime.held import hold, protect, sink, take
from dpy.specialise.constructors import build_object
from dpy.transform import ir
from dpy.transform.adjoint import finish_loops, write_adjoint
from dpy.transform.emit import Emitted, emit
from dpy.transform.generic import Runtime
from dpy.transform.infer import Facts
from dpy.transform.optimise import optimise
from dpy.transform.source import Source

__all__ = ["generate"]


class _Runtime(Runtime):
    """The operations on unknown values are imported with the first program that has some."""

    def __getattr__(self, name: str) -> ir.Known:
        if name in self._functions:
            return super().__getattr__(name)
        from dpy.runtime import operations

        return ir.Known(getattr(operations, name), name)


def generate(
    facts: Facts,
    source: Source,
    *,
    checks_finite: bool = False,
    as_listed: bool = False,
    stops: bool = False,
) -> Emitted:
    """The forward of an analysed function, with its pullback inside, as a code object.

    If it `checks_finite`, it looks for NaN and infinities; `as_listed` and `stops` are those of
    `emit`.
    """
    runtime = _checking_runtime(source) if checks_finite else _runtime(source)
    generated = write_adjoint(facts, runtime)
    generated = replace(generated, body=finish_loops(generated.body))
    if checks_finite:
        from dpy.transform import check_finite

        generated = check_finite.run(generated, facts, source, runtime)
    generated = optimise(generated, facts, for_reading=as_listed)
    return emit(generated, source, as_listed=as_listed, stops=stops)


def _checking_runtime(source: Source) -> Runtime:
    from dpy.runtime import finite_calls, finiteness

    return _runtime(
        source, operate=finite_calls.operate, with_checks=finite_calls.with_checks,
        expect_finite=finiteness.expect_finite, expect_finite_call=finiteness.expect_finite_call,
        expect_finite_after=finiteness.expect_finite_after,
        doubts_before=finiteness.doubts_before, finite=finiteness.finite,
    )  # fmt: skip


def _runtime(source: Source, **others: Any) -> Runtime:
    return _Runtime(
        add=add, project=project, unbroadcast=unbroadcast,
        sink=sink, take=take, take_deep=helpers.take_deep, hold=hold,
        zeros_for=helpers.zeros_for, owned=helpers.owned, add_at=helpers.add_at,
        add_region=helpers.add_region, take_region=helpers.take_region,
        project_written=helpers.project_written, copy_value=helpers.copy_value,
        slot=helpers.slot, pop_items=item_cotangents.pop_items, iterate=iteration.iterate,
        call_=dispatch.call_, call_spread=starred_calls.call_spread,
        checked=helpers.checked, followed=alive.followed,
        build_object=build_object, globals_=source.globals, protect=protect, **others,
    )  # fmt: skip
