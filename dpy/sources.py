"""Run text as `exec` does, so that what it defines can be differentiated."""

from __future__ import annotations

import ast
import hashlib
import linecache
import textwrap
from typing import Any

from dpy.errors import DpyError

__all__ = ["from_source"]


def from_source(text: str, namespace: dict[str, Any] | None = None) -> Any:
    r"""Run the source `text` in `namespace`, and keep the text.

    ``exec(text, namespace)`` does the same, but Python forgets the text then: dpy, tracebacks and
    debuggers cannot read it any more.

    Args:
        text: any statements; all of it may be indented.
        namespace: the globals that it runs in and that what it defines will see, such as
            ``globals()``; by default a new one. Names that it assigns are left there.

    Returns:
        The function or class that the text defines last; None if it defines none.

    Raises:
        DpyError: `text` is no string, or `namespace` no dict.
        SyntaxError: `text` is not Python.
        Exception: whatever running it raises.

    >>> import dpy
    >>> f = dpy.from_source("def f(x):\n    return sum([x * k for k in range(4)])")
    >>> dpy.gradient(f, 1.0)
    (6.0,)
    """
    if not isinstance(text, str):
        raise DpyError(f"{text!r} is no source text", repair="pass a string of Python statements")
    if namespace is None:
        namespace = {"__name__": "__main__"}
    elif not isinstance(namespace, dict):
        raise DpyError(
            f"a {type(namespace).__name__} cannot be the namespace of functions",
            repair="pass a dict, such as globals()",
        )
    text = textwrap.dedent(text)
    filename = f"<dpy source {hashlib.sha256(text.encode()).hexdigest()[:16]}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    tree = ast.parse(text, filename)
    exec(compile(tree, filename, "exec", dont_inherit=True), namespace)
    name = _defined_last(tree)
    return None if name is None else namespace.get(name)


def _defined_last(tree: ast.Module) -> str | None:
    """The name of the last function or class of a module; ``f = lambda: ...`` is one too."""
    for statement in reversed(tree.body):
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                return name
            case ast.AsyncFunctionDef(name=name):
                return name
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda()):
                return name
    return None
