"""Which lists of numbers have their cotangents in local lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dpy.transform.number_lists import find_number_lists
from tests.transform.adjoint.listing import facts_of


def built(x: Any, n: int) -> Any:
    xs = []
    for k in range(n):
        xs.append(x * k)
    return sum(xs) + xs[-1]


def repeated(x: Any, n: int) -> Any:
    xs = [x, 2 * x] * n
    xs[0] = x * x
    return xs[0] * xs[1]


def comprehended(x: Any, n: int) -> Any:
    xs = [x * k for k in range(n)]
    ys = xs
    y = 0.0
    for v in ys:
        y += v * v
    return y


def zeros(x: Any, n: int) -> Any:
    xs = [0.0] * n
    for k in range(n):
        xs[k] = x**k
    return xs.pop() + len(xs)


@pytest.mark.parametrize(
    ("f", "names"),
    [
        (built, {"xs"}),
        (repeated, {"xs", "t_1", "t_2"}),
        (comprehended, {"xs", "ys", "t_3"}),
        (zeros, {"xs"}),
    ],
)
def test_lists_of_numbers_are_found(f: Any, names: set[str]) -> None:
    facts = facts_of(f, 2.0, 3, inactive="n")
    assert set(facts.number_lists) <= names
    assert "xs" in facts.number_lists
    assert not facts.identity & set(facts.number_lists)
    assert not facts.summary.needs_acc
    lists, roles = find_number_lists(facts)
    assert lists.keys() == facts.number_lists.keys()
    assert {facts.sites[key].form for key in roles} == {f"list_{role}" for role in roles.values()}


def returned(x: Any, n: int) -> Any:
    xs = [x, x]
    return xs


def passed_on(x: Any, n: int) -> Any:
    xs = [x, x]
    return max(xs)


def stored(x: Any, n: int) -> Any:
    xs = [x, x]
    d = {"a": xs}
    return d["a"][0] + xs[1]


def sliced(x: Any, n: int) -> Any:
    xs = [x, x, x]
    xs[1:] = [2 * x]
    return xs[0] + xs[1]


def captured(x: Any, n: int) -> Any:
    xs = [x, x]

    def add() -> None:
        xs.append(x)

    add()
    return sum(xs)


def of_arrays(x: Any, n: int) -> Any:
    xs = [x * np.ones(2), x]
    return np.sum(xs[0]) + xs[1]


def of_lists(x: Any, n: int) -> Any:
    xs = [[x], [x]]
    return xs[0][0]


def one_of_two(x: Any, n: int) -> Any:
    if n > 1:
        xs = [x]
    else:
        xs = [x, x]
    return sum(xs)


def from_the_last_iteration(x: Any, n: int) -> Any:
    xs = [x]
    y = 0.0
    for k in range(n):
        y += xs[-1]
        xs = [x * k]
    return y


def bound_and_kept(x: Any, n: int) -> Any:
    xs = [x]
    put = xs.append
    for k in range(n):
        put(x * k)
    return sum(xs)


def half_refused(x: Any, n: int) -> Any:
    xs = [x] * n
    ys = xs
    zs = ys * 2
    return zs[0] + ys[0] + max(zs)


def inserted(x: Any, n: int) -> Any:
    xs = [x]
    xs.insert(0, 2 * x)
    return xs[0]


@pytest.mark.parametrize(
    "f",
    [
        returned, passed_on, stored, sliced, captured, of_arrays, of_lists, one_of_two,
        from_the_last_iteration, half_refused, inserted,
    ],
)  # fmt: skip
def test_other_lists_are_left_to_the_runtime(f: Any) -> None:
    facts = facts_of(f, 2.0, 3, inactive="n")
    assert not {"xs", "ys", "zs"} & set(facts.number_lists)
    assert not any(site.form.startswith("list_") for site in facts.sites.values()) or (
        f in (sliced, of_lists)  # what is put into them is another list
    )


def test_a_parameter_may_be_anybody_s() -> None:
    def f(xs: Any, x: Any) -> Any:
        xs.append(x)
        return sum(xs)

    assert not facts_of(f, [1.0], 2.0).number_lists


def test_lists_without_derivatives_are_no_matter() -> None:
    def f(x: Any, n: int) -> Any:
        ks = [1.0] * n
        ks.append(2.0)
        return x * ks[-1]

    assert not facts_of(f, 2.0, 3, inactive="n").number_lists
