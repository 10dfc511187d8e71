"""What is redefined is seen at the next call; what was edited on disk is never silently used."""

from __future__ import annotations

import importlib
import linecache
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dpy

SCALE = 2.0


def callee(x):
    return x * x


def caller(x):
    return callee(x) * SCALE


class Shape:
    def area(self, x):
        return x * x


class Cell:
    """A notebook: cells are run one after another in one namespace."""

    def __init__(self) -> None:
        self.module = types.ModuleType("notebook")
        self.count = 0

    def run(self, text: str) -> None:
        self.count += 1
        name = f"<cell {self.count} of {id(self)}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec", dont_inherit=True), self.module.__dict__)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


@pytest.fixture
def cells() -> Cell:
    return Cell()


@pytest.fixture
def make_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Writes a module to disk and imports it; later writes need a reload to be seen."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    names: list[str] = []

    def make(name: str, text: str) -> Any:
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        names.append(name)
        importlib.invalidate_caches()
        return importlib.import_module(name), path

    yield make
    for name in names:
        sys.modules.pop(name, None)


def test_redefined_function(cells: Cell) -> None:
    cells.run("def f(x): return x * x\n")
    assert dpy.gradient(cells.f, 3.0) == (6.0,)
    cells.run("def f(x): return x * x * x\n")
    assert dpy.gradient(cells.f, 3.0) == (27.0,)


def test_redefined_callee(cells: Cell) -> None:
    cells.run("def g(x): return x * x\n")
    cells.run("def f(x): return g(x) + x\n")
    assert dpy.gradient(cells.f, 3.0) == (7.0,)
    cells.run("def g(x): return 5 * x\n")
    assert dpy.gradient(cells.f, 3.0) == (6.0,)
    assert dpy.value_and_gradient(cells.f, 3.0) == (18.0, (6.0,))


def test_redefined_callee_of_a_callee(cells: Cell) -> None:
    cells.run("def h(x): return x * x\n")
    cells.run("def g(x): return h(x) * 2\n")
    cells.run("def f(x):\n    for _ in range(2):\n        x = g(x)\n    return x\n")
    assert dpy.gradient(cells.f, 1.0) == (32.0,)
    cells.run("def h(x): return 3 * x\n")
    assert dpy.gradient(cells.f, 1.0) == (36.0,)
    cells.run("h = abs\n")
    assert dpy.gradient(cells.f, -1.0) == (-4.0,)


def test_rebound_global_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dpy.gradient(caller, 3.0) == (12.0,)
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    assert dpy.gradient(caller, 3.0) == (30.0,)


def test_rebound_global_of_another_type(cells: Cell) -> None:
    cells.run("k = 2.0\ndef f(x): return (k * x * x) if not callable(k) else k(x)\n")
    assert dpy.gradient(cells.f, 3.0) == (12.0,)
    cells.run("k = lambda t: 7 * t\n")
    assert dpy.gradient(cells.f, 3.0) == (7.0,)
    cells.run("k = 3\n")
    assert dpy.gradient(cells.f, 3.0) == (18.0,)


def test_rebound_global_array(cells: Cell) -> None:
    cells.run("import numpy as np\nw = np.array([1.0, 2.0])\ndef f(x): return (w * x).sum()\n")
    assert dpy.gradient(cells.f, 3.0) == (3.0,)
    cells.run("w = np.array([5.0])\n")
    assert dpy.gradient(cells.f, 3.0) == (5.0,)
    cells.run("w[0] = 6.0\n")
    assert dpy.gradient(cells.f, 3.0) == (6.0,)
    cells.run("w = 2\ndef f(x): return w * x\n")
    assert dpy.gradient(cells.f, 3.0) == (2.0,)


def test_global_that_appears_later(cells: Cell) -> None:
    cells.run("def f(x): return later(x)\n")
    with pytest.raises(NameError):
        dpy.gradient(cells.f, 3.0)
    cells.run("def later(x): return 4 * x\n")
    assert dpy.gradient(cells.f, 3.0) == (4.0,)
    cells.run("del later\n")
    with pytest.raises(NameError):
        dpy.gradient(cells.f, 3.0)


def test_builtin_shadowed_later(cells: Cell) -> None:
    cells.run("def f(x): return abs(x)\n")
    assert dpy.gradient(cells.f, -3.0) == (-1.0,)
    cells.run("def abs(x): return 10 * x\n")
    assert dpy.gradient(cells.f, -3.0) == (10.0,)
    cells.run("del abs\n")
    assert dpy.gradient(cells.f, -3.0) == (-1.0,)


