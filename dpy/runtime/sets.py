"""Sets and frozen sets of values that carry derivatives: the slots of a set are its items."""

from __future__ import annotations

from typing import Any

from dpy.cotangent import ZERO, is_zero
from dpy.runtime import iteration
from dpy.runtime.entries import entry
from dpy.runtime.hashing import check_key, check_keys
from dpy.runtime.item_cotangents import nothing

__all__ = ["merged_set", "set_items", "update_set"]

_BOTH = (set, frozenset)


def set_items(acc: Any, y: Any, parts: Any) -> list[Any]:
    """The cotangents of what a set was made of: of equal items the first was kept."""
    slots = acc.take_slots(y)
    return [slots.pop(part, ZERO) if slots else ZERO for part in parts]


def _give(acc: Any, slots: dict[Any, Any], sources: list[tuple[Any, Any]]) -> list[Any]:
    """Each item's cotangent goes to the first source that has it."""
    out = []
    for items, give in sources:
        out.append(give(acc, [slots.pop(item, ZERO) if slots else ZERO for item in items]))
    return out


def merged_set(function: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """An operator of two sets: ``| & - ^``."""
    check_keys(a)
    check_keys(b)
    y = function(a, b)
    sources = [iteration.collect(a), iteration.collect(b)]
    return y, lambda d, acc: tuple(_give(acc, acc.take_slots(y), sources))


def update_set(function: Any, a: Any, *others: Any) -> tuple[Any, Any]:
    """A method that changes `a` in place: its old items keep their slots."""
    collected = [iteration.collect(b) for b in others]
    for items, _ in collected:
        check_keys(items)
    before = frozenset(a)
    y = function(a, *[items for items, _ in collected])

    def update_pullback(d: Any, acc: Any) -> Any:
        slots = acc.take_slots(a)
        for item in [item for item in slots if item in before]:
            acc.add_slot(a, item, slots.pop(item))
        return ZERO, (ZERO, *_give(acc, slots, collected)), {}

    return y, update_pullback


def _constructor(cls: Any) -> None:
    def construct(dispatch: Any, args: Any, kwargs: Any) -> Any:
        if kwargs or len(args) != 1:
            return cls(*args, **kwargs), None
        items, give = iteration.collect(args[0])
        check_keys(items)
        y = cls(items)
        return y, lambda d, acc: (ZERO, (give(acc, set_items(acc, y, items)),), {})

    entry(cls)(construct)


for _cls in _BOTH:
    _constructor(_cls)


@entry(set.add)
def add_item(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.add(item)``."""
    xs, item = args
    check_key(item)
    is_new = item not in xs
    set.add(xs, item)
    return None, lambda d, acc: (
        ZERO, (ZERO, acc.take_slot(xs, item) if is_new else ZERO), {}
    )  # fmt: skip


@entry(set.pop)
def pop_item(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.pop()``."""
    (xs,) = args
    y = set.pop(xs)

    def pop_pullback(d: Any, acc: Any) -> Any:
        acc.take_slot(xs, y)
        if not is_zero(d):
            acc.add_slot(xs, y, d)
        return nothing(args)

    return y, pop_pullback


def _deleting(method: Any) -> None:
    def delete(dispatch: Any, args: Any, kwargs: Any) -> Any:
        xs, item = args
        check_key(item)
        method(xs, item)

        def delete_pullback(d: Any, acc: Any) -> Any:
            acc.take_slot(xs, item)  # what is under this item later came in later
            return nothing(args)

        return None, delete_pullback

    entry(method)(delete)


def _merging(name: str) -> None:
    for cls in _BOTH:
        method = getattr(cls, name)

        def merge(dispatch: Any, args: Any, kwargs: Any, method: Any = method) -> Any:
            collected = [iteration.collect(x) for x in args]
            for items, _ in collected:
                check_keys(items)
            y = method(args[0], *[items for items, _ in collected[1:]])
            return y, lambda d, acc: (ZERO, tuple(_give(acc, acc.take_slots(y), collected)), {})

        entry(method)(merge)


def _updating(name: str) -> None:
    method = getattr(set, name)

    def update(dispatch: Any, args: Any, kwargs: Any) -> Any:
        return update_set(method, *args)

    entry(method)(update)


for _name in ("remove", "discard"):
    _deleting(getattr(set, _name))
for _name in ("union", "intersection", "difference", "symmetric_difference", "copy"):
    _merging(_name)
for _name in (
    "update", "intersection_update", "difference_update", "symmetric_difference_update", "clear",
):  # fmt: skip
    _updating(_name)
