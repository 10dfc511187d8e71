"""The debugger steps through generated code: ``pdb`` itself, driven by scripts."""

from __future__ import annotations

import ast
import linecache
import math
import os
import re
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.errors import DpyError

ROOT = Path(__file__).parents[1]

PROGRAM = """
import math
import dpy

def damped(v):
    w = v * 2.0
    return math.exp(-w)

def travel(x, n):
    total = 0.0
    for i in range(n):
        speed = x * i + 1.0
        total += damped(speed) * speed
    return total
"""


def session(folder: Path, program: str, *commands: str) -> str:
    """What ``pdb`` prints for a program and the commands that are typed."""
    path = folder / "program.py"
    path.write_text(textwrap.dedent(program), encoding="utf-8")
    found = subprocess.run(
        [sys.executable, str(path)],
        input="".join(f"{command}\n" for command in commands),
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONBREAKPOINT": "pdb.set_trace"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in found.stderr, found.stderr
    return found.stdout


def answers(output: str) -> list[str]:
    """What is printed after each command."""
    return [part.strip() for part in output.split("(Pdb) ")][1:]


def test_stepping_through_the_forward_and_the_pullback(tmp_path: Path) -> None:
    program = PROGRAM + "\nprint(dpy.debug(travel, 2.0, 3), dpy.gradient(travel, 2.0, 3))\n"
    forward = ["p x, n", "n", "p total", "tbreak 8", "c", "p speed, i, w"]
    pullback = ["c", "p d_total", "ll", "b 17", "n", "n", "c", "p speed, d_speed, d_w", "cl 2", "c"]
    output = session(tmp_path, program, *forward, *pullback)
    assert output.startswith("> <dpy listing of travel>(2)travel_forward()")
    found = answers(output)
    assert found[0] == "(2.0, 3)"
    assert found[2] == "0.0"
    assert found[5] == "(1.0, 0, 2.0)"
    at_pullback, d_total, listing, *_, cotangents, _, end = found[6:]
    assert "travel_pullback()" in at_pullback
    assert d_total == "1.0"
    assert re.search(r"d_speed \+= d_w \* 2.0 +# damped, line 6", listing)
    assert re.search(r"d_x \+= d_speed \* i +# line 12", listing)
    speed, d_speed, d_w = ast.literal_eval(cotangents)
    assert speed == 5.0
    assert d_w == pytest.approx(-5.0 * math.exp(-10.0))
    assert d_speed == pytest.approx(math.exp(-10.0) + 2.0 * d_w)
    by_debug, by_gradient = end.split(") (")
    assert by_debug.strip("()") == by_gradient.strip("()")


def test_stepping_into_a_callee_that_is_not_inlined(tmp_path: Path) -> None:
    program = """
    import dpy

    def power(x, n):
        return x if n == 1 else x * power(x, n - 1)

    def f(x):
        y = power(x, 3)
        return y + x

    print(dpy.debug(f, 2.0))
    """
    output = session(tmp_path, program, "s", "s", "p x, n", "c", "n", "n", "s", "s", "c")
    assert "<dpy listing of f>(2)f_forward()" in output
    assert "<dpy listing of power>(2)power_forward()" in output
    assert answers(output)[2] == "(2.0, 3)"
    assert "power_pullback()" in answers(output)[7]
    assert output.endswith("(13.0,)\n")


def test_a_breakpoint_of_the_program(tmp_path: Path) -> None:
    program = """
    import dpy

    def f(x):
        for i in range(2):
            y = x * i
            breakpoint()
            x = x + y
        return x

    with dpy.settings(listings=True):
        print(dpy.gradient(f, 2.0))
    """
    output = session(tmp_path, program, "p i, y", "l .", "c", "p i, y", "c")
    found = answers(output)
    assert found[0] == "(0, 0.0)"
    assert "y = x * i" in found[1]
    assert found[3] == "(1, 2.0)"
    assert output.endswith("(2.0,)\n")


def test_a_function_on_a_tape_stops_in_its_forward(tmp_path: Path) -> None:
    program = """
    import dpy

    def f(x):
        try:
            y = x * x
        except ValueError:
            y = x
        return y

    print(dpy.debug(f, 3.0))
    """
    output = session(tmp_path, program, "n", "n", "n", "n", "n", "p y", "c")
    assert "<dpy listing of f>(2)f_taped()" in output
    assert output.endswith("(6.0,)\n")
    assert answers(output)[5] == "9.0"


# --- without a debugger -------------------------------------------------------------------------


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The functions in which the debugger was called, with their variables."""
    found: list[tuple[str, dict[str, Any]]] = []

    def stop() -> None:
        frame = sys._getframe(1)
        found.append((frame.f_code.co_name, dict(frame.f_locals)))

    monkeypatch.setattr(sys, "breakpointhook", stop)
    return found


class Scale:
    def __init__(self, factor):
        self.factor = factor

    def apply(self, x):
        return x * self.factor

    def __call__(self, x):
        return self.apply(x) + x


def sum_of_squares(a):
    b = a * a
    return b.sum()


def test_methods_and_callable_objects(stops: list[tuple[str, dict[str, Any]]]) -> None:
    assert dpy.debug(Scale(3.0).apply, 2.0) == (3.0,)
    assert dpy.debug(Scale(3.0), 2.0) == (4.0,)
    names = [name for name, _ in stops]
    assert names == ["apply_forward", "apply_pullback", "__call___forward", "__call___pullback"]


def test_only_the_function_itself_stops(stops: list[tuple[str, dict[str, Any]]]) -> None:
    def total(a):
        return sum_of_squares(a) + sum_of_squares(2 * a)

    assert dpy.debug(total, np.ones(2))[0].tolist() == [10.0, 10.0]
    assert [name for name, _ in stops] == ["total_forward", "total_pullback"]
    dpy.gradient(total, np.ones(2))
    assert len(stops) == 2


def test_the_names_are_those_of_the_program(stops: list[tuple[str, dict[str, Any]]]) -> None:
    dpy.debug(sum_of_squares, np.array([1.0, 2.0]))
    listing = "".join(linecache.getlines("<dpy listing of sum_of_squares>"))
    assert "b = a * a" in listing
    assert "d_b = " in listing
    assert "d_a = " in listing
    assert f"# line {sum_of_squares.__code__.co_firstlineno + 1}" in listing
    assert set(stops[0][1]) >= {"a"}


def test_keyword_arguments_are_passed_on(stops: list[tuple[str, dict[str, Any]]]) -> None:
    assert dpy.debug(lambda x, *, n: x**n, 2.0, n=3) == (12.0,)


def test_the_code_that_runs_otherwise_is_not_touched() -> None:
    before = dpy.adjoint_source(sum_of_squares, np.ones(2))
    with dpy.settings(listings=True):
        assert "d_b" in dpy.adjoint_source(sum_of_squares, np.ones(2))
    assert dpy.adjoint_source(sum_of_squares, np.ones(2)) == before


def test_errors_show_the_listing() -> None:
    def f(x):
        return math.log(x - x)

    with dpy.settings(listings=True), pytest.raises(ValueError) as caught:
        dpy.gradient(f, 1.0)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert last.filename.startswith("<dpy listing of test_errors_show_the_listing.<locals>.f")
    assert last.line is not None
    assert "= math.log(" in last.line


@pytest.mark.parametrize("wrong", [3, len, int, np.sin])
def test_what_is_no_python_function_is_refused(wrong: Any) -> None:
    with pytest.raises(DpyError, match="is not a Python function"):
        dpy.debug(wrong, 1.0)
