"""What the adjoint of one statement takes from a rule."""

from __future__ import annotations

from dpy.kinds import UNKNOWN
from dpy.transform import ir
from dpy.transform.rule_reader.plans import (
    D_Y,
    RESULT,
    Cotangent,
    Inlined,
    plan,
    show_expression,
    substitute,
)

X, A, B = ir.Var("<0>"), ir.Var("<a:0>"), ir.Var("<b:1>")


def op(name: str, *args: object) -> ir.Op:
    return ir.Op(name, args)


def cotangent(expr: object) -> Cotangent:
    return Cotangent(expr, UNKNOWN, None, True)


def test_what_is_used_once_is_written_where_it_is_used() -> None:
    found = Inlined((), op("mul", X, X), ((A, op("neg", D_Y)),), (cotangent(op("mul", A, X)),))
    planned = plan(found, [0])
    assert planned.backward == ()
    assert planned.cotangents == (op("mul", op("neg", D_Y), X),)


def test_what_is_used_twice_stays_a_variable() -> None:
    found = Inlined((), X, ((A, op("neg", D_Y)),), (cotangent(op("mul", A, A)),))
    assert plan(found, [0]).backward == ((A, op("neg", D_Y)),)


def test_what_is_not_wanted_is_dropped() -> None:
    found = Inlined(
        ((A, op("add", X, X)),),
        X,
        ((B, op("mul", A, D_Y)),),
        (cotangent(B), cotangent(D_Y)),
    )
    planned = plan(found, [1])
    assert (planned.forward, planned.backward, planned.cotangents) == ((), (), (D_Y,))


def test_variables_of_the_forward_bring_those_they_are_made_of() -> None:
    found = Inlined(
        ((A, op("add", X, X)), (B, op("neg", A))), B, (), (cotangent(op("mul", D_Y, A)),)
    )
    planned = plan(found, [0])
    assert planned.forward == ((A, op("add", X, X)),)
    assert planned.value == op("neg", A)  # the primal shares it


def test_the_value_itself_is_the_result_of_the_statement() -> None:
    found = Inlined(((A, op("add", X, X)),), A, (), (cotangent(op("mul", D_Y, A)),))
    planned = plan(found, [0])
    assert planned.forward == ()
    assert planned.value is None
    assert planned.cotangents == (op("mul", D_Y, RESULT),)


def test_expressions_with_placeholders() -> None:
    f = ir.Known(max, "f")
    call = ir.Call(f, (X, D_Y), (("key", A),))
    assert substitute(call, {A: X, D_Y: B}) == ir.Call(f, (X, B), (("key", X),))
    assert show_expression(op("mul", D_Y, X)) == "d_y * <0>"
