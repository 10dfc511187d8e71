"""The runtime's operations and tapes for ``dpy.settings(check_finite=True)``.

They do what those of the same names do, and check it (see `dpy.runtime.finiteness`).
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.errors import Place
from dpy.finite import Operation, is_finite
from dpy.runtime import operations
from dpy.runtime.dispatch import dispatch, has_own_way
from dpy.runtime.failures import user_place
from dpy.runtime.finiteness import (
    SIGNS,
    doubts_before,
    expect_finite,
    expect_finite_after,
    expect_finite_call,
    finite,
)
from dpy.runtime.opaque import is_of_library
from dpy.runtime.special_methods import user_method
from dpy.runtime.tape import Tape

__all__ = ["CheckedTape", "operate", "with_checks"]

_UPDATES = frozenset(f"i{name}" for name in SIGNS)
_NUMBERS = (float, int, complex, np.ndarray, np.generic)


def with_checks(f: Any) -> Any:
    """What generated code calls for a function of the user's that nothing is differentiated of."""
    return functools.partial(_run, f) if _is_users(f) else f


def _run(f: Any, /, *args: Any, **kwargs: Any) -> Any:
    return dispatch(f, args, kwargs, (False,) * len(args), (False,) * len(kwargs))[0]


def _is_users(f: Any) -> bool:
    """Whether a call of `f` runs Python code that is no library's."""
    if isinstance(f, types.MethodType):
        f = f.__func__
    while isinstance(f, functools.partial):
        f = f.func
    if isinstance(f, type):
        f = f.__init__  # type: ignore[misc]
    elif not isinstance(f, types.FunctionType):
        f = user_method(type(f), "__call__")
    if not isinstance(f, types.FunctionType) or is_of_library(f):
        return False
    return registry.lookup(f) is None and not has_own_way(f)


def _is_arithmetic(name: str, args: tuple[Any, ...]) -> bool:
    """Whether an operation computes with numbers: users' special methods check themselves."""
    known = name in SIGNS or name in _UPDATES
    return known and all(isinstance(x, _NUMBERS) for x in args)


def operate(name: str, active: tuple[bool, ...], /, *args: Any) -> tuple[Any, Any]:
    """The operation `name` of the IR."""
    if not _is_arithmetic(name, args):
        return operations.operate(name, active, *args)
    at = _operation(name, user_place())
    return _checked(at, name, args, lambda: operations.operate(name, active, *args))


def _operation(name: str, place: Place | None) -> Operation:
    sign = SIGNS.get(name) or SIGNS[name[1:]]
    return Operation(sign, place, "matmul" not in name)


def _checked(
    at: Operation, name: str, args: tuple[Any, ...], run: Callable[[], tuple[Any, Any]]
) -> tuple[Any, Any]:
    if name in _UPDATES:
        before = doubts_before(*args)
        y, pb = run()
        expect_finite_after(at, y, before)
    else:
        y, pb = run()
        expect_finite(at, y, *args)
    return y, None if pb is None else _checked_pullback(at, args, pb)


def _checked_pullback(at: Operation, args: tuple[Any, ...], pb: Any) -> Any:
    """Of numbers; the cotangents of arrays go to the accumulators, and are checked by rules."""
    if any(isinstance(x, np.ndarray) for x in args):
        return pb

    def checked(d: Any, acc: Any) -> Any:
        ds = pb(d, acc)
        for d_x in ds:
            finite(at, d_x, d, *args)
        return ds

    return checked


class CheckedTape(Tape):
    """A tape that checks what it notes."""

    __slots__ = ()

    def _place(self, keys: tuple[Any, ...]) -> Place:
        source = self.home.source
        line = keys[-1] if keys else source.code.co_firstlineno
        return Place(source.filename, line, function=source.code.co_qualname)

    def add(self, keys: tuple[Any, ...], a: Any, b: Any) -> tuple[Any, Any]:
        """``a + b``."""
        return self.operate("add", keys, a, b)

    def sub(self, keys: tuple[Any, ...], a: Any, b: Any) -> tuple[Any, Any]:
        """``a - b``."""
        return self.operate("sub", keys, a, b)

    def mul(self, keys: tuple[Any, ...], a: Any, b: Any) -> tuple[Any, Any]:
        """``a * b``."""
        return self.operate("mul", keys, a, b)

    def operate(self, name: str, keys: tuple[Any, ...], /, *args: Any) -> tuple[Any, Any]:
        """The value and key of the operation `name` of the IR."""
        if not _is_arithmetic(name, args):
            return super().operate(name, keys, *args)
        at = _operation(name, self._place(keys))
        y, pb = _checked(at, name, args, lambda: operations.OPERATIONS[name](*args))
        return (y, None) if pb is None else self.note((y, pb), keys)

    def call(
        self, active: tuple[bool, ...], keys: tuple[Any, ...], f: Any, /, *args: Any, **kwargs: Any
    ) -> tuple[Any, Any]:
        """``f(*args, **kwargs)``."""
        y, key = super().call(active, keys, f, *args, **kwargs)
        if not is_finite(y):
            expect_finite_call(None, y, f, *args, **kwargs)
        return y, key

    def call_spread(
        self, active: tuple[bool, ...], keys: tuple[Any, ...], layout: Any, f: Any, *operands: Any
    ) -> tuple[Any, Any]:
        """A call with ``*`` or ``**`` operands."""
        y, key = super().call_spread(active, keys, layout, f, *operands)
        if not is_finite(y):
            expect_finite_call(None, y, f, *operands)
        return y, key
