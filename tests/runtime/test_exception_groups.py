"""Groups whose class or condition is the user's: what these compute is differentiated."""

from __future__ import annotations

import pytest

from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case


class Weighted(ExceptionGroup):
    """Its parts weigh less."""

    def __new__(cls, message, errors, weight):
        self = super().__new__(cls, message, errors)
        self.weight = weight
        return self

    def derive(self, errors):
        return Weighted(self.message, errors, self.weight * len(errors) / 3.0)


def group(x):
    inner = ExceptionGroup("inner", [KeyError(x), OSError(2.0)])
    return Weighted("outer", [ValueError(x * x), KeyError(2.0 * x), inner], x * x * x)


@case(0.7)
def split(x):
    keys, rest = group(x).split(KeyError)
    state["parts"] = repr((keys, rest))
    return keys.weight * keys.exceptions[0].args[0] + rest.weight


@case(0.7)
def chosen_by_a_function(x):
    limit = [x]

    def is_large(error):
        limit[0] = limit[0] * 1.5
        return bool(error.args) and isinstance(error, KeyError) and error.args[0] > 1.0

    part = group(x).subgroup(is_large)
    return part.weight * part.exceptions[0].args[0] * limit[0]


@case(0.7)
def nothing_is_chosen(x):
    none, everything = group(x).split(lambda error: False)
    state["none"] = none
    return everything.weight


@case(0.7)
def a_plain_group(x):
    plain = ExceptionGroup("plain", [KeyError(x * 3.0), OSError(2.0)])
    plain.add_note("noted")
    part = plain.subgroup((KeyError, TypeError))
    state["part"] = (repr(part), part.__notes__, part.__notes__ is plain.__notes__)
    return part.exceptions[0].args[0] * x


@case(0.7)
def a_wrong_condition(x):
    try:
        group(x).split(3)
    except TypeError as error:
        state["error"] = str(error)
    return x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()
