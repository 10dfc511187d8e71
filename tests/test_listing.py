"""Listings: generated code as text that is Python."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.errors import DpyError
from dpy.listing import adjoint_source


def cube(x):
    return x * x * x


def loop(x, n):
    for _ in range(n):
        x = x * x if x < 3 else x + 1.0
    return x


class Model:
    def __init__(self, weight: float) -> None:
        self.weight = weight

    def predict(self, x):
        return self.weight * x


PROGRAMS: list[Any] = [(cube, (2.0,)), (loop, (2.0, 3))]


@pytest.mark.parametrize(("function", "args"), PROGRAMS)
def test_a_listing_is_python_that_defines_the_forward_and_the_pullback(
    function: Any, args: Any
) -> None:
    text = adjoint_source(function, *args)
    assert text.endswith("\n")
    (forward,) = ast.parse(text).body
    assert isinstance(forward, ast.FunctionDef)
    assert forward.name == f"{function.__name__}_forward"
    nested = [n.name for n in forward.body if isinstance(n, ast.FunctionDef)]
    assert nested == [f"{function.__name__}_pullback"]


def test_the_listing_depends_on_the_arguments() -> None:
    def f(x, y):
        return x * y

    assert adjoint_source(f, 2.0, 3.0) != adjoint_source(f, np.ones(2), np.ones((3, 2)))
    # Where the shapes are not known, products are summed over what was broadcast.
    assert "unbroadcast" in adjoint_source(f, np.ones(2), np.ones((3, 2)))
    assert "unbroadcast" not in adjoint_source(f, 2.0, 3.0)


def test_a_listing_runs() -> None:
    names: dict[str, Any] = {}
    exec(adjoint_source(cube, 2.0), names)
    y, pullback = names["cube_forward"](2.0)
    assert y == 8.0
    assert pullback(1.0) == dpy.gradient(cube, 2.0) == (12.0,)


def test_methods() -> None:
    text = adjoint_source(Model(3.0).predict, 2.0)
    assert "def predict_forward(self, x):" in text
    assert text == adjoint_source(Model.predict, Model(3.0), 2.0)


def test_keyword_arguments_are_not_differentiated() -> None:
    def f(x, *, scale=1.0):
        return x * scale

    assert "d_scale" not in adjoint_source(f, 2.0, scale=3.0)


@pytest.mark.parametrize("wrong", [3, "text", len, int, Model(1.0)])
def test_what_is_no_python_function_is_refused(wrong: Any) -> None:
    with pytest.raises(DpyError, match="is not a Python function"):
        adjoint_source(wrong, 1.0)
