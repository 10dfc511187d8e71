"""Keys of dicts and items of sets that are hashed and compared by methods of the user's.

dpy looks such keys up more often than the program does, and in the reverse sweep as well: their
``__hash__`` and ``__eq__`` must only read.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

from dpy.errors import MutationError
from dpy.runtime import dispatch
from dpy.runtime.conversions import COMMON
from dpy.runtime.opaque import is_of_library
from dpy.runtime.special_methods import is_written_by_dataclass, user_method
from dpy.runtime.watch import Watch

__all__ = ["check_key", "check_keys"]

_KEYS = COMMON - {list, dict, set, tuple, frozenset}
_IDLE = (int, str, bytes, type(None))
# By class: its two methods, and whether they are known to write to nothing.
_known: weakref.WeakKeyDictionary[type, tuple[Any, Any, bool]] = weakref.WeakKeyDictionary()


def check_keys(keys: Iterable[Any]) -> None:
    """`check_key` for several keys."""
    if not set(map(type, keys)) <= _KEYS:
        for key in keys:
            check_key(key)


def check_key(key: Any) -> None:
    """Refuse a key that writes to something when it is looked up, a hash that it keeps excepted.

    Raises:
        MutationError.
    """
    t = type(key)
    if t in _KEYS:
        return
    if t is tuple or t is frozenset:
        check_keys(key)
        return
    hash_, eq = user_method(t, "__hash__"), user_method(t, "__eq__")
    if hash_ is None and eq is None:
        return
    known = _known.get(t)
    if known is None or known[0] is not hash_ or known[1] is not eq:
        only_read = _only_reads(t, hash_, key) and _only_reads(t, eq, key, key)
        known = _known[t] = (hash_, eq, only_read)
    if not known[2]:
        _try(key, "__hash__", lambda: hash(key))
        _try(key, "__eq__", lambda: key == key)


def _only_reads(cls: type, method: Any, *args: Any) -> bool:
    if method is None or is_of_library(method) or is_written_by_dataclass(cls, method):
        return True
    return not dispatch.may_write(method, args)


def _try(key: Any, name: str, call: Callable[[], Any]) -> None:
    """Call a method, and look whether it has written to anything that it can reach."""
    watch = Watch([key, user_method(type(key), name)])
    call()
    changed, made, arrays = watch.changes(None)
    values = [x for c in changed for slot, x in c.now().items() if c.before.get(slot) is not x]
    if made or arrays or not all(isinstance(x, _IDLE) for x in values):
        raise MutationError(
            f"a {type(key).__name__} is looked up in a dict or set, and its {name} writes to "
            "something",
            why="dpy looks keys up more often than the program does",
            repair=f"let {name} only read, or use another key",
        )
