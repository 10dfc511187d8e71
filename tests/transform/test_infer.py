"""What inference finds out about small functions."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dpy import inlining
from dpy.kinds import UNKNOWN, Array, Const, Kind, List, Number, Object, Tuple, kind_of
from dpy.specialise import forward_of
from dpy.transform import ir, unroll
from dpy.transform.infer import Facts, infer
from dpy.transform.lower import lower
from dpy.transform.source import read_source


@pytest.fixture(autouse=True)
def _calls_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are seen as calls here; `test_inlining` has those that are replaced."""
    monkeypatch.setattr(inlining, "SMALL", -1)
    monkeypatch.setattr(unroll, "LARGEST", 0)


FLOAT, INT = Number(float), Number(int)
VECTOR = Array(np.dtype(np.float64), 1)


def facts_of(function: Any, *args: Any, inactive: str = "", protect: bool = False) -> Facts:
    """Facts for these arguments; `inactive` names the parameters not differentiated."""
    names = function.__code__.co_varnames[: len(args)]
    active = tuple(name not in inactive.split() for name in names)
    found = forward_of(function, args, {}, active, (), protect=protect).facts
    assert found is not None
    return found


def forms(facts: Facts) -> dict[Any, list[str]]:
    """The forms of the sites, by the variable that the statement assigns, in order."""
    found: dict[Any, list[str]] = {}
    for s in ir.walk(facts.function.body):
        site = facts.sites.get(id(s))
        if isinstance(s, (ir.Assign, ir.For)) and site is not None:
            found.setdefault(s.target, []).append(site.form)
    return found


def statement(facts: Facts, target: str | None) -> ir.Assign:
    """The only statement that assigns `target`."""
    (found,) = (
        s for s in ir.walk(facts.function.body) if isinstance(s, ir.Assign) and s.target == target
    )
    return found


def same_class(facts: Facts, *names: str) -> bool:
    """Whether all these variables keep cotangents by identity."""
    return set(names) <= facts.identity


@dataclasses.dataclass
class Pair:
    a: float
    b: float


class Box:
    def __init__(self, content: float) -> None:
        self.content = content


# --- kinds --------------------------------------------------------------------------------------


def arithmetic(x, n):
    product = x * 2
    whole = n + 1
    ratio = whole / 2
    root = math.sqrt(product)
    test = root > 1
    return root * ratio if test else product


def test_kinds_of_numbers() -> None:
    kinds = facts_of(arithmetic, 1.0, 2).exit_kinds
    wanted = {"product": FLOAT, "whole": INT, "ratio": FLOAT, "root": FLOAT, "test": Number(bool)}
    assert {name: kinds[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (1.0, FLOAT),
        (np.float32(1), Number(np.float32)),
        (1j, Number(complex)),
        (np.ones(3), VECTOR),
        (np.ones((2, 3), np.float32), Array(np.dtype(np.float32), 2)),
        (np.ones((2, 3), int), Array(np.dtype(np.int64), 2)),
    ],
)
def test_arithmetic_keeps_type_and_dtype(x: Any, expected: Kind) -> None:
    def f(x):
        y = x * 2
        return y

    assert facts_of(f, x).exit_kinds["y"] == expected


def indexing(m):
    row = m[0]
    item = m[0, 1]
    column = m[:, 1]
    wide = m[None]
    picked = m[[0, 1]]
    return row, item, column, wide, picked


def test_kinds_of_indexed_arrays() -> None:
    m = np.ones((2, 3))
    kinds = facts_of(indexing, m).exit_kinds
    expected = dict(
        zip(("row", "item", "column", "wide", "picked"), map(kind_of, indexing(m)), strict=True)
    )
    assert {name: kinds[name] for name in expected} == expected


def containers(x, p):
    t = (x, 2)
    first, second = t
    xs = [x, 3.0]
    q = Pair(x, p.b)
    return first, second, xs, q


def test_kinds_of_containers_and_objects() -> None:
    kinds = facts_of(containers, 1.0, Pair(1.0, 2.0)).exit_kinds
    assert kinds["t"] == Tuple((FLOAT, Const(2, int)))
    assert kinds["first"] == FLOAT
    assert kinds["second"] == Const(2, int)
    assert kinds["xs"] == List(FLOAT)
    assert kinds["q"] == Object(Pair, (("a", FLOAT), ("b", FLOAT)))


