"""Windows: their geometry, the views of them, and the memory for copies."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from dpy.errors import ShapeError
from dpy.nn.functional import windows as module
from dpy.nn.functional.windows import (
    SamePad,
    Windows,
    blocks,
    is_same,
    pairs,
    per_axis,
    same_padding,
    scratch,
)


@pytest.mark.parametrize(
    ("padding", "axes", "expected"),
    [
        (1, 2, ((1, 1), (1, 1))),
        ((1, 2), 2, ((1, 1), (2, 2))),
        ((1, 2), 1, ((1, 2),)),
        ((20, 10, 0, 0), 2, ((20, 10), (0, 0))),
        (((1, 0), (0, 2)), 2, ((1, 0), (0, 2))),
        ([[1, 0]], 1, ((1, 0),)),
        ((1, 2, 3), 3, ((1, 1), (2, 2), (3, 3))),
        (np.int64(2), 1, ((2, 2),)),
    ],
)
def test_padding_has_two_sides(padding: Any, axes: int, expected: Any) -> None:
    assert pairs(padding, axes) == expected


@pytest.mark.parametrize("padding", [-1, (1, 2, 3), ((1, 2), (1,)), "valid", None])
def test_padding_that_makes_no_sense(padding: Any) -> None:
    with pytest.raises(ShapeError):
        pairs(padding, 2)


def test_one_number_per_axis() -> None:
    assert per_axis(3, 2, "stride") == (3, 3)
    assert per_axis([1, 2], 2, "stride") == (1, 2)
    with pytest.raises(ShapeError, match=r"stride=\(1, 2\) does not fit 3 spatial axes"):
        per_axis((1, 2), 3, "stride")


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_padding_keeps_the_size(kernel: int, stride: int, dilation: int) -> None:
    for n in (7, 10, 12):
        sides = same_padding((kernel,), (dilation,))
        found = Windows((n,), (kernel,), (stride,), sides, (dilation,))
        assert found.out == (-(-n // stride),)
    assert is_same("same") and is_same(SamePad()) and not is_same(1) and not is_same("valid")


def test_windows_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"spatial size \(4,\)"):
        Windows((4,), (5,), (1,), ((0, 0),), (1,))
    with pytest.raises(ShapeError):
        Windows((4,), (2,), (0,), ((0, 0),), (1,))


def test_views_are_the_windows() -> None:
    found = Windows((5, 6), (2, 3), (2, 1), ((1, 0), (0, 1)), (1, 2))
    x = np.arange(60.0).reshape(1, 2, 5, 6)
    padded = found.pad(x)
    assert padded.shape == (1, 2, *found.padded) and found.is_padded
    assert np.array_equal(found.crop(padded), x)
    view = found.view(padded)
    assert view.shape == (1, 2, 2, 3, *found.out)
    for (i, j), place in found.places():
        assert np.array_equal(view[:, :, i, j], padded[place])
        for p, q in np.ndindex(*found.out):
            assert np.array_equal(view[:, :, i, j, p, q], padded[:, :, 2 * p + i, q + 2 * j])
    assert np.array_equal(found.view(padded, slice(1, 3)), view[:, :, :, :, 1:3])
    last = np.moveaxis(x, 0, -1)
    turned = found.view(found.pad(last, first=1), first=1)
    assert np.array_equal(np.moveaxis(turned, -1, 0), view)


def test_windows_of_one_element() -> None:
    assert Windows((3,), (1,), (1,), ((0, 0),), (1,)).is_identity
    assert not Windows((3,), (1,), (2,), ((0, 0),), (1,)).is_identity
    assert not Windows((3,), (1,), (1,), ((1, 0),), (1,)).is_identity


def test_blocks_cover_everything() -> None:
    for batch in (0, 1, 5):
        for row_bytes in (1, module.BLOCK_BYTES // 3, 2 * module.BLOCK_BYTES):
            examples, rows = blocks(batch, 4, row_bytes)
            assert examples >= 1 and 1 <= rows <= 4
            assert rows == 4 or examples == 1


def test_memory_is_used_again_but_not_shared_between_threads() -> None:
    first = scratch(10, np.dtype(np.float32))
    assert first.dtype == np.float32 and len(first) == 10
    assert np.shares_memory(first, scratch(5, np.dtype(np.float64)))
    large = module.KEPT_BYTES // 8 + 1
    assert not np.shares_memory(scratch(large, np.dtype(float)), scratch(large, np.dtype(float)))
    other: list[Any] = []
    thread = threading.Thread(target=lambda: other.append(scratch(10, np.dtype(np.float32))))
    thread.start()
    thread.join()
    assert not np.shares_memory(first, other[0])