def test_module_attribute_replaced(cells: Cell) -> None:
    tools = types.ModuleType("tools")
    cells.run("def double(x): return 2 * x\ndef triple(x): return 3 * x\n")
    tools.act = cells.double  # type: ignore[attr-defined]
    cells.module.tools = tools  # type: ignore[attr-defined]
    cells.run("def f(x): return tools.act(x)\n")
    assert dpy.gradient(cells.f, 3.0) == (2.0,)
    tools.act = cells.triple  # type: ignore[attr-defined]
    assert dpy.gradient(cells.f, 3.0) == (3.0,)


def test_rebound_closure_variable() -> None:
    k = 2.0

    def f(x):
        return k * x * x

    assert dpy.gradient(f, 3.0) == (12.0,)
    k = 5.0
    assert dpy.gradient(f, 3.0) == (30.0,)
    k = np.array([1.0, 2.0])
    with pytest.raises(dpy.errors.NotScalarOutputError):
        dpy.gradient(f, 3.0)
    k = 1
    assert dpy.gradient(f, 3.0) == (6.0,)


def test_rebound_closure_function() -> None:
    def g(x):
        return x * x

    def f(x):
        return g(x)

    assert dpy.gradient(f, 3.0) == (6.0,)

    def g(x):  # noqa: F811
        return x * x * x

    assert dpy.gradient(f, 3.0) == (27.0,)


def test_closures_of_one_factory_keep_apart() -> None:
    def make(k):
        return lambda x: k * x if isinstance(k, float) else k(x)

    two, sine, three = make(2.0), make(np.sin), make(3.0)
    for _ in range(2):
        assert dpy.gradient(two, 1.0) == (2.0,)
        assert dpy.gradient(sine, 0.0) == (1.0,)
        assert dpy.gradient(three, 1.0) == (3.0,)


def test_replaced_default_and_keyword_default() -> None:
    def f(x, k=2.0, *, b=1.0):
        return k * x * b

    assert dpy.gradient(f, 3.0) == (2.0,)
    f.__defaults__ = (7.0,)
    assert dpy.gradient(f, 3.0) == (7.0,)
    f.__kwdefaults__ = {"b": 2.0}
    assert dpy.gradient(f, 3.0) == (14.0,)


def test_replaced_code_object() -> None:
    def f(x):
        return x * x

    assert dpy.gradient(f, 3.0) == (6.0,)
    f.__code__ = (lambda x: 4 * x).__code__
    assert dpy.gradient(f, 3.0) == (4.0,)


def test_replaced_method(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x):
        return Shape().area(x)

    assert dpy.gradient(f, 3.0) == (6.0,)
    monkeypatch.setattr(Shape, "area", lambda self, x: 9 * x)
    assert dpy.gradient(f, 3.0) == (9.0,)
    monkeypatch.undo()
    assert dpy.gradient(f, 3.0) == (6.0,)


def test_method_of_the_instance_hides_that_of_the_class() -> None:
    shape = Shape()

    def f(x):
        return shape.area(x)

    assert dpy.gradient(f, 3.0) == (6.0,)
    shape.area = lambda x: 11 * x  # type: ignore[method-assign]
    assert dpy.gradient(f, 3.0) == (11.0,)


def test_operator_added_to_a_class_later() -> None:
    class Money:
        def __init__(self, x):
            self.x = x

        def __add__(self, other):
            return Money(self.x + other.x)

    def f(x):
        return (Money(x) + Money(x)).x

    assert dpy.gradient(f, 3.0) == (2.0,)
    Money.__add__ = lambda self, other: Money(self.x * other.x)  # type: ignore[method-assign]
    assert dpy.gradient(f, 3.0) == (6.0,)


def test_class_attribute_changed() -> None:
    class Layer:
        gain = 2.0

        def __call__(self, x):
            return self.gain * x

    layer = Layer()

    def f(x):
        return layer(x)

    assert dpy.gradient(f, 3.0) == (2.0,)
    Layer.gain = 5.0
    assert dpy.gradient(f, 3.0) == (5.0,)
    layer.gain = 7.0
    assert dpy.gradient(f, 3.0) == (7.0,)


def test_new_rule_is_used(cells: Cell) -> None:
    cells.run("def g(x): return x * x\ndef f(x): return g(x) + g(x)\n")
    assert dpy.gradient(cells.f, 3.0) == (12.0,)

    @dpy.adjoint(cells.g)
    def g(x):
        def g_pullback(d_y):
            return (100.0 * d_y,)

        return x * x, g_pullback

    assert dpy.gradient(cells.f, 3.0) == (200.0,)

    @dpy.adjoint(cells.g)
    def g_again(x):
        def g_pullback(d_y):
            return (-1.0 * d_y,)

        return x * x, g_pullback

    assert dpy.gradient(cells.f, 3.0) == (-2.0,)


