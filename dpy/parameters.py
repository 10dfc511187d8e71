"""Implicit parameters: a set of arrays and objects by identity, and their gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from dpy.errors import NotDifferentiableError
from dpy.slots import kind_of
from dpy.tangent import Tangent

__all__ = ["Grads", "Params"]


class Params:
    """An ordered set of arrays and mutable objects, told apart by identity alone.

    >>> W, b = np.ones((2, 2)), np.zeros(2)
    >>> ps = Params([W, b, W])
    >>> len(ps), W in ps, np.ones((2, 2)) in ps
    (2, True, False)
    """

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self._items: dict[int, Any] = {}
        if isinstance(items, np.ndarray):
            raise NotDifferentiableError(
                "Params takes a list of parameters, not an array",
                why="iterating over the array would give new objects, its rows",
                repair="write Params([W])",
            )
        for x in items:
            self.add(x)

    def add(self, x: Any) -> None:
        """Add one parameter; one that is there already keeps its place.

        Raises:
            NotDifferentiableError: `x` has no identity (a number, a tuple) or no gradient.
        """
        _check(x)
        self._items.setdefault(id(x), x)

    def discard(self, x: Any) -> None:
        """Remove `x` if it is there."""
        self._items.pop(id(x), None)

    def remove(self, x: Any) -> None:
        """Remove `x`.

        Raises:
            KeyError: `x` is not there.
        """
        if x not in self:
            raise KeyError(f"{_describe(x)} is not among the parameters")
        del self._items[id(x)]

    delete = remove

    def __reduce__(self) -> Any:
        return Params, (list(self),)  # copies have other identities

    def __contains__(self, x: object) -> bool:
        return id(x) in self._items

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._items.values()))

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, i: int) -> Any:
        return list(self._items.values())[i]

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same objects, in any order."""
        if not isinstance(other, Params):
            return NotImplemented
        return self._items.keys() == other._items.keys()

    __hash__ = None  # type: ignore[assignment]

    def union(self, *others: Iterable[Any]) -> Params:
        """The parameters of all, in order of first appearance."""
        result = Params(self)
        for other in others:
            for x in other:
                result.add(x)
        return result

    def intersection(self, *others: Iterable[Any]) -> Params:
        """The parameters that all have in common, in the order of this set."""
        common = [{id(x) for x in other} for other in others]
        return Params(x for x in self if all(id(x) in ids for ids in common))

    def difference(self, *others: Iterable[Any]) -> Params:
        """The parameters that are in none of the others."""
        excluded = {id(x) for other in others for x in other}
        return Params(x for x in self if id(x) not in excluded)

    def __or__(self, other: Params) -> Params:
        return self.union(other) if isinstance(other, Params) else NotImplemented

    def __and__(self, other: Params) -> Params:
        return self.intersection(other) if isinstance(other, Params) else NotImplemented

    def __sub__(self, other: Params) -> Params:
        return self.difference(other) if isinstance(other, Params) else NotImplemented

    def __repr__(self) -> str:
        return f"Params([{', '.join(map(_describe, self))}])"

    def to_vector(self) -> Any:
        """All numbers of all arrays, one after the other, in a new one-dimensional array.

        >>> Params([np.ones((1, 2)), np.zeros(1)]).to_vector()
        array([1., 1., 0.])
        """
        arrays = [_array(x).reshape(-1) for x in self]
        return np.concatenate(arrays) if arrays else np.zeros(0)

    def from_vector(self, vector: Any) -> None:
        """Write the numbers of `vector` into the arrays, in place; the reverse of `to_vector`."""
        vector = np.asarray(vector)
        size = sum(_array(x).size for x in self)
        if vector.shape != (size,):
            raise ValueError(f"{size} numbers are needed, the vector has shape {vector.shape}")
        start = 0
        for x in self:
            x[...] = vector[start : start + x.size].reshape(x.shape)
            start += x.size


