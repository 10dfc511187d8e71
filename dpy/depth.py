"""Room on Python's stack: between two calls of the user's, dpy has frames of its own.

They count against the recursion limit as well. While dpy compiles or the runtime is at work, the
limit is higher, so that a program may recurse as deep as it may without dpy.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["in_room"]

T = TypeVar("T")

_FRAMES = 10  # of dpy's for one of the user's, at most
_DEEPEST = 10_000  # more would need a larger stack


class _Limit:
    """How many runs need the higher limit, what the limit was, and what it is for the time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.before = 0
        self.raised = 0


class _Here(threading.local):
    """Whether this thread has room already."""

    def __init__(self) -> None:
        self.has_room = False


_limit = _Limit()
_here = _Here()


def in_room(run: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """``run(*args, **kwargs)`` under the higher limit; inside of another such call, as it is.

    >>> before = sys.getrecursionlimit()
    >>> in_room(sys.getrecursionlimit) >= before == sys.getrecursionlimit()
    True
    """
    if _here.has_room:
        return run(*args, **kwargs)
    room = _Room()
    try:
        room.open()
        return run(*args, **kwargs)
    finally:
        try:
            room.close()
        except BaseException:  # an interrupt, before it was closed
            room.close()
            raise


class _Room:
    """One thread's use of the higher limit.

    An interrupt may come between any two calls. So what is to be undone is noted before it is done.
    """

    __slots__ = ("_is_open",)

    def __init__(self) -> None:
        self._is_open = False

    def open(self) -> None:
        """Raise the limit, unless another thread has raised it."""
        with _limit.lock:
            if not _limit.users:
                limit = sys.getrecursionlimit()
                _limit.before = limit
                _limit.raised = max(limit, min(_FRAMES * limit, _DEEPEST))
            _limit.users += 1
            _here.has_room = self._is_open = True
            sys.setrecursionlimit(_limit.raised)

    def close(self) -> None:
        """Put the limit back if nobody else needs it, unless the program has changed it."""
        with _limit.lock:
            if not self._is_open:
                return
            if _limit.users == 1 and sys.getrecursionlimit() == _limit.raised:
                sys.setrecursionlimit(_limit.before)
            _limit.users -= 1
            self._is_open = _here.has_room = False
