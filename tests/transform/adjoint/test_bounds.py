"""Denominators that are never zero, and parts of arrays that never meet."""

from __future__ import annotations

import linecache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dpy
from tests.transform.adjoint.listing import Listing


def gates(z: Any) -> Any:
    k = z.shape[0]
    return np.sum(z[:k, :3] * z[:, 3:6] * z[:, 6:9])


def by_length(z: Any, h: Any) -> Any:
    n = h.shape[1]
    return np.sum(z[:, :n] * np.tanh(z[:, n : 2 * n]) * z[:, 2 * n :])


def by_len(z: Any, h: Any) -> Any:
    n = len(h)
    return np.sum(z[:n] * z[n : n + n]) + np.sum(z[2 * n])


Z = np.random.default_rng(0).standard_normal((3, 9))


@pytest.mark.parametrize(
    ("f", "args", "assignments"),
    [
        (gates, (Z,), 3),
        (by_length, (Z, np.ones((3, 3))), 3),
        (by_len, (Z.T.copy(), np.ones(3)), 3),
    ],
)
def test_parts_that_never_meet_are_assigned(f: Any, args: Any, assignments: int) -> None:
    reverse = Listing(f, *args, inactive="h").reverse
    assert reverse.count("] = ") >= assignments
    assert "add_to" not in reverse
    dpy.check_gradient(f, *args)


def overlapping(z: Any) -> Any:
    return np.sum(z[:, :4] * z[:, 3:7]) + np.sum(np.sin(z[:, 6:]))


def from_the_end(z: Any, n: int) -> Any:
    return np.sum(np.sin(z[:, :n])) + np.sum(np.cos(z[:, n : 2 * n]))


def by_a_literal_from_the_end(z: Any) -> Any:
    return np.sum(np.sin(z[:, :-1])) + np.sum(np.cos(z[:, -1:])) + np.sum(np.exp(z[:, 5:]))


def every_second(z: Any) -> Any:
    return np.sum(np.sin(z[::2])) + np.sum(np.cos(z[1:]))


def in_a_branch(z: Any) -> Any:
    y = np.sum(np.sin(z[:, :3]))
    if z[0, 0] < 100.0:
        y = y + np.sum(np.exp(z[:, 3:6]))
    return y + np.sum(np.cos(z[:, 2:4])) + np.sum(np.cos(z[:, 5:]))


def in_a_loop(z: Any) -> Any:
    y = np.sum(np.sin(z[:, :3]))
    for k in range(3):
        y = y + np.sum(np.exp(z[:, 3:5] * k))
    return y + np.sum(np.cos(z[:, 5:]))


def length_that_changes(z: Any, h: Any) -> Any:
    n = h.shape[1]
    y = np.sum(np.sin(z[:, :n]))
    h = h[:, 1:]
    n = h.shape[1]
    return y + np.sum(np.cos(z[:, n:]))


def length_of_the_last_round(z: Any, h: Any) -> Any:
    y = 0.0
    n = 5
    for _ in range(2):
        y = y + np.sum(np.sin(z[:, :n]))
        n = h.shape[1]
        y = y + np.sum(np.cos(z[:, n:]))
    return y


def used_as_a_whole_between(z: Any) -> Any:
    y = np.sum(np.sin(z[:, :3]))
    y = y + np.sum(z**2)
    return y + np.sum(np.cos(z[:, 3:]))


def of_another_axis(z: Any) -> Any:
    return np.sum(np.sin(z[:2])) + np.sum(np.cos(z[:, 2:])) + np.sum(z[2:, 3])


def element_in_the_part(z: Any) -> Any:
    return np.sum(np.sin(z[:2])) * z[1, 1] + np.sum(z[2])


def with_new_axes(z: Any) -> Any:
    return np.sum(np.sin(z[None, :2])) + np.sum(np.cos(z[None, 2:])) + np.sum(z[..., 2:])


