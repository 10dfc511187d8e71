"""Which arrays of a model are trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from dpy.errors import DpyError
from dpy.functors.trees import children, is_array
from dpy.parameters import Params
from dpy.slots import Slots

__all__ = ["functor", "is_parameter", "params", "trainable", "trainables"]

_Class = TypeVar("_Class", bound=type)


@overload
def functor(cls: _Class, /) -> _Class: ...
@overload
def functor(
    *, fields: tuple[str, ...] | None = None, trainable: tuple[str, ...] | None = None
) -> Callable[[_Class], _Class]: ...
def functor(
    cls: Any = None,
    /,
    *,
    fields: tuple[str, ...] | None = None,
    trainable: tuple[str, ...] | None = None,
) -> Any:
    """A class decorator that says which fields are walked into and which are trained.

    No class needs it: without it, every field is walked into, and every array of real or complex
    numbers is trained.

    Args:
        cls: the class, where the decorator has no arguments.
        fields: the fields that `fmap`, `params` and the like see; sets ``cls.__children__``.
        trainable: the fields that hold what is trained; sets ``cls.__trainable__``.

    >>> import numpy as np
    >>> @functor(trainable=("weight",))
    ... class Scaled:
    ...     def __init__(self):
    ...         self.weight, self.mean = np.ones(2), np.zeros(2)
    >>> len(params(Scaled())), sorted(children(Scaled()))
    (1, ['mean', 'weight'])
    """

    def decorate(cls: Any) -> Any:
        if not isinstance(cls, type):
            raise DpyError(
                f"functor decorates a class, not {cls!r}",
                repair="write @functor, or @functor(fields=(...), trainable=(...))",
            )
        if fields is not None:
            cls.__children__ = _names(fields)  # type: ignore[attr-defined]
        if trainable is not None:
            cls.__trainable__ = _names(trainable)  # type: ignore[attr-defined]
        return cls

    return decorate if cls is None else decorate(cls)


def _names(names: Any) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def is_parameter(x: Any) -> bool:
    """Whether `x` is an array of real or complex numbers.

    >>> import numpy as np
    >>> is_parameter(np.ones(2)), is_parameter(np.arange(2)), is_parameter(1.0)
    (True, False, False)
    """
    return is_array(x) and x.dtype.kind in "fc"


def trainable(x: Any) -> Slots:
    """The children of `x` that are trained: all, or those in ``__trainable__``.

    A class names them in ``__trainable__``, a tuple or a property that gives one.

    >>> from types import SimpleNamespace
    >>> trainable(SimpleNamespace(a=1.0, b=[2.0]))
    {'a': 1.0, 'b': [2.0]}
    """
    slots = children(x) or {}
    names = getattr(type(x), "__trainable__", None)
    if isinstance(names, property):
        names = names.__get__(x)
    if names is None:
        return slots
    return {name: slots[name] for name in _names(names) if name in slots}


def trainables(model: Any, path: bool = False) -> list[Any]:
    """The arrays that are trained, each once, in the order of the fields.

    Args:
        model: any structure.
        path: give pairs of path and array; a path is the tuple of names, positions and keys that
            lead there.

    >>> import numpy as np
    >>> trainables({"a": np.ones(1), "b": (0, {"c": np.zeros(1)}, "text")}, path=True)
    [(('a',), array([1.])), (('b', 1, 'c'), array([0.]))]
    """
    found: list[tuple[tuple[Any, ...], Any]] = []
    _find(model, (), found, {})
    return found if path else [array for _, array in found]


def _find(x: Any, path: tuple[Any, ...], found: list[Any], seen: dict[int, Any]) -> None:
    if id(x) in seen:
        return
    if is_array(x):
        if is_parameter(x):
            seen[id(x)] = x
            found.append((path, x))
        return
    slots = trainable(x)
    if slots:
        seen[id(x)] = x
        for slot, value in slots.items():
            _find(value, (*path, slot), found, seen)


def params(*objects: Any) -> Params:
    """The arrays of all these that are trained, each once: what implicit gradients are taken for.

    >>> import numpy as np
    >>> W, b, x = np.ones((2, 2)), np.zeros(2), np.ones(2)
    >>> ps = params([W, {"b": b}], x, W)
    >>> [p is q for p, q in zip(ps, (W, b, x))], len(params(np.tanh))
    ([True, True, True], 0)
    """
    return Params(array for x in objects for array in trainables(x))
