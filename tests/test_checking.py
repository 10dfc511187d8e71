"""check_gradient: finds what is wrong, and only that."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from dpy.checking import GradientMismatch, check_gradient
from dpy.errors import DpyError
from dpy.numerical import numerical_gradient
from dpy.structs import mirror

RNG = np.random.default_rng(3)


@dataclass
class Net:
    w: np.ndarray
    b: float
    name: str = "net"


def loss(net, x):
    return float(np.sum(np.tanh(net.w @ x + net.b) ** 2))


def loss_gradient(f, net, x):
    t = np.tanh(net.w @ x + net.b)
    d = 2 * t * (1 - t * t)
    return mirror({"w": np.outer(d, x), "b": d.sum()}, net), net.w.T @ d


def make(n=3, m=4):
    return Net(RNG.normal(size=(n, m)), 0.1), RNG.normal(size=m)


@pytest.mark.parametrize("shape", [(3, 4), (20, 15)])
def test_a_right_gradient_passes(shape):
    report = check_gradient(loss, *make(*shape), gradient=loss_gradient)
    assert report
    assert not report.failures
    assert all(c.verdict == "ok" for c in report.comparisons)
    assert str(report).startswith(f"{len(report.comparisons)} of {len(report.comparisons)}")


@pytest.mark.parametrize("shape", [(3, 4), (20, 15)])
@pytest.mark.parametrize("which", ["w", "b", "x"])
def test_an_error_of_one_percent_is_found(shape, which):
    def slightly_wrong(f, net, x):
        g, d_x = loss_gradient(f, net, x)
        if which == "x":
            return g, 1.01 * d_x
        return replace(g, **{which: 1.01 * getattr(g, which)}), d_x

    with pytest.raises(GradientMismatch) as caught:
        check_gradient(loss, *make(*shape), gradient=slightly_wrong)
    wrong = "argument 1" if which == "x" else f"argument 0.{which}"
    assert isinstance(caught.value, AssertionError)
    assert all(c.where.startswith(wrong) for c in caught.value.report.failures)
    assert wrong in str(caught.value)
    assert "WRONG" in str(caught.value)


def test_one_wrong_item_of_a_small_array_is_found():
    def wrong(f, net, x):
        g, d_x = loss_gradient(f, net, x)
        g.w[1, 2] *= 1.00001
        return g, d_x

    report = check_gradient(loss, *make(), gradient=wrong, raise_on_error=False)
    assert [c.where for c in report.failures] == ["argument 0.w[1, 2]"]
    assert not report


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_tiny_and_huge_gradients(scale):
    f = lambda x: scale * np.sin(x)  # noqa: E731
    assert check_gradient(f, 1.0, atol=0.0, gradient=lambda f, x: (scale * np.cos(x),))
    with pytest.raises(GradientMismatch):
        check_gradient(f, 1.0, atol=0.0, gradient=lambda f, x: (1.01 * scale * np.cos(x),))


def test_the_table_can_be_read():
    report = check_gradient(
        lambda x, y: x * y[0] + y[1],
        2.0,
        [3.0, 1.0],
        gradient=lambda f, x, y: (3.0, [2.5, None]),
        raise_on_error=False,
    )
    assert str(report).splitlines() == [
        "1 of 3 derivatives agree with numerical differences",
        "               gradient  numerical  difference",
        "argument 0            3          3    0.00e+00  ok",
        "argument 1[0]       2.5          2    5.00e-01  WRONG",
        "argument 1[1]      None          1           -  MISSING",
    ]


def test_a_zero_that_should_not_be_and_none():
    for g, verdict in ((np.zeros(2), "WRONG"), (None, "MISSING"), (np.ones((1, 2)), "SHAPE")):
        report = check_gradient(np.sum, np.ones(2), gradient=lambda f, x, g=g: (g,),
                                raise_on_error=False)  # fmt: skip
        assert {c.verdict for c in report.failures} == {verdict}


def test_nan_is_wrong():
    with pytest.raises(GradientMismatch):
        check_gradient(np.sin, 1.0, gradient=lambda f, x: (float("nan"),))


def test_kinks_take_any_slope_in_between():
    for slope in (0.0, 0.5, 1.0):
        report = check_gradient(lambda x: max(x, 0.0), 0.0, gradient=lambda f, x, s=slope: (s,))
        assert report.comparisons[0].verdict in ("kink", "ok")
    for slope in (-0.1, 1.1):
        with pytest.raises(GradientMismatch):
            check_gradient(lambda x: max(x, 0.0), 0.0, gradient=lambda f, x, s=slope: (s,))
    with pytest.raises(GradientMismatch):  # beside the kink there is one slope only
        check_gradient(abs, 0.01, gradient=lambda f, x: (0.5,))


def test_integers():
    report = check_gradient(
        lambda xs, i, n: xs[i] * n, [1.0, 2.0], 1, 3, gradient=lambda f, *a: ([0.0, 3.0], 0.0, 2.0)
    )
    assert [c.verdict for c in report.comparisons] == ["ok", "ok", "integer", "ok"]
    with pytest.raises(GradientMismatch):
        check_gradient(lambda x: x * x, 3, gradient=lambda f, x: (5.0,))


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_short_floats(dtype):
    x = np.linspace(0.5, 1.5, 5).astype(dtype)
    f = lambda x: np.sum(x**3)  # noqa: E731
    assert check_gradient(f, x, gradient=lambda f, x: (3 * x**2,))
    with pytest.raises(GradientMismatch):
        check_gradient(f, x, gradient=lambda f, x: (4 * x**2,))
    if dtype is np.float32:
        with pytest.raises(GradientMismatch):
            check_gradient(f, x, gradient=lambda f, x: (np.float32(1.01) * 3 * x**2,))


@pytest.mark.parametrize("n", [3, 40])
def test_complex(n):
    z = RNG.normal(size=n) + 1j * RNG.normal(size=n)
    f = lambda z: np.sum(np.abs(z) ** 2) + np.sum(z.imag)  # noqa: E731
    assert check_gradient(f, z, gradient=lambda f, z: (2 * z + 1j,))
    with pytest.raises(GradientMismatch):  # the other convention
        check_gradient(f, z, gradient=lambda f, z: (np.conj(2 * z + 1j),))


def test_argnums_select_what_is_checked():
    half = lambda f, x, y: (y, None)  # noqa: E731
    assert check_gradient(lambda x, y: x * y, 2.0, 3.0, argnums=0, gradient=half)
    assert check_gradient(lambda x, y: x * y, 2.0, 3.0, argnums=(0,), gradient=half)
    with pytest.raises(GradientMismatch):
        check_gradient(lambda x, y: x * y, 2.0, 3.0, argnums=[0, 1], gradient=half)


def test_second_order():
    def gradient(f, x):
        return (3 * x**2,) if f is cube else numerical_gradient(f, x)

    def cube(x):
        return x**3

    def half_constant(f, x):  # right at x = 2, but not its slope
        return (12.0,) if f is cube else (0.0,)

    report = check_gradient(cube, 2.0, order=2, gradient=gradient)
    assert len(report.comparisons) == 2
    assert check_gradient(cube, 2.0, gradient=half_constant)

    def wrong_second(f, x):
        return (3 * x**2,) if f is cube else (1.01 * numerical_gradient(f, x)[0],)

    with pytest.raises(GradientMismatch):
        check_gradient(cube, 2.0, order=2, gradient=wrong_second)


def test_arguments_are_left_alone_and_keywords_passed_on():
    def f(xs, *, log):
        log.append(1)
        xs.append(2.0 * xs[0])
        return sum(xs)

    xs, log = [1.0], []
    assert check_gradient(f, xs, log=log, gradient=lambda f, xs, log: ([3.0],))
    assert (xs, log) == ([1.0], [])


def test_a_function_that_is_not_repeatable_is_refused():
    with pytest.raises(DpyError, match="same arguments"):
        check_gradient(lambda x: x + RNG.normal(), 1.0, gradient=lambda f, x: (1.0,))


def test_a_gradient_that_is_no_tuple_is_refused():
    with pytest.raises(DpyError, match="tuple of that length"):
        check_gradient(np.sin, 1.0, gradient=lambda f, x: 0.5)
