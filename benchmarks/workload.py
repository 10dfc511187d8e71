"""What a workload is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

__all__ = ["Workload", "flatten"]


@dataclass
class Workload:
    """One program and the ways to get its gradient.

    Attributes:
        name: as it stands in the table.
        family: the group whose geometric mean the table shows.
        function: the program, ordinary Python; all its arguments are differentiated.
        args: its arguments.
        by_hand: ``(*args) -> (value, gradients)``, the adjoint as an expert writes it.
        peer_args: the same arguments for other systems: numbers and arrays only.
        rewrites: for a peer, a function from its array module to the program rewritten for it.
        limits: what the ratios ("primal", "hand", "memory") or the "microseconds" may be.
        tolerance: how far gradients may differ, relative to the largest entry.
    """

    name: str
    family: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    by_hand: Callable[..., Any] | None = None
    peer_args: tuple[Any, ...] | None = None
    rewrites: dict[str, Callable[[Any], Callable[..., Any]]] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    tolerance: float = 1e-9


def flatten(x: Any) -> np.ndarray:
    """All numbers of a gradient in a row, so that gradients of different make compare."""
    if x is None:
        return np.empty(0)
    if is_dataclass(x) and not isinstance(x, type):
        x = [getattr(x, f.name) for f in fields(x)]
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, tuple | list):
        return np.concatenate([np.empty(0), *map(flatten, x)])
    if hasattr(x, "detach"):
        x = x.detach()
    return np.asarray(x, dtype=float).ravel()
