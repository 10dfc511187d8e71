"""Attributes of classes, and what is noted about them."""

from __future__ import annotations

import sys
from collections import namedtuple

import pytest

from dpy.transform.infer.lookup import (
    MISSING,
    class_attribute,
    class_function,
    is_data_descriptor,
    is_named_constant,
    namespace,
)
from tests.transform.infer.programs import NoBook


class Base:
    limit = 3

    def run(self):
        return self.limit


class Derived(Base):
    @property
    def width(self):
        return 1.0


def test_all_classes_on_the_way_are_relied_on() -> None:
    book = NoBook()
    assert class_attribute(book, Derived, "run") is Base.run
    assert book.depended == [("run", None), ("run", Base.run)]


def test_what_no_class_has() -> None:
    book = NoBook()
    assert class_attribute(book, Derived, "no_such_name") is MISSING
    assert book.depended == [("no_such_name", None), ("no_such_name", None)]  # not for object


def test_only_functions() -> None:
    assert class_function(NoBook(), Derived, "run") is Base.run
    assert class_function(NoBook(), Derived, "limit") is None
    assert class_function(NoBook(), Derived, "__init__") is None  # it is C


def test_the_same_proxy_each_time() -> None:
    assert namespace(Base) is namespace(Base)
    assert namespace(Base)["limit"] == 3


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(vars(Derived)["width"], True), (Base.run, False), (3, False), (classmethod(len), False)],
)
def test_data_descriptors(raw: object, expected: bool) -> None:
    assert is_data_descriptor(raw) is expected


def test_named_constants_are_made_in_c() -> None:
    assert is_named_constant(sys.version_info)
    assert is_named_constant(sys.float_info)
    assert not is_named_constant(namedtuple("Point", "x y")(1, 2))
    assert not is_named_constant((1, 2))
