"""What is known of a function before its sweep is written."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dpy.transform import ir
from dpy.transform.adjoint.survey import Survey, form_of, names_in
from tests.transform.adjoint.listing import facts_of, statement


class Pair(NamedTuple):
    left: float
    right: float


def mixed(x: Any, n: Any, p: Any) -> Any:
    t = (x, x * 2.0)
    y = t[0] * p.left
    for i in range(n):
        y = y * math_like(i)
        a = np.ones(3) * y
    return y + t[1] + a[0]


def math_like(i: int) -> float:
    return 1.0 + i


FACTS = facts_of(mixed, 2.0, 3, Pair(1.0, 2.0), inactive="n")
SURVEY = Survey(FACTS)


def test_variables_that_only_hold_numbers() -> None:
    numbers = SURVEY.numbers()
    assert {"x", "n", "y", "i"} <= numbers
    assert not {"t", "a", "p"} & numbers


def test_sizes_of_tuples_and_fields_of_named_ones() -> None:
    assert SURVEY.tuple_size("t") == 2
    assert SURVEY.tuple_size("y") == 0
    assert SURVEY.named_fields("p") == ("left", "right")
    assert SURVEY.named_fields("t") is None


def test_what_a_loop_assigns() -> None:
    (loop,) = (s for s in ir.walk(FACTS.function.body) if isinstance(s, ir.For))
    inside = SURVEY.assigned_in(loop)
    assert {"i", "y", "a"} <= inside
    assert not {"x", "t"} & inside


def test_reads_are_counted_where_they_stand() -> None:
    reads = SURVEY.reads
    assert reads.counts["t"] == 2
    made, used, inner = (statement(FACTS, name) for name in ("t", "y", "a"))
    assert reads.makers["t"] is made
    assert reads.blocks[id(made)] == reads.blocks[id(used)] != reads.blocks[id(inner)]


def test_names_that_are_taken() -> None:
    assert {"x", "n", "p", "t", "y", "i", "a", "np", "range"} <= names_in(FACTS.function)


def test_a_statement_without_a_site_is_inert() -> None:
    assert form_of(FACTS, statement(FACTS, "t")) == "build"
    assert form_of(FACTS, ir.Assign("z", ir.Lit(1))) == "inert"
