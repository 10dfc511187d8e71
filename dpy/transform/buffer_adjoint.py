"""Adjoints of reads of, writes to and in-place operators on arrays with buffers (see `buffers`).

The buffer of an array is a local variable of the reverse sweep. It is made when the first
contribution comes, belongs to nobody else, and is never ZERO once it is there; before that, what
would be read from it is a structural zero.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from dpy.kinds import UNKNOWN, Array, Const, Kind, Other, Tuple, is_number, number_type
from dpy.transform import ir, partials
from dpy.transform.buffers import Member
from dpy.transform.helpers import add_to, array_of, items_of, subtract_from, take_at

if TYPE_CHECKING:
    from dpy.transform.infer import Facts, Site
    from dpy.transform.versions import Versions

__all__ = ["VECTOR", "BufferForms", "adds_to", "is_basic", "is_same_field"]

VECTOR = Array(np.dtype(np.float64), 1)
_ALL = ir.Lit(...)
_NP = ir.Known(np, "np")
_ADD_TO = ir.Known(add_to, "add_to")
_SUBTRACT_FROM = ir.Known(subtract_from, "subtract_from")
_ITEMS_OF = ir.Known(items_of, "items_of")
_ARRAY_OF = ir.Known(array_of, "array_of")
_TAKE_AT = ir.Known(take_at, "take_at")
_ARITHMETIC = ("add", "sub", "mul", "truediv", "pow", "neg", "matmul")
_REALS = (int, float, np.float64)


class BufferForms:
    """The part of the adjoint that deals with buffers, and with in-place operators."""

    if TYPE_CHECKING:
        facts: Facts
        versions: Versions
        states: dict[Any, str]
        names: Any
        runtime: Any
        acc: ir.Var
        by_item: set[str]
        as_whole: set[str]
        lists: set[str]
        _emit: Any
        _d: Any
        _give: Any
        _guarded: Any
        _fill: Any
        _with_cotangent: Any
        _value_at: Any
        _shape_at: Any
        _attribute_after: Any
        _projected: Any
        _by_identity: Any

    # --- the buffers ----------------------------------------------------------------------------

    def _ensure_buffer(self, owner: str) -> None:
        """Make the buffer of an array, filled with zeros, unless it is there."""
        if owner not in self.states:
            self._emit(self._d(owner), self._new_buffer(owner))
            self.states[owner] = "owned"

    def _new_buffer(self, owner: str) -> Any:
        made = self.facts.buffers[owner].made
        kind = self.facts.kinds[id(made)]
        assert isinstance(kind, Array)
        shape = self._attribute_after(made, "shape")
        dtype = kind.dtype if kind.dtype.isnative else kind.dtype.newbyteorder("=")
        known = () if dtype == np.float64 else (ir.Known(dtype, dtype.name),)
        return ir.Call(ir.Op("getattr", (_NP, ir.Lit("zeros"))), (shape, *known))

    def _buffer(self, name: str, *, item: bool = False) -> Any:
        """The buffer's part for an array or a view of it, as an expression.

        `item`: only an item of it will be used, named by an integer.
        """
        member: Member = self.facts.buffers[name]
        if member.parent is None:
            self._ensure_buffer(name)
            if item and self.facts.kinds[id(member.made)] == VECTOR:
                self.by_item.add(name)
            else:
                self._need_array(name)
            return ir.Var(self._d(name))
        whole = self._buffer(member.parent)
        if member.index is None:
            return whole
        return _part(whole, self._index_at(member.made, member.index))

    def _need_array(self, var: str) -> None:
        """The next statement takes the cotangent of a variable as a whole, or by slices."""
        self.as_whole.add(var)
        if var in self.lists and var in self.states:
            d = self._d(var)
            self._emit(d, ir.Call(_ARRAY_OF, (ir.Var(d),)))

    def _make_lists(self, tape: str) -> None:
        """Before a loop that uses cotangents of vectors item by item: see `items_of`."""
        for var in sorted(self.by_item - self.as_whole):
            if self.states.get(var) == "owned":
                d = ir.Var(self._d(var))
                count = ir.Call(ir.Known(len, "len"), (ir.Var(tape),))
                self._emit(d.name, ir.Call(_ITEMS_OF, (d, count)))
                self.lists.add(var)

    def _start_buffer(self, owner: str, d: Any, maybe: bool) -> None:
        """Begin the buffer of the function's result with what its caller gives."""
        if maybe:
            x = ir.Var(self.versions.residual_at_end(owner))
            value: Any = ir.Call(self.runtime.owned, (d, x))
        else:
            value = _copied(d)
        self._emit(self._d(owner), value)
        self.states[owner] = "owned"

    def _give_to_buffer(self, name: str, value: Any, maybe: bool) -> None:
        """Add a contribution to the buffer of an array, or to its part for a view."""
        owner = self.facts.buffers[name].owner
        if owner not in self.states and not maybe and self._is_whole(name):
            self.as_whole.add(owner)
            self._emit(self._d(owner), value if _is_new(value) else _copied(value))
            self.states[owner] = "owned"
            return
        self._emit(None, adds_to(self._buffer(name), value))

    def _is_whole(self, name: str) -> bool:
        """Whether a variable holds all of its array."""
        member: Member = self.facts.buffers[name]
        return member.index is None and (member.parent is None or self._is_whole(member.parent))

    # --- indices --------------------------------------------------------------------------------

    def _index_at(self, s: ir.Stmt, atom: Any) -> Any:
        """An index as the pullback writes it: slices and sums of integers in place.

        What they are made of is kept instead of them, which often costs nothing.
        """
        if not isinstance(atom, ir.Var):
            return atom
        version = self.versions.uses.get((id(s), atom.name))
        made = version.birth[1] if version is not None and version.birth[0] == "after" else None
        if isinstance(made, ir.Assign) and isinstance(made.value, ir.Op):
            name, args = made.value.name, made.value.args
            starred = any(isinstance(a, ir.Star) for a in args)
            if name in ("slice", "tuple") and not starred:
                return ir.Op(name, tuple(self._index_at(made, a) for a in args))
            if name in ("add", "sub") and isinstance(args[1], ir.Lit):
                if all(number_type(self.facts.kind(made, a)) is int for a in args):
                    return ir.Op(name, (self._index_at(made, args[0]), args[1]))
        return ir.Var(self._value_at(s, atom.name))

    # --- reads and writes -----------------------------------------------------------------------

    def _reverse_buffer_read(self, s: ir.Assign, site: Site) -> None:
        member = self.facts.buffers.get(s.target) if isinstance(s.target, str) else None
        if member is not None and member.parent is not None:
            return  # a view: its contributions have gone to its part already
        if s.target in self.states or self._by_identity(s):
            array, index = s.value.args  # type: ignore[union-attr]
            if self.facts.is_active(array):
                self._ensure_buffer(self.facts.buffers[array.name].owner)
            self._with_cotangent(s, lambda d: self._add_item(s, array, index, d))

    def _add_item(self, s: ir.Assign, array: ir.Var, index: Any, d: Any) -> None:
        if not self.facts.is_active(array):
            return
        kind = self.facts.kind(s, index)
        whole = self._buffer(array.name, item=is_number(kind))
        part = _part(whole, self._index_at(s, index))
        names_once = isinstance(kind, Array) and kind.dtype.kind == "b"
        if is_number(self.facts.kinds[id(s)]) or names_once:
            self._emit(None, ir.Op("iadd", (part, d)))
        else:
            self._emit(None, ir.Call(self.runtime.add_at, (*part.args, d)))

    def _reverse_buffer_write(self, s: ir.Assign, site: Site) -> None:
        facts = self.facts
        array, index, value = site.operands
        owner = facts.buffers[array.name].owner
        if id(s) in facts.self_writes or owner not in self.states or not facts.is_active(array):
            return
        whole = self._buffer(array.name, item=is_number(facts.kind(s, index)))
        part = _part(whole, self._index_at(s, index))
        if not facts.is_active(value):
            self._emit(None, ir.Op("setitem", (*part.args, ir.Lit(0.0))))
            return
        d = ir.Var(self.names.numbered("d_value"))
        kind = facts.kind(s, value)
        region = site.slot if is_basic(facts.kind(s, index)) else UNKNOWN
        is_sum = isinstance(region, Array) and _is_real(kind, region)
        if isinstance(whole, ir.Var) and _is_everything(part.args[1]):
            # All of the array is written over: what was there before gets a new buffer.
            self._emit(d.name, _sum_of(whole) if is_sum else whole)
            del self.states[owner]
        elif region is UNKNOWN:
            self._emit(d.name, ir.Call(_TAKE_AT, part.args))
        else:
            taken = _copied(part) if isinstance(region, Array) else part
            self._emit(d.name, _sum_of(part) if is_sum else taken)
            self._emit(None, ir.Op("setitem", (*part.args, ir.Lit(0.0))))
        self._give(s, value, self._fitted_to(s, d, value, kind, region), kind)

    def _fitted_to(self, s: ir.Assign, d: Any, value: Any, kind: Kind, region: Kind) -> Any:
        """The cotangent of a region, brought to the value that was written there."""
        if isinstance(kind, Array):
            dtype = _dtype(region)
            if value.name in self.facts.buffers and is_same_field(kind, region):
                return d
            if kind.dtype == dtype:
                return ir.Call(self.runtime.unbroadcast, (d, self._shape_at(s, value.name)))
        elif _is_real(kind, region):
            return d
        held = ir.Var(self.versions.residual(s, value.name))
        return ir.Call(self.runtime.project, (d, held))

    # --- in-place operators -----------------------------------------------------------------------

    def _reverse_buffer_update(self, s: ir.Assign, site: Site) -> None:
        """``u[i] += v``: the cotangent of the region goes to both operands, and stays there."""
        array, value = site.operands
        if self.facts.buffers[array.name].owner not in self.states:
            return
        part = self._buffer(array.name)
        is_value_active = self.facts.is_active(value)
        d: Any = ir.Var(self.names.numbered("d_part"))
        if array == value:
            self._emit(d.name, part)
            both, _ = self._contributions(s, site, d)
            self._emit(None, _overwrite(part, both))
        elif _is_sum(site):
            if is_value_active:
                self._give_part(s, site, part)
        else:
            self._emit(d.name, _copied(part) if is_value_active else part)
            old, given = self._contributions(s, site, d)
            self._emit(None, _overwrite(part, old))
            if is_value_active and given is not None:
                kind = self.facts.kind(s, value)
                given = self._projected(
                    s, given, value, kind, self.facts.kind(s, array), site.operands
                )
                self._give(s, value, given, kind)

    def _give_part(self, s: ir.Assign, site: Site, part: Any) -> None:
        """What ``u[i] += v`` and ``u[i] -= v`` give to `v`; the part stays the buffer's."""
        array, value = site.operands
        kind, region = self.facts.kind(s, value), self.facts.kind(s, array)
        is_difference = site.function is operator.sub
        if _is_real(kind, region):
            total: Any = _sum_of(part)
            self._give(s, value, ir.Op("neg", (total,)) if is_difference else total, kind)
            return
        if isinstance(value, ir.Var) and value.name in self.facts.buffers:
            d = part
        else:
            d = _copied(part)
        if is_difference:
            d = ir.Op("neg", (part,))
        self._give(s, value, self._projected(s, d, value, kind, region, site.operands), kind)

    def _contributions(self, s: ir.Assign, site: Site, d: Any) -> tuple[Any, Any]:
        """What the two operands of an in-place operator get from the cotangent `d`."""
        facts = self.facts
        operands = site.operands
        kinds = tuple(facts.kind(s, a) for a in operands)
        places = tuple(
            ir.Var(f"<{i}>") if isinstance(a, ir.Var) else a for i, a in enumerate(operands)
        )
        found = partials.contributions(
            site.rule, site.function, places, kinds, kinds[0], d, ir.Var("<y>")
        )
        if operands[0] == operands[1]:
            total = found[0] if found[1] is None else ir.Op("add", tuple(found))
            return self._fill(s, total, operands), None
        old = self._fill(s, found[0], operands)
        if found[1] is None or not facts.is_active(operands[1]):
            return old, None
        return old, self._fill(s, found[1], operands)

    def _reverse_update(self, s: ir.Assign, site: Site) -> None:
        """The same for an array whose cotangent is in the accumulators."""
        facts = self.facts
        array, value = site.operands
        if not facts.is_active(array):
            return
        held = self._viewed_again(s, array.name)
        d = ir.Var(self.names.numbered("d_part"))
        stays = _is_sum(site) and array != value
        if stays and not facts.is_active(value):
            return
        looked = ir.Op("getattr", (self.acc, ir.Lit("peek" if stays else "take")))
        self._emit(d.name, ir.Call(looked, (held,)))

        def give() -> None:
            old, given = self._contributions(s, site, d)
            kinds = [facts.kind(s, a) for a in site.operands]
            if not stays:
                self._emit(None, ir.Call(self.runtime.sink, (self.acc, held, old)))
            if given is not None:
                given = self._projected(s, given, value, kinds[1], kinds[0], site.operands)
                self._give(s, value, given, kinds[1])

        self._guarded(s, d.name, give)

    def _viewed_again(self, s: ir.Assign, name: str) -> Any:
        """An array; a view of one is taken once more rather than kept."""
        version = self.versions.uses.get((id(s), name))
        made = version.birth[1] if version is not None and version.birth[0] == "after" else None
        site = self.facts.sites.get(id(made))
        if isinstance(made, ir.Assign) and site is not None and site.form == "array_read":
            array, index = made.value.args  # type: ignore[union-attr]
            if site.slot == "view" and is_basic(self.facts.kind(made, index)):
                whole = ir.Var(self.versions.residual(made, array.name))
                return _part(whole, self._index_at(made, index))
        return ir.Var(self.versions.residual(s, name))


