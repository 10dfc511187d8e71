"""Layers that put others together: Chain, SkipConnection, Parallel, PairwiseFusion, Maxout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dpy.adjoints.registry import nondifferentiable
from dpy.errors import ShapeError
from dpy.nn.functional._kinds import gives
from dpy.nn.show import layer_repr

__all__ = ["Chain", "Maxout", "PairwiseFusion", "Parallel", "SkipConnection"]

Names = tuple[str, ...] | None


def _with_names(layers: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Names]:
    """What a constructor was given: layers by position, by name, as one list or as one dict."""
    if layers and named:
        raise TypeError("give all layers by name, or none")
    if len(layers) == 1 and isinstance(layers[0], dict):
        named, layers = layers[0], ()
    if named:
        return tuple(named.values()), tuple(named)
    if len(layers) == 1 and isinstance(layers[0], list):
        return layers[0], None
    return layers, None


def _labelled(layers: Any, names: Names) -> list[tuple[str, Any]]:
    return list(zip(names or [""] * len(layers), layers, strict=True))


class _Layers:
    """What the layers that hold a tuple or list of others share: access by position and name."""

    layers: Any
    names: Names

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            if self.names is None or key not in self.names:
                raise KeyError(key)
            return self.layers[self.names.index(key)]
        return self.layers[key]

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)

    def _parts(self) -> list[tuple[str, Any]]:
        return _labelled(self.layers, self.names)

    __repr__ = layer_repr


@dataclass(init=False, repr=False, eq=False)
class Chain(_Layers):
    """Calls each layer on what the one before gave: ``Chain(f, g)(x) == g(f(x))``.

    Any callable is a layer. Layers can have names, ``Chain(encoder=f, decoder=g)``, and be taken
    out by them or by position; a slice is a Chain. A list in place of several layers is kept as a
    list, for very long chains.

    >>> model = Chain(np.abs, np.sqrt)
    >>> model(-4.0), len(model), model[0]
    (np.float64(2.0), 2, <ufunc 'absolute'>)
    >>> Chain(first=np.abs, second=np.sqrt)["second"]
    <ufunc 'sqrt'>
    """

    layers: Any
    names: Names

    def __init__(self, *layers: Any, **named: Any) -> None:
        self.layers, self.names = _with_names(layers, named)

    def __call__(self, x: Any) -> Any:
        """What the last layer gives."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, slice):
            return super().__getitem__(key)
        part = Chain()
        part.layers = self.layers[key]
        part.names = None if self.names is None else self.names[key]
        return part


@dataclass(init=False, repr=False, eq=False)
class SkipConnection:
    """``connection(layer(x), x)``.

    >>> SkipConnection(np.sqrt, np.add)(4.0)
    np.float64(6.0)
    """

    layers: Any
    connection: Callable[..., Any]

    def __init__(self, layers: Any, connection: Callable[..., Any]) -> None:
        self.layers = layers
        self.connection = connection

    def __call__(self, x: Any) -> Any:
        """The connection of what the layer gives with its input."""
        return self.connection(self.layers(x), x)

    def _parts(self) -> list[tuple[str, Any]]:
        return [("", self.layers), ("", self.connection)]

    __repr__ = layer_repr


