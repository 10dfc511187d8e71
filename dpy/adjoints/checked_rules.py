"""Rules with their cotangents checked: what ``dpy.settings(check_rules=True)`` switches on.

The registry is generous with what a rule returns: it sums over axes that were broadcast, converts
dtypes, drops imaginary parts. A rule with a mistake can so give a gradient of the right form. Here
every cotangent must fit its argument before the registry touches it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dpy.adjoints.rule import kept
from dpy.cotangent import forced, is_zero
from dpy.errors import AdjointError

if TYPE_CHECKING:
    from dpy.adjoints.registry import Rule

__all__ = ["check_forward", "check_partial"]


def check_forward(rule: Rule) -> Callable[..., Any]:
    """The forward of an ``@adjoint`` rule; its pullback checks what it returns."""
    forward = rule.forward
    assert forward is not None

    @functools.wraps(forward)
    def checked_forward(*args: Any, **kwargs: Any) -> Any:
        result = forward(*args, **kwargs)
        if not (isinstance(result, tuple) and len(result) == 2 and callable(result[1])):
            return result  # the registry reports it
        y, pullback = result
        slots = [(where, kept(x)) for where, x in rule.slots(args, kwargs)]

        def checked_pullback(*d: Any) -> Any:
            found = rule.check_cotangents(pullback(*d), len(slots))
            found = tuple(map(forced, found))
            # dpy's own rules leave all sums over broadcast axes to the registry.
            is_one = isinstance(d[0], np.ndarray) or _is_number(d[0])
            wide = np.shape(d[0]) if rule.primal_is_user and is_one else None
            for (where, x), d_x in zip(slots, found, strict=True):
                if where is not None and not is_zero(d_x):
                    _check(rule, where, d_x, x, wide)
            return found

        return y, checked_pullback

    return checked_forward


def check_partial(rule: Rule, partial: Callable[..., Any]) -> Callable[..., Any]:
    """A partial of an elementwise rule, which must have the form of the value."""

    @functools.wraps(partial)
    def checked_partial(*operands: Any) -> Any:
        found = partial(*operands)
        y = operands[-1]
        shape, wanted = np.shape(found), np.shape(y)
        is_mask = np.asarray(found).dtype.kind == "b"
        if not (_is_numeric(found) or is_mask) or not _broadcasts(shape, wanted):
            raise AdjointError(
                f"a partial of the rule for {rule.name} is {_described(found)}, "
                f"but the value is {_described(y)}",
                why="an elementwise partial has one number for each number of the value",
                repair="return a number or an array of the value's shape",
            )
        return found

    return checked_partial


def _check(rule: Rule, where: int | str, d: Any, x: Any, wide: tuple[int, ...] | None) -> None:
    """Raise unless `d` can be the cotangent of `x`.

    Axes that were broadcast may be left to the registry's sum: then `d` has the shape `wide` of
    the result's cotangent (None: any).
    """
    why = None
    if isinstance(x, np.ndarray) or _is_number(x):
        if not _is_numeric(d):
            why = "a cotangent is made of real or complex numbers"
        elif not _fits(np.shape(d), np.shape(x), wide):
            why = "a cotangent has the shape of its argument"
    elif isinstance(x, (tuple, list)):
        if isinstance(d, Mapping):
            if not all(isinstance(i, (int, np.integer)) and 0 <= i < len(x) for i in d):
                why = "its keys must be positions in the argument"
        elif isinstance(d, np.ndarray):
            if not _fits(d.shape, np.shape(x), wide):
                why = "a cotangent has the shape of its argument"
        elif not isinstance(d, (tuple, list)) or len(d) != len(x):
            why = "a cotangent of a sequence has one entry for each item"
        if why is None and not isinstance(d, np.ndarray):
            items = d.items() if isinstance(d, Mapping) else enumerate(d)
            for i, d_i in items:
                if not is_zero(d_i):
                    _check(rule, where, d_i, x[i], wide)
    elif x is None or isinstance(x, (str, bytes)):
        why = f"a {type(x).__name__} has no gradient"
    if why is not None:
        place = f"argument {where}" if isinstance(where, int) else f"argument {where!r}"
        raise AdjointError(
            f"the rule for {rule.name} returned {_described(d)} as the cotangent of {place}, "
            f"which is {_described(x)}",
            why=why,
            repair="correct the rule's pullback; use None where there is no gradient",
        )


def _fits(d: tuple[int, ...], x: tuple[int, ...], wide: tuple[int, ...] | None) -> bool:
    """The argument's shape, or one from or to which the registry broadcasts."""
    return _broadcasts(d, x) or ((wide is None or d == wide) and _broadcasts(x, d))


def _broadcasts(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, wanted) == wanted
    except ValueError:
        return False


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, complex, np.generic)) and not isinstance(x, np.character)


def _is_numeric(d: Any) -> bool:
    if isinstance(d, np.ndarray):
        return d.dtype.kind in "fciuO"
    if isinstance(d, (bool, np.bool_, str, bytes, Mapping, tuple, list)):
        return False
    return not isinstance(d, np.generic) or d.dtype.kind in "fciu"


def _described(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"an array of shape {x.shape} and dtype {x.dtype}"
    if isinstance(x, (tuple, list)):
        return f"a {type(x).__name__} of length {len(x)}"
    return f"a {type(x).__name__}"
