"""What made a loss infinite or NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dpy import config
from dpy.api import value_and_grad
from dpy.errors import DpyError, NonFiniteError
from dpy.functors import children, is_array, trainables

__all__ = ["non_finite_loss"]


def non_finite_loss(
    value: Any, loss: Callable[..., Any], model: Any, batch: tuple[Any, ...], where: str
) -> NonFiniteError:
    """The error for such a loss: it names the data, the parameters or the operation to blame."""
    bad_data = [place for k, part in enumerate(batch) for place in _not_finite(part, f"batch[{k}]")]
    bad_parameters = [
        "".join(f"[{slot!r}]" if not isinstance(slot, str) else f".{slot}" for slot in path)
        for path, array in trainables(model, path=True)
        if not np.isfinite(array).all()
    ]
    if bad_data:
        why = f"the data are not finite: {', '.join(bad_data[:5])}"
        repair = "clean the data, or skip such batches"
    elif bad_parameters:
        why = f"parameters are not finite: model{', model'.join(bad_parameters[:5])}"
        repair = "lower the learning rate, or clip the gradients (optim.ClipNorm)"
    else:
        why = _operation(loss, model, batch)
        repair = "use a stable form (logitcrossentropy, log1p, ...), or a lower learning rate"
    return NonFiniteError(f"the loss is {value} {where}", why=why, repair=repair)


def _not_finite(x: Any, place: str) -> list[str]:
    if is_array(x):
        return [place] if x.dtype.kind in "fc" and not np.isfinite(x).all() else []
    if isinstance(x, (float, complex)):
        return [] if np.isfinite(x) else [place]
    if not isinstance(x, (list, tuple, dict)):
        return []
    parts = (children(x) or {}).items()
    return [found for slot, part in parts for found in _not_finite(part, f"{place}[{slot!r}]")]


def _operation(loss: Callable[..., Any], model: Any, batch: tuple[Any, ...]) -> str:
    """Run once more, with checks after each operation."""
    try:
        with config.settings(check_finite=True):
            if model is None:
                loss(*batch)
            else:
                value_and_grad(loss)(model, *batch)
    except NonFiniteError as error:
        return "the first operation that is not finite: " + str(error).replace("\n", "\n  ")
    except DpyError:
        pass
    return "all data and parameters are finite"
