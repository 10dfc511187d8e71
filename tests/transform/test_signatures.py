"""Signatures are remembered as long as they hold."""

from __future__ import annotations

import functools
from typing import Any

from dpy.transform.signatures import signature_of


def test_remembered_until_it_changes() -> None:
    def f(a: Any, b: int = 1, *, c: int = 2) -> Any:
        return a, b, c

    def g(x: Any) -> Any:
        return x

    first = signature_of(f)
    assert [*first.parameters] == ["a", "b", "c"] and signature_of(f) is first
    f.__defaults__ = (7,)
    assert signature_of(f).parameters["b"].default == 7
    f.__kwdefaults__ = {"c": 8}
    assert signature_of(f).parameters["c"].default == 8
    f.__code__ = g.__code__
    assert [*signature_of(f).parameters] == ["x"]


def test_a_wrapper_has_its_own() -> None:
    def f(a: Any) -> Any:
        return a

    @functools.wraps(f)
    def wrapper(*args: Any) -> Any:
        return f(*args)

    assert [*signature_of(wrapper).parameters] == ["args"]
