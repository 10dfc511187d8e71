"""The step of one array, and which arrays of a model get one."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from dpy.cotangent import project
from dpy.errors import DpyError
from dpy.functors import children, gradient_children, is_array
from dpy.optim.states import Leaf, State

__all__ = ["Step", "minus", "moved", "steps", "write"]

Step = tuple[Leaf, Any, Any]

_PLAIN = frozenset((list, tuple, dict))
_attribute = object.__getattribute__


# --- one array ------------------------------------------------------------------------------------


def write(leaf: Leaf, x: Any, dx: Any) -> Any:
    """Move `x` in place; where it cannot be written to, return the array that comes after it."""
    if type(dx) is not np.ndarray or dx.dtype is not x.dtype or dx.shape != leaf.shape:
        dx = _fitting(dx, x)
    if leaf.step is not None:
        leaf.state, new = leaf.step(leaf.state, x, dx)
        if new is None or not x.flags.writeable:
            return new
        x[...] = new
        return None
    leaf.state, d = leaf.apply(leaf.state, x, dx)
    if d is None:
        return None
    try:
        np.subtract(x, d, x)
    except ValueError:
        if x.flags.writeable:
            raise
        return minus(x, d)
    return None


def moved(leaf: Leaf, x: Any, dx: Any) -> Any:
    """The array that comes after `x`, which stays as it is; None where there is no step."""
    dx = _fitting(dx, x)
    if leaf.step is not None:
        leaf.state, new = leaf.step(leaf.state, x, dx)
        return new
    leaf.state, d = leaf.apply(leaf.state, x, dx)
    return None if d is None else minus(x, d)


def minus(x: Any, d: Any) -> Any:
    """The difference, in shape and type of `x`."""
    new = np.subtract(x, d)
    if type(new) is np.ndarray and new.dtype == x.dtype and new.shape == x.shape:
        return new
    new = x.copy()
    np.subtract(x, d, new)
    return new


def _fitting(dx: Any, x: Any) -> Any:
    """The gradient in the shape and type of `x`; a number counts for each element."""
    if isinstance(dx, numbers.Number):
        return np.full_like(x, dx)
    if not is_array(dx):
        raise DpyError(
            f"an array of shape {x.shape} got a {type(dx).__name__} for its gradient",
            why="the gradient has the structure of the model",
            repair="dpy.gradient returns a tuple, one for each argument: give gradient(...)[0]",
        )
    if dx.shape != x.shape:
        raise DpyError(
            f"an array of shape {x.shape} got a gradient of shape {dx.shape}",
            why="each number of the array is moved by the one at its place in the gradient",
            repair="give the gradient that dpy.gradient returns for this model",
        )
    return project(dx, x)


# --- the arrays of a model ------------------------------------------------------------------------


def steps(state: Any, model: Any, grads: Any) -> list[Step]:
    """Leaf, array and gradient of all arrays that are to be moved, each array once.

    Where an array stands at several places, the gradient at each of them is the whole one, as
    `dpy.gradient` has it; or None.
    """
    found: list[Step] = []
    if isinstance(state, State):
        _walk(state, model, grads, found, {})
    elif state != ():
        _reach(state, model, grads, found, {})
    return found


def _walk(node: State, x: Any, dx: Any, found: list[Step], tied: dict[int, Step]) -> None:
    xs = x if type(x) in _PLAIN else _parts(x, node)
    if type(xs) is not dict and len(xs) != len(node):
        raise _misfit(f"a {type(x).__name__} has {len(xs)} parts, and had {len(node)}")
    if dx is None:
        return
    ds = dx if type(dx) in _PLAIN else _gradient_parts(dx, x, node)
    if type(ds) is not type(xs):
        ds = gradient_children(dx, x)
    lacking = 0
    for slot, inner in node._live_:
        try:
            x_i = xs[slot]
        except (LookupError, TypeError):
            raise _misfit(f"the model has no part {slot!r} in its {type(x).__name__}") from None
        try:
            d_i = ds[slot]
        except LookupError:
            lacking += 1
            continue
        if type(inner) is State:
            _walk(inner, x_i, d_i, found, tied)
        elif d_i is not None and not inner.frozen:
            if type(x_i) is np.ndarray and x_i.shape == inner.shape and not inner.is_tied:
                found.append((inner, x_i, d_i))
            else:
                _reach(inner, x_i, d_i, found, tied)
    if lacking and lacking == len(node._live_) and len(ds):
        raise DpyError(
            f"the gradient of a {type(x).__name__} is a {type(dx).__name__} with none of its parts",
            why="the gradient has the structure of the model",
            repair="dpy.gradient returns a tuple, one for each argument: give gradient(...)[0]",
        )


def _reach(leaf: Any, x: Any, dx: Any, found: list[Step], tied: dict[int, Step]) -> None:
    """Note the step of one array."""
    if type(leaf) is not Leaf:
        raise _misfit(f"a {type(leaf).__name__} is no state: give what setup returned")
    if not is_array(x) or x.shape != leaf.shape:
        shown = f"of shape {x.shape}" if is_array(x) else f"a {type(x).__name__}"
        raise _misfit(f"an array of shape {leaf.shape} is {shown} now")
    if dx is None or leaf.frozen:
        return
    if leaf.is_tied:
        known = tied.get(id(leaf))
        if known is not None:
            _agree(known, x, dx)
            return
        tied[id(leaf)] = leaf, x, dx
    found.append((leaf, x, dx))


def _agree(known: Step, x: Any, dx: Any) -> None:
    if x is not known[1]:
        raise _misfit("an array that stood at two places is another one at each of them now")
    if dx is not known[2] and not np.array_equal(dx, known[2], equal_nan=True):
        raise DpyError(
            f"a tied array of shape {x.shape} has two different gradients",
            why="at each place where an array stands its gradient is the whole one, not a share",
            repair="give the sum at one of the places, and None at the others",
        )


def _parts(x: Any, node: State) -> Any:
    """What `x` holds, by the slots of the state."""
    try:
        held = _attribute(x, "__dict__")
        if node._live_[0][0] in held and node._live_[-1][0] in held:  # not those of a base class
            return held
    except AttributeError:
        pass
    return children(x) or {}


def _gradient_parts(dx: Any, x: Any, node: State) -> Any:
    try:
        held = _attribute(dx, "__dict__")
        if node._live_[0][0] in held:
            return held
    except AttributeError:
        pass
    return gradient_children(dx, x)


def _misfit(what: str) -> DpyError:
    return DpyError(
        f"the state of the optimiser is not that of this model: {what}",
        why="the state has one leaf for each array that the model held at setup",
        repair="call setup again when layers or parameters are exchanged",
    )
