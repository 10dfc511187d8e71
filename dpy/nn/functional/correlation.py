"""The sums of products behind all convolutions, and their two adjoints.

With ``x: (N, C, *spatial)``, ``weight: (O, C // groups, *kernel)`` and ``y: (N, O, *out)``::

    correlate          y[n, o, p] = sum of weight[o, c, k] * x[n, c, stride * p + dilation * k]
    spread             its adjoint in x
    correlate_weights  its adjoint in weight

All three are matrix products over copies of the windows, the *columns*. They are made for a few
examples at a time, so that they are in the cache when BLAS reads them. Large images are copied one
by one; of small ones many stand side by side in one product, with the examples as the last axis,
because many short rows would take longer to copy than the product takes. Windows of one element
are not copied at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from dpy.nn.functional.windows import Windows, blocks, scratch, steps

__all__ = ["correlate", "correlate_weights", "spread"]

# With this many windows, each example has a matrix product of its own.
_WIDE = 256
# Of small images at least so many stand side by side: the length of a run in memory.
_SIDE_BY_SIDE = 32


def correlate(x: Any, weight: Any, bias: Any, windows: Windows, groups: int) -> Any:
    """The cross-correlation; `bias` is None or has one number for each output channel."""
    channels = weight.shape[0]
    dtype = np.result_type(x, weight)
    matrix = _matrix(weight, groups).astype(dtype, copy=False)
    y = np.empty((len(x), channels, *windows.out), dtype)
    shift = None if bias is None else bias.reshape((-1,) + (1,) * len(windows.out))
    if windows.is_identity:
        np.matmul(matrix, _by_group(x, groups), out=_by_group(y, groups))
        if shift is not None:
            y += shift
    elif windows.count >= _WIDE:
        for these, some, columns in _wide_columns(x, windows, groups, dtype):
            part = y[these, :, some]
            if part.shape == y[these].shape:
                np.matmul(matrix, columns, out=_by_group(part, groups))
            else:
                part[...] = np.matmul(matrix, columns).reshape(part.shape)
            if shift is not None:
                part += shift
    else:
        for these, columns in _narrow_columns(x, windows, groups, dtype):
            part = y[these]
            product = np.matmul(matrix, columns).reshape(channels, *windows.out, len(part))
            if shift is not None:
                product += shift[..., None]
            part[...] = np.moveaxis(product, -1, 0)
    return y


def correlate_weights(x: Any, d_y: Any, windows: Windows, groups: int) -> Any:
    """The adjoint in the weights: the correlation of `x` with `d_y`."""
    channels = d_y.shape[1]
    dtype = np.result_type(x, d_y)
    width = x.shape[1] // groups * windows.volume
    shape = (channels, x.shape[1] // groups, *windows.kernel)
    if windows.is_identity:
        products = np.matmul(_by_group(d_y, groups), _by_group(x, groups).swapaxes(-1, -2))
        return products.sum(axis=0).reshape(shape)
    total = np.zeros((groups, channels // groups, width), dtype)
    if windows.count >= _WIDE:
        for these, some, columns in _wide_columns(x, windows, groups, dtype):
            d_part = _by_group(np.ascontiguousarray(d_y[these, :, some]), groups)
            total += np.matmul(d_part, columns.swapaxes(-1, -2)).sum(axis=0)
    else:
        for these, columns in _narrow_columns(x, windows, groups, dtype):
            d_part = _examples_last(d_y[these]).reshape(groups, channels // groups, -1)
            total += np.matmul(d_part, columns.swapaxes(-1, -2))
    return total.reshape(shape)


def spread(d_y: Any, weight: Any, windows: Windows, groups: int) -> Any:
    """The adjoint in `x`: each element of `d_y` puts its multiple of the weights into a window."""
    if windows.is_identity:
        d_x = np.matmul(_matrix(weight, groups).swapaxes(-1, -2), _by_group(d_y, groups))
        return d_x.reshape(len(d_y), -1, *windows.size)
    mirrored = _mirrored(windows)
    if mirrored is not None:
        copied = weight.shape[0] * mirrored.count
        added = groups * weight.shape[1] * windows.count
        if copied < 2 * added:
            return correlate(d_y, _turned(weight, groups), None, mirrored, groups)
    return _add_windows(d_y, weight, windows, groups)


def _add_windows(d_y: Any, weight: Any, windows: Windows, groups: int) -> Any:
    """`spread` by the columns of `d_x`, which are added up."""
    dtype = np.result_type(d_y, weight)
    matrix = _matrix(weight, groups).swapaxes(-1, -2).astype(dtype, copy=False)
    channels = groups * weight.shape[1]
    d_x = np.empty((len(d_y), channels, *windows.size), dtype)
    example_bytes = channels * windows.volume * windows.count * dtype.itemsize
    if windows.count >= _WIDE:
        examples, _ = blocks(len(d_y), 1, example_bytes)
        for these in steps(len(d_y), examples):
            columns = _product(matrix, _by_group(d_y[these], groups))
            columns = columns.reshape(-1, channels, *windows.kernel, *windows.out)
            padded = np.zeros((len(columns), channels, *windows.padded), dtype)
            for at, place in windows.places(2):
                padded[place] += columns[(slice(None), slice(None), *at)]
            d_x[these] = windows.crop(padded, 2)
        return d_x
    examples = max(_SIDE_BY_SIDE, blocks(len(d_y), 1, example_bytes)[0])
    for these in steps(len(d_y), examples):
        d_part = _examples_last(d_y[these])
        count = d_part.shape[-1]
        columns = _product(matrix, d_part.reshape(groups, weight.shape[0] // groups, -1))
        columns = columns.reshape(channels, *windows.kernel, *windows.out, count)
        padded = np.zeros((channels, *windows.padded, count), dtype)
        for at, place in windows.places(1):
            padded[place] += columns[(slice(None), *at)]
        d_x[these] = np.moveaxis(windows.crop(padded, 1), -1, 0)
    return d_x


# --- columns --------------------------------------------------------------------------------------


def _wide_columns(
    x: Any, windows: Windows, groups: int, dtype: Any
) -> Iterator[tuple[slice, slice, Any]]:
    """Some examples, some rows of windows, and their columns ``(N, groups, elements, windows)``.

    The memory of the columns is used again for the next ones.
    """
    width = x.shape[1] * windows.volume
    row = width * math.prod(windows.out[1:])
    examples, rows = blocks(len(x), windows.out[0], row * dtype.itemsize)
    memory = scratch(examples * rows * row, dtype)
    for these in steps(len(x), examples):
        padded = windows.pad(x[these])
        for some in steps(windows.out[0], rows):
            view = windows.view(padded, some)
            columns = memory[: view.size].reshape(view.shape)
            columns[...] = view
            yield these, some, columns.reshape(len(view), groups, width // groups, -1)


def _narrow_columns(
    x: Any, windows: Windows, groups: int, dtype: Any
) -> Iterator[tuple[slice, Any]]:
    """Some examples and their columns ``(groups, elements, windows of all these)``."""
    width = x.shape[1] * windows.volume
    size = width * windows.count
    examples = max(_SIDE_BY_SIDE, blocks(len(x), 1, size * dtype.itemsize)[0])
    memory = scratch(min(len(x), examples) * size, dtype)
    for these in steps(len(x), examples):
        padded = windows.pad(_examples_last(x[these]), first=1)
        view = windows.view(padded, first=1)
        columns = memory[: view.size].reshape(view.shape)
        columns[...] = view
        yield these, columns.reshape(groups, width // groups, -1)


def _product(a: Any, b: Any) -> Any:
    """``a @ b`` in the memory of columns."""
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    memory = scratch(math.prod(shape), b.dtype)
    return np.matmul(a, b, out=memory.reshape(shape))


def _examples_last(x: Any) -> Any:
    """``(C, *spatial, N)``, contiguous."""
    return np.ascontiguousarray(np.moveaxis(x, 0, -1))


def _by_group(x: Any, groups: int) -> Any:
    """``(N, groups, channels, places)``."""
    return x.reshape(len(x), groups, x.shape[1] // groups, math.prod(x.shape[2:]))


def _matrix(weight: Any, groups: int) -> Any:
    """The weights as one matrix for each group."""
    return weight.reshape(groups, weight.shape[0] // groups, -1)


# --- the mirrored correlation ---------------------------------------------------------------------


def _mirrored(windows: Windows) -> Windows | None:
    """The windows over `d_y` whose correlation is `spread`; None where there are none."""
    reach = [(k - 1) * d for k, d in zip(windows.kernel, windows.dilation, strict=True)]
    sides = zip(reach, windows.padding, strict=True)
    padding = tuple((r - low, r - high) for r, (low, high) in sides)
    if max(windows.stride) > 1 or min(map(min, padding)) < 0:
        return None
    return Windows(windows.out, windows.kernel, windows.stride, padding, windows.dilation)


def _turned(weight: Any, groups: int) -> Any:
    """The weights with their input and output exchanged within each group, and mirrored."""
    out, width, *kernel = weight.shape
    parts = weight.reshape(groups, out // groups, width, *kernel).swapaxes(1, 2)
    mirror = (..., *(slice(None, None, -1),) * len(kernel))
    return parts[mirror].reshape(groups * width, out // groups, *kernel)
