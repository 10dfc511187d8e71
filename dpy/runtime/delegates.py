"""What C code is given in place of the user's objects, where it calls special methods of theirs.

``xs.count(box)`` compares in C, ``"%s" % box`` asks for a text in C. There a stand-in of each value
has the same special methods: they call those of the value, differentiated, and note the way back.
The result carries no derivative; what the methods write counts.
"""

from __future__ import annotations

import operator
import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from dpy.cotangent import ZERO, add
from dpy.errors import NotDifferentiableError
from dpy.runtime.attempts import Thrown, interrupted, state
from dpy.runtime.conversions import COMMON
from dpy.runtime.dispatch import dispatch
from dpy.runtime.item_cotangents import is_null
from dpy.runtime.special_methods import implements

__all__ = ["StandIns", "value_of"]

# Special methods that builtins stand for.
_ALWAYS: dict[str, Any] = {
    "__eq__": operator.eq, "__ne__": operator.ne, "__lt__": operator.lt, "__le__": operator.le,
    "__gt__": operator.gt, "__ge__": operator.ge, "__str__": str, "__repr__": repr,
    "__format__": format,
}  # fmt: skip
_IF_THERE: dict[str, Any] = {
    "__bool__": bool, "__len__": len, "__hash__": hash, "__index__": operator.index, "__int__": int,
    "__float__": float, "__complex__": complex, "__getitem__": operator.getitem,
}  # fmt: skip


class StandIns:
    """Stand-ins for a number of values, and the way back through the methods that were called.

    >>> from fractions import Fraction
    >>> made = StandIns()
    >>> a, b = made.of(Fraction(1, 2)), made.of(0.5)
    >>> [a].count(b), made.back(None)
    (1, [ZERO, ZERO])
    """

    __slots__ = ("_calls", "_known", "_values")

    def __init__(self) -> None:
        self._values: list[Any] = []
        self._calls: list[tuple[Any, tuple[int | None, ...]]] = []
        self._known: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        """The stand-in for a value; the places of values are 0, 1, 2, ...

        An object has one stand-in: C code may ask whether two values are the same.
        """
        place = len(self._values)
        self._values.append(value)
        known = self._known.get(id(value))
        if known is not None:
            return known
        new: Any = object.__new__(_class_for(type(value)))
        new._dpy_origin = (self, place, value)
        if type(value) not in COMMON:
            self._known[id(value)] = new
        return new

    def all_of(self, values: Iterable[Any]) -> list[Any]:
        """Stand-ins for several values."""
        return [self.of(value) for value in values]

    def call(self, function: Any, args: tuple[Any, ...]) -> Any:
        """A special method has been called."""
        origins = [getattr(type(x), "_dpy_origin", None) and x._dpy_origin for x in args]
        places = tuple([None if o is None else o[1] for o in origins])
        values = tuple([x if o is None else o[2] for x, o in zip(args, origins, strict=True)])

        if function is operator.eq and values[0] is values[1] and type(values[0]) in COMMON:
            return True  # as C code finds that two values are the same

        base = len(state.orphans)
        state.callee = function
        y, pb = dispatch(function, values, {})
        del state.orphans[base:]
        if pb is not None:
            self._calls.append((pb, places))
        if type(y) is Thrown:
            raise y.error
        return y

    def run(
        self, function: Callable[[], Any], give: Callable[[Any, list[Any]], Any] | None = None
    ) -> Any:
        """What C code makes of stand-ins; ``give(acc, d_values)`` if it ends by an exception."""
        base = len(state.orphans)
        try:
            return function()
        except BaseException:
            if give is None:
                interrupted(base, self.back_by_identity)
            else:
                interrupted(base, lambda acc: give(acc, self.back(acc)) and None)
            raise

    def back_by_identity(self, acc: Any) -> None:
        """The same as `back` where the values are objects, with their cotangents in `acc`."""
        if not all(map(is_null, self.back(acc))):
            raise NotDifferentiableError(
                "a special method wrote what depends on its object, an immutable one",
                why="C code called it, and what it was given cannot be told apart",
                repair="call the method by its name",
            )

    def back(self, acc: Any) -> list[Any]:
        """Go back over the calls: what travels by value for each of the values, in order."""
        d_values: list[Any] = [ZERO] * len(self._values)
        for pb, places in reversed(self._calls):
            for place, d in zip(places, pb(ZERO, acc)[1], strict=True):
                if place is not None and d is not ZERO:
                    d_values[place] = add(d_values[place], d)
        return d_values


def value_of(x: Any) -> Any:
    """The value that a stand-in stands for; other things stand for themselves."""
    return x._dpy_origin[2] if hasattr(type(x), "_dpy_origin") else x


_classes: weakref.WeakKeyDictionary[type, type] = weakref.WeakKeyDictionary()


def _class_for(cls: type) -> type:
    """The class of stand-ins for instances of a class, with those special methods that it has."""
    methods = {
        **_ALWAYS,
        **{name: f for name, f in _IF_THERE.items() if implements(cls, name) is not None},
    }
    known = _classes.get(cls)
    if known is not None and known._dpy_methods == methods.keys():  # type: ignore[attr-defined]
        return known
    body: dict[str, Any] = {name: _calling(f) for name, f in methods.items()}
    body |= {
        "__slots__": ("_dpy_origin",), "__module__": cls.__module__,
        "__qualname__": cls.__qualname__, "_dpy_methods": methods.keys(),
    }  # fmt: skip
    if "__hash__" not in methods:
        body["__hash__"] = None
    made = _classes[cls] = types.new_class(cls.__name__, (), {}, lambda names: names.update(body))
    return made


def _calling(function: Any) -> Any:
    def method(self: Any, *args: Any) -> Any:
        return self._dpy_origin[0].call(function, (self, *args))

    return method
