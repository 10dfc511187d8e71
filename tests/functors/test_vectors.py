"""Models as vectors: the numbers, the types, tied arrays, and derivatives in both directions."""

from __future__ import annotations

import functools
import pickle
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import dpy
from dpy.functors import Restructure, destructure, flatten


@dataclass
class Layer:
    weight: Any
    bias: Any
    name: str = "layer"

    def __call__(self, x: Any) -> Any:
        return np.tanh(self.weight @ x + self.bias)


class Pair(NamedTuple):
    left: Any
    right: Any


class Plain:
    def __init__(self, w: Any) -> None:
        self.w = w

    def twice(self, x: Any) -> Any:
        return 2 * self.w * x


def layer(rng: np.random.Generator, n: int = 2) -> Layer:
    return Layer(rng.normal(size=(n, n)), rng.normal(size=n))


def test_numbers_in_order_of_rows_and_back() -> None:
    model = {
        "mat": np.array([[1, 2], [3, 4]], np.float32),
        "tup": (np.array([5.0], np.float32), "text", 3),
        "whole": np.array([8, 9]),
        "last": [np.array([6.0], np.float32), np.tanh],
    }
    vector, rebuild = destructure(model)
    assert vector.dtype == np.float32
    assert vector.tolist() == [1, 2, 3, 4, 5, 6]
    new = rebuild(vector.astype(np.float64) * 2)
    assert new["mat"].dtype == np.float32 and new["mat"].tolist() == [[2, 4], [6, 8]]
    assert new["tup"][1:] == ("text", 3) and new["whole"] is model["whole"]
    assert new["last"][1] is np.tanh and model["mat"][0, 0] == 1


def test_real_and_complex_arrays_share_a_vector() -> None:
    model = {"x": np.array([1.0, 2.0]), "y": (np.sin, np.array([3 + 4j]))}
    vector, rebuild = destructure(model)
    assert vector.dtype == np.complex128 and len(vector) == 3
    new = rebuild(np.array([3.0, 5.0, 7 + 11j]))
    assert new["x"].dtype == np.float64 and new["x"].tolist() == [3.0, 5.0]
    assert new["y"][1].tolist() == [7 + 11j]


def test_tied_arrays_are_there_once_and_stay_tied() -> None:
    w = np.ones(2)
    vector, rebuild = destructure([w, Pair(w, np.zeros(1)), Layer(np.eye(2), w)])
    assert len(vector) == 2 + 1 + 4
    new = rebuild(vector + 1)
    assert new[0] is new[1].left is new[2].bias and type(new[1]) is Pair


def test_a_model_without_arrays() -> None:
    vector, rebuild = destructure((1.0, "a"))
    assert vector.shape == (0,) and rebuild(vector) == (1.0, "a")


def test_a_vector_of_another_length_is_refused() -> None:
    _, rebuild = destructure(np.ones(3))
    with pytest.raises(dpy.DpyError, match="3 trained numbers, the vector has shape \\(2,\\)"):
        rebuild(np.ones(2))
    with pytest.raises(dpy.DpyError, match="shape None"):
        rebuild([1.0, 2.0, 3.0])


def test_copies_find_their_own_arrays() -> None:
    rebuild = pickle.loads(pickle.dumps(Restructure([np.ones(2), "a"])))
    assert rebuild(np.zeros(2))[0].tolist() == [0.0, 0.0]


def test_gradients_of_the_vector_agree_with_those_of_the_model() -> None:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(2, 2))
    model = [layer(rng), (Layer(shared, np.zeros(2)), {"again": shared})]
    x = rng.normal(size=2)

    def loss(m: Any) -> Any:
        return np.sum(m[1][1]["again"] @ m[1][0](m[0](x)))

    vector, rebuild = destructure(model)
    d_vector = dpy.gradient(lambda v: loss(rebuild(v)), vector)[0]
    d_model = dpy.gradient(loss, model)[0]
    assert np.allclose(d_vector, flatten([*d_model[:1], d_model[1][0]]))
    dpy.check_gradient(lambda v: loss(rebuild(v)), vector)


