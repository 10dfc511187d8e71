"""Special methods that Python calls out of sight: for the truth of a value, its length, its text.

``if box:`` calls ``__bool__``, ``xs.count(box)`` calls ``__eq__``, ``d[box]`` calls ``__hash__``.
Where such a method of the user's may write to something, the statement is left to the runtime,
which follows it. Of most it is known that they write to nothing: those run where they stand.
"""

from __future__ import annotations

import math
import operator
import types
from collections.abc import Iterator
from typing import Any

from dpy.kinds import UNKNOWN, Dict, Kind, KnownObject, List, Object, Slice, Tuple, is_atomic
from dpy.transform.infer.lookup import MISSING, class_attribute
from dpy.transform.infer.state import Arguments, Atoms, Kinds, State
from dpy.transform.signatures import signature_of

__all__ = [
    "EQUALITY", "KEY", "ORDER", "TEXT", "TRUTH", "index_may_write", "may_write",
    "writes_by_methods",
]  # fmt: skip

TRUTH = ("__bool__", "__len__")
TEXT = ("__format__", "__str__", "__repr__")
INDEX = ("__index__",)
EQUALITY = ("__eq__", "__ne__")
ORDER = ("__lt__", "__gt__", "__le__", "__ge__", "__eq__")
KEY = ("__hash__", "__eq__")
_NUMBER = ("__float__", "__index__", "__int__", "__trunc__", "__complex__")
_ITEMS = ("__iter__", "__len__", "__length_hint__", "__getitem__")

# By function: the methods of its arguments that it may call, and whether it looks into containers.
_CALLED: dict[Any, tuple[tuple[str, ...], bool]] = {
    **dict.fromkeys((bool, operator.truth, operator.not_), (TRUTH, False)),
    len: (("__len__",), False),
    operator.length_hint: (("__len__", "__length_hint__"), False),
    hash: (("__hash__",), True),
    **dict.fromkeys((str, repr, ascii, format, print), (TEXT, True)),
    **dict.fromkeys((any, all), ((*TRUTH, *_ITEMS), True)),
    **dict.fromkeys(
        (operator.contains, operator.countOf, operator.indexOf),
        ((*EQUALITY, "__contains__", *_ITEMS), True),
    ),
    **dict.fromkeys(
        (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne),
        ((*ORDER, "__ne__"), True),
    ),
    round: (("__round__", *INDEX), False),
    math.floor: (("__floor__", "__float__"), False),
    math.ceil: (("__ceil__", "__float__"), False),
    math.trunc: (("__trunc__", "__float__"), False),
    **dict.fromkeys((bin, oct, hex, chr, range, slice), (INDEX, False)),
    dir: (("__dir__",), False),
    float: (_NUMBER, False),
    int: (_NUMBER, False),
    complex: (_NUMBER, False),
    abs: (("__abs__",), False),
}
_CALLS_NOTHING = frozenset({id, type, callable, operator.is_, operator.is_not})


def writes_by_methods(state: State, function: Any, given: Arguments) -> bool:
    """Whether a builtin function may run methods of its arguments that write to something."""
    if function in _CALLS_NOTHING:
        return False
    if function in (isinstance, issubclass):
        return any(map(_checks_instances, given.kinds[1:]))
    atoms, kinds = given.operands, given.all_kinds
    if function in _CALLED:
        methods, is_deep = _CALLED[function]
        return may_write(state, atoms, kinds, methods, deep=is_deep)
    known = [(a, k) for a, k in zip(atoms, kinds, strict=True) if k is not UNKNOWN]
    methods = (*_NUMBER, *_ITEMS, "__array__")  # of NumPy's functions and others: they do not write
    return may_write(state, tuple(a for a, _ in known), tuple(k for _, k in known), methods)


def may_write(
    state: State, atoms: Atoms, kinds: Kinds, methods: tuple[str, ...], *, deep: bool = False
) -> bool:
    """Whether one of these methods of one of the values may write to something.

    With `deep`, those of the items of containers count as well. A method that is given another
    object is given one of these.
    """
    if all(is_atomic(kind) or isinstance(kind, KnownObject) for kind in kinds):
        return False
    now = [
        k if a is None else state.effects.kind_now(a, k) for a, k in zip(atoms, kinds, strict=True)
    ]
    leaves = dict.fromkeys(leaf for kind in now for leaf in _leaves(kind, deep))
    if UNKNOWN in leaves:
        return True
    objects = [leaf for leaf in leaves if isinstance(leaf, Object)]
    return any(_writes(state, leaf, name, tuple(leaves)) for leaf in objects for name in methods)


def index_may_write(state: State, atom: Any, kind: Kind) -> bool:
    """Whether an index, or a bound of a slice, has an ``__index__`` that may write."""
    return may_write(state, (atom,), (kind,), INDEX, deep=True)


def _leaves(kind: Kind, deep: bool) -> Iterator[Kind]:
    """The kind itself or, if `deep`, those of what a container holds."""
    inner: Kinds = ()
    if isinstance(kind, Tuple):
        inner = kind.items
    elif isinstance(kind, List):
        inner = (kind.item,)
    elif isinstance(kind, (Dict, Object)):
        if isinstance(kind, Object):
            yield kind
        if isinstance(kind, Dict) or issubclass(kind.cls, tuple):
            inner = tuple(k for _, k in kind.fields)
    elif isinstance(kind, Slice):
        inner = kind.parts
    else:
        yield kind
    if deep:
        for k in inner:
            yield from _leaves(k, deep)


def _writes(state: State, kind: Object, name: str, others: Kinds) -> bool:
    """Whether a method of an object's class is the user's, and may write to something."""
    raw = class_attribute(state.book, kind.cls, name)
    if raw is MISSING or raw is None or isinstance(raw, _C_METHODS):
        return False
    if not isinstance(raw, types.FunctionType):
        return True
    if _is_of_dataclass(kind.cls, raw):
        fields = tuple(k for _, k in kind.fields)
        return may_write(state, (None,) * len(fields), fields, (name,), deep=True)
    parameters = [*signature_of(raw).parameters.values()]
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return True
    compares = name in _COMPARES and len(parameters) == 2
    for other in others if compares else (UNKNOWN,):
        given = {p.name: other if i else kind for i, p in enumerate(parameters)}
        callee = state.book.callee(raw, given, frozenset(), False, frozenset())
        if callee is None or callee.summary.writes:
            return True
    return False


_COMPARES = frozenset({*ORDER, *EQUALITY})
_C_METHODS = (
    types.WrapperDescriptorType, types.MethodDescriptorType, types.BuiltinFunctionType,
    types.ClassMethodDescriptorType,
)  # fmt: skip


def _is_of_dataclass(cls: type, method: types.FunctionType) -> bool:
    """Whether `dataclasses` wrote the method: it asks the fields, and does no more."""
    written = getattr(method, "__wrapped__", method)
    if not isinstance(written, types.FunctionType):
        return False
    of_class = any("__dataclass_fields__" in vars(c) for c in cls.__mro__)
    return of_class and written.__code__.co_filename == "<string>"


def _checks_instances(kind: Kind) -> bool:
    """Whether ``isinstance(x, cls)`` may run code of the user's: that of a metaclass."""
    if isinstance(kind, Tuple):
        return any(map(_checks_instances, kind.items))
    if not isinstance(kind, KnownObject):
        return kind is UNKNOWN
    return type(kind.value) is not type and any(
        isinstance(vars(c).get(name), types.FunctionType)
        for c in type(kind.value).__mro__
        if c.__module__ not in ("abc", "typing")
        for name in ("__instancecheck__", "__subclasscheck__")
    )
