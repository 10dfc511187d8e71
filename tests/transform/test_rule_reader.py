"""Rules read as straight-line code: the expressions, and that they compute what the rules do."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.adjoints import registry
from dpy.kinds import UNKNOWN, Array, Const, Kind, Number, kind_of
from dpy.transform import ir
from dpy.transform.rule_reader import Inlined, plan, read_expression, read_rule, show_expression

FLOAT = np.dtype(float)
SCALAR = Number(np.float64)


def array(ndim: int, dtype: Any = float) -> Array:
    return Array(np.dtype(dtype), ndim)


def read(f: Any, *kinds: Kind, result: Kind, **kwargs: Any) -> Inlined | None:
    operands = tuple(
        ir.Lit(k.value) if isinstance(k, Const) else ir.Var(f"<{i}>") for i, k in enumerate(kinds)
    )
    named = tuple((name, ir.Lit(value)) for name, value in kwargs.items())
    all_kinds = (*kinds, *(Const(v, type(v)) for v in kwargs.values()))
    return read_rule(registry.lookup(f), operands, named, all_kinds, result)


def texts(f: Any, *kinds: Kind, result: Kind, **kwargs: Any) -> list[str | None]:
    """The cotangents as text, all that the rule has."""
    found = read(f, *kinds, result=result, **kwargs)
    assert found is not None
    wanted = [i for i, c in enumerate(found.cotangents) if c is not None]
    planned = plan(found, wanted)
    assert not planned.forward
    assert not planned.backward
    given = dict(zip(wanted, map(show_expression, planned.cotangents), strict=True))
    return [given.get(i) for i in range(len(found.cotangents))]


# --- what is read -------------------------------------------------------------------------------


def test_products_of_matrices_and_vectors() -> None:
    assert texts(operator.matmul, array(2), array(2), result=array(2)) == [
        "d_y @ <1>.T",
        "<0>.T @ d_y",
    ]
    assert texts(operator.matmul, array(2), array(1), result=array(1)) == [
        "d_y[..., None] * <1>",
        "<0>.T @ d_y",
    ]
    assert texts(operator.matmul, array(1), array(1), result=SCALAR) == ["d_y * <1>", "<0> * d_y"]


def test_complex_matrices_are_conjugated() -> None:
    kind = array(2, complex)
    assert texts(operator.matmul, kind, kind, result=kind) == [
        "d_y @ <1>.T.conj()",
        "<0>.T.conj() @ d_y",
    ]


def test_sums_and_means() -> None:
    whole, _ = texts(np.sum, array(2), result=SCALAR)
    assert whole == "filled(<0>.shape, d_y, float64)"
    rows, _ = texts(np.sum, array(2), result=array(1), axis=1)
    assert rows == "filled(<0>.shape, d_y[:, None], float64)"
    assert texts(np.mean, array(2, np.float32), result=Number(np.float32)) == [
        "filled(<0>.shape, d_y / max(<0>.size, 1), float32)"
    ]
    assert texts(np.mean, array(2), result=array(1), axis=-1) == [
        "filled(<0>.shape, (d_y / max(<0>.shape[-1], 1))[:, None], float64)"
    ]


def test_shapes() -> None:
    new_shape = kind_of((2, 3))
    assert texts(np.reshape, array(1), new_shape, result=array(2)) == ["d_y.reshape(<0>.shape)"]
    assert texts(np.transpose, array(3), result=array(3), axes=(2, 0, 1)) == [
        "d_y.transpose((1, 2, 0))"
    ]


def test_an_argument_without_gradient() -> None:
    found = read(np.where, array(1, bool), array(1), array(1), result=array(1))
    assert found is not None
    assert found.cotangents[0] is None


def test_what_does_not_become_straight_line() -> None:
    assert read(np.max, array(1), result=SCALAR) is None  # its pullback branches on values
    assert (
        read(operator.matmul, UNKNOWN, array(2), result=UNKNOWN) is not None
    )  # helpers are called


def test_rules_of_users_are_called() -> None:
    def cube(x: float) -> float:
        return x * x * x

    @dpy.adjoint(cube)
    def cube_rule(x: float) -> Any:
        def cube_pullback(d_y: float) -> Any:
            return (3 * x * x * d_y,)

        return x * x * x, cube_pullback

    assert read(cube, Number(float), result=Number(float)) is None


def test_shapes_that_are_certain() -> None:
    found = read(np.sum, array(2), result=SCALAR)
    assert found is not None
    first = found.cotangents[0]
    assert first is not None
    assert first.shape_of == ir.Var("<0>")
    assert first.kind == array(2)
    assert first.is_certain
    batched = read(operator.matmul, array(3), array(2), result=array(3))
    assert batched is not None
    assert batched.cotangents[0] is not None
    assert batched.cotangents[0].shape_of is None  # the axes of a batch may have been broadcast


def test_locals_are_kept_once_or_written_where_they_are_used() -> None:
    found = read(np.linalg.norm, array(1), result=SCALAR)
    assert found is not None
    planned = plan(found, [0])
    assert not planned.forward  # the norm itself is the result
    assert "<y>" in show_expression(planned.cotangents[0])
    assert planned.value is None
    assert not plan(found, []).cotangents


# --- lambdas ------------------------------------------------------------------------------------


def test_lambdas() -> None:
    x, y = ir.Var("x"), ir.Var("y")
    kinds = (array(1), array(1))
    assert (
        show_expression(read_expression(lambda x, y: 1.0 - y * y, (x, y), kinds)) == "1.0 - y * y"
    )
    assert show_expression(read_expression(lambda x, y: np.cos(x), (x, y), kinds)) == "np.cos(x)"
    assert read_expression(lambda x, y: -1.0, (x, y), kinds) == ir.Lit(-1.0)
    assert read_expression(lambda x, y: [x for _ in y], (x, y), kinds) is None
    scale = 2.0
    assert read_expression(lambda x, y: scale * x, (x, y), kinds) is None  # closures


# --- that gradients stay right ------------------------------------------------------------------

RANDOM = np.random.default_rng(5)
MATRIX, SQUARE = RANDOM.standard_normal((2, 3)), RANDOM.standard_normal((3, 3))
ROW, COLUMN = RANDOM.standard_normal(3), RANDOM.standard_normal((2, 1))
BATCH = RANDOM.standard_normal((2, 2, 3))

PROGRAMS: list[tuple[Any, tuple[Any, ...]]] = [
    (lambda a, b: np.sum((a @ b) ** 2), (MATRIX, SQUARE)),
    (lambda a, b: np.sum((a @ b) ** 2), (MATRIX, ROW)),
    (lambda a, b: np.sum(np.tanh(a @ b)), (BATCH, SQUARE)),
    (lambda a: np.sum(a @ a), (SQUARE,)),
    (lambda a, b: np.mean(a * b), (MATRIX, ROW)),
    (lambda a, b: np.mean(a - b), (MATRIX, COLUMN)),
    (lambda a, b: np.mean((a / b) ** 2), (MATRIX, ROW)),
    (lambda a, b: np.sum(a / (1.0 + b * b)), (ROW, MATRIX)),
    (lambda a: np.mean(a), (MATRIX,)),
    (lambda a: np.sum(-a), (MATRIX,)),
    (lambda a: np.sum(np.mean(a, axis=0) * np.sum(a, axis=-1)[:1]), (MATRIX,)),
    (lambda a: np.sum(a.reshape(3, 2) @ a), (MATRIX,)),
    (lambda a: np.sum(a.T @ np.transpose(a).T), (MATRIX,)),
    (lambda a: a[0] @ a[1] + np.sum(a[:, 1:] ** 3), (MATRIX,)),
    (lambda a, b: np.sum(np.where(a > 0, a * b, b)), (MATRIX, ROW)),
    (lambda a, s: np.mean(s * a * a), (MATRIX, 1.5)),
    (lambda a, s: np.sum(a / s + s), (ROW, 1.5)),
]


@pytest.mark.parametrize("case", range(len(PROGRAMS)))
def test_gradients(case: int) -> None:
    f, args = PROGRAMS[case]
    dpy.check_gradient(f, *args)  # raises


def looped(a: Any, w: Any) -> Any:
    for _ in range(3):
        a = np.tanh(a @ w)
        a = a / np.sum(a * a)
    return np.mean(a[:, 1])


def branched(a: Any, w: Any) -> Any:
    total = 0.0
    for k in range(4):
        if k % 2:
            square = (a * w) ** 2
            total = total + np.mean(square)
        else:
            total = total + np.sum(a[k // 2, :2])
        a = a + 1.0
    return total


def written(a: Any, w: Any) -> Any:
    b = a @ w
    loss = np.sum(b * b)
    b[0] = 0.0
    a = a * 2.0
    return loss + np.sum(b @ w) + np.mean(a)


@pytest.mark.parametrize("f", [looped, branched, written])
def test_gradients_of_statements(f: Any) -> None:
    w = SQUARE if f is not branched else ROW
    dpy.check_gradient(f, MATRIX, w)  # raises


@pytest.mark.parametrize("case", range(len(PROGRAMS)))
def test_float32_stays_float32(case: int) -> None:
    f, args = PROGRAMS[case]
    single = tuple(a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in args)
    expected = dpy.gradient(f, *args)
    for found, x, g in zip(dpy.gradient(f, *single), single, expected, strict=True):
        if isinstance(x, np.ndarray):
            assert found.dtype == np.float32
        assert np.allclose(found, g, rtol=1e-3, atol=1e-4)


def test_strong_zeros_of_quotients() -> None:
    def masked(a: Any, b: Any) -> Any:
        return np.sum(np.where(b != 0, a / b, 0.0))

    with np.errstate(all="ignore"):
        d_a, d_b = dpy.gradient(masked, np.array([1.0, 1.0]), np.array([0.0, 2.0]))
    assert d_a.tolist() == [0.0, 0.5]
    assert d_b.tolist() == [0.0, -0.25]


def test_an_empty_mean() -> None:
    with pytest.warns(RuntimeWarning):
        value, (d,) = dpy.value_and_gradient(lambda a: np.mean(a * 2.0), np.zeros((0, 2)))
    assert np.isnan(value)
    assert d.shape == (0, 2)


def test_gradients_share_no_memory() -> None:
    def f(a: Any, b: Any) -> Any:
        return np.sum(a + b)

    d_a, d_b = dpy.gradient(f, MATRIX, MATRIX.copy())
    d_a[...] = 7.0
    assert d_b.tolist() == np.ones((2, 3)).tolist()
