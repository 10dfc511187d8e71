"""Texts of objects: ``str``, ``repr``, ``format``, f-strings, ``print`` and ``%``.

They carry no derivative, but a ``__str__`` of the user's may write to something.
"""

from __future__ import annotations

import sys
from typing import Any

from dpy.cotangent import ZERO
from dpy.errors import UnsupportedSyntaxError
from dpy.runtime import item_cotangents
from dpy.runtime.conversions import COMMON, call_method
from dpy.runtime.delegates import StandIns
from dpy.runtime.entries import entry
from dpy.runtime.hidden import hide_kept
from dpy.runtime.opaque import carries, opaque
from dpy.runtime.special_methods import implements, is_written_by_dataclass, user_method
from dpy.slots import kind_of

__all__ = ["format_", "join", "percent"]

_CONVERSIONS: dict[str, Any] = {"r": repr, "s": str, "a": ascii}
_SIMPLE = COMMON - {list, tuple, dict, set, frozenset, range}


def is_simple(x: Any) -> bool:
    """Whether no method of the user's has a part in the text of a value."""
    t = type(x)
    if t in _SIMPLE:
        return True
    if t is list or t is tuple or t is set or t is frozenset:
        return all(map(is_simple, x))
    if t is dict:
        return all(map(is_simple, x)) and all(map(is_simple, x.values()))
    return t is range


def text(function: Any, x: Any, *spec: Any) -> tuple[Any, Any]:
    """``str(x)``, ``repr(x)``, ``ascii(x)``, ``format(x, spec)``: ``(y, pb)`` as of `dispatch`."""
    if is_simple(x):
        return function(x, *spec), None
    t = type(x)
    if function is format:
        if implements(t, "__format__") is object.__format__ and spec in ((), ("",)):
            y, pb = text(str, x)
            rest = (ZERO,) * len(spec)
            return y, None if pb is None else lambda d, acc: (ZERO, (*pb(d, acc)[1], *rest), {})
        return _by_method("__format__", function, (x, *(spec or ("",))), (x, *spec))
    if function is str and implements(t, "__str__") is not object.__str__:
        return _by_method("__str__", function, (x,), (x,))
    y, pb = _by_method("__repr__", repr, (x,), (x,))
    return (_ascii(y) if function is ascii else y), pb


def _ascii(shown: str) -> str:
    return shown.encode("ascii", "backslashreplace").decode("ascii")


def _by_method(name: str, function: Any, args: tuple[Any, ...], given: tuple[Any, ...]) -> Any:
    """By a method of the user's, or as it is where there is none that can be transformed."""
    t = type(args[0])
    method = user_method(t, name)
    if method is None or is_written_by_dataclass(t, method):
        return _of_parts(function, given)
    try:
        y, pb = call_method(method, args)
    except UnsupportedSyntaxError:
        return opaque(function, given, {})
    if not isinstance(y, str):
        of_type = type(y).__name__
        if function is format:
            raise TypeError(f"__format__ must return a str, not {of_type}")
        raise TypeError(f"{name} returned non-string (type {of_type})")
    n = len(given)
    return y, None if pb is None else lambda d, acc: (ZERO, pb(ZERO, acc)[1][:n], {})


def _of_parts(function: Any, args: tuple[Any, ...]) -> tuple[Any, Any]:
    """The text of a container, whose items may be objects of the user's."""
    x, *spec = args
    made = StandIns()
    standing = _with_stand_ins(made, x, {})
    if standing is x:
        if kind_of(type(x)).read is not None and not all(
            map(is_simple, kind_of(type(x)).read(x).values())  # type: ignore[misc]
        ):
            return opaque(function, args, {})
        return function(*args), None
    y = made.run(lambda: function(standing, *spec))

    def parts_pullback(d: Any, acc: Any) -> Any:
        made.back_by_identity(acc)
        return item_cotangents.nothing(args)

    return y, parts_pullback


def _with_stand_ins(made: StandIns, x: Any, known: dict[int, Any]) -> Any:
    """A list, tuple or dict with stand-ins for the objects in it; other things as they are."""
    t = type(x)
    if t not in (list, tuple, dict) or is_simple(x):
        return x
    if id(x) in known:
        return known[id(x)]
    if t is dict:
        new: Any = {}
        known[id(x)] = new
        new.update({key: _item(made, item, known) for key, item in x.items()})
        return new
    if t is tuple:
        return tuple([_item(made, item, known) for item in x])
    new = known[id(x)] = []
    new.extend([_item(made, item, known) for item in x])
    return new


