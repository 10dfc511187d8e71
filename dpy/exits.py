"""Exits: from what a pullback returns to the gradients that the user gets, in straight-line code.

`write_exit` turns the kinds of the arguments into one function ``exit(ds, args)``. It gives what
`dpy.structs.gradients` gives, for arguments that share nothing; where anything is not as expected
it returns None, and the general way is taken. An array of the cotangent is handed out as it is only
if nobody else refers to it, which the count of references tells; otherwise it is copied.
"""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any

import numpy as np

from dpy import leaves, slot_kinds, slots
from dpy.cotangent import ZERO
from dpy.kinds import Array, Dict, Kind, KnownObject, List, Number, Object, Other, Tuple
from dpy.matching import attributes_of, has_just_a_dict, share_memory
from dpy.straight import Writer

__all__ = ["exit_lines", "write_exit"]

_FLOAT = np.dtype(np.float64)


class _UnknownError(Exception):
    """The gradient of such a value is left to the general way."""


def write_exit(
    kinds: tuple[Kind, ...], wanted: tuple[bool | None, ...], n_returned: int, is_late: bool
) -> Any:
    """``exit(ds, args)``, or None where some kind is not known well enough.

    Args:
        kinds: of the arguments.
        wanted: True: differentiated; False: not, and the gradient is None; None: left out.
        n_returned: how many cotangents the pullback returns.
        is_late: the arguments may have been changed since they were matched.
    """
    w = Writer("exit(ds, args)", otherwise="None")
    places = w.locals(len(kinds))
    if any(wanted[i] and _reads_primal(kind) for i, kind in enumerate(kinds)):
        w.unpack(places, "args")
    found = exit_lines(w, kinds, wanted, places, n_returned, is_late)
    return None if found is None else w.function(found, catch="KeyError")


def exit_lines(
    w: Writer, kinds: tuple[Kind, ...], wanted: tuple[bool | None, ...], places: list[str],
    n_returned: int, is_late: bool,
) -> str | None:  # fmt: skip
    """Write what makes gradients of cotangents `ds` for arguments in these variables.

    Returns the expression of the tuple of gradients, or None where some kind is not known well
    enough.
    """
    e = _Exit(w, is_late)
    try:
        found = e.arguments(kinds, wanted, places, n_returned)
    except _UnknownError:
        return None
    e.apart()
    return f"({''.join(f'{g}, ' for g in found)})"


