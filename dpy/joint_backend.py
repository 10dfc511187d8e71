"""An experiment: gradients compiled by Numba, from the same IR as the Python back end.

`compile_joint` is not part of the public interface. It shows that the IR carries compiled code:
one joint function, primal then adjoint, whose saved values lie in typed arrays. It accepts
numbers, arrays written element by element, loops and branches, and refuses the rest with its line.
Errors are those of the primal in Python: bounds are checked, division by zero raises for Python's
floats, integers that leave 64 bits raise instead of wrapping around.
"""

from __future__ import annotations

import ast
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy import config
from dpy.adjoints import safe
from dpy.cotangent import (
    quotient_of_numbers,
    quotient_of_numbers_below,
    times,
    times_real,
)
from dpy.errors import DpyError, MutationError, UnsupportedSyntaxError
from dpy.kinds import kind_of
from dpy.records import replace
from dpy.specialise import Specialisation, forward_of
from dpy.transform import ir
from dpy.transform.adjoint import finish_loops, write_adjoint
from dpy.transform.joint import Compiled, Helper, Markers, write_joint
from dpy.transform.show import Namer, to_function_ast

__all__ = ["Joint", "compile_joint", "joint_source"]

_MATH = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp expm1 log log1p log2 log10 "
    "sqrt fabs erf erfc"
).split()
_MATH_2 = ("hypot", "atan2")
_NUMPY = "sin cos tan exp expm1 log log1p sqrt tanh sinh cosh arctan square".split()
_SAFE = {
    "divide": 2, "rsqrt": 1, "sign": 1, "square": 1, "power": 2, "less_one": 1, "base_log": 2,
    "divide_or_zero": 2, "atan2_partial": 2,
}  # fmt: skip

COMPILED: dict[Any, Compiled] = {
    **{getattr(math, name): Compiled(f"math_{name}") for name in _MATH},
    **{getattr(math, name): Compiled(f"math_{name}", 2) for name in _MATH_2},
    **{getattr(np, name): Compiled(f"np_{name}", 1, "numpy") for name in _NUMPY},
    **{
        getattr(safe, name): Compiled(f"safe_{name}", arity, "like")
        for name, arity in _SAFE.items()
    },
    quotient_of_numbers: Compiled("quotient", 2, "like"),
    quotient_of_numbers_below: Compiled("quotient_below", 3, "like"),
    times: Compiled("times", 2, "like"),
    times_real: Compiled("times", 2, "like"),
}


