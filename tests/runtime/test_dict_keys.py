"""Keys of dicts that carry derivatives have slots of their own."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.dict_keys import KeySlot, give_key, may_carry, take_key
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


@pytest.mark.parametrize("key", [1.5, 1j, np.float64(2.0), (1, 1.5), frozenset({("a", 0.5)})])
def test_numbers_and_what_contains_them_may_carry(key: Any) -> None:
    assert may_carry(key)


@pytest.mark.parametrize("key", ["a", 1, True, None, b"b", ("a", 1), frozenset({1}), object()])
def test_other_keys_carry_nothing(key: Any) -> None:
    assert not may_carry(key)


def test_the_slot_of_a_key_is_not_that_of_its_value() -> None:
    acc, mapping = Accumulators(), {1.5: 2.0}
    give_key(acc, mapping, 1.5, 3.0)
    acc.add_slot(mapping, 1.5, 5.0)
    give_key(acc, mapping, 1.5, ZERO)
    assert take_key(acc, mapping, 1.5) == 3.0
    assert take_key(acc, mapping, 1.5) is ZERO
    assert acc.take_slots(mapping) == {1.5: 5.0}


def test_names_of_slots_compare_by_their_keys() -> None:
    assert KeySlot(1.5) == KeySlot(1.5) != KeySlot(2.5)
    assert KeySlot(1.5) != 1.5
    assert {KeySlot((1, 1.5)): "a"}[KeySlot((1, 1.5))] == "a"


# --- programs -------------------------------------------------------------------------------------


@case(0.7, 1.2)
def keys_of_a_display(x, y):
    total = 0.0
    for t in {x: 1, y * y: 2}:
        total = total * 2.0 + t * t
    return total


@case(0.7, 1.2)
def items_with_keys(x, y):
    d = {}
    d[x * y] = x
    d[y] = 2.0
    d[y] = x * 3.0
    return sum(k * k * v for k, v in d.items())


@case(0.7, 1.2)
def keys_of_copies(x, y):
    d = {x: y, "n": 1.0}
    e = {**d, y: x}
    f = dict(e)
    g = dict([(x + y, 1.0)])
    g.update(f)
    return sum(k * v for k, v in g.items() if k != "n")


@case(0.7, 1.2)
def keys_that_are_popped(x, y):
    d = {x: y, x * y: 2.0}
    k, v = d.popitem()
    return k * k * v + next(iter(d.keys())) ** 3


@case(0.7, 1.2)
def keys_that_are_tuples(x, y):
    d = {(x, "a"): y}
    d.setdefault((y, "b"), x * x)
    return sum(k[0] * v for k, v in d.items())


@case(0.7, 1.2)
def keys_of_a_comprehension(x, y):
    d = {t * t: t for t in (x, y)}
    return sum(k * v for k, v in d.items()) + max(d)


@case(0.7, 1.2)
def keys_counted(x, y):
    c = collections.Counter([x, y, x])
    return sum(k * n for k, n in c.items()) + c.most_common(1)[0][0] ** 2


@case(0.7, 1.2)
def keys_from_keys(x, y):
    d = dict.fromkeys([x, y * x], 2.0)
    return sum(k * k * v for k, v in d.items())


@case(0.7, 1.2)
def keys_of_a_default_dict(x, y):
    d = collections.defaultdict(float)
    for t in (x, y, x):
        d[t] += 1.0
    return sum(k * k * n for k, n in d.items())


@case({0.5: 2.0, 1.5: 1.0})
def keys_of_an_argument_are_constants(d):
    return sum(k * v for k, v in d.items())


@case(0.7, 1.2)
def sorted_keys(x, y):
    d = {y: "b", x: "a"}
    a, b = sorted(d)
    return a * a * b + list(d)[0]


@case(0.7, 1.2)
def keys_that_are_united(x, y):
    d = {x: 1.0} | {y * x: 2.0}
    d |= {x + y: x}
    return sum(k * v for k, v in d.items())


@case(0.7, 1.2)
def keys_of_a_copied_dict(x, y):
    d = {x: y}
    e = d.copy()
    e[x] = x
    return sum(k * v for k, v in e.items()) + sum(k**3 for k in collections.OrderedDict(d))


@case(0.7)
def keys_written_in_a_loop(x):
    d = {}
    for i in range(3):
        d[x * i] = i
    return sum(k * k * v for k, v in d.items())


@case(0.7, 1.2)
def builtins_over_keys(x, y):
    d = {x * y: 1.0, y: 2.0}
    return max(d) * min(d.keys()) + sum(d) ** 2 + len(d) * (y in d) + any(d)


@case(0.7, 1.2)
def keys_that_c_code_moves(x, y):
    d = {y * y: x}
    xs = []
    collections.deque(d, maxlen=0).append(0)
    xs.extend(d)
    a, b = zip(*{(x, 1.0): 2, (y, 2.0): 3}, strict=True)
    return xs[0] * x + sum(a) * max(zip(d, d.values(), strict=True))[0] + b[0]


@case(0.7, 1.2)
def views_as_sets(x, y):
    d, e = {x * x: 2.0, y: x}, {y: 1.0, x * 3: 0.5}
    total = sum(t * t for t in d.keys() | {x}) + sum(t * t for t in d.keys() - e.keys())
    total += sum(k * v for k, v in d.items() ^ [(x, y), (y, x)])
    return total + sum(t**3 for t in d.keys() & [y])


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()
