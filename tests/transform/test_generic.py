"""Operations in the runtime's form."""

from __future__ import annotations

from dpy.transform import ir
from dpy.transform.generic import Runtime, generic_call, generic_operands
from dpy.transform.show import Namer, expression_to_ast

NAMES = "operate call_ call_spread display_spread read_global read_cell write_global closure"
runtime = Runtime(**dict.fromkeys([*NAMES.split(), "globals_"], len))
a, b = ir.Var("a"), ir.Var("b")


def text(value):
    import ast

    made = generic_call(value, runtime, lambda atom: atom == a)
    return ast.unparse(expression_to_ast(made, Namer()))


def test_forms() -> None:
    assert text(ir.Op("mul", (a, b))) == "operate('mul', (True, False), a, b)"
    assert text(ir.Call(a, (b,), (("k", a),))) == "call_((True, False, True), a, b, k=a)"
    assert text(ir.Call(b, (ir.Star(a),))) == "call_spread((False, False), ('*',), b, a)"
    starred = ir.Op("list", (ir.Star(a), b))
    assert text(starred) == "display_spread('list', (False, False), ('*', ''), a, b)"
    assert text(ir.Global("g")) == "read_global('g', globals_, g)"
    assert text(ir.Op("setglobal", (ir.Lit("g"), a))) == "write_global(globals_, 'g', a)"


def test_operands_are_in_the_order_of_the_cotangents() -> None:
    assert generic_operands(ir.Call(a, (b,), (("k", a),))) == (a, b, a)
    assert generic_operands(ir.Op("mul", (a, b))) == (a, b)
    assert generic_operands(ir.Global("g")) == ()
