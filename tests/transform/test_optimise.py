"""What the passes must not do, on hand-made code; each case would be wrong if they were greedy."""

from __future__ import annotations

from typing import Any

import pytest

from dpy.cotangent import ZERO
from dpy.transform.ir import (
    Assign,
    Call,
    Def,
    For,
    Function,
    Global,
    If,
    Known,
    Lit,
    Loc,
    Op,
    Param,
    Return,
    Var,
)
from dpy.transform.optimise import (
    branches,
    copies,
    fold_forward,
    fold_pullback,
    inplace,
    rename,
    residuals,
    simplify,
)
from dpy.transform.show import show

LINE = Loc(1)
MUL = lambda a, b: Op("mul", (a, b))  # noqa: E731
A, B, T, X = Var("a"), Var("b"), Var("t_1"), Var("x")


def add_at(d: Any, index: Any, value: Any) -> None:
    """Stands for the helper."""


def forward(*body: Any, result: Any = X) -> str:
    function = Function("f", (Param("a"), Param("b")), body, result)
    return show(fold_forward.run(function)).split(":\n", 1)[1]


def backward(*body: Any, passes: Any = (fold_pullback.run,)) -> str:
    inner = Function("pb", (Param("d"),), body, None)
    function = Function("f", (), (Def(inner), Return(Var("pb"))), None)
    for run in passes:
        function = run(function)
    return show(function).split("def pb(d):\n")[1].replace("\n    return pb", "")


def test_a_call_is_not_moved_behind_another() -> None:
    text = forward(
        Assign("t_1", Call(Global("f"), (A,)), LINE),
        Assign("x", Op("add", (Call(Global("g"), (B,)), T)), LINE),
    )
    assert "t_1 = f(a)" in text


def test_a_global_read_is_not_moved_in_front_of_a_call() -> None:
    text = forward(
        Assign("t_1", Call(Global("f"), (A,)), LINE),
        Assign("x", Call(Global("g"), (T,)), LINE),
    )
    assert "t_1 = f(a)" in text


def test_nothing_moves_to_another_line() -> None:
    text = forward(Assign("t_1", MUL(A, B), Loc(1)), Assign("x", MUL(T, B), Loc(2)))
    assert "t_1 = a * b" in text


def test_user_variables_stay() -> None:
    function = Function(
        "f",
        (Param("a"),),
        (Assign("t_1", MUL(A, A), LINE), Assign("x", MUL(T, A), LINE)),
        X,
        locals=frozenset(("t_1", "x")),
    )
    assert "t_1 = a * a" in show(fold_forward.run(function))


def test_stores_evaluate_their_value_first() -> None:
    store = Op("setitem", (Var("t_1"), Lit(0), Var("t_2")))
    text = forward(
        Assign("t_1", Call(A, ()), LINE),
        Assign("t_2", Call(B, ()), LINE),
        Assign(None, store, LINE),
        result=Lit(None),
    )
    assert "t_1 = a()" in text  # ``a()[0] = b()`` would call b first


def test_membership_evaluates_the_item_first() -> None:
    text = forward(
        Assign("t_1", Call(A, ()), LINE),
        Assign("t_2", Call(B, ()), LINE),
        Assign("x", Op("contains", (T, Var("t_2"))), LINE),
    )
    assert "t_1 = a()" in text


def test_a_value_used_by_the_pullback_is_kept() -> None:
    inner = Function("pb", (Param("d"),), (Return(MUL(Var("d"), T)),), None)
    body = (
        Assign("t_1", MUL(A, B), LINE),
        Assign("x", MUL(T, B), LINE),
        Def(inner),
        Return(Op("tuple", (X, Var("pb")))),
    )
    text = show(fold_forward.run(Function("f", (Param("a"), Param("b")), body, None)))
    assert "t_1 = a * b" in text


def test_a_read_is_not_moved_over_an_assignment() -> None:
    text = backward(
        Assign("e", MUL(Var("d"), A)),
        Assign("d", MUL(Var("d"), B)),
        Return(Op("tuple", (Var("e"), Var("d"), Var("d")))),
    )
    assert "e = d * a" in text


def test_a_read_is_not_moved_over_a_change_in_place() -> None:
    change = Assign(None, Call(Known(add_at, "add_at"), (Var("d"), Lit(0), A)))
    text = backward(Assign("e", Op("neg", (Var("d"),))), change, Return(Var("e")))
    assert "e = -d" in text


