"""Initialisers: the figures of Flux's documentation, shapes, generators, options."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy import nn

ALL = [
    nn.glorot_uniform, nn.glorot_normal, nn.kaiming_uniform, nn.kaiming_normal, nn.lecun_normal,
    nn.truncated_normal, nn.orthogonal, nn.sparse_init, nn.identity_init, nn.rand32, nn.randn32,
]  # fmt: skip


@pytest.mark.parametrize("init", ALL, ids=lambda f: f.__name__)
def test_calling_forms(init) -> None:
    w = init(4, 3, rng=np.random.default_rng(1))
    assert w.shape == (4, 3)
    assert w.dtype == np.float32
    for again in (
        init(np.random.default_rng(1), 4, 3),
        init((4, 3), rng=np.random.default_rng(1)),
        init(rng=np.random.default_rng(1))(4, 3),
        init(np.random.default_rng(1))(4, 3),
    ):
        assert (again == w).all()
    assert init.__doc__


@pytest.mark.parametrize("init", [f for f in ALL if f not in (nn.orthogonal, nn.sparse_init)])
def test_all_numbers_of_dimensions(init) -> None:
    assert init(5).shape == (5,)
    assert init(4, 3, 2, 2).shape == (4, 3, 2, 2)
    assert init(0, 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("init", "shape", "bound"),
    [
        (nn.glorot_uniform, (10, 100), 0.2335),
        (nn.glorot_uniform, (100, 10), 0.2335),
        (nn.glorot_uniform, (100, 100), 0.1732),
        (nn.kaiming_uniform, (100, 10), 0.774),
        (nn.kaiming_uniform, (10, 100), 0.245),
    ],
)
def test_bounds(init, shape, bound, rng) -> None:
    w = init(rng, *shape)
    assert bound * 0.97 < w.max() <= bound * 1.001
    assert -bound * 0.97 > w.min() >= -bound * 1.001
    np.testing.assert_allclose(
        init(np.random.default_rng(2), *shape, gain=3),
        init(np.random.default_rng(2), *shape, gain=1) * 3,
        rtol=1e-6,
    )


@pytest.mark.parametrize(
    ("init", "shape", "std"),
    [
        (nn.glorot_normal, (10, 1000), 0.044),
        (nn.glorot_normal, (1000, 1000), 0.032),
        (nn.kaiming_normal, (1000, 10), 0.447),
        (nn.kaiming_normal, (10, 1000), 0.045),
        (nn.lecun_normal, (10, 1000), 0.0316),
        (nn.lecun_normal, (1000, 10), 0.316),
    ],
)
def test_standard_deviations(init, shape, std, rng) -> None:
    w = init(rng, *shape)
    assert w.std() == pytest.approx(std, rel=0.05)
    assert abs(w.mean()) < 0.1 * std


def test_truncated_normal(rng) -> None:
    w = nn.truncated_normal(rng, 100_000)
    assert 1.99 < w.max() <= 2
    assert -1.99 > w.min() >= -2
    assert w.std() == pytest.approx(0.8796, rel=0.02)
    narrow = nn.truncated_normal(rng, 1000, mean=0.5, std=2, lo=7, hi=7.5)
    assert 7 <= narrow.min() < narrow.max() <= 7.5
    assert narrow.mean() < 7.25
    with pytest.raises(ValueError, match="nothing is between"):
        nn.truncated_normal(3, lo=1, hi=1)


@pytest.mark.parametrize("shape", [(5, 7), (5, 5), (3, 2, 2, 2)])
def test_orthogonal_rows(shape, rng) -> None:
    w = nn.orthogonal(rng, *shape).reshape(shape[0], -1)
    np.testing.assert_allclose(w @ w.T, np.eye(shape[0]), atol=1e-6)
    w = nn.orthogonal(rng, 7, 5, gain=2)
    np.testing.assert_allclose(w.T @ w, 4 * np.eye(5), atol=1e-5)
    with pytest.raises(ValueError, match="two dimensions"):
        nn.orthogonal(5)


def test_sparse_init(rng) -> None:
    assert (nn.sparse_init(rng, 10, 10, sparsity=1 / 5) == 0).sum() == 20
    assert ((nn.sparse_init(rng, 10, 11, sparsity=0.9) == 0).sum(0) == 9).all()
    assert ((nn.sparse_init(rng, 10, 3, sparsity=0.3) == 0).sum(0) == 3).all()
    assert nn.sparse_init(rng, 1000, 10, sparsity=0.1).std() == pytest.approx(0.0095, rel=0.1)
    with pytest.raises(ValueError, match="two dimensions"):
        nn.sparse_init(10)


def test_identity_init() -> None:
    assert nn.identity_init(3, 2).tolist() == [[1, 0], [0, 1], [0, 0]]
    assert nn.identity_init(3, 3, gain=2, shift=(0, 1)).tolist() == [
        [0, 2, 0],
        [0, 0, 2],
        [2, 0, 0],
    ]
    assert nn.identity_init(4).tolist() == [0, 0, 0, 0]
    kernel = nn.identity_init(2, 1, 3, 3)
    assert kernel.sum() == kernel[0, 0, 1, 1] == 1
    assert nn.identity_init(2, 2, 2, shift=1)[0, 0, 0] == 0


def test_plain_ones() -> None:
    assert nn.zeros32(1, 2, 3).shape == nn.ones32(1, 2, 3).shape == (1, 2, 3)
    assert nn.zeros32(1).dtype == nn.ones32(1).dtype == np.float32
    assert nn.nfan((3, 4)) == (4, 3)
    assert nn.nfan() == (1, 1)
    w = nn.ones32(2, 3)
    assert nn.create_bias(w, True, 2).dtype == np.float32
    assert nn.create_bias(w, None, 2) is None
    mine = np.ones(2)
    assert nn.create_bias(w, mine, 2) is mine
    with pytest.raises(ValueError, match=r"shape \(2,\) is needed"):
        nn.create_bias(w, np.ones(3), 2)


def test_models_that_are_made_inside_a_gradient() -> None:
    def f(x):
        return nn.Dense(3, 2, np.tanh, rng=np.random.default_rng(0))(x).sum()

    dpy.check_gradient(f, np.array([[0.1, 0.2, 0.3]], np.float32))
