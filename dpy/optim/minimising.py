"""Models fitted by the optimisers of SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.api import value_and_grad
from dpy.functors import destructure

__all__ = ["minimise", "minimize"]


def minimise(
    loss: Callable[..., Any], model: Any, *args: Any, method: str = "L-BFGS-B", **options: Any
) -> tuple[Any, Any]:
    """The model with the least loss that `scipy.optimize.minimize` finds, and what that returned.

    Args:
        loss: called with a model and `args`; returns a real number.
        model: where to start; it stays as it is.
        args: other arguments of the loss, such as data.
        method: a method that uses gradients.
        options: other arguments of `scipy.optimize.minimize`: ``tol``, ``options``, ...

    >>> model, result = minimise(lambda m: np.sum((m["x"] - 3) ** 2), {"x": np.zeros(2)})
    >>> model["x"].round(6), bool(result.success)
    (array([3., 3.]), True)
    """
    from scipy.optimize import minimize as scipy_minimize

    start, rebuild = destructure(model)

    differentiated = value_and_grad(loss)

    def of(vector: Any) -> tuple[float, Any]:
        y, grads = differentiated(rebuild(vector), *args)
        return float(y), rebuild.gradient(grads).astype(np.float64)

    result = scipy_minimize(of, start.astype(np.float64), jac=True, method=method, **options)
    return rebuild(result.x), result


minimize = minimise
