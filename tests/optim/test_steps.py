"""One array: fitting gradients, and which steps a model asks for."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy.optim import Descent, freeze, setup
from dpy.optim.steps import moved, steps, write


def test_steps_are_listed_once_and_without_what_stays() -> None:
    w = np.ones(1)
    model = [w, {"a": w, "b": np.zeros(2)}, np.arange(3), np.ones(4)]
    state = setup(Descent(), model)
    freeze(state[3])
    grads = [None, {"a": np.ones(1), "b": None}, None, np.ones(4)]
    found = steps(state, model, grads)
    assert len(found) == 1 and found[0][1] is w
    assert steps(state, model, None) == []
    assert steps((), [np.tanh], [None]) == []
    with pytest.raises(dpy.DpyError, match="a str is no state"):
        steps("state", w, w)


def test_numbers_count_for_each_element() -> None:
    leaf, x = setup(Descent(1.0), np.ones(2)), np.ones(2)
    assert moved(leaf, x, 1).tolist() == [0.0, 0.0] and x.tolist() == [1.0, 1.0]
    assert write(leaf, x, np.float32(0.5)) is None and x.tolist() == [0.5, 0.5]


def test_an_error_of_a_rule_is_no_matter_of_writing() -> None:
    class Wrong:
        def init(self, x: object) -> None:
            return None

        def apply(self, state: None, x: object, dx: object) -> object:
            return state, np.ones(3)

    with pytest.raises(ValueError, match="broadcast"):
        write(setup(Wrong(), np.ones(2)), np.ones(2), np.ones(2))
