"""The three sums against their definition, written as loops."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from dpy.nn.functional import correlation, windows
from dpy.nn.functional.correlation import correlate, correlate_weights, spread
from dpy.nn.functional.windows import Windows


def naive(x: Any, weight: Any, found: Windows, groups: int) -> Any:
    """The cross-correlation, one output place after the other."""
    padded = np.zeros((*x.shape[:2], *found.padded), np.result_type(x, weight))
    padded[inner(found)] = x
    out = weight.shape[0] // groups
    width = weight.shape[1]
    y = np.zeros((len(x), weight.shape[0], *found.out), padded.dtype)
    for place in np.ndindex(*found.out):
        window = padded[
            (
                slice(None),
                slice(None),
                *(
                    slice(p * s, p * s + (k - 1) * d + 1, d)
                    for p, s, k, d in zip(place, found.stride, found.kernel, found.dilation)
                ),
            )
        ].reshape(len(x), x.shape[1], -1)
        for g in range(groups):
            part = window[:, g * width : (g + 1) * width]
            rows = weight[g * out : (g + 1) * out].reshape(out, width, -1)
            y[(slice(None), slice(g * out, (g + 1) * out), *place)] = np.einsum(
                "nck,ock->no", part, rows
            )
    return y


def inner(found: Windows) -> Any:
    sides = zip(found.size, found.padding)
    return (slice(None), slice(None), *(slice(a, a + n) for n, (a, _) in sides))


def cases() -> Any:
    sizes = ((9,), (300,), (7, 5), (20, 17), (5, 4, 6), (8, 7, 6))
    for size, (k, s, p, d), groups in itertools.product(
        sizes,
        [(1, 1, 0, 1), (3, 1, 1, 1), (2, 2, 0, 1), (3, 2, (2, 0), 1), (2, 1, 3, 2), (1, 2, 0, 1)],
        (1, 2),
    ):
        yield pytest.param(size, k, s, p, d, groups, id=f"{size}-{k}-{s}-{p}-{d}-{groups}")


@pytest.mark.parametrize(("size", "k", "s", "p", "d", "groups"), [*cases()])
def test_sums(size: Any, k: int, s: int, p: Any, d: int, groups: int) -> None:
    axes = len(size)
    sides = windows.pairs(p if isinstance(p, int) else (p,) * axes, axes)
    found = Windows(size, (k,) * axes, (s,) * axes, sides, (d,) * axes)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 4, *size))
    weight = rng.standard_normal((6, 4 // groups, *(k,) * axes))
    y = correlate(x, weight, None, found, groups)
    expected = naive(x, weight, found, groups)
    assert y.shape == expected.shape
    assert np.allclose(y, expected, rtol=0, atol=1e-12)
    bias = rng.standard_normal(6)
    shifted = correlate(x, weight, bias, found, groups)
    assert np.allclose(shifted, y + bias.reshape(-1, *(1,) * axes), rtol=0, atol=1e-12)
    # Both adjoints by what defines them: <d_y, A(x, w)> is <adjoint(d_y), x> and the same for w.
    d_y = rng.standard_normal(y.shape)
    product = np.sum(d_y * y)
    d_x = spread(d_y, weight, found, groups)
    d_weight = correlate_weights(x, d_y, found, groups)
    assert d_x.shape == x.shape and d_weight.shape == weight.shape
    for _ in range(2):
        x_1, weight_1 = rng.standard_normal(x.shape), rng.standard_normal(weight.shape)
        assert np.isclose(np.sum(d_x * x_1), np.sum(d_y * naive(x_1, weight, found, groups)))
        assert np.isclose(
            np.sum(d_weight * weight_1), np.sum(d_y * naive(x, weight_1, found, groups))
        )
    assert np.isclose(np.sum(d_x * x), product) and np.isclose(np.sum(d_weight * weight), product)


@pytest.mark.parametrize("block", [64, 4096])
def test_any_size_of_blocks(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Batches and rows of images are cut where the memory for copies ends."""
    rng = np.random.default_rng(1)
    for size, narrow in (((20, 20), False), (((6, 5)), True)):
        found = Windows(size, (3, 3), (1, 2), ((1, 1), (0, 2)), (1, 1))
        x, weight = rng.standard_normal((5, 2, *size)), rng.standard_normal((3, 2, 3, 3))
        d_y = rng.standard_normal((5, 3, *found.out))
        bias = rng.standard_normal(3)
        sums = [
            lambda: correlate(x, weight, bias, found, 1),
            lambda: spread(d_y, weight, found, 1),
            lambda: correlate_weights(x, d_y, found, 1),
        ]
        expected = [f() for f in sums]
        with monkeypatch.context() as patch:
            patch.setattr(windows, "BLOCK_BYTES", block)
            patch.setattr(windows, "KEPT_BYTES", 1024)
            patch.setattr(correlation, "_SIDE_BY_SIDE", 2)
            patch.setattr(correlation, "_WIDE", 10**9 if narrow else 4)
            for f, value in zip(sums, expected):
                assert np.allclose(f(), value, rtol=0, atol=1e-12)


def test_dtypes_and_empty_batches() -> None:
    found = Windows((4, 4), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
    for dtype in (np.float16, np.float32, np.float64, np.complex64):
        x, weight = np.ones((2, 1, 4, 4), dtype), np.ones((1, 1, 3, 3), dtype)
        y = correlate(x, weight, None, found, 1)
        assert y.dtype == dtype and y[0, 0, 1, 1] == 9
        assert spread(y, weight, found, 1).dtype == dtype
        assert correlate_weights(x, y, found, 1).dtype == dtype
    none = np.empty((0, 1, 4, 4), np.float32)
    weight = np.ones((1, 1, 3, 3), np.float32)
    assert correlate(none, weight, None, found, 1).shape == (0, 1, 4, 4)
    assert spread(none, weight, found, 1).shape == (0, 1, 4, 4)
    assert not correlate_weights(none, none, found, 1).any()


def test_memory_layouts_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    found = Windows((17, 18), (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1))
    x = rng.standard_normal((18, 17, 3, 4)).T
    weight = np.asfortranarray(rng.standard_normal((2, 3, 2, 2)))
    found_y = correlate(x, weight, None, found, 1)
    plain = correlate(x.copy("C"), weight.copy("C"), None, found, 1)
    assert np.allclose(found_y, plain, rtol=0, atol=1e-12)
    d_y = np.asfortranarray(plain)
    for f in (lambda a: spread(a, weight, found, 1), lambda a: correlate_weights(x, a, found, 1)):
        assert np.allclose(f(d_y), f(d_y.copy("C")), rtol=0, atol=1e-10)
    identity = Windows((17, 18), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1))
    point = rng.standard_normal((2, 3, 1, 1))
    y = correlate(x, point, None, identity, 1)
    assert np.allclose(y, np.einsum("nchw,oc->nohw", x, point[:, :, 0, 0]))
