"""One step of an optimiser: of a whole model at once, in place or into a new one."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np

from dpy.errors import DpyError
from dpy.functors import children, fmap, gradient_children
from dpy.optim.implicit import is_implicit, update_implicit
from dpy.optim.reading import read
from dpy.optim.states import Leaf
from dpy.optim.steps import minus, moved, steps, write

__all__ = ["update", "update_"]


def update(
    state: Any, model: Any, grads: Any, *, fields: Iterable[Any] | None = None
) -> tuple[Any, Any]:
    """A new state and a new model, one step on; the arguments stay as they are.

    Args:
        state: what `setup` or the last step returned.
        model: the model.
        grads: its gradient, as `dpy.gradient` gives it. An array whose gradient is None is not
            moved, nor is its state.
        fields: the fields (or keys, or places) of the model that take part; None: all of them.

    Raises:
        DpyError: state, model and gradient do not fit together, or there is no such field.

    >>> import numpy as np
    >>> from dpy.optim import Descent, setup
    >>> model = {"x": np.array([1.0, 2.0]), "f": np.tanh}
    >>> state = setup(Descent(0.1), model)
    >>> state, new = update(state, model, {"x": np.ones(2), "f": None})
    >>> new["x"], model["x"]
    (array([0.9, 1.9]), array([1., 2.]))
    """
    grads = _only(fields, model, grads)
    if state != ():
        state = copy.copy(state)
    found: dict[int, Any] = {}
    for leaf, x, dx in steps(state, model, grads):
        new = moved(leaf, x, dx)
        if new is not None:
            found[id(x)] = new
    return state, fmap(lambda x: found[id(x)] if id(x) in found else x.copy(), model)


def update_(
    state: Any, model: Any, grads: Any, *, fields: Iterable[Any] | None = None
) -> tuple[Any, Any]:
    """One step in place: the arrays of the model are written to. Returns the state and the model.

    The arguments are those of `update`. Arrays that cannot be written to are replaced, in a model
    that is made anew: so go on with the model that is returned.

    The implicit form is ``update_(rule, params, grads)`` with `Params` and `Grads`, or with one
    array and its gradient; the rule itself then keeps a state for each array.

    >>> import numpy as np
    >>> from dpy.optim import Descent, Momentum, setup
    >>> model = [np.array([1.0, 2.0])]
    >>> state, model = update_(setup(Momentum(), model), model, [np.ones(2)])
    >>> model
    [array([0.99, 1.99])]
    >>> x = np.array([1.0])
    >>> rule, x = update_(Descent(0.5), x, np.array([1.0]))
    >>> x
    array([0.5])
    """
    grads = _only(fields, model, grads)
    if is_implicit(state):
        update_implicit(state, model, grads)
        return state, model
    replaced: dict[int, Any] = {}
    found = read(state, model, grads)
    if found is not None:
        _step_all(*found, replaced)
    else:
        for leaf, x, dx in steps(state, model, grads):
            new = write(leaf, x, dx)
            if new is not None:
                replaced[id(x)] = new
    if replaced:
        model = fmap(lambda x: replaced.get(id(x), x), model)
    return state, model


def _only(fields: Iterable[Any] | None, model: Any, grads: Any) -> Any:
    """The gradients of some fields: what has none is left alone."""
    if fields is None:
        return grads
    known = children(model) or {}
    names = getattr(model, "_fields", ())  # a named tuple has its items by number
    wanted = [names.index(name) if name in names else name for name in fields]
    for name in wanted:
        if name not in known:
            raise DpyError(
                f"a {type(model).__name__} has no field {name!r} to be updated",
                repair=f"name some of these: {', '.join(map(repr, known))}",
            )
    found = gradient_children(grads, model)
    return {name: found.get(name) for name in wanted}


def _step_all(leaves: list[Leaf], xs: Any, ds: Any, replaced: dict[int, Any]) -> None:
    """What `write` does for each array, where nothing can be amiss."""
    subtract = np.subtract
    for leaf, x, dx in zip(leaves, xs, ds, strict=True):
        if leaf.frozen:
            continue
        leaf.state, d = leaf.apply(leaf.state, x, dx)
        if d is None:
            continue
        try:
            subtract(x, d, x)
        except ValueError:
            if x.flags.writeable:
                raise
            replaced[id(x)] = minus(x, d)
