"""Code objects are compared as programs, and know where they stand."""

from __future__ import annotations

import types
import warnings
from typing import Any

import pytest

from dpy.transform.codes import all_codes, compile_quietly, extent, same_code


def _code(text: str, line: int = 1) -> types.CodeType:
    compiled = compile("\n" * (line - 1) + text, "<test>", "exec")
    found: Any = next(c for c in compiled.co_consts if isinstance(c, types.CodeType))
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(x): return x + 1", "def f(x): return x + 1.0"),
        ("def f(x): return x + 1", "def f(x): return x + True"),
        ("def f(x): return x * 0.0", "def f(x): return x * -0.0"),
        ("def f(x): return x", "def f(y): return y"),
        ("def f(x): return x", "def g(x): return x"),
        ("def f(x): return x.a", "def f(x): return x.b"),
        ("def f(x, y): return x", "def f(x, *, y): return x"),
        ("def f(x): return lambda: x", "def f(x): return lambda: 1"),
        ("def f(x): return x in {1, 2}", "def f(x): return x in {1, 3}"),
        ("def f(x): return (x, 1j)", "def f(x): return (x, 2j)"),
    ],
)
def test_programs_that_differ(one: str, other: str) -> None:
    assert same_code(_code(one), _code(one))
    assert same_code(_code(one), _code(one.replace("return", "return  ")))
    assert not same_code(_code(one), _code(other))
    assert not same_code(_code(one), _code(one, line=2))


def test_all_codes_and_extent() -> None:
    code = _code("def f(x):\n    return (lambda: y for y in (\n        x + 1,))\n")
    assert [c.co_name for c in all_codes(code)] == ["<genexpr>", "<lambda>"]
    assert extent(code)[0] == (2, 4) and extent(code)[1] == (3, 16)


def test_the_text_of_others_is_compiled_without_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled = compile_quietly(r"x = '\d' is not 1", "<test>")
    assert compiled.co_filename == "<test>"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compile_quietly(r"x = '\d'", "<test>")
        warnings.warn("another", UserWarning, stacklevel=1)
    assert [str(w.message) for w in caught] == ["another"]
