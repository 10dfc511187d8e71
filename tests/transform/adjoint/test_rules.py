"""Functions with rules."""

from __future__ import annotations

import re

import numpy as np

import dpy
from tests.transform.adjoint.listing import Listing
from tests.transform.adjoint.programs import weighted


def test_the_pullback_of_a_rule_is_kept_and_called() -> None:
    def middle(m, x):
        return np.median(m) * x  # a rule that sorts: nothing to inline

    listing = Listing(middle, np.ones(3), 2.0)
    kept = re.search(r"(pb_\d+) = median_rule\(", listing.forward)
    assert kept is not None
    assert f"{kept[1]}(d_" in listing.reverse


def test_a_rule_that_is_straight_line_here_is_not_called() -> None:
    listing = Listing(weighted, np.ones(3), np.ones(3), inactive="xs")
    assert "sum_rule(" not in listing.forward
    assert "d_xs" not in listing.cotangents()
    assert "filled(t_3.shape, " in listing.reverse
    assert "unbroadcast(" in listing.reverse


def test_operands_may_be_named() -> None:
    def f(x):
        return np.sum(a=np.cumsum(axis=0, a=x))

    assert dpy.gradient(f, np.ones(3))[0].tolist() == [3.0, 2.0, 1.0]


def test_values_that_a_rule_has_kept_are_protected_from_writes() -> None:
    def f(x):
        y = x * 1.0
        m = np.median(y)
        y[0] = 9.0
        return m * np.sum(y)

    assert "protect(pb_" in Listing(f, np.array([1.0, 2.0, 3.0])).forward
    dpy.check_gradient(f, np.array([1.0, 2.0, 3.5]))


def test_a_result_that_overwrites_an_operand() -> None:
    def f(a, b):
        a = a @ b
        a = a @ a
        return np.sum(a)

    m = np.array([[0.5, 1.5], [-0.3, 0.7]])
    dpy.check_gradient(f, m, m.T.copy())


def cube(x):
    return x * x * x


def scaled_cube(x):
    return 2.0 * cube(x)


def test_a_users_rule_is_checked() -> None:
    @dpy.adjoint(cube, kind=lambda x: x)
    def cube_rule(x):
        def cube_pullback(d_y):
            return (3 * x * x * d_y,)

        return x * x * x, cube_pullback

    assert "checked(" in Listing(scaled_cube, 2.0).reverse
    assert dpy.gradient(scaled_cube, 2.0) == (24.0,)
