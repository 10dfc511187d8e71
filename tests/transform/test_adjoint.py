"""What stands in the generated forward and pullback of small functions, and what does not.

Inlining and the optimiser come later: here the runtime's functions are mere names.
"""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from dpy.specialise import forward_of
from dpy.transform import ir
from dpy.transform.adjoint import finish_loops, write_adjoint
from dpy.transform.generic import Runtime
from dpy.transform.show import show


class Names(Runtime):
    """A runtime of names only."""

    def __getattr__(self, name: str) -> ir.Known:
        return ir.Known(name, name)


class Listing:
    """The generated function as text and as a tree."""

    def __init__(self, function: Any, *args: Any, inactive: str = "") -> None:
        names = function.__code__.co_varnames[: len(args)]
        active = tuple(name not in inactive.split() for name in names)
        facts = forward_of(function, args, {}, active, (), protect=False).facts
        assert facts is not None
        generated = write_adjoint(facts, Names())
        self.text = show(replace(generated, body=finish_loops(generated.body)))
        (self.tree,) = ast.parse(self.text).body
        assert isinstance(self.tree, ast.FunctionDef)
        self.pullback = next(n for n in self.tree.body if isinstance(n, ast.FunctionDef))
        self.forward = "\n".join(
            ast.unparse(n) for n in self.tree.body if not isinstance(n, ast.FunctionDef)
        )
        self.reverse = "\n".join(map(ast.unparse, self.pullback.body))

    def names(self) -> set[str]:
        return {n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name)}

    def cotangents(self) -> set[str]:
        return {name for name in self.names() if name.startswith("d_")}

    def saving_loops(self) -> list[tuple[ast.For | ast.While, str, list[str]]]:
        """Loops of the forward that save: the loop, the tape, the names saved each time."""
        found = []
        for loop in ast.walk(self.tree):
            if not isinstance(loop, (ast.For, ast.While)):
                continue
            for statement in loop.body:
                match = re.fullmatch(r"(\w+)\.append\((.*)\)", ast.unparse(statement))
                if match and match[1].startswith("saved"):
                    found.append((loop, match[1], re.findall(r"[A-Za-z_]\w*", match[2])))
        return found

    def reading_loop(self, tape: str) -> ast.For:
        (found,) = (
            n
            for n in ast.walk(self.pullback)
            if isinstance(n, ast.For) and tape in ast.unparse(n.iter)
        )
        return found


def loads(nodes: list[ast.stmt]) -> set[str]:
    return {
        n.id
        for node in nodes
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    }


# --- the programs -------------------------------------------------------------------------------


def straight(x, y):
    return x * y + y


def squares(x):
    return x * x


def partly_inactive(x, k):
    t = k * k
    return x * t + math.sin(k)


def useless(x, y):
    z = math.exp(y)
    w = z * 3  # noqa: F841
    return x * 2.0


def loop(x, n):
    s = 0.0
    for _ in range(n):
        x = math.sin(x)
        s = s + x * x
    return s


def branches(x):
    if x > 0:
        y = x * 2.0
    else:
        y = math.exp(x)
    return y


def branch_in_loop(x, n):
    for i in range(n):
        if x > 1:
            x = x * x
        else:
            x = x + i
    return x


def nested(x, n):
    s = 0.0
    for i in range(n):
        for j in range(i):
            s = s * x + x
        s = math.sin(s)
    return s


def until(x):
    while x < 10.0:
        x = x * x
    return x


def elements(xs):
    t = 0.0
    for i in range(3):
        t += xs[i] * xs[i]
    return t


def weighted(xs, w):
    return np.sum(xs * w)


def unpacked(p):
    a, b = p
    return a * b


def nothing(x):
    return 1.0


@dataclass
class Point:
    x: float
    y: float


def fields(p):
    return p.x * p.x


def made(x):
    p = Point(x, 2.0)
    return p.x * p.y


