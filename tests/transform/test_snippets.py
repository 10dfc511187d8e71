"""Functions are found by their own lines, and only if these are what runs."""

from __future__ import annotations

import ast
import math
import types
from pathlib import Path
from typing import Any

import pytest

from dpy.transform.snippets import find_snippet, imported_names

LINES = Path(__file__).read_text().splitlines(keepends=True)
IMPORTED = imported_names("".join(LINES))


def _found(function: Any) -> Any:
    return find_snippet(function.__code__, LINES, IMPORTED)


def plain(x):
    """Doc."""
    return math.sin(x) + pytest.approx(x)


def last_line_dead(x):
    y = (
        x
    )  # fmt: skip
    return y
    # a comment
    pass


class Outer:
    def method(self):
        return self.__private

    class _Inner:
        def deep(self):
            def local(y):
                return self, y, __name  # noqa: F821

            return local

        def parent(self):
            return super().deep()

    by_lambda = lambda self: self.__a  # noqa: E731


def maker(a, b):
    def inner(x):
        return a * x

    def free(x):
        return x

    return inner, free, lambda x: (
        a * x + b
    ), lambda: lambda a=(lambda: []): a  # fmt: skip


if LINES:

    def conditional(x):
        return x


PAIR = (lambda x: x * 2, lambda x: x * 3)
TUPLES = (lambda x: (x, ), lambda x: (x), lambda x: [y for y in (x, x)])  # fmt: skip


def names_of(function: Any) -> tuple[str, str | None]:
    found = _found(function)
    return ast.unparse(found.node).splitlines()[0], found.class_name


def test_definitions() -> None:
    assert names_of(plain) == ("def plain(x):", None)
    assert names_of(conditional) == ("def conditional(x):", None)
    assert names_of(Outer.method) == ("def method(self):", "Outer")
    assert names_of(Outer._Inner.deep) == ("def deep(self):", "_Inner")
    assert names_of(Outer._Inner().deep()) == ("def local(y):", "_Inner")
    assert names_of(Outer._Inner.parent) == ("def parent(self):", "_Inner")
    assert names_of(maker(1, 2)[0]) == ("def inner(x):", None)
    assert names_of(maker(1, 2)[1]) == ("def free(x):", None)
    assert isinstance(_found(last_line_dead).node.body[-1], ast.Pass)
    assert _found(plain).node.lineno == plain.__code__.co_firstlineno


def test_lambdas() -> None:
    assert [names_of(f)[0] for f in PAIR] == ["lambda x: x * 2", "lambda x: x * 3"]
    assert names_of(Outer.by_lambda) == ("lambda self: self.__a", "Outer")
    assert [names_of(f)[0] for f in TUPLES] == [
        "lambda x: (x,)", "lambda x: x", "lambda x: [y for y in (x, x)]",
    ]  # fmt: skip
    many, nested = maker(1, 2)[2:]
    assert names_of(many)[0] == "lambda x: a * x + b"
    assert names_of(nested)[0] == "lambda: lambda a=lambda: []: a"
    assert names_of(nested())[0] == "lambda a=lambda: []: a"
    assert names_of(nested()())[0] == "lambda: []"
    columns = [_found(f).node.col_offset for f in PAIR]
    assert [LINES[plain_line(PAIR[0])][c : c + 6] for c in columns] == ["lambda"] * 2


def plain_line(function: Any) -> int:
    return int(function.__code__.co_firstlineno) - 1


def test_what_is_not_the_code_is_not_found() -> None:
    line = plain_line(plain)
    edited = [*LINES]
    edited[line + 2] = edited[line + 2].replace("sin", "cos")
    assert find_snippet(plain.__code__, edited, IMPORTED) is None
    assert find_snippet(plain.__code__, ["\n", *LINES], IMPORTED) is None
    assert find_snippet(plain.__code__, LINES[: line + 1], IMPORTED) is None
    assert find_snippet(plain.__code__, [], IMPORTED) is None
    assert find_snippet(plain.__code__, ["0\n"] * 500, IMPORTED) is None
    lambda_line = plain_line(PAIR[0])
    edited = [*LINES]
    edited[lambda_line] = edited[lambda_line].replace("lambda x: x * 2", "lambda x: x * 7")
    assert find_snippet(PAIR[0].__code__, edited, IMPORTED) is None
    assert find_snippet(PAIR[1].__code__, edited, IMPORTED) is not None


def test_imported_names() -> None:
    text = (
        "import a\nimport b.c as d, e.f\nfrom g import (h,  # why\n    i as j,\n)\n"
        "try:\n    from .k import l; x = 1\nexcept ImportError: pass\n"
    )
    assert imported_names(text) >= {"a", "d", "e", "h", "j", "l"}
    assert types.__name__ in IMPORTED
