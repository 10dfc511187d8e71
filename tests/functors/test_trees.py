"""Objects as trees: their children, the same objects with other children, and `fmap`."""

from __future__ import annotations

import collections
import functools
import types
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import attr
import numpy as np
import pytest

import dpy
from dpy.functors import children, fmap, functor, gradient_children, is_array, rebuild


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Layer:
    weight: Any
    bias: Any
    sigma: Any = np.tanh
    inner: Any = field(default=None)

    def __post_init__(self) -> None:
        self.calls = getattr(self, "calls", 0) + 1


@dataclass(frozen=True)
class Frozen:
    a: Any


@attr.s(auto_attribs=True, slots=True)
class Attrs:
    a: Any


class Slotted:
    __slots__ = ("a", "unset")

    def __init__(self, a: Any) -> None:
        self.a = a


class Plain:
    made = 0

    def __init__(self, a: Any) -> None:
        type(self).made += 1
        self.a = a

    def call(self, x: Any) -> Any:
        return self.a * x

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @functools.cached_property
    def total(self) -> Any:
        return self.a.sum()


class Numbers(list):
    pass


def add_one(a: Any) -> Any:
    return a + 1


def holders() -> dict[str, Any]:
    numbers = Numbers([np.ones(1)])
    numbers.note = np.ones(2)
    return {
        "dataclass": Layer(np.ones((2, 1)), np.zeros(2)),
        "frozen": Frozen(np.ones(1)),
        "attrs": Attrs(np.ones(1)),
        "slots": Slotted(np.ones(1)),
        "plain": Plain(np.ones(1)),
        "named": Pair(np.ones(1), "x"),
        "deque": collections.deque([np.ones(1)], maxlen=3),
        "default": collections.defaultdict(list, {"k": np.ones(1)}),
        "ordered": collections.OrderedDict(k=np.ones(1)),
        "list": numbers,
        "namespace": types.SimpleNamespace(a=np.ones(1)),
        "tangent": dpy.Tangent(a=np.ones(1)),
    }


@pytest.mark.parametrize("name", holders())
def test_the_class_stays_and_the_original_is_untouched(name: str) -> None:
    old = holders()[name]
    made = Plain.made
    new = fmap(add_one, old)
    assert type(new) is type(old) and new is not old and Plain.made == made
    before, after = children(old), children(new)
    assert before is not None and after is not None and before.keys() == after.keys()
    arrays = [slot for slot, value in before.items() if is_array(value)]
    assert arrays
    for slot in arrays:
        assert np.array_equal(after[slot], before[slot] + 1)
    same = rebuild(old, {})
    assert type(same) is type(old)
    assert all(children(same)[slot] is value for slot, value in before.items())


def test_what_a_container_is_besides_its_items() -> None:
    found = holders()
    assert fmap(add_one, found["deque"]).maxlen == 3
    assert fmap(add_one, found["default"]).default_factory is list
    assert fmap(add_one, found["list"]).note.tolist() == [2.0, 2.0]
    assert fmap(add_one, found["plain"]).call(3.0).tolist() == [6.0]
    assert fmap(add_one, found["dataclass"]).calls == 1


def test_methods_and_partials_are_walked_into() -> None:
    plain = Plain(np.ones(1))
    new = fmap(add_one, [plain.call, plain, functools.partial(np.add, np.ones(1), where=True)])
    assert new[0].__self__ is new[1] and new[0](1.0).tolist() == [2.0]
    assert new[2](1.0).tolist() == [3.0] and new[2].keywords == {"where": True}


def test_atoms_are_kept_as_they_are() -> None:
    def closure(x: Any) -> Any:
        return x * kept[0]

    kept = (np.ones(1),)
    rng = np.random.default_rng(0)
    atoms = (closure, np.tanh, len, "text", 1.5, None, True, int, rng, slice(2), np.float32(1.0))
    assert all(children(atom) is None for atom in atoms)
    assert fmap(add_one, atoms) is atoms
    assert all(a is b for a, b in zip(fmap(add_one, list(atoms)), atoms))


