"""Items of tuples, dicts, lists and arrays."""

from __future__ import annotations

import sys

import numpy as np

from dpy.kinds import UNKNOWN, Array, kind_of
from tests.transform.infer.programs import FLOAT, INT, VECTOR, facts_of, form, site_of


def indexing(m):
    row = m[0]
    item = m[0, 1]
    column = m[:, 1]
    wide = m[None]
    picked = m[[0, 1]]
    return row, item, column, wide, picked


def test_kinds_of_indexed_arrays() -> None:
    m = np.ones((2, 3))
    facts = facts_of(indexing, m)
    expected = dict(
        zip(("row", "item", "column", "wide", "picked"), map(kind_of, indexing(m)), strict=True)
    )
    assert {name: facts.exit_kinds[name] for name in expected} == expected
    assert all(form(facts, name) == "array_read" for name in expected)
    assert site_of(facts, "row").slot == "view"
    assert site_of(facts, "picked").slot is None  # a copy


def test_an_index_of_unknown_kind() -> None:
    def f(v, i):
        y = v[i]
        y[0] = 1.0
        return v[0]

    facts = facts_of(f, np.ones(3), object())
    assert facts.exit_kinds["y"] is UNKNOWN
    assert form(facts, "y") == "generic"
    assert {"v", "y"} <= facts.written  # it may be a view


def test_items_of_tuples_and_dicts_by_value() -> None:
    def f(t, d):
        a = t[-1]
        b = d["b"]
        return a, b

    facts = facts_of(f, (1, 2.0), {"a": 1, "b": 2.0})
    assert (form(facts, "a"), site_of(facts, "a").slot) == ("item", 1)
    assert (form(facts, "b"), site_of(facts, "b").slot) == ("field", "b")
    assert facts.exit_kinds["a"] == facts.exit_kinds["b"] == FLOAT


def test_items_that_may_be_any_or_none() -> None:
    def f(t, d, n):
        a = t[n]
        b = t[7]
        c = d["no such key"]
        return a, b, c

    facts = facts_of(f, (1, 2.0), {"a": 1.0}, 0, inactive="n")
    assert facts.exit_kinds["a"] == facts.exit_kinds["b"] == FLOAT
    assert facts.exit_kinds["c"] is UNKNOWN
    assert [form(facts, name) for name in "abc"] == ["generic"] * 3


def test_items_of_constants() -> None:
    def f(x):
        major = sys.version_info[0]
        return x * major

    facts = facts_of(f, 1.0)
    assert form(facts, "major") == "inert"
    assert facts.exit_kinds["major"] == kind_of(sys.version_info[0])


def test_writes_to_dicts_are_noted_by_key() -> None:
    def f(x):
        d = {"a": 1, "b": 1}
        d["a"] = x
        a, b = d["a"], d["b"]
        return a * b

    kinds = facts_of(f, 1.0).exit_kinds
    assert (kinds["a"], kinds["b"]) == (FLOAT, INT)

    def g(x, key):
        d = {"a": 1, "b": 1}
        d[key] = x
        a, b = d["a"], d["b"]
        return a * b

    kinds = facts_of(g, 1.0, "a").exit_kinds
    assert (kinds["a"], kinds["b"]) == (FLOAT, FLOAT)


def test_slices_of_lists_are_not_items() -> None:
    def f(x):
        xs = [1.0, 2.0]
        xs[0:1] = [x]
        y = xs[0]
        z = xs[0:1]
        return y, z

    kinds = facts_of(f, 1.0).exit_kinds
    assert kinds["y"] is UNKNOWN
    assert kinds["z"] is UNKNOWN


def test_writes_to_arrays_know_their_region() -> None:
    def f(m, v, x):
        m[0] = v
        m[0, 1] = x
        return m[0, 0]

    facts = facts_of(f, np.ones((2, 3)), np.ones(3), 1.0)
    sites = [site for site in facts.sites.values() if site.form == "array_write"]
    assert [site.slot for site in sites] == [VECTOR, kind_of(np.float64(1))]
    assert "v" not in facts.written  # numbers are copied


def test_what_is_no_number_is_written_by_the_runtime() -> None:
    def f(v, xs):
        v[0:2] = xs
        return v[0]

    assert form(facts_of(f, np.ones(3), [1.0, 2.0]), None) == "generic"
    assert isinstance(facts_of(f, np.ones(3), [1.0, 2.0]).params["v"], Array)
