"""No garbage collection while dpy is imported or compiles a function.

A compiler makes very many small objects and no garbage in cycles worth looking for. Left alone, the
collector looks through all of them again and again, the more so in a program that holds much.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["paused"]

T = TypeVar("T")


def paused(run: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """``run(*args, **kwargs)`` while the collector rests; afterwards it is as it was.

    No context manager: an interrupt at the beginning of ``__exit__`` would leave it switched off.

    >>> paused(gc.isenabled)
    False
    """
    was_enabled = gc.isenabled()
    try:
        gc.disable()
        return run(*args, **kwargs)
    finally:
        if was_enabled:
            gc.enable()
