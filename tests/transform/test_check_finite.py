"""``settings(check_finite=True)`` names the first line at which a NaN or an infinity arises.

The comment ``# here`` marks the line in each program.
"""

from __future__ import annotations

import functools
import linecache
import math
import types
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import special

import dpy
from dpy.errors import NonFiniteError

HERE = __file__


def line_in(*functions: Any) -> int:
    """The line that ends with the mark in one of the functions."""
    for function in functions:
        for code in codes_of(function.__code__):
            for _, _, line in code.co_lines():
                if line and linecache.getline(HERE, line).rstrip().endswith("# here"):
                    return line
    raise AssertionError("no mark")


def codes_of(code: types.CodeType) -> list[types.CodeType]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return [code, *(found for c in inner for found in codes_of(c))]


def caught(f: Any, *args: Any) -> NonFiniteError:
    """The error, which is the same whichever function of dpy is asked."""
    found = []
    calls = (dpy.gradient, dpy.value_and_gradient, lambda f, *xs: dpy.pullback(f, *xs)[1](1.0))
    for call in calls:
        with (
            dpy.settings(check_finite=True),
            warnings.catch_warnings(),
            pytest.raises(NonFiniteError) as raised,
        ):
            warnings.simplefilter("ignore")
            call(f, *args)
        found.append(raised.value)
    assert len({(e.operation, e.direction, e.place) for e in found}) == 1
    return found[0]


# --- the first operation ------------------------------------------------------------------------


def log_of_zero(a):
    b = a * 2
    c = b - b
    d = np.log(c)  # here
    e = d / d
    return e.sum()


def twelve_lines(x):
    a = x * 2.0
    b = a + 1.0
    c = b * b
    d = c - a
    e = x - x
    f = np.sqrt(e)  # here
    g = f + d
    h = g * g
    i = h + c
    j = i * a
    return j + b


def square_root(a):
    b = np.sqrt(a)  # here
    return b.sum()


def power_of_numbers(x):
    y = x - 1.0
    return y**0.5 + x  # here


def grows(x):
    y = x * 1e200
    return y * 1e200  # here


def in_an_inlined_function(x):
    return grows(x) + 1


def falls(x, n):
    if n == 0:
        return 1.0 / np.float64(x - x)  # here
    return falls(x * 2, n - 1) * 0.5


def in_a_recursion(x):
    return falls(x, 3)


def in_a_loop(x):
    total = np.float64(0.0)
    for i in range(4):
        y = x * (2 - i)
        total += 1.0 / y  # here
    return total


def in_a_while_loop(x):
    n = 0
    while n < 3:
        x = x * 1e120  # here
        n += 1
    return x


def in_a_comprehension(x):
    ys = [
        np.log(x * i)  # here
        for i in (2, 1, 0)
    ]
    return sum(ys)


def on_unknown_values(xs):
    total = 0.0
    for x in xs:
        total = total + x * 1e200  # here
    return total


def on_unknown_values_back(xs):
    total = 0.0
    for x in xs:
        total = total + np.sqrt(x)  # here
    return total


def on_a_tape(x):
    try:
        y = x * 1e200
        z = y * y  # here
    except ValueError:
        z = x
    return z


def on_a_tape_back(x):
    try:
        y = x - 2.0
        z = np.sqrt(y)  # here
    except ValueError:
        z = x
    return z * x


def numbers_on_a_tape_back(x):
    y = x - 2.0
    try:
        return y**0.5 * x  # here
    except ValueError:
        return x


def call_on_a_tape(x):
    with np.errstate(all="ignore"):
        return np.log(x - x)  # here


def quotients(x):
    for i in range(3):
        yield 1.0 / np.float64(x - i)  # here


def in_a_generator(x):
    total = 0.0
    for y in quotients(x):
        total = total + y
    return total


def roots(x):
    for i in range(3):
        yield np.sqrt(x - i)  # here


def in_a_generator_back(x):
    return sum(roots(x))


@dataclass
class Length:
    value: float

    def __truediv__(self, other):
        return Length(np.float64(self.value) / other.value)  # here

    @property
    def logarithm(self):
        return np.log(self.value - self.value)  # here

    def grown(self, k):
        self.value = self.value * k  # here
        return self


def in_an_operator(x):
    return (Length(x) / Length(x - x)).value


def in_a_property(x):
    return Length(x).logarithm + x


def in_a_method(x):
    return Length(x).grown(1e200).grown(1e200).value


def written_in_place(x):
    y = x.copy()
    y[1:] -= x[:-1]
    y /= y[0]  # here
    return y.sum()


def into_an_output(x):
    y = np.zeros(3)
    np.divide(x, x - x, out=y)  # here
    return y.sum()


def of_constants(x):
    weights = 1.0 / np.array([1.0, 0.0])  # here
    return (x * weights).sum()


def table(n):
    scale = np.arange(n) * 1.0
    return 1.0 / scale  # here


def in_a_function_of_constants(x):
    return (x * table(3)).sum()


def without_a_rule(x):
    integral = special.exp1(0.0)  # here
    return x * integral