# --- expressions ----------------------------------------------------------------------------------


def adds_to(part: Any, value: Any) -> ir.Call:
    """``part += value``, summed where `value` was broadcast."""
    if isinstance(value, ir.Op) and value.name == "neg":
        return ir.Call(_SUBTRACT_FROM, (part, value.args[0]))
    return ir.Call(_ADD_TO, (part, value))


def is_basic(kind: Kind) -> bool:
    """Whether an index of this kind gives a view, or one element."""
    if isinstance(kind, Tuple):
        return all(map(is_basic, kind.items))
    if isinstance(kind, Const):
        return kind.value is None or kind.value is Ellipsis or kind.type is int
    t = number_type(kind)
    if t is not None:
        return t is int or issubclass(t, np.integer)
    return kind in (Other(slice), Other(type(None)), Other(type(...)))


def _part(whole: Any, index: Any) -> ir.Op:
    return ir.Op("getitem", (whole, index))


def _copied(value: Any) -> ir.Call:
    return ir.Call(ir.Op("getattr", (value, ir.Lit("copy"))))


def _overwrite(part: Any, value: Any) -> ir.Op:
    """``part[...] = value``."""
    if isinstance(part, ir.Op):
        return ir.Op("setitem", (*part.args, value))
    return ir.Op("setitem", (part, _ALL, value))


