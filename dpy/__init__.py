"""dpy: gradients of ordinary Python.

>>> import dpy
>>> dpy.gradient(lambda x: x**2, 3.0)
(6.0,)

Importing this package takes no time: what a name stands for is imported when it is first used.
"""

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:  # the same as in `_HOMES`, for type checkers and editors
    from dpy.adjoints.registry import Rule, adjoint, nondifferentiable, rules
    from dpy.api import (
        grad,
        gradient,
        jacobian,
        pullback,
        stop_gradient,
        value_and_grad,
        value_and_gradient,
        withgradient,
        within_gradient,
    )
    from dpy.checking import GradientMismatch, GradientReport, check_gradient
    from dpy.config import Settings, settings
    from dpy.debugging import debug
    from dpy.errors import (
        AdjointError,
        DpyError,
        DpyWarning,
        MutationError,
        NoAdjointError,
        NonFiniteError,
        NotDifferentiableError,
        NotScalarOutputError,
        ShapeError,
        SourceUnavailableError,
        StaleSourceError,
        UnsupportedSyntaxError,
        VerificationError,
    )
    from dpy.functors import (
        children,
        destructure,
        f16,
        f32,
        f64,
        fmap,
        functor,
        loadmodel,
        params,
        state,
        trainable,
        trainables,
    )
    from dpy.listing import adjoint_source
    from dpy.nn.show import summary
    from dpy.parameters import Grads, Params
    from dpy.sources import from_source
    from dpy.specialise import CacheInfo, cache_info, clear_cache
    from dpy.tangent import Tangent
    from dpy.training import train

__all__ = [
    "AdjointError",
    "CacheInfo",
    "DpyError",
    "DpyWarning",
    "GradientMismatch",
    "GradientReport",
    "Grads",
    "MutationError",
    "NoAdjointError",
    "NonFiniteError",
    "NotDifferentiableError",
    "NotScalarOutputError",
    "Params",
    "Rule",
    "Settings",
    "ShapeError",
    "SourceUnavailableError",
    "StaleSourceError",
    "Tangent",
    "UnsupportedSyntaxError",
    "VerificationError",
    "adjoint",
    "adjoint_source",
    "cache_info",
    "check_gradient",
    "children",
    "clear_cache",
    "debug",
    "destructure",
    "f16",
    "f32",
    "f64",
    "fmap",
    "from_source",
    "functor",
    "grad",
    "gradient",
    "jacobian",
    "loadmodel",
    "nondifferentiable",
    "params",
    "pullback",
    "rules",
    "settings",
    "state",
    "stop_gradient",
    "summary",
    "train",
    "trainable",
    "trainables",
    "value_and_grad",
    "value_and_gradient",
    "withgradient",
    "within_gradient",
]

__version__ = "0.1.0.dev0"

# Where the public names are defined.
_HOMES = {
    "adjoints.registry": ("Rule", "adjoint", "nondifferentiable", "rules"),
    "api": (
        "grad", "gradient", "jacobian", "pullback", "stop_gradient", "value_and_grad",
        "value_and_gradient", "withgradient", "within_gradient",
    ),
    "checking": ("GradientMismatch", "GradientReport", "check_gradient"),
    "config": ("Settings", "settings"),
    "debugging": ("debug",),
    "errors": (
        "AdjointError", "DpyError", "DpyWarning", "MutationError", "NoAdjointError",
        "NonFiniteError", "NotDifferentiableError", "NotScalarOutputError", "ShapeError",
        "SourceUnavailableError", "StaleSourceError", "UnsupportedSyntaxError",
        "VerificationError",
    ),
    "functors": (
        "children", "destructure", "f16", "f32", "f64", "fmap", "functor", "loadmodel", "params",
        "state", "trainable", "trainables",
    ),
    "listing": ("adjoint_source",),
    "nn.show": ("summary",),
    "parameters": ("Grads", "Params"),
    "sources": ("from_source",),
    "specialise": ("CacheInfo", "cache_info", "clear_cache"),
    "tangent": ("Tangent",),
    "training": ("train",),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}

# Modules that `import dpy` alone makes reachable as ``dpy.errors`` and so on.
_MODULES = frozenset({
    "adjoints", "api", "checking", "config", "data", "errors", "functors", "listing", "losses",
    "nn", "optim", "parameters", "training",
})  # fmt: skip


def __getattr__(name: str) -> _typing.Any:
    home = _HOME.get(name)
    if home is not None:
        from dpy.pause import paused

        module = paused(_importlib.import_module, f"dpy.{home}")
        value = globals()[name] = getattr(module, name)
        return value
    if name in _MODULES:
        return _importlib.import_module(f"dpy.{name}")
    raise AttributeError(f"module 'dpy' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
