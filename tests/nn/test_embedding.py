"""Embeddings: look-ups by integers and one-hot arrays, bags, padding, gradients."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy import nn
from dpy.functors import f64

VOCABULARY = nn.identity_init(26, 4, gain=22)


def loss(model, *xs):
    return (model(*xs) ** 2).sum()


def test_the_example_of_flux() -> None:
    layer = nn.Embedding(26, 4, init=nn.identity_init(gain=22))
    assert layer(1).tolist() == [0, 22, 0, 0]
    assert layer(np.array([[3, 1], [20, 0]])).shape == (2, 2, 4)
    assert layer(np.array([3, 25]))[0].tolist() == [0, 0, 0, 22]
    one_hot = np.eye(26, dtype=bool)[[3, 1, 20]]
    assert (layer(one_hot) == layer(np.array([3, 1, 20]))).all()
    assert layer([3, 1, 20]).shape == (3, 4)
    assert layer(np.zeros((0, 2), int)).shape == (0, 2, 4)
    assert nn.Embedding((26, 4)).weight.shape == nn.Embedding(VOCABULARY).weight.shape == (26, 4)
    assert repr(nn.Embedding(26, 4)) == "Embedding(26, 4)    # 104 parameters"


def test_wrong_indices() -> None:
    layer = nn.Embedding(26, 4)
    for call in (layer, lambda x: dpy.gradient(lambda m, x: m(x).sum(), layer, x)):
        for bad in (np.array([26]), np.array([3, -1])):
            with pytest.raises(dpy.ShapeError, match=r"Embedding\(26, 4\) got the index"):
                call(bad)
        with pytest.raises(dpy.ShapeError, match="dtype float64"):
            call(np.ones(3))


def test_gradients(rng) -> None:
    layer = f64(nn.Embedding(6, 4, rng=rng))
    x = np.array([[1, 5], [1, 0]])
    dpy.check_gradient(loss, layer, x, argnums=0)
    g = dpy.gradient(lambda m: m(x).sum(), layer)[0]
    assert g.weight.sum(1).tolist() == [4, 8, 0, 0, 0, 4]
    soft = rng.random((3, 6))
    dpy.check_gradient(loss, layer, soft)
    single = nn.Embedding(6, 4)
    assert dpy.gradient(loss, single, x)[0].weight.dtype == np.float32


def test_padding() -> None:
    layer = nn.Embedding(6, 4, padding_idx=0)
    assert not layer.weight[0].any()
    layer.weight[0] = 1.0  # as an optimiser with weight decay might
    x = np.array([0, 2, 0])
    assert not layer(x)[[0, 2]].any()
    g = dpy.gradient(lambda m: m(x).sum(), layer)[0]
    assert g.weight.sum(1).tolist() == [0, 0, 4, 0, 0, 0]
    assert (layer(np.eye(6, dtype=np.float32)[x]) == layer(x)).all()
    assert repr(layer).startswith("Embedding(6, 4, padding_idx=0)")


def test_bags_as_in_fluxs_documentation() -> None:
    bag = nn.EmbeddingBag(26, 4, init=nn.identity_init(gain=100))
    np.testing.assert_allclose(bag([2, 2, 0]), [100 / 3, 0, 200 / 3, 0], rtol=1e-6)
    two = [[100 / 3, 0, 200 / 3, 0], [0, 0, 0, 100]]
    np.testing.assert_allclose(bag([[2, 2, 0], [3]]), two, rtol=1e-6)
    np.testing.assert_allclose(bag(np.array([2, 2, 0, 3]), at=[0, 3]), two, rtol=1e-6)
    np.testing.assert_allclose(bag(np.array([[2, 2, 0], [3, 3, 3]])), two, rtol=1e-6)
    one_hot = np.eye(26, dtype=np.float32)[[2, 2, 0]]
    np.testing.assert_allclose(bag(one_hot), two[0], rtol=1e-6)
    assert bag(np.zeros((5, 2, 3), int)).shape == (5, 2, 4)
    with pytest.raises(dpy.ShapeError, match="empty bag"):
        bag(np.zeros(0, int))
    with pytest.raises(dpy.ShapeError, match="begin at"):
        bag(np.array([1, 2]), at=[1])
    assert repr(bag).startswith("EmbeddingBag(26, 4, reduction=mean)")


@pytest.mark.parametrize("reduction", [np.mean, np.sum, np.max])
def test_gradients_of_bags(reduction, rng) -> None:
    bag = f64(nn.EmbeddingBag(6, 4, reduction=reduction, rng=rng))
    x = np.array([[1, 5, 2], [1, 0, 4]])
    expected = [reduction(bag.weight[row], axis=0) for row in x]
    np.testing.assert_allclose(bag(x), expected)
    dpy.check_gradient(loss, bag, x, argnums=0)
    dpy.check_gradient(lambda m: loss(m, [[1, 5], [2]]), bag)
    dpy.check_gradient(lambda m: loss(m, np.array([1, 5, 2]), [0, 2]), bag)