def alternatives(x, flag):
    if x > 0:
        same = x * 2
        mixed = x * 2
    else:
        same = math.sin(x)
        mixed = "negative"
    return same, mixed


def test_kinds_join_after_branches() -> None:
    kinds = facts_of(alternatives, 1.0, True, inactive="flag").exit_kinds
    assert kinds["same"] == FLOAT
    assert kinds["mixed"] is UNKNOWN


def grows(x, n):
    y = 1
    for _ in range(n):
        y = y * x
    return y


def test_kinds_reach_a_fixpoint_over_loops() -> None:
    facts = facts_of(grows, 1.5, 3, inactive="n")
    assert facts.exit_kinds["y"] == FLOAT  # an int only before the first round
    product = next(s for s in ir.walk(facts.function.body) if forms_of(facts, s) == "elementwise")
    assert facts.kinds[id(product)] == FLOAT


def forms_of(facts: Facts, s: ir.Stmt) -> str | None:
    site = facts.sites.get(id(s))
    return None if site is None else site.form


def test_kind_of_an_operand_at_its_statement() -> None:
    def f(x):
        y = x * 2
        y = [y]
        return y

    facts = facts_of(f, 1.0)
    first, second = (s for s in ir.walk(facts.function.body) if getattr(s, "target", 0) == "y")
    assert facts.kind(first, ir.Var("x")) == FLOAT
    assert facts.kind(first, ir.Lit(2)) == Const(2, int)
    assert facts.kinds[id(first)] == FLOAT
    assert facts.kinds[id(second)] == List(FLOAT)


# --- activity -----------------------------------------------------------------------------------


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
    assert forms(facts)["scaled"] == ["inert"]


def test_nothing_is_active_where_the_result_does_not_depend() -> None:
    def f(x):
        y = x * 2  # noqa: F841
        return 1.0

    facts = facts_of(f, 1.0)
    assert not facts.active
    assert not facts.summary.result_active


def test_what_cannot_carry_a_derivative_is_inactive() -> None:
    def f(x, name, flag):
        return x * len(name) if flag else x

    assert facts_of(f, 1.0, "abc", True).active >= {"x"}
    assert not facts_of(f, 1.0, "abc", True).active & {"name", "flag"}


def test_activity_goes_round_loops() -> None:
    def f(x, n):
        a = b = c = 0.0
        for _ in range(n):
            c = b
            b = a
            a = x
        return c

    assert {"a", "b", "c", "x"} <= facts_of(f, 1.0, 5, inactive="n").active


def test_writes_make_the_container_active() -> None:
    def f(x):
        xs = [0.0, 0.0]
        xs[0] = x
        return xs[0]

    def g(x):
        xs = [0.0, 0.0]
        xs[0] = 1.0
        return xs[0] * x

    assert "xs" in facts_of(f, 1.0).active
    assert "xs" not in facts_of(g, 1.0).active


# --- alias classes ------------------------------------------------------------------------------


def writes_through_alias(xs, x):
    ys = xs
    ys[0] = x
    return xs[0]


def test_aliases_of_what_is_written_are_written() -> None:
    facts = facts_of(writes_through_alias, [1.0, 2.0], 3.0)
    assert facts.written == {"xs", "ys"}
    assert same_class(facts, "xs", "ys")
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


def test_numbers_are_never_kept_by_identity() -> None:
    def f(x, n):
        x += 1
        for _ in range(n):
            x *= 2
        return x

    facts = facts_of(f, 1.0, 3, inactive="n")
    assert not facts.identity
    assert not facts.summary.needs_acc


def test_in_place_operators_write_to_arrays_only() -> None:
    def f(x):
        y = x * 1
        y += 2
        return y

    assert not facts_of(f, 1.0).written
    assert "y" in facts_of(f, np.ones(2)).written


def test_protect_takes_everything_from_outside_as_written() -> None:
    def f(xs):
        return xs * 2

    assert "xs" in facts_of(f, np.ones(3), protect=True).identity
    assert "xs" not in facts_of(f, np.ones(3)).identity


# --- sites --------------------------------------------------------------------------------------


def square(u):
    return u * u


