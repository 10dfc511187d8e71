"""The joint stage: what is written, and what is refused, without Numba."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dpy.errors import UnsupportedSyntaxError
from dpy.joint_backend import joint_source
from tests.joint_programs import heat, heat_in_place, heron

OFFSET = 0.5


def test_a_while_loop_saves_into_growing_rows() -> None:
    assert joint_source(heron, 2.0).splitlines() == [
        "def heron_joint(a, d_x):",
        "    n_saved_0 = 0",
        "    saved_0 = 0",
        "    room_saved_0 = 16",
        "    saved_0_floats = column_float(2 * room_saved_0)",
        "    x = a",
        "    saved_0 = n_saved_0",
        "    while True:",
        "        x_0 = x",
        "        t_2 = x * x",
        "        t_3 = t_2 - a",
        "        t_4 = float_abs(t_3)",
        "        t_5 = 1e-12 * a",
        "        t_6 = t_4 > t_5",
        "        if not t_6:",
        "            break",
        "        t_7 = a / x",
        "        t_8 = x + t_7",
        "        x = 0.5 * t_8",
        "        if n_saved_0 == room_saved_0:",
        "            room_saved_0 = more_room(room_saved_0, n_saved_0)",
        "            saved_0_floats = grow(saved_0_floats, 2 * room_saved_0)",
        "        put(saved_0_floats, 2 * n_saved_0, x_0)",
        "        put(saved_0_floats, 2 * n_saved_0 + 1, t_7)",
        "        n_saved_0 = n_saved_0 + 1",
        "    y = x",
        "    d_a = 0.0",
        "    while n_saved_0 > saved_0:",
        "        n_saved_0 = n_saved_0 - 1",
        "        x_0 = get(saved_0_floats, 2 * n_saved_0)",
        "        t_7 = get(saved_0_floats, 2 * n_saved_0 + 1)",
        "        d_t_8 = d_x * 0.5",
        "        d_x = d_t_8",
        "        d_t_7 = d_t_8",
        "        d_a = d_a + d_t_7 / x_0",
        "        d_x = d_x - d_t_7 * t_7 / x_0",
        "    d_a = d_a + d_x",
        "    expect_zero(n_saved_0)",
        "    return (y, (d_a,))",
    ]


def test_a_counted_loop_makes_room_before_it_starts() -> None:
    text = joint_source(heat, 0.1, np.ones(4), 2)
    assert "rows_needed(n_saved_0, t_" in text
    assert "== room_saved" not in text


def test_cotangents_of_written_arrays_are_buffers() -> None:
    text = joint_source(heat_in_place, 0.1, np.ones(4), np.ones(4), 2)
    for line in (
        "d_u = zeros(u.shape)",
        "d_new[i_1] = 0.0",
        "return (y, (d_kappa, d_u, d_new, 0.0))",
    ):
        assert line in text
    for name in ("acc", "ZERO", "region", "project", "reversed", "append"):
        assert name not in text


def test_integers_are_checked_and_division_follows_the_flavour() -> None:
    def f(x, a, n):
        return x / a[n - 1] + x / (x + 1)

    text = joint_source(f, 1.0, np.ones(3), 2)
    assert "checked_sub(n, 1)" in text
    assert "numpy_divide(x, " in text
    assert "x / t_" in text


def whole(x, a):
    return x * a[0] + np.sum(a)


def alias(x, a):
    b = a
    b[0] = x
    return a[0]


def view(x, a):
    b = a[1:]
    return x * b[0]


def made_in_a_loop(x, n):
    total = 0.0
    for i in range(n):
        a = np.zeros(2)
        a[0] = x
        total += a[0]
    return total


def elements(x, a):
    total = 0.0
    for item in a:
        total += x * item
    return total


def list_(x):
    xs = [x, x]
    return xs[0]


def of_a_global(x):
    return x * OFFSET


def helper_(x):
    return x * x


def falling(x):
    return x if x < 1.0 else falling(x - 1.0) * 0.5


def calls(x):
    return falling(x) + 1.0


def calls_a_small_one(x):
    return helper_(x) + 1.0


def raises(x):
    if x < 0.0:
        raise ValueError(x)
    return x * x


def mixed(x, n):
    total = n
    for i in range(3):
        total = total + x
    return total


def maybe_numpy(x, a, n):
    total = 0.0
    for i in range(n):
        total = total + a[i]
    return x / total


def gamma(x):
    return x * math.lgamma(x)


def several(x):
    a = np.zeros(2)
    a = np.zeros(3)
    a[0] = x
    return a[0]


def keyword(x, *, k=2.0):
    return x * k


def constant(x, n):
    return 2.0


def power(x, n):
    return x * n**n


def test_small_functions_are_compiled_with_their_caller() -> None:
    assert "= x * x" in joint_source(calls_a_small_one, 1.0)


ARRAY = np.ones(3)
REFUSED = [
    (whole, (1.0, ARRAY), 1, "sum"),
    (alias, (1.0, ARRAY), 1, "a second name, b, for an array"),
    (view, (1.0, ARRAY), 1, ""),
    (made_in_a_loop, (1.0, 2), 3, "an array made in a loop"),
    (elements, (1.0, ARRAY), 2, "a loop over anything but a range"),
    (list_, (1.0,), 1, "a list"),
    (of_a_global, (1.0,), 1, ""),
    (calls, (1.0,), 1, "falling"),
    (raises, (1.0,), 2, ""),
    (mixed, (1.0, 2), 3, "the variable total"),
    (maybe_numpy, (1.0, ARRAY, 3), 4, "may be a Python float or a NumPy scalar"),
    (gamma, (1.5,), 1, "lgamma"),
    (several, (1.0,), 0, "the variable a"),
    (keyword, (1.0,), 0, "the parameter k"),
    (constant, (1.0, 2), 0, "a constant result"),
    (power, (1.0, 2), 1, "a power of integers"),
    (helper_, (1j,), 0, "the argument x"),
    (whole, (1.0, np.ones(3, np.float32)), 0, "the argument a"),
]


@pytest.mark.parametrize(
    ("f", "args", "line", "words"), REFUSED, ids=lambda value: getattr(value, "__name__", None)
)
def test_what_cannot_be_compiled_is_refused_with_its_line(f, args, line, words) -> None:
    with pytest.raises(UnsupportedSyntaxError) as caught:
        joint_source(f, *args)
    error = caught.value
    assert words in str(error)
    assert error.why
    assert error.repair
    assert error.place is not None
    assert error.place.line == f.__code__.co_firstlineno + line
