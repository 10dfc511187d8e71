"""What rules of functional forms tell the compiler of their results."""

from __future__ import annotations

from typing import Any

from dpy.kinds import UNKNOWN, Array, Kind

__all__ = ["like_first"]


def like_first(x: Kind, *others: Any, **named: Any) -> Kind:
    """The result is an array like the first argument, if that is one of floating point numbers."""
    return x if isinstance(x, Array) and x.dtype.kind == "f" else UNKNOWN
