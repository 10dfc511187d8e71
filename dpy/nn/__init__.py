"""Layers: plain dataclasses of arrays, callables and other layers, with `__call__`.

Any callable is a layer, and a class of one's own needs no base class and no registration. The
names are Flux's; batches come first, and what layers compute with is in `dpy.nn.functional`.
"""

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:  # the same as in `_HOMES`, for type checkers and editors
    from dpy.nn.functional.activations import relu, sigmoid

__all__ = [
    "functional",
    "relu",
    "sigmoid",
]

# Where the public names are defined, below `dpy.nn`; each is imported when it is first used.
_HOMES = {
    "functional.activations": ("relu", "sigmoid"),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> _typing.Any:
    home = _HOME.get(name)
    if home is not None:
        from dpy.pause import paused

        module = paused(_importlib.import_module, f"dpy.nn.{home}")
        value = globals()[name] = getattr(module, name)
        return value
    if name == "functional":
        return _importlib.import_module("dpy.nn.functional")
    raise AttributeError(f"module 'dpy.nn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
