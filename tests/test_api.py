"""The public functions: what goes in, what comes out, what stays as it was."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest

import dpy
from dpy import grad, gradient, jacobian, pullback, value_and_grad, value_and_gradient

PUBLIC = """
    gradient value_and_gradient withgradient pullback grad value_and_grad jacobian adjoint
    stop_gradient nondifferentiable Params Tangent adjoint_source check_gradient cache_info settings
""".split()


def test_public_names() -> None:
    for name in PUBLIC:
        assert callable(getattr(dpy, name)), name
    assert dpy.withgradient is dpy.value_and_gradient


# --- gradient -----------------------------------------------------------------------------------


def test_gradient_is_always_a_tuple() -> None:
    assert gradient(lambda x: x * x, 3.0) == (6.0,)
    assert gradient(lambda x, y: x * y, 3.0, 2.0) == (2.0, 3.0)
    assert gradient(lambda: 3.0) == ()
    assert gradient(lambda *xs: xs[0] * xs[2], 2.0, 3.0, 4.0) == (4.0, 0.0, 2.0)


def test_types_of_numbers() -> None:
    for x, expected in ((3.0, float), (3, float), (np.float64(3), np.float64)):
        (g,) = gradient(lambda x: x**2, x)
        assert g == 6.0
        assert type(g) is expected
    (g,) = gradient(lambda x: x**2, np.float32(3))
    assert type(g) is np.float32
    (g,) = gradient(lambda x: x**2, Fraction(1, 3))
    assert g == Fraction(2, 3)
    assert type(g) is Fraction
    (g,) = gradient(lambda z: (z * z).real, 1 + 2j)
    assert g == 2 - 4j
    assert type(g) is complex


def test_integers_are_the_reals_they_stand_for() -> None:
    assert gradient(lambda n: n**2, 3) == (6.0,)
    assert gradient(lambda n, x: x * len(range(n)), 3, 2.0) == (0.0, 3.0)
    (g,) = gradient(lambda n: (n * n).sum(), np.array([1, 2, 3]))
    assert g.tolist() == [2.0, 4.0, 6.0]
    assert g.dtype == np.float64
    (g,) = gradient(lambda p: p["n"] * p["x"], {"n": 3, "x": 2.0})
    assert g == {"n": 2.0, "x": 3.0}


@pytest.mark.parametrize(
    "x", [True, None, "text", b"bytes", np.True_, np.array([True]), np.array(["a"]), len, math]
)
def test_what_can_have_no_gradient_gets_none(x: Any) -> None:
    assert gradient(lambda x, y: y * 2.0, x, 3.0) == (None, 2.0)


def test_unused_arguments_get_zeros_of_their_shape() -> None:
    a32 = np.ones((2, 3), np.float32)
    g = gradient(lambda *args: 1.5, 2.0, a32, 1j, [1.0, {"k": 2}], (3.0, None))
    assert g[0] == 0.0
    assert g[1].dtype == np.float32
    assert g[1].tolist() == np.zeros((2, 3)).tolist()
    assert g[2] == 0
    assert type(g[2]) is complex
    assert g[3:] == ([0.0, {"k": 0.0}], (0.0, None))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_of_arrays(dtype: Any) -> None:
    a = np.array([0.5, 1.5], dtype)
    (g,) = gradient(lambda a: (np.sin(a) * 2 + a / 3 - a**2).mean(), a)
    assert g.dtype == dtype
    assert g.shape == a.shape


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_arrays(dtype: Any) -> None:
    z = np.array([1 + 2j, -0.5j], dtype)
    (g,) = gradient(lambda z: (np.abs(z) ** 2).sum(), z)
    assert g.dtype == dtype
    np.testing.assert_allclose(g, 2 * z, rtol=1e-6)


def test_real_input_with_complex_inside_gives_a_real_gradient() -> None:
    (g,) = gradient(lambda x: abs(np.exp(1j * x) * x), 2.0)
    assert isinstance(g, float)
    assert g == pytest.approx(1.0)
    (g,) = gradient(lambda a: np.abs(a * (1 + 1j) + 2).sum(), np.array([1.0, 2.0, 4.0]))
    assert g.dtype == np.float64


def test_descent_on_a_complex_number_lowers_the_loss() -> None:
    z = 1.0 + 1.0j
    for _ in range(200):
        z -= 0.1 * gradient(lambda z: abs(z - (3 - 2j)) ** 2, z)[0]
    assert z == pytest.approx(3 - 2j)
    assert gradient(lambda z: abs(z) ** 2, 3 + 4j)[0] == pytest.approx(6 + 8j)
    assert gradient(lambda z: z.imag**2, 2j) == (4j,)


def test_float32_stays_float32_in_every_intermediate() -> None:
    seen = []

    def note(x):
        seen.append(x)
        return x * 1

    @dpy.adjoint(note)
    def note_rule(x):
        def note_pullback(d_y):
            seen.append(d_y)
            return (d_y,)

        return note(x), note_pullback

    def loss(w, x):
        h = note(np.tanh(w @ x * 0.5 + 1))
        h = note(np.exp(-h) / (1 + h**2))
        return note(h.mean() * 2)

    w, x = np.ones((2, 3), np.float32) * np.float32(0.1), np.ones(3, np.float32)
    g = gradient(loss, w, x)
    assert [part.dtype for part in (*g, *seen)] == [np.float32] * (2 + len(seen))
    y, back = pullback(loss, w, x)
    assert y.dtype == np.float32
    assert all(part.dtype == np.float32 for seed in (1, 1.0, np.float32(1)) for part in back(seed))


def test_keyword_arguments_are_passed_on_and_not_differentiated() -> None:
    def f(x, *, scale, offset=0.0):
        return x * scale + offset

    assert gradient(f, 2.0, scale=3.0) == (3.0,)
    assert value_and_gradient(f, 2.0, scale=3.0, offset=1.0) == (7.0, (3.0,))
    y, back = pullback(f, 2.0, scale=5.0)
    assert (y, back(2.0)) == (10.0, (10.0,))
    assert grad(f)(2.0, scale=4.0) == 4.0
    assert jacobian(f, 2.0, scale=4.0)[0].tolist() == [4.0]


def test_the_name_of_a_keyword_may_be_that_of_a_parameter_of_dpy() -> None:
    assert gradient(lambda x, f, args=1.0: x * f * args, 2.0, f=3.0, args=2.0) == (6.0,)


def test_wrong_arguments_raise_what_the_plain_call_raises() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        gradient(lambda x, y: x * y, 2.0)
    with pytest.raises(TypeError):
        gradient("not callable", 2.0)  # type: ignore[arg-type]


def test_arguments_are_left_as_the_plain_call_leaves_them() -> None:
    a, xs = np.array([1.0, 2.0, 3.0]), [1.0, 2.0]

    def f(a, xs):
        a[0] = a[1] * xs[0]
        xs.append(a[0])
        return a.sum() * xs[2]

    g = gradient(f, a, xs)
    assert a.tolist() == [2.0, 2.0, 3.0]
    assert xs == [1.0, 2.0, 2.0]
    # values on entry: a[1] x (a[1] x + a[1] + a[2]) with x = xs[0]
    assert g[0].tolist() == [0.0, 11.0, 2.0]
    assert g[1] == [18.0, 0.0]


# --- structure ----------------------------------------------------------------------------------


@dataclass
class Point:
    x: float
    y: float = 2.0


@dataclass(frozen=True, slots=True)
class Frozen:
    p: Point
    name: str
    w: np.ndarray = field(default_factory=lambda: np.ones(2))


class Named(NamedTuple):
    x: float
    y: Any


@attrs.define
class Attrs:
    x: float
    label: str = "a"


class Plain:
    def __init__(self, r):
        self.r = r
        self.f = math.sin
        self.inner = Point(1.0)


class Counted:
    count = 0

    def __init__(self, x):
        type(self).count += 1
        self.x = x


@dataclass
class CountedData:
    x: float
    count = 0

    def __post_init__(self):
        type(self).count += 1


def test_gradients_mirror_structures() -> None:
    (g,) = gradient(lambda t: t[0] * t[1][0] * t[2]["k"], (2.0, [3.0, 5.0], {"k": 4.0, "s": "x"}))
    assert g == (12.0, [8.0, 0.0], {"k": 6.0, "s": None})
    (g,) = gradient(lambda p: p.x * p.y, Point(3.0))
    assert g == Point(2.0, 3.0)
    (g,) = gradient(lambda n: n.x * n.y["k"], Named(2.0, {"k": 5.0}))
    assert g == Named(5.0, {"k": 2.0})
    (g,) = gradient(lambda a: a.x**2, Attrs(3.0))
    assert type(g) is Attrs
    assert (g.x, g.label) == (6.0, None)
    (g,) = gradient(lambda f: f.p.x * f.w.sum(), Frozen(Point(3.0), "n"))
    assert type(g) is Frozen
    assert (g.p, g.name, g.w.tolist()) == (Point(2.0, 0.0), None, [3.0, 3.0])


def test_order_and_type_of_dicts() -> None:
    (g,) = gradient(lambda d: d["b"] * d["a"], OrderedDict(b=2.0, a=3.0))
    assert list(g.items()) == [("b", 3.0), ("a", 2.0)]


def test_other_objects_give_a_tangent() -> None:
    (g,) = gradient(lambda p: p.r * p.inner.x * p.f(p.r), Plain(2.0))
    assert isinstance(g, dpy.Tangent)
    assert g.r == pytest.approx(math.sin(2.0) + 2 * math.cos(2.0))
    assert g.inner == Point(2 * math.sin(2.0), 0.0)
    assert g.f is None
    assert "r=" in repr(g)
    assert (g + g).r == 2 * g.r
    assert (0.5 * g).r == 0.5 * g.r


def test_constructors_of_the_user_do_not_run() -> None:
    x, y = Counted(2.0), CountedData(3.0)
    before = Counted.count, CountedData.count
    g = gradient(lambda x, y: x.x * y.x, x, y)
    assert (Counted.count, CountedData.count) == before
    assert (g[0].x, g[1].x) == (3.0, 2.0)


def test_step_with_the_operators_of_the_user() -> None:
    @dataclass
    class Colour:
        r: float
        g: float

        def __sub__(self, other):
            return Colour(self.r - other.r, self.g - other.g)

        def __rmul__(self, k):
            return Colour(k * self.r, k * self.g)

    c = Colour(1, 0.5)
    c = c - 0.1 * gradient(lambda c: c.r**2 + c.g, c)[0]
    assert (c.r, c.g) == (0.8, 0.4)


# --- one object, one gradient; no shared storage ------------------------------------------------


def test_same_object_at_two_places_shows_its_total_at_each() -> None:
    a = np.array([1.0, 2.0])
    g = gradient(lambda a, b: (a * a * b).sum(), a, a)
    assert g[0].tolist() == g[1].tolist() == (3 * a**2).tolist()
    assert not np.shares_memory(g[0], g[1])
    (g,) = gradient(lambda d: (d["x"] * d["y"][0]).sum(), {"x": a, "y": [a]})
    assert g["x"].tolist() == g["y"][0].tolist() == (2 * a).tolist()
    assert not np.shares_memory(g["x"], g["y"][0])
    p = Point(3.0)
    assert gradient(lambda p, q: p.x * q.y, p, p) == (Point(2.0, 3.0), Point(2.0, 3.0))
    assert gradient(lambda x, y: x * x * y, 2.0, 2.0) == (8.0, 4.0)  # numbers are by place


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: a.sum() + b.sum(),
        lambda a, b: (a + b).sum(),
        lambda a, b: (a - b).reshape(-1).sum(),
        lambda a, b: a[0].sum() + a.T[0].sum() + b[1].sum(),
        lambda a, b: np.broadcast_to(a, (2, *a.shape)).sum() + b.mean(),
    ],
)
def test_gradients_share_no_storage_and_can_be_written(f: Any) -> None:
    a, b = np.ones((2, 2)), np.full((2, 2), 3.0)
    g = gradient(f, a, b)
    assert not any(np.shares_memory(x, y) for x in g for y in (a, b))
    assert not np.shares_memory(*g)
    g[0][...] = 7.0
    assert (a == 1.0).all()
    assert (g[1] != 7.0).all()


# --- value_and_gradient, pullback ---------------------------------------------------------------


def test_value_and_gradient_returns_the_plain_value() -> None:
    for x in (3.0, 3, np.float32(3), np.float64(3)):
        y, g = value_and_gradient(lambda x: x * x, x)
        assert y == 9
        assert type(y) is type(x)
        assert g == (6.0,)


def test_pullback_of_a_complex_function() -> None:
    _, back = pullback(lambda z: z * z, 1 + 2j)
    assert back(1.0) == (2 - 4j,)
    assert back(1j)[0] == pytest.approx(1j * (2 - 4j))


# --- grad, value_and_grad -----------------------------------------------------------------------


def test_grad() -> None:
    def f(x, y, z):
        return x * y + z**2

    assert grad(f)(2.0, 3.0, 4.0) == 3.0
    assert grad(f, argnums=1)(2.0, 3.0, 4.0) == 2.0
    assert grad(f, -1)(2.0, 3.0, 4.0) == 8.0
    assert grad(f, argnums=(2, 0))(2.0, 3.0, 4.0) == (8.0, 3.0)
    assert grad(f, argnums=(1,))(2.0, 3.0, 4.0) == (2.0,)
    assert value_and_grad(f)(2.0, 3.0, 4.0) == (22.0, 3.0)
    assert value_and_grad(f, (0, 1))(2.0, 3.0, 4.0) == (22.0, (3.0, 2.0))


def test_grad_keeps_the_name() -> None:
    def my_loss(x):
        """What it does."""
        return x * x

    assert grad(my_loss).__name__ == "my_loss"
    assert grad(my_loss).__doc__ == "What it does."


def test_grad_does_not_differentiate_the_other_arguments() -> None:
    def f(x, data):
        return (x * data).sum()

    data = np.ones(3)
    assert grad(f)(2.0, data) == 3.0
    assert grad(lambda x, flag: x * 2 if flag else x)(1.0, True) == 2.0


@pytest.mark.parametrize("x", [True, "text", None, np.array([True]), np.True_])
def test_argnums_naming_what_has_no_gradient_raises(x: Any) -> None:
    with pytest.raises(dpy.errors.NotDifferentiableError, match="argument 1"):
        grad(lambda a, b: a * 2, argnums=1)(1.0, x)
    with pytest.raises(TypeError):
        grad(lambda a, b: a * 2, argnums=(0, 1))(1.0, x)


def test_argnums_out_of_range_raises() -> None:
    with pytest.raises(dpy.errors.DpyError):
        grad(lambda a: a * 2, argnums=3)(1.0)


# --- jacobian -----------------------------------------------------------------------------------


def test_jacobian_shapes() -> None:
    (j,) = jacobian(lambda a: a * 2, np.ones(3))
    assert j.tolist() == (2 * np.eye(3)).tolist()
    (j,) = jacobian(lambda a: a.sum(), np.ones(3))
    assert j.shape == (1, 3)
    (j,) = jacobian(lambda x: np.array([x, x * x]), 3.0)
    assert j.tolist() == [1.0, 6.0]
    j = jacobian(lambda w, x: w @ x, np.arange(6.0).reshape(2, 3), np.ones(3))
    assert j[0].shape == (2, 6)
    assert j[1].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    (j,) = jacobian(lambda m: m.T, np.arange(4.0).reshape(2, 2))
    assert j.tolist() == np.eye(4)[[0, 2, 1, 3]].tolist()
    (j,) = jacobian(lambda a: a * 2, np.ones(2, np.float32))
    assert j.dtype == np.float32


def test_jacobian_of_what_is_no_array_raises() -> None:
    for value in ([1.0], "text", None, 1j, {"a": 1.0}):
        with pytest.raises(dpy.errors.NotScalarOutputError):
            jacobian(lambda x, value=value: value, 1.0)


# --- stop_gradient, nondifferentiable -----------------------------------------------------------


def test_stop_gradient() -> None:
    assert gradient(lambda x: x * dpy.stop_gradient(x), 3.0) == (3.0,)
    assert dpy.stop_gradient(3.0) == 3.0
    (g,) = gradient(lambda a: (a * dpy.stop_gradient(a)).sum(), np.array([1.0, 2.0]))
    assert g.tolist() == [1.0, 2.0]
    (g,) = gradient(lambda p: p["a"] * dpy.stop_gradient(p)["a"], {"a": 3.0})
    assert g == {"a": 3.0}


def test_nondifferentiable() -> None:
    @dpy.nondifferentiable
    def bucket(x):
        return int(x // 10) * x

    assert gradient(lambda x: x * bucket(x), 25.0) == (50.0,)


def test_nondifferentiable_functions_run_once_for_each_call() -> None:
    calls = []

    @dpy.nondifferentiable
    def noted():
        calls.append(len(calls))
        return 2.0

    for k in range(1, 4):
        assert gradient(lambda x: x * noted(), 3.0) == (2.0,)
        assert calls == list(range(k))  # none to learn the kind of its result


# --- the cache, listings, settings --------------------------------------------------------------


def test_second_call_compiles_nothing() -> None:
    def helper(t, n):
        return t if n == 0 else helper(t * t, n - 1)

    def f(x, a):
        return helper(x, 2) * (a * x).sum()

    gradient(f, 2.0, np.ones(3))
    before = dpy.cache_info().compiles
    for k in range(3):
        gradient(f, 2.0 + k, np.ones(3 + k))
    assert dpy.cache_info().compiles == before
    gradient(f, np.float32(2.0), np.ones((2, 2), np.float32))
    assert dpy.cache_info().compiles > before


def test_closures_of_one_code_object_compile_once() -> None:
    def make(k):
        return lambda x: x * k

    gradient(make(1.0), 2.0)
    before = dpy.cache_info().compiles
    assert [gradient(make(float(k)), 2.0)[0] for k in range(5)] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert dpy.cache_info().compiles == before


def test_many_signatures_fall_back_to_one_generic_version() -> None:
    def f(x, y):
        return x * y if not isinstance(y, (list, dict, tuple)) else x * len(y)

    kinds: list[Any] = [
        1,
        1.0,
        np.float32(1),
        np.float64(1),
        1j,
        Fraction(1),
        [1.0],
        (1.0,),
        (1, 2),
    ]
    kinds += [{"a": 1.0}, {"b": 1}, [1], [[1.0]], ((1.0,),), ["a"], [None], (1.0, "a"), [1.0, 2]]
    kinds += [tuple(range(n)) for n in range(3, 30)] + [("a",) * n for n in range(3, 10)]
    for y in kinds:
        expected = float(abs(y)) if not isinstance(y, (list, dict, tuple)) else float(len(y))
        assert grad(lambda x, y: abs(f(x, y)))(2.0, y) == pytest.approx(expected)


def test_listing_is_python_with_forward_and_pullback() -> None:
    def cube(x):
        y = x * x
        return y * x

    listing = dpy.adjoint_source(cube, 2.0)
    compile(listing, "<listing>", "exec")
    assert "cube_forward" in listing
    assert "cube_pullback" in listing
    assert "d_x" in listing


def test_check_gradient() -> None:
    assert dpy.check_gradient(lambda x, a: math.sin(x) * (a * a).sum(), 0.3, np.array([1.0, 2.0]))

    def wrong(x):
        return x * x

    @dpy.adjoint(wrong)
    def wrong_rule(x):
        return x * x, lambda d: (3 * x * d,)

    with pytest.raises(dpy.errors.DpyError, match="argument 0|x"):
        dpy.check_gradient(lambda x: wrong(x), 2.0)


def test_unknown_setting_is_refused() -> None:
    with pytest.raises(TypeError, match="strong_zer"):
        dpy.settings(strong_zer=True)


def test_check_rules_setting() -> None:
    def f(a):
        return a * 2

    @dpy.adjoint(f)
    def f_rule(a):
        return a * 2, lambda d: (np.ones(7),)

    with dpy.settings(check_rules=True), pytest.raises(dpy.errors.AdjointError, match="shape"):
        gradient(lambda a: f(a).sum(), np.ones(3))


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda a: np.where(a > 0, np.log(a), 0.0).sum(), np.array([0.0, 2.0]), [0.0, 0.5]),
        (lambda a: np.where(a > 0, np.sqrt(a), 0.0).sum(), np.array([0.0, 4.0]), [0.0, 0.25]),
        (lambda a: np.where(a > 0, 1 / a, 0.0).sum(), np.array([0.0, 2.0]), [0.0, -0.25]),
        (lambda a: np.where(a > 0, a**0.5, 0.0).sum(), np.array([0.0, 4.0]), [0.0, 0.25]),
        (lambda a: np.linalg.norm(a) ** 2, np.zeros(2), [0.0, 0.0]),
        (lambda a: np.linalg.norm(a), np.zeros(2), [0.0, 0.0]),
        (lambda a: np.abs(a).sum(), np.array([0.0, -1.0]), [0.0, -1.0]),
        (lambda a: np.maximum(a, 0).sum(), np.array([0.0, 1.0]), [0.5, 1.0]),
        (lambda a: a.max(), np.array([2.0, 2.0, 1.0]), [0.5, 0.5, 0.0]),
        (lambda a: np.sort(a)[0], np.array([1.0, 1.0]), [1.0, 0.0]),
    ],
)
def test_kinks_and_strong_zeros(f: Any, x: Any, expected: list[float]) -> None:
    with np.errstate(all="ignore"):
        assert gradient(f, x)[0].tolist() == expected


def test_strong_zero_can_be_switched_off() -> None:
    def f(a):
        return np.where(a > 0, np.log(a), 0.0).sum()

    a = np.array([0.0, 2.0])
    with np.errstate(all="ignore"), dpy.settings(strong_zero=False):
        assert np.isnan(gradient(f, a)[0]).tolist() == [True, False]


def test_pullback_on_floats_never_raises_where_the_primal_did_not() -> None:
    assert gradient(lambda x: math.sqrt(x) * 0.0, 0.0) == (0.0,)
    assert gradient(lambda x: math.sqrt(x), 0.0) == (math.inf,)
    assert gradient(lambda x: x**0.5, 0.0) == (math.inf,)
    assert gradient(lambda x: math.hypot(x, 0.0), 0.0) == (0.0,)
    assert gradient(lambda x: abs(x), 0.0) == (0.0,)
    assert math.isfinite(gradient(lambda x: x**0, 0.0)[0])


# --- threads ------------------------------------------------------------------------------------


def test_settings_belong_to_their_thread() -> None:
    seen = []

    def work() -> None:
        seen.append(dpy.config.current().strong_zero)

    with dpy.settings(strong_zero=False):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert dpy.config.current().strong_zero is False
    assert seen == [True]


# --- gradient inside a function that is run plainly ---------------------------------------------


def test_gradient_descent_written_by_hand() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3))
    y = x @ np.array([1.0, -2.0, 0.5]) + 0.7
    w, b = np.zeros(3), 0.0
    for _ in range(300):
        value, (d_w, d_b) = value_and_grad(
            lambda w, b: ((x @ w + b - y) ** 2).mean(), argnums=(0, 1)
        )(w, b)
        w, b = w - 0.1 * d_w, b - 0.1 * d_b
    assert value < 1e-10
    assert w.tolist() == pytest.approx([1.0, -2.0, 0.5], abs=1e-4)
    assert b == pytest.approx(0.7, abs=1e-4)
