"""Numbering of versions, and the names under which the pullback finds them."""

from __future__ import annotations

from typing import Any

import pytest

from dpy.transform import ir, split_targets
from dpy.transform.lower import lower
from dpy.transform.source import read_source
from dpy.transform.versions import Names, Version, Versions, assigned


class Numbered:
    """A function whose statements are found by the text of their target, in order."""

    def __init__(self, function: Any) -> None:
        self.function = split_targets.run(lower(read_source(function)))
        taken = set(self.function.locals) | {p.name for p in self.function.params}
        self.versions = Versions(self.function, Names(taken | set(assigned(self.function.body))))

    def assignments(self, target: str) -> list[ir.Assign]:
        return [
            s
            for s in ir.walk(self.function.body)
            if isinstance(s, ir.Assign) and s.target == target
        ]

    def use(self, target: str, name: str, which: int = 0) -> Version:
        """The version of `name` that assignment `which` of `target` reads."""
        return self.versions.uses[id(self.assignments(target)[which]), name]

    def residual(self, target: str, name: str, which: int = 0) -> str:
        return self.versions.residual(self.assignments(target)[which], name)

    def copied(self) -> set[tuple[str, str]]:
        """The copies that the forward makes, as (copy, variable)."""
        return {pair for pairs in self.versions.copies.values() for pair in pairs}


# --- names --------------------------------------------------------------------------------------


def test_fresh_names() -> None:
    names = Names({"x", "x_", "pb_0", "pb_2"})
    assert names.fresh("y") == "y"
    assert names.fresh("y") == "y_"
    assert names.fresh("x") == "x__"
    assert [names.numbered("pb") for _ in range(3)] == ["pb_1", "pb_3", "pb_4"]


def test_fresh_names_do_not_change_the_set_given() -> None:
    taken = {"x"}
    Names(taken).fresh("x")
    assert taken == {"x"}


def test_assigned_names_in_order() -> None:
    def f(x, n):
        b = x
        for i in range(n):
            a = b
            b = a + i
        return b

    body = lower(read_source(f)).body
    assert [name for name in assigned(body) if not name.startswith("t_")] == ["b", "i", "a"]


# --- which version is read ----------------------------------------------------------------------


def straight(x):
    y = x * 2
    x = y + 1
    z = x * y
    return z


def test_reads_see_the_last_assignment() -> None:
    numbered = Numbered(straight)
    first, second = numbered.use("y", "x"), numbered.use("z", "x")
    assert first is numbered.versions.params["x"]
    assert second is not first
    assert second is numbered.versions.definitions[id(numbered.assignments("x")[0]), "x"]
    assert numbered.use("x", "y") is numbered.use("z", "y")


def branched(x):
    y = x
    if x > 0:
        y = x * 2
        a = y + 1
    else:
        a = y + 2
    b = y + a
    return b


def test_a_branch_makes_a_new_version_of_what_it_assigns() -> None:
    numbered = Numbered(branched)
    inside, other, after = (
        numbered.use("a", "y", 0), numbered.use("a", "y", 1), numbered.use("b", "y"),
    )  # fmt: skip
    assert len({id(v) for v in (inside, other, after)}) == 3
    assert inside.is_conditional
    assert not other.is_conditional
    assert not after.is_maybe_unbound
    assert not numbered.use("b", "a").is_maybe_unbound


def maybe_unbound(x, flag):
    if flag:
        y = x * 2
    z = y + 1
    return z


def test_what_only_one_branch_assigns_may_be_unbound() -> None:
    numbered = Numbered(maybe_unbound)
    assert numbered.use("z", "y").is_maybe_unbound
    # It is copied where it is read, since there it is bound.
    name = numbered.residual("z", "y")
    assert name != "y"
    key = ("before", id(numbered.assignments("z")[0]))
    assert numbered.versions.copies[key] == [(name, "y")]


def looped(x, n):
    y = x
    for i in range(n):
        y = y * x
    z = y * 2
    return z


def test_a_loop_has_a_version_at_its_head_and_one_after_it() -> None:
    numbered = Numbered(looped)
    head, after = numbered.use("y", "y", 1), numbered.use("z", "y")
    assert head is not after
    assert head.scope.loop is not None
    assert after.scope.loop is None
    assert numbered.use("y", "x", 1).scope.loop is None  # not assigned in the loop


def test_the_target_of_a_loop_is_born_in_it() -> None:
    def f(xs):
        s = 0.0
        for x in xs:
            s = s + x
        return s

    version = Numbered(f).use("s", "x", 1)
    assert version.scope.loop is not None
    assert version.birth[0] == "head"


def test_the_test_of_a_while_belongs_to_the_loop() -> None:
    def f(x):
        while x * 2 < 10:
            x = x * x
        return x

    numbered = Numbered(f)
    (product,) = (
        s for s in ir.walk(numbered.function.body)
        if isinstance(s, ir.Assign) and s.value == ir.Op("mul", (ir.Var("x"), ir.Lit(2)))
    )  # fmt: skip
    assert numbered.versions.uses[id(product), "x"] is numbered.use("x", "x")


