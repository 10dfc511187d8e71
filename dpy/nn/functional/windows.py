"""Sliding windows over the spatial axes of an array: their geometry, and how they are read.

Arrays have the shape ``(N, C, *spatial)``. A window has one extent per spatial axis (`kernel`); its
elements lie `dilation` apart, and windows start `stride` apart, in an array to which `padding` was
added: for each axis a pair, what is added before and after.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dpy.errors import ShapeError

__all__ = [
    "SamePad", "Windows", "blocks", "is_same", "pairs", "per_axis", "same_padding", "scratch",
    "steps",
]  # fmt: skip

# What is gathered at a time should stay in the processor's cache until it has been used.
BLOCK_BYTES = 1 << 22
# Up to this size a thread keeps its scratch memory for the next call.
KEPT_BYTES = 1 << 24


@dataclass(frozen=True)
class SamePad:
    """``padding=SamePad()`` is ``padding="same"``: with strides of 1, the size stays the same.

    >>> SamePad()
    SamePad()
    """


def per_axis(value: Any, axes: int, name: str) -> tuple[int, ...]:
    """One integer per axis: `value` itself if it has that many, or the one it is.

    >>> per_axis(2, 3, "stride"), per_axis((1, 2), 2, "stride")
    ((2, 2, 2), (1, 2))
    """
    try:
        found = tuple(map(int, value)) if np.iterable(value) else (int(value),) * axes
    except (TypeError, ValueError):
        found = ()
    if len(found) != axes:
        raise ShapeError(
            f"{name}={value!r} does not fit {axes} spatial axes",
            repair=f"give one integer, or a tuple of {axes}",
        )
    return found


def pairs(padding: Any, axes: int) -> tuple[tuple[int, int], ...]:
    """What is added before and after each axis.

    An integer stands for all sides, a tuple of integers for both sides of each axis. Unequal
    sides are pairs, or one row of twice as many integers as there are axes.

    >>> pairs(1, 2), pairs((1, 2), 2), pairs(((1, 0), (0, 2)), 2), pairs((1, 0, 0, 2), 2)
    (((1, 1), (1, 1)), ((1, 1), (2, 2)), ((1, 0), (0, 2)), ((1, 0), (0, 2)))
    """
    sides: list[Any] = list(padding) if np.iterable(padding) else []
    if len(sides) == 2 * axes and not any(map(np.iterable, sides)):
        found = [(int(sides[2 * i]), int(sides[2 * i + 1])) for i in range(axes)]
    elif len(sides) == axes:
        found = [per_axis(side, 2, "padding") for side in sides]  # type: ignore[misc]
    else:
        found = [(side, side) for side in per_axis(padding, axes, "padding")]
    if any(side < 0 for pair in found for side in pair):
        raise ShapeError(f"padding={padding!r} is negative", repair="crop the input by a slice")
    return tuple(found)


def is_same(padding: Any) -> bool:
    """Whether as much padding is asked for as keeps the size: "same", or Flux's `SamePad()`."""
    return isinstance(padding, SamePad) or (isinstance(padding, str) and padding == "same")


