"""What a call of code out of sight has written to, and where it has it from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from dpy.runtime.accumulators import Accumulators
from dpy.runtime.watch import Moves, Watch


def _objects(found: list[Any]) -> list[Any]:
    return [c.obj for c in found]


def test_changes_are_seen_at_any_depth() -> None:
    deep: dict[str, Any] = {"f": 1.0}
    outer: Any = deep
    for _ in range(9):
        outer = {"inner": [outer]}
    watch = Watch([outer])
    deep["f"] = 2.0
    changed, made, arrays = watch.changes(None)
    assert _objects(changed) == [deep]
    assert not made and not arrays


def test_what_is_made_is_found_behind_what_was_there_and_in_the_value() -> None:
    there: dict[str, Any] = {}
    watch = Watch([there])
    inner, a, b = [1.5], np.ones(2), np.zeros(2)
    there["new"] = SimpleNamespace(inner=(inner, a))
    changed, made, arrays = watch.changes((b,))
    assert _objects(changed) == [there]
    assert any(x is inner for x in _objects(made)) and any(
        isinstance(x, SimpleNamespace) for x in _objects(made)
    )
    assert {id(x) for x in arrays} == {id(a), id(b)}


def test_a_view_of_what_was_there_is_not_new() -> None:
    a = np.ones(4)
    assert Watch([a]).changes(a[1:])[2] == []


def test_moves_follow_identity() -> None:
    x, y = 1.25, 2.25
    source, target = [x, y], {"k": 0.25}
    watch = Watch([source, target])
    target["k"] = source.pop()
    (first, second), _, _ = watch.changes(None)
    moves = Moves(watch.containers, [])
    by_object = {id(c.obj): moves.origins(c) for c in (first, second)}
    how, (obj, slot) = by_object[id(target)]["k"]
    assert how == "slot" and obj is source and slot == 1
    assert list(by_object[id(source)]) == [0]


def test_too_much_to_be_watched_is_known_in_the_reverse_sweep() -> None:
    many = [[float(i)] for i in range(3000)]
    watch = Watch([many])
    acc = Accumulators()
    assert not watch.unwatched(acc)
    acc.add_slot(many[5], 0, 1.0)
    assert not watch.unwatched(acc)
    acc.add_slot(many[2999], 0, 1.0)
    assert watch.unwatched(acc)
    few = Watch([many[0]])
    assert not few.unwatched(acc)
