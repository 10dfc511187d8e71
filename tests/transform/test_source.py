"""Sources are found by position and refused when they are not the code that runs."""

from __future__ import annotations

import dataclasses
import doctest
import functools
import importlib
import linecache
import os
import py_compile
import subprocess
import sys
import textwrap
import time
import types
import warnings
import zipfile
from collections import namedtuple
from pathlib import Path
from typing import Any

import attrs
import gast
import pytest

from dpy.errors import SourceUnavailableError, StaleSourceError
from dpy.transform import source as source_module
from dpy.transform.ir import Assign, Closure, walk
from dpy.transform.lower import lower
from dpy.transform.source import forget_sources, nested_code, nested_source, read_source


def _text(function: Any) -> str:
    """The text of the node that was found."""
    return gast.unparse(read_source(function).node)


def _load(path: Path, text: str) -> types.ModuleType:
    """Write and import a module."""
    path.write_text(textwrap.dedent(text))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _edit(path: Path, text: str) -> None:
    """Change a file on disk, its time stamp for certain."""
    stamp = path.stat().st_mtime
    path.write_text(textwrap.dedent(text))
    os.utime(path, (stamp + 10, stamp + 10))


def plain(x):
    """Doc."""
    return x + 1


def keep(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args) + 1

    return wrapper


@keep
@keep
def decorated(x):
    return x


class Outer:
    def method(self):
        return self.__private

    class _Inner:
        def deep(self):
            def local():
                return __name  # noqa: F821

            return local

    by_lambda = lambda self: self.__a  # noqa: E731

    @staticmethod
    def static():
        return 1


def test_an_ordinary_function() -> None:
    source = read_source(plain)
    assert (source.name, source.qualname, source.class_name) == ("plain", "plain", None)
    assert source.filename == __file__
    assert source.code is plain.__code__
    assert source.globals is globals()
    assert source.free == ()
    assert source.node.lineno == plain.__code__.co_firstlineno
    loc = source.loc(source.node.body[1].value)
    assert loc is not None
    assert (loc.column, loc.end_column) == (11, 16)
    place = source.place(source.node.body[1])
    assert "return x + 1" in place.render()
    assert place.function == "plain"


def test_methods_and_their_classes() -> None:
    assert read_source(Outer().method).class_name == "Outer"
    assert read_source(Outer().method).name == "method"
    deep = read_source(Outer._Inner.deep)
    assert deep.class_name == "_Inner"
    assert deep.qualname == "Outer._Inner.deep"
    assert read_source(Outer._Inner().deep()).class_name == "_Inner"
    assert read_source(Outer.by_lambda).class_name == "Outer"
    assert read_source(Outer.static).name == "static"


def test_a_wrapper_is_not_unwrapped() -> None:
    source = read_source(decorated)
    assert source.name == "wrapper"
    assert source.free == ("function",)
    inner = read_source(decorated.__wrapped__.__wrapped__)
    assert inner.name == "decorated"
    assert len(inner.node.decorator_list) == 2


ONE_LINE = [lambda x: x * 2, lambda x: x * 3, lambda x: lambda x: x * 4, lambda x: x * 2]
SPLIT = (lambda x:
         x + 1), lambda x, y=(lambda x: x): (
    x + 2
)  # fmt: skip


def test_lambdas_on_one_line() -> None:
    assert [_text(f) for f in ONE_LINE] == [
        "lambda x: x * 2",
        "lambda x: x * 3",
        "lambda x: lambda x: x * 4",
        "lambda x: x * 2",
    ]
    assert _text(ONE_LINE[2](0)) == "lambda x: x * 4"
    columns = [read_source(f).node.col_offset for f in ONE_LINE]
    assert sorted(set(columns)) == columns


def test_lambdas_over_lines() -> None:
    assert _text(SPLIT[0]) == "lambda x: x + 1"
    assert _text(SPLIT[1]) == "lambda x, y=lambda x: x: x + 2"
    assert _text(SPLIT[1].__defaults__[0]) == "lambda x: x"


