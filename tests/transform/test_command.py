"""The text behind ``python -c``, found in the words that Python was started with."""

from __future__ import annotations

import pytest

from dpy.transform.command import command_lines

TEXT = "def f(x):\n    return x\nprint(f(2))"
LINES = ["def f(x):\n", "    return x\n", "print(f(2))\n"]


@pytest.mark.parametrize(
    "words",
    [
        ["-c", TEXT],
        [f"-c{TEXT}"],
        ["-Ic", TEXT, "-c", "other"],
        ["-W", "error", "-X", "dev", "-c", TEXT],
        ["-Werror", "-Xdev", "-Bsc", TEXT],
        ["--check-hash-based-pycs", "always", "-c", TEXT, "argument"],
    ],
)
def test_the_command(words: list[str]) -> None:
    assert command_lines(["python", *words]) == LINES


@pytest.mark.parametrize(
    "words",
    [
        [], ["-i"], ["-"], ["program.py", "-c", TEXT], ["-m", "module", "-c", TEXT],
        ["-mmodule", "-c", TEXT], ["-W", "-c", "program.py"], ["-c"],
    ],
)  # fmt: skip
def test_no_command(words: list[str]) -> None:
    assert command_lines(["python", *words]) == []
