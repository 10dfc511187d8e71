"""The whole of an adjoint: parameters, names, what it returns."""

from __future__ import annotations

import ast
import math
import re

import numpy as np

from tests.transform.adjoint.listing import Listing
from tests.transform.adjoint.programs import nothing, straight, useless


def test_the_whole_of_a_short_function() -> None:
    assert (
        Listing(straight, 1.0, 2.0).text
        == """\
def straight_forward(x, y):
    t_1 = x * y
    t_2 = t_1 + y

    def straight_pullback(d_t_2):
        d_t_1 = d_t_2
        d_y = d_t_2
        d_x = d_t_1 * y
        d_y += d_t_1 * x
        return (d_x, d_y)
    return (t_2, straight_pullback)"""
    )


def test_a_constant_function_has_zeros() -> None:
    assert Listing(nothing, 1.0).reverse == "return (0.0,)"
    assert Listing(nothing, np.ones(2)).reverse == "return (ZERO,)"


def test_what_the_result_does_not_depend_on_has_no_adjoint() -> None:
    listing = Listing(useless, 1.0, 2.0)
    assert not listing.cotangents() & {"d_y", "d_z", "d_w"}
    assert "exp" in listing.forward  # it still runs
    assert listing.reverse.endswith("return (d_x, 0.0)")


def greedy(x):
    acc = x * 2
    d_x = acc * x
    saved_0 = 0.0
    for i in range(2):
        saved_0 = math.sin(d_x) + saved_0 * x
    pb_0 = saved_0 * x
    t_1 = pb_0 + acc
    greedy_pullback = t_1 * x
    return greedy_pullback


def test_generated_names_avoid_the_users() -> None:
    listing = Listing(greedy, 1.0)
    users = set(greedy.__code__.co_varnames)
    assert users >= {"acc", "d_x", "saved_0", "pb_0", "t_1", "greedy_pullback"}
    stored_in_reverse = {
        n.id
        for n in ast.walk(listing.pullback)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    } | {a.arg for a in listing.pullback.args.args}
    loop_targets = {
        name
        for _, tape, saved in listing.saving_loops()
        for name in re.findall(r"\w+", ast.unparse(listing.reading_loop(tape).target))
    }
    assert not (stored_in_reverse - loop_targets) & users
    assert listing.pullback.name not in users
    assert not {tape for _, tape, _ in listing.saving_loops()} & users


def test_accumulators_are_a_parameter_only_where_they_are_needed() -> None:
    def by_identity(xs, x):
        xs[0] = x
        return xs[0]

    plain = Listing(straight, 1.0, 2.0).pullback.args.args
    assert [a.arg for a in plain] == ["d_t_2"]
    with_ = Listing(by_identity, [1.0], 2.0).pullback.args.args
    assert [a.arg for a in with_][1:] == ["acc"]