class Grads:
    """The gradients of `Params`, found by the parameter itself: ``grads[W]``.

    >>> W = np.ones(2)
    >>> grads = Grads(Params([W]), [np.zeros(2)])
    >>> grads[W], W in grads, np.ones(2) in grads
    (array([0., 0.]), True, False)
    """

    __slots__ = ("_values", "params")

    def __init__(self, params: Params, values: Iterable[Any]) -> None:
        self.params = Params(params)
        self._values = dict(zip(self.params._items, values, strict=True))

    def __getitem__(self, x: Any) -> Any:
        try:
            return self._values[id(x)]
        except KeyError:
            raise KeyError(
                f"no gradient for {_describe(x)}: it is not one of the {len(self)} parameters "
                "(they are told apart by identity, not by value)"
            ) from None

    def __setitem__(self, x: Any, gradient: Any) -> None:
        self.params.add(x)
        self._values[id(x)] = gradient

    def get(self, x: Any, default: Any = None) -> Any:
        """The gradient of `x`, or `default` if `x` is not a parameter."""
        return self._values.get(id(x), default)

    def __reduce__(self) -> Any:
        return Grads, (self.params, self.values())

    def __contains__(self, x: object) -> bool:
        return id(x) in self._values

    def __iter__(self) -> Iterator[Any]:
        return iter(self.params)

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> Params:
        """The parameters."""
        return self.params

    def values(self) -> list[Any]:
        """The gradients, in the order of the parameters."""
        return [self._values[id(x)] for x in self.params]

    def items(self) -> list[tuple[Any, Any]]:
        """Pairs of parameter and gradient."""
        return [(x, self._values[id(x)]) for x in self.params]

    def map(self, function: Callable[[Any], Any]) -> Grads:
        """New gradients: `function` of each."""
        return Grads(self.params, [function(g) for g in self.values()])

    def merge(self, other: Grads) -> Grads:
        """The gradients of both; where both have one, the other's counts."""
        result = Grads(self.params, self.values())
        for x, g in other.items():
            result[x] = g
        return result

    __or__ = merge

    def __add__(self, other: Grads) -> Grads:
        """The sum; a parameter that only one has keeps its gradient."""
        if not isinstance(other, Grads):
            return NotImplemented
        result = Grads(self.params, self.values())
        for x, g in other.items():
            result[x] = (Tangent(g=result[x]) + Tangent(g=g)).g if x in result else g
        return result

    def __mul__(self, factor: Any) -> Grads:
        return self.map(lambda g: (Tangent(g=g) * factor).g)

    __rmul__ = __mul__

    def __repr__(self) -> str:
        inside = ", ".join(f"{_describe(x)}: {g!r}" for x, g in self.items())
        return f"Grads({{{inside}}})"

    def to_vector(self) -> Any:
        """All gradients of arrays, one after the other, as `Params.to_vector` orders them."""
        arrays = [_array(g).reshape(-1) for g in self.values()]
        return np.concatenate(arrays) if arrays else np.zeros(0)


def _check(x: Any) -> None:
    kind = kind_of(type(x))
    if isinstance(x, np.ndarray):
        if x.dtype.kind in "fciu":
            return
        why = f"an array of dtype {x.dtype} has no gradient"
    elif (kind.read is not None and not kind.is_by_value) or hasattr(x, "__cuda_array_interface__"):
        return
    else:
        why = "parameters are told apart by identity, and this value has none of its own"
    raise NotDifferentiableError(
        f"Params holds arrays and mutable objects, not {_describe(x)}",
        why=why,
        repair="keep the number in an array, or in an attribute of an object that is the parameter",
    )


def _array(x: Any) -> Any:
    if not hasattr(x, "reshape"):
        raise NotDifferentiableError(
            f"{_describe(x)} cannot be part of a vector of numbers",
            why="only arrays have a fixed number of entries",
            repair="use Params of arrays only",
        )
    return x


def _describe(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"array of shape {x.shape} and dtype {x.dtype}"
    if isinstance(x, (bool, int, float, complex, str)) or x is None:
        return f"{type(x).__name__} {x!r}"
    return f"{type(x).__name__} object"
