"""Messages say what, where, why and what to do; places point at the right characters."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from dpy import errors
from dpy.errors import DpyError, NoAdjointError, Place


def place(tmp_path: Path, text: str, **where: object) -> Place:
    path = tmp_path / "model.py"
    path.write_text(text, encoding="utf-8")
    return Place(str(path), **where)  # type: ignore[arg-type]


def test_the_caret_stands_under_the_range(tmp_path: Path) -> None:
    text = "def f(x):\n    y = await x\n    return y\n"
    at = place(tmp_path, text, line=2, column=8, end_line=2, end_column=15, function="f")
    head, source, carets = at.render().split("\n")
    assert head.strip() == f"{at.filename}:2:9 in f"
    assert source.endswith("|     y = await x")
    start = carets.index("^")
    assert source[start : start + carets.count("^")] == "await x"


def test_a_range_over_several_lines_ends_with_the_first(tmp_path: Path) -> None:
    at = place(tmp_path, "f(1,\n  2)\n", line=1, column=2, end_line=2, end_column=4)
    _, source, carets = at.render().split("\n")
    assert source[carets.index("^") :] == "1,"
    assert carets.count("^") == 2


def test_a_place_without_source_is_still_named() -> None:
    assert Place("nowhere.py", 3, 4).render() == "  nowhere.py:3:5"


def test_an_empty_range_still_has_a_caret(tmp_path: Path) -> None:
    at = place(tmp_path, "x\n", line=1, column=0, end_line=1, end_column=0)
    assert at.render().endswith("^")


def test_the_parts_of_a_message(tmp_path: Path) -> None:
    at = place(tmp_path, "x = 1\n", line=1)
    error = DpyError("wrong", place=at, why="because", repair="do this")
    lines = str(error).split("\n")
    assert lines[0] == "wrong"
    assert "model.py:1:1" in lines[1]
    assert lines[-2:] == ["  why:    because", "  repair: do this"]
    assert (error.place, error.why, error.repair) == (at, "because", "do this")


def test_parts_that_are_not_given_leave_no_trace() -> None:
    assert str(NoAdjointError("only this")) == "only this"


def test_an_error_survives_the_way_to_another_process() -> None:
    error = DpyError("wrong", why="because")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize("name", [n for n in errors.__all__ if n.endswith("Error")])
def test_every_error_is_a_dpy_error_with_a_help_page(name: str) -> None:
    cls = getattr(errors, name)
    assert issubclass(cls, DpyError)
    assert len(cls.__doc__) > 40


def test_mistakes_in_a_call_can_be_caught_as_type_errors() -> None:
    for cls in (errors.NotScalarOutputError, errors.NotDifferentiableError, errors.AdjointError):
        assert issubclass(cls, TypeError)
