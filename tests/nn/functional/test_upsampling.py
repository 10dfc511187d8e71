"""Upsampling: values, gradients against differences, PyTorch where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy
from dpy.errors import ShapeError
from dpy.nn.functional.upsampling import (
    linear_matrix,
    pixel_shuffle,
    upsample_bilinear,
    upsample_linear,
    upsample_nearest,
    upsample_trilinear,
)

RNG = np.random.default_rng(0)


def weighed(y: Any) -> Any:
    return np.sum(y * np.cos(np.arange(y.size)).reshape(y.shape))


def test_repeated_elements() -> None:
    x = RNG.standard_normal((2, 3, 4, 5))
    y = upsample_nearest(x, (2, 3))
    assert np.array_equal(y, np.repeat(np.repeat(x, 2, axis=2), 3, axis=3))
    assert np.array_equal(upsample_nearest(x, size=(8, 15)), y)
    uneven = upsample_nearest(x, size=(6, 7))
    rows, columns = np.arange(6) * 4 // 6, np.arange(7) * 5 // 7
    assert np.array_equal(uneven, x[:, :, rows][:, :, :, columns])
    small = RNG.standard_normal((2, 1, 3, 2))
    dpy.check_gradient(lambda x: weighed(upsample_nearest(x, (2, 3))), small)
    dpy.check_gradient(lambda x: weighed(upsample_nearest(x, size=(4, 3))), small)
    with dpy.settings(check_rules=True):
        dpy.gradient(lambda x: weighed(upsample_nearest(x, (2, 3))), small)


@pytest.mark.parametrize("align", [True, False])
def test_interpolation(align: bool) -> None:
    x = RNG.standard_normal((2, 1, 3, 4))

    def place(old: int, new: int, i: int) -> float:
        return i * (old - 1) / (new - 1) if align else (i + 0.5) * old / new - 0.5

    y = upsample_bilinear(x, size=(5, 9), align_corners=align)
    rows = np.array([np.interp(place(3, 5, i), range(3), np.eye(3)[k]) for i in range(5)
                     for k in range(3)]).reshape(5, 3)  # fmt: skip
    columns = np.array([np.interp(place(4, 9, i), range(4), np.eye(4)[k]) for i in range(9)
                        for k in range(4)]).reshape(9, 4)  # fmt: skip
    assert np.allclose(y, np.einsum("ph,qw,nchw->ncpq", rows, columns, x))
    dpy.check_gradient(lambda x: weighed(upsample_linear(x, 1.5, align_corners=align)), x[:, :, :2])
    volume = RNG.standard_normal((1, 2, 2, 3, 2))
    assert upsample_trilinear(volume, 2, align_corners=align).shape == (1, 2, 4, 6, 4)
    dpy.check_gradient(
        lambda x: weighed(upsample_trilinear(x, size=(3, 2, 4), align_corners=align)), volume
    )


def test_one_element_and_one_place() -> None:
    assert upsample_linear(np.array([[[3.0]]]), size=4).tolist() == [[[3.0] * 4]]
    assert upsample_linear(np.array([[[3.0, 4.0]]]), size=1).tolist() == [[[3.0]]]
    assert not linear_matrix(3, 5, np.float32, True).flags.writeable


def test_figures_of_flux() -> None:
    """The worked example of Flux; the axes of its arrays come in the opposite order."""
    x = np.array([[[[2 * row + col + channel / 10 for row in (1, 2)] for col in (1, 2, 3)]
                   for channel in (1, 2, 3, 4)]])  # fmt: skip
    y = pixel_shuffle(x, 2)
    assert y.shape == (1, 1, 6, 4)
    flux = y[0, 0].T
    assert np.allclose(flux[0], [3.1, 3.3, 4.1, 4.3, 5.1, 5.3])
    assert np.allclose(flux[1], [3.2, 3.4, 4.2, 4.4, 5.2, 5.4])
    assert upsample_nearest(np.ones((1, 1, 2, 2)), (2, 3)).shape == (1, 1, 4, 6)
    assert upsample_bilinear(np.ones((1, 1, 2, 2)), size=(4, 5)).shape == (1, 1, 4, 5)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_channels_put_side_by_side(axes: int) -> None:
    x = RNG.standard_normal((2, 2 * 2**axes, *(2, 3, 2)[:axes]))
    y = pixel_shuffle(x, 2)
    assert y.shape == (2, 2, *(4, 6, 4)[:axes])
    for place in np.ndindex(*y.shape[2:]):
        corner = 0
        for i in place:
            corner = 2 * corner + i % 2
        source = x[(slice(None), slice(corner, None, 2**axes), *(i // 2 for i in place))]
        assert np.array_equal(y[(slice(None), slice(None), *place)], source)
    dpy.check_gradient(lambda x: weighed(pixel_shuffle(x, 2)), x)


def test_float32_and_empty_batches() -> None:
    x = np.ones((2, 4, 3, 2), np.float32)

    def loss(x):
        parts = [upsample_nearest(x, 2), upsample_bilinear(x, 2), pixel_shuffle(x, 2)]
        return sum(np.sum(part) for part in parts)

    value, (d_x,) = dpy.value_and_gradient(loss, x)
    assert value.dtype == d_x.dtype == np.float32
    assert dpy.gradient(loss, x[:0])[0].shape == (0, 4, 3, 2)


@pytest.mark.parametrize(
    "call",
    [
        lambda: upsample_nearest(np.ones((1, 1, 2))),
        lambda: upsample_nearest(np.ones((1, 1, 2)), 2, size=4),
        lambda: upsample_linear(np.ones((1, 1, 2)), (2, 2)),
        lambda: upsample_bilinear(np.ones((1, 1, 2)), 2),
        lambda: upsample_trilinear(np.ones((1, 1, 2, 2)), 2),
        lambda: pixel_shuffle(np.ones((1, 3, 2, 2)), 2),
    ],
)
def test_errors(call: Any) -> None:
    with pytest.raises(ShapeError):
        call()


def test_against_pytorch() -> None:
    torch = pytest.importorskip("torch")
    interpolate = torch.nn.functional.interpolate
    x = RNG.standard_normal((2, 3, 4, 5))
    for size in ((8, 10), (5, 9), (3, 2)):
        for align in (True, False):
            theirs = interpolate(torch.tensor(x), size=size, mode="bilinear", align_corners=align)
            assert np.allclose(upsample_bilinear(x, size=size, align_corners=align), theirs.numpy())
        assert np.allclose(
            upsample_nearest(x, size=size), interpolate(torch.tensor(x), size=size).numpy()
        )
    many = RNG.standard_normal((2, 12, 3, 4))
    theirs = torch.nn.functional.pixel_shuffle(torch.tensor(many), 2)
    assert np.array_equal(pixel_shuffle(many, 2), theirs.numpy())
