"""The memory behind arrays: an accumulator laid out like the memory that an array looks at.

Arrays alias by memory, not by identity. All views of one piece of memory lead to its *owner*, and
a `Buffer` is a second piece of memory with the owner's layout; the accumulator of a view is the
view of the buffer at the same place.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from dpy.errors import MutationError
from dpy.structured import add_fields, located, promoted

__all__ = [
    "Buffer", "cotangent_dtype", "overlaps_itself", "owner_of", "refuse_bits", "refuse_shared",
    "repeated", "set_shape",
]  # fmt: skip


def owner_of(x: Any) -> Any:
    """The array at the end of the chain of bases: every view of its memory leads here."""
    while True:
        base = x.base
        while base is not None and not isinstance(base, np.ndarray):
            # as_strided puts a holder in between; a memoryview knows its object
            if isinstance(base, np.nditer):
                base = _operand_of(base, x)
                break
            base = base.obj if isinstance(base, memoryview) else getattr(base, "base", None)
        if base is None:
            return x
        x = base


def _operand_of(it: np.nditer, x: Any) -> Any:
    """The array that an item of an iterator is a view of."""
    try:
        operands = it.operands
    except ValueError:
        raise MutationError(
            "a cotangent reached an item of an np.nditer that has been closed",
            why="it does not say any more what arrays it went over",
            repair="loop over array.flat, np.ndenumerate or np.ndindex, or use whole arrays",
        ) from None
    for operand in operands:
        if np.may_share_memory(operand, x):
            return operand
    raise MutationError(
        "np.nditer gave a view of its own buffer",
        why="what array the buffer was filled from is not known",
        repair="leave out the flag 'buffered', or loop over array.flat or np.ndenumerate",
    )


_FLOAT = np.dtype(np.float64)


def cotangent_dtype(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """The dtype in which cotangents of an array accumulate; None if it can have no gradient.

    Of an array of objects those that are numbers have theirs there, others by their identity.
    """
    return _FLOAT if dtype.kind == "O" else promoted(dtype)


def overlaps_itself(x: Any) -> bool:
    """Whether two indices of `x` reach the same memory (broadcasts, sliding windows).

    >>> overlaps_itself(np.broadcast_to(1.0, (2, 3))), overlaps_itself(np.ones((2, 3)).T)
    (True, False)
    """
    if x.flags.forc or x.size < 2:
        return False
    reach = x.itemsize
    for stride, n in sorted((abs(s), n) for s, n in zip(x.strides, x.shape, strict=True) if n > 1):
        if stride < reach:  # steps of this axis may land on items of the axes below: count
            return bool(np.unique(_positions(x.shape, x.strides)).size < x.size)
        reach += stride * (n - 1)
    return False


def _positions(shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """The position in memory of every item, relative to the first, in the unit of `strides`."""
    positions = np.zeros(shape, np.intp)
    for axis, (n, stride) in enumerate(zip(shape, strides, strict=True)):
        steps = np.arange(n, dtype=np.intp) * stride
        positions += steps.reshape((n,) + (1,) * (len(shape) - axis - 1))
    return positions


def repeated(x: Any) -> Any:
    """A mask of the items of `x` whose memory an earlier item reaches as well."""
    positions = _positions(x.shape, x.strides).reshape(-1)
    mask = np.ones(positions.size, bool)
    mask[np.unique(positions, return_index=True)[1]] = False
    return mask.reshape(x.shape)


def set_shape(a: Any, shape: tuple[int, ...]) -> None:
    """``a.shape = shape``, which NumPy 2.5 has deprecated for the public."""
    if hasattr(a, "_set_shape"):
        a._set_shape(shape)
    else:
        a.shape = shape


def span_of(x: Any) -> tuple[int, int]:
    """The addresses that `x` covers: first byte, one past the last."""
    low = high = x.__array_interface__["data"][0]
    for stride, n in zip(x.strides, x.shape, strict=True):
        if stride < 0:
            low += stride * (n - 1)
        else:
            high += stride * (n - 1)
    return low, high + x.itemsize


class Buffer:
    """The accumulator for all arrays that look at the memory of `owner`.

    Attributes:
        array: the accumulator of `owner` itself.
        is_exported: someone outside holds a view of the memory, so it may not be given away.
    """

    __slots__ = ("_flat", "array", "dtype", "high", "is_exported", "low", "owner")

    def __init__(self, owner: Any, first: Any = None) -> None:
        """`first` is a cotangent of `owner`, of its shape and dtype, to start from."""
        dtype = cotangent_dtype(owner.dtype)
        if dtype is None:
            raise MutationError(
                f"no cotangent can accumulate in an array of dtype {owner.dtype}",
                why="dpy follows gradients through arrays of numbers only",
                repair="use a list for objects",
            )
        self.owner = owner
        self.dtype = dtype
        self.is_exported = False
        self.low = self.high = -1  # addresses, found when the first view asks
        self._flat: Any = None
        self.array: Any = None
        if not owner.flags.c_contiguous:
            self._lay_out()
            if first is not None:
                add_fields(self.array, first)
        elif first is None:
            self.array = np.zeros(owner.shape, dtype)
        elif dtype.names is not None:
            self.array = np.zeros(owner.shape, dtype)
            add_fields(self.array, first)
        else:
            self.array = np.array(first, dtype, order="C")

    def span(self) -> tuple[int, int]:
        """The addresses of the owner's memory."""
        if self.low < 0:
            self.low, self.high = span_of(self.owner)
        return self.low, self.high

    def _lay_out(self) -> None:
        """Memory for an owner that is not C-contiguous, and the owner's view of it."""
        low, high = self.span()
        self._flat = np.zeros((high - low) // self.owner.itemsize, self.dtype)
        self.array = self.view(self.owner)

    def _memory(self) -> Any:
        if self._flat is None:
            self._flat = self.array.reshape(-1)
        return self._flat

    def view(self, x: Any) -> Any:
        """The accumulator of `x`, a view of the owner's memory."""
        dtype, offset, strides = self._place(x)
        if x.size == 0:
            return np.zeros(x.shape, dtype)
        try:
            return np.ndarray(x.shape, dtype, self._memory(), offset, strides)
        except (TypeError, ValueError) as error:
            raise MutationError(
                "an array reaches beyond the memory of the array it is a view of",
                why=str(error),
                repair="use views that stay inside their base",
            ) from error

    def scatter(self, x: Any, d: Any) -> None:
        """Add `d`, item by item, to the accumulator of an `x` that overlaps itself."""
        dtype, offset, strides = self._place(x)
        size = dtype.itemsize
        steps = tuple(stride // size for stride in strides)
        memory = self._memory()
        memory = memory if memory.dtype == dtype else memory.view(dtype)
        np.add.at(memory, _positions(x.shape, steps) + offset // size, d)

    def _place(self, x: Any) -> tuple[np.dtype[Any], int, tuple[int, ...]]:
        """Dtype, byte offset and byte strides of the accumulator of `x` in the memory."""
        owner = self.owner
        dtype = self.dtype
        offset = x.__array_interface__["data"][0] - self.span()[0]
        if owner.dtype.names is not None:
            return self._place_in_record(x, offset)
        if x.dtype == owner.dtype:
            size = x.itemsize
        else:  # the real and imaginary parts of complex numbers are floats of half the size
            viewed = cotangent_dtype(x.dtype)
            if (
                viewed is None
                or x.dtype.kind not in "fc"
                or owner.dtype.kind not in "fc"
                or x.dtype.byteorder != owner.dtype.byteorder
                or np.finfo(viewed).dtype != np.finfo(dtype).dtype
            ):
                raise MutationError(
                    f"a view of dtype {x.dtype} reinterprets the memory of {owner.dtype} numbers",
                    why="the gradient of reinterpreted bits is not defined",
                    repair="convert with astype instead of view, or keep arrays of one dtype",
                )
            dtype = viewed
            size = np.finfo(viewed).dtype.itemsize
        if x.size and (offset % size or any(stride % size for stride in x.strides)):
            raise MutationError(
                "a view whose items straddle the items of its base",
                why="the gradient of reinterpreted bits is not defined",
                repair="use views made by slicing",
            )
        scale = self.dtype.itemsize // owner.itemsize if x.dtype == owner.dtype else 1
        if scale == 1 and self.dtype.itemsize == owner.itemsize:
            return dtype, offset, x.strides
        unit = self.dtype.itemsize
        return dtype, offset // size * unit, tuple(stride // size * unit for stride in x.strides)

    def _place_in_record(self, x: Any, offset: int) -> tuple[np.dtype[Any], int, tuple[int, ...]]:
        """The same where the owner has fields."""
        whole, new_whole = self.owner.dtype.itemsize, self.dtype.itemsize
        record, start = divmod(offset, whole)
        found = located(self.owner.dtype, x.dtype, start)
        if found is None:
            raise MutationError(
                f"a view of dtype {x.dtype} reinterprets the memory of records {self.owner.dtype}",
                why="the gradient of reinterpreted bits is not defined",
                repair="read the fields by their names",
            )
        dtype, at, (size, new_size) = found
        strides = tuple(
            stride // whole * new_whole if stride % whole == 0 else stride // size * new_size
            for stride in x.strides
        )
        return dtype, record * new_whole + at, strides


# --- memory that belongs to no array --------------------------------------------------------------


def refuse_bits(x: Any, owner: Any) -> None:
    """Bits of numbers, seen as what has no gradient (text, booleans, raw memory), are not followed.

    Raises:
        MutationError: the owner's numbers have a gradient.
    """
    if owner.dtype.names is None and cotangent_dtype(owner.dtype) is not None:
        raise MutationError(
            f"a view of dtype {x.dtype} reinterprets the memory of {owner.dtype} numbers",
            why="the gradient of reinterpreted bits is not defined",
            repair="convert with astype instead of view, or keep arrays of one dtype",
        )


def refuse_shared(owner: Any, others: Iterable[Buffer]) -> None:
    """Memory that NumPy does not own may be that of another array.

    Raises:
        MutationError: it is.
    """
    if owner.size:
        low, high = span_of(owner)
        for other in others:
            other_low, other_high = other.span()
            if other.owner.size and low < other_high and other_low < high:
                raise MutationError(
                    "two arrays look at the same memory, which belongs to neither",
                    why="dpy follows views by their base, and these have none in common",
                    repair="make one array with np.frombuffer and slice it",
                )
