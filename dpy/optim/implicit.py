"""Steps of arrays that are told apart by identity: ``update_(rule, params, grads)``."""

from __future__ import annotations

import weakref
from typing import Any

from dpy.errors import DpyError
from dpy.functors import is_array, is_parameter, trainables
from dpy.optim.states import Leaf, State, refuse_overlaps, setup
from dpy.optim.steps import steps, write
from dpy.parameters import Grads, Params

__all__ = ["is_implicit", "update_implicit"]


class _States:
    """The states that a rule keeps, by the identity of what they belong to.

    Copies of the rule begin with none: they are given other arrays.
    """

    def __init__(self) -> None:
        self.found: dict[int, tuple[Any, Any]] = {}

    def __reduce__(self) -> Any:
        return _States, ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _States)

    __hash__ = None  # type: ignore[assignment]

    def of(self, rule: Any, x: Any) -> Any:
        """The state for an array, or for an object that holds arrays."""
        known = self.found.get(id(x))
        if known is not None:
            return known[1]
        state = Leaf(rule, x) if is_array(x) else setup(rule, x)
        key, found = id(x), self.found
        try:
            held = weakref.ref(x, lambda _: found.pop(key, None))
        except TypeError:  # a class whose instances cannot be referred to weakly
            held = x
        found[key] = held, state
        return state


def is_implicit(state: Any) -> bool:
    """Whether this is a rule in the place of a state."""
    return not isinstance(state, (State, Leaf, tuple)) and hasattr(state, "apply")


def update_implicit(rule: Any, params: Any, grads: Any) -> None:
    """One step of `Params`, or of one array, in place; the rule keeps the states."""
    states = _states_of(rule)
    if not isinstance(params, Params):
        _step(states, rule, params, grads)
        return
    if not isinstance(grads, Grads):
        raise DpyError(
            f"the gradients of Params are Grads, not a {type(grads).__name__}",
            repair="give what dpy.gradient(f, params) returns",
        )
    if any(id(x) not in states.found for x in params):
        refuse_overlaps([a for x in params for a in trainables(x)])
    for x in params:
        _step(states, rule, x, grads.get(x))


def _states_of(rule: Any) -> _States:
    try:
        states: _States = rule.__dict__.setdefault("_states", _States())
    except AttributeError:
        raise DpyError(
            f"the rule {rule!r} cannot keep states",
            why="update_(rule, params, grads) keeps them in an attribute of the rule",
            repair="use setup(rule, model) and update_(state, model, grads)",
        ) from None
    return states


def _step(states: _States, rule: Any, x: Any, dx: Any) -> None:
    if dx is None:
        return
    if is_array(x) and not is_parameter(x):
        raise DpyError(
            f"an array of dtype {x.dtype} cannot be trained",
            why="a step would have to round each number",
            repair="make it an array of floats",
        )
    state = states.of(rule, x)
    if isinstance(state, Leaf):
        state.rule = rule  # whose rate may have been changed
    for leaf, array, d in steps(state, x, dx):
        leaf.rule = rule
        if write(leaf, array, d) is not None:
            raise DpyError(
                f"an array of shape {array.shape} cannot be written to",
                why="implicit steps are made in place",
                repair="give Params of arrays that can, or use setup and update",
            )
