"""What the result does not depend on gets no cotangent."""

from __future__ import annotations

import math

import numpy as np

from tests.transform.infer.programs import facts_of, form


def partly(x, data):
    scaled = data * 2
    total = x * scaled
    unused = math.exp(x)  # noqa: F841
    count = int(x)
    return total + count


def test_active_is_what_depends_on_the_input_and_reaches_the_result() -> None:
    facts = facts_of(partly, 1.0, 2.0, inactive="data")
    assert {"x", "total"} <= facts.active
    assert not {"data", "scaled", "unused"} & facts.active
    assert form(facts, "scaled") == "inert"


def test_nothing_is_active_where_the_result_does_not_depend() -> None:
    def f(x):
        y = x * 2  # noqa: F841
        return 1.0

    facts = facts_of(f, 1.0)
    assert not facts.active
    assert not facts.summary.result_active


def test_what_is_written_to_the_callers_objects_is_useful() -> None:
    def f(xs, x):
        y = x * 2
        xs[0] = y
        return 1.0

    assert {"xs", "x", "y"} <= facts_of(f, [0.0], 1.0).active


def test_what_is_written_to_an_object_that_is_dropped_is_not() -> None:
    def f(x):
        kept = {"a": 0.0}
        dropped = [0.0]
        for_dropped = x * 2
        for_kept = x * 3
        kept["a"] = for_kept
        dropped = [for_dropped]  # noqa: F841
        return kept["a"]

    active = facts_of(f, 1.0).active
    assert {"kept", "for_kept"} <= active
    assert not {"dropped", "for_dropped"} & active


def test_lists_that_are_appended_to() -> None:
    def f(x, n):
        xs = [x * i for i in range(n)]
        ys = [x + i for i in range(n)]  # noqa: F841
        return xs

    active = facts_of(f, 1.0, 3, inactive="n").active
    assert "xs" in active
    assert "ys" not in active


def test_what_is_iterated_over_is_useful_if_its_items_are() -> None:
    def f(xs, ys):
        total = 0.0
        for x in xs:
            total += x
        for y in ys:
            unused = y  # noqa: F841
        return total

    active = facts_of(f, [1.0], [2.0]).active
    assert "xs" in active
    assert "ys" not in active


def test_the_owner_of_a_method_is_useful() -> None:
    def f(v):
        w = v * 2
        total = w.sum()
        return total

    assert {"v", "w", "total"} <= facts_of(f, np.ones(3)).active
