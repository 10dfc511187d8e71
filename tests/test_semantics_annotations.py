"""Functions made in functions: annotations, documentation, defaults, and who reads them.

There is no ``from __future__ import annotations`` here: annotations are evaluated.
"""

import dataclasses
import functools
import inspect
import sys
import typing

import pytest

import dpy
from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case


def noted(name):
    state.setdefault("order", []).append(name)
    return name


@case(0.7)
def all_that_can_be_asked(x):
    def inner(t: float, *, k: int = 2) -> "float":
        """Documented."""
        return t * k

    state["annotations"] = repr(inner.__annotations__)
    state["others"] = (inner.__doc__, inner.__kwdefaults__, inner.__defaults__, inner.__qualname__)
    state["signature"] = str(inspect.signature(inner))
    return inner(x) * x


@case(0.7)
def in_the_order_of_evaluation(x):
    def decorated(name):
        noted(name)
        return lambda f: f

    @decorated("decorator")
    def inner(
        a: noted("a"),
        /,
        b: noted("b") = noted("default") and 1,  # noqa: B008
        *c: noted("c"),
        d: noted("d"),
        **e: noted("e"),
    ) -> noted("r"):  # fmt: skip
        return a * b * d

    state["names"] = list(inner.__annotations__)
    return inner(x, d=x)


@case(0.7)
def without_any(x):
    def inner(t):
        return t * x

    state["annotations"] = inner.__annotations__
    return inner(x)


@case(0.7)
def dispatched_by_annotation(x):
    @functools.singledispatch
    def area(v):
        return 0.0

    @area.register
    def _(v: float):
        return v * v

    @area.register
    def _(v: int | bool):
        return v * 3.0

    return area(x) + area(2) + area("")


@case(0.7)
def a_decorator_that_reads_them(x):
    def checked(f):
        hints = typing.get_type_hints(f)

        @functools.wraps(f)
        def wrapper(*args):
            for name, value in zip(hints, args, strict=False):
                if not isinstance(value, hints[name]):
                    raise TypeError(name)
            return f(*args)

        return wrapper

    @checked
    def square(v: float) -> float:
        """Of a number."""
        return v * v

    state["wrapped"] = repr((square.__annotations__, square.__doc__))
    try:
        square("a")
    except TypeError as error:
        return square(x) if str(error) == "v" else 0.0


@case(0.7)
def types_that_are_local(x):
    T = float

    def outer():
        def inner(t: T, ts: list[T] | None = None) -> T:
            return t * x

        return inner

    @dataclasses.dataclass
    class Point:
        a: T
        b: T = 2.0

        def product(self, k: T) -> T:
            return self.a * self.b * k

    state["annotations"] = repr((outer().__annotations__, Point.__annotations__))
    return outer()(x) + Point(x).product(x)


@case(0.7)
def a_name_that_is_not_there(x):
    try:

        def inner(t: nowhere):  # noqa: F821
            return t

    except NameError as error:
        state["error"] = str(error)
    return x * x


@case(0.7)
def names_that_are_mangled(x):
    class Box:
        def make(self):
            def inner(__t: float, *, __k: int = 3):
                return __t * __k

            return inner

    f = Box().make()
    state["names"] = (f.__annotations__, f.__kwdefaults__)
    return f(x)


@case(0.7)
def a_starred_one(x):
    def inner(*ts: *tuple[int, float]):
        return ts[0] * x

    state["annotations"] = repr(inner.__annotations__)
    return inner(x)


@case(0.7)
def values_kept_in_annotations(x):
    def inner(t: x * x) -> float:
        return t

    return inner(x) * inner.__annotations__["t"]


@case(0.7)
def written_later(x):
    def inner(t: float):
        return t * x

    inner.__annotations__["t"] = x * 2.0
    return inner(x) * inner.__annotations__["t"]


@case(0.7)
def kept_in_a_tuple(x):
    class Pair(typing.NamedTuple):
        a: float
        b: float = 3.0

        def product(self) -> float:
            return self.a * self.b

    return Pair(x).product() * Pair(x, x).product()


@case(0.7)
def defaults_of_a_named_tuple(x):
    y = x * x

    class Pair(typing.NamedTuple):
        a: float = y
        b: float = 3.0

    return Pair().a * Pair(x).a * Pair(b=x).b


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()


TEXT = """
from __future__ import annotations


def as_text(x):
    T = float

    def outer():
        def inner(t: T, *, k: list[int | None] = (2,)) -> nowhere:
            return t * k[0]

        return inner

    seen.append((outer().__annotations__, outer().__code__.co_freevars, outer.__code__.co_freevars))
    return outer()(x) * x
"""


def test_annotations_that_are_text() -> None:
    names: dict = {"seen": []}
    dpy.from_source(TEXT, names)
    f = names["as_text"]
    f(0.7)
    assert dpy.gradient(f, 0.7) == pytest.approx((2.8,))
    plain, differentiated = names["seen"]
    assert plain == differentiated


WITH_TYPE_PARAMETERS = """
def f(x):
    def inner[T](v: T) -> T:
        return v * v

    return inner(x)
"""


def test_type_parameters_within_a_function_are_refused() -> None:
    names: dict = {}
    if sys.version_info < (3, 12):
        with pytest.raises(SyntaxError):
            dpy.from_source(WITH_TYPE_PARAMETERS, names)
        return
    dpy.from_source(WITH_TYPE_PARAMETERS, names)
    with pytest.raises(dpy.UnsupportedSyntaxError, match="type parameters"):
        dpy.gradient(names["f"], 0.7)
