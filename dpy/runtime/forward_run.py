"""What is known while one forward run lasts, and forgotten with it.

Where the items of lazy iterators come from, whose attributes a ``__dict__`` holds, and what has
been made of active values, or been given some, out of sight: a text, a log, a pool of threads, a
cache.

Which threads have forward runs under way is noted too (`running`): that is what layers with a mode
ask for. Code that is known to make no other notes runs without `in_run`; who calls it notes it.
"""

from __future__ import annotations

import threading
from _thread import get_ident
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dpy.depth import in_room
from dpy.runtime.attempts import state
from dpy.runtime.special_methods import behind

if TYPE_CHECKING:
    from dpy.runtime.sources import Source

__all__ = [
    "adopt", "class_dict", "hide", "in_run", "in_run_of", "instance_dict",
    "instance_of", "is_hidden", "notes", "run", "running",
]  # fmt: skip


class _Run(threading.local):
    """What is known of the forward run in progress in this thread."""

    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}
        self.instances: dict[int, tuple[Any, Any]] = {}
        self.caches: dict[int, tuple[Any, Any]] = {}
        self.reshaped: list[Any] = []  # arrays whose shape was set
        self.hidden: dict[int, Any] = {}


run = _Run()


# The threads in which forward runs are under way, once for each run. Plain operations of a list are
# atomic, and take a third of the time that an attribute of a `threading.local` takes.
running: list[int] = []


Notes = tuple[dict[int, Any], dict[int, Any], dict[int, Any], dict[int, Any], list[Any]]


def notes() -> Notes:
    """The notes of the run in progress."""
    return run.sources, run.instances, run.caches, run.hidden, run.reshaped


def adopt(found: Notes) -> None:
    """Go on with these `notes`, which belong to another run, or another thread's."""
    run.sources, run.instances, run.caches, run.hidden, run.reshaped = found


def in_run(forward: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """``forward(*args, **kwargs)`` as a run of its own, which knows nothing of one around it."""
    return in_run_of(({}, {}, {}, {}, []), forward, *args, **kwargs)


def in_run_of(known: Notes, forward: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """``forward(*args, **kwargs)`` as part of the run that has made these `notes`."""
    outer = run.sources, run.instances, run.caches, run.hidden, run.reshaped
    guarded = state.depth, state.orphans, state.callee
    thread = get_ident()
    try:
        running.append(thread)
        run.sources, run.instances, run.caches, run.hidden, run.reshaped = known
        state.depth, state.orphans, state.callee = 0, [], None
        return in_room(forward, *args, **kwargs)
    finally:
        run.sources, run.instances, run.caches, run.hidden, run.reshaped = outer
        state.depth, state.orphans, state.callee = guarded
        running.remove(thread)  # last: an interrupt may follow a call


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
