"""What is known of compiled code: whether it may still run, and on what it relies."""

from __future__ import annotations

import pytest

import dpy
from dpy.adjoints import registry
from dpy.specialise import forward_of


def helper(x: float) -> float:
    return x * x if x > 0.0 else helper(-x)


def caller(x: float) -> float:
    return helper(x) + helper(x)


def stores(xs: list[float]) -> float:
    for i, x in enumerate(xs):
        xs[i] = x * x
    return xs[0]


def compiled(function: object, *args: object):  # type: ignore[no-untyped-def]
    return forward_of(function, args, {}, (True,) * len(args), ())


def test_code_is_generated_when_it_is_asked_for() -> None:
    def own(x: float) -> float:
        return x * x

    before = dpy.cache_info().compiles
    found = compiled(own, 1.5)
    assert dpy.cache_info().compiles == before
    emitted = found.emitted()
    assert found.emitted() is emitted
    assert dpy.cache_info().compiles == before + 1


def test_one_forward_per_function_object() -> None:
    found = compiled(caller, 1.5)
    forward = found.forward(caller)
    assert found.forward(caller) is forward
    y, pullback = forward(1.5)
    assert (y, pullback(1.0)) == (4.5, (6.0,))
    assert found.handle(caller)(1.5)[0] == 4.5


def test_callees_are_relied_on(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compiled(caller, 1.5)
    assert helper in [entry[0] for entry in found.all_guards().codes.values()]
    assert found.is_valid()
    monkeypatch.setattr(helper, "__code__", (lambda x: 3.0 * x).__code__)
    assert not found.is_valid()


def test_new_rules_make_code_invalid() -> None:
    found = compiled(caller, 1.5)
    assert found.is_valid()

    def unrelated(x: float) -> float:
        return x

    dpy.adjoint(unrelated)(lambda x: (x, lambda d: (d,)))
    assert found.rules_version != registry.version()
    assert not found.is_valid()


def test_isolated_code_calls_nothing_that_takes_notes() -> None:
    found = compiled(caller, 1.5)
    found.forward(caller)(1.5)
    assert found.is_isolated()
    found = compiled(stores, [1.5])
    found.forward(stores)([1.5])
    assert not found.is_isolated()
