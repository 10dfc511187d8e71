"""Data as observations: how many there are, which they are, and other orders and parts of them.

A data container is

- an array, whose first axis counts the observations;
- a list, or any object with ``__len__`` and ``__getitem__``: its items are the observations;
- a tuple or a dict of containers of one length, such as ``(inputs, labels)``.

The functions here return views of the data as far as possible: `ObsView` holds indices only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from dpy.errors import DpyError
from dpy.functors import is_array

__all__ = [
    "ObsView", "filterobs", "generator", "getobs", "groupobs", "joinobs", "kfolds", "leavepout",
    "mapobs", "numobs", "obsview", "oversample", "randobs", "shuffleobs", "slidingwindow",
    "splitobs", "undersample",
]  # fmt: skip


def generator(rng: Any) -> np.random.Generator:
    """The generator itself, one with this seed, or for None one with a seed of its own.

    >>> int(generator(0).integers(10)) == int(np.random.default_rng(0).integers(10))
    True
    """
    return np.random.default_rng(rng)


def numobs(data: Any) -> int:
    """How many observations there are.

    Raises:
        DpyError: parts of a tuple or dict have different lengths, or `data` has none.

    >>> numobs((np.ones((3, 2)), ["a", "b", "c"]))
    3
    """
    if is_array(data):
        if not data.ndim:
            raise _no_container(data)
        return int(data.shape[0])
    if isinstance(data, (tuple, dict)):
        parts = list(data.values()) if isinstance(data, dict) else list(data)
        lengths = [numobs(part) for part in parts]
        if not lengths or min(lengths) != max(lengths):
            raise DpyError(
                f"the parts of the data have {lengths} observations",
                why="a tuple holds the same observations in each of its parts",
                repair="give arrays whose first axes are of one length",
            )
        return lengths[0]
    if isinstance(data, str) or not hasattr(data, "__len__"):
        raise _no_container(data)
    return len(data)


def _no_container(data: Any) -> DpyError:
    return DpyError(
        f"a {type(data).__name__} is no data container",
        why="observations are counted by the first axis, or by __len__ and __getitem__",
        repair="give an array, a list, a tuple of these, or an object with these two methods",
    )


def getobs(data: Any, index: Any = None) -> Any:
    """The observation at a position, those at several, or for None all of them.

    Args:
        data: a data container.
        index: a whole number, a slice, or an array or list of whole numbers.

    >>> x, y = getobs((np.arange(6).reshape(3, 2), ["a", "b", "c"]), [2, 0])
    >>> x.tolist(), y
    ([[4, 5], [0, 1]], ['c', 'a'])
    """
    if isinstance(data, tuple):
        parts = [getobs(part, index) for part in data]
        return type(data)(*parts) if hasattr(data, "_fields") else tuple(parts)
    if isinstance(data, dict):
        return {key: getobs(part, index) for key, part in data.items()}
    if index is None:
        return data if is_array(data) or isinstance(data, list) else _items(data, range(len(data)))
    if is_array(data) or isinstance(index, (int, np.integer)):
        return data[index]
    if isinstance(index, slice):
        index = range(*index.indices(len(data)))
    return _items(data, index)


def _items(data: Any, index: Any) -> Any:
    positions = [int(i) for i in index]
    several = getattr(data, "__getitems__", None)
    return several(positions) if several is not None else [data[i] for i in positions]


class ObsView:
    """Some observations of a container, in some order; nothing is copied until they are read.

    >>> view = ObsView(np.arange(5) * 10, [4, 0])
    >>> len(view), int(view[0]), getobs(view).tolist()
    (2, 40, [40, 0])
    """

    def __init__(self, data: Any, indices: Any) -> None:
        self.data = data
        self.indices = np.asarray(indices, dtype=np.intp).reshape(-1)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, i: Any) -> Any:
        return getobs(self.data, self.indices[i])

    def __getitems__(self, positions: Any) -> Any:
        return getobs(self.data, self.indices[positions])

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"ObsView({type(self.data).__name__}, {len(self)} observations)"


def obsview(data: Any, indices: Any = None) -> ObsView:
    """An `ObsView` of a container.

    >>> len(obsview([1, 2, 3], slice(1, 3)))
    2
    """
    every = np.arange(numobs(data))
    indices = every if indices is None else every[indices]
    if isinstance(data, ObsView):  # one level is enough
        return ObsView(data.data, data.indices[indices])
    return ObsView(data, indices)


class _Mapped:
    """A function of each observation, computed when it is read."""

    def __init__(self, f: Callable[[Any], Any], data: Any) -> None:
        self.f = f
        self.data = data

    def __len__(self) -> int:
        return numobs(self.data)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, (int, np.integer)):
            return self.f(getobs(self.data, i))
        return [self[int(k)] for k in np.arange(len(self))[i]]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))


def mapobs(f: Callable[[Any], Any], data: Any) -> Any:
    """A container of ``f(observation)``, computed when it is read.

    >>> mapobs(lambda x: x + 1, [1, 2, 3])[1:]
    [3, 4]
    """
    return _Mapped(f, data)


def filterobs(f: Callable[[Any], Any], data: Any) -> ObsView:
    """The observations for which `f` is true.

    >>> getobs(filterobs(lambda x: x > 1, [1, 2, 3]))
    [2, 3]
    """
    return obsview(data, [i for i in range(numobs(data)) if f(getobs(data, i))])


def groupobs(f: Callable[[Any], Any], data: Any) -> dict[Any, ObsView]:
    """Views of the observations with the same ``f(observation)``, by that value.

    >>> {key: getobs(view) for key, view in groupobs(len, ["a", "bb", "c"]).items()}
    {1: ['a', 'c'], 2: ['bb']}
    """
    groups: dict[Any, list[int]] = {}
    for i in range(numobs(data)):
        groups.setdefault(f(getobs(data, i)), []).append(i)
    return {key: obsview(data, indices) for key, indices in groups.items()}


class _Joined:
    """Several containers one after the other."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = parts
        self.ends = np.cumsum([numobs(part) for part in parts])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, i: Any) -> Any:
        if not isinstance(i, (int, np.integer)):
            return [self[int(k)] for k in np.arange(len(self))[i]]
        i = range(len(self))[i]
        k = int(np.searchsorted(self.ends, i, side="right"))
        return getobs(self.parts[k], i - (int(self.ends[k - 1]) if k else 0))

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))


