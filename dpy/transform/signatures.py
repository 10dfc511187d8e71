"""The signatures of Python functions: finding one out takes longer than anything done with it."""

from __future__ import annotations

import inspect
import weakref
from types import FunctionType
from typing import Any

__all__ = ["signature_of"]

_known: weakref.WeakKeyDictionary[FunctionType, tuple[Any, ...]] = weakref.WeakKeyDictionary()


def signature_of(function: FunctionType) -> inspect.Signature:
    """The signature of the function itself, whatever it says that it wraps.

    >>> str(signature_of(lambda a, b=2: a))
    '(a, b=2)'
    """
    state = (function.__code__, function.__defaults__, function.__kwdefaults__)
    known = _known.get(function)
    if known is not None and all(a is b for a, b in zip(known, state, strict=False)):
        signature: inspect.Signature = known[3]
        return signature
    signature = inspect.signature(function, follow_wrapped=False)
    _known[function] = (*state, signature)
    return signature
