"""What is known while one forward run lasts, and forgotten with it.

Where the items of lazy iterators come from, and whose attributes a ``__dict__`` holds.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dpy.runtime.sources import Source

__all__ = ["end_run", "fresh_run", "instance_dict", "instance_of", "run"]


class _Run(threading.local):
    """What is known of the forward run in progress."""

    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}
        self.instances: dict[int, tuple[Any, Any]] = {}
        self.reshaped: list[Any] = []  # arrays whose shape was set


run = _Run()


def fresh_run() -> Any:
    """Start a forward run without sources; returns those of the run around it, to be restored."""
    outer = run.sources, run.instances, run.reshaped
    run.sources, run.instances, run.reshaped = {}, {}, []
    return outer


def end_run(outer: Any) -> None:
    """Forget the sources of the run that ends."""
    run.sources, run.instances, run.reshaped = outer


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
