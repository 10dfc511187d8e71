"""What a weak reference gives is there in the plain program as well, or there is an error."""

from __future__ import annotations

import sys
import weakref
from typing import Any

import pytest

import dpy
from dpy.errors import NotDifferentiableError
from dpy.runtime.alive import alive
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

KEPT: list[Any] = []
CACHE: Any = weakref.WeakValueDictionary()


class Node:
    def __init__(self, value):
        self.value = value
        self.children = []
        self._parent = None

    @property
    def parent(self):
        return None if self._parent is None else self._parent()

    def add(self, child):
        child._parent = weakref.ref(self)
        self.children.append(child)
        return child

    def depth(self):
        return 0 if self.parent is None else 1 + self.parent.depth()

    def total(self):
        mine = self.value * (1.0 if self.parent is None else self.parent.value)
        return mine + sum(child.total() for child in self.children)


class Token:
    pass


@case(0.7)
def in_a_variable(x):
    p = Node(x)
    return weakref.ref(p)().value * x


@case(0.7)
def in_a_tree(x):
    root = Node(x)
    leaf = root.add(Node(2.0 * x)).add(Node(x * x))
    return root.total() * leaf.depth() + leaf.parent.value


@case(0.7)
def in_a_global_list(x):
    KEPT.clear()
    for i in range(3):
        KEPT.append(Node(x * i))
    references = [weakref.ref(node) for node in KEPT]
    return sum(r().value * x for r in references)


@case(0.7)
def in_weak_containers(x):
    kept = [Node(x), Node(2.0 * x)]
    found = weakref.WeakSet(kept)
    by_name = weakref.WeakValueDictionary(enumerate(kept))
    weights = weakref.WeakKeyDictionary({node: node.value * x for node in kept})
    total = sum(node.value for node in found) * len(found)
    total += by_name[0].value * by_name.get(1).value * len(by_name)
    return total + weights[kept[0]] * len(weights)


@case(0.7)
def in_a_closure(x):
    def made():
        node = Node(x * x)
        return lambda: node.value, weakref.ref(node)

    read, reference = made()
    return read() * reference().value


@case(0.7)
def in_a_generator(x):
    def nodes():
        node = Node(x)
        yield weakref.ref(node)
        yield node.value

    steps = nodes()
    return next(steps)().value * next(steps)


@case(0.7)
def under_a_try(x):
    node = Node(x)
    reference = weakref.ref(node)
    try:
        return reference().value * x
    except AttributeError:
        return x


@case(0.7)
def by_a_proxy(x):
    node = Node(x)
    proxy = weakref.proxy(node)
    proxy.value = proxy.value * x
    return node.value * proxy.depth() + proxy.value


@case(Node(1.5))
def in_an_argument(node):
    reference = weakref.ref(node)
    return reference().value * node.value


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_in_a_variable_of_the_caller() -> None:
    root = Node(3.0)
    child = root.add(Node(2.0))

    def f(node):
        return node.value * node.parent.value

    (d,) = dpy.gradient(f, child)
    assert d.value == 3.0
    # What was asked of this frame has kept nothing.
    seen = weakref.ref(root)
    del root
    assert seen() is None


# --- gone ---------------------------------------------------------------------------------------


def deleted(x):
    p = Node(x)
    r = weakref.ref(p)
    y = p.value * x
    del p
    return y if r() is None else y * 2.0


def deleted_on_a_tape(x):
    p = Node(x)
    r = weakref.ref(p)
    try:
        y = p.value * x
        del p
        return y if r() is None else y * 2.0
    except KeyError:
        return x


def never_kept(x):
    r = weakref.ref(Node(x))
    return x if r() is None else r().value * 2.0


def without_derivatives(x):
    t = Token()
    r = weakref.ref(t)
    del t
    return x * x if r() is None else x


def assigned_again(x):
    p = Node(x)
    proxy = weakref.proxy(p)
    y = p.value * x
    p = Node(2.0 * x)
    try:
        return proxy.value * y
    except ReferenceError:
        return y


def taken_out(x):
    nodes = [Node(x), Node(2.0 * x)]
    r = weakref.ref(nodes[0])
    y = nodes[0].value * nodes[1].value
    nodes.pop(0)
    return y if r() is None else x


def in_a_set(x):
    found = weakref.WeakSet()
    p, q = Node(x), Node(2.0 * x)
    found.add(p)
    found.add(q)
    y = p.value * q.value
    del p
    return y * sum(node.value for node in found)


def counted(x):
    found = weakref.WeakSet()
    p, q = Node(x), Node(2.0 * x)
    found.add(p)
    found.add(q)
    y = p.value * q.value
    del p
    return y * len(found)


def in_a_dict(x):
    found = weakref.WeakValueDictionary()
    found["a"] = Node(x)
    p = found.get("a")
    return x if p is None else p.value * p.value


def of_a_callee(x):
    def make():
        node = Node(x * x)
        CACHE["node"] = node
        return node.value

    y = make()
    return y * 3.0 if "node" in CACHE else y


@pytest.mark.parametrize(
    "f",
    [
        deleted, deleted_on_a_tape, never_kept, without_derivatives, assigned_again, taken_out,
        in_a_set, counted, in_a_dict, of_a_callee,
    ],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_gone(f) -> None:
    with pytest.raises(NotDifferentiableError, match="a weak reference finds a") as info:
        dpy.gradient(f, 0.7)
    assert "variable" in info.value.repair
    CACHE.clear()


def test_alive_asks_the_frames_of_callers() -> None:
    node, other = Node(1.0), [Node(2.0)]
    assert alive(node) is node
    assert alive(other[0]) is other[0]
    assert alive(None) is None
    assert alive(sys) is sys
