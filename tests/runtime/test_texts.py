"""Texts of objects."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pytest

import dpy
from dpy.runtime.texts import format_, is_simple, percent, text


@dataclass
class Point:
    x: Any


class Shown:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __str__(self) -> Any:
        return self.answer

    def __format__(self, spec: str) -> Any:
        return self.answer

    def __repr__(self) -> Any:
        return self.answer


class Unclear:
    """Its text is made in a way that cannot be transformed."""

    def __str__(self) -> str:
        return str(eval("'unclear'"))


@pytest.mark.parametrize("x", [1.5, "a", None, [1, (2.0, {"a": "b"})], range(2), {1, 2}])
def test_simple_values(x: Any) -> None:
    assert is_simple(x)
    assert text(str, x) == (str(x), None)
    assert format_(x, "r", "") == (f"{x!r}", None)


@pytest.mark.parametrize(
    "x", [Point(1.5), Point([Point(2.0)]), [Point(1.5), 2], ValueError("a"), {"a": Shown("ä")}, 2j]
)
def test_texts_are_those_of_python(x: Any) -> None:
    for function in (str, repr, ascii):
        assert text(function, x)[0] == function(x)
    assert format_(x, "", "")[0] == f"{x}"
    assert format_(x, "s", ">30")[0] == f"{x!s:>30}"
    assert percent("%s %r", (x, 2))[0] == "%s %r" % (x, 2)  # noqa: UP031


def test_a_list_that_contains_itself() -> None:
    xs: list[Any] = [Shown("a")]
    xs.append(xs)
    assert text(repr, xs)[0] == "[a, [...]]"


@pytest.mark.parametrize("show", [str, repr, format, lambda x: f"{x}"])
def test_wrong_answers_raise_as_in_python(show: Any) -> None:
    with pytest.raises(TypeError) as plain:
        show(Shown(3))
    with pytest.raises(TypeError) as found:
        dpy.gradient(lambda x: len(show(Shown(3))) * x, 1.5)
    assert str(found.value) == str(plain.value)


def test_texts_that_cannot_be_transformed_run_as_they_are() -> None:
    assert dpy.gradient(lambda x, u: len(str(u)) * x, 1.5, Unclear())[0] == len("unclear")


def test_print_writes_its_parts_where_they_belong() -> None:
    class File:
        def __init__(self):
            self.parts = []

        def write(self, part):
            self.parts.append(part)

    def f(x, file):
        print(Shown("a"), x, sep="|", end="!", file=file)
        return x

    plain, found = File(), File()
    f(1.5, plain)
    dpy.gradient(f, 1.5, found)
    assert "".join(found.parts) == "".join(plain.parts)
    with pytest.raises(TypeError, match="sep must be None or a string, not int"):
        dpy.gradient(lambda x: print(Shown("a"), sep=1, file=io.StringIO()) or x, 1.5)