def _item(made: StandIns, x: Any, known: dict[int, Any]) -> Any:
    t = type(x)
    if t in (list, tuple, dict) or t in COMMON:
        return _with_stand_ins(made, x, known)
    return made.of(x)


def _as_entry(function: Any) -> None:
    def show(dispatch: Any, args: Any, kwargs: Any) -> Any:
        if kwargs or not 1 <= len(args) <= (2 if function is format else 1):
            return None
        return text(function, *args)

    entry(function)(show)


for _function in (str, repr, ascii, format):
    _as_entry(_function)


def format_(x: Any, conversion: str, spec: str) -> tuple[Any, Any]:
    """A part of an f-string: ``(y, pb)``, one cotangent for each of the three."""
    if type(x) in _SIMPLE:
        return _plain_part(x, conversion, spec), None
    made: Any = None
    shown = x
    if conversion:
        shown, made = text(_CONVERSIONS[conversion], x)
    y, pb = text(format, shown, spec)
    if pb is None and made is None:
        return y, None

    def format_pullback(d: Any, acc: Any) -> Any:
        d_x = ZERO if pb is None else pb(ZERO, acc)[1][0]
        return (d_x if made is None else made(ZERO, acc)[1][0]), ZERO, ZERO

    return y, format_pullback


def _plain_part(x: Any, conversion: str, spec: str) -> str:
    return format(_CONVERSIONS[conversion](x) if conversion else x, spec)


@entry(print)
def print_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``print``: its parts are written one by one, each when its text is made."""
    if kwargs.get("file") is not None and carries(*args):
        hide_kept(kwargs["file"])
    if all(map(is_simple, args)):
        print(*args, **kwargs)
        return None, None
    sep, end = kwargs.get("sep"), kwargs.get("end")
    for name, part in (("sep", sep), ("end", end)):
        if part is not None and not isinstance(part, str):
            raise TypeError(f"{name} must be None or a string, not {type(part).__name__}")
    file = kwargs.get("file")
    file = sys.stdout if file is None else file
    pbs: list[Any] = []
    if file is not None:
        for i, x in enumerate(args):
            if i:
                file.write(" " if sep is None else sep)
            y, pb = text(str, x)
            pbs.append(pb)
            file.write(y)
        file.write("\n" if end is None else end)
        if kwargs.get("flush"):
            file.flush()

    def print_pullback(d: Any, acc: Any) -> Any:
        d_args = [ZERO] * len(args)
        for i in range(len(pbs) - 1, -1, -1):
            if pbs[i] is not None:
                d_args[i] = pbs[i](ZERO, acc)[1][0]
        return ZERO, tuple(d_args), {}

    return None, print_pullback


# --- formats with several values ------------------------------------------------------------------


def percent(form: Any, values: Any) -> tuple[Any, Any]:
    """``form % values`` of a string: ``(y, pb)``, one cotangent for each operand."""
    if is_simple(values):
        return form % values, None
    made = StandIns()
    standing = _with_stand_ins(made, values, {})
    if standing is values:
        standing = made.of(values)
    y = made.run(lambda: form % standing)

    def percent_pullback(d: Any, acc: Any) -> Any:
        made.back_by_identity(acc)
        return ZERO, ZERO

    return y, percent_pullback


@entry(str.format)
def str_format(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``form.format(...)``; a field that looks into its value, ``{0.x}``, is left as it is."""
    form = args[0]
    if all(map(is_simple, args)) and is_simple(kwargs):
        return str.format(*args, **kwargs), None
    if "." in form or "[" in form:
        return opaque(str.format, args, kwargs)
    made = StandIns()
    standing = _with_stand_ins(made, tuple(args[1:]), {})
    named = _with_stand_ins(made, kwargs, {})
    y = made.run(lambda: form.format(*standing, **named))

    def format_pullback(d: Any, acc: Any) -> Any:
        made.back_by_identity(acc)
        return item_cotangents.nothing(args)

    return y, format_pullback


def join(*parts: str) -> tuple[str, Any]:
    """The parts of an f-string."""
    return "".join(parts), None
