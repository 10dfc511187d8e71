"""Functions that become known while a program runs."""

from __future__ import annotations

import pytest

import dpy
from dpy.errors import UnsupportedSyntaxError
from dpy.runtime.accumulators import Accumulators
from dpy.specialise.calls import compile_call


def product(x: float, y: float = 3.0) -> float:
    return x * y


def guarded(x: float, y: float = 3.0) -> float:
    try:
        return x * y
    except ValueError:
        return x


def growing(x: float):  # type: ignore[no-untyped-def]
    yield x
    yield x * x


async def later(x: float) -> float:
    return x


@pytest.mark.parametrize("function", [product, guarded])
def test_a_call_and_its_pullback(function) -> None:  # type: ignore[no-untyped-def]
    found = compile_call(function, (2.0,), {"y": 5.0}, (True,), (True,))
    assert found is not None
    y, pullback = found
    assert y == 10.0
    assert pullback(1.0, Accumulators()) == ((5.0,), {"y": 2.0})


@pytest.mark.parametrize("function", [product, guarded])
def test_defaults_get_their_cotangents(function) -> None:  # type: ignore[no-untyped-def]
    found = compile_call(function, (2.0,), {}, (True,), ())
    assert found is not None
    acc = Accumulators()
    assert found[1](1.0, acc) == ((3.0,), {})
    assert acc.take_slots(function) == {("default", "y"): 2.0}


def test_what_has_no_source_is_left_to_the_caller() -> None:
    names: dict[str, object] = {}
    exec("def f(x):\n    while x < 9.0:\n        x = x * x\n    return x", names)
    assert compile_call(names["f"], (1.0,), {}, (True,), ()) is None


def test_what_cannot_be_transformed_fails_only_where_it_matters() -> None:
    assert compile_call(later, (1.0,), {}, (False,), ()) is None
    with pytest.raises(UnsupportedSyntaxError):
        compile_call(later, (1.0,), {}, (True,), ())


def test_a_wrong_call_fails_in_pythons_words() -> None:
    with pytest.raises(TypeError, match="takes from 1 to 2 positional arguments"):
        compile_call(product, (1.0, 2.0, 3.0), {}, (True,) * 3, ())


def test_generators_are_called_from_compiled_code() -> None:
    (found,) = dpy.gradient(lambda x: next(growing(x)) * x, 1.5)
    assert found == 3.0
