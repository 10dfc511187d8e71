"""Errors of the runtime name the user's place and show a rule to complete."""

from __future__ import annotations

import math

import numpy as np
import pytest

import dpy
from dpy.runtime.failures import mutation_error, no_adjoint


def through_c(x: float) -> float:
    return math.ulp(3.0) * x


def test_no_adjoint_holds_a_stub_with_the_parameters() -> None:
    error = no_adjoint(np.linalg.cond, (np.eye(2),))
    assert isinstance(error, dpy.NoAdjointError)
    text = str(error)
    assert "@dpy.adjoint(numpy.linalg.cond)" in text
    assert "def cond_rule(x)" in text
    assert "return (d_x,)" in text


def test_no_adjoint_gives_the_detail_as_the_reason() -> None:
    assert "because of that" in str(no_adjoint(sorted, ([],), "because of that"))


def test_mutation_error_says_what_and_why() -> None:
    error = mutation_error("writing there", "nobody can undo it")
    assert isinstance(error, dpy.MutationError)
    assert "writing there" in str(error)
    assert "nobody can undo it" in str(error)


def test_constants_of_c_functions_are_no_errors() -> None:
    (d,) = dpy.gradient(through_c, 3.0)
    assert d == pytest.approx(math.ulp(3.0), rel=1e-12)