def test_a_function_with_asserts_in_a_rewritten_module() -> None:
    """This module is rewritten by pytest: the code that runs is not what compiling gives."""

    def inner(x):
        assert x > 0, "message"
        return lambda: x

    assert any(name.startswith("@py") for name in inner.__code__.co_varnames)
    assert _text(inner).startswith("def inner(x):")
    assert _text(inner(1)) == "lambda: x"
    here = test_a_function_with_asserts_in_a_rewritten_module
    assert read_source(here).name == here.__name__


def test_a_closure_and_its_nested_code() -> None:
    def make(k):
        pair = [lambda: k, lambda: k + 1], [lambda: (k, j) for j in "ab"]

        def named():
            return k

        return pair, named

    source = read_source(make)
    ir = lower(source)
    closures = [
        s.value for s in walk(ir.body) if isinstance(s, Assign) and isinstance(s.value, Closure)
    ]
    assert len(closures) == 4
    (pair, third), named = make(1)
    real = [pair[0], pair[1], third[0], named]
    codes = [nested_code(source, closure.node) for closure in closures]
    assert codes == [f.__code__ for f in real]
    assert [c.co_linetable for c in codes] == [f.__code__.co_linetable for f in real]
    for closure, function in zip(closures, real, strict=True):
        nested = nested_source(source, closure)
        assert nested.free == function.__code__.co_freevars
        assert gast.unparse(nested.node) == _text(function)


# --- staleness ----------------------------------------------------------------------------------

