"""What a weak reference gives is the object itself."""

from __future__ import annotations

import weakref

import pytest

import dpy


class Point:
    def __init__(self, x):
        self.x = x

    def scaled(self, k):
        return self.x * k


def called(x):
    p = Point(x)
    return weakref.ref(p)().x ** 2


def in_values(x):
    p = Point(x)
    found = weakref.WeakValueDictionary()
    found["a"] = p
    return found["a"].x * found.get("a").x


def in_keys(x):
    p = Point(x)
    found = weakref.WeakKeyDictionary({p: x * x})
    return found[p]


def by_proxy(x):
    p = Point(x)
    proxy = weakref.proxy(p)
    proxy.x = proxy.x * 3
    return proxy.x * p.x + proxy.scaled(x)


def method(x):
    p = Point(x)
    return weakref.WeakMethod(p.scaled)()(x)


@pytest.mark.parametrize("f", [called, in_values, in_keys, by_proxy, method])
def test_weak(f) -> None:
    assert dpy.check_gradient(f, 1.3)
