"""Tuple targets before and after splitting."""

from __future__ import annotations

from typing import Any

import pytest

from dpy.transform import ir, split_targets
from dpy.transform.lower import lower
from dpy.transform.rebuild import rebuild
from dpy.transform.show import show
from dpy.transform.source import read_source
from dpy.transform.verify import verify


def pair(p):
    a, b = p
    return a * b


def starred(xs):
    first, *rest, last = xs
    return first, rest, last


def nested(p):
    a, (b, c) = p
    return a, b, c


def loop(pairs):
    total = 0.0
    for a, b in pairs:
        total = total + a * b
    return total


def swap(x, y):
    x, y = y, x
    return x, y


def inside(p, flag):
    if flag:
        a, b = p
    else:
        b, a = p
    while a < 3:
        a, b = a + 1, b * 2
    return a, b


def taken(p):
    items_0, item_0 = p
    for a, b in [p]:
        items_0 = items_0 + a
    return items_0, item_0, a, b


CALLS = [
    (pair, ((1, 2),)),
    (starred, ([1, 2, 3, 4],)),
    (starred, ("ab",)),
    (nested, ((1, (2, 3)),)),
    (loop, ([(1, 2), (3, 4)],)),
    (swap, (1, 2)),
    (inside, ((0, 1), True)),
    (inside, ((0, 1), False)),
    (taken, ((1, 2),)),
]


def split(function: Any) -> ir.Function:
    return split_targets.run(lower(read_source(function)))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (
            pair,
            """\
def pair(p):
    items_0 = unpack(p, 2)
    a = items_0[0]
    b = items_0[1]
    t_1 = a * b
    return t_1""",
        ),
        (
            loop,
            """\
def loop(pairs):
    total = 0.0
    for t_1 in pairs:
        items_0 = unpack(t_1, 2)
        a = items_0[0]
        b = items_0[1]
        t_2 = a * b
        total = total + t_2
    return total""",
        ),
    ],
)
def test_after(function: Any, expected: str) -> None:
    assert show(split(function)) == expected


@pytest.mark.parametrize(("function", "args"), CALLS)
def test_no_tuple_target_is_left_and_the_value_stays(function: Any, args: Any) -> None:
    done = split(function)
    verify(done)
    for s in ir.walk(done.body):
        if isinstance(s, (ir.Assign, ir.For)):
            assert not isinstance(s.target, tuple)
    assert rebuild(done, read_source(function), function)(*args) == function(*args)


def test_new_names_avoid_the_users() -> None:
    targets = [s.target for s in ir.walk(split(taken).body) if isinstance(s, ir.Assign)]
    assert targets.count("items_0") == 2  # the user's own two assignments
    assert "items_1" in targets


def test_errors_are_those_of_python() -> None:
    made = rebuild(split(pair), read_source(pair), pair)
    for wrong in ((1,), (1, 2, 3), 5):
        with pytest.raises((ValueError, TypeError)) as expected:
            pair(wrong)
        with pytest.raises(expected.type) as found:
            made(wrong)
        assert str(found.value) == str(expected.value)


def test_what_it_is_given_stays() -> None:
    lowered = lower(read_source(pair))
    before = repr(lowered)
    split_targets.run(lowered)
    assert repr(lowered) == before


def test_the_place_in_the_source_is_kept() -> None:
    items = [s for s in ir.walk(split(pair).body) if isinstance(s, ir.Assign)]
    line = pair.__code__.co_firstlineno + 1
    assert [s.loc.line for s in items[:3] if s.loc is not None] == [line] * 3
