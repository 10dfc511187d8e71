"""The generated code of five functions, as committed; and that it computes the right gradient."""

from __future__ import annotations

import ast

import numpy as np
import pytest

import dpy
from tests.golden.write import FOLDER, cases, listing

CASES = cases()

# The listing of the design, but for the choice of temporaries.
DESIGN = """
def logistic_forward(x, r, n):
    s = 0.0
    saved = []
    for i in range(n):
        x_0 = x
        if x > 0.5:
            t_1 = r * x
            t_2 = 1 - x
            x = t_1 * t_2
            saved.append((True, x_0, t_1, t_2, x))
        else:
            t_3 = r * x
            x = math.sin(t_3)
            saved.append((False, x_0, t_3, None, x))
        s = s + x * x

    def logistic_pullback(d_s):
        d_x = 0.0
        d_r = 0.0
        for branch, x_0, t_1, t_2, x in reversed(saved):
            d_x += 2 * x * d_s
            if branch:
                d_t_1 = d_x * t_2
                d_r += d_t_1 * x_0
                d_x = d_t_1 * r - d_x * t_1
            else:
                d_t_3 = d_x * math.cos(t_1)
                d_r += d_t_3 * x_0
                d_x = d_t_3 * r
        return (d_x, d_r, 0.0)
    return (s, logistic_pullback)
"""


@pytest.mark.parametrize("name", CASES)
def test_listing_is_the_golden_one(name: str) -> None:
    golden = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert listing(*CASES[name]) == golden, "if this is better: python -m tests.golden.write"


def test_logistic_loop_is_what_the_design_asks_for() -> None:
    assert listing(*CASES["logistic"]) == ast.unparse(ast.parse(DESIGN)) + "\n"


@pytest.mark.parametrize("name", ["logistic", "heron"])
def test_gradient_agrees_with_differences(name: str) -> None:
    function, args = CASES[name]
    gradients = dpy.gradient(function, *args)
    for i, x in enumerate(args):
        if not isinstance(x, float):
            continue
        h = 1e-6 * max(1.0, abs(x))
        ends = [function(*args[:i], x + sign * h, *args[i + 1 :]) for sign in (1, -1)]
        np.testing.assert_allclose(gradients[i], (ends[0] - ends[1]) / (2 * h), rtol=1e-5)
