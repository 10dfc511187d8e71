"""Making batches of observations, taking them apart, and other helpers for arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from dpy.errors import DpyError
from dpy.functors import is_array

__all__ = [
    "batch", "batch_sequence", "chunk", "falses_like", "fill_like", "flatten", "group_counts",
    "group_indices", "normalise", "normalize", "ones_like", "rand_like", "randn_like", "rescale",
    "rpad_constant", "stack", "trues_like", "unbatch", "unsqueeze", "unstack", "zeros_like",
]  # fmt: skip

_NUMBERS = (bool, int, float, complex, np.generic)


def batch(observations: Iterable[Any]) -> Any:
    """Several observations as one, with a new first axis.

    Numbers become an array, arrays are stacked, tuples and dicts are batched part by part; of
    anything else, such as texts, there is a list.

    >>> batch([(np.array([1, 2]), "a"), (np.array([3, 4]), "b")])
    (array([[1, 2], [3, 4]]), ['a', 'b'])
    """
    items = list(observations)
    if not items:
        raise DpyError("a batch of no observations has no shape")
    first = items[0]
    if is_array(first):
        return stack(items)
    if isinstance(first, _NUMBERS):
        return np.array(items)
    if isinstance(first, tuple):
        parts = [batch(part) for part in zip(*items, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    if isinstance(first, dict):
        return {key: batch(item[key] for item in items) for key in first}
    return items


def unbatch(x: Any) -> list[Any]:
    """The observations of a batch; the reverse of `batch`.

    >>> unbatch((np.array([[1, 2], [3, 4]]), ["a", "b"]))
    [(array([1, 2]), 'a'), (array([3, 4]), 'b')]
    """
    if isinstance(x, tuple):
        items = list(zip(*map(unbatch, x), strict=True))
        return [type(x)(*item) for item in items] if hasattr(x, "_fields") else items
    if isinstance(x, dict):
        parts = {key: unbatch(part) for key, part in x.items()}
        n = len(next(iter(parts.values()), []))
        return [{key: part[i] for key, part in parts.items()} for i in range(n)]
    return list(x)


def batch_sequence(sequences: Iterable[Any], pad: Any = 0) -> Any:
    """Sequences of different lengths in one array ``(N, T, ...)``, padded at their ends.

    >>> batch_sequence([[1, 2, 3], [4]], pad=-1)
    array([[ 1,  2,  3], [ 4, -1, -1]])
    """
    arrays = [np.asarray(s) for s in sequences]
    longest = max(map(len, arrays))
    return np.stack([rpad_constant(a, (longest, *a.shape[1:]), pad) for a in arrays])


def stack(arrays: Iterable[Any], axis: int = 0) -> Any:
    """Arrays of one shape along a new axis.

    >>> stack([np.ones(2), np.zeros(2)], axis=1)
    array([[1., 0.], [1., 0.]])
    """
    found = list(arrays)
    shapes = {a.shape for a in found}
    if len(shapes) > 1:
        raise DpyError(
            f"observations of the shapes {sorted(shapes)} cannot be stacked",
            why="a batch is one array",
            repair="pad them (batch_sequence, rpad_constant), or collate=False for a list",
        )
    return np.stack(found, axis=axis)


def unstack(x: Any, axis: int = 0) -> list[Any]:
    """The arrays along an axis.

    >>> unstack(np.array([[1, 2], [3, 4]]), axis=1)
    [array([1, 3]), array([2, 4])]
    """
    return list(np.moveaxis(x, axis, 0))


def chunk(x: Any, n: int | None = None, *, size: Any = None, axis: int = 0) -> list[Any]:
    """Consecutive parts of an array or list.

    Args:
        x: an array, a list or a range.
        n: how many parts of nearly equal size; or give
        size: the length of each part but the last, or a list of all lengths.
        axis: of an array.

    >>> chunk([1, 2, 3, 4, 5], 2), chunk(np.arange(5), size=2)
    ([[1, 2, 3], [4, 5]], [array([0, 1]), array([2, 3]), array([4])])
    """
    length = x.shape[axis] if is_array(x) else len(x)
    if (n is None) == (size is None):
        raise DpyError("chunk takes either the number of parts or their size")
    if isinstance(size, Iterable):
        ends = np.cumsum(list(size)).tolist()
        if not ends or ends[-1] != length:
            raise DpyError(f"parts of the sizes {list(size)} do not make up {length} items")
    else:
        size = max(1, -(-length // n)) if n is not None else size
        ends = [min(length, start + size) for start in range(0, length, size)]
    starts = [0, *ends[:-1]]
    if not is_array(x):
        return [x[a:b] for a, b in zip(starts, ends, strict=True)]
    before = (slice(None),) * (axis % x.ndim)
    return [x[(*before, slice(a, b))] for a, b in zip(starts, ends, strict=True)]


def group_counts(items: Iterable[Any]) -> dict[Any, int]:
    """How often each item is there.

    >>> group_counts("abca")
    {'a': 2, 'b': 1, 'c': 1}
    """
    return {key: len(indices) for key, indices in group_indices(items).items()}


def group_indices(items: Iterable[Any]) -> dict[Any, list[int]]:
    """At which positions each item is.

    >>> group_indices("abca")
    {'a': [0, 3], 'b': [1], 'c': [2]}
    """
    groups: dict[Any, list[int]] = {}
    for i, item in enumerate(items):
        groups.setdefault(item.item() if isinstance(item, np.generic) else item, []).append(i)
    return groups


def rpad_constant(x: Any, shape: Any, value: Any = 0, axis: int = 0) -> Any:
    """An array padded at the ends of its axes up to `shape`; longer axes stay.

    Args:
        x: an array or list.
        shape: the wanted lengths; a whole number is that of `axis`.
        value: what it is padded with.
        axis: for a whole number.

    >>> rpad_constant([1, 2], 4), rpad_constant(np.ones((1, 2)), (2, 2))
    (array([1, 2, 0, 0]), array([[1., 1.], [0., 0.]]))
    """
    x = np.asarray(x)
    if isinstance(shape, (int, np.integer)):
        wanted = list(x.shape)
        wanted[axis] = int(shape)
        shape = wanted
    widths = [(0, max(0, n - m)) for n, m in zip(shape, x.shape, strict=True)]
    return np.pad(x, widths, constant_values=value)


def unsqueeze(x: Any, axis: int = 0) -> Any:
    """`x` with an axis of length 1 more.

    >>> unsqueeze(np.ones(3), axis=1).shape
    (3, 1)
    """
    return np.expand_dims(x, axis)


def flatten(x: Any) -> Any:
    """All axes but the first as one.

    >>> flatten(np.ones((5, 2, 3))).shape
    (5, 6)
    """
    return x.reshape(x.shape[0], -1)


def normalise(x: Any, axis: Any = -1, epsilon: float = 1e-5) -> Any:
    """Mean 0 and deviation 1 along an axis: ``(x - mean) / (deviation + epsilon)``.

    >>> normalise(np.array([1.0, 3.0]), epsilon=0.0)
    array([-1.,  1.])
    """
    mean = np.mean(x, axis=axis, keepdims=True)
    deviation = np.std(x, axis=axis, keepdims=True)
    return (x - mean) / (deviation + epsilon)


normalize = normalise


def rescale(x: Any, axis: Any = None, low: float = 0.0, high: float = 1.0) -> Any:
    """The range of `x` along an axis brought to `low` to `high`; what is constant becomes `low`.

    >>> rescale(np.array([1.0, 2.0, 5.0]))
    array([0.  , 0.25, 1.  ])
    """
    least = np.min(x, axis=axis, keepdims=True)
    span = np.max(x, axis=axis, keepdims=True) - least
    return low + (high - low) * ((x - least) / np.where(span == 0, 1, span))


# --- arrays like others ---------------------------------------------------------------------------


def fill_like(x: Any, value: Any, dtype: Any = None, shape: Any = None) -> Any:
    """An array of the shape and type of `x`, or of others, that is full of `value`.

    >>> fill_like(np.ones(2, np.float32), 3)
    array([3., 3.], dtype=float32)
    """
    return np.full_like(x, value, dtype=dtype, shape=shape)


def zeros_like(x: Any, dtype: Any = None, shape: Any = None) -> Any:
    """Zeros.

    >>> zeros_like(np.ones(2))
    array([0., 0.])
    """
    return fill_like(x, 0, dtype, shape)


def ones_like(x: Any, dtype: Any = None, shape: Any = None) -> Any:
    """Ones.

    >>> ones_like(np.zeros(2))
    array([1., 1.])
    """
    return fill_like(x, 1, dtype, shape)


def trues_like(x: Any, shape: Any = None) -> Any:
    """An array of True.

    >>> trues_like(np.zeros(2))
    array([ True,  True])
    """
    return fill_like(x, True, bool, shape)


def falses_like(x: Any, shape: Any = None) -> Any:
    """An array of False.

    >>> falses_like(np.zeros(2))
    array([False, False])
    """
    return fill_like(x, False, bool, shape)


def rand_like(x: Any, rng: Any = None, shape: Any = None) -> Any:
    """Uniform random numbers between 0 and 1.

    >>> rand_like(np.ones(2, np.float32), rng=0).dtype
    dtype('float32')
    """
    drawn = np.random.default_rng(rng).random(x.shape if shape is None else shape)
    return drawn.astype(x.dtype)


def randn_like(x: Any, rng: Any = None, shape: Any = None) -> Any:
    """Normal random numbers.

    >>> randn_like(np.ones((2, 3)), rng=0).shape
    (2, 3)
    """
    drawn = np.random.default_rng(rng).standard_normal(x.shape if shape is None else shape)
    return drawn.astype(x.dtype)