def every_form(x, xs, p):
    product = x * 2
    copy = product
    item = xs[0]
    field = p.a
    pair = (x, field)
    first = pair[0]
    made = Pair(x, field)
    called = square(x)
    total = np.sum(xs)
    squares = [v * v for v in (1, 2)]
    return copy, item, first, made, called, total, squares


def test_the_form_of_each_site() -> None:
    found = forms(facts_of(every_form, 1.0, np.ones(3), Pair(1.0, 2.0)))
    wanted = {
        "product": "elementwise",
        "copy": "copy",
        "item": "array_read",
        "field": "field",
        "pair": "build",
        "first": "item",
        "made": "construct",
        "called": "callee",
        "total": "rule",
    }
    assert {name: found[name] for name in wanted} == {n: [form] for n, form in wanted.items()}


def test_a_site_of_a_callee_binds_its_parameters() -> None:
    def f(x, y):
        value = scaled(y, by=x)
        return value

    facts = facts_of(f, 1.0, 2.0)
    site = facts.sites[id(statement(facts, "value"))]
    assert site.form == "callee"
    assert site.callee.name == "scaled"
    assert site.binding == {"u": ir.Var("y"), "by": ir.Var("x")}


def scaled(u, by=3.0, *, offset=0.0):
    return u * by + offset


def test_callees_given_only_inactive_arguments_are_inert() -> None:
    def f(x, n):
        k = square(n)
        return x * k

    assert forms(facts_of(f, 1.0, 2.0, inactive="n"))["k"] == ["inert"]


def test_reads_and_writes_of_mutable_objects_go_to_the_runtime() -> None:
    def f(box, x):
        box.content = x
        value = box.content
        return value

    facts = facts_of(f, Box(1.0), 2.0)
    assert forms(facts) == {None: ["generic"], "value": ["generic"]}
    assert "box" in facts.identity
    assert facts.summary.needs_acc


def test_unknown_callables_are_assumed_to_write() -> None:
    def f(g, xs):
        y = g(xs)  # noqa: F841
        return xs[0]

    facts = facts_of(f, SimpleNamespace, [1.0])
    assert forms(facts)["y"] == ["generic"]
    assert "xs" in facts.written


# --- recursion and other entry points ---------------------------------------------------------


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def test_recursive_functions_settle() -> None:
    facts = facts_of(power, 2.0, 5, inactive="n")
    assert facts.summary.result == FLOAT
    assert facts.summary.result_active
    assert not facts.summary.needs_acc


def odd(x, n):
    return x if n == 0 else even(x * 2, n - 1)


def even(x, n):
    return x * x if n == 0 else odd(x + 1, n - 1)


def test_mutual_recursion_settles() -> None:
    facts = facts_of(odd, 2.0, 5, inactive="n")
    assert facts.summary.result == FLOAT
    assert facts.summary.result_active


class NoBook:
    """A rule book that knows of nothing."""

    def rule(self, function: Any, kinds: tuple[Kind, ...]) -> Any:
        return None

    def read_global(self, name: str) -> tuple[Kind, Any]:
        return UNKNOWN, None

    def is_stored(self, name: str) -> bool:
        return False

    def read_free(self, name: str) -> Kind:
        return UNKNOWN

    def depend(self, mapping: Any, key: str, value: Any) -> None:
        raise AssertionError("nothing was read")

    def constructor(self, cls: type) -> Any:
        return None

    def callee(self, *args: Any) -> Any:
        return None


def test_without_any_knowledge_all_is_left_to_the_runtime() -> None:
    def f(x, g):
        y = g(x)
        return y * x

    lowered = lower(read_source(f))
    facts = infer(lowered, {"x": UNKNOWN, "g": UNKNOWN}, frozenset({"x"}), NoBook())
    assert set(sum(forms(facts).values(), [])) == {"generic"}
    assert facts.exit_kinds["y"] is UNKNOWN
    assert {"x", "y"} <= facts.active
    assert {"x", "y"} <= facts.identity
    assert facts.summary.needs_acc


def test_inference_leaves_the_function_alone() -> None:
    def f(x):
        while x < 10.0:
            x = x * x
        return x

    lowered = lower(read_source(f))
    before = repr(lowered)
    infer(lowered, {"x": FLOAT}, frozenset({"x"}), NoBook())
    assert repr(lowered) == before
