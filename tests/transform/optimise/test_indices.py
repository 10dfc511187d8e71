"""Literal slices stand where they index; an in-place operator on a slice is one statement."""

from __future__ import annotations

from typing import Any

import numpy as np

import dpy
from dpy.transform import ir
from dpy.transform.optimise import indices
from dpy.transform.show import show

VECTOR = np.array([0.5, -1.2, 2.0])


def forward(function: Any, *args: Any) -> str:
    return dpy.adjoint_source(function, *args).partition("pullback")[0]


def test_an_operator_on_a_slice_is_one_statement() -> None:
    def f(u: Any, k: Any) -> Any:
        u[1:] += k * u[:-1]
        u[..., ::2] *= 3.0
        return np.sum(u)

    text = forward(f, VECTOR.copy(), 2.0)
    assert "u[1:] +=" in text and "u[..., ::2] *=" in text and "slice" not in text


def test_what_is_read_elsewhere_stays() -> None:
    def f(u: Any, n: Any) -> Any:
        k = slice(1, None)
        u[k] += u[k] * 2.0
        return u[k][0] + u[n]

    x = VECTOR.copy()
    _, gradient = dpy.value_and_gradient(f, x, 1)
    assert gradient[0].tolist() == [0, 6, 0]


def test_lists_are_read_when_the_program_reads_them() -> None:
    def f(x: Any) -> Any:
        xs = [1, 2, 3]

        def clear() -> list[int]:
            xs.clear()
            return [4]

        xs[1:] += clear()
        return x * len(xs)

    assert dpy.value_and_gradient(f, 1.0) == (f(1.0), (float(f(1.0)),))


def test_without_facts_only_slices_move() -> None:
    body = (
        ir.Assign("t_1", ir.Op("slice", (ir.Lit(1), ir.Lit(None), ir.Lit(None)))),
        ir.Assign("t_2", ir.Op("getitem", (ir.Var("u"), ir.Var("t_1")))),
    )
    function = ir.Function("f", (ir.Param("u"),), body, ir.Var("t_2"))
    assert show(indices.run(function)) == "def f(u):\n    t_2 = u[1:]\n    return t_2"
