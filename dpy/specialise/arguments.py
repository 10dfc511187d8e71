"""From actual arguments to the specialisation for them, and back from parameters to arguments."""

from __future__ import annotations

import inspect
from types import CellType, FunctionType
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.kinds import (
    UNKNOWN,
    Dict,
    Kind,
    KnownObject,
    List,
    Object,
    Text,
    Tuple,
    can_carry,
    kind_of,
)
from dpy.runtime import item_cotangents
from dpy.runtime.hidden import reads_hidden
from dpy.slots import contents
from dpy.specialise.analysis import specialise
from dpy.specialise.specialisation import Specialisation
from dpy.transform.signatures import signature_of

__all__ = ["are_disjoint", "forward_of", "give_defaults", "spread"]


def forward_of(
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    active: tuple[bool, ...],
    active_kw: tuple[bool, ...],
    *,
    heap_active: bool = False,
    protect: bool = True,
) -> Specialisation:
    """The specialisation for actual arguments."""
    bound, activity = _bind(function, args, kwargs, active, active_kw)
    if heap_active and (function.__defaults__ or function.__kwdefaults__):
        # A function made during the run may have active defaults.
        code = function.__code__
        given = code.co_varnames[: min(len(args), code.co_argcount)]
        activity += [name for name in bound if name not in given and name not in kwargs]
    kinds = {name: _kind(value) for name, value in bound.items()}
    if not heap_active:
        heap_active = any(_captures(kinds[name], set()) for name in activity if name in kinds)
    found = specialise(
        function, kinds, frozenset(activity), heap_active=heap_active, protect=protect,
        shared=frozenset(), tentative=True,
    )  # fmt: skip
    if (
        found.is_for_distinct
        and found.summary.written
        and (found.summary.reads_heap or heap_active or not are_disjoint(bound.values()))
    ):
        return specialise(
            function, kinds, frozenset(activity), heap_active=heap_active, protect=protect
        )
    return found


def _captures(kind: Kind, seen: set[int]) -> bool:
    """Whether a differentiated argument holds a function that has something to differentiate.

    What it has captured is read where the compiler sees a cell or a default, as for `Params`.
    """
    if isinstance(kind, Tuple):
        return any(_captures(item, seen) for item in kind.items)
    if isinstance(kind, List):
        return _captures(kind.item, seen)
    if isinstance(kind, (Object, Dict)):
        return any(_captures(field, seen) for _, field in kind.fields)
    if not isinstance(kind, KnownObject) or type(kind.value) is not FunctionType:
        return False
    if id(kind.value) in seen:
        return False
    seen.add(id(kind.value))
    for held in (contents(kind.value) or {}).values():
        inner = kind_of(_content(held) if type(held) is CellType else held)
        if isinstance(inner, KnownObject):
            if _captures(inner, seen):
                return True
        elif can_carry(inner):
            return True
    return False


def _content(cell: Any) -> Any:
    return (contents(cell) or {}).get("cell_contents")


def _kind(value: Any) -> Kind:
    if reads_hidden((value,)):  # the kind of a str does not tell what it was made of
        return Text() if type(value) is str else UNKNOWN
    return kind_of(value)


def are_disjoint(values: Any) -> bool:
    """Whether no two values share anything mutable."""
    owners: set[int] = set()
    arrays: list[Any] = []
    for value in values:
        reached: dict[int, Any] = {}
        _reach(value, reached)
        if not owners.isdisjoint(reached):
            return False
        owners.update(reached)
        mine = [x for x in reached.values() if isinstance(x, np.ndarray)]
        if any(np.may_share_memory(x, y) for x in mine for y in arrays):
            return False
        arrays += mine
    return True


def _reach(value: Any, reached: dict[int, Any]) -> None:
    """The mutable objects that a value holds, by identity."""
    stack = [value]
    while stack:
        x = stack.pop()
        if isinstance(x, np.ndarray):
            reached[id(x)] = x
            continue
        held = contents(x)
        if held is None or id(x) in reached:
            continue
        reached[id(x)] = x
        stack += held.values()


def _bind(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[dict[str, Any], list[str]]:
    """Parameter name -> value, and the names of the active parameters."""
    code = function.__code__
    n = code.co_argcount
    simple = not code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    if simple and not kwargs and len(args) == n and not code.co_kwonlyargcount:
        names = code.co_varnames[:n]
        return dict(zip(names, args, strict=True)), [
            name for name, flag in zip(names, active, strict=True) if flag
        ]
    signature = signature_of(function)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        function(*args, **kwargs)  # fails before its body runs, with Python's own words
        raise
    activity = []
    flags = dict(zip(kwargs, active_kw, strict=True))
    position = 0
    for name in bound.arguments:
        parameter = signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            flagged = any(active[position:])
            position = len(args)
        elif parameter.kind is parameter.VAR_KEYWORD:
            flagged = any(flags.values())
        elif name in kwargs:
            flagged = flags[name]
        else:
            flagged = position < len(active) and active[position]
            position += 1
        if flagged:
            activity.append(name)
    bound.apply_defaults()
    return dict(bound.arguments), activity


def spread(
    params: list[tuple[str, str]], d_params: tuple[Any, ...], n: int, names: tuple[str, ...]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Cotangents of parameters as cotangents of `n` positional and of keyword arguments."""
    d_args: list[Any] = []
    d_kwargs: dict[str, Any] = {}
    for (name, kind), d in zip(params, d_params, strict=True):
        if kind == "positional":
            if len(d_args) < n and name not in names:
                d_args.append(d)
            else:
                d_kwargs[name] = d
        elif kind == "args":
            rest = n - len(d_args)
            d_args += item_cotangents.as_tuple(d, rest)
        elif kind == "keyword":
            d_kwargs[name] = d
        elif type(d) is dict:
            d_kwargs.update(d)
    d_args += [ZERO] * (n - len(d_args))
    return tuple(d_args), {name: d for name, d in d_kwargs.items() if name in names}


def give_defaults(
    function: Any, params: Any, d_params: Any, n: int, names: tuple[str, ...], acc: Any
) -> None:
    """Cotangents of parameters that took their defaults: they may have been active values."""
    place = 0
    for (name, kind), d in zip(params, d_params, strict=True):
        given = name in names
        if kind == "positional":
            given = given or place < n
            place += 1
        if not given and kind in ("positional", "keyword"):
            acc.add_slot(function, ("default", name), d)
