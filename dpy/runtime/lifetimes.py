"""Code that runs when an object dies: dpy keeps objects until the pullback is dropped.

So a ``__del__`` of the user's, or what `weakref.finalize` calls, would run later than in the plain
call, and the program could tell. Those of libraries let go of files and the like.
"""

from __future__ import annotations

import weakref
from typing import Any

from dpy.errors import UnsupportedSyntaxError
from dpy.runtime.entries import entry
from dpy.runtime.failures import user_place
from dpy.runtime.opaque import is_of_library
from dpy.runtime.special_methods import user_method

__all__ = ["refuse_finalizer"]


def _nothing(self: Any) -> None:
    pass


def refuse_finalizer(cls: type) -> None:
    """Refuse to make an object whose end the program would notice.

    Raises:
        UnsupportedSyntaxError.
    """
    method = user_method(cls, "__del__")
    if method is None or is_of_library(method):
        return
    if method.__code__.co_code == _nothing.__code__.co_code:
        return
    raise _refusal(f"a {cls.__name__} is made, and its class has a __del__")


def _refusal(what: str) -> UnsupportedSyntaxError:
    return UnsupportedSyntaxError(
        what,
        place=user_place(),
        why="dpy keeps objects for the reverse sweep, so that it would run later than it does "
        "without dpy",
        repair="call a method that does the same where it has to be done, or use a `with` "
        "statement; or make the object outside of the differentiated function",
    )


@entry(weakref.finalize)
def finalize(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``weakref.finalize(obj, function, ...)``."""
    raise _refusal("weakref.finalize() is called")


@entry(weakref.ref)
def make_reference(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``weakref.ref(obj, callback)``; without a callback the end of the object shows nowhere."""
    if len(args) == 2 and hasattr(args[1], "__code__") and not is_of_library(args[1]):
        raise _refusal("weakref.ref() is called with a callback")
    return None