BEFORE = """
    def f(x):
        return x * 2

    def g(x):
        return x + 1
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x * 2", "x * 3"),  # another constant
        ("x * 2", "x * 2.0"),  # equal, but not the same
        ("x * 2", "y * 2"),  # another name
        ("def f", "\n\n    def f"),  # moved
        ("def f(x)", "def h(x)"),  # gone
        ("return x * 2", "return x *"),  # no longer Python
        ("return x * 2", "x = 1; return x * 2"),
    ],
)
def test_an_edited_function_is_stale(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "edited_module.py"
    module = _load(path, BEFORE)
    assert read_source(module.f).name == "f"
    _edit(path, BEFORE.replace(old, new))
    with pytest.raises(StaleSourceError, match="reload") as caught:
        read_source(module.f)
    assert caught.value.place is not None
    assert caught.value.place.filename == str(path)


def test_an_edit_below_or_in_a_comment_is_not_stale(tmp_path: Path) -> None:
    path = tmp_path / "edited_below.py"
    module = _load(path, BEFORE)
    _edit(path, BEFORE.replace("x + 1", "x + 100").replace("x * 2", "x * 2  # two"))
    assert read_source(module.f).name == "f"
    with pytest.raises(StaleSourceError):
        read_source(module.g)


def test_a_reload_is_not_stale(tmp_path: Path) -> None:
    path = tmp_path / "reloaded_module.py"
    module = _load(path, BEFORE)
    read_source(module.f)
    _edit(path, BEFORE.replace("x * 2", "x * 3"))
    sys.path.insert(0, str(tmp_path))
    try:
        importlib.reload(module)
    finally:
        sys.path.remove(str(tmp_path))
    assert "x * 3" in _text(module.f)


def test_a_shared_line_after_an_edit_is_stale(tmp_path: Path) -> None:
    path = tmp_path / "edited_lambdas.py"
    module = _load(path, "fs = [lambda x: x * 2, lambda x: x * 3]\n")
    _edit(path, "fs = [lambda x: x * 3, lambda x: x * 4]\n")
    with pytest.raises(StaleSourceError):
        read_source(module.fs[0])
    assert "x * 3" in _text(module.fs[1])  # it has moved, but it is the code that runs


# --- no source ----------------------------------------------------------------------------------


@dataclasses.dataclass
class Data:
    x: float


Named = namedtuple("Named", "x y")


def _executed() -> Any:
    namespace: dict[str, Any] = {}
    exec("def f(x): return [y for y in x]", namespace)
    return namespace["f"]


def _in_missing_file() -> Any:
    namespace: dict[str, Any] = {}
    exec(compile("def f(x): return [y for y in x]", "/no/such/file.py", "exec"), namespace)
    return namespace["f"]


@pytest.mark.parametrize(
    "function",
    [Data.__init__, Named.__new__, _executed(), _in_missing_file(), len, 3],
    ids=["dataclass", "namedtuple", "exec", "missing file", "builtin", "number"],
)
def test_no_source(function: Any) -> None:
    with pytest.raises(SourceUnavailableError, match="rule"):
        read_source(function)


def test_attrs_registers_its_generated_methods() -> None:
    @attrs.define
    class WithAttrs:
        x: float = 1.0

    assert _text(WithAttrs.__init__).startswith("def __init__(self, x=")


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "gone_module.py"
    module = _load(path, "def f(x):\n    return [y for y in x]\n")
    path.unlink()
    forget_sources()
    linecache.clearcache()
    with pytest.raises(SourceUnavailableError, match=r"\.pyc"):
        read_source(module.f)


# --- sources that are no files ------------------------------------------------------------------


def _cell(name: str, text: str, flags: int = 0) -> dict[str, Any]:
    """What a notebook does: text registered in linecache, statements compiled one by one."""
    lines = text.splitlines(keepends=True)
    linecache.cache[name] = (len(text), None, lines, name)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for node in source_module.ast.parse(text).body:
        tree = source_module.ast.Interactive([node])
        exec(compile(tree, name, "single", flags=flags, dont_inherit=True), namespace)
    return namespace


def test_a_notebook_cell() -> None:
    text = "import math\ndef f(x):\n    return math.sin(x) + [].count(x)\ng = lambda x: x\n"
    cell = _cell("<ipython-input-7-abc>", text)
    assert read_source(cell["f"]).name == "f"
    assert _text(cell["g"]) == "lambda x: x"
    again = _cell("<ipython-input-8-def>", text.replace("sin", "cos"))
    assert "math.cos" in _text(again["f"])
    assert "math.sin" in _text(cell["f"])


def test_future_flags_are_honoured() -> None:
    import __future__

    text = "def f(x: undefined) -> undefined:\n    def g(y: int): return y\n    return g\n"
    flags = __future__.annotations.compiler_flag
    assert read_source(_cell("<cell-with-future>", text, flags)["f"]).name == "f"


def test_a_doctest() -> None:
    text = ">>> import math\n>>> def f(x):\n...     return math.sin(x)\n>>> print(show(f))\n"
    expected = "def f(x):\n    return math.sin(x)\n"
    test = doctest.DocTestParser().get_doctest(text + expected, {"show": _text}, "name", "file", 0)
    assert doctest.DocTestRunner().run(test).failed == 0


def test_a_zipped_module(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("zipped_module.py", textwrap.dedent(BEFORE))
    sys.path.insert(0, str(archive))
    try:
        module = importlib.import_module("zipped_module")
        assert read_source(module.f).name == "f"
    finally:
        sys.path.remove(str(archive))


PROGRAM = """
from dpy.transform.source import read_source
def f(x): return [y for y in x]
fs = [lambda x: sum(y for y in x) + 1, lambda x: sum(y for y in x) + 2]
try:
    print(read_source(f).name)
    print([read_source(g).node.body.right.value for g in fs])
except Exception as error:
    print(type(error).__name__)
