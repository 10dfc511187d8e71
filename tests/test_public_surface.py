"""What `import dpy` offers, what it costs, and that the lists of names agree with each other."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import pytest

import dpy
from dpy.errors import AdjointError

ROOT = Path(__file__).parents[1]

PROMISED = """
    gradient value_and_gradient withgradient pullback grad value_and_grad jacobian adjoint
    stop_gradient nondifferentiable Params Tangent adjoint_source check_gradient cache_info
    settings rules debug from_source
""".split()


def run(code: str) -> str:
    """The output of a program in a fresh interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "program.py")  # gradients need a source
        program.write_text(code, encoding="utf-8")
        found = subprocess.run(
            [sys.executable, "-W", "error", str(program)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.mark.parametrize("name", PROMISED)
def test_promised_names_are_public(name: str) -> None:
    assert name in dpy.__all__
    assert name in dir(dpy)
    assert getattr(dpy, name) is getattr(dpy, name)


@pytest.mark.parametrize("name", dpy.__all__)
def test_public_names_exist_and_are_documented(name: str) -> None:
    value = getattr(dpy, name)
    assert callable(value)
    assert inspect.getdoc(value)
    assert value.__module__.startswith("dpy")


@pytest.mark.parametrize("name", [name for name in dpy.__all__ if name.islower()])
def test_public_functions_are_typed_and_have_an_example(name: str) -> None:
    value = getattr(dpy, name)
    if inspect.isfunction(value):
        signature = inspect.signature(value)
        assert signature.return_annotation is not signature.empty
        for parameter in signature.parameters.values():
            assert parameter.annotation is not parameter.empty, parameter
    assert ">>>" in (inspect.getdoc(value) or ""), f"no example in dpy.{name}"


def test_lists_of_names_agree() -> None:
    """What type checkers are told is what is imported."""
    tree = ast.parse((ROOT / "dpy/__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    told = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == {name: f"dpy.{home}" for name, home in dpy._HOME.items()}
    assert sorted(told) == dpy.__all__


def test_all_errors_are_public() -> None:
    classes = {
        name
        for name, value in vars(dpy.errors).items()
        if isinstance(value, type) and issubclass(value, dpy.DpyError)
    }
    assert classes <= set(dpy.__all__)


def test_nothing_else_looks_public() -> None:
    """Besides modules, whatever has no underscore is meant to be used, and so is listed."""
    found = {
        name
        for name, value in vars(dpy).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert found <= set(dpy.__all__)
    assert len(set(dpy.__all__)) == len(dpy.__all__)


def test_the_first_gradient_brings_in_no_optional_package() -> None:
    optional = ["torch", "jax", "numba", "cupy", "matplotlib", "sklearn", "autograd", "scipy"]
    code = "import sys, dpy; dpy.gradient(lambda x: x * x, 3.0); "
    assert run(f"{code}print([m for m in {optional} if m in sys.modules])").strip() == "[]"


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'gradeint'"):
        dpy.gradeint  # noqa: B018
    with pytest.raises(ImportError):
        from dpy import gradeint  # noqa: F401


def test_import_loads_little() -> None:
    """Compiler and rules come with the first gradient."""
    code = "import sys, dpy; print(*sorted(m for m in sys.modules if m.split('.')[0] == 'dpy'))"
    assert run(code).split() == ["dpy"]
    heavy = "import sys, dpy; print([m for m in ('numpy', 'gast', 'inspect') if m in sys.modules])"
    assert run(heavy).strip() == "[]"


def test_star_import_and_submodules() -> None:
    assert run("from dpy import *; print(gradient(lambda x: x * x, 3.0))").strip() == "(6.0,)"
    assert run("import dpy; print(dpy.errors.DpyError is dpy.DpyError)").strip() == "True"
    assert run("import dpy.adjoints.registry as r; print(len(r.rules()) > 500)").strip() == "True"


def test_declaring_a_rule_loads_no_library() -> None:
    code = """
import sys, dpy
def f(x): return x * x
@dpy.adjoint(f)
def rule(x):
    return x * x, lambda d: (100.0 * d,)
assert 'dpy.adjoints.mathlib' not in sys.modules and 'dpy.api' not in sys.modules
print(dpy.gradient(f, 3.0), dpy.gradient(lambda x: f(x) + x, 3.0))
"""
    assert run(code).strip() == "(100.0,) (101.0,)"


def test_rules_declared_before_the_library_is_loaded_override_it() -> None:
    code = """
import math, operator, dpy
from dpy.adjoints import registry
before = registry.version()
@dpy.adjoint(math.sin)
def sine(x):
    return math.sin(x), lambda d: (100.0 * d,)
@dpy.adjoint(math.sin)
def sine_again(x):
    return math.sin(x), lambda d: (7.0 * d,)
dpy.nondifferentiable(math.cos)
assert registry.version() > before
print(dpy.gradient(lambda x: math.sin(x) + math.cos(x), 3.0))
assert registry.lookup(math.sin).forward is sine_again
"""
    assert run(code).strip() == "(7.0,)"


def test_numpys_rules_are_loaded_when_a_program_uses_numpy() -> None:
    code = """
import math, sys, dpy, numpy as np
from dpy.adjoints import registry
@dpy.adjoint(np.sin)
def sine(x):
    return np.sin(x), lambda d: (7.0 * d,)
@dpy.adjoint(math.cos)
def cosine(x):
    return math.cos(x), lambda d: (5.0 * d,)
def f(x): return math.cos(x) + math.sin(0.0) * x ** 2
def g(x): return np.sin(x) + f(x)
print(dpy.gradient(f, 1.0))
assert 'dpy.adjoints.numpy' not in sys.modules
print(dpy.gradient(g, 1.0))
compiles = dpy.cache_info().compiles
assert 'dpy.adjoints.numpy' in sys.modules
print(dpy.gradient(f, 1.0), dpy.cache_info().compiles - compiles)
version = registry.version()
registry.load_library()
assert registry.version() == version and np.cos in [r.primal for r in registry.rules()]
"""
    assert run(code).split("\n")[:3] == ["(5.0,)", "(12.0,)", "(5.0,) 0"]


def test_a_rule_that_may_not_replace_sees_the_library_at_once() -> None:
    code = """
import math, dpy
try:
    @dpy.adjoint(math.sin, replace=False)
    def sine(x):
        return math.sin(x), lambda d: (d,)
except dpy.AdjointError as error:
    print(error)
"""
    assert "has a rule already" in run(code)


def test_threads_that_need_the_library_at_once() -> None:
    code = """
import threading, math, dpy
barrier, found = threading.Barrier(8), []
def work(k):
    barrier.wait()
    found.append(dpy.gradient(lambda x: math.sin(x) * k, 0.0))
threads = [threading.Thread(target=work, args=(float(k),)) for k in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(sorted(found) == [(float(k),) for k in range(8)])
"""
    assert run(code).strip() == "True"


def test_malformed_rule_is_refused_by_name() -> None:
    with pytest.raises(AdjointError):
        dpy.adjoint()


def test_what_a_plain_program_does_not_import() -> None:
    code = """
import sys, dpy
def f(x): return x * x
print(dpy.gradient(f, 3.0))
unwanted = ('fractions', 'decimal', 'dpy.runtime.operations', 'dpy.adjoints.numpy')
print([name for name in unwanted if name in sys.modules])
from fractions import Fraction
from decimal import Decimal
print(dpy.gradient(f, Fraction(1, 3)), dpy.gradient(lambda x: float(x) ** 2, Decimal(3)))
"""
    assert run(code).split("\n")[:3] == ["(6.0,)", "[]", "(Fraction(2, 3),) (Decimal('6'),)"]
