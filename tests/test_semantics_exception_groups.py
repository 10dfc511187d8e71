"""``except*``: what each clause is given, what goes on, and what the exceptions carry."""

from __future__ import annotations

import math
import sys

import pytest

from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case


class Failure(Exception):
    """Carries a value."""

    def __init__(self, value):
        super().__init__(value)
        self.value = value


class Worse(Failure):
    """One that is derived."""


class Batch(ExceptionGroup):
    """A group of its own kind, which its parts share."""

    def __new__(cls, message, errors, weight=1.0):
        self = super().__new__(cls, message, errors)
        self.weight = weight
        return self

    def derive(self, errors):
        return Batch(self.message, errors, self.weight * 2.0)


def several(x):
    raise ExceptionGroup("all", [Failure(x), KeyError(x * x), ExceptionGroup("in", [Worse(3 * x)])])


def total(group):
    found = 0.0
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            found += total(error)
        else:
            found += error.args[0]
    return found


@case(0.7)
def each_clause_has_its_part(x):
    y = x
    try:
        several(x)
    except* Failure as group:
        y += total(group) * x
        state["first"] = repr(group)
    except* KeyError as group:
        y *= total(group)
        state["second"] = repr(group)
    else:
        y = 100.0
    finally:
        y = y * 2.0
    return y


@case(0.7)
def nothing_is_thrown(x):
    y = x
    try:
        y = y * x
    except* Failure:
        y = 0.0
    else:
        y = y * x
    return y


@case(0.7)
def what_no_clause_wants_goes_on(x):
    y = x
    try:
        try:
            y = y * 2.0
            several(x)
        except* KeyError as group:
            y = y + total(group)
    except ExceptionGroup as rest:
        state["rest"] = repr(rest)
        y = y * total(rest)
    return y


@case(0.7)
def a_single_exception_is_wrapped(x):
    try:
        raise Failure(x * x)
    except* Failure as group:
        state["group"] = repr(group)
        y = group.exceptions[0].value
    return y * x


@case(0.7)
def a_single_exception_that_nobody_wants(x):
    try:
        try:
            raise Failure(x * x)
        except* KeyError:
            x = 0.0
    except Failure as error:
        return error.value * x


@case(0.7)
def raised_again(x):
    y = x
    try:
        try:
            several(x)
        except* Failure:
            y = y * 2.0
            raise
        except* KeyError as group:
            y = y * total(group)
    except* Failure as group:
        state["group"] = repr(group)
        y = y + total(group)
    return y


@case(0.7)
def clauses_that_fail(x):
    y = x
    try:
        try:
            several(x)
        except* Worse as group:
            y = y * total(group)
            raise Failure(y) from group
        except* Failure as group:
            y = y + total(group)
            raise KeyError(y * x)  # noqa: B904
    except ExceptionGroup as group:
        state["group"] = repr(group)
        first, second, rest = group.exceptions
        state["cause"] = repr(first.__cause__)
        state["contexts"] = [repr(e.__context__) for e in group.exceptions]
        return first.value * second.args[0] + total(rest)


@case(0.7)
def a_clause_that_fails_alone(x):
    try:
        try:
            raise Failure(x)
        except* Failure as group:
            raise KeyError(x * group.exceptions[0].value)  # noqa: B904
    except KeyError as error:
        state["context"] = repr(error.__context__)
        return error.args[0] * x


@case(0.7)
def raised_by_name(x):
    try:
        try:
            several(x)
        except* KeyError as group:
            raise group
    except ExceptionGroup as group:
        state["group"] = repr(group)
        return total(group) * x


@case(0.7)
def the_name_is_forgotten(x):
    y = x
    try:
        several(x)
    except* Failure as group:
        y = y * total(group)
    except* Exception as other:
        y = y + total(other)
    try:
        return y * group  # noqa: F821
    except UnboundLocalError:
        return y


@case(0.7)
def several_classes(x):
    kinds = (KeyError, Worse)
    try:
        try:
            several(x)
        except* kinds as group:
            x = x * total(group)
    except* Failure as group:
        x = x + total(group)
    return x


@case(0.7)
def a_group_of_its_own_kind(x):
    try:
        try:
            raise Batch("mine", [Failure(x), KeyError(x * 2.0)], x * x)
        except* KeyError as group:
            y = group.weight * total(group)
    except Batch as rest:
        state["rest"] = repr(rest)
        return y + rest.weight * total(rest)


@case(0.7)
def in_a_loop(x):
    y = x
    for i in range(4):
        try:
            if i % 2:
                several(y)
            elif i:
                raise Worse(y * x)
            y = y + x
        except* KeyError as group:
            y = y * total(group)
        except* Failure as group:
            y = y + total(group) * i
    return y


@case(0.7)
def within_an_except_star(x):
    y = x
    try:
        several(x)
    except* Failure as group:
        try:
            raise group.exceptions[0]
        except* Failure as again:
            y = y * total(again)
    except* KeyError:
        y = y * 3.0
    return y


@case(-0.7)
def an_exception_of_c_code(x):
    try:
        y = math.sqrt(x)
    except* ValueError as group:
        state["group"] = repr(group)
        y = x * x
    return y * x


@case(0.7)
def work_before_is_kept(x):
    xs = [x]

    def risky():
        xs.append(xs[0] * x)
        several(xs[-1])

    try:
        risky()
    except* Failure as group:
        xs.append(total(group))
    except* KeyError:
        xs.append(x)
    return math.prod(xs)


@case(0.7)
def a_class_that_cannot_be_caught(x):
    try:
        try:
            several(x)
        except* int:
            x = 0.0
    except TypeError as error:
        state["error"] = str(error)
        return x * x


@case(0.7)
def a_group_cannot_be_caught(x):
    try:
        several(x)
    except* (KeyError, ExceptionGroup):
        x = 0.0
    return x


@case(0.7)
def split_by_hand(x):
    try:
        several(x)
    except ExceptionGroup as group:
        kept, rest = group.split(Failure)
        deeper = group.subgroup(lambda e: isinstance(e, Worse))
        return total(kept) * total(rest) + total(deeper)


@case(0.7)
def what_is_handled(x):
    try:
        several(x)
    except* KeyError:
        state["key"] = repr(sys.exc_info()[1])
    except* Failure:
        state["failure"] = repr(sys.exc_info()[1])
    state["after"] = sys.exc_info()[1]
    return x * x


@case(0.7)
def not_caught_at_all(x):
    try:
        several(x)
    except* Worse:
        state["worse"] = x


@case(0.7)
def in_a_generator(x):
    def values(t):
        try:
            yield t * t
            several(t)
        except* Failure as group:
            yield total(group)
        except* KeyError as group:
            yield total(group) * 2.0

    return sum(values(x)) * x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
