"""Generated code that runs: whose names, globals and cells it uses."""

from __future__ import annotations

import math
import sys
import types
from typing import Any

import pytest

import dpy
from dpy.specialise import forward_of
from dpy.transform import ir
from dpy.transform.emit import emit
from dpy.transform.lower import lower
from dpy.transform.source import read_source

FACTOR = 3.0
add = 2.0  # globals with the names of dpy's own functions
project = 5.0
ZERO = 7.0
acc = 11.0
pb_0 = 13.0
saved_0 = 17.0


def emitted(function: Any) -> types.FunctionType:
    """The function itself, lowered and emitted: no pullback."""
    source = read_source(function)
    lowered = lower(source)
    whole = ir.Function(
        "again", lowered.params, (*lowered.body, ir.Return(lowered.result)), None, lowered.free
    )
    return emit(whole, source).bind(function)


def forward(function: Any, *args: Any) -> types.FunctionType:
    return forward_of(function, args, {}, (True,) * len(args), ()).emitted().bind(function)


# --- globals ------------------------------------------------------------------------------------


def scaled(x):
    return x * FACTOR


def test_globals_are_live(monkeypatch: pytest.MonkeyPatch) -> None:
    function = emitted(scaled)
    assert function.__globals__ is globals()
    assert function(2.0) == 6.0
    monkeypatch.setitem(globals(), "FACTOR", 10.0)
    assert function(2.0) == 20.0
    assert dpy.gradient(scaled, 2.0) == (10.0,)


def everything(x, n, xs):
    """Uses many helpers: loops that save, unpacking, lists, deletions, set displays, closures."""
    global FACTOR
    total = 0.0
    (a, *rest), b = (x, x, x), x
    for i in range(n):
        total += math.sin(a) * xs[0]
        a = a * b
    ys = [a * i for i in range(3)]
    xs[0] = total
    names = {"a", "b"}
    if "a" not in names or not rest:
        raise ValueError("no")
    FACTOR = FACTOR  # noqa: PLW0127
    inner = lambda v: v * total  # noqa: E731
    return total + ys[1] + inner(x) + xs[0]


def test_nothing_enters_the_module_of_the_user() -> None:
    before = set(globals()), set(vars(sys.modules["builtins"]))
    y, pullback = dpy.pullback(everything, 0.5, 3, [1.0, 2.0])
    pullback(1.0)
    assert (set(globals()), set(vars(sys.modules["builtins"]))) == before
    assert y == everything(0.5, 3, [1.0, 2.0])


def counted(x):
    global FACTOR
    FACTOR = FACTOR + 1.0
    return x


def test_assignments_to_globals_reach_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "FACTOR", 1.0)
    emitted(counted)(1.0)
    assert FACTOR == 2.0


def test_a_builtin_that_the_module_shadows_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x):
        return max(x, 2.0)

    assert emitted(f)(1.0) == 2.0
    monkeypatch.setitem(globals(), "max", lambda *args: -1.0)
    assert emitted(f)(1.0) == -1.0


def test_a_missing_global_raises_what_python_raises() -> None:
    def f(x):
        return x * no_such_name  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(NameError, match="name 'no_such_name' is not defined"):
        emitted(f)(1.0)


# --- cells --------------------------------------------------------------------------------------


def make(weight: float) -> Any:
    def weighted(x):
        return x * weight

    def replace(new: float) -> None:
        nonlocal weight
        weight = new

    return weighted, replace


def test_closures_share_the_cells_of_the_user() -> None:
    weighted, replace = make(3.0)
    function = emitted(weighted)
    assert function(2.0) == 6.0
    replace(5.0)
    assert function(2.0) == 10.0
    assert weighted.__closure__[0] in function.__closure__


def test_two_closures_of_one_factory_keep_their_own_cells() -> None:
    first, second = make(3.0)[0], make(4.0)[0]
    source = read_source(first)
    lowered = lower(source)
    whole = ir.Function(
        "again", lowered.params, (*lowered.body, ir.Return(lowered.result)), None, lowered.free
    )
    code = emit(whole, source)
    assert (code.bind(first)(1.0), code.bind(second)(1.0)) == (3.0, 4.0)
    assert dpy.gradient(first, 1.0) == (3.0,)
    assert dpy.gradient(second, 1.0) == (4.0,)


def test_cells_that_are_written_to() -> None:
    calls = 0.0

    def f(x):
        nonlocal calls
        calls += 1.0
        return x * calls

    function = emitted(f)
    assert (function(1.0), function(1.0), calls) == (1.0, 2.0, 2.0)
    assert dpy.gradient(f, 1.0) == (3.0,)
    assert calls == 3.0