def test_the_gradient_of_a_model_as_a_vector() -> None:
    rng = np.random.default_rng(3)
    w = rng.normal(size=(2, 2))
    model = [Layer(w, rng.normal(size=2)), {"f": Plain(rng.normal(size=2)).twice, "w": (w, 3)}]

    def loss(m: Any) -> Any:
        return np.sum(m[1]["f"](m[0](m[1]["w"][0] @ np.ones(2))))

    vector, rebuild = destructure(model)
    d_vector = dpy.gradient(lambda v: loss(rebuild(v)), vector)[0]
    assert np.allclose(rebuild.gradient(dpy.gradient(loss, model)[0]), d_vector, rtol=1e-12)
    assert rebuild.gradient(None).tolist() == [0.0] * 8
    assert destructure(3)[1].gradient(None).shape == (0,)


def test_gradients_where_the_new_model_is_written_to() -> None:
    rng = np.random.default_rng(1)
    vector, rebuild = destructure([layer(rng), layer(rng)])

    def loss(v: Any) -> Any:
        model = rebuild(v)
        model[0].bias = np.sum(model[0].bias ** 2) * model[1].bias
        model[1].weight *= 2.0
        first = np.sum(model[0](model[1](v[:2])))
        model.pop()
        model[0].weight = None
        return first

    dpy.check_gradient(loss, vector)
    again = dpy.gradient(loss, vector)[0]
    assert np.array_equal(again, dpy.gradient(loss, vector)[0])


def test_gradients_through_methods_and_plain_objects() -> None:
    vector, rebuild = destructure({"f": Plain(np.ones(2)).twice, "x": (np.ones(1),)})

    def loss(v: Any) -> Any:
        model = rebuild(v)
        return np.sum(model["f"](v[:2]) * model["x"][0])

    dpy.check_gradient(loss, vector * 1.5)


@pytest.mark.parametrize("make", [list, tuple, lambda xs: Pair(*xs), lambda xs: Plain(xs)])
def test_gradients_of_a_model_through_its_vector(make: Any) -> None:
    w = np.array([2.0, 3.0])
    c = np.arange(1.0, 7.0)
    model = make([Layer(np.ones((2, 2)), w), w])
    d = dpy.gradient(lambda m: np.sum(c * flatten(m)), model)[0]
    first = d.w[0] if isinstance(model, Plain) else d[0]
    assert first.weight.tolist() == [[1, 2], [3, 4]] and first.bias.tolist() == [5, 6]
    d = dpy.gradient(lambda m: np.sum(c * destructure(m)[0]), model)[0]
    first = d.w[0] if isinstance(model, Plain) else d[0]
    assert first.weight.tolist() == [[1, 2], [3, 4]] and first.bias.tolist() == [5, 6]


def test_complex_numbers_both_ways() -> None:
    model = [np.array([1.0, 2.0]), np.array([1 + 2j])]
    vector, rebuild = destructure(model)
    d = dpy.gradient(lambda v: np.sum(rebuild(v)[0] ** 2) + np.sum(np.abs(rebuild(v)[1]) ** 2),
                     vector)[0]  # fmt: skip
    assert np.allclose(d, [2, 4, 2 + 4j])
    d = dpy.gradient(lambda m: np.sum(np.abs(flatten(m)) ** 2), model)[0]
    assert d[0].dtype == np.float64 and d[0].tolist() == [2, 4] and d[1].tolist() == [2 + 4j]


@pytest.mark.parametrize(
    "make",
    [
        lambda w: [Plain(Pair(None, Pair((), Plain(w).twice)))],
        lambda w: Layer(Pair(functools.partial(max, 1, key=w), 2), np.ones((0, 2))),
        lambda w: [np.ones((2, 0)), functools.partial(max, Pair(w, 3), key=[(w, {"w": w})])],
        lambda w: (Plain({"w": [Pair(w, "a")]}), Layer((w, 2), [w]), w),
    ],
)
def test_derivatives_reach_every_place(make: Any) -> None:
    vector, rebuild = destructure(make(np.array([2.0, 3.0])))
    c = np.arange(1.0, 3.0)
    d = dpy.gradient(lambda v: np.sum(flatten(rebuild(v)) * c), vector)[0]
    assert d.tolist() == [1.0, 2.0]
    d = dpy.gradient(lambda m: np.sum(flatten(m) * c), rebuild.model)[0]
    assert rebuild.gradient(d).tolist() == [1.0, 2.0]
