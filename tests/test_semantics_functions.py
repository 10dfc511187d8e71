"""Ways to write and to call functions."""

from __future__ import annotations

import functools
import math
from functools import partial

import numpy as np
import pytest

import dpy
from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case

two_lambdas = [lambda x: x * x * x, lambda x: math.sin(x)]
three_on_a_line = (lambda x, y: x * y, lambda x, y: x / y, lambda x, y: x - y * y)


def square(x):
    return x * x


def affine(x, slope=2.0, *, offset=0.5):
    return slope * x + offset


def spread(first, *rest):
    total = first
    for weight, item in enumerate(rest, 1):
        total = total + weight * item * item
    return total


def named(**options):
    return options["a"] * options["b"] - options.get("c", 0.0)


def divide_by_both(x, y, /, z):
    return x / y + z


@case(0.7)
def lambda_in_a_list_first(x):
    return two_lambdas[0](x)


@case(0.7)
def lambda_in_a_list_second(x):
    return two_lambdas[1](x)


@case(0.7, -1.3)
def lambdas_on_one_line(x, y):
    return sum(f(x, y) for f in list(three_on_a_line)) if False else three_on_a_line[1](x, y)


@case(0.7, -1.3)
def all_lambdas_of_a_line(x, y):
    total = 0.0
    for f in three_on_a_line:
        total += f(x, y)
    return total


@case(0.4)
def lambda_called_at_once(x):
    return (lambda t: t * math.exp(t))(x)


@case(0.4)
def lambda_with_default(x):
    f = lambda t, k=x: t * k * k
    return f(3.0) + f(x, 2.0)


@case(0.4, 1.2)
def lambda_returning_lambda(x, y):
    return (lambda a: lambda b: a * b + a)(x)(y)


@case(1.1, 0.3)
def nested_function(x, y):
    def inner(t):
        return t * y + x

    return inner(inner(x))


@case(1.1)
def nested_function_recursive(x):
    def power(t, n):
        return 1.0 if n == 0 else t * power(t, n - 1)

    return power(x, 4)


@case(0.6, 1.4)
def closure_sees_later_binding(x, y):
    def inner():
        return scale * x

    scale = y
    first = inner()
    scale = y * y
    return first + inner()


@case(0.6)
def nonlocal_counter(x):
    total = 0.0

    def add(t):
        nonlocal total
        total = total + t * x
        return total

    add(1.0)
    add(x)
    return total * add(2.0)


@case(0.9)
def closure_factory(x):
    def make(k):
        def f(t):
            return t**k

        return f

    return make(2)(x) + make(3)(x)


@case(0.9)
def closures_in_a_loop_share_the_cell(x):
    made = []
    for i in range(3):
        made.append(lambda t: t * (i + 1) * x)
    return made[0](1.0) + made[1](x) + made[2](2.0)


@case(0.9)
def closures_with_bound_defaults(x):
    made = [lambda t, i=i: t * (i + 1) * x for i in range(3)]
    return made[0](1.0) + made[1](x) + made[2](2.0)


@case(0.5, np.array([1.0, -2.0, 0.5]))
def closure_writes_captured_array(x, a):
    def scale(i):
        a[i] = a[i] * x

    scale(0)
    scale(1)
    scale(0)
    return a.sum() + a[0] * a[1]


@case(0.5)
def closure_over_two_levels(x):
    y = x * 2

    def outer():
        z = y * x

        def inner():
            return z * y * x

        return inner()

    return outer()


@case(1.2)
def default_argument(x):
    return affine(x) * affine(x, x)


@case(1.2, 0.3)
def keyword_only_argument(x, y):
    return affine(x, offset=y) + affine(slope=y, x=x)


@case(1.2, 0.3, -0.8)
def positional_only(x, y, z):
    return divide_by_both(x, y, z=z)


@case(1.2, 0.3, -0.8)
def star_parameters(x, y, z):
    return spread(x, y, z) + spread(x)


@case(1.2, (0.3, -0.8, 2.0))
def star_in_call(x, rest):
    return spread(x, *rest) + spread(*rest, x)