def _sum_of(part: Any) -> ir.Call:
    return ir.Call(ir.Op("getattr", (part, ir.Lit("sum"))))


def _is_real(kind: Kind, region: Kind) -> bool:
    """Whether a number's cotangent is the sum over a region, as it is."""
    dtype = _dtype(region)
    return number_type(kind) in _REALS and dtype is not None and dtype.kind == "f"


def _dtype(kind: Kind) -> Any:
    if isinstance(kind, Array):
        return kind.dtype
    t = number_type(kind)
    return None if t is None else np.dtype(t)


def is_same_field(kind: Kind, result: Kind) -> bool:
    """Whether both are real, or what is added to is complex: nothing has to be projected."""
    a, b = _dtype(kind), _dtype(result)
    return a is not None and b is not None and (a.kind == "c" or b.kind != "c")


def _is_everything(index: Any) -> bool:
    """``:`` or ``...``."""
    nothing = ir.Lit(None)
    return index in (_ALL, ir.Op("slice", (nothing, nothing, nothing)))


def _is_new(value: Any) -> bool:
    """Whether an expression makes an array that nothing else holds."""
    if isinstance(value, ir.Op):
        return value.name in _ARITHMETIC
    if isinstance(value, ir.Call) and isinstance(value.func, ir.Known):
        if value.func.name in ("unbroadcast", "project", "fit"):
            return _is_new(value.args[0])
        return value.func.name == "filled"
    return False


def _is_sum(site: Site) -> bool:
    return site.function in (operator.add, operator.sub)
