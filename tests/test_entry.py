"""The short way into compiled code is taken, gives what the long way gives, and is never stale."""

from __future__ import annotations

import gc
import math
import threading
import types
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import dpy
from dpy import entry, runs, specialise
from dpy.adjoints import registry


@dataclass
class Point:
    x: float
    y: float


@dataclass(frozen=True)
class Frozen:
    x: float
    a: np.ndarray


@dataclass
class Tree:
    value: Any
    left: Any = None
    names: list[str] = field(default_factory=list)


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x: float) -> None:
        self.x = x


@pytest.fixture(autouse=True, params=[1, 3], ids=["at once", "later"])
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many steps are made before functions are written."""
    monkeypatch.setattr(entry, "_PATIENCE", request.param)
    return int(request.param)


@pytest.fixture
def long_way(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The calls that did not take the short way."""
    calls: list[Any] = []
    real = runs._run

    def spy(f: Any, *rest: Any, **options: Any) -> Any:
        calls.append(f)
        return real(f, *rest, **options)

    monkeypatch.setattr(runs, "_run", spy)
    yield calls


def assert_same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected, strict=True)
    elif isinstance(expected, (tuple, list)):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif hasattr(expected, "__dict__"):
        assert_same(list(vars(found).items()), list(vars(expected).items()))
    else:
        assert found == expected


A = np.arange(1.0, 4.0)
ARGUMENTS: list[tuple[Any, tuple[Any, ...]]] = [
    (lambda x: x * x, (3.0,)),
    (lambda x: x * x, (3,)),
    (lambda x, y: x * y * y, (3.0, 2)),
    (lambda x: x * 2.0, (True,)),
    (lambda x: x * x, (np.float32(3.0),)),
    (lambda x: abs(x * x), (1 + 2j,)),
    (lambda x, s: x * len(s), (3.0, "abc")),
    (lambda x, s: x * x, (3.0, None)),
    (lambda a: np.sum(a * a), (A,)),
    (lambda a: np.sum(a * a), (A.astype(np.float32),)),
    (lambda a: np.sum(a * 2.0), (np.arange(3),)),
    (lambda a, b: a @ b, (A, 2 * A)),
    (lambda a, b: a[0] * 2.0, (A, A)),
    (lambda a, b: np.sum(a * b), (A[:2], A[1:])),
    (lambda a: np.sum(np.ones(3)), (A,)),
    (lambda a: a.sum(), (np.array(2.0),)),
    (lambda p: p.x * p.y, (Point(2.0, 3.0),)),
    (lambda p: p.x * 2.0, (Point(2.0, A),)),
    (lambda p, q: p.x * q.y, (Point(2.0, 3.0), Point(4.0, 5.0))),
    (lambda p: p.x * p.a.sum(), (Frozen(2.0, A),)),
    (lambda t: t.left.value * t.value, (Tree(2.0, Tree(3.0), ["a"]),)),
    (lambda s: s.x * s.x, (Slotted(3.0),)),
    (lambda xs: xs[0] * xs[1], ([2.0, 3.0],)),
    (lambda xs: xs[0] * xs[1][0], ((2.0, (3.0, A)),)),
    (lambda d: d["a"] * d["b"], ({"a": 2.0, "b": 3.0, "c": "text"},)),
    (lambda xs: sum([x * k for k, x in enumerate(xs)]), ([2.0, 3.0, 4.0],)),
]


@pytest.mark.parametrize(("f", "args"), ARGUMENTS)
def test_second_call_gives_what_the_first_gave(f: Any, args: Any, long_way: list[Any]) -> None:
    specialise.clear_cache()
    first = dpy.gradient(f, *args)
    assert len(long_way) == 1
    assert_same(dpy.gradient(f, *args), first)
    assert_same(dpy.value_and_gradient(f, *args), (f(*args), first))
    assert len(long_way) == 1