@pytest.mark.parametrize(
    "f",
    [
        overlapping, by_a_literal_from_the_end, every_second, in_a_branch, in_a_loop,
        used_as_a_whole_between, of_another_axis, element_in_the_part, with_new_axes,
    ],
)  # fmt: skip
def test_parts_that_may_meet_are_added_to(f: Any) -> None:
    dpy.check_gradient(f, Z)


@pytest.mark.parametrize("f", [length_that_changes, length_of_the_last_round])
def test_a_length_is_what_it_was_when_it_was_read(f: Any) -> None:
    dpy.check_gradient(lambda z: f(z, np.ones((3, 3))), Z)


@pytest.mark.parametrize("n", [-5, -2, 0, 2, 5])
def test_a_number_that_may_be_negative_is_no_length(n: int) -> None:
    dpy.check_gradient(lambda z: from_the_end(z, n), Z)


_BOUNDS = st.one_of(st.none(), st.integers(-7, 7))
_PARTS = st.tuples(_BOUNDS, _BOUNDS, st.sampled_from([None, 1, 2, -1]))


@settings(deadline=None, max_examples=40)
@given(st.lists(_PARTS, min_size=2, max_size=4))
def test_any_slices(parts: Any) -> None:
    texts = [":".join("" if b is None else str(b) for b in p) for p in parts]
    weights = [np.arange(1.0, 8.0)[slice(*p)] for p in parts]
    terms = [f"np.sum(w[{k}] * z[{text}])" for k, text in enumerate(texts)]
    names: dict[str, Any] = {"np": np, "w": weights}
    source = f"def f(z):\n    return {' + '.join(terms)}\n"
    linecache.cache["<parts>"] = (len(source), None, source.splitlines(True), "<parts>")
    exec(compile(source, "<parts>", "exec"), names)
    expected = np.zeros(7)
    for p, w in zip(parts, weights, strict=True):
        np.add.at(expected, np.arange(7)[slice(*p)], w)
    (d_z,) = dpy.gradient(names["f"], np.linspace(-1.0, 1.0, 7))
    assert np.array_equal(np.asarray(d_z), expected)


# --- denominators -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(1 / (1 + np.exp(-x))),
        lambda x: np.sum(2 / (np.cosh(x) + 0.5)),
        lambda x: np.sum(-3.0 / (x * x + 1.5)),
        lambda x: np.sum(1 / (2.0 + x**4)),
        lambda x: np.sum(1.0 / (1.0 + np.fabs(x))),
    ],
)
def test_a_denominator_that_is_never_zero_needs_no_care(f: Any) -> None:
    assert "quotient" not in Listing(f, Z).reverse
    dpy.check_gradient(f, Z)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(1 / (1 + x)),
        lambda x: np.sum(1 / (np.exp(x) - 0.5)),
        lambda x: np.sum(1 / (0.0 + np.exp(x))),
        lambda x: np.sum(x / (1 + np.exp(x))),
        lambda x: np.sum(1 / (1 + x**3)),
        lambda x: np.sum(1 / (1 + x * (x + 1))),
        lambda x: np.sum(1 / (1 + x**-2)),
    ],
)
def test_others_keep_their_strong_zeros(f: Any) -> None:
    assert "quotient" in Listing(f, Z).reverse
    dpy.check_gradient(f, Z)


def test_a_denominator_that_was_changed_in_place_may_be_zero() -> None:
    def f(x):
        below = np.exp(x)
        below -= 1.0
        y = 1 / (1 + below)
        return np.sum(np.where(x > -1e3, y, 0.0))

    x = np.array([-1e4, 0.5])  # exp underflows: the first quotient is infinite
    with np.errstate(divide="ignore"):
        (d_x,) = dpy.gradient(f, x)
    assert np.allclose(d_x, [0.0, -np.exp(-0.5)])


def test_large_and_small_denominators() -> None:
    def f(x):
        return np.sum(1 / (1 + np.exp(-x)))

    (d_x,) = dpy.gradient(f, np.array([-700.0, -300.0, 0.0, 700.0]))
    assert np.allclose(
        d_x, [np.exp(-700.0), np.exp(-300.0), 0.25, np.exp(-700.0)], rtol=1e-12, atol=1e-300
    )
