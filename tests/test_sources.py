"""`from_source`: text that is run like `exec` runs it, and can be read afterwards."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

import dpy
from dpy.errors import DpyError


def test_what_it_defines_can_be_differentiated() -> None:
    f = dpy.from_source("""
        def f(x):
            y = 0.0
            for k in range(3):
                y += k * x**k
            return y
    """)
    assert dpy.gradient(f, 2.0) == (1.0 + 8.0,)
    assert f.__name__ == "f"


def test_names_come_from_the_namespace_and_are_left_there() -> None:
    names: dict[str, Any] = {"scale": 3.0}
    text = "def g(x):\n    return sum([x * scale for _ in range(2)])\ny = g(1.0)\n"
    g = dpy.from_source(text, names)
    assert names["g"] is g
    assert names["y"] == 6.0
    names["scale"] = 5.0
    assert dpy.gradient(g, 1.0) == (10.0,)


def test_the_same_text_in_two_namespaces() -> None:
    text = "def h(x):\n    return [x * k][0]\n"
    one, two = (dpy.from_source(text, {"k": k}) for k in (2.0, 7.0))
    assert (dpy.gradient(one, 1.0), dpy.gradient(two, 1.0)) == ((2.0,), (7.0,))


def test_another_text_under_the_same_name() -> None:
    names: dict[str, Any] = {}
    dpy.from_source("def f(x):\n    return [x * 2][0]\n", names)
    assert dpy.gradient(names["f"], 1.0) == (2.0,)
    dpy.from_source("def f(x):\n    return [x * 3][0]\n", names)
    assert dpy.gradient(names["f"], 1.0) == (3.0,)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("class A:\n    pass", "A"),
        ("f = lambda x: x", "<lambda>"),
        ("def f(): pass\ndef g(): pass\nx = 1", "g"),
        ("async def f(): pass", "f"),
    ],
)
def test_the_last_definition_is_returned(text: str, name: str) -> None:
    assert dpy.from_source(text).__name__ == name


def test_text_that_defines_nothing() -> None:
    names: dict[str, Any] = {}
    assert dpy.from_source("x = 1", names) is None
    assert names["x"] == 1
    assert dpy.from_source("def f(): pass\ndel f") is None


def test_tracebacks_show_its_lines() -> None:
    f = dpy.from_source("def f(x):\n    y = 2 * x\n    return [y / 0.0 for _ in range(2)]\n")
    with pytest.raises(ZeroDivisionError) as caught:
        dpy.gradient(f, 1.0)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.lineno, last.line) == (3, "return [y / 0.0 for _ in range(2)]")


def test_bad_text() -> None:
    with pytest.raises(SyntaxError) as caught:
        dpy.from_source("def f(x):\n    return )\n")
    assert caught.value.lineno == 2
    assert caught.value.text is not None and "return )" in caught.value.text
    with pytest.raises(DpyError, match="source text"):
        dpy.from_source(b"def f(): pass")  # type: ignore[arg-type]
    with pytest.raises(DpyError, match="dict"):
        dpy.from_source("def f(): pass", [])  # type: ignore[arg-type]