@pytest.mark.parametrize("argnums", [0, 1, (0, 2), (2, 1, 0)])
def test_chosen_arguments(argnums: Any, long_way: list[Any]) -> None:
    def f(x: float, y: float, z: float) -> float:
        return x * y * y * z

    first = dpy.value_and_grad(f, argnums)(2.0, 3.0, 4.0)
    assert dpy.value_and_grad(f, argnums)(2.0, 3.0, 4.0) == first
    assert dpy.grad(f, argnums)(2.0, 3.0, 4.0) == first[1]
    assert len(long_way) == 1
    full = dpy.gradient(f, 2.0, 3.0, 4.0)
    wanted = full[argnums] if isinstance(argnums, int) else tuple(full[i] for i in argnums)
    assert first == (72.0, wanted)


def test_new_lambda_of_the_same_code(long_way: list[Any]) -> None:
    for k in range(3):
        assert dpy.gradient(lambda x: x * x, float(k)) == (2.0 * k,)
    assert len(long_way) == 1


def test_closures_of_one_factory(long_way: list[Any]) -> None:
    def make(k: Any) -> Any:
        return lambda x: k * x * x

    assert [dpy.gradient(make(k), 1.0) for k in (2.0, 3.0, 4.0)] == [(4.0,), (6.0,), (8.0,)]
    assert len(long_way) == 1
    assert dpy.gradient(make(5), 1.0) == (10.0,)
    assert len(long_way) == 2
    assert dpy.gradient(make(6.0), 1.0) == (12.0,)
    assert dpy.gradient(make(np.float64(6.0)), 1.0) == (12.0,)
    assert len(long_way) == 3


def test_closures_are_not_kept_alive() -> None:
    class Payload:
        value = 2.0

    def use() -> Any:
        payload = Payload()
        scale = payload.value
        f = lambda x: x * scale  # noqa: E731
        for _ in range(3):
            assert dpy.gradient(f, 3.0) == (2.0,)
        return weakref.ref(f)

    use()  # the first one is held by the guards of what is compiled
    dead = use()
    gc.collect()
    assert dead() is None


def test_same_code_over_other_globals() -> None:
    def f(x):
        return K * x  # noqa: F821 - a global of the functions made below

    for k in (2.0, 3.0, 5.0):
        g = types.FunctionType(f.__code__, {"K": k, "__name__": __name__, "__file__": __file__})
        assert g(1.0) == k
        for _ in range(2):
            assert dpy.gradient(g, 1.0) == (k,)


def test_rule_for_a_sibling_with_the_same_code() -> None:
    def make() -> Any:
        return lambda x: x * x

    one, other = make(), make()
    assert dpy.gradient(one, 3.0) == dpy.gradient(other, 3.0) == (6.0,)
    dpy.adjoint(one)(lambda x: (x * x, lambda d: (100.0 * d,)))
    for _ in range(3):
        assert dpy.gradient(one, 3.0) == (100.0,)
        assert dpy.gradient(other, 3.0) == (6.0,)


SCALE = 2.0


def scaled(x):
    return SCALE * x


def test_everything_that_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x):
        return scaled(x) * math.pi

    def gradient() -> float:
        both = {dpy.gradient(f, 1.0)[0] for _ in range(3)}
        assert len(both) == 1
        return both.pop() / math.pi

    assert gradient() == 2.0
    monkeypatch.setitem(globals(), "SCALE", 3)
    assert gradient() == 3.0
    monkeypatch.setitem(globals(), "SCALE", np.float64(4.0))
    assert gradient() == 4.0
    monkeypatch.setitem(globals(), "scaled", lambda x: 5.0 * x)
    assert gradient() == 5.0
    monkeypatch.undo()
    assert gradient() == 2.0
    monkeypatch.setattr(scaled, "__code__", (lambda x: 7.0 * x).__code__)
    assert gradient() == 7.0
    monkeypatch.undo()
    assert gradient() == 2.0
    monkeypatch.setattr(math, "pi", 2 * math.pi)
    assert gradient() == pytest.approx(2.0)
    monkeypatch.undo()
    assert gradient() == 2.0
    number = math.pi
    monkeypatch.setitem(globals(), "math", types.SimpleNamespace(pi=3 * number))
    assert [dpy.gradient(f, 1.0)[0] for _ in range(2)] == [6 * number] * 2


WEIGHT: Any = 2.0


