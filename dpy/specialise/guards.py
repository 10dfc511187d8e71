"""What compiled code relies on, and whether that is still as it was."""

from __future__ import annotations

from typing import Any

from dpy.kinds import UNKNOWN, Kind, kind_of
from dpy.records import made_by, struct

__all__ = ["MISSING", "Guards", "cell_kind", "identity_of"]

MISSING = object()


@struct
class Guards:
    """What a specialisation relies on."""

    entries: dict[tuple[int, str], tuple[Any, str, Any]] = made_by(default_factory=dict)
    kinds: dict[tuple[int, str], tuple[Any, str, Kind]] = made_by(default_factory=dict)
    codes: dict[int, tuple[Any, Any, Any, Any]] = made_by(default_factory=dict)
    cells: dict[int, tuple[Any, Kind]] = made_by(default_factory=dict)

    def update(self, other: Guards) -> None:
        """Rely on what the other ones rely on as well."""
        self.entries.update(other.entries)
        self.kinds.update(other.kinds)
        self.codes.update(other.codes)
        self.cells.update(other.cells)

    def hold(self) -> bool:
        """Whether everything is still as it was when the code was compiled."""
        for mapping, key, value in self.entries.values():
            if mapping.get(key, MISSING) is not value:
                return False
        for function, code, defaults, kwdefaults in self.codes.values():
            if (
                function.__code__ is not code
                or function.__defaults__ is not defaults
                or function.__kwdefaults__ is not kwdefaults
            ):
                return False
        for mapping, key, kind in self.kinds.values():
            if kind_of(mapping.get(key, MISSING)) != kind:
                return False
        for cell, kind in self.cells.values():
            try:
                if kind_of(cell.cell_contents) != kind:
                    return False
            except ValueError:
                return False
        return True


def identity_of(function: Any) -> tuple[Any, Any, Any, Any]:
    """What makes a function the one that was compiled."""
    return function, function.__code__, function.__defaults__, function.__kwdefaults__


def cell_kind(cell: Any) -> Kind:
    """The kind of what a closure's cell holds now."""
    try:
        return kind_of(cell.cell_contents)
    except ValueError:
        return UNKNOWN
