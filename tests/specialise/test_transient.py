"""Functions that are made again and again share code, and leave nothing behind."""

from __future__ import annotations

import functools
import gc
import math
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import dpy
from dpy.kinds import UNKNOWN, KnownObject, List, Number, Tuple
from dpy.specialise import forward_of, store
from dpy.specialise.transient import is_widened, shared_signature, without_transients

FLOAT = Number(float)


def apply(f, x):
    return f(x) * 2.0


def apply_all(fs, x):
    return fs[0](x) + fs[1](x)


def square(x):
    return x * x


def scaled(k: float) -> Callable[[float], float]:
    def g(x):
        return math.sin(x) * k

    return g


def decorated(f: Any) -> Any:
    @functools.wraps(f)
    def wrapper(x):
        return f(x) * 3.0

    return wrapper


class Model:
    def __init__(self, activation):
        self.activation = activation
        self.w = 2.0

    def run(self, x):
        return self.activation(self.w * x)


def signature(f: Any, *args: Any) -> Any:
    return forward_of(f, args, {}, (True,) * len(args), ()).key


def test_what_a_function_made_is_left_out() -> None:
    key = signature(apply, scaled(2.0), 1.5)
    wider = without_transients(key)
    assert dict(wider.kinds) == {"f": UNKNOWN, "x": FLOAT}
    assert "f" in wider.shared
    assert without_transients(wider) is wider
    lasting = signature(apply, square, 1.5)
    assert without_transients(lasting) is lasting
    assert dict(without_transients(signature(apply_all, (square, scaled(2.0)), 1.5)).kinds) == {
        "fs": Tuple((KnownObject(square), UNKNOWN)), "x": FLOAT
    }  # fmt: skip
    assert signature(decorated(scaled(2.0)), 1.5).cells != (UNKNOWN,)
    assert without_transients(signature(decorated(scaled(2.0)), 1.5)).cells == (UNKNOWN,)
    fs = without_transients(signature(apply_all, [scaled(2.0)] * 2, 1.5))
    assert dict(fs.kinds)["fs"] == List(UNKNOWN)


def test_the_first_ones_have_code_of_their_own() -> None:
    keys: list[Any] = []
    first = signature(apply, square, 1.5)
    for k in range(6):
        kinds = (("f", KnownObject(scaled(float(k)))), ("x", FLOAT))
        keys.append(shared_signature(keys, first._replace(kinds=kinds)))
    assert len(set(keys)) == 4
    assert keys[3] == keys[4] == keys[5] == without_transients(keys[0])
    assert is_widened(keys[3], (KnownObject(scaled(1.0)), FLOAT))
    assert not is_widened(keys[3], (KnownObject(square), FLOAT))
    assert not is_widened(keys[0], (KnownObject(scaled(1.0)), FLOAT))


class _Programs:
    """Programs that make a function for each call; all have the derivative ``k * cos(1.5)``."""

    @staticmethod
    def argument(k: float) -> float:
        return float(dpy.gradient(apply, scaled(k / 2.0), 1.5)[1])

    @staticmethod
    def lambda_(k: float) -> float:
        return float(dpy.gradient(apply, lambda x: math.sin(x) * k / 2.0, 1.5)[1])

    @staticmethod
    def function(k: float) -> float:
        return float(dpy.gradient(scaled(k), 1.5)[0])

    @staticmethod
    def recursive(k: float) -> float:
        def again(x, n):
            return math.sin(x) * k if n == 0 else again(x, n - 1)

        return float(dpy.gradient(again, 1.5, 2)[0])

    @staticmethod
    def decorator(k: float) -> float:
        return float(dpy.gradient(decorated(scaled(k / 3.0)), 1.5)[0])

    @staticmethod
    def attribute(k: float) -> float:
        model = Model(scaled(k / 2.0))
        model.w = 1.0
        return float(dpy.gradient(Model.run, model, 1.5)[1]) * 2.0

    @staticmethod
    def partial(k: float) -> float:
        return float(dpy.gradient(functools.partial(apply, scaled(k / 2.0)), 1.5)[0])

    @staticmethod
    def pullback(k: float) -> float:
        _, pb = dpy.pullback(apply, scaled(k / 2.0), 1.5)
        return float(pb(1.0)[1])

    @staticmethod
    def class_(k: float) -> float:
        class Scale:
            factor = k

            def __call__(self, x):
                return math.sin(x) * self.factor / 2.0

        return float(dpy.gradient(apply, Scale(), 1.5)[1])


PROGRAMS = [f.__func__ for f in vars(_Programs).values() if isinstance(f, staticmethod)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_shared_code_is_right_and_bounded(program: Callable[[float], float]) -> None:
    dpy.clear_cache()
    for k in range(1, 12):
        assert program(float(k)) == pytest.approx(k * math.cos(1.5), rel=1e-12)
    compiles = dpy.cache_info().compiles
    for k in range(20, 40):
        assert program(float(k)) == pytest.approx(k * math.cos(1.5), rel=1e-12)
    assert dpy.cache_info().compiles == compiles


# `abc` keeps a little of each class.
@pytest.mark.parametrize(
    "program", [f for f in PROGRAMS if f.__name__ != "class_"], ids=lambda f: f.__name__
)
def test_memory_does_not_grow_with_calls(program: Callable[[float], float]) -> None:
    for k in range(80):
        program(float(k))
    found = []
    tracemalloc.start()
    try:
        for k in range(160):
            program(float(k))
            if k % 16 == 15:
                gc.collect()
                found.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    # What is kept for some time comes and goes; what remains must not grow.
    assert (
        min(found[5:]) - min(found[:5]) < 100 * 80
    )  # bytes and calls; a function with its forward has 1,500


def test_functions_are_not_kept_alive() -> None:
    for k in range(8):
        dpy.gradient(apply, scaled(float(k)), 1.5)
    f = scaled(9.0)
    gone = weakref.ref(f)
    dpy.gradient(apply, f, 1.5)
    del f
    gc.collect()
    assert gone() is None


def test_lasting_functions_have_code_of_their_own() -> None:
    store.clear_cache()
    for f in (square, math.sin, math.cos, abs, float):
        dpy.gradient(apply, f, 1.5)
    assert len(store.compiled[apply.__code__]) == 5
