"""Functions that look at the frames of their callers, where dpy's own frames are among them.

A warning is to be reported at the user's line, `sys._getframe` is to give the user's frame. Between
the program and such a function there may be frames of dpy's: these are left out when frames are
counted. (A frame of generated code is the user's: it has the user's file and lines.)
"""

from __future__ import annotations

import inspect
import os
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

__all__ = ["reads_frames", "seen_from_outside"]

_FOLDER = os.path.dirname(__file__) + os.sep
_PLAIN = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def seen_from_outside(f: Any) -> Any:
    """What to call in place of `f`: a function that counts the user's frames only, or `f` itself.

    >>> seen_from_outside(sys._getframe)().f_code.co_name
    '<module>'
    >>> seen_from_outside(len) is len
    True
    """
    if type(f) in _PLAIN and f.__name__ in _LEVELS and f.__module__ == "logging":
        return _Logged(f)
    return _STAND_INS[f] if reads_frames(f) else f


def reads_frames(f: Any) -> bool:
    """Whether a function counts the frames of its callers."""
    return type(f) in _PLAIN and f in _STAND_INS


def _position(count: int) -> int:
    """Which of the frames from the caller's caller on is the user's `count`-th; the first is 1."""
    frame: types.FrameType | None = sys._getframe(2)
    position = 0
    while frame is not None and count > 0:
        position += 1
        if not frame.f_code.co_filename.startswith(_FOLDER):
            count -= 1
        frame = frame.f_back
    return position + count


def _warn(
    message: Any, category: Any = None, stacklevel: int = 1, source: Any = None, **more: Any
) -> None:
    if more.get("skip_file_prefixes"):  # Python 3.12: the frames of these files are not counted
        more["skip_file_prefixes"] = (*more["skip_file_prefixes"], _FOLDER)
        warnings.warn(message, category, stacklevel, source, **more)
        return
    warnings.warn(message, category, 1 + _position(max(stacklevel, 1)), source, **more)


def _getframe(depth: int = 0, /) -> types.FrameType:
    return sys._getframe(_position(depth + 1))


def _currentframe() -> types.FrameType | None:
    return sys._getframe(_position(1))


class _Logged:
    """A method of a logger, called at the right level of the stack."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        wanted = max(kwargs.pop("stacklevel", 1), 1)
        return self.method(*args, **kwargs, stacklevel=1 + _position(wanted))


_STAND_INS: dict[Any, Callable[..., Any]] = {
    warnings.warn: _warn,
    sys._getframe: _getframe,
    inspect.currentframe: _currentframe,
}
_LEVELS = frozenset(("debug", "info", "warning", "error", "exception", "critical", "log"))