def test_shared_objects_are_treated_once_and_stay_shared() -> None:
    w, seen = np.ones(2), []

    def note(a: Any) -> Any:
        seen.append(a)
        return a + 1

    layer = Layer(w, w)
    new = fmap(note, {"a": layer, "b": (layer, w), "c": [w]})
    assert len(seen) == 1
    assert new["a"] is new["b"][0] and new["a"].weight is new["a"].bias is new["b"][1]


def test_objects_that_refer_to_each_other() -> None:
    parent = Layer(np.ones(1), None)
    parent.inner = [Layer(np.zeros(1), None, inner=(parent,))]
    new = fmap(add_one, parent)
    assert new.inner[0].inner[0] is new and new.inner[0].weight.tolist() == [1.0]
    with pytest.raises(dpy.DpyError, match="a tuple contains itself"):
        fmap(add_one, parent.inner[0].inner)


def test_several_trees() -> None:
    model = Layer(np.ones(2), np.zeros(2), inner=[Plain(np.ones(1)), Pair(np.ones(1), 2.0)])
    grads = dpy.gradient(
        lambda m: np.sum(m.weight) + 2 * np.sum(m.inner[0].a) + 3 * np.sum(m.inner[1].left), model
    )[0]
    assert isinstance(grads.inner[0], dpy.Tangent)
    new = fmap(lambda a, g, h: a - g if h is None else h, model, grads, {"bias": "own"})
    assert new.weight.tolist() == [0.0, 0.0] and new.bias == "own"
    assert new.inner[0].a.tolist() == [-1.0] and new.inner[1].left.tolist() == [-2.0]
    new = fmap(lambda a, g: g, model, None)
    assert new.weight is None and new.inner[1].right == 2.0


def test_gradients_of_methods_are_those_of_their_objects() -> None:
    model = [Plain(np.ones(2)).call]
    grads = dpy.gradient(lambda m: np.sum(m[0](3.0)), model)[0]
    assert fmap(lambda a, g: g, model, grads)[0].__self__.a.tolist() == [3.0, 3.0]


def test_what_is_excluded_is_given_whole() -> None:
    found = fmap(
        lambda x: type(x).__name__,
        [Layer(np.ones(1), 2.0), np.ones(1), 3],
        exclude=lambda x: isinstance(x, (Layer, int)),
    )
    assert found[0] == "Layer" and found[1].tolist() == [1.0] and found[2] == "int"


def test_cached_properties_are_computed_anew() -> None:
    old = Plain(np.ones(3))
    assert old.total == 3.0
    assert "total" not in (children(old) or {})
    new = fmap(add_one, old)
    assert new.total == 6.0 and old.total == 3.0


def test_fields_that_are_not_walked_into_stay() -> None:
    @functor(fields=("a",))
    class Chosen:
        def __init__(self) -> None:
            self.a, self.b = np.ones(1), np.ones(1)

    old = Chosen()
    new = fmap(add_one, old)
    assert new.a.tolist() == [2.0] and new.b is old.b


def test_a_class_that_needs_its_constructor() -> None:
    assert children(np.random.SeedSequence(1)) is None

    class Odd(dict):
        def __new__(cls, *args: Any) -> Any:
            raise AssertionError("must not run")

    odd = dict.__new__(Odd)
    odd["a"] = np.ones(1)
    assert fmap(add_one, odd)["a"].tolist() == [2.0]


def test_children_of_gradients() -> None:
    assert gradient_children({"a": 1}) == {"a": 1}
    assert gradient_children(Layer(1, 2)) == {"weight": 1, "bias": 2, "sigma": np.tanh,
                                              "inner": None, "calls": 1}  # fmt: skip
    assert gradient_children(3.0) == {}