def early(x, n):
    for _ in range(n):
        if x > 10:
            return x * 2
        x = x * x
    return x


PROGRAMS = [
    (straight, (1.0, 2.0), ""),
    (squares, (1.0,), ""),
    (partly_inactive, (1.0, 2.0), "k"),
    (useless, (1.0, 2.0), ""),
    (loop, (0.3, 4), "n"),
    (branches, (1.0,), ""),
    (branch_in_loop, (0.5, 4), "n"),
    (nested, (0.5, 4), "n"),
    (until, (2.0,), ""),
    (elements, (np.ones(3),), ""),
    (weighted, (np.ones(3), np.ones(3)), "xs"),
    (unpacked, ((1.0, 2.0),), ""),
    (nothing, (1.0,), ""),
    (fields, (Point(1.0, 2.0),), ""),
    (made, (1.0,), ""),
    (early, (0.5, 3), "n"),
]


# --- what holds for all of them -----------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program[0].__name__)
def test_one_tuple_per_iteration_of_nothing_but_what_is_read(program: Any) -> None:
    function, args, inactive = program
    listing = Listing(function, *args, inactive=inactive)
    loops = listing.saving_loops()
    tapes = [tape for _, tape, _ in loops]
    assert len(set(tapes)) == len(tapes)
    for loop_, tape, saved in loops:
        appends = [n for n in ast.walk(loop_) if ast.unparse(n).startswith(f"{tape}.append(")]
        assert len([n for n in appends if isinstance(n, ast.Expr)]) == 1
        reading = listing.reading_loop(tape)
        targets = re.findall(r"\w+", ast.unparse(reading.target))
        assert targets == (saved if saved != ["None"] else ["_"])
        assert set(saved) - {"None"} <= loads(reading.body), "saved, but never read"


# The cotangent of a constant field is made and dropped by the optimiser.
ALL_USED = [program for program in PROGRAMS if program[0] is not made]


@pytest.mark.parametrize("program", ALL_USED, ids=lambda program: program[0].__name__)
def test_every_cotangent_that_is_made_is_used(program: Any) -> None:
    function, args, inactive = program
    listing = Listing(function, *args, inactive=inactive)
    made_ = {
        n.id
        for n in ast.walk(listing.pullback)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id.startswith("d_")
    }
    assert made_ <= loads(listing.pullback.body)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program[0].__name__)
def test_the_forward_returns_the_value_and_one_cotangent_comes_per_parameter(program: Any) -> None:
    function, args, inactive = program
    listing = Listing(function, *args, inactive=inactive)
    assert listing.tree.name == f"{function.__name__}_forward"
    assert listing.pullback.name == f"{function.__name__}_pullback"
    returned = listing.tree.body[-1]
    assert isinstance(returned, ast.Return) and isinstance(returned.value, ast.Tuple)
    assert ast.unparse(returned.value.elts[1]) == listing.pullback.name
    last = listing.pullback.body[-1]
    assert isinstance(last, ast.Return) and isinstance(last.value, ast.Tuple)
    assert len(last.value.elts) == len(args)


# --- one by one ---------------------------------------------------------------------------------


def test_the_whole_of_a_short_function() -> None:
    assert (
        Listing(straight, 1.0, 2.0).text
        == """\
def straight_forward(x, y):
    t_1 = x * y
    t_2 = t_1 + y

    def straight_pullback(d_t_2):
        d_t_1 = d_t_2
        d_y = d_t_2
        d_x = d_t_1 * y
        d_y += d_t_1 * x
        return (d_x, d_y)
    return (t_2, straight_pullback)"""
    )


def test_the_first_contribution_is_an_assignment() -> None:
    reverse = Listing(straight, 1.0, 2.0).reverse
    assert "d_x = 0.0" not in reverse
    assert "d_y = 0.0" not in reverse


def test_equal_contributions_become_one() -> None:
    assert "d_x = 2 * x * d_t_1" in Listing(squares, 3.0).reverse


