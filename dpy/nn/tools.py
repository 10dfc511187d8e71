"""What one may ask of a model: all its intermediate results, and the shape of its output."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.errors import ShapeError
from dpy.nn.chains import Chain
from dpy.nn.modes import modules
from dpy.nn.show import one_line

__all__ = ["activations", "outputsize"]


def activations(model: Any, x: Any) -> tuple[Any, ...]:
    """What each layer of a `Chain` gives, in order; of another model, its output alone.

    >>> activations(Chain(lambda x: x + 1, lambda x: 2 * x, lambda x: x**3), 1)
    (2, 4, 64)
    """
    if not isinstance(model, Chain):
        return (model(x),)
    found = []
    for layer in model.layers:
        x = layer(x)
        found.append(x)
    return tuple(found)


def outputsize(
    model: Any,
    *shapes: tuple[int, ...],
    padbatch: bool = False,
    dtype: Any = np.float32,
) -> Any:
    """The shape of what a model gives for inputs of these shapes; a tuple of them for several.

    The model is run on zeros, in test mode.

    Args:
        model: any callable.
        shapes: of its inputs.
        padbatch: put an axis of size 1, the batch, before each shape.
        dtype: of the inputs; integers for embeddings.

    Raises:
        ShapeError: a layer does not fit; the message names it.

    >>> from dpy.nn import Dense
    >>> outputsize(Chain(Dense(10, 4)), (10,), padbatch=True)
    (1, 4)
    """
    xs = [np.zeros((1, *shape) if padbatch else shape, dtype) for shape in shapes]
    layers = [m for m in modules(model) if hasattr(m, "active")]
    before = [layer.active for layer in layers]
    try:
        for layer in layers:
            layer.active = False
        return _shapes(_run(model, xs))
    finally:
        for layer, active in zip(layers, before, strict=True):
            layer.active = active


def _run(model: Any, xs: list[Any]) -> Any:
    """The output, layer by layer as long as it is a chain, so that an error can name the layer."""
    if isinstance(model, Chain) and len(xs) == 1:
        x = xs[0]
        for layer in model.layers:
            x = _run(layer, [x])
        return x
    try:
        return model(*xs)
    except (ShapeError, ValueError, TypeError, IndexError) as error:
        if isinstance(error, ShapeError):
            raise
        given = ", ".join(str(_shapes(x)) for x in xs)
        raise ShapeError(f"{one_line(model)} refused an input of shape {given}: {error}") from error


def _shapes(x: Any) -> Any:
    return tuple(map(_shapes, x)) if isinstance(x, tuple) else np.shape(x)