# --- residual names -----------------------------------------------------------------------------


def test_a_variable_assigned_once_keeps_its_name() -> None:
    numbered = Numbered(straight)
    assert numbered.residual("x", "y") == "y"
    assert not numbered.copied()


def test_a_value_that_is_written_over_is_copied_and_the_last_keeps_the_name() -> None:
    numbered = Numbered(straight)
    assert numbered.residual("z", "x") == "x"
    assert numbered.residual("y", "x") == "x_0"
    assert numbered.copied() == {("x_0", "x")}
    assert numbered.versions.copies["start", id(None)] == [("x_0", "x")]


def test_the_same_version_is_copied_once() -> None:
    numbered = Numbered(straight)
    names = {numbered.residual("y", "x"), numbered.versions.residual_at_start("x")}
    assert names == {"x_0"}
    assert numbered.copied() == {("x_0", "x")}


def test_values_of_a_loop_are_saved_with_it() -> None:
    numbered = Numbered(looped)
    (scope,) = numbered.versions.scopes.values()
    name = numbered.residual("y", "y", 1)
    assert list(scope.residuals) == [name]
    assert numbered.copied() == {(name, "y")}
    (key,) = numbered.versions.copies
    assert key[0] == "head"


def test_values_from_before_a_loop_are_not_saved_in_it() -> None:
    numbered = Numbered(looped)
    assert numbered.residual("y", "x", 1) == "x"
    (scope,) = numbered.versions.scopes.values()
    assert not scope.residuals
    assert not numbered.copied()


def conditional_in_loop(x, n):
    for i in range(n):
        if i > 1:
            t = x * 2
            x = t * t
    return x


def test_what_a_loop_assigns_on_a_branch_only_is_set_before() -> None:
    """Else the tuple of an iteration would hold the value of another, or none."""
    numbered = Numbered(conditional_in_loop)
    name = numbered.residual("x", "t")
    (scope,) = numbered.versions.scopes.values()
    assert name in scope.residuals
    assert name in scope.start_inits


def test_residual_after_a_statement() -> None:
    numbered = Numbered(straight)
    (assignment,) = numbered.assignments("x")
    assert numbered.versions.residual_after(assignment, "x") == "x"
    assert numbered.versions.residual_at_start("x") == "x_0"


def test_residual_at_the_end() -> None:
    numbered = Numbered(straight)
    assert numbered.versions.residual_at_end("z") == "z"
    # The name is taken by another version: the last value is copied at the end.
    other = Numbered(branched)
    assert other.versions.residual_at_end("unknown") == "unknown"


def test_extra_variables_of_a_loop_are_saved_with_it() -> None:
    numbered = Numbered(looped)
    name = numbered.versions.extra(numbered.assignments("y")[1], "pb")
    (scope,) = numbered.versions.scopes.values()
    assert name == "pb_0"
    assert list(scope.residuals) == ["pb_0"]
    outside = numbered.versions.extra(numbered.assignments("z")[0], "pb")
    assert outside == "pb_1"
    assert list(scope.residuals) == ["pb_0"]


def test_hidden_reads_are_reads() -> None:
    function = split_targets.run(lower(read_source(straight)))
    last = function.body[-1]
    versions = Versions(function, Names(set()), {id(last): ["x", "y"]})
    assert {name for key, name in versions.uses if key == id(last)} == {"x", "y"}


# --- the table ----------------------------------------------------------------------------------


def table(x, n):
    a = x * 2
    b = a * a
    a = b * 3
    c = a * a  # noqa: F841
    for i in range(n):
        b = b * a
        a = b * b
    d = a * b
    return d


@pytest.mark.parametrize(
    ("target", "name", "which", "expected"),
    [
        ("a", "x", 0, "x"),  # never assigned again
        ("b", "a", 0, "a_0"),  # the first a, which is written over
        ("a", "b", 1, "b_0"),
        ("c", "a", 0, "a_0"),  # of the second a: numbered on demand, so it is the first here
        ("b", "b", 1, "b_0"),  # at the head of the loop
        ("b", "a", 1, "a_0"),
        ("a", "b", 2, "b"),  # the last b of an iteration
        ("d", "a", 0, "a"),  # after the loop: the last of all
        ("d", "b", 0, "b"),
    ],
)
def test_name_of_a_single_residual(target: str, name: str, which: int, expected: str) -> None:
    assert Numbered(table).residual(target, name, which) == expected


def test_names_of_all_residuals_together_differ() -> None:
    """Versions of one scope have different names; each copy is taken from its variable."""
    numbered = Numbered(table)
    reads = [
        ("b", "a", 0), ("a", "b", 1), ("c", "a", 0), ("b", "b", 1), ("b", "a", 1), ("a", "b", 2),
        ("d", "a", 0), ("d", "b", 0),
    ]  # fmt: skip
    by_name: dict[str, set[int]] = {}
    for read in reads:
        by_name.setdefault(numbered.residual(*read), set()).add(id(numbered.use(*read)))
    assert all(len(versions) == 1 for versions in by_name.values()), by_name
    assert all(copy.rpartition("_")[0] == var for copy, var in numbered.copied())
