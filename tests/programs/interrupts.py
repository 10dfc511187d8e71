"""Interrupts at chosen points: where Python looks for signals, one can be made to arrive.

Python looks when a function of Python's begins, and when a C function has returned. A profile
function is called at just these points, and what it raises, the program sees there.
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy import config, depth
from dpy.adjoints import registry
from dpy.runtime import attempts, forward_run
from dpy.specialise import analysis, store


class _Profile:
    """Counts the points, and interrupts at one."""

    def __init__(self, at: int) -> None:
        self.count = 0
        self.at = at

    def __call__(self, frame: Any, event: str, argument: Any) -> None:
        if event in ("call", "c_return", "c_exception") and frame.f_code is not _CODE:
            self.count += 1
            if self.count == self.at:
                sys.setprofile(None)
                raise KeyboardInterrupt


def points(run: Callable[[], Any]) -> int:
    """How many there are while this runs."""
    profile = _Profile(-1)
    outer = sys.getprofile()
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(outer)
    return profile.count


def interrupted(run: Callable[[], Any], at: int) -> bool:
    """Run with an interrupt at point number `at`; whether it came through."""
    profile = _Profile(at)
    outer = sys.getprofile()
    try:
        sys.setprofile(profile)
        run()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(outer)
    return False


_CODE = interrupted.__code__


def left_behind() -> dict[str, Any]:
    """All that outlives a call, in a form that can be compared."""
    state = attempts.state
    notes = forward_run.notes()
    return {
        "depth": state.depth,
        "orphans": list(state.orphans),
        "notes": [len(part) for part in notes],
        "limit": sys.getrecursionlimit(),
        "room": (depth._limit.users, depth._here.has_room),
        "gc": gc.isenabled(),
        "settings": config.current(),
        "lock": store.lock._is_owned(),  # type: ignore[attr-defined]
        "progress": len(analysis._waiting),
        "loading": registry._loading.active,
        "errors": np.geterr(),
        "warnings": list(warnings.filters),
        "specialisations": [
            s for g in store.compiled.values() for s in g.values() if not s.is_ready
        ],
    }
