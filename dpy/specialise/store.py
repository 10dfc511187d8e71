"""What has been compiled: kept by code object, counted, and forgotten on demand."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from dpy.errors import DpyError
from dpy.records import record, sealed
from dpy.transform import ir, places, split_targets
from dpy.transform.lower import lower
from dpy.transform.source import Source

if TYPE_CHECKING:
    from dpy.specialise.specialisation import Specialisation

__all__ = [
    "CacheInfo", "cache_info", "clear_cache", "compiled", "counts", "entries", "group_of", "lock",
    "lowered_function", "not_apart",
]  # fmt: skip

_MOST_FUNCTIONS = 4096

lock = threading.RLock()
compiled: dict[Any, dict[Any, Specialisation]] = {}  # by code object, then by signature
not_apart: dict[Any, set[Any]] = {}  # by code object: signatures that say too little is shared
entries: dict[Any, list[Any]] = {}  # by id of the code object: see `dpy.entry`
counts = {"compiles": 0, "hits": 0, "misses": 0}
_lowered: dict[Any, ir.Function | DpyError] = {}


@sealed
@record
class CacheInfo:
    """Figures of the cache of compiled functions."""

    functions: int
    specialisations: int
    compiles: int
    hits: int
    misses: int


def cache_info() -> CacheInfo:
    """How many functions and specialisations are cached, and how often one was compiled.

    >>> import dpy
    >>> dpy.cache_info().compiles >= 0
    True
    """
    return CacheInfo(
        len(compiled), sum(map(len, compiled.values())), counts["compiles"], counts["hits"],
        counts["misses"],
    )  # fmt: skip


def clear_cache() -> None:
    """Forget all compiled functions.

    >>> import dpy
    >>> dpy.clear_cache()
    >>> dpy.cache_info().functions
    0
    """
    with lock:
        compiled.clear()
        not_apart.clear()
        _lowered.clear()
        entries.clear()


def group_of(code: Any) -> dict[Any, Specialisation]:
    """The specialisations of one code object, by signature."""
    group = compiled.get(code)
    if group is None:
        if len(compiled) >= _MOST_FUNCTIONS:
            oldest = next(iter(compiled))
            del compiled[oldest]
            not_apart.pop(oldest, None)
        group = compiled[code] = {}
    return group


def lowered_function(source: Source) -> ir.Function:
    """The function as IR; lowered once per code object, as is the error where it cannot be."""
    found = _lowered.get(source.code)
    if found is None:
        try:
            found = split_targets.run(lower(source))
        except DpyError as error:
            found = error.with_traceback(None)
        if len(_lowered) >= _MOST_FUNCTIONS:
            _lowered.clear()
        _lowered[source.code] = found
    if isinstance(found, DpyError):
        raise places.at_its_place(found, source.globals)
    return found
