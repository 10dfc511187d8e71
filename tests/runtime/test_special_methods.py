"""Special methods are looked up on the class, and only Python functions count."""

from __future__ import annotations

from dpy.runtime.special_methods import user_method


class Base:
    def __len__(self) -> int:
        return 3

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(())


class Child(Base, list):
    __iter__ = None  # type: ignore[assignment]


def test_the_first_class_that_has_it_decides() -> None:
    assert user_method(Child, "__len__") is Base.__len__
    assert user_method(Base, "__iter__") is Base.__iter__
    assert user_method(Child, "__iter__") is None


def test_methods_of_builtin_types_do_not_count() -> None:
    assert user_method(list, "__len__") is None
    assert user_method(Child, "append") is None
    assert user_method(Base, "__getitem__") is None


def test_attributes_of_the_object_do_not_count() -> None:
    obj = Base()
    obj.__getitem__ = lambda i: i  # type: ignore[attr-defined]
    assert user_method(type(obj), "__getitem__") is None
