"""What the joint stage is told by the layer above: names of compiled functions, and markers."""

from __future__ import annotations

from typing import Any

from dpy.records import record
from dpy.transform import ir
from dpy.transform.generic import Runtime

__all__ = ["Compiled", "Helper", "Marker", "Markers", "helper"]


@record
class Helper:
    """A compiled function of the back end, by name; the back end binds it."""

    name: str


@record
class Marker:
    """Stands for a function of the runtime in code that will not run as it is."""

    name: str


@record
class Compiled:
    """How a function of numbers is called in compiled code.

    `flavour` is that of the result: "python" or "numpy" for functions that give a Python float or
    a NumPy scalar, "like" for those whose result is of the operands' flavour.
    """

    helper: str
    arity: int = 1
    flavour: str = "python"


class Markers(Runtime):
    """A runtime of markers: what the adjoint stage writes with it is only to be rewritten."""

    def __getattr__(self, name: str) -> ir.Known:
        return ir.Known(Marker(name), name)


def helper(name: str, *args: Any) -> ir.Call:
    """A call of a compiled function of the back end."""
    return ir.Call(ir.Known(Helper(name), name), args)
