"""What rules of functional forms tell the compiler of their results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dpy.kinds import UNKNOWN, Array, Kind, Number, Other, Tuple

__all__ = ["gives", "like_first", "two_like_first"]


def like_first(x: Kind, *others: Any, **named: Any) -> Kind:
    """The result is an array like the first argument, if that is one of floating point numbers."""
    return x if isinstance(x, Array) and x.dtype.kind == "f" else UNKNOWN


def two_like_first(x: Kind, *others: Any, **named: Any) -> Kind:
    """The result is a pair of these."""
    kind = like_first(x)
    return kind if kind is UNKNOWN else Tuple((kind, kind))


def gives(cls: type) -> Callable[..., Kind]:
    """The result is of exactly this class, whatever the arguments are; nothing is written to."""
    kind: Kind = Number(cls) if cls is bool else Other(cls)
    return lambda *kinds, **named: kind
