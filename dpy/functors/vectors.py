"""A model as one vector of numbers, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dpy.adjoints.registry import adjoint
from dpy.errors import DpyError
from dpy.functors.parts import trainables
from dpy.functors.trees import children, fmap, gradient_children, is_array

__all__ = ["Restructure", "destructure", "flatten"]


def destructure(model: Any) -> tuple[Any, Restructure]:
    """The numbers of all trained arrays in one vector, and a function that makes models of such.

    Tied arrays are in the vector once. Both directions are differentiable.

    >>> vector, rebuild = destructure({"a": np.ones(2), "b": [np.zeros((1, 1)), "text"]})
    >>> vector, rebuild(vector + 1)
    (array([1., 1., 0.]), {'a': array([2., 2.]), 'b': [array([[1.]]), 'text']})
    """
    return flatten(model), Restructure(model)


def flatten(model: Any) -> Any:
    """The numbers of all trained arrays, one after the other, in the type that holds them all.

    >>> flatten([np.ones(2), np.array([[3 + 4j]]), np.arange(5)])
    array([1.+0.j, 1.+0.j, 3.+4.j])
    """
    arrays = [array.reshape(-1) for array in trainables(model)]
    return np.concatenate(arrays) if arrays else np.zeros(0, np.float32)


class Restructure:
    """Makes models from vectors; what `destructure` returns beside the vector.

    >>> rebuild = Restructure([np.ones(2), np.zeros(1)])
    >>> rebuild(np.arange(3.0)), len(rebuild), rebuild
    ([array([0., 1.]), array([2.])], 3, Restructure(list, 3 numbers))
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._starts: dict[int, tuple[int, Any]] = {}
        size = 0
        for array in trainables(model):
            self._starts[id(array)] = (size, array)
            size += array.size
        self._size = size
        self._places = _places(model, self._starts, ())

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"Restructure({type(self.model).__name__}, {self._size} numbers)"

    def __reduce__(self) -> Any:
        return Restructure, (self.model,)  # copies have arrays of other identities

    def __call__(self, vector: Any) -> Any:
        """A model whose trained arrays hold these numbers, in their own shapes and types.

        Raises:
            DpyError: the vector is of another length.
        """
        return _restructured(self, vector)

    def gradient(self, grads: Any) -> Any:
        """The gradient of a model, as `dpy.gradient` gives it, in the order of the vector.

        >>> Restructure([np.ones(2), np.zeros(1)]).gradient([np.full(2, 3.0), None])
        array([3., 3., 0.])
        """
        dtypes = [array.dtype for _, array in self._starts.values()]
        d_vector = np.zeros(self._size, np.result_type(*dtypes) if dtypes else np.float32)
        _gather(grads, self._places, d_vector, set())
        return d_vector

    def _array(self, array: Any, vector: Any) -> Any:
        found = self._starts.get(id(array))
        if found is None:
            return array
        part = vector[found[0] : found[0] + array.size].reshape(array.shape)
        if part.dtype.kind == "c" and array.dtype.kind != "c":
            part = part.real
        return part.astype(array.dtype)  # a copy


def _places(x: Any, starts: dict[int, tuple[int, Any]], above: tuple[int, ...]) -> Any:
    """A tree of dicts like `x`, down to where the numbers of each array start in the vector."""
    if is_array(x):
        return starts[id(x)][0] if id(x) in starts else None
    if id(x) in above:
        return None
    above = (*above, id(x))
    found = {slot: _places(v, starts, above) for slot, v in (children(x) or {}).items()}
    return {slot: place for slot, place in found.items() if place is not None} or None


def _restructured(rebuild: Restructure, vector: Any) -> Any:
    if getattr(vector, "shape", None) != (len(rebuild),):
        shape = getattr(vector, "shape", None)
        raise DpyError(
            f"this model has {len(rebuild)} trained numbers, the vector has shape {shape}",
            why="each number of the vector has its place in the model",
            repair="give a vector of the length of the one that destructure returned",
        )
    return fmap(lambda array: rebuild._array(array, vector), rebuild.model)


@adjoint(flatten, fresh=True)
def _flatten_rule(model: Any) -> tuple[Any, Any]:
    """Each array gets its part of the vector's cotangent, at the first place where it stands."""
    plan = []  # of paths, because the pullback may be given another copy of the model
    start = 0
    for path, array in trainables(model, path=True):
        plan.append((path, start, array.shape))
        start += array.size

    def flatten_pullback(d_vector: Any) -> tuple[Any]:
        d_model: Any = None
        for path, start, shape in plan:
            part = d_vector[start : start + math.prod(shape)].reshape(shape)
            d_model = _with(d_model, path, part)
        return (d_model,)

    return flatten(model), flatten_pullback


def _with(d: Any, path: tuple[Any, ...], part: Any) -> Any:
    """The cotangent `d` with this part at the end of the path."""
    if not path:
        return part
    d = {} if d is None else d
    d[path[0]] = _with(d.get(path[0]), path[1:], part)
    return d


@adjoint(_restructured, fresh=True)
def _restructured_rule(rebuild: Restructure, vector: Any) -> tuple[Any, Any]:
    """The vector's cotangent is gathered from those of the arrays, wherever they stand."""
    model = _restructured(rebuild, vector)
    places = rebuild._places

    def restructured_pullback(d_model: Any) -> tuple[None, Any]:
        d_vector = np.zeros(vector.shape, vector.dtype)
        _gather(d_model, places, d_vector)
        return None, d_vector

    return model, restructured_pullback


def _gather(d: Any, places: Any, d_vector: Any, filled: set[int] | None = None) -> None:
    """Add what arrived at each place: of arrays that are tied, at any of theirs.

    With `filled`, only the first place of each counts: there the gradient is the whole one.
    """
    if d is None or places is None:
        return
    if isinstance(places, int):
        if not d.size:  # it starts where another array does
            return
        if filled is None or places not in filled:
            d_vector[places : places + d.size] += d.reshape(-1)
        if filled is not None:
            filled.add(places)
        return
    slots = gradient_children(d)
    if "__self__" in places and "__self__" not in slots:
        slots["__self__"] = d  # the gradient of a method shows the fields of its object
    for slot, inner in places.items():
        _gather(slots.get(slot), inner, d_vector, filled)
