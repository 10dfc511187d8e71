"""The straight way to the arrays of a model, and what is left to the walk."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from dpy.optim import Descent, setup, update_
from dpy.optim.reading import read
from dpy.optim.steps import steps


class Pair(NamedTuple):
    left: Any
    right: Any


class Items(list):
    pass


def model() -> Any:
    parts = [np.ones(2), (np.zeros((1, 2)), "text"), Pair(np.ones(1), np.ones(3))]
    return SimpleNamespace(parts=parts, by={(1, 2): np.ones(4), "k": {3.5: np.ones(1)}})


def test_it_finds_what_the_walk_finds() -> None:
    x, d = model(), model()
    state = setup(Descent(), x)
    for _ in range(2):
        leaves, xs, ds = read(state, x, d) or ([], (), ())
        walked = steps(state, x, d)
        assert [id(leaf) for leaf in leaves] == [id(leaf) for leaf, _, _ in walked]
        assert [id(a) for a in xs] == [id(a) for _, a, _ in walked]
        assert [id(a) for a in ds] == [id(a) for _, _, a in walked]
        state = copy.copy(state)


def test_what_is_left_to_the_walk() -> None:
    x = model()
    state = setup(Descent(), x)
    for change in (
        lambda m: m.parts.append(1),
        lambda m: setattr(m, "parts", Items(m.parts)),
        lambda m: setattr(m, "parts", None),
        lambda m: m.by.pop("k"),
        lambda m: m.parts.__setitem__(0, None),
        lambda m: m.parts.__setitem__(0, np.ones(3)),
        lambda m: m.parts.__setitem__(0, np.ones(2, np.float32)),
    ):
        other = model()
        change(other)
        assert (
            read(state, model(), other) is None or change(model()) is None and len(other.parts) > 3
        )
        assert read(state, other, model()) is None
    w = np.ones(1)
    assert read(setup(Descent(), [w, w]), [w, w], [w, w]) is None
    assert read(setup(Descent(), w), w, w) is None
    many = [np.ones(1) for _ in range(2001)]
    assert read(setup(Descent(), many), many, many) is None


def test_frozen_and_locked_arrays() -> None:
    x = [np.ones(1), np.ones(1), np.ones(1)]
    x[2].flags.writeable = False
    state = setup(Descent(1.0), x)
    state[0].frozen = True
    assert read(state, x, x) is not None
    _, new = update_(state, x, [np.ones(1)] * 3)
    assert new[0] is x[0] and [float(a[0]) for a in new] == [1.0, 0.0, 0.0] and x[2] == 1.0