def test_kind_of_a_global(monkeypatch: pytest.MonkeyPatch) -> None:
    f = lambda x: abs(np.sum(x * WEIGHT))  # noqa: E731
    for weight in (2.0, 3j, np.array([1.0, 5.0]), np.float32(3.0), 4, 5j * np.ones((2, 2)), 2.0):
        monkeypatch.setitem(globals(), "WEIGHT", weight)
        for _ in range(3):
            assert dpy.gradient(f, 3.0) == (abs(np.sum(weight)),)


def test_replaced_code() -> None:
    def f(x):
        return x * x

    assert [dpy.gradient(f, 3.0) for _ in range(2)] == [(6.0,)] * 2
    f.__code__ = (lambda x: 4 * x).__code__
    assert [dpy.gradient(f, 3.0) for _ in range(2)] == [(4.0,)] * 2


def test_default_of_a_callee() -> None:
    def g(x, k=2.0):
        return k * x

    def f(x):
        return g(x)

    assert [dpy.gradient(f, 3.0) for _ in range(2)] == [(2.0,)] * 2
    g.__defaults__ = (5.0,)
    assert [dpy.gradient(f, 3.0) for _ in range(2)] == [(5.0,)] * 2


def test_defaults_and_keywords() -> None:
    def f(x, k=2.0, *, b=1.0):
        return k * x * b

    for _ in range(3):
        assert dpy.gradient(f, 3.0) == (2.0,)
        assert dpy.gradient(f, 3.0, 5.0) == (5.0, 3.0)
        assert dpy.gradient(f, 3.0, b=7.0) == (14.0,)
        assert dpy.gradient(lambda x, k=4.0: x * k, 3.0, 6.0) == (6.0, 3.0)


def test_settings() -> None:
    def f(x):
        return np.where(x > 0, np.log(x), 0.0).sum()

    x = np.array([0.0, 2.0])
    with np.errstate(all="ignore"):
        for _ in range(2):
            for _ in range(2):
                assert dpy.gradient(f, x)[0].tolist() == [0.0, 0.5]
            with dpy.settings(strong_zero=False):
                for _ in range(2):
                    assert np.isnan(dpy.gradient(f, x)[0][0])


def test_arguments_that_overlap_after_some_that_did_not() -> None:
    def f(a, b):
        a[0] = b[1] * 3.0
        return np.sum(a * b)

    def expected(a: np.ndarray, b: np.ndarray) -> Any:
        specialise.clear_cache()
        return dpy.gradient(f, a, b)

    apart = lambda: (np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))  # noqa: E731

    def same() -> Any:
        a = np.array([1.0, 2.0, 3.0])
        return a, a

    def shifted() -> Any:
        a = np.array([1.0, 2.0, 3.0, 4.0])
        return a[1:], a[:-1]

    wanted = [expected(*make()) for make in (apart, same, shifted)]
    specialise.clear_cache()
    for _ in range(2):
        for make, want in zip((apart, same, shifted), wanted, strict=True):
            assert_same(dpy.gradient(f, *make()), want)
    assert not np.array_equal(wanted[0][0], wanted[1][0])


def test_one_object_at_two_places_shows_its_total_at_both() -> None:
    f = lambda p, q: p.x * q.x * q.x  # noqa: E731
    apart = Point(2.0, 0.0), Point(3.0, 0.0)
    p = Point(2.0, 0.0)
    for _ in range(2):
        assert dpy.gradient(f, *apart) == (Point(9.0, 0.0), Point(12.0, 0.0))
        assert dpy.gradient(f, p, p) == (Point(12.0, 0.0), Point(12.0, 0.0))
    g = lambda a, b: np.sum(a * b * b)  # noqa: E731
    for _ in range(2):
        assert dpy.gradient(g, A, 2 * A)[1].tolist() == (4 * A * A).tolist()
        assert dpy.gradient(g, A, A)[1].tolist() == (3 * A * A).tolist()


def test_gradients_share_nothing() -> None:
    f = lambda a, b: np.sum(a + b)  # noqa: E731
    saved = np.ones(3)
    g = lambda a: np.sum(a * saved)  # noqa: E731
    h = lambda p: np.sum(p.x + p.y)  # noqa: E731
    for _ in range(3):
        one, other = dpy.gradient(f, A, 2 * A)
        one += 100.0
        assert other.tolist() == [1.0] * 3
        (d,) = dpy.gradient(g, A)
        d += 100.0
        assert saved.tolist() == [1.0] * 3
        (point,) = dpy.gradient(h, Point(A, 2 * A))  # type: ignore[arg-type]
        point.x += 100.0
        assert point.y.tolist() == [1.0] * 3


