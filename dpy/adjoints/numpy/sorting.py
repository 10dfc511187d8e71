"""Rules for sorting: the gradient goes to the element that was put at each place."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import dtype_of
from dpy.adjoints.numpy.indexing import along_axis, scatter, scatter_along
from dpy.adjoints.numpy.joining import slots
from dpy.adjoints.registry import adjoint, nondifferentiable
from dpy.cotangent import is_zero

__all__ = ["moved_back", "origin"]

nondifferentiable(
    np.argsort,
    np.argpartition,
    np.lexsort,
    np.ndarray.argsort,
    np.ndarray.argpartition,
    np.generic.argsort,
)


# --- whole arrays -----------------------------------------------------------------------------


def origin(x: Any, y: Any, axis: int | None) -> Any:
    """For each element of `y`, a rearrangement of `x` along `axis`, its index in `x`.

    Both are sorted to find out: the element that NumPy's partition or unstable sort took among
    equal ones is unknown, and any assignment is a right one.

    >>> origin(np.array([3.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]), 0)
    array([1, 2, 0])
    """
    x = np.asarray(x)
    if axis is None:
        x, axis = x.ravel(), 0
    places = np.argsort(x, axis, kind="stable")
    ranks = np.argsort(np.argsort(y, axis, kind="stable"), axis, kind="stable")
    return np.take_along_axis(places, ranks, axis)


def moved_back(d_y: Any, places: Any, axis: int | None, shape: tuple[int, ...]) -> Any:
    """The cotangent of `x` from that of its rearrangement ``take_along_axis(x, places)``."""
    if axis is None:
        return moved_back(d_y, places, 0, d_y.shape).reshape(shape)
    d_x = np.empty_like(d_y)
    d_x[along_axis(places, axis, shape)] = d_y
    return d_x


@adjoint(np.sort, static=("axis", "kind", "order"), fresh=True)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """y = `a` in ascending order along `axis`."""
    shape = np.shape(a)
    places = np.argsort(a, axis, kind="stable", order=order)

    def sort_pullback(d_y: Any) -> Any:
        return (moved_back(d_y, places, axis, shape),)

    return np.sort(a, axis, kind, order, stable=stable), sort_pullback


@adjoint(np.partition, static=("kth", "axis", "kind", "order"), fresh=True)
def partition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None
) -> Any:
    """y = `a` rearranged so that the elements at `kth` are in their sorted places."""
    shape = np.shape(a)
    y = np.partition(a, kth, axis, kind, order)
    places = origin(a, y, axis)

    def partition_pullback(d_y: Any) -> Any:
        return (moved_back(d_y, places, axis, shape),)

    return y, partition_pullback


@adjoint(np.sort_complex, fresh=True)
def sort_complex(a: Any) -> Any:
    """y = `a` as complex numbers, by real part and then by imaginary part."""
    shape = np.shape(a)
    places = np.argsort(a, -1, kind="stable")

    def sort_complex_pullback(d_y: Any) -> Any:
        return (moved_back(d_y, places, -1, shape),)

    return np.sort_complex(a), sort_complex_pullback


# --- different elements -----------------------------------------------------------------------


@adjoint(
    np.unique,
    static=("return_index", "return_inverse", "return_counts", "axis"),
    fresh=True,
    kind="unknown",
)
def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    **options: Any,
) -> Any:
    """The different elements of `ar`; each gives its gradient to its first occurrence."""
    result = np.unique(ar, return_index, return_inverse, return_counts, axis, **options)
    is_single = not (return_index or return_inverse or return_counts)
    first = _first_occurrences(ar, result if is_single else result[0], axis, options)
    shape = np.shape(ar)
    dtype = dtype_of(ar)

    def unique_pullback(d_result: Any) -> Any:
        d_values = d_result if is_single else slots(d_result, 1)[0]
        if is_zero(d_values):
            return (None,)
        return (scatter_along(d_values, first, axis, "raise", shape, dtype),)

    return result, unique_pullback


def _first_occurrences(x: Any, values: Any, axis: int | None, options: dict[str, Any]) -> Any:
    """The indices in `x` of the unique `values`, which need not be sorted."""
    settings = {key: value for key, value in options.items() if key != "sorted"}
    in_order, first = np.unique(x, return_index=True, axis=axis, **settings)
    if axis is not None or np.array_equal(in_order, values, equal_nan=dtype_of(x).kind in "fc"):
        return first
    places = np.empty(len(first), first.dtype)
    places[np.argsort(values, kind="stable")] = first
    return places


@adjoint(np.unique_values, fresh=True, kind="unknown")
def unique_values(x: Any) -> Any:
    """The different elements of `x`."""
    values = np.unique_values(x)
    first = _first_occurrences(x, values, None, {"equal_nan": False})
    shape = np.shape(x)
    dtype = dtype_of(x)

    def unique_values_pullback(d_values: Any) -> Any:
        return (scatter(d_values, first, (int(np.prod(shape)),), dtype).reshape(shape),)

    return values, unique_values_pullback


def _register_unique(primal: Any) -> None:
    """The variants that return a named tuple whose first item holds the values."""

    @adjoint(primal, fresh=True, kind="unknown")
    def unique_variant(x: Any) -> Any:
        """The different elements of `x`, and more about them."""
        result = primal(x)
        first = _first_occurrences(x, result[0], None, {"equal_nan": False})
        shape = np.shape(x)
        dtype = dtype_of(x)

        def unique_variant_pullback(d_result: Any) -> Any:
            d_values = slots(d_result, 1, ("values",))[0]
            if is_zero(d_values):
                return (None,)
            return (scatter(d_values, first, (int(np.prod(shape)),), dtype).reshape(shape),)

        return result, unique_variant_pullback


for _primal in (np.unique_all, np.unique_counts, np.unique_inverse):
    _register_unique(_primal)
