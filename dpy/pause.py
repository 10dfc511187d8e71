"""No garbage collection while dpy is imported or compiles a function.

A compiler makes very many small objects and no garbage in cycles worth looking for. Left alone, the
collector looks through all of them again and again, the more so in a program that holds much.
"""

from __future__ import annotations

import gc
from typing import Any

__all__ = ["Paused"]


class Paused:
    """The collector rests within ``with Paused():``; afterwards it is as it was.

    >>> with Paused():
    ...     gc.isenabled()
    False
    """

    __slots__ = ("_was_enabled",)

    def __enter__(self) -> None:
        self._was_enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *error: Any) -> None:
        if self._was_enabled:
            gc.enable()
