"""Keys of dicts that carry derivatives: ``for t in {x: 1}`` gives `x`.

The slot of a key stands beside that of its value. It is given when the key is read, and taken where
the key was first put into the dict.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.runtime.item_cotangents import is_null

__all__ = ["KeySlot", "give_key", "may_carry", "take_key"]

_WITHOUT = frozenset({str, int, bool, bytes, type(None), type})


class KeySlot:
    """The name of the slot of a key.

    >>> KeySlot(1.5) == KeySlot(1.5), KeySlot(1.5) == 1.5, len({KeySlot(1.5), KeySlot(1.5)})
    (True, False, 1)
    """

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeySlot) and other.key == self.key

    def __hash__(self) -> int:
        return hash((KeySlot, self.key))


def may_carry(key: Any) -> bool:
    """Whether a key is, or contains, a number that may carry a derivative."""
    t = type(key)
    if t in _WITHOUT:
        return False
    if isinstance(key, (tuple, frozenset)):
        return any(map(may_carry, key))
    return isinstance(key, (float, complex, np.inexact))


def give_key(acc: Any, holder: Any, key: Any, d: Any) -> None:
    """A key was read from a dict."""
    if not is_null(d):
        acc.add_slot(holder, KeySlot(key), d)


def take_key(acc: Any, holder: Any, key: Any) -> Any:
    """What was given to a key, where it was put into a dict as a new one."""
    return acc.take_slot(holder, KeySlot(key)) if may_carry(key) else ZERO
