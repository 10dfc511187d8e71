"""Operations: operators, displays, attributes, items, and what `lower` makes of other syntax."""

from __future__ import annotations

import operator
import types
from collections.abc import Callable
from typing import Any

from dpy.kinds import (
    UNKNOWN,
    Array,
    Const,
    Kind,
    List,
    Number,
    Object,
    Other,
    Text,
    Tuple,
    is_atomic,
    is_number,
    is_text,
    number_type,
)
from dpy.transform import ir
from dpy.transform.infer.attributes import read_attribute, write_attribute
from dpy.transform.infer.callees import call_function
from dpy.transform.infer.containers import append, build, unpack
from dpy.transform.infer.decided import decided_equal, decided_test
from dpy.transform.infer.facts import HEAP, Site
from dpy.transform.infer.items import read_item, write_item
from dpy.transform.infer.kinds_of import NONE, kind_by_rule, numeric
from dpy.transform.infer.lookup import MISSING, class_attribute, class_function
from dpy.transform.infer.special import EQUALITY, ORDER, TEXT, TRUTH, may_write
from dpy.transform.infer.state import (
    Arguments,
    Atoms,
    Environment,
    Found,
    Kinds,
    State,
    generic,
    inert,
    kind_at,
)

__all__ = ["ARITHMETIC", "operation"]

ARITHMETIC = {
    name: getattr(operator, name)
    for name in (
        "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift neg pos invert "
        "lt le eq ne gt ge"
    ).split()
}
_COMPARISONS = {getattr(operator, n) for n in ("lt", "le", "eq", "ne", "gt", "ge")}
_PLAIN_OF = {
    "iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "truediv", "ifloordiv": "floordiv",
    "imod": "mod", "ipow": "pow", "imatmul": "matmul", "iand": "and_", "ior": "or_",
    "ixor": "xor", "ilshift": "lshift", "irshift": "rshift",
}  # fmt: skip
_METHODS = frozenset("add sub mul truediv floordiv mod pow matmul neg pos".split())
"""Operators that call ``__add__`` and so on of the user's classes without more ado."""
_INERT_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("not_", "is_", "is_not", "is_sequence", "is_mapping"), Number(bool)),
    **dict.fromkeys(("format", "join"), Other(str)),
    **dict.fromkeys(("unbound", "import", "match_args"), UNKNOWN),
}


_IMPLICIT: dict[str, tuple[tuple[str, ...], bool]] = {
    "not_": (TRUTH, False), "format": (TEXT, True),
}  # fmt: skip
"""Operations that call methods of their first operand, and whether those of its items too."""


def operation(state: State, s: ir.Assign, value: ir.Op, env: Environment) -> Found:
    """The statement ``y = op(...)``."""
    name, args = value.name, value.args
    kinds = tuple(kind_at(a, env) for a in args)
    if name in ARITHMETIC:
        return _arithmetic(state, s, ARITHMETIC[name], args, kinds)
    if name in _PLAIN_OF:
        return _in_place(state, s, name, args, kinds)
    if name in _INERT_KINDS:
        if name in _IMPLICIT and _may_write(state, name, args, kinds):
            state.facts.implicit.add(id(s))
        if name in ("format", "join") and state.any_varied(args):
            writes = id(s) in state.facts.implicit
            return generic(state, s, args, kinds, writes=writes, result=Text())
        decided = decided_test(name, kinds)
        return inert(_INERT_KINDS[name] if decided is None else Const(decided, bool))
    if name in ("tuple", "list", "set", "dict", "slice"):
        return build(state, s, name, args, kinds)
    if name == "getattr":
        return read_attribute(state, s, args[0], args[1].value, kinds[0])
    if name == "append":
        return append(state, args, kinds, env)
    handler = _HANDLERS.get(name)
    found = handler(state, s, args, kinds) if handler is not None else None
    return generic(state, s, args, kinds) if found is None else found


def _may_write(state: State, name: str, args: Atoms, kinds: Kinds) -> bool:
    methods, is_deep = _IMPLICIT[name]
    return may_write(state, args[:1], kinds[:1], methods, deep=is_deep)


# --- arithmetic -----------------------------------------------------------------------------------


