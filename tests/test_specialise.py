"""Specialisations: one per signature, found again, out of date when what they rely on changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import dpy
from dpy.kinds import Number, kind_of
from dpy.specialise import cache_info, constructor_of, forward_of, specialise

FACTOR = 2.0


def scaled(x: float) -> float:
    return FACTOR * x


def is_even(n: int, x: float) -> float:
    return x if n == 0 else is_odd(n - 1, x) * x


def is_odd(n: int, x: float) -> float:
    return 1.0 if n == 0 else is_even(n - 1, x) + x


def fill(target: np.ndarray, value: float) -> None:
    target[0] = value


def filled(x: float) -> float:
    a = np.zeros(2)
    fill(a, x * x)
    return a[0] * 3.0


def generator(x: float):  # type: ignore[no-untyped-def]
    yield x


@dataclass
class Doubled:
    a: float
    b: float | None = None

    def __post_init__(self) -> None:
        if self.b is None:
            self.b = 2.0 * self.a


class Counted:
    made: list[object] = []

    def __init__(self, a: float) -> None:
        self.a = a
        self.made.append(self)


def test_the_same_signature_is_compiled_once() -> None:
    kinds = {"x": Number(float)}
    first = specialise(scaled, kinds, frozenset({"x"}))
    before = cache_info().specialisations
    assert specialise(scaled, kinds, frozenset({"x"})) is first
    assert cache_info().specialisations == before
    assert specialise(scaled, {"x": Number(np.float32)}, frozenset({"x"})) is not first


def test_a_global_of_another_kind_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = forward_of(scaled, (1.5,), {}, (True,), ())
    assert found.is_valid()
    monkeypatch.setitem(globals(), "FACTOR", 4.0)
    assert found.is_valid()  # another float: it is read live
    assert dpy.gradient(scaled, 1.5) == (4.0,)
    monkeypatch.setitem(globals(), "FACTOR", np.ones(2))
    assert not found.is_valid()


def test_mutual_recursion_settles() -> None:
    assert dpy.check_gradient(lambda x: is_even(6, x) + is_odd(3, x), 0.7)
    found = forward_of(is_even, (4, 0.7), {}, (False, True), ())
    assert found.summary.result == Number(float)
    assert found.summary.result_active


def test_a_summary_names_what_is_written() -> None:
    found = forward_of(fill, (np.zeros(2), 1.0), {}, (True, True), (), protect=False)
    assert found.summary.written == {"target"}
    assert found.summary.stored_active == {"target"}
    assert dpy.gradient(filled, 2.0) == (12.0,)


def test_arguments_that_share_memory_get_the_careful_variant() -> None:
    def f(a: np.ndarray, b: np.ndarray) -> float:
        a[0] = b[1] * b[1]
        return b[0] * b[1]

    x = np.array([2.0, 3.0, 5.0])
    (d, _) = dpy.gradient(f, x.copy(), np.array([2.0, 3.0]))
    assert d.tolist() == [0.0, 0.0, 0.0]
    x = np.array([2.0, 3.0, 5.0])
    (_, d) = dpy.gradient(f, x[:2], x[:2])  # x1**3
    assert d.tolist() == [0.0, 27.0]


def test_many_signatures_end_in_one_general_version() -> None:
    def f(t: tuple[float, ...]) -> float:
        return t[0] * t[-1]

    for n in range(2, 30):
        t = tuple(float(i + 1) for i in range(n))
        assert dpy.gradient(f, t)[0][0] == float(n)


def test_constructors_as_functions_to_fields() -> None:
    made = constructor_of(Doubled)
    assert made is not None
    assert made.fields == ("a", "b")
    assert constructor_of(Counted) is None  # self escapes
    assert dpy.check_gradient(lambda x: Doubled(x).b * Doubled(x, x).b, 1.5)


def test_generators_are_called_from_compiled_code() -> None:
    (found,) = dpy.gradient(lambda x: next(generator(x)) * x, 1.5)
    assert found == 3.0


def test_kinds_of_the_entry() -> None:
    assert kind_of(1.5) == Number(float)
    found = forward_of(scaled, (1.5,), {}, (True,), ())
    assert found.kinds == {"x": Number(float)}
    assert found.params == [("x", "positional")]