def by_a_callback(x):
    return sum(map(np.log, [x, x - x]))  # here


def through_a_partial(x):
    f = functools.partial(np.divide, 1.0)
    return f(x - x)  # here


def product(x):
    xs = [x * 1e120, x * 1e120, x * 1e120]
    return functools.reduce(lambda a, b: a * b, xs)  # here


def matrices(a):
    b = a * 1e200
    return (b @ b).sum()  # here


def of_nothing(a):
    return a[:0].mean()  # here


def sum_of_large_numbers(x):
    return sum([x * 8e307, x * 8e307])  # here


def difference_of_infinities(a):
    return (a - a.max()).sum()  # here


def beside_a_mask(a):
    masked = np.where(np.array([True, True, False]), a, -np.inf)
    e = np.exp(masked)
    logits = np.log(e * np.array([1.0, 0.0, 1.0]))  # here
    return logits.sum()


def bent(x):
    return abs(x)


@dpy.adjoint(bent)
def bent_rule(x):
    def bent_pullback(d_y):
        return (np.float64(d_y) / x,)

    return abs(x), bent_pullback


def pullback_of_a_rule(x):
    y = x - 2.0
    return bent(y) + x  # here


def steep(x):
    return x


@dpy.adjoint(steep)
def steep_rule(x):
    return np.float64(x) / (x - x), lambda d_y: (d_y,)


def value_of_a_rule(x):
    y = x * x
    return steep(y)  # here


ONES, TWO = np.ones(3), np.float64(2.0)