def test_new_rule_for_the_function_itself(cells: Cell) -> None:
    cells.run("def f(x): return x * x\n")
    assert dpy.gradient(cells.f, 3.0) == (6.0,)
    dpy.nondifferentiable(cells.f)
    assert dpy.gradient(cells.f, 3.0) == (0.0,)


def test_reload(make_module: Any) -> None:
    module, path = make_module("stale_reload", "def f(x):\n    return x * x\n")
    assert dpy.gradient(module.f, 3.0) == (6.0,)
    path.write_text("def f(x):\n    return x * x * x * x\n")
    importlib.reload(module)
    assert dpy.gradient(module.f, 2.0) == (32.0,)


def test_reload_of_the_module_of_a_callee(make_module: Any, cells: Cell) -> None:
    module, path = make_module("stale_callee", "def g(x):\n    return x * x\n")
    cells.module.stale_callee = module  # type: ignore[attr-defined]
    cells.run("def f(x): return stale_callee.g(x)\n")
    assert dpy.gradient(cells.f, 3.0) == (6.0,)
    path.write_text("K = 10\n\n\ndef g(x):\n    return K * x\n")
    importlib.reload(module)
    assert dpy.gradient(cells.f, 3.0) == (10.0,)


def test_file_edited_after_import(make_module: Any) -> None:
    module, path = make_module("stale_edited", "def f(x):\n    return x * x\n")
    path.write_text("def f(x):\n    return x * x * x\n")
    with pytest.raises(dpy.errors.StaleSourceError) as caught:
        dpy.gradient(module.f, 3.0)
    assert "stale_edited" in str(caught.value)
    assert "reload" in str(caught.value)
    importlib.reload(module)
    assert dpy.gradient(module.f, 3.0) == (27.0,)


def test_lines_inserted_after_import(make_module: Any) -> None:
    text = "def g(x):\n    return 5 * x\n\n\ndef f(x):\n    return x * x\n"
    module, path = make_module("stale_moved", text)
    path.write_text("def h(x):\n    return 7 * x\n\n\n" + text)
    # Line 5 holds another function now: using it would be a wrong gradient without an error.
    try:
        assert dpy.gradient(module.f, 3.0) == (6.0,)
    except dpy.errors.StaleSourceError:
        pass


def test_edit_elsewhere_in_the_file_does_no_harm(make_module: Any) -> None:
    text = "def f(x):\n    return x * x\n\n\ndef g(x):\n    return 5 * x\n"
    module, path = make_module("stale_elsewhere", text)
    path.write_text(text.replace("5 * x", "6 * x"))
    assert dpy.gradient(module.f, 3.0) == (6.0,)


def test_edited_after_the_first_gradient(make_module: Any) -> None:
    module, path = make_module("stale_later", "def f(x):\n    return x * x\n")
    assert dpy.gradient(module.f, 3.0) == (6.0,)
    path.write_text("def f(x):\n    return x * x * x\n")
    # What runs plainly is still the old code, and what was compiled came from it.
    try:
        assert dpy.gradient(module.f, 4.0) == (8.0,)
        assert dpy.gradient(module.f, np.float32(4.0)) == (8.0,)
    except dpy.errors.StaleSourceError:
        pass
    assert module.f(2.0) == 4.0


def test_file_removed(make_module: Any) -> None:
    module, path = make_module(
        "stale_removed", "def f(x):\n    for _ in range(2):\n        x = x * x\n    return x\n"
    )
    path.unlink()
    linecache.clearcache()
    with pytest.raises(dpy.errors.SourceUnavailableError) as caught:
        dpy.gradient(module.f, 3.0)
    assert "f" in str(caught.value)


def test_no_source() -> None:
    scope: dict[str, Any] = {}
    exec("def f(x): return [x * y for y in range(3)][2]", scope)
    with pytest.raises(dpy.errors.SourceUnavailableError):
        dpy.gradient(scope["f"], 3.0)


def test_constant_callee_without_source_is_harmless() -> None:
    scope: dict[str, Any] = {}
    exec("def size(n): return n + 1", scope)
    size = scope["size"]

    def f(x):
        return x * size(2)

    assert dpy.gradient(f, 3.0) == (3.0,)


def test_settings_are_seen_at_the_next_call() -> None:
    def f(x):
        return np.where(x > 0, np.log(x), 0.0).sum()

    x = np.array([0.0, 2.0])
    with np.errstate(all="ignore"):
        assert dpy.gradient(f, x)[0].tolist() == [0.0, 0.5]
        with dpy.settings(strong_zero=False):
            assert np.isnan(dpy.gradient(f, x)[0][0])
        assert dpy.gradient(f, x)[0].tolist() == [0.0, 0.5]
