"""Functions and classes that a program makes while it runs, and their part in signatures.

A signature knows a function by its identity, so that calls of it are compiled. A program that
makes another one for each call, ``gradient(apply, lambda x: k * x, ...)`` in a loop, would have as
much code compiled as it makes calls. So when there is code for some that were made at one place,
the next ones share code that finds out at run time what it was given.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any

from dpy.kinds import (
    UNKNOWN,
    Dict,
    Iterator,
    Kind,
    KnownObject,
    List,
    Object,
    Slice,
    Tuple,
    is_atomic,
)

__all__ = ["is_widened", "shared_signature", "without_transients"]

_MOST_ALIKE = 3
"""So many signatures may differ in transient functions alone."""


def shared_signature(known: Iterable[Any], key: Any) -> Any:
    """The signature for a new call, given those for which there is code: `key` or a wider one."""
    wider = without_transients(key)
    if wider is key:
        return key
    alike = 0
    for other in known:
        if other == wider:
            return wider
        alike += without_transients(other) == wider
    return wider if alike >= _MOST_ALIKE else key


def without_transients(key: Any) -> Any:
    """A `Signature` in which what the program made may be anything; the same if it has none."""
    kinds = tuple([(name, _general(kind)) for name, kind in key.kinds])
    cells = tuple([_general(kind) for kind in key.cells])
    return key if (kinds, cells) == (key.kinds, key.cells) else _with_kinds(key, kinds, cells)


def is_widened(key: Any, kinds: Iterable[Kind]) -> bool:
    """Whether a call with arguments of these kinds shares code with others of its sort."""
    return any(_general(kind) != kind for kind in kinds) and without_transients(key) is key


def _with_kinds(key: Any, kinds: Any, cells: Any) -> Any:
    """The signature with other kinds; whatever is no longer atomic may share something."""
    shared = key.shared | {
        name
        for (name, kind), (_, old) in zip(kinds, key.kinds, strict=True)
        if is_atomic(old) and not is_atomic(kind)
    }
    return key._replace(kinds=kinds, cells=cells, shared=frozenset(shared))


def _general(kind: Kind) -> Kind:
    """The kind with UNKNOWN in the place of transient functions and classes."""
    if isinstance(kind, KnownObject):
        return UNKNOWN if _is_transient(kind.value) else kind
    if isinstance(kind, Tuple):
        return Tuple(tuple(map(_general, kind.items)))
    if isinstance(kind, Slice):
        return Slice(tuple(map(_general, kind.parts)))
    if isinstance(kind, List):
        return List(_general(kind.item))
    if isinstance(kind, Iterator):
        return Iterator(_general(kind.item))
    if isinstance(kind, (Dict, Object)):
        fields = tuple((name, _general(inner)) for name, inner in kind.fields)
        if isinstance(kind, Dict):
            return Dict(fields)
        return UNKNOWN if _is_transient(kind.cls) else Object(kind.cls, fields)
    return kind


def _is_transient(value: Any) -> bool:
    """Whether a function or class was made by a function: it may be made again and again."""
    return isinstance(value, (types.FunctionType, type)) and (
        "<locals>" in value.__qualname__ or value.__qualname__ == "<lambda>"
    )
