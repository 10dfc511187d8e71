"""Alias classes, writes, and the kinds of what is read after them."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.kinds import UNKNOWN, Dict, List, Object, Tuple
from dpy.transform import ir
from dpy.transform.infer.effects import Classes, Effects
from dpy.transform.infer.facts import HEAP, OPEN
from tests.transform.infer.programs import FLOAT, INT, VECTOR, Pair, facts_of


def test_the_root_of_the_heap_is_the_heap() -> None:
    classes = Classes()
    for a, b in (("a", "b"), ("c", "d"), ("b", HEAP), ("a", "c")):
        assert classes.union(a, b)
    assert {classes.find(name) for name in "abcd"} == {HEAP}
    assert classes.find("e") == "e"


def assign(target: str | None) -> ir.Assign:
    return ir.Assign(target, ir.Lit(None), ir.Loc(1, 0))


def test_targets_share_a_class_with_what_they_may_reach() -> None:
    effects = Effects(set())
    effects.non_atomic.add("xs")
    effects.alias_target_if(assign("a"), ir.Var("xs"), List(FLOAT))
    effects.alias_target_if(assign("b"), ir.Var("xs"), FLOAT)  # a number cannot be shared
    effects.alias_target_if(assign("c"), ir.Var("n"), UNKNOWN)  # nothing mutable is in n
    effects.alias_target_if(assign("d"), ir.Star(ir.Var("xs")), UNKNOWN)
    effects.alias_target(assign(None), "xs")
    assert effects.find("a") == effects.find("d") == effects.find("xs")
    assert effects.non_atomic == {HEAP, "xs", "a", "d"}
    effects.make_target(assign("e"))
    assert "e" in effects.non_atomic
    assert effects.find("e") == "e"


def test_writes_of_active_values_make_the_class_active() -> None:
    effects = Effects({"x"})
    effects.alias("xs", "ys")
    effects.write(ir.Var("xs"), (ir.Var("x"), ir.Lit(1)), (FLOAT, INT))
    assert effects.roots_written() == {effects.find("ys")}
    assert effects.stored_active == {"xs"}
    assert not effects.spread_activity()
    assert effects.varied == {"x", "xs", "ys"}


def test_what_is_written_into_a_container_joins_its_class_but_arrays_are_copied() -> None:
    effects = Effects(set())
    effects.write(ir.Var("xs"), (ir.Var("p"), ir.Var("a")), (Object(Pair, ()), VECTOR))
    assert effects.find("p") == effects.find("xs")
    assert effects.find("a") == "a"


def test_activity_reaches_the_heap() -> None:
    effects = Effects({"xs"})
    effects.alias("xs", HEAP)
    assert not effects.spread_activity()  # nobody writes to it
    effects.write(ir.Lit(None), (), ())  # what is no variable is of the heap
    assert effects.spread_activity()


def test_is_written_goes_by_the_pass_before() -> None:
    effects = Effects(set())
    effects.write(ir.Var("xs"), (), ())
    assert not effects.is_written(ir.Var("xs"))
    assert not effects.answers_hold()
    effects.begin_pass()
    assert effects.is_written(ir.Var("xs"))
    assert not effects.is_written(ir.Lit(1))
    assert effects.answers_hold()


def test_what_was_written_stays_written_when_its_class_grows() -> None:
    effects = Effects(set())
    for order in (("xs", "ys"), ("zs", "xs"), (HEAP, "xs")):
        effects = Effects(set())
        effects.write(ir.Var("xs"), (), ())
        effects.begin_pass()
        effects.alias(*order)
        assert all(effects.is_written(ir.Var(name)) for name in (*order, "xs"))
        assert effects.answers_hold()


def test_answers_that_change_ask_for_another_pass() -> None:
    later: list[Any] = [
        (lambda e: e.is_written(ir.Var("b")), lambda e: e.written.add("b")),
        (lambda e: e.slot_kind(ir.Var("b"), "[]", INT), lambda e: e.store("b", "[]", FLOAT)),
        (lambda e: e.slot_kind(ir.Var("b"), "[]", INT), lambda e: e.unknown_stores.add("b")),
        (lambda e: e.adds_slots(ir.Var("b"), {}), lambda e: e.store("b", "new", FLOAT)),
        (lambda e: e.classes_of([ir.Var("a"), ir.Var("b")]), lambda e: e.alias("a", "b")),
        (lambda e: e.classes_of([ir.Var("b"), None]), lambda e: e.alias("b", HEAP)),
        (lambda e: e.write(ir.Var("b"), (ir.Var("x"),), (FLOAT,)), lambda e: e.varied.add("x")),
    ]
    for ask, find_out in later:
        effects = Effects(set())
        effects.begin_pass()
        ask(effects)
        assert effects.answers_hold()
        find_out(effects)
        assert not effects.answers_hold()
        effects.begin_pass()
        ask(effects)
        assert effects.answers_hold()


def test_a_read_may_give_all_that_was_stored_through_any_alias() -> None:
    effects = Effects(set())
    effects.alias("xs", "ys")
    effects.store("ys", "[]", VECTOR)
    assert effects.slot_kind(ir.Var("xs"), "[]", VECTOR) == VECTOR
    assert effects.slot_kind(ir.Var("xs"), "[]", FLOAT) is UNKNOWN
    assert effects.slot_kind(ir.Var("other"), "[]", FLOAT) == FLOAT
    assert effects.slot_kind(ir.Var("xs"), "a", FLOAT) == FLOAT
    effects.unknown_stores.add("xs")
    assert effects.slot_kind(ir.Var("ys"), "[]", VECTOR) is UNKNOWN


def test_kind_now() -> None:
    effects = Effects(set())
    effects.store("v", "a", FLOAT)
    v = ir.Var("v")
    assert effects.kind_now(v, Tuple((List(INT), FLOAT))) == Tuple((List(INT), FLOAT))
    assert effects.kind_now(v, Object(Pair, (("a", INT),))) == Object(Pair, (("a", FLOAT),))
    assert effects.kind_now(v, Dict((("a", INT),))) == Dict((("a", FLOAT),))
    assert effects.kind_now(v, VECTOR) == VECTOR
    effects.store("v", "new", INT)
    assert effects.adds_slots(v, {"a": FLOAT})
    assert effects.kind_now(v, Dict((("a", INT),))) is UNKNOWN
    opened = effects.kind_now(v, Object(Pair, (("a", INT),)))
    assert isinstance(opened, Object)
    assert opened.field(OPEN) is UNKNOWN


def test_a_snapshot_differs_when_something_was_found() -> None:
    effects = Effects(set())
    before = effects.snapshot()
    assert effects.snapshot() == before
    changes: list[Any] = [
        lambda: effects.alias("a", "b"),
        lambda: effects.written.add("a"),
        lambda: effects.store("a", "[]", FLOAT),
        lambda: effects.unknown_stores.add("a"),
        lambda: effects.stored_active.add("a"),
        lambda: effects.by_runtime.add("a"),
        lambda: effects.assumed_written.add(HEAP),
    ]
    for change in changes:
        change()
        after = effects.snapshot()
        assert after != before
        before = after


# --- in programs --------------------------------------------------------------------------------


def writes_through_alias(xs, x):
    ys = xs
    ys[0] = x
    return xs[0]


def test_aliases_of_what_is_written_are_written() -> None:
    facts = facts_of(writes_through_alias, [1.0, 2.0], 3.0)
    assert facts.written == {"xs", "ys"}
    assert {"xs", "ys"} <= facts.identity
    assert facts.summary.writes
    assert "xs" in facts.summary.written


def writes_to_view(x):
    base = np.zeros(3)
    view = base[1:]
    other = np.zeros(3)
    view[0] = x
    return base[1] + other[0]


def test_views_are_of_the_class_of_their_base() -> None:
    facts = facts_of(writes_to_view, 1.0)
    assert facts.written == {"base", "view"}
    assert "other" not in facts.identity
    assert not facts.summary.writes  # nothing that the caller can see


def writes_to_content(box, x):
    inner = box[0]
    inner[0] = x
    return box[0][0]


def test_a_container_and_its_contents_are_one_class() -> None:
    facts = facts_of(writes_to_content, [[1.0]], 2.0)
    assert {"box", "inner"} <= facts.written


def only_reads(xs, p):
    total = 0.0
    for x in xs:
        total = total + x
    return total * p.a


def test_what_is_only_read_travels_by_value() -> None:
    facts = facts_of(only_reads, (1.0, 2.0), Pair(1.0, 2.0))
    assert not facts.written
    assert "p" not in facts.identity
    assert not facts.summary.writes