def test_effects_stay_though_their_value_is_not_used() -> None:
    text = backward(Assign("e", Call(Var("pb_1"), (Var("d"),))), Return(Var("d")))
    assert "pb_1(d)" in text


def test_what_a_loop_carries_round_is_live() -> None:
    step = (Assign("r", MUL(Var("e"), A)), Assign("e", MUL(Var("d"), B)))
    text = backward(
        Assign("e", Lit(0.0)), For("i", Var("xs"), step), Return(Op("tuple", (Var("r"), Var("d"))))
    )
    assert "e = d * b" in text and "e = 0.0" in text


def test_what_one_branch_assigns_is_live_in_the_other() -> None:
    text = backward(
        Assign("e", MUL(Var("d"), A)), If(B, (Assign("e", Var("d")),)), Return(Var("e"))
    )
    assert "e = d * a" in text


def test_copies_end_where_the_original_changes() -> None:
    text = backward(
        Assign("e", Var("d")),
        Assign("d", MUL(Var("d"), A)),
        Return(Op("tuple", (Var("e"), Var("d"), Var("d")))),
        passes=(copies.run, fold_pullback.run),
    )
    assert "e = d" in text


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Op("mul", (A, Op("neg", (Lit(1.0),)))), "-a"),
        (Op("add", (A, Known(ZERO, "ZERO"))), "a"),
        (Op("sub", (A, Op("neg", (B,)))), "a + b"),
        (Op("neg", (Op("neg", (A,)),)), "a"),
        (Op("add", (A, Lit(0.0))), "a + 0.0"),  # -0.0 + 0.0 is 0.0
        (Op("mul", (A, Lit(True))), "a * True"),
    ],
)
def test_algebra(expression: Any, expected: str) -> None:
    text = backward(Return(expression), passes=(simplify.run,))
    assert text.strip() == f"return {expected}"


def test_sums_are_in_place_for_numbers_only() -> None:
    total = (Var("d"), A)
    passes = (inplace.remove, inplace.run)
    number, array = Assign("d", Op("iadd", total)), Assign("d", Op("add", total))
    marked = backward(number, Return(Var("d")), passes=passes)
    plain = backward(array, Return(Var("d")), passes=passes)
    mixed = backward(number, array, Return(Var("d")), passes=passes)
    assert "d += a" in marked
    assert "d = d + a" in plain
    assert "+=" not in mixed


def loop_with_tape(*, after: tuple[Any, ...] = (), read: Any = None) -> Function:
    """``for`` with a branch on a saved test; the pullback reads what `read` says."""
    saved = Var("saved")
    append = Assign(None, Op("append", (saved, Op("tuple", (T, X)))))
    branch = If(T, (Assign("x", MUL(X, A)),), (Assign("x", Op("neg", (X,))),))
    loop = For("i", Var("xs"), (Assign("t_1", Op("lt", (X, A))), branch, *after, append))
    sweep = For(
        ("t_1", "x"), Call(Known(reversed, "reversed"), (saved,)),
        (If(T, (Assign("d", read or MUL(Var("d"), X)),)),),
    )  # fmt: skip
    inner = Function("pb", (Param("d"),), (sweep, Return(Var("d"))), None)
    body = (Assign("saved", Op("list", ())), loop, Def(inner), Return(Var("pb")))
    return Function("f", (Param("a"), Param("x"), Param("xs")), body, None)


def test_the_test_is_saved_as_a_literal() -> None:
    text = show(branches.run(loop_with_tape()))
    assert "saved.append((True, x))" in text and "saved.append((False, x))" in text


def test_values_assigned_after_the_branch_are_saved_after_it() -> None:
    text = show(branches.run(loop_with_tape(after=(Assign("x", MUL(X, X)),))))
    assert text.count("append") == 1


def test_a_test_that_is_used_as_a_number_is_saved_itself() -> None:
    text = show(branches.run(loop_with_tape(read=MUL(Var("d"), MUL(T, X)))))
    assert "append((t_1, x))" in text and "True" not in text


def test_what_is_not_read_is_not_saved() -> None:
    text = show(residuals.run(loop_with_tape(read=Var("d"))))
    assert "append(t_1)" in text and "for t_1 in reversed" in text


def test_names_of_the_user_and_of_globals_are_not_taken() -> None:
    body = (Assign("t_5", Op("neg", (Global("t_1"),))), Assign("x", MUL(Var("t_5"), Var("t_2"))))
    function = Function("f", (Param("t_2"),), body, X)
    assert "t_3 = -t_1" in show(rename.run(function))