class _Exit:
    def __init__(self, w: Writer, is_late: bool) -> None:
        self.is_late = is_late
        self.w = w
        self.zero = self.w.constant(ZERO, "ZERO")
        self.count = self.w.constant(sys.getrefcount, "references")
        self.arrays: list[str] = []
        self.objects: list[str] = []

    def arguments(self, kinds: Any, wanted: Any, xs: list[str], n_returned: int) -> list[str]:
        w = self.w
        ds = w.locals(len(kinds))
        if len(kinds) == n_returned:
            w.unpack(ds, "ds")
        else:
            for i in range(len(kinds)):
                if wanted[i]:
                    w.line(f"{ds[i]} = ds[{i}]")
        found = []
        for i in range(len(kinds)):
            if wanted[i]:
                found.append(self.value(ds[i], xs[i], kinds[i], "True"))
            elif wanted[i] is False:
                found.append("None")
        return found

    def value(self, d: str, x: str, kind: Kind, own: str) -> str:
        """Write the gradient of `x`; `own`: an expression, whether nobody else holds `d`'s holder.

        Returns an expression.
        """
        if isinstance(kind, Number):
            return self.number(d, x, kind.type)
        if isinstance(kind, Array):
            return self.array(d, x, kind, own)
        if not _has_gradient(kind):
            return "None"
        if isinstance(kind, KnownObject) and type(kind.value) is FunctionType:
            self.w.require(f"not {self.w.constant(slots.contents, 'contents')}({x})")
            return "None"
        if isinstance(kind, Tuple):
            return self.items(d, x, kind, own)
        if isinstance(kind, List) and isinstance(kind.item, Number):
            return self.numbers(d, x, kind.item.type)
        if isinstance(kind, Dict) or (isinstance(kind, Object) and has_just_a_dict(kind.cls)):
            return self.struct(d, x, kind, own)
        raise _UnknownError

    def number(self, d: str, x: str, t: type) -> str:
        leaf = slots.kind_of(t).leaf
        if leaf is leaves.no_gradient:
            return "None"
        name = self.w.constant(leaf, leaf.__name__)
        if leaf is leaves.real_gradient:
            return f"{d} if type({d}) is float else {name}({d}, None, False)"
        return f"{name}({d}, {x}, False)"

    def array(self, d: str, x: str, kind: Array, own: str) -> str:
        w = self.w
        if kind.dtype.kind not in "fciu":
            return "None"
        self.arrays.append(x)
        dtype = w.constant(kind.dtype if kind.dtype.kind in "fc" else _FLOAT, str(kind.dtype))
        ndarray, copied = w.constant(np.ndarray, "ndarray"), w.local()
        is_own = "" if own == "True" else f"{own} and "
        gradient = w.constant(leaves.array_gradient, "array_gradient")
        w.line(
            f"{copied} = {d} if {is_own}type({d}) is {ndarray} and {d}.dtype is {dtype} "
            f"and {d}.shape == {x}.shape and {self.count}({d}) <= {_alone} "
            f"and {d}.base is None "
            f"else {gradient}({d}, {x}, False)"
        )
        return copied

    def items(self, d: str, x: str, kind: Tuple, own: str) -> str:
        w = self.w
        n = len(kind.items)
        if n == 0:
            return "()"
        w.line(f"if {d} is {self.zero}: {d} = {w.constant((ZERO,) * n, 'ZEROS')}")
        w.require(f"type({d}) is tuple", f"len({d}) == {n}", f"len({x}) == {n}")
        ds = w.locals(n)
        w.unpack(ds, d)
        xs = [w.held(f"{x}[{i}]") for i in range(n)]
        inner = self.owned(d, kind, own)
        found = [self.value(*each, inner) for each in zip(ds, xs, kind.items, strict=True)]
        return f"({''.join(f'{g}, ' for g in found)})"

    def numbers(self, d: str, x: str, t: type) -> str:
        w = self.w
        if slots.kind_of(t).leaf is not leaves.real_gradient:
            raise _UnknownError
        self.objects.append(x)
        self.mapping(d)
        found = w.local()
        w.line(f"{found} = [{d}.get(i, 0.0) for i in range(len({x}))]")
        w.require(f"{{*map(type, {found})}} == {w.constant({float}, 'only_float')}")
        return found

    def struct(self, d: str, x: str, kind: Dict | Object, own: str) -> str:
        """An object, or a dict with string keys."""
        w = self.w
        fields = x
        if isinstance(kind, Object):
            known = slots.kind_of(kind.cls)
            if known.read is None:
                return "None"
            fields = w.held(f"{attributes_of(w, kind.cls)}({x})")
        if isinstance(kind, Dict) or not known.frozen:
            self.objects.append(x)
        names = tuple(name for name, _ in kind.fields)
        if self.is_late:
            w.require(f"(*{fields},) == {names!r}")
        gradients = self.fields(d, fields, kind, own) if names else []
        pairs = ", ".join(f"{n!r}: {g}" for n, g in zip(names, gradients, strict=True))
        if isinstance(kind, Dict):
            return f"{{{pairs}}}"
        if not slot_kinds.is_rebuilt_bare(kind.cls):
            return f"{w.constant(known.build, f'build_{kind.cls.__name__}')}({x}, {{{pairs}}})"
        new, into = w.local(), w.local()
        w.line(
            f"{new} = {w.constant(slot_kinds.bare_maker(kind.cls), 'make')}"
            f"({w.constant(kind.cls, kind.cls.__name__)})"
        )
        w.line(f"{into} = {attributes_of(w, kind.cls)}({new})")
        for name, gradient in zip(names, gradients, strict=True):
            w.line(f"{into}[{name!r}] = {gradient}")
        return new

    def fields(self, d: str, fields: str, kind: Dict | Object, own: str) -> list[str]:
        """The gradients of what a dict of fields holds."""
        w = self.w
        get = w.local()
        self.mapping(d)
        inner = self.owned(d, kind, own)
        w.line(f"{get} = {d}.get")  # refers to `d` too
        found = []
        for name, held in kind.fields:
            part = w.local()
            if not _has_gradient(held):
                found.append("None")
                continue
            value = ""
            if self.is_late or _reads_primal(held):
                value = w.held(f"{fields}[{name!r}]")
            if self.is_late:
                self.still(value, held)
            w.line(f"{part} = {get}({name!r}, {self.zero})")
            found.append(self.value(part, value, held, inner))
        return found

    def still(self, x: str, kind: Kind) -> None:
        """Require that a field is of the type it had: it may be read later than the arguments."""
        w = self.w
        if isinstance(kind, Array):
            w.require(
                f"type({x}) is {w.constant(np.ndarray, 'ndarray')}",
                f"{x}.dtype is {w.constant(kind.dtype, str(kind.dtype))}",
            )
        elif isinstance(kind, KnownObject):
            w.require(f"{x} is {w.constant(kind.value, 'known')}")
        else:
            w.require(f"type({x}) is {w.constant(*_type_of(kind))}")

    def mapping(self, d: str) -> None:
        """Bring the cotangent of a container to a dict."""
        w = self.w
        w.line(f"if {d} is {self.zero}: {d} = {w.constant({}, 'NOTHING')}")
        w.require(f"type({d}) is dict")

    def owned(self, d: str, kind: Kind, own: str) -> str:
        """A variable that says whether nobody else can reach what the container `d` holds."""
        if not _holds_arrays(kind):
            return "False"
        name = self.w.local()
        also = "" if own == "True" else f"{own} and "
        self.w.line(f"{name} = {also}{self.count}({d}) <= {_alone}")
        return name

    def apart(self) -> None:
        """Require that no object and no piece of memory stands at two places."""
        w = self.w
        if len(self.arrays) > 1:
            own = " and ".join(f"{x}.base is None" for x in self.arrays)
            ids = ", ".join(f"id({x})" for x in self.arrays)
            w.require(
                f"({own} and len({{{ids}}}) == {len(self.arrays)} "
                f"or not {w.constant(share_memory, 'share_memory')}({', '.join(self.arrays)}))"
            )
        if len(self.objects) > 1:
            ids = ", ".join(f"id({x})" for x in self.objects)
            w.require(f"len({{{ids}}}) == {len(self.objects)}")


