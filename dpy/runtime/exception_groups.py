"""``except*`` and the methods of groups: exceptions move, and what they carry is their own.

A group of a user's class may have a ``derive``, and its parts are chosen by a user's function:
these calls are differentiated, and what C code does around them is done here.
"""

from __future__ import annotations

import sys
import types
from typing import Any

from dpy.cotangent import ZERO
from dpy.runtime.entries import entry, inert
from dpy.runtime.special_methods import user_method
from dpy.transform import exception_groups

__all__: list[str] = []

inert(*exception_groups.STEPS)


class _Calls:
    """The calls of the user's that one operation makes, and the way back over them."""

    def __init__(self, dispatch: Any) -> None:
        self._dispatch = dispatch
        self._pullbacks: list[Any] = []

    def __call__(self, f: Any, *args: Any) -> Any:
        y, pb = self._dispatch(f, args, {})
        if pb is not None:
            self._pullbacks.append(pb)
        return y

    def noted(self, y: Any, args: Any) -> tuple[Any, Any]:
        """The value of the operation with its pullback: exceptions have theirs by identity."""
        if not self._pullbacks:
            return y, None

        def calls_pullback(d: Any, acc: Any) -> Any:
            for pb in reversed(self._pullbacks):
                pb(ZERO, acc)
            return ZERO, (ZERO,) * len(args), {}

        return y, calls_pullback


@entry(exception_groups.split)
def split_by_clause(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """A clause of ``except*``."""
    calls = _Calls(dispatch)
    clauses, wanted = args
    return calls.noted(exception_groups.split(clauses, wanted, calls), args)


@entry(exception_groups.left)
def left(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """After the clauses of ``except*``."""
    calls = _Calls(dispatch)
    (clauses,) = args
    return calls.noted(exception_groups.left(clauses, calls), args)


@entry(BaseExceptionGroup.split)
def split(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``group.split(condition)``."""
    if kwargs or len(args) != 2:
        return None
    group, condition = args
    calls = _Calls(dispatch)
    return calls.noted(_parts(calls, group, condition, _wants(calls, condition)), args)


@entry(BaseExceptionGroup.subgroup)
def subgroup(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``group.subgroup(condition)``."""
    if kwargs or len(args) != 2:
        return None
    group, condition = args
    calls = _Calls(dispatch)
    wants = _wants(calls, condition)
    return calls.noted(_parts(calls, group, condition, wants, with_rest=False)[0], args)


def _wants(calls: _Calls, condition: Any) -> Any:
    """A function that tells whether an exception is meant; None if Python refuses `condition`."""
    classes = condition if type(condition) is tuple else (condition,)
    if all(isinstance(c, type) and issubclass(c, BaseException) for c in classes):
        return lambda error: any(c in type(error).__mro__ for c in classes)
    if getattr(condition, "__module__", None) == exception_groups.__name__:
        return condition
    if type(condition) is types.FunctionType or (
        sys.version_info >= (3, 13) and callable(condition) and not isinstance(condition, type)
    ):
        return lambda error: bool(calls(condition, error))
    return None


def _parts(
    calls: _Calls, group: Any, condition: Any, wants: Any, *, with_rest: bool = True
) -> tuple[Any, Any]:
    if wants is None:
        return BaseExceptionGroup.split(group, condition)  # which raises
    if wants(group):
        return group, None
    found: list[Any] = []
    others: list[Any] = []
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            first, second = _parts(calls, error, condition, wants, with_rest=with_rest)
            found += [] if first is None else [first]
            others += [] if second is None else [second]
        else:
            (found if wants(error) else others).append(error)
    part = _subset(calls, group, found)
    return part, _subset(calls, group, others) if with_rest else None


def _subset(calls: _Calls, group: Any, errors: list[Any]) -> Any:
    """A group like this one of some of its exceptions."""
    if not errors:
        return None
    if user_method(type(group), "derive") is None:
        part = group.derive(errors)
    else:
        part = calls(group.derive, errors)
    if not isinstance(part, BaseExceptionGroup):
        raise TypeError("derive must return an instance of BaseExceptionGroup")
    part.__traceback__ = group.__traceback__
    part.__context__ = group.__context__
    part.__cause__ = group.__cause__
    notes = getattr(group, "__notes__", None)
    if isinstance(notes, (list, tuple)):
        part.__notes__ = list(notes)
    return part