"""


def _python(*args: str, text: str | None = None) -> list[str]:
    process = subprocess.run(
        [sys.executable, *args], input=text, capture_output=True, text=True, check=True
    )
    return process.stdout.splitlines()


def test_other_ways_to_start_python(tmp_path: Path) -> None:
    found = ["f", "[1, 2]"]
    missing = ["SourceUnavailableError"]
    assert _python("-c", PROGRAM) == found
    assert (
        _python("-W", "error", "-Ic", f"import sys; sys.path[:0] = {sys.path!r}\n{PROGRAM}")
        == found
    )
    assert _python("-", text=PROGRAM) in (found, missing)
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    assert _python("-O", str(path)) == found
    compiled = py_compile.compile(str(path), str(tmp_path / "alone" / "program.pyc"))
    path.unlink()
    assert _python(str(compiled)) == missing


EXECUTED = """
from dpy.transform.source import read_source
names = {}
exec("def f(x): return [y for y in x]", names)
try:
    read_source(names["f"])
except Exception as error:
    print(type(error).__name__, "from_source" in str(error))
"""


def test_exec_in_a_command_is_not_taken_for_the_command(tmp_path: Path) -> None:
    assert _python("-c", EXECUTED) == ["SourceUnavailableError True"]


def test_without_columns_lambdas_that_share_a_line_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    assert _python("-X", "no_debug_ranges", str(path)) == ["f", "SourceUnavailableError"]


# --- cost ---------------------------------------------------------------------------------------


def test_a_file_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = _load(tmp_path / "parsed_once.py", BEFORE)
    monkeypatch.setattr(source_module, "find_snippet", lambda *args: None)
    parsed = []
    real = source_module.compile_quietly

    def spy(text, *args):
        if isinstance(text, str):
            parsed.append(text)
        return real(text, *args)

    monkeypatch.setattr(source_module, "compile_quietly", spy)
    read_source(module.f)
    read_source(module.g)
    read_source(module.f)
    assert len(parsed) == 1


def test_many_files_do_not_pile_up(tmp_path: Path) -> None:
    for i in range(source_module._MODULES_KEPT + 5):
        read_source(_load(tmp_path / f"piled_{i}.py", BEFORE).f)
    assert len(source_module._modules) <= source_module._MODULES_KEPT


def test_most_files_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_sources()
    with monkeypatch.context() as patch:
        patch.setattr(source_module._Module, "_search", lambda *args: None)
        for f in (keep, decorated, decorated.__wrapped__, Outer.method, Outer._Inner().deep()):
            assert read_source(f).node.name == f.__code__.co_name
        for f in (*ONE_LINE, ONE_LINE[2](0), *SPLIT, Outer.by_lambda):
            assert isinstance(read_source(f).node, gast.Lambda)


def test_a_second_function_of_a_long_module_is_cheap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "find_snippet", lambda *args: None)
    body = "def f_{0}(x, y):\n    z = x * y\n    for i in range(3):\n        z += i\n    return z\n"
    module = _load(tmp_path / "long_module.py", "".join(body.format(i) for i in range(200)))
    start = time.perf_counter()
    read_source(module.f_0)
    first = time.perf_counter() - start
    times = []
    for i in range(1, 50):
        start = time.perf_counter()
        read_source(getattr(module, f"f_{i}"))
        times.append(time.perf_counter() - start)
    assert sorted(times)[10] < first / 4


def test_warnings_about_the_text_are_not_repeated(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = _load(
            tmp_path / "with_escapes.py",
            r"""
            def f(x):
                text = " \* "
                return [x for _ in text] if text is not 1 else (lambda y: "\d" + y)(x)
            """,
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert " \\\\* " in _text(module.f)
        (inner,) = (s for s in walk(lower(read_source(module.f)).body) if _is_closure(s))
        assert nested_source(read_source(module.f), inner.value).name == "<lambda>"


def _is_closure(s: Any) -> bool:
    return isinstance(s, Assign) and isinstance(s.value, Closure)


def test_modules_that_are_frozen_have_their_text_in_a_file() -> None:
    import collections.abc

    assert collections.abc.Mapping.get.__code__.co_filename.startswith("<frozen ")
    assert "return self[key]" in _text(collections.abc.Mapping.get)