def _type_of(kind: Kind) -> tuple[type, str]:
    if isinstance(kind, (Number, Other)):
        return kind.type, kind.type.__name__
    if isinstance(kind, Object):
        return kind.cls, kind.cls.__name__
    for cls, t in ((Tuple, tuple), (List, list), (Dict, dict)):
        if isinstance(kind, cls):
            return t, t.__name__
    raise _UnknownError


def _reads_primal(kind: Kind) -> bool:
    return not isinstance(kind, Number) or kind.type not in (float, int, bool)


def _has_gradient(kind: Kind) -> bool:
    if isinstance(kind, Number):
        return slots.kind_of(kind.type).leaf is not leaves.no_gradient
    if isinstance(kind, KnownObject):
        held = slots.kind_of(type(kind.value))
        return held.read is not None and not (held.frozen and not held.read(kind.value))
    return not (isinstance(kind, Other) and slots.kind_of(kind.type).read is None)


def _holds_arrays(kind: Kind) -> bool:
    if isinstance(kind, (Object, Dict)):
        return any(_holds_arrays(held) for _, held in kind.fields)
    if isinstance(kind, Tuple):
        return any(map(_holds_arrays, kind.items))
    return isinstance(kind, Array)


def _measured() -> int:
    """How many references an exit counts for what one container alone holds."""
    w = Writer("probe(ds)", otherwise="None")
    d = w.local()
    w.line(f"{d} = ds[0]")
    probe = w.function(f"{w.constant(sys.getrefcount, 'references')}({d})")
    return int(probe((np.zeros(1),)))


_alone = _measured()
