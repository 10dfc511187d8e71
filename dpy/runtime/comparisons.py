"""Comparisons within containers: ``item in xs``, ``xs == ys``, ``xs.count(item)``.

C code compares the items one by one, by ``__eq__`` or ``__lt__``. Where these may be the user's,
what they do is followed, in the same order.
"""

from __future__ import annotations

import collections
import operator
from collections.abc import Callable
from typing import Any

from dpy.cotangent import ZERO
from dpy.runtime.conversions import COMMON
from dpy.runtime.delegates import StandIns
from dpy.runtime.entries import entry
from dpy.runtime.iteration import give_items
from dpy.runtime.special_methods import is_written_by_dataclass, user_method
from dpy.runtime.watch import CALLERS
from dpy.slots import kind_of

__all__ = ["are_plain", "compare_sequences", "searched"]

_ATOMS = COMMON - {list, tuple, dict, set, frozenset}
_ORDER = ("__eq__", "__ne__", "__lt__", "__gt__", "__le__", "__ge__")


def is_plain(x: Any) -> bool:
    """Whether comparing a value runs no method of the user's."""
    t = type(x)
    if t in _ATOMS:
        return True
    if t in (list, tuple):
        return are_plain(x)
    if t is dict:
        return are_plain(x.values())
    if t is set or t is frozenset:
        return all(map(is_plain, x))
    if t in CALLERS:
        return False
    methods = [m for name in _ORDER if (m := user_method(t, name)) is not None]
    if not methods:
        return not isinstance(x, (list, tuple, dict)) or are_plain(kind_of(t).read(x).values())  # type: ignore[misc]
    if all(is_written_by_dataclass(t, m) for m in methods):
        return are_plain(kind_of(t).read(x).values())  # type: ignore[misc]
    return False


def are_plain(items: Any) -> bool:
    """The same for all items of a container."""
    kinds = set(map(type, items))
    return kinds <= _ATOMS or all(map(is_plain, items))


def searched(find: Callable[[list[Any], Any], Any], xs: Any, item: Any) -> Any:
    """``find(list(xs), item)``, which compares each item: ``(y, pb)`` as of an operation.

    None where no method of the user's has a part in it.
    """
    if is_plain(item) and are_plain(xs):
        return None
    made = StandIns()
    sought = made.of(item)
    standing = made.all_of(xs)

    def give(acc: Any, d_values: list[Any]) -> tuple[Any, Any]:
        return give_items(acc, xs, d_values[1:]), d_values[0]

    y = made.run(lambda: find(standing, sought), give)
    return y, lambda d, acc: give(acc, made.back(acc))


def _search(base: Any, name: str) -> None:
    function = getattr(base, name)

    def search(dispatch: Any, args: Any, kwargs: Any) -> Any:
        xs, item, *bounds = args
        found = searched(lambda xs, x: function(base(xs), x, *bounds), xs, item)
        if found is None:
            return function(*args, **kwargs), None
        y, pb = found
        return y, lambda d, acc: (ZERO, (*pb(d, acc), *(ZERO for _ in bounds)), {})

    entry(function)(search)


for _base in (list, tuple, collections.deque):
    _search(_base, "index")
    _search(_base, "count")


@entry(operator.countOf)
def count_of(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``operator.countOf(xs, item)``."""
    return dispatch(_count_of, args, kwargs)


@entry(operator.indexOf)
def index_of(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``operator.indexOf(xs, item)``."""
    return dispatch(_index_of, args, kwargs)


def _count_of(xs: Any, item: Any) -> int:
    n = 0
    for x in xs:
        if x is item or x == item:
            n += 1
    return n


def _index_of(xs: Any, item: Any) -> int:
    for n, x in enumerate(xs):
        if x is item or x == item:
            return n
    raise ValueError("sequence.index(x): x not in sequence")


def compare_sequences(function: Any, a: Any, b: Any) -> Any:
    """A comparison of two lists or tuples: ``(y, pb)`` as of an operation, or None."""
    if are_plain(a) and are_plain(b):
        return None
    made = StandIns()
    n = len(a)
    left, right = made.all_of(a), made.all_of(b)

    def give(acc: Any, d_values: list[Any]) -> tuple[Any, Any]:
        return give_items(acc, a, d_values[:n]), give_items(acc, b, d_values[n:])

    base = list if isinstance(a, list) else tuple
    y = made.run(lambda: function(base(left), base(right)), give)
    return y, lambda d, acc: give(acc, made.back(acc))
