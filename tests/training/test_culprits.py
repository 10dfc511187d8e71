"""What is blamed for a loss that is not finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy
from dpy.optim import Descent


def loss(model: Any, x: Any) -> Any:
    return np.sum(np.log(model["layers"][0]["w"] * x))


def blamed(model: Any, data: Any, f: Any = loss) -> str:
    with pytest.raises(dpy.NonFiniteError) as caught, np.errstate(all="ignore"):
        dpy.train(f, model, data, Descent(0.1))
    return str(caught.value)


def model() -> Any:
    return {"layers": [{"w": np.ones(2)}], "n": 3}


def test_data() -> None:
    text = blamed(model(), [np.ones(2), np.array([1.0, np.inf])])
    assert "the loss is inf in epoch 1, batch 2" in text and "not finite: batch[0]" in text
    text = blamed(
        {"x": np.ones(1)},
        [({"a": [1.0, np.nan]}, "text")],
        lambda m, d, t: np.sum(m["x"] * d["a"][1]),
    )
    assert "batch[0]['a'][1]" in text


def test_parameters() -> None:
    broken = model()
    broken["layers"][0]["w"][1] = np.nan
    assert "parameters are not finite: model.layers[0].w" in blamed(broken, [np.ones(2)])


def test_the_operation() -> None:
    text = blamed(model(), [np.array([1.0, 0.0])])
    assert "the loss is -inf in epoch 1, batch 1" in text and "log" in text
    assert "np.sum(np.log(" in text  # the line of the user


def test_nothing_to_blame() -> None:
    text = blamed({"x": np.ones(1)}, [1], lambda m, k: np.sum(m["x"]) * float("inf"))
    assert "all data and parameters are finite" in text or "inf" in text


def test_implicit_training() -> None:
    x = np.array([0.0])
    with pytest.raises(dpy.NonFiniteError, match="the loss is -inf"), np.errstate(all="ignore"):
        dpy.train(lambda k: np.sum(np.log(x)), dpy.params(x), [1], Descent())


def test_skipping_and_ignoring() -> None:
    for how, wanted in (("skip", 1.0 - 0.1), ("ignore", np.nan)):
        m = {"x": np.ones(1)}
        losses: list[float] = []
        dpy.train(lambda m, k: np.sum(m["x"]) * k, m, [np.nan, 1.0], Descent(0.1), nonfinite=how,
                  cb=lambda p: losses.append(p.loss))  # fmt: skip
        assert np.isnan(losses[0]) and np.allclose(m["x"], wanted, equal_nan=True)
    with pytest.raises(dpy.DpyError, match="nonfinite='stop'"):
        dpy.train(lambda m, k: 1.0, m, [1], Descent(0.1), nonfinite="stop")
