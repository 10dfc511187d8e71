"""Batches of data, in order or shuffled, loaded in the background if wanted."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator
from typing import Any

from dpy.data.arrays import batch
from dpy.data.observations import generator, getobs, numobs
from dpy.errors import DpyError
from dpy.functors import is_array

__all__ = ["DataLoader", "eachobs"]


class DataLoader:
    """Iterates over batches of a data container, as often as one likes.

    Args:
        data: a data container (see `dpy.data.observations`); several are taken as one tuple.
        batchsize: observations per batch; None for the observations themselves.
        shuffle: another order in each pass.
        partial: give the last batch even if it is smaller.
        rng: the generator, or a seed, of the orders.
        collate: a function from the list of observations to the batch. By default arrays are
            indexed and anything else is put together by `dpy.data.batch`; False leaves lists.
        workers: how many threads load batches ahead.

    >>> import numpy as np
    >>> x, y = np.arange(10.0).reshape(5, 2), np.array([0, 1, 0, 1, 1])
    >>> loader = DataLoader((x, y), batchsize=2)
    >>> len(loader), [len(labels) for inputs, labels in loader]
    (3, [2, 2, 1])
    """

    def __init__(
        self,
        *data: Any,
        batchsize: int | None = 1,
        shuffle: bool = False,
        partial: bool = True,
        rng: Any = None,
        collate: Callable[[list[Any]], Any] | bool | None = None,
        workers: int = 0,
    ) -> None:
        if not data:
            raise DpyError("DataLoader was given no data", repair="write DataLoader((x, y), ...)")
        if batchsize is not None and batchsize < 1:
            raise DpyError(f"batches of {batchsize} observations", repair="take batchsize >= 1")
        self.data = data[0] if len(data) == 1 else data
        self.batchsize = batchsize
        self.shuffle = shuffle
        self.partial = partial
        self.rng = generator(rng)
        self.collate = collate
        self.workers = workers
        numobs(self.data)
        self._position = 0  # batches that were given in this pass
        self._begin: Any = None  # the state of the generator when the pass began
        self._resumed: Any = None  # the same, of a pass that is to be resumed

    def __len__(self) -> int:
        n, size = numobs(self.data), self.batchsize or 1
        return -(-n // size) if self.partial else n // size

    def __iter__(self) -> Iterator[Any]:
        skipped = self._position if self._resumed is not None else 0
        now = self.rng.bit_generator.state
        if self._resumed is not None:
            self.rng.bit_generator.state = self._resumed
        self._begin = self.rng.bit_generator.state
        indices = self._indices()[skipped:]
        if skipped:  # others may draw from the generator too: it is where it was
            self.rng.bit_generator.state = now
        self._position, self._resumed = skipped, None
        if not indices:
            self._position, self._begin = 0, None
        batches = map(self._load, indices) if not self.workers else self._ahead(indices)
        for found in batches:
            self._position += 1
            if self._position == len(self):  # nothing of this pass is left to resume
                self._position, self._begin = 0, None
            yield found

    def __repr__(self) -> str:
        shuffle = ", shuffle=True" if self.shuffle else ""
        return f"DataLoader({numobs(self.data)} observations, batchsize={self.batchsize}{shuffle})"

    def _indices(self) -> list[Any]:
        n, size = numobs(self.data), self.batchsize
        order = self.rng.permutation(n) if self.shuffle else None
        if size is None:
            return list(range(n)) if order is None else order.tolist()
        spans = [slice(k * size, min(n, (k + 1) * size)) for k in range(len(self))]
        return spans if order is None else [order[span] for span in spans]

    def _load(self, index: Any) -> Any:
        if isinstance(index, int):
            return getobs(self.data, index)
        if self.collate is None:
            return _gathered(self.data, index)
        n = numobs(self.data)
        positions = range(*index.indices(n)) if isinstance(index, slice) else index.tolist()
        items = [getobs(self.data, i) for i in positions]
        if self.collate is True:
            return batch(items)
        return self.collate(items) if callable(self.collate) else items

    def _ahead(self, indices: list[Any]) -> Iterator[Any]:
        """The same batches in the same order, loaded by threads."""
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="dpy-loader")
        waiting: collections.deque[Any] = collections.deque()
        remaining = iter(indices)
        try:
            for index in remaining:
                waiting.append(pool.submit(self._load, index))
                if len(waiting) > 2 * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for task in waiting:
                task.cancel()
            pool.shutdown(wait=True)

    def state(self) -> dict[str, Any]:
        """What is needed to go on exactly here: the generator, and the place in this pass."""
        now = self.rng.bit_generator.state
        begin = now if self._begin is None else self._begin
        if self._resumed is not None:
            begin = self._resumed
        return {"position": self._position, "begin": begin, "rng": now}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where a loader of the same data was when it gave this state."""
        self.rng.bit_generator.state = state["rng"]
        self._position = int(state["position"])
        self._resumed = state["begin"]


def _gathered(data: Any, index: Any) -> Any:
    """The observations at these positions as a batch."""
    if is_array(data):
        return data[index]
    if isinstance(data, tuple):
        parts = [_gathered(part, index) for part in data]
        return type(data)(*parts) if hasattr(data, "_fields") else tuple(parts)
    if isinstance(data, dict):
        return {key: _gathered(part, index) for key, part in data.items()}
    found = getobs(data, index)
    return batch(found) if isinstance(found, list) and found else found


def eachobs(data: Any, **options: Any) -> DataLoader:
    """A `DataLoader` that gives single observations, or batches if `batchsize` is given.

    >>> import numpy as np
    >>> list(eachobs(np.array([1, 2])))
    [np.int64(1), np.int64(2)]
    """
    return DataLoader(data, **{"batchsize": None, **options})
