"""Generated code that is compiled against its own text, so that debuggers show it.

Usually a statement of generated code bears the place of the user's statement that it belongs to.
Here it bears its place in the listing, which `linecache` is told of under a name that no file has:
tracebacks and ``pdb`` then show what runs. A comment names the user's line.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
from collections.abc import Callable, Iterator
from types import FrameType

from dpy.transform.codes import without_warnings
from dpy.transform.places import Table

__all__ = ["debugger", "format_code", "listed"]

_MOST = 1000  # listings that are kept
_WIDTH = 48  # before the comments, where lines are not longer
_TITLE = "<dpy listing of"
_STEPPED_OVER = frozenset({"dpy", "numpy", *sys.stdlib_module_names})
_COMPILER = ("dpy.specialise.", "dpy.transform.")
_names: dict[str, None] = {}


def _by_astor(tree: ast.AST) -> str:
    import astor

    return str(astor.to_source(tree))


def format_code(tree: ast.AST) -> str:
    """A tree as text: by `astor` where that runs, by ``ast.unparse`` otherwise."""
    has_match = any(isinstance(node, ast.Match) for node in ast.walk(tree))
    if sys.version_info < (3, 14) and not has_match:
        try:
            return without_warnings(_by_astor, tree)
        except (ImportError, AttributeError, TypeError):
            pass
    return ast.unparse(tree) + "\n"


def listed(
    tree: ast.FunctionDef, qualname: str, table: Table, stop: ast.expr | None = None
) -> tuple[ast.FunctionDef, str]:
    """The same function as it stands in its listing, and the name of that.

    `table` has the places of inlined statements (see `places`). If there is a `stop`, the function
    and those in it begin by calling what that returns; it is not part of the text.
    """
    text = format_code(tree)
    (again,) = ast.parse(text).body
    assert isinstance(again, ast.FunctionDef)
    name = _register(_with_comments(text, tree, again, table), qualname)
    if stop is not None:
        _begin_with(again, stop)
    return again, name


def _with_comments(text: str, tree: ast.FunctionDef, again: ast.FunctionDef, table: Table) -> str:
    """The text with the user's lines; without them if a comment would change what it means."""
    comments: dict[int, str] = {}
    for old, new in zip(_statements(tree), _statements(again), strict=True):
        spots = table.get(old.col_offset)
        where = f"line {old.lineno}"
        if spots:
            where = f"{spots[-1].function}, line {spots[-1].line}"
        comments[new.lineno] = where
    lines = text.splitlines()
    width = min(_WIDTH, max(map(len, lines)))
    last = ""
    for number, where in sorted(comments.items()):
        if where != last:
            lines[number - 1] = f"{lines[number - 1]:<{width}}  # {where}"
        last = where
    commented = "\n".join(lines) + "\n"
    try:
        same = ast.dump(ast.parse(commented)) == ast.dump(ast.parse(text))
    except SyntaxError:
        same = False
    return commented if same else text


def _statements(tree: ast.FunctionDef) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _register(text: str, qualname: str) -> str:
    """Tell `linecache` of a listing; the same text has the same name."""
    name = title = f"{_TITLE} {qualname}>"
    lines = text.splitlines(keepends=True)
    number = 1
    while name in linecache.cache and linecache.getlines(name) != lines:
        number += 1
        name = f"{title[:-1]}, {number}>"
    # Without a time of modification an entry is never looked up on the disk.
    linecache.cache[name] = (len(text), None, lines, name)
    _names[name] = None
    while len(_names) > _MOST:
        oldest = next(iter(_names))
        del _names[oldest]
        linecache.cache.pop(oldest, None)
    return name


def debugger() -> Callable[[], object]:
    """What a function calls to stop where it is: the debugger that ``breakpoint()`` would start.

    If that is ``pdb``, it steps over dpy's own code, the standard library and NumPy.
    """
    chosen = os.environ.get("PYTHONBREAKPOINT") or "pdb.set_trace"
    if sys.breakpointhook is not sys.__breakpointhook__ or chosen != "pdb.set_trace":
        return breakpoint
    from pdb import Pdb

    class Stepper(Pdb):
        def stop_here(self, frame: FrameType) -> bool:
            return not _is_stepped_over(frame) and super().stop_here(frame)

    return Stepper().set_trace


def _is_stepped_over(frame: FrameType) -> bool:
    caller: FrameType | None = frame
    while caller is not None and not caller.f_code.co_filename.startswith(_TITLE):
        module = caller.f_globals.get("__name__") or ""  # none: made by ``exec``
        if module.startswith(_COMPILER):
            return True
        if caller is frame and (not module or module.partition(".")[0] in _STEPPED_OVER):
            return True
        caller = caller.f_back
    return False


_SHOWS_THE_CALL = sys.version_info >= (3, 13)  # of the debugger, not the line after it


def _begin_with(tree: ast.FunctionDef, stop: ast.expr) -> None:
    """Let each function call the debugger so that it shows the first statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            where: ast.stmt = node.body[0] if _SHOWS_THE_CALL else node
            first = ast.Expr(ast.Call(ast.Call(stop, [], []), [], []))
            for part in ast.walk(first):
                ast.copy_location(part, where)
            first.end_lineno, first.end_col_offset = where.lineno, where.col_offset
            node.body.insert(0, first)
