"""What an optimisation rule is, and the fields that many have in common."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import numpy as np

from dpy.errors import DpyError

__all__ = ["GREEK", "Rule", "guarded", "real_filled", "replaced", "rule", "scalar"]

_Class = TypeVar("_Class", bound=type)

# Fields may be named by the letter that stands for them in formulas.
GREEK = {
    "η": "eta", "ρ": "rho", "β": "beta", "ϵ": "epsilon", "ε": "epsilon", "λ": "lam",
    "δ": "delta", "ω": "omega", "ℓ": "ell", "Γ": "gamma",
}  # fmt: skip


class Rule:
    """The base of dpy's rules, which have fields, a printed form and copies.

    A rule of your own needs no base class, only two methods: ``init(x)`` gives the first state for
    an array, and ``apply(state, x, dx)`` gives the next state and the step ``d``, which is
    subtracted from `x`; None makes no step. `apply` may write to the state, never to `x` or `dx`.
    """

    def init(self, x: Any) -> Any:
        """The state for an array that has not been trained yet."""
        return None

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """The next state, and what is to be subtracted from `x`."""
        raise NotImplementedError


@dataclass_transform()
def rule(cls: _Class) -> _Class:
    """Make a dataclass of a rule; its fields may be given in Greek, and `eta` is not negative."""
    made: Any = dataclasses.dataclass(cls)
    plain = made.__init__
    names = [field.name for field in dataclasses.fields(made)]

    @functools.wraps(plain)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        for letter in kwargs.keys() & GREEK.keys():
            kwargs[GREEK[letter]] = kwargs.pop(letter)
        plain(self, *args, **kwargs)
        if "eta" in names and not self.eta >= 0:
            raise DpyError(
                f"{made.__name__}: the learning rate is {self.eta}",
                why="a negative rate climbs instead of descending",
                repair="give eta >= 0",
            )

    made.__init__ = __init__
    return made


_scalars: dict[Any, dict[float, Any]] = {}
_MOST_SCALARS = 1000


def scalar(value: float, x: Any) -> Any:
    """`value` as an array without axes of the type of `x`.

    The product with `x` is the same, in a third of the time: NumPy converts a Python number anew in
    each operation, and for small arrays that takes longer than the products.

    >>> scalar(0.5, np.ones(2, np.float32)) * np.ones(2, np.float32)
    array([0.5, 0.5], dtype=float32)
    """
    try:
        return _scalars[x.dtype][value]
    except KeyError:
        return _new_scalar(value, x)


def _new_scalar(value: float, x: Any) -> Any:
    if type(x) is not np.ndarray or x.dtype.kind != "f":
        return value
    known = _scalars.setdefault(x.dtype, {})
    if len(known) >= _MOST_SCALARS:
        known.clear()
    new = np.array(value, x.dtype)
    new.flags.writeable = False
    known[value] = new
    return new


def guarded(epsilon: float, x: Any) -> Any:
    """`epsilon` for an array of the type of `x`: in float16, 1e-8 would be zero.

    >>> guarded(1e-8, np.ones(1)), guarded(1e-8, np.ones(1, np.float16))
    (1e-08, 1e-07)
    """
    return max(epsilon, 1e-7) if epsilon and x.dtype == np.float16 else epsilon


def real_filled(x: Any, value: float) -> Any:
    """An array like `x`, real even where `x` is complex: for squares of absolute values.

    >>> real_filled(np.ones(2, np.complex64), 0.0)
    array([0., 0.], dtype=float32)
    """
    return np.full_like(x, value, dtype=x.real.dtype)


def replaced(found: Any, fields: dict[str, Any]) -> Any:
    """A copy of a rule with other values in the fields that it has; others are ignored."""
    adjust: Callable[..., Any] | None = getattr(found, "adjusted", None)
    if adjust is not None:
        return adjust(fields)
    if not dataclasses.is_dataclass(found) or isinstance(found, type):
        return _replaced_attributes(found, fields)
    known = {field.name for field in dataclasses.fields(found)}
    return dataclasses.replace(found, **{k: v for k, v in fields.items() if k in known})


def _replaced_attributes(found: Any, fields: dict[str, Any]) -> Any:
    import copy

    own = {name: value for name, value in fields.items() if name in getattr(found, "__dict__", ())}
    if not own:
        return found
    new = copy.copy(found)
    for name, value in own.items():
        setattr(new, name, value)
    return new
