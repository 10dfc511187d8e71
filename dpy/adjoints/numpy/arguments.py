"""Small questions about arguments that rules share."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.errors import UnsupportedSyntaxError

__all__ = ["dtype_of", "no_out"]


def no_out(out: Any) -> None:
    """Refuse an ``out=`` array: these rules return a new value, they do not write.

    >>> no_out(None) is None
    True
    """
    if out is not None:
        raise UnsupportedSyntaxError(
            "an `out=` array given to this NumPy function cannot be differentiated",
            why="the rule of the function returns a new array",
            repair="assign the result instead: `out[...] = function(...)`",
        )


def dtype_of(x: Any) -> Any:
    """The dtype of an array or of anything that NumPy would make an array of.

    >>> dtype_of([1, 2.5])
    dtype('float64')
    """
    return x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype
