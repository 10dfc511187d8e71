"""Functions without text are read back from their code, or count as unreadable."""

from __future__ import annotations

import ast
import types
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.errors import SourceUnavailableError
from dpy.transform.decompile import decompile

READABLE = """
def passes_on(G, n, *, backend, **kw):
    return inner(G, n, backend=backend, **kw)
def positional(self, a, /, loc=0, *, scale=1):
    return (a,), loc, scale
def nothing():
    pass
def branches(x):
    if x > 1:
        return 1
    elif x is None:
        return 2
    else:
        return 3
def assigns(x, y=2):
    if x and y:
        z = x.size(y)[1:2]
    else:
        z = -x ** 2 if y is not None else [x, y]
    z += 1
    a, b = x
    return z
def conditions(x, y):
    if not isinstance(x, int) or y < 0:
        raise ValueError(x) from None
    return x if x in y else x not in y
def operators(a, b):
    return (a + b * 2 - a / b // 3 % 4) ** 2 @ b, ~a, +a, a & b | a ^ b, a << 1 >> b, not a
def either(x, y):
    return x or y and x
def stores(o, x):
    o.attr = x
    o[0] = x.y[1, 2][::2]
    o.method(x)
def displays(x, a, b):
    return {1: x}, {x, a}, {x: a, "k": b}, [*a, x], (x, *a), {**a}, {"k": x, **b}, x[:], x[1:]
def texts(x, y):
    return f"{x}", f"{x!r:>10} and {y}", f"{x:.3f}"
def calls(f, x, y):
    return f(*x, **y), f(**y), f(*x), f(1, 2, *x), f(), f(x)(y)(a=1), f(1, k=2, **y)
double = lambda v, k=2: helper(v, (v, k))
"""

UNREADABLE = """
def loops(xs):
    total = 0
    for x in xs:
        total += x
    return total
def handles(x):
    try:
        return 1 / x
    except ZeroDivisionError:
        return 0
def yields(x):
    yield x
def chained(a, b, c):
    return a < b < c
def nested(x):
    def inner(y):
        return x + y
    return inner
def squares(xs):
    return [x * x for x in xs]
def with_block(x):
    with x as y:
        return y
async def waits(x):
    return await x
"""


def _functions(text: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "made"}
    exec(text, namespace)
    return {n: f for n, f in namespace.items() if isinstance(f, types.FunctionType)}


@pytest.mark.parametrize("name", _functions(READABLE))
def test_readable(name: str) -> None:
    function = _functions(READABLE)[name]
    node = decompile(function.__code__)
    assert node is not None
    text = ast.unparse(node)
    source = next(s for s in ast.parse(READABLE).body if getattr(s, "name", "double") == name)
    if isinstance(source, ast.FunctionDef):
        source.args.defaults = []
        source.args.kw_defaults = [None] * len(source.args.kwonlyargs)
        assert text.splitlines()[0] == ast.unparse(source).splitlines()[0]
    assert not any(getattr(n, "lineno", 1) is None for n in ast.walk(node))


@pytest.mark.parametrize("name", _functions(UNREADABLE))
def test_unreadable(name: str) -> None:
    assert decompile(_functions(UNREADABLE)[name].__code__) is None


def test_free_variables() -> None:
    text = "def outer(k):\n    def inner(x):\n        return k * x\n    return inner\n"
    inner = _functions(text)["outer"](3.0)
    assert decompile(inner.__code__) is not None
    assert dpy.gradient(lambda x: inner(x) * x, 2.0) == (12.0,)


def test_gradients_of_functions_without_text() -> None:
    made = _functions(
        "def f(x, k=2.0):\n    return x ** k if x > 0 else -x\n"
        "def g(a, b):\n    if a > b:\n        a, b = b, a\n    return a * a * b\n"
        "def store(d, x):\n    d['w'] = x * x\n"
    )
    f, g = made["f"], made["g"]

    def program(x, y):
        d: dict[str, Any] = {}
        made["store"](d, y)
        return f(x) + f(x, k=y) * g(y, x) + f(-x) + d["w"]

    assert dpy.gradient(f, 3.0) == (6.0,)
    dpy.check_gradient(program, 1.3, 2.1)
    dpy.check_gradient(program, 2.1, 1.3)
    with pytest.raises(TypeError):
        dpy.gradient(lambda x: g(x, None), 2.0)


def test_the_error_names_what_cannot_be_read() -> None:
    loops = _functions(UNREADABLE)["loops"]
    with pytest.raises(SourceUnavailableError, match="loops"):
        dpy.gradient(loops, np.array([1.0, 2.0]))