class Joint:
    """``joint(*args, seed=1.0)`` gives ``(f(*args), gradients)``; compiles at the first call."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self._variants: dict[Any, _Variant] = {}

    def __call__(self, *args: Any, seed: float = 1.0) -> tuple[float, tuple[Any, ...]]:
        """The value and the gradients, one for every argument, times `seed`."""
        return self.variant(args)(args, float(seed))

    def variant(self, args: tuple[Any, ...]) -> _Variant:
        """The compiled function for arguments of these kinds."""
        key = (tuple(map(kind_of, args)), config.current().strong_zero)
        found = self._variants.get(key)
        if found is None or not found.is_valid():
            found = self._variants[key] = _Variant(self.function, args)
        return found


def compile_joint(f: Callable[..., Any], /, *args: Any) -> Joint:
    """A compiled function of value and gradients of `f`, for arguments of the kinds of `args`.

    The arguments only tell the kinds: nothing runs on them. Numba compiles at the first call.
    """
    joint = Joint(f)
    joint.variant(args)
    return joint


def joint_source(f: Callable[..., Any], /, *args: Any) -> str:
    """The joint function as Python text."""
    tree = to_function_ast(_joint_ir(_analysed(f, args)))
    return ast.unparse(ast.fix_missing_locations(tree))


def _analysed(f: Any, args: tuple[Any, ...]) -> Specialisation:
    if not isinstance(f, types.FunctionType):
        raise UnsupportedSyntaxError(
            f"{f!r} cannot be a joint compiled function", why="it is not a Python function"
        )
    missing = f.__code__.co_argcount - len(args)
    if missing:
        raise TypeError(f"{f.__name__}() takes all its arguments by position: {missing} missing")
    return forward_of(f, args, {}, (True,) * len(args), (), protect=False)


def _joint_ir(found: Specialisation) -> ir.Function:
    assert found.facts is not None
    generated = write_adjoint(found.facts, Markers())
    generated = replace(generated, body=finish_loops(generated.body))
    return write_joint(found.facts, generated, COMPILED)


class _Variant:
    """One compiled function, for arguments of certain kinds."""

    def __init__(self, function: Any, args: tuple[Any, ...]) -> None:
        self._found = _analysed(function, args)
        joint = _joint_ir(self._found)
        facts = self._found.facts
        assert facts is not None
        self._arrays = [i for i, a in enumerate(args) if isinstance(a, np.ndarray)]
        names = [p.name for p in facts.function.params]
        self._written = [i for i in self._arrays if names[i] in facts.written]
        self.run = _compile(joint)

    def is_valid(self) -> bool:
        """Whether what the code was compiled from is unchanged."""
        return self._found.is_valid()

    def __call__(self, args: tuple[Any, ...], seed: float) -> Any:
        if self._written:
            self._check_memory(args)
        import numba

        try:
            return self.run(*args, seed)
        except numba.core.errors.NumbaError as error:
            reason = next((line for line in str(error).splitlines() if line.strip()), "")
            raise UnsupportedSyntaxError(
                f"{self._found.name} cannot be compiled by Numba",
                why=reason,
                repair="use the Python back end for this function",
            ) from error

    def _check_memory(self, args: tuple[Any, ...]) -> None:
        """Cotangents are kept by name, so what is written to must have one name only."""
        for i in self._written:
            a = args[i]
            if not a.flags.writeable:
                raise ValueError("assignment destination is read-only")
            if _overlaps_itself(a) or any(
                np.may_share_memory(a, args[j]) for j in self._arrays if j != i
            ):
                raise MutationError(
                    f"argument {i} of {self._found.name} is written to and shares its memory",
                    why="compiled code keeps the cotangents of arrays by name",
                    repair="pass a copy",
                )


def _overlaps_itself(a: np.ndarray[Any, Any]) -> bool:
    """Whether two places of an array may be the same memory."""
    extent = a.itemsize
    for stride, n in sorted((abs(s), n) for s, n in zip(a.strides, a.shape, strict=True) if n > 1):
        if stride < extent:
            return True
        extent = stride * (n - 1) + extent
    return False


# --- compiling ------------------------------------------------------------------------------------


class _Binder(Namer):
    """Binds known objects and compiled helpers in the namespace of the joint function."""

    def __init__(self, helpers: dict[str, Any]) -> None:
        self.helpers = helpers
        self.namespace: dict[str, Any] = {}

    def known(self, value: Any, name: str) -> ast.expr:
        bound = f"dpy_{name}"
        if isinstance(value, Helper):
            self.namespace[bound] = self.helpers[value.name]
        else:
            assert self.namespace.get(bound, value) is value
            self.namespace[bound] = value
        return ast.Name(bound, ast.Load())


def _compile(joint: ir.Function) -> Any:
    numba = _numba()
    binder = _Binder(_helpers(config.current().strong_zero))
    tree = to_function_ast(joint, binder)
    module = ast.fix_missing_locations(ast.Module([tree], []))
    exec(compile(module, joint.filename, "exec", dont_inherit=True), binder.namespace)
    plain = binder.namespace[tree.name]
    return numba.njit(error_model="python", boundscheck=True)(plain)


def _numba() -> Any:
    try:
        import numba
    except ImportError as error:
        raise DpyError(
            "the compiled back end needs Numba", repair="pip install 'dpy[numba]'"
        ) from error
    return numba


_made: dict[bool, dict[str, Any]] = {}


def _helpers(strong_zero: bool) -> dict[str, Any]:
    """The compiled functions by name, made at first use."""
    if strong_zero not in _made:
        from dpy.runtime.compiled import make_helpers

        _made[strong_zero] = make_helpers(strong_zero, _MATH, _MATH_2, _NUMPY)
    return _made[strong_zero]
