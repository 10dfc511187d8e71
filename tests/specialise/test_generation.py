"""The last stages, from facts to code."""

from __future__ import annotations

import numpy as np

from dpy.runtime import held, operations
from dpy.specialise import forward_of
from dpy.specialise.generation import _Runtime, generate


def squares(n: int, x: float) -> float:
    total = 0.0
    for _ in range(n):
        total += x * x
    return total


def test_the_same_facts_give_the_same_code() -> None:
    found = forward_of(squares, (3, 1.5), {}, (False, True), ())
    assert found.facts is not None
    first, second = (generate(found.facts, found.source) for _ in range(2))
    assert first is not second
    assert first.code == second.code
    y, pullback = first.bind(squares)(3, 1.5)
    assert (y, pullback(1.0)[-1]) == (6.75, 9.0)


def test_arrays() -> None:
    def f(a: np.ndarray) -> float:
        return (a * a).sum()

    found = forward_of(f, (np.ones(2),), {}, (True,), (), protect=False)
    assert found.facts is not None
    _, pullback = generate(found.facts, found.source).bind(f)(np.array([1.0, 2.0]))
    (d,) = pullback(1.0)
    assert d.tolist() == [2.0, 4.0]


def test_operations_on_unknown_values_come_from_the_runtime() -> None:
    runtime = _Runtime(hold=held.hold)
    assert runtime.hold.value is held.hold
    assert runtime.operate.value is operations.operate
