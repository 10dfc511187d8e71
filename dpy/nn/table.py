"""A model as a table of the package `rich`, which is imported when one is made."""

from __future__ import annotations

from typing import Any

from dpy.functors import trainables
from dpy.nn.show import arrays_of, byte_size, one_line, parts_of, remark

__all__ = ["table"]


def table(model: Any) -> Any:
    """A ``rich.table.Table`` with a row for each layer: its place, parameters and notable values.

    Raises:
        ModuleNotFoundError: `rich` is not installed (``pip install dpy[rich]``).
    """
    from rich import box
    from rich.table import Table

    found = Table(title=type(model).__name__, box=box.SIMPLE_HEAD, show_footer=True)
    trained, everything = trainables(model), arrays_of(model)
    total = sum(a.size for a in trained)
    others = sum(a.size for a in everything) - total
    found.add_column("layer", footer=f"{len(everything)} arrays, {byte_size(everything)}")
    found.add_column("parameters", justify="right", footer=f"{total:_}")
    found.add_column("non-trainable", justify="right", footer=f"{others:_}" if others else "")
    found.add_column("")
    for depth, label, layer in _rows(model, 0, ""):
        own = [] if parts_of(layer) is not None else trainables(layer)
        size = sum(a.size for a in own)
        rest = 0 if parts_of(layer) is not None else sum(a.size for a in arrays_of(layer)) - size
        found.add_row(
            "  " * depth + label,
            f"{size:_}" if own else "",
            f"{rest:_}" if rest else "",
            remark(own).strip(" ()"),
        )
    return found


def _rows(
    x: Any, depth: int, name: str, around: tuple[int, ...] = ()
) -> list[tuple[int, str, Any]]:
    """Depth, text and object of each line below (and with) `x`."""
    parts = parts_of(x)
    prefix = f"{name} = " if name else ""
    if id(x) in around:  # it contains itself
        return [(depth, f"{prefix}{type(x).__name__}(...)", None)]
    if parts is None:
        return [(depth, prefix + one_line(x), x)]
    below = [row for key, part in parts for row in _rows(part, depth + 1, key, (*around, id(x)))]
    return [(depth, prefix + type(x).__name__, x), *below]
