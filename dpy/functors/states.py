"""What a model holds, apart from its classes: to be saved, and loaded into another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dpy.errors import DpyError
from dpy.functors.trees import children, is_array
from dpy.slots import Slots

__all__ = ["loadmodel", "state"]

_KEPT = (bool, int, float, complex, str, np.generic)


def state(model: Any) -> Any:
    """Copies of all arrays and numbers of a model, in dicts, lists and tuples only.

    Objects become dicts from the names of their fields. Functions and other things that are
    neither number nor text are None.

    >>> from types import SimpleNamespace
    >>> state(SimpleNamespace(weight=np.ones(2), sigma=np.tanh, layers=[(1, "a")]))
    {'weight': array([1., 1.]), 'sigma': None, 'layers': [(1, 'a')]}
    """
    return _state(model, ())


def _state(x: Any, above: tuple[int, ...]) -> Any:
    if is_array(x):
        return x.copy()
    if isinstance(x, _KEPT):
        return x
    slots = children(x)
    if slots is None or id(x) in above:
        return None
    above = (*above, id(x))
    values = {slot: _state(value, above) for slot, value in slots.items()}
    if isinstance(x, tuple) and not hasattr(x, "_fields"):
        return tuple(values.values())
    if isinstance(x, tuple):
        return dict(zip(type(x)._fields, values.values(), strict=False))  # type: ignore[attr-defined]
    return list(values.values()) if isinstance(x, list) else values


def loadmodel(model: Any, source: Any) -> Any:
    """Copy the arrays of another model, or of a `state`, into the arrays of this one, in place.

    What is not an array is left alone. An array of zeros can stand for a bias that is missing
    (None or False), on either side.

    Args:
        model: the model that is changed, and returned.
        source: a model of the same structure, or its `state`.

    Raises:
        DpyError: the structures or shapes differ; the message names the place. Nothing has been
            copied then.

    >>> a, b = [np.zeros(2), {"w": np.zeros(1)}], [np.ones(2), {"w": np.ones(1)}]
    >>> loadmodel(a, state(b))
    [array([1., 1.]), {'w': array([1.])}]
    """
    pairs = list(_pairs(model, source, "model", {}))
    for array, value in pairs:
        array[...] = value
    return model


def _pairs(x: Any, source: Any, path: str, seen: dict[int, Any]) -> Iterator[tuple[Any, Any]]:
    if is_array(x):
        yield x, _value_for(x, source, path)
        return
    if is_array(source):
        if not _is_missing(x) or np.any(source != 0):
            raise _mismatch(path, f"{_shown(x)}, the source an array of shape {source.shape}")
        return
    slots = children(x)
    if not slots or id(x) in seen:
        return
    seen[id(x)] = x
    others = _named(x, source, path)
    for slot, value in slots.items():
        place = f"{path}.{slot}" if isinstance(slot, str) else f"{path}[{slot!r}]"
        yield from _pairs(value, others[slot], place, seen)


def _named(x: Any, source: Any, path: str) -> Slots:
    """What the source has for each child of `x`."""
    slots = children(x) or {}
    if isinstance(source, dict) and isinstance(x, tuple) and hasattr(x, "_fields"):
        others: Slots = dict(enumerate(source.values()))
    else:
        others = children(source) or {}
    if others.keys() != slots.keys():
        if not _holds_arrays(x) and not _holds_arrays(source):
            return dict.fromkeys(slots)
        raise _mismatch(path, f"{_parts(slots)}, the source {_parts(others)}")
    return others


def _holds_arrays(x: Any) -> bool:
    return is_array(x) or any(map(_holds_arrays, (children(x) or {}).values()))


def _value_for(array: Any, source: Any, path: str) -> Any:
    if is_array(source):
        if source.shape != array.shape:
            raise _mismatch(path, f"shape {array.shape}, the source {source.shape}")
        return source
    if _is_missing(source) and not np.any(array):
        return 0
    raise _mismatch(path, f"an array of shape {array.shape}, the source {_shown(source)}")


def _is_missing(x: Any) -> bool:
    return x is None or x is False


def _shown(x: Any) -> str:
    return repr(x) if isinstance(x, (*_KEPT, type(None))) else f"a {type(x).__name__}"


def _parts(slots: Slots) -> str:
    names = ", ".join(map(str, slots))
    return f"{len(slots)} parts ({names})" if slots else "no parts"


def _mismatch(path: str, what: str) -> DpyError:
    return DpyError(
        f"loadmodel: {path} has {what}",
        why="parameters are copied place by place",
        repair="build the model with the same layers and sizes as the one that was saved",
    )
