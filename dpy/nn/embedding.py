"""Embeddings: rows of a matrix, chosen by integers or by one-hot arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dpy.adjoints.registry import nondifferentiable
from dpy.errors import ShapeError
from dpy.nn.functional._kinds import gives
from dpy.nn.initialisers import randn32
from dpy.nn.show import layer_repr, name_of_callable, one_line

__all__ = ["Embedding", "EmbeddingBag"]


def _weight(size: Any, dim: Any, init: Any, rng: Any) -> Any:
    if isinstance(size, np.ndarray):
        return size
    if isinstance(size, tuple):
        size, dim = size
    return init(size, dim) if rng is None else init(size, dim, rng=rng)


def _looked_up(layer: Any, weight: Any, x: Any) -> Any:
    """The rows of `weight` that `x` names: by numbers, or by a one-hot (or soft) last axis."""
    if _is_index(x):
        _check_indices(layer, x, weight.shape[0])
        return weight[x]
    if x.shape[-1:] != weight.shape[:1]:
        raise _wrong_classes(layer, x)
    return x @ weight


def _is_index(x: Any) -> bool:
    return np.asarray(x).dtype.kind in "iu" if not hasattr(x, "dtype") else x.dtype.kind in "iu"


def _check_indices(layer: Any, x: Any, n: int) -> None:
    x = np.asarray(x)
    if x.size and not (x.min() >= 0 and x.max() < n):
        bad = x[(x < 0) | (x >= n)].ravel()[0]
        raise ShapeError(
            f"{one_line(layer)} got the index {bad}",
            why=f"it has {n} rows, counted from 0",
        )


def _wrong_classes(layer: Any, x: Any) -> ShapeError:
    return ShapeError(
        f"{one_line(layer)} got an array of shape {x.shape} and dtype {x.dtype}",
        why="an array that is not of integers is one-hot: its last axis has an item for each row",
        repair="give integers, or a one-hot array with the classes last",
    )


@dataclass(init=False, repr=False, eq=False)
class Embedding:
    """Looks up vectors: integers of any shape ``(...)`` to ``(..., dim)``.

    One-hot arrays, with the classes last, give the same as the integers that they stand for.

    Args:
        size: how many vectors there are; or a pair ``(size, dim)``; or the weight itself.
        dim: how long they are.
        init: makes the weight from its shape ``(size, dim)``.
        padding_idx: an index whose vector is zero and stays so.
        rng: the generator for `init`.

    Raises:
        ShapeError: (when called) an index is out of range.

    >>> from dpy.nn import identity_init
    >>> Embedding(26, 4, init=identity_init(gain=22))(1)
    array([ 0., 22.,  0.,  0.], dtype=float32)
    """

    weight: Any
    padding_idx: int | None

    def __init__(
        self,
        size: Any,
        dim: Any = None,
        *,
        init: Callable[..., Any] = randn32,
        padding_idx: int | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.weight = _weight(size, dim, init, rng)
        self.padding_idx = padding_idx
        if padding_idx is not None:
            self.weight[padding_idx] = 0

    def __call__(self, x: Any) -> Any:
        """The vectors for these indices."""
        y = _looked_up(self, self.weight, x)
        if self.padding_idx is not None:
            y = y * _is_no_padding(x, self.padding_idx)
        return y

    def _shown(self) -> str:
        size, dim = self.weight.shape
        padding = [] if self.padding_idx is None else [f"padding_idx={self.padding_idx}"]
        return f"Embedding({', '.join([str(size), str(dim), *padding])})"

    __repr__ = layer_repr


def _is_no_padding(x: Any, index: int) -> Any:
    x = np.asarray(x)
    if x.dtype.kind not in "iu":
        x = x.argmax(-1)
    return (x != index)[..., np.newaxis]


@dataclass(init=False, repr=False, eq=False)
class EmbeddingBag:
    """The mean (or another reduction) of the vectors in each bag of indices.

    Bags are the last axis of an array of integers, the rows of a list of lists, or given by all
    indices in a row and ``at``, the places where bags begin.

    Args:
        size: how many vectors there are; or a pair ``(size, dim)``; or the weight itself.
        dim: how long they are.
        reduction: a function with a keyword `axis`, such as ``np.mean``, ``np.sum``, ``np.max``.
        init: makes the weight from its shape ``(size, dim)``.
        rng: the generator for `init`.

    Raises:
        ShapeError: (when called) an index is out of range, or a bag is empty.

    >>> from dpy.nn import identity_init
    >>> bag = EmbeddingBag(26, 4, init=identity_init(gain=100))
    >>> bag([2, 2, 0]).round(1)
    array([33.3,  0. , 66.7,  0. ], dtype=float32)
    >>> bag([2, 2, 0, 3], at=[0, 3]).round(1)
    array([[ 33.3,   0. ,  66.7,   0. ],
           [  0. ,   0. ,   0. , 100. ]], dtype=float32)
    """

    weight: Any
    reduction: Callable[..., Any]

    def __init__(
        self,
        size: Any,
        dim: Any = None,
        *,
        reduction: Callable[..., Any] = np.mean,
        init: Callable[..., Any] = randn32,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.weight = _weight(size, dim, init, rng)
        self.reduction = reduction

    def __call__(self, x: Any, at: Sequence[int] | None = None) -> Any:
        """One vector for each bag."""
        if at is not None:
            x = _split(x, at)
        if isinstance(x, list) and len(x) and isinstance(x[0], (list, np.ndarray)):
            return np.stack([self._one(bag) for bag in x])
        return self._one(x)

    def _one(self, x: Any) -> Any:
        _check_bag(self, x)
        vectors = _looked_up(self, self.weight, np.asarray(x))
        return self.reduction(vectors, axis=-2)

    def _shown(self) -> str:
        size, dim = self.weight.shape
        return f"EmbeddingBag({size}, {dim}, reduction={name_of_callable(self.reduction)})"

    __repr__ = layer_repr


def _split(x: Any, at: Any) -> Any:
    """The bags of a row of indices that begin at these places, the first at 0."""
    at = [int(i) for i in at]
    if not at or at[0] != 0 or at != sorted(at):
        raise ShapeError(f"the bags of an EmbeddingBag begin at {at}", why="the first begins at 0")
    return np.split(np.asarray(x), at[1:])


def _check_bag(layer: Any, x: Any) -> None:
    if np.ndim(x) == 0 or np.shape(x)[-1] == 0:
        raise ShapeError(f"{one_line(layer)} got an empty bag, or a number")


nondifferentiable(_is_index, kind=gives(bool))
nondifferentiable(_check_indices, _check_bag, kind=gives(type(None)))
nondifferentiable(_wrong_classes, kind=gives(ShapeError))
nondifferentiable(_is_no_padding, _split)
