"""What can be asked of the outcome."""

from __future__ import annotations

from dpy.kinds import UNKNOWN, Const, KnownObject, List
from dpy.records import replace
from dpy.specialise.rule_book import Surroundings
from dpy.transform import ir
from dpy.transform.infer.facts import HEAP, RuleBook, Summary, literal_kind
from tests.transform.infer.programs import FLOAT, facts_of


def test_kind_of_an_operand_at_its_statement() -> None:
    def f(x):
        y = x * 2
        y = [y]
        return y

    facts = facts_of(f, 1.0)
    first, second = (s for s in ir.walk(facts.function.body) if getattr(s, "target", 0) == "y")
    assert facts.kind(first, ir.Var("x")) == FLOAT
    assert facts.kind(first, ir.Lit(2)) == Const(2, int)
    assert facts.kind(first, ir.Known(len, "len")) == KnownObject(len)
    assert facts.kind(first, ir.Star(ir.Var("x"))) is UNKNOWN
    assert facts.kind(second, ir.Var("x")) is UNKNOWN  # it is no operand there
    assert facts.kinds[id(first)] == FLOAT
    assert facts.kinds[id(second)] == List(FLOAT)


def test_is_active() -> None:
    def f(x, n):
        return x * n

    facts = facts_of(f, 1.0, 2.0, inactive="n")
    assert facts.is_active(ir.Var("x"))
    assert facts.is_active(ir.Star(ir.Var("x")))
    assert not facts.is_active(ir.Var("n"))
    assert not facts.is_active(ir.Lit(1.0))


def test_summaries_are_compared_by_their_fields() -> None:
    summary = Summary(FLOAT, True)
    assert summary == Summary(FLOAT, True)
    assert summary != replace(summary, needs_acc=True)
    assert not summary.writes
    assert replace(summary, written=frozenset({HEAP})).writes


def test_kinds_of_literals_know_the_type() -> None:
    assert literal_kind(True) == Const(True, bool)
    assert literal_kind(1) == Const(1, int)
    assert literal_kind(1) != literal_kind(1.0)


def test_the_surroundings_answer_all_that_a_rule_book_is_asked() -> None:
    questions = [name for name in vars(RuleBook) if not name.startswith("_")]
    assert len(questions) == 7
    for name in questions:
        asked, answered = (vars(c)[name].__code__ for c in (RuleBook, Surroundings))
        n = asked.co_argcount
        assert answered.co_varnames[:n] == asked.co_varnames[:n]
