"""Models fitted by SciPy."""

from __future__ import annotations

import numpy as np
import pytest

from dpy import optim

pytest.importorskip("scipy")


def misfit(model: dict, x: np.ndarray, y: np.ndarray) -> float:
    return np.mean((model["line"][0] * x + model["line"][1] - y) ** 2)


@pytest.mark.parametrize(("method", "dtype"), [("L-BFGS-B", np.float64), ("BFGS", np.float32)])
def test_a_line(method: str, dtype: type) -> None:
    x = np.linspace(0, 1, 20)
    y = 4 * x + 2 + 0.01 * np.sin(40 * x)
    start = {"line": (np.zeros(1, dtype), np.zeros(1, dtype)), "name": "line"}
    model, result = optim.minimize(misfit, start, x, y, method=method, tol=1e-8)
    wanted = np.linalg.lstsq(np.stack([x, np.ones(20)], 1), y)[0]
    assert np.allclose([part[0] for part in model["line"]], wanted, rtol=1e-4)
    assert model["line"][0].dtype == dtype and start["line"][0] == 0.0
    assert result.fun < 1e-4 and model["name"] == "line"


def test_options_are_handed_on() -> None:
    _, result = optim.minimise(lambda m: np.sum(m**4), np.ones(3), options={"maxiter": 1})
    assert result.nit == 1


def test_tied_parameters() -> None:
    w = np.zeros(2)
    model, result = optim.minimise(lambda m: np.sum((m[0] + 2 * m[1]["w"] - 6) ** 2), [w, {"w": w}])
    assert model[0] is model[1]["w"] and np.allclose(model[0], 2.0, atol=1e-6) and result.success
