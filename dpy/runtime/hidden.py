"""What holds something of active values where nobody can see it: texts, logs, pools of threads.

A number that has become text is out of sight, as is what a service (see `dpy.runtime.watch`) was
given. Printing and logging it does no harm. So it is noted what has become of it, and an error is
due only when something that was read from there gets a cotangent.
"""

from __future__ import annotations

import enum
import types
from typing import Any

import numpy as np

from dpy.runtime.forward_run import hide, is_hidden, run
from dpy.runtime.watch import is_service

__all__ = ["hide_kept", "hide_made", "hide_text", "is_text", "reads_hidden", "show_text"]

_TEXTS = frozenset({str, bytes, bytearray})
_CONTAINERS = frozenset({list, tuple, set, frozenset, dict})
# Services that forget what they were given.
_FORGETFUL = frozenset({"_random", "_thread", "random", "re", "time"})
# Of these, too, nobody sees what they have been made of.
_SOURCES = (enum.EnumMeta, types.GeneratorType)
_MOST_VISITED = 1000


def is_text(x: Any) -> bool:
    """Whether a value may be the text of a number."""
    t = type(x)
    if t is str:
        return any(c.isdigit() for c in x)
    return t in _TEXTS or isinstance(x, (str, bytes)) or _is_array_of_texts(x)


def _is_array_of_texts(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind in "SUV" and x.dtype.names is None


def hide_kept(*objects: Any) -> None:
    """Services that a call was given, together with something active: they may have kept it."""
    for x in objects:
        if x is not None and is_service(type(x)) and not _forgets(x):
            hide(x)


def _forgets(x: Any) -> bool:
    return type(x).__module__.partition(".")[0] in _FORGETFUL


def hide_made(y: Any) -> None:
    """The texts and services in what a call made of something active."""
    waiting = [y]
    for _ in range(_MOST_VISITED):
        if not waiting:
            return
        x = waiting.pop()
        if type(x) in _CONTAINERS:
            if type(x) is dict:
                waiting.extend(x.values())
            waiting.extend(x)
        elif is_text(x) or is_service(type(x)) or isinstance(x, _SOURCES):
            hide(x)


def hide_text(y: Any, given: Any, *, is_of_active: bool) -> None:
    """A text, if it was made of something active or of another such text."""
    if is_text(y) and (is_of_active or reads_hidden(given)):
        hide(y)


def show_text(y: Any, given: Any) -> None:
    """A text that was taken for one of something active, and is not."""
    if run.hidden and not reads_hidden(given):
        run.hidden.pop(id(y), None)


def reads_hidden(values: Any) -> bool:
    """Whether one of the values, or an item of one, is a text that was made of something active."""
    if not run.hidden:
        return False
    return any(is_hidden(x) or (type(x) in _CONTAINERS and any(map(is_hidden, x))) for x in values)
