"""The functions that rules consist of: their trees, their parameters, and calls of them."""

from __future__ import annotations

import types
from typing import Any

from dpy.transform.rule_reader.values import Static, Stuck
from dpy.transform.source import read_tree

__all__ = ["attempt", "bind", "definition_of", "is_hashable", "is_of_rules"]

_definitions: dict[Any, Any] = {}


def definition_of(function: Any) -> Any:
    """The tree of a function; None where there is no source."""
    code = function.__code__
    if code not in _definitions:
        try:
            _definitions[code] = read_tree(function)
        except Exception:  # no source, or not what the code was made from
            _definitions[code] = None
    return _definitions[code]


def bind(node: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a function and their values; defaults are known."""
    positional = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    only = [a.arg for a in node.args.kwonlyargs]
    if node.args.kwarg or len(args) > len(positional) and not node.args.vararg:
        raise Stuck
    env = dict(zip(positional, args, strict=False))
    if node.args.vararg:
        rest = args[len(positional) :]
        statics = all(isinstance(a, Static) for a in rest)
        env[node.args.vararg.arg] = Static(tuple(a.value for a in rest)) if statics else rest
    for name, value in kwargs.items():
        if name in env or name not in (*positional, *only):
            raise Stuck
        env[name] = value
    defaults = function.__defaults__ or ()
    for name, value in zip(positional[len(positional) - len(defaults) :], defaults, strict=True):
        env.setdefault(name, Static(value))
    for name, value in (function.__kwdefaults__ or {}).items():
        env.setdefault(name, Static(value))
    if any(name not in env for name in (*positional, *only)):
        raise Stuck
    return env


def attempt(function: Any, *args: Any, **kwargs: Any) -> Any:
    """A call now; one that fails is left to the generated code."""
    try:
        return function(*args, **kwargs)
    except Exception:
        raise Stuck from None


def is_hashable(function: Any) -> bool:
    """Whether a callable can be looked up in a table."""
    try:
        hash(function)
    except TypeError:
        return False
    return True


def is_of_rules(function: Any) -> bool:
    """A helper of the rules: it can be entered, and called now where its arguments are known."""
    return isinstance(function, types.FunctionType) and function.__module__.startswith(
        "dpy.adjoints."
    )
