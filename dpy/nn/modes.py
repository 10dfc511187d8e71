"""Training and test mode of layers that behave otherwise in training.

Such layers have a field `active`: True, False, or None for automatic, which is training mode while
a run is being differentiated (`dpy.within_gradient`) and test mode otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from dpy.adjoints.registry import nondifferentiable
from dpy.api import within_gradient
from dpy.functors import children, is_array
from dpy.nn.functional._kinds import gives

__all__ = ["is_training", "modules", "testmode", "trainmode"]

T = TypeVar("T")


def is_training(layer: Any) -> bool:
    """Whether a layer with a field `active` is to behave as in training."""
    active = layer.active
    return bool(within_gradient() if active is None else active)


nondifferentiable(is_training, kind=gives(bool))


def testmode(model: T, mode: bool | str | None = True) -> T:
    """Put all layers of a model in test mode, in place; returns the model.

    Args:
        model: any structure.
        mode: False for training mode, "auto" or None to switch automatically.

    >>> from dpy.nn import Chain, Dropout
    >>> model = testmode(Chain(Dropout(0.5)))
    >>> model[0].active
    False
    """
    if mode not in (True, False, None, "auto"):
        raise ValueError(f"mode is True, False or 'auto', not {mode!r}")
    active = None if mode in (None, "auto") else not mode
    for module in modules(model):
        if "active" in (children(module) or {}):
            module.active = active
    return model


def trainmode(model: T, mode: bool | str | None = True) -> T:
    """Put all layers of a model in training mode, in place; see `testmode`.

    >>> from dpy.nn import Dropout
    >>> trainmode(Dropout(0.5)).active
    True
    """
    return testmode(model, mode if mode in (None, "auto") else not mode)


testmode.__test__ = False  # type: ignore[attr-defined]  # no test, whatever pytest thinks


def modules(model: Any) -> Iterator[Any]:
    """The model and all that it holds which holds something itself, each once, the outer first.

    >>> from dpy.nn import Chain, Dense
    >>> [type(m).__name__ for m in modules(Chain(Dense(2, 3), Chain(Dense(3, 1))))]
    ['Chain', 'tuple', 'Dense', 'Chain', 'tuple', 'Dense']
    """
    seen: dict[int, Any] = {}
    stack = [model]
    while stack:
        x = stack.pop()
        if id(x) in seen or is_array(x):
            continue
        slots = children(x)
        if slots is None or not slots:
            continue
        seen[id(x)] = x
        yield x
        stack.extend(reversed(list(slots.values())))