def test_empty_cells_raise_what_python_raises() -> None:
    def f(x):
        return x * later

    with pytest.raises(NameError) as expected:
        f(1.0)
    with pytest.raises(NameError) as found:
        emitted(f)(1.0)
    assert str(found.value) == str(expected.value)
    later = 2.0
    assert emitted(f)(1.0) == 2.0


def test_nested_functions_share_cells_with_generated_code() -> None:
    def f(x):
        total = x

        def more(y):
            nonlocal total
            total = total + y
            return total

        more(1.0)
        more(x)
        return total

    assert emitted(f)(2.0) == f(2.0) == 5.0


# --- defaults and metadata ----------------------------------------------------------------------


def with_defaults(x, by=2.0, *rest, scale=3.0, **names):
    return x * by * scale + len(rest) + len(names)


def test_defaults_are_those_of_the_function() -> None:
    function = emitted(with_defaults)
    assert function.__defaults__ is with_defaults.__defaults__
    assert function(1.0) == 6.0
    assert function(1.0, 4.0, 0, 0, scale=1.0, a=0) == 7.0
    with pytest.raises(TypeError):
        function()


def test_code_is_located_in_the_file_of_the_user() -> None:
    code = forward(scaled, 1.0).__code__
    assert code.co_filename == __file__
    first = scaled.__code__.co_firstlineno
    lines = {line for *_, line in code.co_lines() if line is not None}
    assert lines <= {first, first + 1}


def test_code_of_one_specialisation_is_compiled_once() -> None:
    specialisation = forward_of(scaled, (1.0,), {}, (True,), ())
    assert specialisation.emitted() is specialisation.emitted()


# --- names --------------------------------------------------------------------------------------


def clashing(add, project, ZERO):
    acc = add * 2
    d_x = acc * project
    saved_0 = math.sin(d_x)
    for t_1 in range(2):
        saved_0 = saved_0 * ZERO + add
    pb_0 = [saved_0, acc]
    sink = hold = take = operate = call_ = unpack = pb_0[0]
    project_, ZERO_ = (add, sink)
    _ = hold + take + operate + call_ + unpack
    globals_ = cells_ = project_ * ZERO_
    return globals_ + cells_ * _ + len(pb_0) * acc


def from_globals(x):
    y = x * add + project * x + ZERO * x * x
    return y * acc + pb_0 * x + saved_0 * sum([x, x])


class Table:
    def __init__(self, add: float) -> None:
        self.add = add
        self.ZERO = add * 2


def attributes(x):
    table = Table(x)
    table.add = table.add * x
    for project in (table.add, table.ZERO):
        table.ZERO = table.ZERO * project
    return table.ZERO


def arguments(*add, **project):
    return add[0] * project["acc"] if project else add[0] * add[1]


def difference(f: Any, args: tuple[float, ...], i: int) -> float:
    """The derivative by argument i; central differences, extrapolated once."""

    def central(h: float) -> float:
        up, down = list(args), list(args)
        up[i] += h
        down[i] -= h
        return (f(*up) - f(*down)) / (2 * h)

    return (4 * central(5e-4) - central(1e-3)) / 3


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (clashing, (0.7, 0.4, 1.3)),
        (from_globals, (0.6,)),
        (attributes, (1.1,)),
        (arguments, (1.5, 2.5)),
    ],
)
def test_names_of_the_user_that_are_those_of_dpy(function: Any, args: Any) -> None:
    value, gradients = dpy.value_and_gradient(function, *args)
    assert value == function(*args)
    expected = [difference(function, args, i) for i in range(len(args))]
    assert gradients == pytest.approx(expected, rel=1e-8)


def test_a_parameter_may_have_the_name_of_a_module_or_builtin() -> None:
    def f(math, range, len):
        total = 0.0
        for _ in [0, 1]:
            total = total + math * range * len
        return total

    assert dpy.gradient(f, 2.0, 3.0, 5.0) == (30.0, 20.0, 12.0)


def dpy_factory(x):
    return x * x * x


def test_a_function_may_have_the_name_of_what_wraps_it() -> None:
    assert dpy.gradient(dpy_factory, 2.0) == (12.0,)


def test_recursion_finds_the_function_of_the_user() -> None:
    def power(x, n):
        return 1.0 if n == 0 else x * power(x, n - 1)

    assert emitted(power)(2.0, 5) == 32.0
    assert dpy.gradient(power, 2.0, 5)[0] == 80.0
