"""Functions behind `functools.lru_cache`: what is found again is the very value that was made.

The cache itself decides what it holds. What a forward run has put into it has a pullback, which
gathers the cotangents of all that was found later; what was there before the run is a constant.
A cache that the program made outside is left as it is, but for constants: a run has one of its own
with the same parameters.
"""

from __future__ import annotations

import enum
import functools
import threading
import warnings
import weakref
from typing import Any

from dpy.cotangent import add
from dpy.errors import DpyWarning
from dpy.runtime import forward_run, item_cotangents
from dpy.runtime.attempts import Thrown, state
from dpy.runtime.dispatch import dispatch
from dpy.runtime.entries import CALLABLES, entry
from dpy.runtime.watch import CACHED

__all__: list[str] = []

_IDLE = frozenset({int, str, bool, bytes, type(None)})


class _Call:
    """A call of a cache: what was made if it had to call the function."""

    __slots__ = ("cached", "made")

    def __init__(self, cached: _Function) -> None:
        self.cached = cached
        self.made: Any = None


class _Calls(threading.local):
    def __init__(self) -> None:
        self.now: list[_Call] = []


_calls = _Calls()


class _Function:
    """What a cache calls: the function of the user's, differentiated if dpy called the cache."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = _calls.now[-1] if _calls.now else None
        if call is None or call.cached is not self or call.made is not None:
            return self.function(*args, **kwargs)
        base = len(state.orphans)
        state.callee = self.function
        call.made = made = dispatch(self.function, args, kwargs)
        del state.orphans[base:]
        if type(made[0]) is Thrown:
            raise made[0].error
        return made[0]


# By cache: those that were made in differentiated code.
_made: weakref.WeakKeyDictionary[Any, _Function] = weakref.WeakKeyDictionary()


@entry(CACHED)
def make_cache(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``functools.lru_cache(...)(function)`` ends here."""
    function, *parameters = args
    cached = _Function(function)
    make: Any = CACHED
    y = make(cached, *parameters, **kwargs)
    _made[y] = cached
    return y, None


def _call_cached(dispatch: Any, f: Any, args: Any, kwargs: Any) -> Any:
    """A call of a cached function."""
    cache, cached = f, _made.get(f)
    if cached is None:
        if _is_constant(f, args, kwargs):
            return f(*args, **kwargs), None
        cache, cached = _own_cache(f)
    call = _Call(cached)
    _calls.now.append(call)
    try:
        y = cache(*args, **kwargs)
    except BaseException:
        if call.made is not None and type(call.made[0]) is Thrown:
            return call.made
        raise
    finally:
        _calls.now.pop()
    key = functools._make_key(args, kwargs, cache.cache_parameters()["typed"])
    known = forward_run.run.caches.setdefault(id(cache), (cache, {}))[1]
    if call.made is not None:
        return y, _pullback_of_made(known, key, call.made[1])
    if key not in known:
        warnings.warn(
            f"{getattr(f, '__qualname__', f)} gave a value that its cache held before this run: "
            "it is a constant",
            DpyWarning,
            stacklevel=2,
        )
        return y, None
    holder = known[key]
    if holder is None:
        return y, None
    nothing = item_cotangents.nothing(args)

    def found_pullback(d: Any, acc: Any) -> Any:
        acc.add_slot(holder, 0, d)
        return nothing

    return y, found_pullback


class _Holder:
    """Has what the cotangents of a value that is found again sum up to."""


def _pullback_of_made(known: dict[Any, Any], key: Any, pb: Any) -> Any:
    holder = known[key] = None if pb is None else _Holder()
    if holder is None:
        return None

    def made_pullback(d: Any, acc: Any) -> Any:
        return pb(add(d, acc.take_slot(holder, 0)), acc)

    return made_pullback


def _is_constant(f: Any, args: Any, kwargs: Any) -> bool:
    """Whether a function of the module is called with names and whole numbers alone."""
    function = f.__wrapped__
    if getattr(function, "__closure__", None):
        return False
    return all(map(_is_idle, args)) and all(map(_is_idle, kwargs.values()))


def _is_idle(x: Any) -> bool:
    if type(x) is tuple:
        return all(map(_is_idle, x))
    return type(x) in _IDLE or isinstance(x, (type, enum.Enum))


def _own_cache(f: Any) -> Any:
    """This run's cache for a function that was cached before it."""
    own = forward_run.run.caches.get(id(f))
    if own is None:
        cached = _Function(f.__wrapped__)
        made = functools.lru_cache(**f.cache_parameters())(cached)
        own = forward_run.run.caches[id(f)] = (f, (made, cached))
    return own[1]


CALLABLES[CACHED] = _call_cached


def _asking(name: str) -> None:
    method = getattr(CACHED, name)

    def ask(dispatch: Any, args: Any, kwargs: Any) -> Any:
        """``f.cache_info()`` and the like."""
        if name == "cache_clear":
            forward_run.run.caches.pop(id(args[0]), None)
        return method(*args, **kwargs), None

    entry(method)(ask)


for _name in ("cache_info", "cache_clear"):
    _asking(_name)