def test_fields_of_other_types_and_new_fields() -> None:
    f = lambda p: p.x * p.y  # noqa: E731
    p: Any = Point(2.0, 3.0)
    for _ in range(2):
        assert dpy.gradient(f, p) == (Point(3.0, 2.0),)
        assert dpy.gradient(f, Point(2, 3.0)) == (Point(3.0, 2.0),)
        assert_same(dpy.gradient(f, Point(2.0, np.float32(3.0))), (Point(3.0, np.float32(2.0)),))
    p.z = 4.0
    assert vars(dpy.gradient(f, p)[0]) == {"x": 3.0, "y": 2.0, "z": 0.0}


def test_property_added_to_a_class_later() -> None:
    class Thing:
        def __init__(self, x: float) -> None:
            self.x = x

    f = lambda t: t.x * t.x  # noqa: E731
    for _ in range(2):
        assert dpy.gradient(f, Thing(3.0))[0].x == 6.0
    Thing.x = property(lambda self: 10.0 * self.__dict__["x"])  # type: ignore[attr-defined]
    thing = object.__new__(Thing)
    thing.__dict__["x"] = 3.0
    for _ in range(2):
        assert dpy.gradient(f, thing)[0].x == 600.0


def test_written_arguments_and_iterators() -> None:
    def f(xs, p):
        p.x = p.x * 2.0
        xs.append(p.x)
        return sum(map(math.sin, xs)) + sum(x * k for k, x in enumerate([*xs]))

    def args() -> Any:
        return [0.5, 1.0], Point(2.0, 1.0)

    first = dpy.gradient(f, *args())
    for _ in range(3):
        assert_same(dpy.gradient(f, *args()), first)
    assert first[1].x == pytest.approx(2 * math.cos(4.0) + 4.0)


def test_gradient_inside_a_gradient_call() -> None:
    def inner(x):
        return sum(t * k for k, t in enumerate([x, x, x]))

    @dpy.nondifferentiable
    def slope(x):
        return dpy.gradient(inner, x)[0]

    f = lambda x: sum(t * slope(2.0) for t in reversed([x, x]))  # noqa: E731
    for _ in range(3):
        assert dpy.gradient(f, 1.0) == (6.0,)


def test_errors_leave_no_traces() -> None:
    def f(x):
        return 1.0 / x

    for _ in range(2):
        assert dpy.gradient(f, 2.0) == (-0.25,)
        with pytest.raises(ZeroDivisionError):
            dpy.gradient(f, 0.0)
        with pytest.raises(TypeError, match="missing 1 required positional argument"):
            dpy.gradient(f)
        with pytest.raises(TypeError):
            dpy.gradient(f, 1.0, 2.0)


def test_result_that_is_no_real_scalar() -> None:
    f = lambda a: a * 2.0  # noqa: E731
    for _ in range(2):
        assert dpy.gradient(f, 2.0) == (2.0,)
        with pytest.raises(dpy.NotScalarOutputError):
            dpy.gradient(f, np.ones(2))


def test_not_functions() -> None:
    class Callable:
        def __call__(self, x):
            return x * x

        def method(self, x):
            return x * x * x

    thing = Callable()
    for _ in range(2):
        assert dpy.gradient(thing, 3.0) == (6.0,)
        assert dpy.gradient(thing.method, 3.0) == (27.0,)
        assert dpy.gradient(math.sin, 0.0) == (1.0,)


def test_hits_are_counted() -> None:
    f = lambda x: x * x  # noqa: E731
    dpy.gradient(f, 3.0)
    before = dpy.cache_info()
    dpy.gradient(f, 3.0)
    after = dpy.cache_info()
    assert (after.hits, after.compiles) == (before.hits + 1, before.compiles)
    dpy.clear_cache()
    assert entry.find(f, (3.0,), {}) is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "_MOST_FUNCTIONS", 4)
    monkeypatch.setattr(entry, "_MOST_SIGNATURES", 2)
    functions = [lambda x: x, lambda x: 2 * x, lambda x: 3 * x, lambda x: 4 * x, lambda x: 5 * x]
    specialise.clear_cache()
    for k, f in enumerate(functions):
        assert dpy.gradient(f, 1.0) == (k + 1.0,)
    assert len(specialise.entries) <= 4
    for n in range(1, 6):
        assert dpy.gradient(functions[0], np.ones((1,) * n).item()) == (1.0,)
        assert dpy.gradient(lambda a: a.sum(), np.ones((1,) * n))[0].shape == (1,) * n
    assert max(map(len, specialise.entries.values())) == 2


