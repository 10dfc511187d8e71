"""What of a model is trained: rows E1 to E13 of the feature table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.functors import children, fmap, functor, is_parameter, params, trainable, trainables


@dataclass
class Dense:
    weight: Any
    bias: Any
    sigma: Any = np.tanh


@dataclass
class Chain:
    layers: tuple[Any, ...]

    def __getitem__(self, index: slice) -> Any:
        return Chain(self.layers[index])


def dense(n: int) -> Dense:
    return Dense(np.ones((n, n)), np.zeros(n))


class Attention:
    def __init__(self) -> None:
        self.to_qkv, self.to_out, self.scale = dense(2), dense(3), np.ones(1)


@dataclass
class Norm:
    __trainable__ = ("beta", "gamma")
    mean: Any = field(default_factory=lambda: np.zeros(2))
    beta: Any = field(default_factory=lambda: np.zeros(2))
    gamma: Any = field(default_factory=lambda: np.ones(2))


def test_the_decorator_changes_nothing_by_itself() -> None:
    @functor
    class Decorated(Attention):
        pass

    plain, decorated = params(Attention()), params(Decorated())
    assert [p.shape for p in plain] == [p.shape for p in decorated]
    assert len(plain) == 5


def test_the_decorator_restricts_fields() -> None:
    @functor(fields=("to_qkv", "to_out"))
    class Restricted(Attention):
        pass

    model = Restricted()
    assert len(params(model)) == 4 and model.scale not in params(model)
    assert sorted(children(model) or {}) == ["to_out", "to_qkv"]
    assert fmap(np.copy, model).scale is model.scale
    with pytest.raises(dpy.DpyError, match="functor decorates a class"):
        functor(model)  # type: ignore[type-var]


def test_parameters_of_a_chain_in_order_and_of_its_rest() -> None:
    chain = Chain((dense(3), dense(3)))
    ps = params(chain)
    assert [p.shape for p in ps] == [(3, 3), (3,), (3, 3), (3,)]
    assert repr(ps).startswith("Params([array of shape (3, 3)")
    rest = params(chain[1:])
    assert len(rest) == 2 and rest[0] is chain.layers[1].weight


def test_mixed_pieces_in_order_and_once() -> None:
    attention, chain, x = Attention(), Chain((dense(2), dense(2))), np.ones(2)
    first, second = chain.layers
    ps = params(attention.to_out, second.weight, first.bias, second.weight, x)
    wanted = [attention.to_out.weight, attention.to_out.bias, second.weight, first.bias, x]
    assert len(ps) == 5 and all(p is q for p, q in zip(ps, wanted))
    assert params(first, second) == params(chain)


def test_gradients_for_what_params_lists() -> None:
    layer, x = dense(2), np.ones(2)
    grads = dpy.gradient(lambda: np.sum(layer.weight @ x + layer.bias), params(layer, x))
    assert grads[x].tolist() == [2.0, 2.0] and grads[layer.bias].tolist() == [1.0, 1.0]


def test_what_has_no_parameters() -> None:
    assert len(params(np.tanh, 3.0, "text", None, [1.0, True], np.arange(3), np.float64(2.0))) == 0
    assert len(params()) == 0
    assert not is_parameter(np.ones(2, bool)) and is_parameter(np.ones(2, complex))
    assert not is_parameter(np.array([None]))


def test_what_is_trained_of_a_class() -> None:
    norm = Norm()
    assert list(trainable(norm)) == ["beta", "gamma"]
    assert norm.mean not in params(norm) and len(params(norm)) == 2
    assert fmap(lambda a: a + 1, norm).mean.tolist() == [1.0, 1.0]


def test_inherited_and_computed_choices() -> None:
    class Special(Norm):
        @property
        def __trainable__(self) -> Any:  # type: ignore[override]
            return "gamma"

    class Sub(Norm):
        pass

    assert list(trainable(Special())) == ["gamma"] and list(trainable(Sub())) == ["beta", "gamma"]

    @functor(trainable=())
    class Fixed(Norm):
        pass

    assert len(params(Fixed())) == 0


def test_paths() -> None:
    x = {"a": [np.ones(1)], "b": (0, {"c": np.zeros(1)}, np.ones(2))}
    found = trainables(x, path=True)
    assert [path for path, _ in found] == [("a", 0), ("b", 1, "c"), ("b", 2)]
    assert found[1][1] is x["b"][1]["c"]
    assert trainables(np.ones(1), path=True)[0][0] == ()


def test_an_array_that_is_trained_in_one_place_only() -> None:
    norm = Norm()
    norm.mean = norm.beta
    assert [path for path, _ in trainables([norm, norm.beta], path=True)] == [
        (0, "beta"),
        (0, "gamma"),
    ]


def test_no_class_of_arrays_is_needed() -> None:
    assert all(type(p) is np.ndarray for p in params(Chain((dense(1), Norm()))))
