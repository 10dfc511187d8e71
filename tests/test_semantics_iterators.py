"""What an iterator does between its last item and its end, and who asked for more."""

from __future__ import annotations

import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


def once(d, x):
    """Writes when it is asked for the first item, and when it is asked for another."""
    d[0] = x * x * x
    yield x
    d[0] = 0.5 * x


class Once:
    """The same as an object."""

    def __init__(self, d, x):
        self.d = d
        self.x = x
        self.is_over = False

    def __iter__(self):
        return self

    def __next__(self):
        if self.is_over:
            self.d[0] = 0.5 * self.x
            raise StopIteration
        self.is_over = True
        return self.x


class Indexed:
    """The same by numbers."""

    def __init__(self, d, x):
        self.d = d
        self.x = x

    def __getitem__(self, i):
        if i == 1:
            self.d[0] = 0.5 * self.x
            raise IndexError
        return self.x


@case(1.5)
def generator_ends_after_the_loop_body(x):
    d = [0.0]
    for _ in once(d, x):
        d[0] = x * x
    return d[0]


@case(1.5)
def loop_is_left_before_the_end(x):
    d = [0.0]
    for _ in once(d, x):
        d[0] = x * x
        break
    return d[0]


@case(1.5)
def two_generators_by_turns(x):
    d = [0.0]
    for _ in zip(once(d, x), once(d, 2 * x), strict=False):
        pass
    return d[0]


@case(1.5)
def shorter_list_ends_zip(x):
    d = [0.0]
    total = 0.0
    for p, _ in zip(once(d, x), [], strict=False):
        total += p
    return d[0] + total


@case(1.5)
def item_that_zip_drops(x):
    d = [0.0]
    for _ in zip(once(d, x), once(d, x * x), [1.0], strict=False):
        d[0] = x * x
    return d[0]


@case(1.5)
def end_of_enumerate(x):
    d = [0.0]
    for k, p in enumerate(once(d, x)):
        d[0] = x * x * p + k
    return d[0]


@case(1.5)
def end_of_map(x):
    d = [0.0]

    def note(p):
        d[0] = x * p
        return d[0]

    return sum(map(note, once(d, x))) * d[0]


@case(1.5)
def end_by_next(x):
    d = [0.0]
    items = once(d, x)
    p = next(items)
    d[0] = x * x * p
    q = next(items, x)
    d[0] *= q
    return d[0] + next(items, 2 * x)


@case(1.5)
def end_by_list(x):
    d = [0.0]
    items = once(d, x)
    p = next(items)
    d[0] = x * x
    return p * d[0] * len(list(items)) + d[0]


@case(1.5)
def end_by_unpacking(x):
    d = [0.0]
    (p,) = once(d, x)
    return p * d[0]


@case(1.5)
def end_in_a_try_body(x):
    d = [0.0]
    try:
        for _ in once(d, x):
            d[0] = x * x
    except ValueError:
        return 0.0
    return d[0]


@case(1.5)
def end_of_a_generator_of_a_generator(x):
    d = [0.0]
    for p in (2 * q for q in once(d, x)):
        d[0] = p * p
    return d[0]


@case(1.5)
def object_ends_after_the_loop_body(x):
    d = [0.0]
    for p in Once(d, x):
        d[0] = x * p
    return d[0]


@case(1.5)
def object_ends_by_next(x):
    d = [0.0]
    items = Once(d, x)
    d[0] = next(items) * x
    return next(items, x) * d[0]


@case(1.5)
def object_by_numbers_ends_after_the_loop_body(x):
    d = [0.0]
    for p in Indexed(d, x):
        d[0] = x * p
    return d[0]


@case(1.5)
def sentinel_ends_the_calls(x):
    d = [1.0]

    def count():
        d[0] = d[0] * x
        return d[0] > 2.0

    for _ in iter(count, True):
        d[0] = d[0] + x * x * x * 0.1
    return d[0]


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