def _arithmetic(state: State, s: ir.Assign, function: Any, args: Atoms, kinds: Kinds) -> Found:
    if numeric(kinds):
        return _of_numbers(state, s, function, args, kinds)
    if function is operator.mul:
        found = _repeated(state, s, args, kinds)
        if found is not None:
            return found
    writes = _may_write_inside(state, function, args, kinds)
    if is_text(kinds[0]) and len(kinds) == 2 and state.any_varied(args):
        found = _of_text(state, s, function, args, kinds, writes)
        if found is not None:
            return found
    if not any(map(_needs_dispatch, kinds)) and not state.any_varied(args) and not writes:
        kind: Kind = UNKNOWN
        if function in _COMPARISONS:
            kind = Number(bool)
            equal = decided_equal(kinds) if function in (operator.eq, operator.ne) else None
            if equal is not None:
                kind = Const(equal is (function is operator.eq), bool)
        elif all(map(is_text, kinds)):
            kind = Other(str)
        elif function is operator.add:
            kind = _joined_tuples(kinds)
        return inert(kind)
    if isinstance(kinds[0], Object) or (len(kinds) > 1 and isinstance(kinds[1], Object)):
        found = _operator_method(state, s, function, args, kinds)
        if found is not None:
            return found
    return generic(state, s, args, kinds)


def _joined_tuples(kinds: Kinds) -> Kind:
    """The kind of ``x.shape[:-1] + (n,)``: one tuple after the other."""
    items: tuple[Kind, ...] = ()
    for kind in kinds:
        if not isinstance(kind, Tuple) or not is_atomic(kind):
            return UNKNOWN
        items += kind.items
    return Tuple(items)


def _of_numbers(state: State, s: ir.Assign, function: Any, args: Atoms, kinds: Kinds) -> Found:
    """The operands are numbers and arrays."""
    rule = state.book.rule(function, kinds)
    kind = kind_by_rule(function, rule, kinds, ())
    varied = state.any_varied(args)
    if rule is None and varied:
        return generic(state, s, args, kinds)
    form = "inert"
    if rule is not None and varied and not rule.is_nondifferentiable:
        form = "elementwise" if rule.partials is not None else "rule"
    return kind, form != "inert", Site(form, rule, args, function=function)


def _repeated(state: State, s: ir.Assign, args: Atoms, kinds: Kinds) -> Found | None:
    """``[x] * n``: a new list of the same items."""
    for a, k, n in ((args[0], kinds[0], kinds[1]), (args[1], kinds[1], kinds[0])):
        if isinstance(k, List) and number_type(n) is int:
            item = state.effects.slot_kind(a, "[]", k.item)
            state.effects.alias_target_if(s, a, item)
            state.effects.make_target(s)
            if not state.any_varied(args):
                return inert(List(item))
            return generic(state, s, args, kinds, writes=False, result=List(item))
    return None


def _may_write_inside(state: State, function: Any, args: Atoms, kinds: Kinds) -> bool:
    """Whether a method of what is in a container may write: a comparison, or one of a text."""
    if function in _COMPARISONS:
        methods: tuple[str, ...] = ORDER
    elif function is operator.mod:  # of a string
        methods = (*TEXT, "__float__", "__int__", "__index__")
    else:
        return False
    return may_write(state, args, kinds, methods, deep=True)


def _needs_dispatch(kind: Kind) -> bool:
    return kind is UNKNOWN or isinstance(kind, Object)


def _of_text(
    state: State, s: ir.Assign, function: Any, args: Atoms, kinds: Kinds, writes: bool
) -> Found | None:
    """``"..." % x``, and texts of numbers put together or compared."""
    if function is operator.mod:
        return generic(state, s, args, kinds, writes=writes, result=Text())
    if not is_text(kinds[1]) and not is_number(kinds[1]):
        return None
    if function in _COMPARISONS:
        return inert(Number(bool))
    if function in (operator.add, operator.mul):
        return generic(state, s, args, kinds, writes=False, result=Text())
    return None


