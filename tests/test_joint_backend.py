"""Gradients compiled by Numba against those of the Python back end."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import dpy
from benchmarks import joint as joint_benchmark
from dpy.errors import MutationError
from dpy.joint_backend import compile_joint
from tests.joint_programs import (
    flow,
    gather,
    heat,
    heat_in_place,
    heron,
    leave,
    logistic,
    plate,
    scalars,
)


def copies(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)


def line(n: int) -> np.ndarray:
    return np.random.default_rng(n).normal(size=n)


JOINT: dict[Any, Any] = {}


def joint_of(f: Any, args: tuple[Any, ...]) -> Any:
    """Compiled once for all tests."""
    if f not in JOINT:
        JOINT[f] = compile_joint(f, *args)
    return JOINT[f]


CASES = [
    (logistic, (0.3, 1.9, 0)),
    (logistic, (0.3, 1.9, 1)),
    (logistic, (0.7, 1.3, 100)),
    (logistic, (-0.4, 3.1, 17)),
    (heat_in_place, (0.2, line(8), line(8), 0)),
    (heat_in_place, (0.2, line(8), line(8), 5)),
    (heat_in_place, (0.1, line(40), np.zeros(40), 30)),
    (heat_in_place, (0.2, line(2), line(2), 4)),
    (heat_in_place, (0.2, line(1), line(1), 4)),
    (heat_in_place, (0.2, np.zeros(0), np.zeros(0), 4)),
    (heat_in_place, (0.2, line(20)[::2], line(10), 3)),
    (heat, (0.2, line(9), 0)),
    (heat, (0.2, line(9), 7)),
    (heat, (0.3, line(60), 40)),
    (heron, (2.0,)),
    (heron, (1.0,)),
    (heron, (1e-8,)),
    (heron, (7e12,)),
    (plate, (0.2, line(30).reshape(5, 6), 9)),
    (plate, (0.1, np.asfortranarray(line(30).reshape(5, 6)), 0)),
    (plate, (0.05, 0.5 + 0.0 * line(30).reshape(6, 5), 9)),
    (scalars, (1.3, 0.7)),
    (scalars, (0.7, 2.3)),
    (scalars, (1.5, 1.5)),
    (flow, (0.7, 0)),
    (flow, (1.3, 3)),
    (flow, (1.3, 9)),
    (flow, (4.3, 9)),
    (gather, (line(3), np.array([2, 0, 1]), 3)),
    (gather, (line(3), np.array([2, 2, -1]), 3)),
    (leave, (1.2, line(2), 0)),
    (leave, (1.2, line(2), 3)),
    (leave, (1.2, line(2), 9)),
]


@pytest.mark.parametrize(("f", "args"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_value_and_gradients_are_those_of_the_python_back_end(f, args) -> None:
    given = copies(args)
    y, gradients = joint_of(f, args)(*given)
    plain = copies(args)
    expected_y, expected = dpy.value_and_gradient(f, *plain)
    assert y == pytest.approx(expected_y, rel=1e-12, abs=1e-300)
    assert len(gradients) == len(expected)
    for found, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)
        assert type(found) is type(wanted) or np.ndim(wanted) == 0
    for left, right in zip(given, plain, strict=True):
        np.testing.assert_array_equal(left, right)  # what the function wrote


def test_the_seed_scales_the_gradients() -> None:
    y, (d_kappa, d_start, d_steps) = joint_of(heat, CASES[11][1])(0.2, line(9), 7, seed=-2.5)
    expected_y, back = dpy.pullback(heat, 0.2, line(9), 7)
    expected = back(-2.5)
    assert y == pytest.approx(expected_y, rel=1e-12)
    assert d_kappa == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(d_start, expected[1], rtol=1e-12)
    assert d_steps == 0.0


def test_complex_step_agrees() -> None:
    start, h = line(12), 1e-30

    def value(kappa: complex, start: np.ndarray) -> complex:
        u = start.astype(complex)
        for _ in range(6):
            new = u.copy()
            new[1:-1] = u[1:-1] + kappa * (u[:-2] - 2.0 * u[1:-1] + u[2:])
            u = new
        return complex((u * u).sum())

    _, (d_kappa, d_start, _) = joint_of(heat, (0.2, start, 6))(0.2, start, 6)
    assert d_kappa == pytest.approx(value(0.2 + h * 1j, start).imag / h, rel=1e-12)
    steps = np.eye(12) * h * 1j
    slopes = [value(0.2, start + step).imag / h for step in steps]
    np.testing.assert_allclose(d_start, slopes, rtol=1e-11, atol=1e-13)


def quotient(x, a, n):
    y = x / (n - 2)
    z = a[n] / (a[0] - a[0])
    return y + 0.0 * x + z * 0.0 + math.exp(x) + math.sqrt(x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((1.0, np.ones(5), 2), ZeroDivisionError),
        ((1.0, np.ones(5), 5), IndexError),
        ((1.0, np.ones(5), -6), IndexError),
        ((1.0, np.ones(0), 1), IndexError),
        ((1000.0, np.ones(5), 1), OverflowError),
        ((-1.0, np.ones(5), 1), ValueError),
        ((1.0, np.ones(5), -(2**63)), OverflowError),
    ],
)
def test_errors_are_those_of_python(args, error) -> None:
    joint = joint_of(quotient, args)
    if args[2] != -(2**63):  # Python's integers have no such limit
        with pytest.raises(error):
            quotient(*args)
    with pytest.raises(error):
        joint(*args)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numpy_scalars_divide_by_zero_without_an_error() -> None:
    args = (1.0, np.ones(5), 1)
    assert math.isnan(quotient(*args))
    assert math.isnan(joint_of(quotient, args)(*args)[0])


def test_arrays_that_share_memory_are_refused() -> None:
    u = line(10)
    joint = joint_of(heat_in_place, (0.2, u, u.copy(), 2))
    for other in (u, u[::-1]):
        with pytest.raises(MutationError, match="shares its memory"):
            joint(0.2, u, other, 2)
    flat = np.lib.stride_tricks.as_strided(np.ones(1), (10,), (0,))
    with pytest.raises(MutationError, match="shares its memory"):
        joint(0.2, flat, u, 2)
    u.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        joint(0.2, u, line(10), 2)


def test_other_kinds_are_other_variants_and_changes_are_seen(monkeypatch) -> None:
    joint = joint_of(logistic, (0.3, 1.9, 3))
    assert joint(0.3, 2, 3)[0] == logistic(0.3, 2, 3)
    assert joint.variant((0.3, 2, 3)) is joint.variant((0.3, 2, 3))
    assert joint.variant((0.3, 2, 3)) is not joint.variant((0.3, 2.0, 3))
    before = joint.variant((0.3, 2, 3))
    fake = type(math)("math")
    fake.sin = math.cos  # type: ignore[attr-defined]
    monkeypatch.setitem(logistic.__globals__, "math", fake)
    assert joint.variant((0.3, 2, 3)) is not before


def test_the_table_of_the_benchmark(capsys) -> None:
    results = joint_benchmark.main(["--quick", "--no-peers", "Heron"])
    assert list(results) == ["Heron's square root"]
    assert set(results["Heron's square root"]) == {"joint", "primal", "njit", "dpy"}
    assert capsys.readouterr().out.splitlines()[2].endswith("        -")


def test_arguments_are_given_by_position() -> None:
    with pytest.raises(TypeError, match="2 missing"):
        compile_joint(logistic, 0.3)


def test_numba_is_imported_when_something_is_compiled() -> None:
    program = "import sys, dpy.joint_backend; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