def joinobs(*parts: Any) -> Any:
    """The observations of several containers, one container after the other.

    >>> list(joinobs([1, 2], (3, 4)[:0] or [5]))
    [1, 2, 5]
    """
    return _Joined(parts)


# --- orders and samples ---------------------------------------------------------------------------


def shuffleobs(data: Any, rng: Any = None) -> ObsView:
    """All observations in a random order.

    >>> sorted(shuffleobs([3, 1, 2], rng=0))
    [1, 2, 3]
    """
    return obsview(data, generator(rng).permutation(numobs(data)))


def randobs(data: Any, n: int | None = None, rng: Any = None) -> Any:
    """One observation drawn at random, or `n` of them, with replacement.

    >>> randobs([7], 2)
    [7, 7]
    """
    drawn = generator(rng).integers(numobs(data), size=n)
    return getobs(data, int(drawn) if n is None else drawn)


def splitobs(
    data: Any,
    at: float | tuple[float, ...] = 0.7,
    shuffle: bool = False,
    stratified: Any = None,
    rng: Any = None,
) -> tuple[ObsView, ...]:
    """Consecutive parts of the data.

    Args:
        data: a data container.
        at: the size of each part but the last: a fraction between 0 and 1, or a whole number.
        shuffle: split in a random order.
        stratified: labels, one per observation, that each part gets in the same proportions.
        rng: a generator or seed, for `shuffle`.

    >>> [getobs(part) for part in splitobs([1, 2, 3, 4], at=(0.5, 0.25))]
    [[1, 2], [3], [4]]
    """
    n = numobs(data)
    sizes = at if isinstance(at, (tuple, list)) else (at,)
    order = generator(rng).permutation(n) if shuffle else np.arange(n)
    groups = [order]
    if stratified is not None:
        labels = np.asarray(stratified)
        if len(labels) != n:
            raise DpyError(f"{n} observations have {len(labels)} labels to be stratified by")
        groups = [order[labels[order] == label] for label in np.unique(labels)]
    parts: list[list[Any]] = [[] for _ in range(len(sizes) + 1)]
    for group in groups:
        for part, piece in zip(parts, np.split(group, _ends(sizes, len(group), n)), strict=True):
            part.append(piece)
    if stratified is not None and not shuffle:
        return tuple(obsview(data, np.sort(np.concatenate(part))) for part in parts)
    return tuple(obsview(data, np.concatenate(part)) for part in parts)