def test_inactive_operands_get_no_cotangent() -> None:
    listing = Listing(partly_inactive, 1.0, 2.0, inactive="k")
    assert not listing.cotangents() & {"d_k", "d_t"}
    assert "cos" not in listing.reverse
    assert listing.reverse.endswith("return (d_x, 0.0)")


def test_what_the_result_does_not_depend_on_has_no_adjoint() -> None:
    listing = Listing(useless, 1.0, 2.0)
    assert not listing.cotangents() & {"d_y", "d_z", "d_w"}
    assert "exp" in listing.forward  # it still runs
    assert listing.reverse.endswith("return (d_x, 0.0)")


def test_a_constant_function_has_zeros() -> None:
    assert Listing(nothing, 1.0).reverse == "return (0.0,)"
    assert Listing(nothing, np.ones(2)).reverse == "return (ZERO,)"


def test_values_written_over_in_a_loop_are_saved_before() -> None:
    listing = Listing(loop, 0.3, 4, inactive="n")
    (saved,) = listing.saving_loops()
    assert "x_0 = x" in ast.unparse(saved[0])
    assert set(saved[2]) == {"x", "x_0"}  # the sine's operand and the square's
    assert "math.cos(x_0)" in listing.reverse
    assert not re.search(r"\bs\b", listing.reverse)  # sums need nothing


def test_a_cotangent_of_a_loop_starts_at_zero_before_it() -> None:
    before = Listing(loop, 0.3, 4, inactive="n").pullback.body[0]
    assert ast.unparse(before) == "d_x = 0.0"


def test_branches_are_taken_again_with_the_same_test() -> None:
    listing = Listing(branches, 1.0)
    (branch,) = (n for n in listing.pullback.body if isinstance(n, ast.If))
    assert ast.unparse(branch.test) in listing.forward.split("if ")[1].split(":")[0]
    assert "d_x" in ast.unparse(branch.body[0])
    assert "d_x" in ast.unparse(branch.orelse[0])
    assert "exp" not in listing.reverse  # its derivative is its value


def test_the_test_of_a_branch_in_a_loop_is_saved() -> None:
    listing = Listing(branch_in_loop, 0.5, 4, inactive="n")
    (saved,) = listing.saving_loops()
    (branch,) = (n for n in ast.walk(listing.reading_loop(saved[1])) if isinstance(n, ast.If))
    assert ast.unparse(branch.test) in saved[2]
    assert "i" not in saved[2]  # adding it needs no value


def test_the_tape_of_an_inner_loop_is_saved_by_the_outer() -> None:
    loops = Listing(nested, 0.5, 4, inactive="n").saving_loops()
    assert len(loops) == 2
    (outer, inner) = loops
    assert inner[1] in outer[2]


def test_the_number_of_iterations_is_that_of_the_tape() -> None:
    def repeated(x, n):
        y = x
        for _ in range(n):
            y = y + y
        return y

    listing = Listing(repeated, 1.0, 3, inactive="n")
    (saved,) = listing.saving_loops()
    assert saved[2] == ["None"]
    assert f"reversed({saved[1]})" in ast.unparse(listing.reading_loop(saved[1]).iter)


def test_the_test_of_a_while_is_not_reversed() -> None:
    listing = Listing(until, 2.0)
    (saved,) = listing.saving_loops()
    assert saved[2] == ["x_0"]
    assert "<" not in listing.reverse


def test_a_loop_without_active_values_is_not_reversed() -> None:
    def counted(x, n):
        k = 0
        for i in range(n):
            k = k + i
        return x * k

    listing = Listing(counted, 1.0, 4, inactive="n")
    assert not listing.saving_loops()
    assert "for" not in listing.reverse
    assert listing.reverse.startswith("d_x = d_t_")


def test_items_of_an_array_go_to_one_buffer() -> None:
    listing = Listing(elements, np.ones(3))
    assert listing.reverse.count("zeros_for(") == 1
    first = ast.unparse(listing.pullback.body[0])
    assert first == "d_xs = zeros_for(xs)"  # before the loop
    assert listing.reverse.count("d_xs[i] += ") == 2


def test_the_pullback_of_a_rule_is_kept_and_called() -> None:
    def middle(m, x):
        return np.median(m) * x  # a rule that sorts: nothing to inline

    listing = Listing(middle, np.ones(3), 2.0)
    kept = re.search(r"(pb_\d+) = median_rule\(", listing.forward)
    assert kept is not None
    assert f"{kept[1]}(d_" in listing.reverse


def test_products_of_unknown_shapes_are_summed_over_what_was_broadcast() -> None:
    listing = Listing(weighted, np.ones(3), np.ones(3), inactive="xs")
    assert "d_xs" not in listing.cotangents()
    assert "unbroadcast(" in listing.reverse


def test_a_rule_that_is_straight_line_here_is_not_called() -> None:
    listing = Listing(weighted, np.ones(3), np.ones(3), inactive="xs")
    assert "sum_rule(" not in listing.forward
    assert "d_xs" not in listing.cotangents()
    assert "filled(t_3.shape, " in listing.reverse
    assert "unbroadcast(" in listing.reverse


def test_items_of_a_tuple_travel_apart_and_meet_in_its_cotangent() -> None:
    reverse = Listing(unpacked, (1.0, 2.0)).reverse
    assert "return ((d_p_0, d_p_1),)" in reverse
    assert "[" not in reverse


def test_fields_travel_apart_and_meet_in_the_cotangent_of_the_object() -> None:
    listing = Listing(fields, Point(1.0, 2.0))
    assert "d_p_x" in listing.cotangents()
    assert "d_p_y" not in listing.cotangents()
    assert "{'x': d_p_x}" in listing.reverse


def test_a_constructor_hands_its_fields_on() -> None:
    listing = Listing(made, 1.0)
    assert "d_p_x" in listing.cotangents()
    assert "d_p" not in listing.cotangents()  # the object itself needs none


def test_early_returns_are_reversed_too() -> None:
    listing = Listing(early, 0.5, 3, inactive="n")
    (saved,) = listing.saving_loops()
    assert "if " in ast.unparse(listing.reading_loop(saved[1]))


# --- names --------------------------------------------------------------------------------------


def greedy(x):
    acc = x * 2
    d_x = acc * x
    saved_0 = 0.0
    for i in range(2):
        saved_0 = math.sin(d_x) + saved_0 * x
    pb_0 = saved_0 * x
    t_1 = pb_0 + acc
    greedy_pullback = t_1 * x
    return greedy_pullback


def test_generated_names_avoid_the_users() -> None:
    listing = Listing(greedy, 1.0)
    users = set(greedy.__code__.co_varnames)
    assert users >= {"acc", "d_x", "saved_0", "pb_0", "t_1", "greedy_pullback"}
    stored_in_reverse = {
        n.id
        for n in ast.walk(listing.pullback)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    } | {a.arg for a in listing.pullback.args.args}
    loop_targets = {
        name
        for _, tape, saved in listing.saving_loops()
        for name in re.findall(r"\w+", ast.unparse(listing.reading_loop(tape).target))
    }
    assert not (stored_in_reverse - loop_targets) & users
    assert listing.pullback.name not in users
    assert not {tape for _, tape, _ in listing.saving_loops()} & users


def test_accumulators_are_a_parameter_only_where_they_are_needed() -> None:
    def by_identity(xs, x):
        xs[0] = x
        return xs[0]

    plain = Listing(straight, 1.0, 2.0).pullback.args.args
    assert [a.arg for a in plain] == ["d_t_2"]
    with_ = Listing(by_identity, [1.0], 2.0).pullback.args.args
    assert [a.arg for a in with_][1:] == ["acc"]
