"""``with`` and all that a context manager may do."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case


class Scope:
    """Counts, holds a value, and may swallow."""

    def __init__(self, value, swallows=()):
        self.value = value
        self.swallows = swallows
        self.events = []

    def __enter__(self):
        self.events.append("enter")
        self.value = self.value * 2.0
        return self

    def __exit__(self, kind, error, traceback):
        self.events.append("exit" if kind is None else kind.__name__)
        self.value = self.value * 3.0
        return kind is not None and issubclass(kind, self.swallows)


class Replacing:
    def __init__(self, value):
        self.value = value

    def __enter__(self):
        return self.value * 2.0

    def __exit__(self, kind, error, traceback):
        if kind is not None:
            raise ValueError(error.args[0] * self.value)


class Resource:
    def __init__(self, value):
        self.value = value
        self.is_open = True

    def close(self):
        self.is_open = False
        self.value = self.value * self.value


@contextlib.contextmanager
def scaled(box, factor):
    old = box[0]
    box[0] = old * factor
    try:
        yield box[0] * 2.0
    finally:
        box[0] = old + factor


@contextlib.contextmanager
def catching(box, kind):
    try:
        yield box
    except kind as error:
        box.append(error.args[0] * 2.0)
    else:
        box.append(1.0)


@case(1.5)
def a_manager_of_the_users(x):
    scope = Scope(x)
    with scope as s:
        y = s.value * x
    return y * scope.value * len(scope.events)


@case(1.5)
@case(0.0, leaves=[0.0])
def one_that_swallows(x):
    scope = Scope(x, (ZeroDivisionError, KeyError))
    y = x
    with scope:
        y = y * 2.0
        if x > 1.0:
            raise KeyError(x)
        y = y / x
    return y * scope.value


@case(1.5)
def one_that_does_not(x):
    scope = Scope(x, (KeyError,))
    try:
        with scope as s:
            s.value = s.value + x
            raise ValueError(x)
    except ValueError as e:
        return scope.value * e.args[0] * len(scope.events[-1])


@case(1.5)
def one_that_replaces(x):
    try:
        with Replacing(x) as v:
            raise KeyError(v)
    except ValueError as e:
        return e.args[0] * x


@case(1.5)
def a_decorated_generator(x):
    box = [x]
    with scaled(box, x * x) as v:
        y = v * box[0]
    return y * box[0]


@case(1.5)
def a_decorated_generator_and_an_exception(x):
    box = [x]
    try:
        with scaled(box, 3.0) as v:
            box[0] = box[0] * v
            raise KeyError(box[0])
    except KeyError as e:
        return e.args[0] * box[0]


@case(1.5)
def a_decorated_generator_that_swallows(x):
    box = [x]
    for k in range(3):
        with catching(box, (KeyError, ValueError)) as b:
            b.append(x * k)
            if k == 1:
                raise ValueError(x * x)
    return sum(v * (i + 1) for i, v in enumerate(box))


@case(1.5)
def defined_inside(x):
    total = x

    @contextlib.contextmanager
    def added(v):
        nonlocal total
        total = total + v
        yield total
        total = total * v

    with added(x * x) as t:
        total = total * t
    return total


@case(1.5)
def several_items(x):
    a, b = Scope(x), Scope(x * x)
    with a as s, b as t, contextlib.nullcontext(x) as v:
        y = s.value * t.value * v
    return y + a.value * b.value


@case(1.5)
def several_items_one_fails(x):
    a = Scope(x, (KeyError,))
    y = x
    with a, Replacing(x) as v, Scope(v):
        y = y * v
        raise IndexError(y)
    return y


@case(1.5)
def several_items_the_first_swallows(x):
    a, b = Scope(x, (ValueError,)), Scope(x * 5.0)
    y = x
    with a, Replacing(x) as v, b:
        y = y * v
        raise IndexError(y)
    return y * a.value * b.value


@case(1.5)
def parentheses(x):
    with (
        Scope(x) as a,
        Scope(a.value) as b,
    ):
        y = a.value * b.value
    return y + b.value


@case(1.5)
def targets_of_all_kinds(x):
    box = Scope(0.0)
    xs = [x, x]
    with (
        contextlib.nullcontext((x, x * x)) as (a, b),
        contextlib.nullcontext(x * 3.0) as box.value,
        contextlib.nullcontext(x * 5.0) as xs[1],
        contextlib.nullcontext([x, 2.0, 3.0]) as [c, *rest],
    ):
        y = a * b + box.value * xs[1] + c * rest[0]
    return y


@case(1.5)
def suppressed(x):
    y = x
    with contextlib.suppress(KeyError, IndexError):
        y = y * 2.0
        {}[x]
        y = y * 100.0
    with contextlib.suppress(ZeroDivisionError):
        y = y * x
    return y


@case(1.5)
def suppressed_in_a_callee(x):
    xs = []

    def risky(v):
        xs.append(v)
        if v > 4.0:
            raise OverflowError(v)
        xs.append(v * v)

    for k in range(4):
        with contextlib.suppress(OverflowError):
            risky(x * k)
    return sum(v * (i + 1) for i, v in enumerate(xs))


@case(1.5)
def an_exit_stack(x):
    box = [x]
    scopes = [Scope(x * k) for k in (1.0, 2.0)]
    with contextlib.ExitStack() as stack:
        entered = [stack.enter_context(s) for s in scopes]
        stack.callback(box.append, x * x)
        y = entered[0].value * entered[1].value
    return y + scopes[0].value * scopes[1].value + sum(box)


@case(1.5)
def an_exit_stack_that_swallows(x):
    scopes = [Scope(x), Scope(x * 2.0, (KeyError,))]
    y = x
    with contextlib.ExitStack() as stack:
        for s in scopes:
            stack.enter_context(s)
        y = y * x
        raise KeyError(y)
    return y + scopes[0].value * scopes[1].value


@case(1.5)
def closing(x):
    resource = Resource(x)
    with contextlib.closing(resource) as r:
        y = r.value * 2.0
    assert not resource.is_open
    return y * resource.value


@case(1.5)
def redirected(x):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        print("x", x > 1.0)
        y = x * x
    print("seen", len(text.getvalue()))
    return y * len(text.getvalue())


@case(np.array([1.0, 0.0, 2.0]))
def errstate(a):
    with np.errstate(divide="ignore", invalid="ignore"):
        b = np.where(a > 0, 1.0 / a, 0.0)
    return (b[[0, 2]] * a[[0, 2]] ** 2).sum()


@case(np.array([1.0, 0.0, 2.0]))
def errstate_that_raises(a):
    try:
        with np.errstate(divide="raise"):
            b = 1.0 / a
    except FloatingPointError:
        b = a * a
    return (a * b).sum()


@case(1.5)
def caught_warnings(x):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warnings.warn("one", stacklevel=1)
        y = x * x
    return y * len(seen)


@case(1.5)
def locks(x):
    lock, again = threading.Lock(), threading.RLock()
    total = x
    for k in range(3):
        with lock, again, again:
            total = total * x + k
        assert not lock.locked()
    try:
        with lock:
            raise KeyError(total)
    except KeyError as e:
        total = e.args[0] * x
    assert not lock.locked()
    return total


@case(1.5)
def null_context(x):
    with contextlib.nullcontext() as nothing:
        y = x * x
    assert nothing is None
    with contextlib.nullcontext(y) as z:
        return z * x


@case([1.0, -1.0, 2.0, 50.0, 3.0])
def in_a_loop_with_break_and_continue(xs):
    scope = Scope(1.0)
    total = 0.0
    for x in xs:
        with scope as s:
            if x < 0.0:
                continue
            if x > 10.0:
                break
            total = total + x * s.value
    return total * scope.value


@case(1.5)
def return_from_within(x):
    scope = Scope(x)

    def f():
        with scope as s:
            return s.value * x

    return f() * scope.value


@case(1.5)
def an_exception_on_entry(x):
    class Failing:
        def __init__(self):
            self.seen = 0.0

        def __enter__(self):
            self.seen = self.seen + x
            raise ValueError(self.seen * 2.0)

        def __exit__(self, *exc):
            self.seen = self.seen * 1000.0

    failing = Failing()
    try:
        with failing:
            return x
    except ValueError as e:
        return e.args[0] * failing.seen


@case(1.5)
def an_exception_on_exit(x):
    class Failing:
        def __enter__(self):
            return x * 2.0

        def __exit__(self, *exc):
            raise ValueError(x * 3.0)

    try:
        with Failing() as v:
            y = v * x
    except ValueError as e:
        return e.args[0] * y


@case(1.5)
def no_manager(x):
    y = x
    with x:
        y = x * x
    return y


@case(1.5)
def no_exit(x):
    class Half:
        def __enter__(self):
            state["entered"] = True

    with Half():
        return x


@case(1.5)
def as_a_decorator(x):
    box = [x]

    @scaled(box, 2.0)
    def f(v):
        return v * box[0]

    return f(x) * f(x * x) * box[0]


@case(1.5)
def a_class_that_is_a_context_decorator(x):
    class Doubling(contextlib.ContextDecorator):
        def __enter__(self):
            box[0] = box[0] * 2.0

        def __exit__(self, *exc):
            box.append(box[0] * x)
            return False

    box = [x]

    @Doubling()
    def f(v):
        return v * box[0]

    return f(x) * sum(box)


@case(1.5)
def nested_with_and_try(x):
    out = Scope(x, (KeyError,))
    y = x
    with out:
        try:
            with Scope(y) as inner:
                y = y * inner.value
                raise IndexError(y)
        except IndexError as e:
            y = y + e.args[0]
            raise KeyError(y) from e
        finally:
            y = y * 2.0
    return y * out.value


@case(1.5)
def a_manager_used_again(x):
    scope = Scope(x)
    with scope:
        with scope as s:
            y = s.value
        y = y * s.value
    return y * scope.value


@case(1.5)
def variables_bound_within(x):
    with contextlib.suppress(ValueError):
        y = x * x
        raise ValueError
    with contextlib.suppress(ValueError):
        raise ValueError
        z = 1.0
    try:
        return y * z
    except UnboundLocalError:
        return y * x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
