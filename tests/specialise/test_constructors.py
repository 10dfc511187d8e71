"""Constructors as functions to fields, and the classes for which they would be wrong."""

from __future__ import annotations

from dataclasses import dataclass

import dpy
from dpy.specialise.constructors import build_object, constructor_of


@dataclass
class Doubled:
    a: float
    b: float | None = None

    def __post_init__(self) -> None:
        if self.b is None:
            self.b = 2.0 * self.a


class Plain:
    def __init__(self, a: float, b: float = 3.0) -> None:
        self.a = a
        self.b = a * b


class Counted:
    made: list[object] = []

    def __init__(self, a: float) -> None:
        self.a = a
        self.made.append(self)


class Watched:
    def __init__(self, a: float) -> None:
        self.a = a

    def __setattr__(self, name: str, value: float) -> None:
        object.__setattr__(self, name, 2.0 * value)


class WithSetter:
    def __init__(self, a: float) -> None:
        self.a = a

    @property
    def a(self) -> float:
        return self._a

    @a.setter
    def a(self, value: float) -> None:
        self._a = 2.0 * value


class Failure(ValueError):
    def __init__(self, a: float) -> None:
        self.a = a


def test_constructors_as_functions_to_fields() -> None:
    made = constructor_of(Doubled)
    assert made is not None
    assert made.fields == ("a", "b")
    assert dpy.check_gradient(lambda x: Doubled(x).b * Doubled(x, x).b, 1.5)
    plain = constructor_of(Plain)
    assert plain is not None
    assert plain.__defaults__ == (3.0,)
    assert constructor_of(Plain) is plain


def test_classes_whose_constructor_does_more() -> None:
    assert constructor_of(Counted) is None  # self escapes
    assert constructor_of(Watched) is None
    assert constructor_of(WithSetter) is None
    assert constructor_of(Failure) is None
    assert dpy.gradient(lambda x: Watched(x).a * WithSetter(x).a, 1.5) == (12.0,)


def test_another_init_is_another_constructor() -> None:
    class Changing:
        def __init__(self, a: float) -> None:
            self.a = a

    def replacement(self: Changing, a: float) -> None:
        self.b = a

    first = constructor_of(Changing)
    assert first is not None
    Changing.__init__ = replacement  # type: ignore[assignment]
    second = constructor_of(Changing)
    assert second is not None
    assert (first.fields, second.fields) == (("a",), ("b",))


def test_objects_are_built_without_code_of_their_class() -> None:
    found = build_object(Watched, ("b", "a"), (1.0, 2.0))
    assert type(found) is Watched
    assert list(found.__dict__.items()) == [("b", 1.0), ("a", 2.0)]
