"""Arrays with fields: how the cotangents of their records are laid out.

The cotangent of a record has the fields that are numbers, in the same order and under the same
names: floats and complex numbers as they are, integers as the real numbers they stand for. Other
fields (text, booleans, objects) have none.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from dpy.cotangent import ZERO, add, is_zero, unbroadcast
from dpy.errors import MutationError

__all__ = [
    "Leaf", "add_fields", "added", "apart", "as_array", "gathered", "has_fields", "located",
    "promoted", "taken",
]  # fmt: skip

_FLOAT = np.dtype(np.float64)
Type = np.dtype[Any]


def has_fields(x: Any) -> bool:
    """Whether `x` is a record, or an array of records."""
    return isinstance(x, (np.ndarray, np.void)) and x.dtype.names is not None


def as_array(record: np.void) -> Any:
    """A record as the array without dimensions that looks at its memory; None if it has its own."""
    return None if record.base is None else np.asarray(record)


@functools.lru_cache(maxsize=256)
def promoted(dtype: Type) -> Type | None:
    """The dtype of cotangents of records, None if they can have none.

    >>> promoted(np.dtype([("t", "f4", 2), ("n", "i2"), ("name", "U5")]))
    dtype([('t', '<f4', (2,)), ('n', '<f8')])
    """
    if dtype.names is not None:
        fields = [(name, _of_field(dtype[name])) for name in dtype.names]
        found = [(name, *field) for name, field in fields if field is not None]
        return np.dtype(found) if found else None
    if dtype.kind in "fc":
        return dtype if dtype.isnative else dtype.newbyteorder("=")
    return _FLOAT if dtype.kind in "iu" else None


def _of_field(dtype: Type) -> tuple[Type, tuple[int, ...]] | None:
    base = promoted(dtype.base)
    return None if base is None else (base, dtype.shape)


class Leaf(NamedTuple):
    """Numbers in a record: where they begin, before and in the cotangent."""

    start: int
    dtype: Type
    size: int
    new_start: int
    new_dtype: Type


@functools.lru_cache(maxsize=256)
def _leaves(dtype: Type, start: int = 0, new_start: int = 0) -> tuple[Leaf, ...]:
    new = promoted(dtype)
    if new is None:
        return ()
    assert dtype.fields is not None and new.fields is not None
    found: list[Leaf] = []
    for name in new.names or ():
        field, new_field = dtype[name], new[name]
        at, new_at = start + dtype.fields[name][1], new_start + new.fields[name][1]
        base, new_base = field.base, new_field.base
        count = int(np.prod(field.shape))
        if base.names is None:
            found.append(Leaf(at, base, count, new_at, new_base))
            continue
        for i in range(count):
            found += _leaves(base, at + i * base.itemsize, new_at + i * new_base.itemsize)
    return tuple(found)


def located(owner: Type, x: Type, start: int) -> tuple[Type, int, tuple[int, int]] | None:
    """Where the `x` that begins at this byte of a record of `owner` has its cotangent.

    Its dtype, its first byte, and sizes of an `x` before and there: None where nothing is found.
    """
    if x == owner:
        new = promoted(owner)
        return None if new is None else (new, start, (x.itemsize, new.itemsize))
    for leaf in _leaves(owner):
        size, new_size = leaf.dtype.itemsize, leaf.new_dtype.itemsize
        if not leaf.start <= start < leaf.start + size * leaf.size:
            continue
        at = start - leaf.start
        if x == leaf.dtype:
            if at % size:
                return None
            return leaf.new_dtype, leaf.new_start + at // size * new_size, (size, new_size)
        if x.names is not None:
            return _part(owner, x, start)
        if leaf.dtype.kind == "c" and x.kind == "f" and 2 * x.itemsize == size and x.isnative:
            return x, leaf.new_start + at, (size, new_size)
        return None
    return _part(owner, x, start) if x.names is not None else None


def _part(owner: Type, x: Type, start: int) -> tuple[Type, int, tuple[int, int]] | None:
    """Of records that are fields of records, and of some of the fields."""
    new = promoted(x)
    if new is None or x.fields is None:
        return None
    names, formats, offsets = [], [], []
    for name in new.names or ():
        field = x[name]
        found = located(owner, field.base, start + x.fields[name][1])
        if found is None:
            return None
        names.append(name)
        formats.append((found[0], field.shape))
        offsets.append(found[1])
    first = min(offsets)
    inner: Any = {"names": names, "formats": formats, "offsets": [at - first for at in offsets]}
    dtype = np.dtype(inner)
    return dtype, first, (x.itemsize, dtype.itemsize)


def added(view: Any, index: Any, d: Any, at: Any) -> None:
    """Add `d` to ``view[index]``, by ``at(view, index, d)`` where that is numbers."""
    names = view.dtype.names
    if names is None:
        at(view, index, d)
    elif isinstance(index, str):
        if index in names:
            add_fields(view[index], d)
    elif isinstance(index, list) and index and isinstance(index[0], str):
        for name in index:
            if name in names:
                add_fields(view[name], d[name])
    else:
        for name in names:
            if name in d.dtype.names:
                added(view[name], index, d[name], at)


def taken(view: Any, index: Any) -> Any:
    """What ``view[index]`` of records is, a copy; zero is left in its place. ZERO: it has none."""
    names = view.dtype.names
    if isinstance(index, str) and index not in names:
        return ZERO
    if isinstance(index, list) and index and isinstance(index[0], str):
        index = [name for name in index if name in names]
    part = view[index]
    part = (np.asarray(part) if isinstance(part, np.void) else part).copy()
    if isinstance(index, list) and index and isinstance(index[0], str):
        for name in index:
            view[name] = 0
    else:
        view[index] = 0
    return part


def apart(d: Any, value: Any, dtype: Type) -> Any:
    """The cotangent of a value that was written to records of `dtype`, field by field in order."""
    if isinstance(value, list):
        return [apart(d[i], item, dtype) for i, item in enumerate(value)]
    if d.dtype.names is None:
        rounds = dtype.base.kind in "iu" and np.asarray(value).dtype.kind not in "iub"
        return ZERO if rounds else d
    names = dtype.base.names or ()
    of_fields = [(d[name], dtype.base[name]) if name in d.dtype.names else None for name in names]
    if isinstance(value, tuple):
        return tuple([
            ZERO if field is None else apart(field[0], item, field[1])
            for field, item in zip(of_fields, value, strict=True)
        ])  # fmt: skip
    if not has_fields(value):
        parts = [apart(field[0], value, field[1]) for field in of_fields if field is not None]
        return functools.reduce(add, [unbroadcast(part, np.shape(value)) for part in parts], ZERO)
    new = promoted(value.dtype)
    if new is None:
        return ZERO
    total = np.zeros(value.shape, new)
    for name, field in zip(value.dtype.names, of_fields, strict=True):
        if field is not None and name in (new.names or ()):
            part = apart(field[0], value[name], field[1])
            if part is not ZERO:
                add_fields(total[name], _as_broadcast(part, total[name].shape))
    return total


def _as_broadcast(d: Any, shape: tuple[int, ...]) -> Any:
    """`d` with this shape, summed where the value was written several times."""
    if d.dtype.names is None:
        return unbroadcast(d, shape)
    total = np.zeros(shape, d.dtype)
    for name in d.dtype.names:
        total[name] = _as_broadcast(d[name], total[name].shape)
    return total


def gathered(d: Any, shape: Any, dtype: Type) -> Any:
    """The cotangent of records of `dtype`, from those of the tuples that were made of them."""
    total = np.zeros(shape, promoted(dtype))
    _gather(total, d, dtype)
    return total


def _gather(total: Any, d: Any, dtype: Type) -> None:
    if is_zero(d):
        return
    if total.ndim and not isinstance(d, np.ndarray):
        for slot, part in d.items() if isinstance(d, dict) else enumerate(d):
            _gather(total[slot, ...], part, dtype)
    elif total.dtype.names is None:
        total[...] = d
    else:
        for name, part in zip(dtype.names or (), d, strict=True):
            if name in total.dtype.names:
                _gather(total[name], part, dtype[name].base)


def add_fields(total: Any, d: Any) -> None:
    """Add the cotangent `d` of records to `total`, in place."""
    names = total.dtype.names
    if names is None:
        total += d.real if total.dtype.kind == "f" else d
        return
    if d.dtype.names is None:
        raise MutationError(
            "the cotangent of an array with fields has none",
            why="dpy follows fields that are read and written one by one",
            repair="use separate arrays for the fields of a record",
        )
    for name in names:
        if name in d.dtype.names:
            add_fields(total[name], d[name])