@case(1.2, 0.3)
def double_star_parameters(x, y):
    return named(a=x, b=y) + named(a=y, b=2.0, c=x * x)


@case(1.2, 0.3)
def double_star_in_call(x, y):
    options = {"a": x, "b": y}
    return named(**options, c=x) * named(**{"a": y, "b": y})


@case(0.3, 1.1, 0.7)
def own_star_parameters(first, *rest):
    return first * rest[0] + rest[-1] ** 2 * len(rest)


@case(0.3, scale=2.0, offset=-1.0)
def own_keyword_parameters(x, **options):
    return x * options["scale"] + x * x * options["offset"]


@case(0.3, 1.5, power=3)
def mixed_signature(x, y=2.0, *more, power, bias=0.5):
    return x**power + y * bias + sum(more)


@case(0.3)
def unused_default(x, y=2.0, z=None):
    return x * y if z is None else z


@case(0.8)
def mutable_default_is_shared(x):
    def collect(t, into=[]):  # the trap is wanted
        into.append(t)
        return sum(into)

    return collect(x) + collect(x * x) + collect(1.0)


def factorial_like(x, n):
    if n <= 1:
        return x
    return (x + n) * factorial_like(x, n - 1)


@case(0.6)
def recursion(x):
    return factorial_like(x, 5)


def is_even(x, n):
    return x if n == 0 else is_odd(math.sin(x), n - 1)


def is_odd(x, n):
    return -x if n == 0 else is_even(x * x, n - 1)


@case(0.6)
def mutual_recursion(x):
    return is_even(x, 5) + is_odd(x, 4)


def fib(x, n):
    return x if n < 2 else fib(x, n - 1) * 0.5 + fib(math.sin(x), n - 2)


@case(0.6)
def recursion_branching(x):
    return fib(x, 7)


def tree_sum(tree):
    if isinstance(tree, list):
        total = 0.0
        for branch in tree:
            total += tree_sum(branch)
        return total
    return tree * tree


@case([1.0, [2.0, [0.5]], [], [[-1.0, 3.0]]])
def recursion_over_a_nested_list(tree):
    return tree_sum(tree)


def halve_in_place(a, lo, hi):
    if hi - lo == 1:
        a[lo] = a[lo] * a[lo] * 0.5
        return
    middle = (lo + hi) // 2
    halve_in_place(a, lo, middle)
    halve_in_place(a, middle, hi)


@case(np.array([1.0, -2.0, 0.5, 3.0]))
def recursion_writing_to_an_array(a):
    halve_in_place(a, 0, len(a))
    return a[0] * a[1] + a.sum()