@pytest.mark.parametrize(
    ("f", "args", "operation", "direction", "inside"),
    [
        (log_of_zero, (ONES,), "numpy.log", "forward", log_of_zero),
        (twelve_lines, (2.0,), "numpy.sqrt", "pullback", twelve_lines),
        (square_root, (np.array([1.0, 0.0]),), "numpy.sqrt", "pullback", square_root),
        (power_of_numbers, (1.0,), "**", "pullback", power_of_numbers),
        (grows, (2.0,), "*", "forward", grows),
        (in_an_inlined_function, (2.0,), "*", "forward", grows),
        (in_a_recursion, (2.0,), "/", "forward", falls),
        (in_a_loop, (TWO,), "/", "forward", in_a_loop),
        (in_a_while_loop, (2.0,), "*", "forward", in_a_while_loop),
        (in_a_comprehension, (2.0,), "numpy.log", "forward", in_a_comprehension),
        (on_unknown_values, ([1.0, 1e200],), "*", "forward", on_unknown_values),
        (on_unknown_values_back, ([TWO, 0.0],), "numpy.sqrt", "pullback", on_unknown_values_back),
        (on_a_tape, (2.0,), "*", "forward", on_a_tape),
        (on_a_tape_back, (TWO,), "numpy.sqrt", "pullback", on_a_tape_back),
        (numbers_on_a_tape_back, (TWO,), "**", "pullback", numbers_on_a_tape_back),
        (call_on_a_tape, (TWO,), "numpy.log", "forward", call_on_a_tape),
        (in_a_generator, (TWO,), "/", "forward", quotients),
        (in_a_generator_back, (TWO,), "numpy.sqrt", "pullback", roots),
        (in_an_operator, (2.0,), "/", "forward", Length.__truediv__),
        (in_a_property, (2.0,), "numpy.log", "forward", Length.logarithm.fget),
        (in_a_method, (2.0,), "*", "forward", Length.grown),
        (written_in_place, (np.array([0.0, 1.0, 2.0]),), "/", "forward", written_in_place),
        (into_an_output, (ONES,), "numpy.divide", "forward", into_an_output),
        (of_constants, (2.0,), "/", "forward", of_constants),
        (in_a_function_of_constants, (2.0,), "/", "forward", table),
        (without_a_rule, (2.0,), "special.exp1", "forward", without_a_rule),
        (by_a_callback, (TWO,), "numpy.log", "forward", by_a_callback),
        (through_a_partial, (TWO,), "numpy.divide", "forward", through_a_partial),
        (product, (2.0,), "*", "forward", product),
        (matrices, (np.ones((2, 2)),), "@", "forward", matrices),
        (of_nothing, (ONES,), "numpy.ndarray.mean", "forward", of_nothing),
        (sum_of_large_numbers, (2.0,), "sum", "forward", sum_of_large_numbers),
        (difference_of_infinities, (np.array([np.inf, 1.0]),), "-", "forward",
         difference_of_infinities),
        (beside_a_mask, (ONES,), "numpy.log", "forward", beside_a_mask),
        (pullback_of_a_rule, (2.0,), f"{__name__}.bent", "pullback",
         pullback_of_a_rule),
        (value_of_a_rule, (2.0,), f"{__name__}.steep", "forward",
         value_of_a_rule),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_the_first_operation(
    f: Any, args: Any, operation: str, direction: str, inside: Any
) -> None:
    error = caught(f, *args)
    assert (error.operation, error.direction) == (operation, direction)
    assert error.place is not None
    assert error.place.filename == HERE
    assert error.place.line == line_in(inside)
    assert f"{HERE}:{error.place.line}" in str(error)


# --- nobody's fault -----------------------------------------------------------------------------


def masked(a):
    scores = np.where(np.array([True, False, True]), a, -np.inf)
    weights = np.exp(scores - scores.max())
    return np.log(weights.sum()) + weights[1]


def least(x):
    best = math.inf
    for k in range(3):
        best = min(best, (x - k) ** 2)
    return best


def spelled(x):
    bound = float("inf")
    return min(x * x, bound)


def filled(x):
    best = np.full(3, np.inf)
    best[1] = x * x
    return best.min()


def not_initialised(x):
    u = np.empty(3)
    u[:] = np.array([np.nan, np.inf, 1.0])  # what memory may hold
    for i in range(3):
        u[i] = x * i
    return u.sum()


def initialised_in_part(a):
    y = np.divide(1.0, a, where=a > 0, out=np.zeros(3))
    return y.sum()


def popped(x):
    xs = [x, math.inf]
    bound = xs.pop()
    return min(x * x, bound)


def looked_up(x):
    d = {"a": x}
    return min(d["a"] * 2, d.get("b", math.inf), *[d.pop("c", math.inf)])


def taken(x):
    bounds = iter([x * x, math.inf])
    return min(next(bounds), next(bounds))


def no_bound():
    return math.inf


def returned(x):
    return min(x * x, no_bound())


def with_an_initial_value(a):
    return np.max(a * 2, initial=-np.inf)


def given_infinity(a, x):
    return (np.where(np.isfinite(a), a, 0.0) * x).sum()


def given_nan(a):
    return np.nansum(a * 2)


def not_used(a):
    return np.where(a > 0, np.sqrt(a), 0.0).sum()


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (masked, (np.array([1.0, 2.0, 3.0]),)),
        (least, (1.5,)),
        (spelled, (1.5,)),
        (filled, (1.5,)),
        (not_initialised, (1.5,)),
        (initialised_in_part, (np.array([1.0, 0.0, 2.0]),)),
        (popped, (1.5,)),
        (looked_up, (1.5,)),
        (taken, (1.5,)),
        (returned, (1.5,)),
        (with_an_initial_value, (np.array([1.0, 3.0]),)),
        (given_infinity, (np.array([1.0, np.inf, -np.inf]), 2.0)),
        (given_nan, (np.array([1.0, np.nan]),)),
        (not_used, (np.array([1.0, 0.0, 4.0]),)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_infinities_that_are_meant(f: Any, args: Any) -> None:
    with dpy.settings(check_finite=True):
        checked = dpy.value_and_gradient(f, *args)
    assert repr(checked) == repr(dpy.value_and_gradient(f, *args))


# --- what it costs, and how it looks ------------------------------------------------------------


@pytest.mark.parametrize("f", [square_root, in_an_inlined_function, on_a_tape])
def test_code_without_checks_is_the_same(f: Any) -> None:
    arg = ONES if f is square_root else 2.0
    before = dpy.adjoint_source(f, arg)
    with dpy.settings(check_finite=True):
        assert f is on_a_tape or dpy.adjoint_source(f, arg) != before
    assert dpy.adjoint_source(f, arg) == before
    assert "finite" not in before


def test_a_pullback_checks_if_its_forward_did() -> None:
    with dpy.settings(check_finite=True):
        _, back = dpy.pullback(square_root, np.array([0.0, 1.0]))
    with pytest.raises(NonFiniteError):
        back(1.0)
    _, back = dpy.pullback(square_root, np.array([0.0, 1.0]))
    with dpy.settings(check_finite=True):
        assert np.isinf(back(1.0)[0][0])


def test_an_operand_that_is_overwritten_is_judged_as_it_was() -> None:
    def f(x):
        x = x * 1e200
        x = x * 1e200  # here
        return x

    assert caught(f, 2.0).place.line == line_in(f)  # type: ignore[union-attr]


def test_the_message() -> None:
    text = str(caught(square_root, np.array([4.0, 0.0, 0.0])))
    assert text.startswith("the derivative of `numpy.sqrt` gives inf (2 of 3 values, of shape (3,)")
    assert "the first at [1]" in text
    assert "^^^^^^^^^^" in text
    assert "from 0.0 to 2.0" in text or "from 0.0 to 4.0" in text
    assert "repair:" in text


def test_the_traceback_ends_at_the_line() -> None:
    import traceback

    error = caught(in_an_inlined_function, 2.0)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == HERE]
    assert frames[-1].lineno == line_in(grows)


def test_with_a_check_of_rules() -> None:
    with dpy.settings(check_rules=True):
        error = caught(pullback_of_a_rule, 2.0)
        assert error.place.line == line_in(pullback_of_a_rule)  # type: ignore[union-attr]


def test_with_listings() -> None:
    with dpy.settings(listings=True):
        assert caught(grows, 2.0).place.line == line_in(grows)  # type: ignore[union-attr]