def _operator_method(
    state: State, s: ir.Assign, function: Any, args: Atoms, kinds: Kinds
) -> Found | None:
    """``a * b`` where one operand is an instance of a user's class: its method, directly."""
    base = function.__name__.strip("_")
    if function in _COMPARISONS or base not in _METHODS:
        return None
    left = kinds[0]
    if isinstance(left, Object):
        right_cls = kinds[1].cls if len(kinds) > 1 and isinstance(kinds[1], Object) else None
        overridden = right_cls is not None and (
            right_cls is not left.cls and issubclass(right_cls, left.cls)
        )
        method = None if overridden else class_function(state.book, left.cls, f"__{base}__")
        given = Arguments(args, kinds)
    elif len(kinds) == 2 and isinstance(kinds[1], Object) and is_number(left):
        method = class_function(state.book, kinds[1].cls, f"__r{base}__")
        given = Arguments(args[::-1], kinds[::-1])
    else:
        return None
    if method is None or _may_decline(method):
        return None
    return call_function(state, s, method, given)


def _may_decline(method: types.FunctionType) -> bool:
    """Whether an operator method may return NotImplemented (then the runtime dispatches)."""
    return "NotImplemented" in method.__code__.co_names


# --- in-place operators ---------------------------------------------------------------------------


def _in_place(state: State, s: ir.Assign, name: str, args: Atoms, kinds: Kinds) -> Found:
    plain = ARITHMETIC[_PLAIN_OF[name]]
    kind = kinds[0]
    if _gives_new_object(state, name, kind):
        return _arithmetic(state, s, plain, args, kinds)
    state.effects.write(args[0], args[1:], kinds[1:])
    state.effects.alias_target_if(s, args[0], kind)
    if not state.any_varied(args) and isinstance(kind, (Array, List)):
        return inert(kind if isinstance(kind, Array) else UNKNOWN)
    if not isinstance(kind, Array):
        return generic(state, s, args, kinds, writes=False)
    if kind.dtype.kind in "fc":
        rule = _update_rule(state, plain, kinds)
        if rule is not None:
            return kind, True, Site("update", rule, args, function=plain)
    _, varied, site = generic(state, s, args, kinds)
    return kind, varied, site


def _gives_new_object(state: State, name: str, kind: Kind) -> bool:
    """Whether ``x op= y`` is ``x = x op y``: Python falls back to that without ``__iadd__``."""
    if isinstance(kind, Object):
        return class_attribute(state.book, kind.cls, f"__{name}__") is MISSING
    return is_number(kind) or (isinstance(kind, (Tuple, Const, Other, Text)) and is_atomic(kind))


def _update_rule(state: State, function: Any, kinds: Kinds) -> Any:
    """The elementwise rule of an in-place operator on an array, where it has one."""
    if not numeric(kinds[1:2]):
        return None
    rule = state.book.rule(function, kinds)
    if rule is None or rule.partials is None or rule.is_nondifferentiable:
        return None
    return rule


# --- other operations -----------------------------------------------------------------------------


def _contains(state: State, s: ir.Assign, args: Atoms, kinds: Kinds) -> Found:
    methods = (*EQUALITY, "__hash__")
    if any(map(_needs_dispatch, kinds)) or may_write(state, args, kinds, methods, deep=True):
        return generic(state, s, args, kinds, result=Number(bool))
    return inert(Number(bool))


def _store_global(state: State, s: ir.Assign, args: Atoms, kinds: Kinds) -> Found:
    """``setglobal`` and ``delglobal``; what is stored stands last."""
    effects, value = state.effects, args[-1]
    effects.non_atomic.add(HEAP)
    effects.written.add(HEAP)
    if state.is_varied(value):
        state.write_active_to_heap()
    if isinstance(value, ir.Var) and not is_atomic(kinds[-1]):
        effects.alias(value.name, HEAP)
    varied = state.any_varied(args) or state.heap_active
    return NONE, False, Site("generic" if varied else "inert")


def _new_cell(state: State, s: ir.Assign, args: Atoms, kinds: Kinds) -> Found:
    """A cell that nested functions share; what it holds may change."""
    for a in args:
        state.effects.alias_target_if(s, a, UNKNOWN)
    state.effects.make_target(s)
    if isinstance(s.target, str):
        state.effects.written.add(s.target)
    return UNKNOWN, state.any_varied(args), Site("generic")


_Handler = Callable[[State, ir.Assign, Atoms, Kinds], Found | None]
_HANDLERS: dict[str, _Handler] = {
    "contains": _contains,
    "getitem": read_item,
    "setitem": write_item,
    "setattr": write_attribute,
    "unpack": unpack,
    "setglobal": _store_global,
    "delglobal": _store_global,
    "new_cell": _new_cell,
}
