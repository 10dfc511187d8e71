"""What is known while one forward run lasts, and forgotten with it.

Where the items of lazy iterators come from, whose attributes a ``__dict__`` holds, and what has
been made of active values, or been given some, out of sight: a text, a log, a pool of threads.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from dpy.runtime.special_methods import behind

if TYPE_CHECKING:
    from dpy.runtime.sources import Source

__all__ = [
    "adopt", "class_dict", "end_run", "fresh_run", "hide", "instance_dict",
    "instance_of", "is_hidden", "notes", "run",
]  # fmt: skip


class _Run(threading.local):
    """What is known of the forward run in progress in this thread."""

    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}
        self.instances: dict[int, tuple[Any, Any]] = {}
        self.reshaped: list[Any] = []  # arrays whose shape was set
        self.hidden: dict[int, Any] = {}


run = _Run()


def fresh_run() -> Any:
    """Start a forward run without notes; returns those of the run around it, to be restored."""
    return adopt(({}, {}, {}, []))


def notes() -> Any:
    """The notes of the run in progress, for a thread that works for it."""
    return run.sources, run.instances, run.hidden, run.reshaped


def adopt(found: Any) -> Any:
    """Go on with the `notes` of a run in another thread; returns what `end_run` restores."""
    outer = notes()
    run.sources, run.instances, run.hidden, run.reshaped = found
    return outer


def end_run(outer: Any) -> None:
    """Forget the notes of the run that ends."""
    run.sources, run.instances, run.hidden, run.reshaped = outer


def instance_dict(owner: Any) -> Any:
    """``owner.__dict__``, remembered: its items are the attributes of `owner`."""
    fields = object.__getattribute__(owner, "__dict__")
    if type(fields) is dict:
        run.instances[id(fields)] = fields, owner
    return fields


def instance_of(mapping: Any) -> Any:
    """Who has the slots of a dict: the object whose ``__dict__`` it is, else the dict itself."""
    known = run.instances.get(id(mapping))
    return mapping if known is None or known[0] is not mapping else known[1]


def class_dict(cls: type) -> Any:
    """``cls.__dict__``, a proxy; the items behind it are the attributes of the class."""
    proxy = cls.__dict__
    fields = behind(proxy)
    run.instances[id(fields)] = fields, cls
    return proxy


def hide(x: Any) -> None:
    """Note that `x` holds something of active values where nobody can see it."""
    run.hidden[id(x)] = x


def is_hidden(x: Any) -> bool:
    """Whether `x` is known to hold something of active values out of sight."""
    return id(x) in run.hidden