def test_threads() -> None:
    def f(x, k):
        return math.sin(x) * k

    wrong: list[Any] = []

    def work(k: float) -> None:
        for i in range(300):
            found = dpy.gradient(f, 0.0, k)
            if found != (k, 0.0):
                wrong.append(found)
            if i % 50 == 0:
                dpy.clear_cache()

    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_rule_is_looked_up_for_the_function_itself() -> None:
    def f(x):
        return x * x

    assert not registry.has_rule(f)
    for _ in range(2):
        assert dpy.gradient(f, 3.0) == (6.0,)
    dpy.adjoint(f)(lambda x: (x * x, lambda d: (-d,)))
    assert registry.has_rule(f)
    for _ in range(2):
        assert dpy.gradient(f, 3.0) == (-1.0,)


class Model:
    def __init__(self, w: Any) -> None:
        self.w = w

    def loss(self, x: Any, scale: float = 1.0) -> Any:
        return np.sum(self.w * x * x) * scale

    def __call__(self, x: Any) -> Any:
        return np.sum(self.w * x * x)


def test_methods_and_callable_objects(long_way: list[Any]) -> None:
    for model in (Model(A), Model(2 * A), Model(3 * A)):
        for f in (model.loss, model):
            for _ in range(2):
                assert_same(dpy.gradient(f, A), (2 * model.w * A,))
                assert_same(dpy.value_and_gradient(f, A)[1], (2 * model.w * A,))
                assert_same(dpy.grad(f)(A), 2 * model.w * A)
                assert_same(dpy.pullback(f, A)[1](2.0), (4 * model.w * A,))
        assert_same(dpy.gradient(model.loss, A, scale=2.0), (4 * model.w * A,))
    assert len(long_way) == 5
    model = Model(2.0)
    for _ in range(3):
        assert dpy.gradient(model.loss, 3.0) == (12.0,)


def test_the_object_of_a_method_is_held_fixed() -> None:
    model = Model(A.copy())
    for _ in range(4):
        assert_same(dpy.gradient(model.loss, model.w), (2 * A * A,))
        assert_same(dpy.gradient(model, model.w), (2 * A * A,))
        assert_same(dpy.gradient(lambda x: model.loss(x), model.w), (2 * A * A,))
        assert_same(dpy.gradient(Model.loss, model, model.w)[1], 3 * A * A)


def test_replaced_method() -> None:
    class Local(Model):
        pass

    model = Local(2.0)
    for k in (1.0, 2.0, 3.0):
        Local.loss = lambda self, x, k=k: k * self.w * x  # type: ignore[method-assign,assignment]
        Local.__call__ = lambda self, x, k=k: k * x  # type: ignore[method-assign,assignment]
        for _ in range(3):
            assert dpy.gradient(model.loss, 3.0) == (2.0 * k,)
            assert dpy.gradient(model, 3.0) == (k,)


def test_keywords_and_defaults_take_the_short_way(long_way: list[Any]) -> None:
    def f(x: Any, k: Any = 2.0, *, b: Any = 1.0) -> Any:
        return k * x * b

    for k in (2.0, 3.0, 4.0):
        assert dpy.gradient(f, 3.0) == (2.0,)
        assert dpy.gradient(f, 3.0, k=k) == (k,)
        assert dpy.gradient(f, 3.0, b=k) == (2.0 * k,)
        assert dpy.gradient(f, 3.0, k, b=k) == (k * k, 3.0 * k)
        assert dpy.value_and_grad(f)(3.0, b=k) == (6.0 * k, 2.0 * k)
        assert dpy.pullback(f, 3.0, b=k)[1](1.0) == (2.0 * k,)
    assert len(long_way) == 5
    f.__defaults__ = (7.0,)
    for _ in range(3):
        assert dpy.gradient(f, 3.0) == (7.0,)
    f.__kwdefaults__["b"] = 2.0
    for _ in range(3):
        assert dpy.gradient(f, 3.0) == (14.0,)
    f.__kwdefaults__["b"] = A
    for _ in range(3):
        assert dpy.gradient(lambda x: np.sum(f(x)), 3.0) == (42.0,)


