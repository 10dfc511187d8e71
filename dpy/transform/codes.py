"""Make code objects, compare them, and find out where in the text they come from."""

from __future__ import annotations

import threading
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

__all__ = ["all_codes", "compile_quietly", "extent", "same_code", "without_warnings"]

T = TypeVar("T")
_filters = threading.RLock()  # the filters of warnings belong to the whole process


def compile_quietly(text: Any, filename: str, flags: int = 0) -> Any:
    r"""`compile` a module without its warnings.

    What there is to say of the user's text was said when it was imported, and generated code may
    compare literals.

    >>> compile_quietly("'\\d' is not None", "<text>").co_consts[0]
    '\\d'
    """
    return without_warnings(compile, text, filename, "exec", flags=flags, dont_inherit=True)


def without_warnings(run: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """``run(*args, **kwargs)``; what it warns of is not shown.

    Not by ``warnings.catch_warnings``, whose end an interrupt may prevent. The version of the
    filters stays as it is, so that the program repeats no warning on this account.
    """
    with _filters:
        filters: Any = warnings.filters
        before = filters[:]
        try:
            filters[:] = [("ignore", None, Warning, None, 0), *before]
            return run(*args, **kwargs)
        finally:
            filters[:] = before


def extent(code: types.CodeType) -> tuple[Any, Any]:
    """First and last position of the code's instructions, its prologue left out."""
    starts, ends = [], []
    for line, end_line, column, end_column in code.co_positions():
        if line is None or column is None or (column, end_column) == (0, 0):
            continue
        starts.append((line, column))
        ends.append((end_line, end_column))
    return (min(starts), max(ends)) if starts else (None, None)


def all_codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code objects of all definitions inside, at any depth."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from all_codes(constant)


def same_code(a: types.CodeType, b: types.CodeType) -> bool:
    """Whether two code objects are the same program at the same line."""
    return (
        a.co_name == b.co_name
        and a.co_firstlineno == b.co_firstlineno
        and a.co_code == b.co_code
        and a.co_names == b.co_names
        and a.co_varnames == b.co_varnames
        and a.co_freevars == b.co_freevars
        and a.co_cellvars == b.co_cellvars
        and a.co_argcount == b.co_argcount
        and a.co_posonlyargcount == b.co_posonlyargcount
        and a.co_kwonlyargcount == b.co_kwonlyargcount
        and a.co_flags == b.co_flags
        and _same_constant(a.co_consts, b.co_consts)
    )


def _same_constant(a: Any, b: Any) -> bool:
    """Equality that tells 1 from 1.0 and True, and 0.0 from -0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, types.CodeType):
        return same_code(a, b)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(_same_constant, a, b))
    if isinstance(a, frozenset):
        return sorted(map(repr, a)) == sorted(map(repr, b))
    if isinstance(a, (float, complex)):
        return repr(a) == repr(b)
    return bool(a == b)