def same_padding(kernel: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """The padding with which ``ceil(size / stride)`` windows fit; the greater half goes before.

    >>> same_padding((3, 4), (1, 1)), same_padding((3,), (2,))
    (((1, 1), (2, 1)), ((2, 2),))
    """
    total = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    return tuple((t - t // 2, t // 2) for t in total)


class Windows:
    """The windows of one shape over arrays of one spatial size.

    Attributes:
        size: extents of the spatial axes, without padding.
        kernel, stride, dilation: one integer per spatial axis.
        padding: one pair per spatial axis.
        out: how many windows there are along each axis.
    """

    __slots__ = ("dilation", "kernel", "out", "padding", "size", "stride")

    def __init__(
        self,
        size: tuple[int, ...],
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[tuple[int, int], ...],
        dilation: tuple[int, ...],
    ) -> None:
        self.size = size
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.out = tuple(
            (n + low + high - (k - 1) * d - 1) // max(1, s) + 1
            for n, k, s, (low, high), d in zip(size, kernel, stride, padding, dilation, strict=True)
        )
        if min(self.out, default=1) < 1 or min(*stride, *dilation, *kernel, 1) < 1:
            raise ShapeError(
                f"a window of {kernel} (stride {stride}, dilation {dilation}) does not fit into"
                f" an input of spatial size {size} with padding {padding}",
                repair="use more padding, a smaller kernel or less stride and dilation",
            )

    @property
    def count(self) -> int:
        """How many windows there are."""
        return math.prod(self.out)

    @property
    def volume(self) -> int:
        """How many elements a window has."""
        return math.prod(self.kernel)

    @property
    def padded(self) -> tuple[int, ...]:
        """The spatial size with padding."""
        return tuple(n + a + b for n, (a, b) in zip(self.size, self.padding, strict=True))

    @property
    def is_padded(self) -> bool:
        """Whether there is any padding."""
        return any(map(any, self.padding))

    @property
    def is_identity(self) -> bool:
        """Whether each window is one element, and the windows are the array."""
        return self.volume == 1 and self.out == self.size and not self.is_padded

    def pad(self, x: Any, fill: Any = 0, first: int = 2) -> Any:
        """`x` with padding around it; `first` is its first spatial axis."""
        if not self.is_padded:
            return x
        last = first + len(self.size)
        padded = np.full(x.shape[:first] + self.padded + x.shape[last:], fill, x.dtype)
        self.crop(padded, first)[...] = x
        return padded

    def crop(self, padded: Any, first: int = 2) -> Any:
        """The part of an array that is not padding."""
        places = zip(self.size, self.padding, strict=True)
        return padded[(slice(None),) * first + tuple(slice(a, a + n) for n, (a, _) in places)]

    def view(self, x: Any, rows: slice = slice(None), first: int = 2) -> Any:
        """All windows of an array with padding: ``(..., *kernel, *out, ...)``, a view.

        The spatial axes of `x` begin at `first`. Of the first axis of `out` only `rows` are there.
        """
        last = first + len(self.size)
        some = range(self.out[0])[rows]
        spatial = x.strides[first:last]
        within = tuple(s * d for s, d in zip(spatial, self.dilation, strict=True))
        between = tuple(s * d for s, d in zip(spatial, self.stride, strict=True))
        origin = (slice(None),) * first + (slice(some.start * self.stride[0], None),)
        return np.lib.stride_tricks.as_strided(
            x[origin],
            (*x.shape[:first], *self.kernel, len(some), *self.out[1:], *x.shape[last:]),
            (*x.strides[:first], *within, *between, *x.strides[last:]),
            writeable=False,
        )

    def places(self, first: int = 2) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
        """Each element of the window, with the index of these elements in an array with padding."""
        for at in np.ndindex(*self.kernel):
            sides = zip(at, self.dilation, self.stride, self.out, strict=True)
            index = tuple(slice(i * d, i * d + s * (n - 1) + 1, s) for i, d, s, n in sides)
            yield at, (slice(None),) * first + index


def blocks(batch: int, rows: int, row_bytes: int) -> tuple[int, int]:
    """How many examples, or else how many rows of one, take about `BLOCK_BYTES`.

    >>> blocks(3, 4, BLOCK_BYTES // 8), blocks(1, 4, BLOCK_BYTES // 2)
    ((2, 4), (1, 2))
    """
    row_bytes = max(1, row_bytes)
    if rows * row_bytes > BLOCK_BYTES:
        return 1, max(1, BLOCK_BYTES // row_bytes)
    return max(1, min(batch, BLOCK_BYTES // max(1, rows * row_bytes))), max(1, rows)


def steps(total: int, step: int) -> Iterator[slice]:
    """Slices of at most `step`.

    >>> list(steps(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, total, step):
        yield slice(start, min(total, start + step))


class _Scratch(threading.local):
    """Memory of this thread for what does not outlive a call.

    Memory that is fresh from the operating system costs more than the sums that are done in it.
    """

    def __init__(self) -> None:
        self.memory = np.empty(0, np.uint8)


_scratch = _Scratch()


def scratch(size: int, dtype: Any) -> Any:
    """A row of `size` elements with any content; the next call in this thread gives it out again.

    >>> scratch(3, np.float32).shape
    (3,)
    """
    size *= dtype.itemsize if isinstance(dtype, np.dtype) else np.dtype(dtype).itemsize
    if size > KEPT_BYTES:
        return np.empty(size, np.uint8).view(dtype)
    if size > len(_scratch.memory):
        _scratch.memory = np.empty(size, np.uint8)
    return _scratch.memory[:size].view(dtype)