def _ends(sizes: Any, n: int, total: int) -> list[int]:
    """Where the parts of `n` observations end, of `total` in all."""
    ends: list[int] = []
    used = 0.0
    for size in sizes:
        is_count = isinstance(size, (int, np.integer))
        if size < 0 or (not is_count and size > 1) or (is_count and size > total):
            raise DpyError(f"{total} observations cannot be split at {size!r}")
        used += size * n / total if is_count else size * n
        ends.append(min(n, round(used)))
    return ends


def kfolds(data: Any, k: int = 5) -> list[tuple[ObsView, ObsView]]:
    """`k` pairs of training and validation data; each observation is once in the second.

    >>> [getobs(validation) for _, validation in kfolds([1, 2, 3, 4, 5], k=2)]
    [[1, 2, 3], [4, 5]]
    """
    n = numobs(data)
    if not 2 <= k <= n:
        raise DpyError(
            f"{n} observations cannot be split into {k} folds",
            repair="take k between 2 and the number of observations",
        )
    every = np.arange(n)
    return [
        (obsview(data, np.setdiff1d(every, fold)), obsview(data, fold))
        for fold in np.array_split(every, k)
    ]


def leavepout(data: Any, p: int = 1) -> list[tuple[ObsView, ObsView]]:
    """Pairs of training and validation data, `p` observations in each of the second.

    >>> [(getobs(a), getobs(b)) for a, b in leavepout([1, 2, 3, 4], p=2)]
    [([3, 4], [1, 2]), ([1, 2], [3, 4])]
    """
    n = numobs(data)
    if not 1 <= p <= n // 2:
        raise DpyError(f"{p} of {n} observations cannot be left out", repair="take p up to n // 2")
    return kfolds(data, -(-n // p))


def slidingwindow(data: Any, size: int, stride: int = 1) -> list[ObsView]:
    """Views of `size` consecutive observations each, `stride` apart.

    >>> [getobs(window) for window in slidingwindow([1, 2, 3, 4], size=3)]
    [[1, 2, 3], [2, 3, 4]]
    """
    starts = range(0, numobs(data) - size + 1, stride)
    return [obsview(data, np.arange(start, start + size)) for start in starts]


def oversample(
    data: Any, classes: Any = None, fraction: float = 1.0, shuffle: bool = True, rng: Any = None
) -> Any:
    """Repeat observations of rare classes, until each has `fraction` of those of the most common.

    Args:
        data: a data container; a pair of inputs and labels, if `classes` is not given.
        classes: a label for each observation.
        fraction: of the size of the largest class.
        shuffle: give them in a random order.
        rng: a generator or seed.

    >>> x, y = oversample((np.arange(3), np.array(["a", "a", "b"])), shuffle=False)
    >>> sorted(y.tolist())
    ['a', 'a', 'b', 'b']
    """
    random = generator(rng)
    groups = _class_indices(data, classes)
    least = round(fraction * max(map(len, groups)))
    chosen = []
    for group in groups:
        while len(group) < least:
            group = np.concatenate([group, random.permutation(group)[: least - len(group)]])
        chosen.append(group)
    return _sampled(data, np.concatenate(chosen), shuffle, random)


def undersample(data: Any, classes: Any = None, shuffle: bool = True, rng: Any = None) -> Any:
    """Leave out observations of common classes, until each has as many as the rarest.

    >>> x, y = undersample((np.arange(3), np.array(["a", "a", "b"])), rng=0)
    >>> sorted(y.tolist())
    ['a', 'b']
    """
    random = generator(rng)
    groups = _class_indices(data, classes)
    most = min(map(len, groups))
    chosen = [np.sort(random.permutation(group)[:most]) for group in groups]
    return _sampled(data, np.concatenate(chosen), shuffle, random)


def _class_indices(data: Any, classes: Any) -> list[Any]:
    if classes is None:
        if not isinstance(data, tuple) or len(data) != 2:
            raise DpyError(
                "the classes of the observations are not known",
                repair="give a pair of inputs and labels, or classes=labels",
            )
        classes = data[1]
    groups: dict[Any, list[int]] = {}
    for i in range(numobs(classes)):
        label = getobs(classes, i)
        groups.setdefault(label.item() if hasattr(label, "item") else label, []).append(i)
    return [np.array(group) for group in groups.values()]


def _sampled(data: Any, indices: Any, shuffle: bool, random: np.random.Generator) -> Any:
    if shuffle:
        indices = random.permutation(indices)
    return getobs(data, indices)