@dataclass(init=False, repr=False, eq=False)
class Parallel(_Layers):
    """``connection(f(x), g(x), ...)``; with as many inputs as layers, one to each.

    Several inputs are several arguments or one tuple. One layer with several inputs is called on
    each of them. A binary ufunc as connection takes the outputs two by two, from the left.

    Raises:
        ShapeError: (when called) the number of inputs is not that of the layers.

    >>> join = Parallel(np.add, np.square, np.sqrt)
    >>> join(4.0), join(3.0, 4.0)
    (np.float64(18.0), np.float64(11.0))
    """

    connection: Callable[..., Any]
    layers: Any
    names: Names

    def __init__(self, connection: Callable[..., Any], *layers: Any, **named: Any) -> None:
        self.connection = connection
        self.layers, self.names = _with_names(layers, named)

    def __call__(self, *xs: Any) -> Any:
        """The connection of all outputs."""
        if len(xs) == 1 and isinstance(xs[0], tuple):
            xs = xs[0]
        layers = self.layers
        if len(layers) == 1:
            layer = layers[0]
            return _connected(self.connection, [layer(x) for x in xs])
        if len(xs) == 1:
            x = xs[0]
            return _connected(self.connection, tuple([layer(x) for layer in layers]))
        if len(xs) != len(layers):
            raise _wrong_number(self, len(xs))
        return _connected(self.connection, [layer(x) for layer, x in zip(layers, xs, strict=False)])

    def _parts(self) -> list[tuple[str, Any]]:
        return [("", self.connection), *_labelled(self.layers, self.names)]


def _connected(connection: Callable[..., Any], outputs: Any) -> Any:
    if isinstance(connection, np.ufunc) and connection.nin == 2:  # a third argument would be `out`
        y: Any = None
        for z in outputs:
            y = z if y is None else connection(y, z)
        return y
    return connection(*outputs)


def _wrong_number(layer: Any, n: int) -> ShapeError:
    return ShapeError(
        f"{type(layer).__name__} with {len(layer.layers)} layers got {n} inputs",
        why="each layer takes one of them",
        repair="give as many inputs as there are layers, or one for all",
    )


nondifferentiable(_wrong_number, kind=gives(ShapeError))


@dataclass(init=False, repr=False, eq=False)
class PairwiseFusion(_Layers):
    """Each layer gets the connection of what the one before gave with an input of its own.

    With a tuple of inputs: ``y1 = f1(x1)``, ``y2 = f2(connection(y1, x2))`` and so on; with one
    input, that takes the place of all. The result is the tuple of all outputs.

    Raises:
        ShapeError: (when called) the number of inputs is not that of the layers.

    >>> PairwiseFusion(np.add, np.square, np.negative)((3.0, 4.0))
    (np.float64(9.0), np.float64(-13.0))
    """

    connection: Callable[..., Any]
    layers: Any
    names: Names

    def __init__(self, connection: Callable[..., Any], *layers: Any, **named: Any) -> None:
        self.connection = connection
        self.layers, self.names = _with_names(layers, named)

    def __call__(self, *inputs: Any) -> Any:
        """The outputs of all layers."""
        xs = inputs[0] if len(inputs) == 1 else inputs
        if isinstance(xs, tuple) and len(xs) != len(self.layers):
            raise _wrong_number(self, len(xs))
        outputs: list[Any] = []
        for i, layer in enumerate(self.layers):
            x = xs[i] if isinstance(xs, tuple) else xs
            outputs.append(layer(x if i == 0 else self.connection(outputs[i - 1], x)))
        return tuple(outputs)

    def _parts(self) -> list[tuple[str, Any]]:
        return [("", self.connection), *_labelled(self.layers, self.names)]


@dataclass(init=False, repr=False, eq=False)
class Maxout:
    """The greatest, item by item, of what several layers give (Goodfellow et al., 2013).

    ``Maxout(make, n)`` calls `make` `n` times for the layers.

    >>> Maxout(np.square, lambda x: 3 * x)(np.array([-2.0, -1.0, 0.0, 1.0, 2.0])).tolist()
    [4.0, 1.0, 0.0, 3.0, 6.0]
    """

    layers: Any

    def __init__(self, *layers: Any) -> None:
        if len(layers) == 2 and isinstance(layers[1], (int, np.integer)):
            layers = tuple(layers[0]() for _ in range(layers[1]))
        self.layers = layers

    def __call__(self, x: Any) -> Any:
        """The maximum."""
        y: Any = None
        for layer in self.layers:
            z = layer(x)
            y = z if y is None else np.maximum(y, z)
        return y

    def _parts(self) -> list[tuple[str, Any]]:
        return [("", layer) for layer in self.layers]

    __repr__ = layer_repr
