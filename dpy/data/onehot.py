"""Labels as arrays of zeros with a one at the place of the class, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.errors import DpyError

__all__ = ["OneHotArray", "onecold", "onehot", "onehotbatch"]


def onehot(label: Any, classes: Any, default: Any = None) -> Any:
    """A vector of bools, true at the place of the label among the classes.

    Args:
        label: one of the classes.
        classes: all classes, in order.
        default: the class that is taken for an unknown label.

    Raises:
        DpyError: the label is unknown and there is no default.

    >>> onehot("b", "abc")
    array([False,  True, False])
    """
    classes = list(classes)
    vector = np.zeros(len(classes), bool)
    vector[_place(label, _places(classes), classes, default)] = True
    return vector


def onehotbatch(labels: Any, classes: Any, default: Any = None, lazy: bool = False) -> Any:
    """One row for each label: an array of bools of the shape of `labels`, and one axis more.

    Args:
        labels: an array or list of labels.
        classes: all classes, in order.
        default: the class that is taken for an unknown label.
        lazy: give a `OneHotArray`, which holds whole numbers only: for many classes.

    Raises:
        DpyError: a label is unknown and there is no default.

    >>> onehotbatch(["b", "a"], "abc").astype(int)
    array([[0, 1, 0], [1, 0, 0]])
    """
    classes = list(classes)
    found = OneHotArray(_indices(labels, classes, default), len(classes))
    return found if lazy else np.asarray(found)


def onecold(y: Any, classes: Any = None, axis: int = -1) -> Any:
    """The class with the greatest entry along an axis; its position, if `classes` is None.

    Of equal entries the first counts.

    >>> onecold(np.array([0.3, 0.2, 0.5]), "abc"), onecold(np.eye(3))
    ('c', array([0, 1, 2]))
    """
    indices = y.indices if isinstance(y, OneHotArray) and axis == -1 else np.argmax(y, axis=axis)
    if classes is None:
        return indices
    classes = list(classes)
    if np.ndim(indices) == 0:
        return classes[int(indices)]
    return np.asarray(classes)[indices]


def _indices(labels: Any, classes: list[Any], default: Any) -> Any:
    if isinstance(labels, str):
        labels = list(labels)
    labels = np.asarray(labels)
    places = _places(classes)
    flat = [_place(label, places, classes, default) for label in labels.reshape(-1).tolist()]
    return np.array(flat, dtype=np.intp).reshape(labels.shape)


def _places(classes: list[Any]) -> dict[Any, int]:
    if len(set(classes)) != len(classes):
        raise DpyError(f"a class stands twice in {classes!r}")
    return {label: i for i, label in enumerate(classes)}


def _place(label: Any, places: dict[Any, int], classes: list[Any], default: Any) -> int:
    found = places.get(label)
    if found is None and default is not None:
        found = places.get(default)
    if found is None:
        raise DpyError(
            f"{label!r} is none of the {len(classes)} classes {_shown(classes)}",
            repair="give all classes, or default= the class for labels that are none of them",
        )
    return found


def _shown(classes: list[Any]) -> str:
    return repr(classes) if len(classes) <= 10 else f"{classes[:10]!r}..."


class OneHotArray(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of bools with one true entry along its last axis, of which the places are held.

    ``onehot @ W`` selects rows of `W`, ``W @ onehot.T`` columns; everything else sees the array.

    >>> y = OneHotArray(np.array([2, 0]), 3)
    >>> y.shape, y @ np.array([[1.0], [2.0], [3.0]]), (y * 2).tolist()
    ((2, 3), array([[3.], [1.]]), [[0, 0, 2], [2, 0, 0]])
    """

    def __init__(self, indices: Any, classes: int, transposed: bool = False) -> None:
        self.indices = np.asarray(indices, dtype=np.intp)
        self.classes = classes
        self.transposed = transposed
        if self.indices.size and not 0 <= self.indices.min() <= self.indices.max() < classes:
            raise DpyError(f"places of ones outside of {classes} classes")

    @property
    def shape(self) -> tuple[int, ...]:
        """As of the array."""
        shape = (*self.indices.shape, self.classes)
        return shape[::-1] if self.transposed else shape

    @property
    def ndim(self) -> int:
        """As of the array."""
        return self.indices.ndim + 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """Bool."""
        return np.dtype(bool)

    @property
    def T(self) -> OneHotArray:  # noqa: N802 - the name that arrays have
        """The transposed array; of more than two axes there is none."""
        if self.indices.ndim != 1:
            raise DpyError(f"a one-hot array of shape {self.shape} is not transposed lazily")
        return OneHotArray(self.indices, self.classes, not self.transposed)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        if self.transposed or isinstance(index, tuple) or index is None:
            return np.asarray(self)[index]
        return OneHotArray(self.indices[index], self.classes)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        whole = np.zeros((*self.indices.shape, self.classes), bool if dtype is None else dtype)
        np.put_along_axis(whole, self.indices[..., None], True, -1)
        return whole.T if self.transposed else whole

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc is np.matmul and method == "__call__" and not kwargs:
            a, b = inputs
            return a.__matmul__(b) if isinstance(a, OneHotArray) else b.__rmatmul__(a)
        plain = [np.asarray(x) if isinstance(x, OneHotArray) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **kwargs)

    def __matmul__(self, other: Any) -> Any:
        if self.transposed or np.ndim(other) > 2:
            return np.asarray(self) @ other
        self._check(other, 0)
        return other[self.indices]

    def __rmatmul__(self, other: Any) -> Any:
        if not self.transposed:
            return other @ np.asarray(self)
        self._check(other, -1)
        return other[..., self.indices]

    def _check(self, other: Any, axis: int) -> None:
        if np.shape(other)[axis] != self.classes:
            raise DpyError(
                f"a one-hot array of {self.classes} classes and a factor of shape {np.shape(other)}"
            )

    def __repr__(self) -> str:
        return f"OneHotArray({self.indices!r}, {self.classes})"
