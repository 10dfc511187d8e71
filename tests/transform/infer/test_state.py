"""What is asked of the state, and the fallback that assumes the worst."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dpy.kinds import BOTTOM, UNKNOWN, KnownObject, List, Method, Number
from dpy.transform import ir
from dpy.transform.infer.facts import HEAP
from dpy.transform.infer.state import Arguments, generic, inert, kind_at
from tests.transform.infer.programs import FLOAT, INT, VECTOR, facts_of, form, state_of

X, XS = ir.Var("x"), ir.Var("xs")
FLAG = Number(bool)


def program(x, xs):
    y = x
    return y


def first(state) -> ir.Assign:  # type: ignore[no-untyped-def]
    (s,) = state.function.body
    assert isinstance(s, ir.Assign)
    return s


def test_arguments_in_order() -> None:
    given = Arguments((X,), (FLOAT,), (("by", XS),), (VECTOR,))
    assert given.operands == (X, XS)
    assert given.all_kinds == (FLOAT, VECTOR)
    method = given.after(ir.Lit(1), INT)
    assert method.operands == (ir.Lit(1), X, XS)
    assert method.all_kinds == (INT, FLOAT, VECTOR)


def test_varied_operands() -> None:
    state = state_of(program, "x", x=FLOAT, xs=VECTOR)
    assert state.is_varied(X)
    assert state.is_varied(ir.Star(X))
    assert not state.is_varied(ir.Lit(1.0))
    assert state.any_varied((XS, X))
    assert not state.any_varied((XS,))


def test_binding_a_variable() -> None:
    state = state_of(program, x=FLOAT, xs=VECTOR)
    state.bind("a", FLAG, True)  # it carries no derivative
    state.bind("b", FLOAT, True)
    state.bind("c", VECTOR, False)
    assert state.varied == {"b"}
    assert state.effects.non_atomic == {HEAP, "c"}


def test_kinds_of_operands_are_recorded_with_their_statement() -> None:
    state = state_of(program, x=FLOAT, xs=VECTOR)
    s = first(state)
    state.record(s, (ir.Star(X), ir.Lit(1)), {"x": FLOAT})
    assert state.facts.operand_kinds == {id(s): {X.name: FLOAT}}
    assert kind_at(X, {"x": FLOAT}) == FLOAT
    assert kind_at(X, {}) is UNKNOWN
    assert kind_at(ir.Known(len, "len"), {}) == KnownObject(len)


def test_pending_values_are_those_without_a_kind_yet() -> None:
    state = state_of(program, x=FLOAT, xs=VECTOR)
    state.mark_pending(first(state))
    y = ir.Var("y")
    assert state.is_pending(ir.Op("neg", (y,)), {"y": BOTTOM})
    assert not state.is_pending(ir.Op("neg", (y,)), {"y": FLOAT})
    assert not state.is_pending(ir.Op("neg", (X,)), {"x": BOTTOM})


def test_inert() -> None:
    kind, varied, site = inert(FLOAT)
    assert (kind, varied, site.form) == (FLOAT, False, "inert")


@pytest.mark.parametrize("writes", [True, False])
def test_the_fallback_meets_all_that_is_shared(writes: bool) -> None:
    state = state_of(program, "x", x=FLOAT, xs=List(FLOAT))
    _, varied, site = generic(state, first(state), (X, XS), (FLOAT, List(FLOAT)), writes=writes)
    assert varied
    assert site.form == "generic"
    effects = state.effects
    assert effects.by_runtime == {"xs", "y"}
    assert effects.find("y") == effects.find("xs")
    assert effects.written == ({"xs", HEAP} if writes else set())
    assert (effects.find("xs") == HEAP) is writes
    assert state.facts.has_unknown_effects is writes


def test_the_fallback_with_a_result_that_holds_nothing() -> None:
    state = state_of(program, "x", x=FLOAT, xs=List(FLOAT))
    kinds = (FLOAT, Method(KnownObject(len), XS))
    found = generic(state, first(state), (X, ir.Var("m")), kinds, writes=False, result=FLAG)
    assert found[:2] == (FLAG, False)  # nothing varied comes out, but the runtime is needed
    assert found[2].form == "generic"
    assert state.effects.by_runtime == {"m", "xs"}  # what the method is bound to as well
    assert state.effects.find("y") == "y"


def test_without_active_operands_the_fallback_is_inert() -> None:
    state = state_of(program, x=FLOAT, xs=List(FLOAT))
    assert generic(state, first(state), (X, XS), (FLOAT,))[2].form == "inert"
    assert state.effects.written == {"xs", HEAP}
    assert not state.effects.by_runtime


def test_unknown_callables_are_assumed_to_write() -> None:
    def f(g, xs):
        y = g(xs)  # noqa: F841
        return xs[0]

    facts = facts_of(f, SimpleNamespace, [1.0])
    assert form(facts, "y") == "generic"
    assert "xs" in facts.written
