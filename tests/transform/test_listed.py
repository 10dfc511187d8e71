"""The text of generated code, and code that runs against its text."""

from __future__ import annotations

import ast
import linecache
import pdb
import sys
import types
from typing import Any

import pytest

from dpy.transform import listed
from dpy.transform.listed import format_code
from dpy.transform.places import Spot


def parsed(text: str) -> ast.FunctionDef:
    (tree,) = ast.parse(text).body
    assert isinstance(tree, ast.FunctionDef)
    return tree


def text_of(name: str) -> str:
    return "".join(linecache.getlines(name))


def test_format_code() -> None:
    tree = ast.parse("def f(x):\n    return (x+1)*2")
    text = format_code(tree)
    assert ast.dump(ast.parse(text)) == ast.dump(tree)


@pytest.mark.parametrize(
    "source",
    [
        "match x:\n    case 1:\n        y = 2",
        "y = f'{x!r:>10}'",
        "y = x if x > 0 else -x ** 2",
        "(y := 3)",
        "a[1:2, ::3, ...] = b",
        "try:\n    x\nexcept E as e:\n    raise F from e\nfinally:\n    y",
    ],
)
def test_every_kind_of_code_can_be_formatted(source: str) -> None:
    tree = ast.parse(source)
    assert ast.dump(ast.parse(format_code(tree))) == ast.dump(tree)


def test_without_astor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "astor", None)
    tree = ast.parse("x = 1")
    assert format_code(tree) == "x = 1\n"


def test_a_statement_has_its_place_in_the_listing_and_the_users_line_beside_it() -> None:
    tree = parsed("\n\ndef f(x):\n\n    y = x * 2\n\n\n    return y\n")
    again, name = listed.listed(tree, "module.f", {})
    assert name == "<dpy listing of module.f>"
    assert [s.lineno for s in again.body] == [2, 3]
    lines = text_of(name).splitlines()
    assert [line.split("#")[1].strip() for line in lines] == ["line 3", "line 5", "line 8"]
    assert ast.dump(parsed(text_of(name))) == ast.dump(again)


def test_inlined_statements_name_their_function() -> None:
    tree = parsed("def g(x):\n    y = x * 2\n    return y\n")
    tree.body[0].col_offset = 1_000_000
    table = {1_000_000: (Spot("a.py", 2, "g"), Spot("b.py", 40, "helper"))}
    _, name = listed.listed(tree, "inlined", table)
    assert "# helper, line 40" in text_of(name)


def test_the_same_text_has_the_same_name() -> None:
    first = listed.listed(parsed("def f(): return 1"), "same", {})[1]
    assert listed.listed(parsed("def f(): return 1"), "same", {})[1] == first
    other = listed.listed(parsed("def f(): return 2"), "same", {})[1]
    assert other == "<dpy listing of same, 2>"
    linecache.checkcache()
    assert "return 1" in text_of(first)
    assert "return 2" in text_of(other)


def test_comments_never_change_the_text() -> None:
    text = "def f(x):\n    y = '''\n    a\n    '''\n    return y\n"
    again, name = listed.listed(parsed(text), "quoted", {})
    assert ast.dump(parsed(text_of(name))) == ast.dump(again) == ast.dump(parsed(text))


def test_a_stop_is_not_part_of_the_text() -> None:
    tree = parsed("def f(x):\n    def g(y):\n        return y\n    return g\n")
    again, name = listed.listed(tree, "stopping", {}, ast.Name("stop", ast.Load()))
    assert "stop(" not in text_of(name)
    assert ast.unparse(again).count("stop()()") == 2
    assert again.lineno <= again.body[0].lineno <= again.body[1].lineno


def test_only_so_many_listings_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed, "_MOST", 3)
    names = [listed.listed(parsed("def f(): pass"), f"kept_{i}", {})[1] for i in range(5)]
    assert [bool(linecache.getlines(name)) for name in names] == [False, False, True, True, True]


def test_the_debugger_is_that_of_breakpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONBREAKPOINT", raising=False)
    chosen = listed.debugger()
    assert isinstance(chosen.__self__, pdb.Pdb)  # type: ignore[attr-defined]
    monkeypatch.setenv("PYTHONBREAKPOINT", "0")
    assert listed.debugger() is breakpoint
    monkeypatch.delenv("PYTHONBREAKPOINT")
    monkeypatch.setattr(sys, "breakpointhook", list)
    assert listed.debugger() is breakpoint


def frame_of(module: str | None, filename: str, call: Any = sys._getframe) -> types.FrameType:
    """A frame of a function of this module, or of what it calls."""
    names: dict[str, Any] = {"call": call}
    if module is not None:
        names["__name__"] = module
    exec(compile("def f(): return call()", filename, "exec"), names)
    found: types.FrameType = names["f"]()
    return found


def test_what_is_stepped_over() -> None:
    for module in ("dpy.api", "weakref", "numpy.linalg", None):
        assert listed._is_stepped_over(frame_of(module, "file.py"))
    for module in ("__main__", "model.dpy"):
        assert not listed._is_stepped_over(frame_of(module, "file.py"))
    listing = "<dpy listing of rgb_to_hls>"
    assert not listed._is_stepped_over(frame_of("colorsys", listing))
    # The compiler may start between two lines; what it calls is not the program's.
    called = frame_of("dpy.specialise.calls", "file.py", lambda: frame_of("astor", "file.py"))
    assert listed._is_stepped_over(called)
    called = frame_of("dpy.specialise.calls", "file.py", lambda: frame_of("__main__", listing))
    assert not listed._is_stepped_over(called)
