"""Partials as expressions, and that they compute what the rules compute."""

from __future__ import annotations

import ast
import cmath
import math
import operator
from typing import Any

import numpy as np
import pytest

import dpy  # noqa: F401 - registers the rules
from dpy.adjoints import registry
from dpy.cotangent import ZERO
from dpy.kinds import Const, Number, kind_of
from dpy.transform import ir
from dpy.transform.partials import contributions, mul, neg
from dpy.transform.show import Namer, expression_to_ast

X, Y, D = ir.Var("x"), ir.Var("y"), ir.Var("d")
OPERANDS = (ir.Var("a"), ir.Var("b"))


class Collector(Namer):
    """Prints known objects by name and remembers what they are."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}

    def known(self, value: Any, name: str) -> ast.expr:
        self.objects[name] = value
        return ast.Name(name, ast.Load())


def text(expression: Any) -> str | None:
    if expression is None:
        return None
    return ast.unparse(ast.fix_missing_locations(expression_to_ast(expression, Collector())))


def evaluate(expression: Any, **names: Any) -> Any:
    collector = Collector()
    tree = ast.fix_missing_locations(ast.Expression(expression_to_ast(expression, collector)))
    return eval(compile(tree, "<partial>", "eval"), {**collector.objects, **names})


def found(function: Any, *args: Any, constants: bool = False) -> list[Any]:
    """The contributions for operands with these values."""
    rule = registry.lookup(function)
    kinds = tuple(Const(a, type(a)) if constants and i else kind_of(a) for i, a in enumerate(args))
    result = kind_of(function(*args))
    return contributions(rule, function, OPERANDS[: len(args)], kinds, result, D, Y)


def test_simplifications() -> None:
    assert neg(neg(X)) == X
    assert text(neg(X)) == "-x"
    assert text(mul(X, ir.Lit(1))) == "x"
    assert text(mul(X, ir.Lit(-1))) == "-x"
    assert text(mul(X, ir.Lit(2.5))) == "x * 2.5"
    assert mul(X, ir.Lit(True)) == ir.Op("mul", (X, ir.Lit(True)))  # a bool is no number here


@pytest.mark.parametrize(
    ("function", "args", "expected"),
    [
        (operator.add, (2.0, 3.0), ["d", "d"]),
        (operator.sub, (2.0, 3.0), ["d", "-d"]),
        (operator.mul, (2.0, 3.0), ["d * b", "d * a"]),
        (operator.truediv, (2.0, 3.0), ["d / b", "-(d * y / b)"]),
        (operator.neg, (2.0,), ["-d"]),
        (operator.pos, (2.0,), ["d"]),
    ],
)
def test_operators_on_numbers_read_as_one_would_write_them(
    function: Any, args: Any, expected: list[str]
) -> None:
    assert [text(e) for e in found(function, *args)] == expected


@pytest.mark.parametrize(
    ("exponent", "expected"), [(1, "d"), (2, "2 * a * d"), (3, "d * (3 * a ** 2)")]
)
def test_constant_powers(exponent: int, expected: str) -> None:
    first, second = found(operator.pow, 3.0, exponent, constants=True)
    assert text(first) == expected
    assert second is None


def test_inlined_lambdas() -> None:
    assert text(found(math.sin, 0.5)[0]) == "d * math.cos(a)"
    assert text(found(math.exp, 0.5)[0]) == "d * y"
    assert "math.sin(a)" in str(text(found(math.cos, 0.5)[0]))


UNARY = [
    math.sin, math.cos, math.tan, math.exp, math.log, math.sqrt, math.sinh, math.cosh, math.tanh,
    math.asin, math.acos, math.atan, math.log1p, math.expm1, math.erf, np.sin, np.exp, np.tanh,
    np.log, np.sqrt, np.arctan,
]  # fmt: skip


@pytest.mark.parametrize("function", UNARY, ids=lambda f: f"{type(f).__name__}_{f.__name__}")
def test_unary_partials_against_differences(function: Any) -> None:
    (expression,) = found(function, 0.6)
    value = evaluate(expression, a=0.6, y=function(0.6), d=1.5)
    h = 1e-3
    differences = [(function(0.6 + k) - function(0.6 - k)) / (2 * k) for k in (h / 2, h)]
    expected = 1.5 * (4 * differences[0] - differences[1]) / 3
    assert value == pytest.approx(expected, rel=1e-9)


BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod,
    math.atan2, math.pow, math.fmod, np.add, np.multiply, np.divide, np.power, np.arctan2,
    np.hypot, np.logaddexp,
]  # fmt: skip


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f"{type(f).__name__}_{f.__name__}")
@pytest.mark.parametrize("as_type", [float, np.float64])
def test_binary_partials_against_differences(function: Any, as_type: Any) -> None:
    a, b = as_type(1.7), as_type(0.6)
    y = function(a, b)
    for i, expression in enumerate(found(function, a, b)):
        value = evaluate(expression, a=a, b=b, y=y, d=1.5)

        def shifted(h: float, i: int = i) -> Any:
            return function(a + h * (i == 0), b + h * (i == 1))

        d_1, d_2 = ((shifted(h) - shifted(-h)) / (2 * h) for h in (5e-4, 1e-3))
        assert value == pytest.approx(1.5 * (4 * d_1 - d_2) / 3, rel=1e-9)


def test_complex_partials_are_conjugated() -> None:
    (expression,) = found(cmath.exp, 0.3 + 0.4j)
    y = cmath.exp(0.3 + 0.4j)
    value = evaluate(expression, a=0.3 + 0.4j, y=y, d=1.0)
    assert value == pytest.approx(y.conjugate())


def test_division_of_numpy_numbers_follows_its_rule() -> None:
    """NumPy scalars divide by zero: no exception may come from the pullback."""
    expressions = found(operator.truediv, np.float64(1.0), np.float64(2.0))
    assert "d * y / b" not in str(text(expressions[1]))


def test_singular_rules_keep_zero_cotangents_zero() -> None:
    (expression,) = found(np.sqrt, np.float64(0.25))
    with np.errstate(all="ignore"):
        y = np.sqrt(np.float64(0.0))
        value = evaluate(expression, a=np.float64(0.0), y=y, d=0.0)
    assert value is ZERO or value == 0.0


def test_kinds_decide_not_values() -> None:
    rule = registry.lookup(operator.mul)
    real = (Number(float), Number(float))
    made = contributions(rule, operator.mul, OPERANDS, real, Number(float), D, Y)
    assert [text(e) for e in made] == ["d * b", "d * a"]
    mixed = (Number(complex), Number(float))
    made = contributions(rule, operator.mul, OPERANDS, mixed, Number(complex), D, Y)
    assert all("conjugate" in str(text(e)) for e in made)