def doubled(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return 2.0 * f(*args, **kwargs)

    return wrapper


def scaled_by(k):
    def decorate(f):
        def wrapper(x):
            return k * f(x)

        return wrapper

    return decorate


@doubled
def decorated_square(x):
    return x * x


@scaled_by(3.0)
@doubled
def decorated_twice(x):
    return math.exp(x)


@case(0.8)
def decorator_with_wraps(x):
    return decorated_square(x) * x


@case(0.8)
def decorators_stacked(x):
    return decorated_twice(x)


@case(0.8)
def decorated_function_itself(x):
    return x


corpus.cases.append(Case(decorated_square, (0.8,), {}))


@case(0.8, 1.7)
def functools_partial(x, y):
    f = partial(affine, slope=y)
    return f(x) + partial(three_on_a_line[1], x)(y)


@functools.cache
def cached_constant(n):
    return n * 2.0


@case(0.8)
def cached_function_of_constants(x):
    return x * cached_constant(3) * cached_constant(3)


@case(0.8)
def function_passed_as_argument(x):
    def twice(f, t):
        return f(f(t))

    return twice(square, x) + twice(math.sin, x) + twice(lambda t: t * x, 2.0)


@case(0.8)
def function_from_a_dict(x):
    table = {"sin": math.sin, "square": square, "exp": lambda t: math.exp(-t)}
    return table["sin"](x) * table["square"](x) + table["exp"](x)


@case(0.8)
def function_chosen_by_branch(x):
    f = math.cos if x > 0.5 else math.sin
    g = square if x < 0.5 else affine
    return f(x) * g(x)


@case(0.8)
def composition_of_a_list_of_functions(x):
    for f in [math.sin, square, affine, math.tanh]:
        x = f(x)
    return x


@case(0.8)
def function_attribute(x):
    def f(t):
        return t * f.factor

    f.factor = x * x
    return f(x)


@case(0.8)
def several_results(x):
    def both(t):
        return t * t, math.sin(t)

    a, b = both(x)
    pair = both(b)
    return a * b + pair[1] * pair[0]


@case(0.8)
def no_return_value(x):
    def note(t):
        state["seen"] = t

    result = note(x)
    return x if result is None else -x


@case(0.8)
def parameter_rebound(x):
    y = x
    x = x * x
    x = math.sin(x) + y
    return x * y


@case(0.8)
def shadowed_builtin(x):
    sum = x * 2
    max = lambda a, b: a * b
    return max(sum, x)


@case(0.8)
def names_that_generated_code_might_use(x):
    d_x, t_0, saved, pb, _ = x, x * 2, x * 3, x * x, 1.0
    dpy, ctx, back, result, y = 2.0, x, 3.0, x * _, d_x
    np, math_, ZERO = 3.0, x, 0.5
    return d_x * t_0 + saved * pb * dpy + ctx * back * result + np * math_ * ZERO * y


@case(0.8)
def unicode_names(x):
    θ = x * 2
    Δx = math.sin(θ)
    return θ * Δx


@case(0.8)
def walrus(x):
    if (y := x * x) > 0.5:
        return y * x
    return y


@case(0.8, 2.0)
def annotated(x: float, y: float) -> float:
    z: float = x * y
    w: float
    w = z + x
    return w * z


@case(1.5)
def docstring_and_pass(x):
    """This says nothing of use."""
    pass
    ...
    return x * x


@case()
def no_arguments():
    return 3.0


@case(0.8)
def constant_result(x):
    return 4.0


@case(0.8, 1.0)
def one_argument_unused(x, y):
    return x * 3.0


@case(0.7)
def defaults_behind_extra_arguments(x):
    def f(a, b=x, *more, scale=x * 2, **named):
        return a * b + sum(more) * scale + sum(named.values())

    return f(x) * f(x, x, 1, 2, z=x) + f(2.0, 3.0, x) + (lambda a, *c, d=x * 2: a * d)(x, 1)


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()


# --- functions that are differentiated themselves -------------------------------------------------


def _linear(n, m):
    w, b = np.ones((m, n)), np.zeros(m)
    return lambda x: x @ w.T + b


def _factor(w):
    return lambda x: x * w


def _nested(w):
    def inner(x):
        return x * w

    return lambda x: inner(x) + w


def test_what_an_argument_has_captured_has_a_gradient() -> None:
    x = np.ones((4, 3))

    def loss(f):
        return (f(x) ** 2).sum()

    layer = _linear(3, 2)
    for _ in range(5):
        (g,) = dpy.gradient(loss, layer)
        assert g.w.tolist() == [[24.0] * 3] * 2
        assert g.b.tolist() == [24.0] * 2
    for _ in range(5):
        assert dpy.gradient(lambda f: f(2.0) ** 2, _factor(3.0))[0].w == 24.0
        assert dpy.gradient(lambda f: f(2.0) ** 2, lambda x, w=3.0: x * w)[0].w == 24.0
        assert dpy.gradient(lambda f: f(2.0) ** 2, _nested(3.0))[0].w == 54.0
        assert dpy.gradient(lambda fs: fs[0](2.0) ** 2, [_factor(3.0), 1])[0][0].w == 24.0
        assert dpy.gradient(lambda d: d["f"](2.0) ** 2, {"f": _factor(3.0)})[0]["f"].w == 24.0


def _slope(x, a=0.5):
    return x * a


def test_defaults_of_functions_that_can_be_imported_are_constants() -> None:
    assert dpy.gradient(lambda f: f(2.0), _slope) == (None,)
    assert dpy.gradient(lambda f, x: f(x), _slope, 2.0) == (None, 0.5)
