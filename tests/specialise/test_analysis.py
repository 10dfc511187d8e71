"""One specialisation per signature, found again; recursion settles; large numbers of signatures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.errors import UnsupportedSyntaxError
from dpy.kinds import UNKNOWN, Number
from dpy.specialise import analysis, cache_info, forward_of, specialise
from dpy.specialise.store import compiled


def scaled(x: float) -> float:
    return 2.0 * x


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


async def later(x: float) -> float:
    return x


def test_the_same_signature_is_compiled_once() -> None:
    kinds = {"x": Number(float)}
    first = specialise(scaled, kinds, frozenset({"x"}))
    before = cache_info().specialisations
    assert specialise(scaled, kinds, frozenset({"x"})) is first
    assert cache_info().specialisations == before
    assert specialise(scaled, {"x": Number(np.float32)}, frozenset({"x"})) is not first


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


def test_many_signatures_end_in_one_general_version() -> None:
    def f(t: tuple[float, ...]) -> float:
        return t[0] * t[-1]

    for n in range(2, 30):
        t = tuple(float(i + 1) for i in range(n))
        assert dpy.gradient(f, t)[0][0] == float(n)
    general = [found for found in compiled[f.__code__].values() if found.kinds == {"t": UNKNOWN}]
    assert len(general) == 1
    assert len(compiled[f.__code__]) <= 17


def test_what_cannot_be_compiled_is_not_kept() -> None:
    for _ in range(2):
        with pytest.raises(UnsupportedSyntaxError):
            specialise(later, {"x": Number(float)}, frozenset({"x"}))
    assert not compiled[later.__code__]


KEPT = {"n": 0}


def keeps(x, **named):
    KEPT["n"] = len(named)
    x[0] = 2 * x[1]
    return math.fsum(x)


def test_arguments_that_cannot_be_apart_are_analysed_as_if_they_were_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []

    def analyse(function: Any, *rest: Any) -> Any:
        found.append(function)
        return analysed(function, *rest)

    analysed = analysis._analysed
    monkeypatch.setattr(analysis, "_analysed", analyse)
    counts = []
    for _ in range(3):
        for n in range(20):  # that is too many signatures, too
            given = {f"k{i}": None for i in range(n)}
            assert dpy.gradient(keeps, [1.0, 2.0], **given) == ([0.0, 3.0],)
        counts.append(len(found))
    assert 0 < counts[0] == counts[1] == counts[2]


def test_signatures_are_counted_by_mode() -> None:
    def through(layer: Any, x: Any) -> Any:
        return layer["f"](x) * layer["w"]

    functions = [math.sin, math.cos, math.tan, math.tanh, math.exp, math.atan]
    for f in functions:
        slope = dpy.gradient(f, 0.5)[0]
        for argnums in (0, 1, (0, 1)):
            found = dpy.grad(through, argnums)({"f": f, "w": 2.0}, 0.5)
            if argnums == 1:
                assert found == pytest.approx(2 * slope)
    known = compiled[through.__code__]
    assert len(known) == 3 * len(functions)
    assert all(key.kinds[1] == ("x", Number(float)) for key in known)
    assert UNKNOWN not in {kind for key in known for _, kind in key.kinds}
