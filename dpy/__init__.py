"""dpy: gradients of ordinary Python.

>>> import dpy
>>> dpy.gradient(lambda x: x**2, 3.0)
(6.0,)
"""

from dpy import adjoints as _adjoints  # noqa: F401 - registers the rules
from dpy.adjoints.registry import adjoint, nondifferentiable
from dpy.api import (
    grad,
    gradient,
    jacobian,
    pullback,
    stop_gradient,
    value_and_grad,
    value_and_gradient,
    withgradient,
)
from dpy.checking import check_gradient
from dpy.config import settings
from dpy.errors import (
    AdjointError,
    DpyError,
    MutationError,
    NoAdjointError,
    NotDifferentiableError,
    NotScalarOutputError,
    SourceUnavailableError,
    StaleSourceError,
    UnsupportedSyntaxError,
)
from dpy.listing import adjoint_source
from dpy.params import Grads, Params
from dpy.slots import Tangent
from dpy.specialise import cache_info, clear_cache

__all__ = [
    "AdjointError",
    "DpyError",
    "Grads",
    "MutationError",
    "NoAdjointError",
    "NotDifferentiableError",
    "NotScalarOutputError",
    "Params",
    "SourceUnavailableError",
    "StaleSourceError",
    "Tangent",
    "UnsupportedSyntaxError",
    "adjoint",
    "adjoint_source",
    "cache_info",
    "check_gradient",
    "clear_cache",
    "grad",
    "gradient",
    "jacobian",
    "nondifferentiable",
    "pullback",
    "settings",
    "stop_gradient",
    "value_and_grad",
    "value_and_gradient",
    "withgradient",
]

__version__ = "0.1.0.dev0"
