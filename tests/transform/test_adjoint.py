"""What holds for the adjoints of all functions. One by one: the files in ``adjoint/``."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from tests.transform.adjoint.listing import Listing, loads
from tests.transform.adjoint.programs import PROGRAMS, made


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
