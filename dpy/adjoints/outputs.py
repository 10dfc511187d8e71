"""Where a function takes the arrays that it writes its value to: ``np.dot(a, b, out)``."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dpy.adjoints.rule import Rule

__all__ = ["places_of_outputs"]


def places_of_outputs(rule: Rule) -> range:
    """The positions of the output arrays among the positional arguments of a rule's primal.

    Methods in C do not tell their signature: that of the NumPy function of the same name is theirs.

    >>> from dpy.adjoints.registry import lookup
    >>> places_of_outputs(lookup(np.divmod)), places_of_outputs(lookup(np.dot))
    (range(2, 4), range(2, 3))
    """
    primal = rule.primal
    if isinstance(primal, np.ufunc):
        return range(primal.nin, primal.nargs)
    signature = rule.signature
    if signature is None and rule.is_nondifferentiable:
        is_method = getattr(primal, "__objclass__", None) in (np.ndarray, np.generic)
        named = getattr(np, primal.__name__, primal) if is_method else primal
        try:
            signature = inspect.signature(named)
        except (TypeError, ValueError):  # written in C
            return range(0)
    for i, parameter in enumerate(signature.parameters.values() if signature else ()):
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            break
        if parameter.name == "out":
            return range(i, i + 1)
    return range(0)
