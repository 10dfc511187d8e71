"""Faults planted in programs of all kinds: the traceback ends at the line that is at fault.

Each program is a file, or several. The comment ``# fault`` marks the line. The last frame of the
traceback that is not dpy's (nor Python's or NumPy's) must be there, and the exception must be what
the program raises without dpy, or what the adjoint of its author raises.
"""

from __future__ import annotations

import ast
import importlib
import linecache
import sys
import textwrap
import traceback
from pathlib import Path
from typing import Any

import pytest

import dpy
from dpy.records import record

MARK = "# fault"


@record
class Fault:
    """A program with a function `f` of one number, and what it raises."""

    name: str
    error: type[BaseException]
    text: str
    others: tuple[tuple[str, str], ...] = ()  # further files
    when: str = "forward"  # or "compile", "pullback"


FAULTS = [
    # --- when the function is transformed ---------------------------------------------------------
    Fault(
        "construct that is refused",
        dpy.errors.UnsupportedSyntaxError,
        """
        def f(x):
            y = x * x
            z = eval("x * 2")  # fault
            return y + z
        """,
        when="compile",
    ),
    Fault(
        "construct that is refused in a callee",
        dpy.errors.UnsupportedSyntaxError,
        """
        def helper(x):
            y = x * x
            return y + eval("y * x")  # fault

        def f(x):
            y = x * 2
            return helper(y) * y
        """,
        when="compile",
    ),
    # --- forward ----------------------------------------------------------------------------------
    Fault(
        "plain statement",
        ZeroDivisionError,
        """
        def f(x):
            y = x - 2.0
            z = x / y  # fault
            return z * x
        """,
    ),
    Fault(
        "expression over several lines",
        ValueError,
        """
        import math

        def f(x):
            return (
                x * 2
                + math.log(x - 2.0)  # fault
                + x
            )
        """,
    ),
    Fault(
        "callee",
        KeyError,
        """
        def helper(x):
            table = {"a": x, "b": x * x}
            total = 0.0
            for key in ("a", "b", "c"):
                for _ in range(3):
                    total = total * 0.5 + table[key]  # fault
            return total

        def f(x):
            y = x * 2
            return helper(y) + y
        """,
    ),
    Fault(
        "inlined callee",
        ValueError,
        """
        import math

        def root(x):
            return math.sqrt(x - 100.0)  # fault

        def half(x):
            y = x / 2
            return root(y)

        def f(x):
            return half(x) * x
        """,
    ),
    Fault(
        "installed package",
        ZeroDivisionError,
        """
        from some_package.curves import slope

        def f(x):
            y = x * 3
            return slope(y, y) + x
        """,
        (
            ("some_package/__init__.py", ""),
            (
                "some_package/curves.py",
                """
                def rise(a, b):
                    return a * a - b

                def slope(a, b):
                    run = a - b
                    return rise(a, b) / run  # fault
                """,
            ),
        ),
    ),
    Fault(
        "method",
        AttributeError,
        """
        class Body:
            def __init__(self, mass):
                self.mass = mass

            def energy(self, v):
                return 0.5 * self.weight * v**2  # fault

        def f(x):
            return Body(x).energy(x)
        """,
    ),
    Fault(
        "constructor",
        TypeError,
        """
        class Body:
            def __init__(self, mass):
                self.mass = mass
                self.name = "body " + mass  # fault

        def f(x):
            return Body(x * 2).mass
        """,
    ),
    Fault(
        "property",
        IndexError,
        """
        class Path:
            def __init__(self, points):
                self.points = points

            @property
            def last(self):
                return self.points[len(self.points)]  # fault

        def f(x):
            return Path([x, x * x]).last * x
        """,
    ),
    Fault(
        "operator of a class",
        TypeError,
        """
        class Length:
            def __init__(self, value):
                self.value = value

            def __mul__(self, other):
                return Length(self.value * other.unit)  # fault

            @property
            def unit(self):
                return 1.0

        class Weight(Length):
            unit = "kg"

        def f(x):
            return (Length(x) * Weight(x)).value * x
        """,
    ),
    Fault(
        "__post_init__ of a dataclass",
        ValueError,
        """
        from dataclasses import dataclass

        @dataclass
        class Spring:
            stiffness: float
            damping: float

            def __post_init__(self):
                if self.damping < self.stiffness:
                    raise ValueError("too weak")  # fault

        def f(x):
            return Spring(x, x - 1).damping * x
        """,
    ),
    Fault(
        "wrapper of a decorator",
        RuntimeError,
        """
        import functools

        def positive(function):
            @functools.wraps(function)
            def wrapper(x):
                y = function(x)
                if y < 0:
                    raise RuntimeError("negative")  # fault
                return y

            return wrapper

        @positive
        def shifted(x):
            return x - 10

        def f(x):
            return shifted(x * 2) ** 2
        """,
    ),
    Fault(
        "lambda on a line with others",
        ZeroDivisionError,
        """
        def f(x):
            zero = x - 2.0
            a, b, c = (lambda t: t * t), (lambda t: t / zero), (lambda t: t + 1)  # fault
            return a(c(b(x)))
        """,
    ),
    Fault(
        "body of a loop",
        OverflowError,
        """
        import math

        def f(x):
            total = 0.0
            for i in range(1, 6):
                y = x * i
                total += math.exp(y**5)  # fault
            return total
        """,
    ),
    Fault(
        "test of a loop",
        TypeError,
        """
        def f(x):
            limit = "ten"
            while x < limit:  # fault
                x = x * 2
            return x
        """,
    ),
    Fault(
        "comprehension",
        ZeroDivisionError,
        """
        def f(x):
            ys = [
                x / (i - 2)  # fault
                for i in range(4)
            ]
            return sum(ys)
        """,
    ),
    Fault(
        "generator",
        ValueError,
        """
        import math

        def roots(x):
            for i in range(3):
                y = x - i * 1.5
                yield math.sqrt(y)  # fault

        def f(x):
            total = 0.0
            for y in roots(x):
                total += y
            return total
        """,
    ),
    Fault(
        "generator expression",
        ZeroDivisionError,
        """
        def f(x):
            return sum(
                x / (2 - i)  # fault
                for i in range(4)
            )
        """,
    ),
    Fault(
        "function on a tape",
        ZeroDivisionError,
        """
        def f(x):
            try:
                y = x * x
                y = y / (x - 2.0)  # fault
            except KeyError:
                y = x
            return y
        """,
    ),
    Fault(
        "context manager",
        RuntimeError,
        """
        class Strict:
            def __enter__(self):
                return self

            def __exit__(self, kind, error, where):
                raise RuntimeError("never closed")  # fault

        def f(x):
            with Strict():
                y = x * x
            return y
        """,
    ),
    Fault(
        "callback of numpy",
        ValueError,
        """
        import math
        import numpy as np

        def norm(row):
            return math.sqrt(row.sum() - 5)  # fault

        def f(x):
            rows = np.array([[6.0, 1.0], [3.0, 1.0]]) * (x / 2)
            return np.apply_along_axis(norm, 1, rows).sum()
        """,
    ),
    Fault(
        "callback of a builtin",
        TypeError,
        """
        def key(pair):
            return pair[0] + pair[1]  # fault

        def f(x):
            pairs = [(x, 1.0), (x * x, "2")]
            return min(pairs, key=key)[0]
        """,
    ),
    Fault(
        "shapes that do not fit",
        ValueError,
        """
        import numpy as np

        def f(x):
            a = np.ones(3) * x
            b = np.ones((2, 2)) * x
            c = a + b  # fault
            return c.sum()
        """,
    ),
    Fault(
        "recursion",
        ZeroDivisionError,
        """
        def f(x, n=4):
            if n == 0:
                return x / 0  # fault
            return f(x, n - 1) * 2
        """,
    ),
    Fault(
        "variable without a value",
        UnboundLocalError,
        """
        def f(x):
            if x > 5:
                y = x
            z = x * 2
            return z * y  # fault
        """,
    ),
    Fault(
        "match",
        ZeroDivisionError,
        """
        def f(x):
            match (x, [x, 0]):
                case (a, [b]):
                    return a * b
                case (a, [b, c]):
                    return a * b / c  # fault
        """,
    ),
    Fault(
        "value of a rule",
        ValueError,
        """
        import math
        import dpy

        def area(r):
            return math.pi * r * r

        @dpy.adjoint(area)
        def area_rule(r):
            y = math.sqrt(r - 50)  # fault

            def area_pullback(d_y):
                return (2 * math.pi * r * d_y,)

            return y, area_pullback

        def f(x):
            y = x * x
            return area(y) + y
        """,
        when="rule",
    ),
    # --- in the pullback --------------------------------------------------------------------------
    Fault(
        "pullback of a rule",
        KeyError,
        """
        import dpy

        def area(r):
            return 3.14 * r * r

        @dpy.adjoint(area)
        def area_rule(r):
            saved = {"r": r}

            def area_pullback(d_y):
                factor = 2 * 3.14
                return (factor * saved["radius"] * d_y,)  # fault

            return area(r), area_pullback

        def f(x):
            y = x * x
            return area(y) + y
        """,
        when="pullback",
    ),
    Fault(
        "shapes that do not fit in the pullback of a rule",
        ValueError,
        """
        import dpy
        import numpy as np

        def scale(a, w):
            return a * w[:2].sum()

        @dpy.adjoint(scale)
        def scale_rule(a, w):
            def scale_pullback(d_y):
                d_a = d_y * w[:2].sum()
                d_w = d_y * w[:2]  # fault
                return d_a, d_w

            return scale(a, w), scale_pullback

        def f(x):
            total = 0.0
            for i in range(2):
                total += scale(np.ones(3) * x, np.arange(4.0) * x).sum()
            return total
        """,
        when="pullback",
    ),
    Fault(
        "partial of an elementwise rule",
        ZeroDivisionError,
        """
        import dpy
        import math

        def bend(x):
            return math.sqrt(x)

        @dpy.adjoint(bend)
        def bend_rule(x):
            y = math.sqrt(x)
            return y, lambda d_y: (d_y / (x - x),)  # fault

        def f(x):
            return bend(x * x) * x
        """,
        when="pullback",
    ),
    Fault(
        "rule that returns too few cotangents",
        dpy.errors.AdjointError,
        """
        import dpy

        def product(a, b):
            return a * b

        @dpy.adjoint(product)
        def product_rule(a, b):
            def product_pullback(d_y):
                return (d_y * b,)

            return a * b, product_pullback

        def f(x):
            y = x * 2
            z = product(x, y)  # fault
            return z + x
        """,
        when="pullback",
    ),
    Fault(
        "function without a rule",
        dpy.errors.NoAdjointError,
        """
        from scipy import special

        def f(x):
            y = x * x
            z = special.mathieu_a(1, y)  # fault
            return z * y
        """,
        when="pullback",
    ),
    Fault(
        "function without a rule in an inlined callee",
        dpy.errors.NoAdjointError,
        """
        from scipy import special

        def order(x):
            y = x * x
            return special.mathieu_a(1, y)  # fault

        def f(x):
            return order(x * 2) * x
        """,
        when="pullback",
    ),
    Fault(
        "function without a rule on a tape",
        dpy.errors.NoAdjointError,
        """
        from scipy import special

        def order(x):
            try:
                y = x * x
                y = special.mathieu_a(1, y)  # fault
                y = y * 2
            except ValueError:
                y = x
            return y

        def f(x):
            y = order(x * 2)
            return y * x
        """,
        when="pullback",
    ),
    Fault(
        "function without a rule in a generator",
        dpy.errors.NoAdjointError,
        """
        from scipy import special

        def orders(x):
            for i in range(3):
                y = x * i
                yield special.mathieu_a(1, y)  # fault

        def f(x):
            total = 0.0
            for y in orders(x):
                total = total + y
            return total
        """,
        when="pullback",
    ),
    Fault(
        "function without a rule in the body of a loop",
        dpy.errors.NoAdjointError,
        """
        from scipy import special

        def f(x):
            for i in range(3):
                y = x * i
                x = x + special.mathieu_a(1, y)  # fault
            return x * x
        """,
        when="pullback",
    ),
    Fault(
        "function without a rule in a callback",
        dpy.errors.NoAdjointError,
        """
        from scipy import special

        def f(x):
            return sum(
                map(
                    lambda t: special.mathieu_a(1, t),  # fault
                    [x, x * x],
                )
            )
        """,
        when="pullback",
    ),
]


@pytest.fixture
def program(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: Any) -> Any:
    """The module of a fault's program, and the place of its mark."""
    fault: Fault = request.param
    name = f"planted_{FAULTS.index(fault)}"
    files = ((f"{name}.py", fault.text), *fault.others)
    place = None
    for filename, text in files:
        path = tmp_path / filename
        path.parent.mkdir(exist_ok=True)
        text = textwrap.dedent(text)
        path.write_text(text)
        for number, line in enumerate(text.splitlines(), 1):
            if line.endswith(MARK):
                assert place is None
                place = str(path), number
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    importlib.invalidate_caches()
    yield fault, importlib.import_module(name), place
    for added in set(sys.modules) - before:
        if getattr(sys.modules[added], "__file__", "").startswith(str(tmp_path)):
            del sys.modules[added]
    linecache.clearcache()


def last_user_place(error: BaseException, folder: str) -> tuple[str, int] | None:
    """File and line of the last frame in a file of the program."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(folder)]
    return (frames[-1].filename, frames[-1].lineno) if frames else None


@pytest.mark.parametrize("program", FAULTS, ids=lambda fault: fault.name, indirect=True)
def test_the_traceback_ends_at_the_fault(program: Any, tmp_path: Path) -> None:
    fault, module, place = program
    plain: BaseException | None = None
    if fault.when == "forward":
        with pytest.raises(fault.error) as planted:
            module.f(2.0)
        plain = planted.value
        assert last_user_place(plain, str(tmp_path)) == place
    calls = (dpy.gradient, dpy.value_and_gradient, lambda f, x: dpy.pullback(f, x)[1](1.0))
    for call in calls:
        for _ in range(2):  # the second call may take another way
            with pytest.raises(fault.error) as caught:
                call(module.f, 2.0)
            assert type(caught.value) is fault.error
            if plain is not None:
                assert str(caught.value) == str(plain)
            assert last_user_place(caught.value, str(tmp_path)) == place
            if isinstance(caught.value, dpy.errors.DpyError) and caught.value.place is not None:
                own = caught.value.place
                assert (own.filename, own.line) == place


def test_an_error_of_the_compiler_holds_nothing_of_the_calls_that_met_it() -> None:
    def f(x):
        return eval("x") * x

    depths = []
    for _ in range(3):
        with pytest.raises(dpy.errors.UnsupportedSyntaxError) as caught:
            dpy.gradient(f, 1.0)
        depths.append(len(traceback.extract_tb(caught.value.__traceback__)))
    assert depths[1] == depths[2]
    assert caught.value.__traceback__ is not None


def test_the_table_is_well_formed() -> None:
    assert len(FAULTS) >= 20
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        texts = [textwrap.dedent(text) for text in (fault.text, *(t for _, t in fault.others))]
        for text in texts:
            ast.parse(text)
        assert sum(text.count(MARK) for text in texts) == 1