def test_pullbacks_can_be_repeated_after_updates(long_way: list[Any]) -> None:
    def f(p: Any, a: Any) -> Any:
        return p.x * a * a

    for _ in range(4):
        p, a = Point(2.0, A.copy()), A.copy()  # type: ignore[arg-type]
        y, back = dpy.pullback(f, p, a)
        seed = np.ones(3)
        first = back(seed)
        a += 100.0
        p.x = 100.0
        again = back(seed)
        assert first[0].x == again[0].x == 14.0
        for d in (first[1], again[1]):
            assert d.tolist() == (4.0 * A).tolist()
        assert not np.shares_memory(first[1], again[1])
        (d,) = dpy.pullback(lambda x: x, A)[1](seed)
        assert not np.shares_memory(d, seed)
    assert len(long_way) == 2


def test_signatures_that_take_turns(long_way: list[Any]) -> None:
    f = lambda x: np.sum(x * x)  # noqa: E731
    values = (2.0, 3, A, A.astype(np.float32), np.ones((2, 2)), np.float32(2.0))
    for _ in range(4):
        for x in values:
            dpy.gradient(f, x)
    assert len(long_way) == len(values)


def test_functions_are_written_for_calls_that_come_again(patience: int) -> None:
    f = lambda p: p.x * np.sum(p.y)  # noqa: E731
    p = Point(2.0, A)  # type: ignore[arg-type]
    dpy.gradient(f, p)
    (known,) = specialise.entries[id(f.__code__)]
    assert (known.match == known._match) is (patience > 1)
    assert known.sweep == known._sweep
    for _ in range(3):
        dpy.gradient(f, p)
    assert known.match != known._match
    assert known._exit is not None
    assert known.sweep != known._sweep


def test_arguments_without_a_gradient_are_refused_each_time() -> None:
    f = lambda x, k: x * k  # noqa: E731
    for _ in range(5):
        assert dpy.gradient(f, 2.0, True) == (1.0, None)
        assert dpy.grad(f)(2.0, True) == 1.0
        with pytest.raises(dpy.NotDifferentiableError):
            dpy.grad(f, (0, 1))(2.0, True)
        with pytest.raises(dpy.NotDifferentiableError):
            dpy.grad(f, 1)(2.0, True)


def test_the_first_pullback_takes_the_short_way_too() -> None:
    def f(p: Any, a: Any) -> Any:
        return p.x * a

    p = Point(2.0, 0.0)
    _, back = dpy.pullback(f, p, A)
    (known,) = specialise.entries[id(f.__code__), runs.PROTECTED]
    expected = back(A)
    for _ in range(3):
        assert_same(back(A), expected)
    assert known.match != known._match


def test_a_method_runs_once_if_something_inside_has_no_source() -> None:
    calls: list[int] = []
    square = eval("lambda x: [x * x for _ in range(1)][0]")

    def slope(x: Any) -> Any:
        calls.append(1)
        return dpy.gradient(square, x)[0]

    dpy.nondifferentiable(slope, kind="unknown")  # not called to learn what it returns

    class Thing:
        def __call__(self, x: Any) -> Any:
            return x * slope(2.0)

    for n in (1, 2, 3):
        with pytest.raises(dpy.SourceUnavailableError):
            dpy.gradient(Thing(), 3.0)
        assert len(calls) == n


def test_defaults_of_a_function_whose_code_is_shared() -> None:
    def make() -> Any:
        def f(x: float, k: float = 2.0) -> float:
            return x * k

        return f

    one, other = make(), make()
    assert dpy.gradient(one, 3.0) == dpy.gradient(other, 3.0) == (2.0,)
    other.__defaults__ = (7.0,)
    for _ in range(4):
        assert dpy.gradient(other, 3.0) == (7.0,)
        assert dpy.gradient(one, 3.0) == (2.0,)
