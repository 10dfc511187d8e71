"""Find a function's definition by parsing just its own lines.

Most of the time of a first gradient would go into parsing whole files for a lambda of one line. A
code object tells where its text is; that text is put at its place in an otherwise empty file,
inside a class and a function like those around it and after the imports that it uses, and compiled.
What comes out must be the very code object, positions included; in all other cases the whole file
is searched (`source`).

>>> import colorsys
>>> from pathlib import Path
>>> lines = Path(colorsys.__file__).read_text().splitlines(keepends=True)
>>> found = find_snippet(colorsys.rgb_to_yiq.__code__, lines, imported_names("".join(lines)))
>>> found.node.name, found.class_name
('rgb_to_yiq', None)
"""

from __future__ import annotations
import __future__

import ast
import re
import types
from collections.abc import Iterator, Sequence
from inspect import CO_NESTED
from typing import Any

from dpy.records import record
from dpy.transform.codes import all_codes, compile_quietly, extent, same_code

__all__ = ["FUTURE_FLAGS", "Snippet", "find_snippet", "imported_names"]

FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag

_CLOSING = tuple(")]}")


@record
class Snippet:
    """A function or lambda in a module's tree, and the innermost class around it."""

    node: Any
    class_name: str | None


def find_snippet(
    code: types.CodeType, lines: Sequence[str], imported: frozenset[str]
) -> Snippet | None:
    """The definition that `code` was compiled from, or None where this way cannot tell.

    `imported` are the names that the file imports: Python compiles calls of their methods in a way
    of its own.
    """
    class_name = _class_around(code)
    first = code.co_firstlineno
    if first > len(lines) or code.co_name == "<genexpr>":
        return None
    header = []
    if code.co_flags & CO_NESTED:
        outer = [name for name in code.co_freevars if name != "__class__"]
        header.append(f"def outer({', '.join(outer)}):\n")
    if class_name is not None:
        header.append(f"{' ' * len(header)}class {class_name}:\n")
    depth = len(header)
    candidates = _lambda_texts if code.co_name == "<lambda>" else _def_texts
    if not header and candidates is _def_texts and lines[first - 1].startswith(" "):
        header.append("if 1:\n")
    before = "".join(header)
    modules = [name for c in (code, *all_codes(code)) for name in c.co_names if name in imported]
    if modules:
        before = f"import {', '.join(modules)}\n{before}"
    room = first - 1 - len(header) - bool(modules)
    if room < 0:
        return None
    for text in candidates(code, lines, len(header)):
        tree = _check(code, "\n" * room + before + text, depth)
        if tree is not None:
            for _ in range(len(header) + 1):
                tree = tree.body[-1]
            return Snippet(tree.value if isinstance(tree, ast.Expr) else tree, class_name)
    return None


_imports = re.compile(r"import[ \t]+(\([^)]*\)|[^\n;#]*)")


def imported_names(text: str) -> frozenset[str]:
    """The names that the ``import`` statements of a file bind, or seem to."""
    names = set()
    for found in _imports.findall(text):
        for part in re.sub(r"#[^\n]*", "", found).strip("()").split(","):
            words = part.split()
            if words:
                names.add(words[-1] if len(words) > 1 else words[0].partition(".")[0])
    return frozenset(names)


def _class_around(code: types.CodeType) -> str | None:
    """The innermost class around a function: its private names are mangled."""
    *parts, _ = code.co_qualname.split(".")
    for i in reversed(range(len(parts))):
        if parts[i] != "<locals>" and parts[i + 1 : i + 2] != ["<locals>"]:
            return parts[i]
    return None


def _check(code: types.CodeType, text: str, depth: int) -> Any:
    """The tree of the text, if the one definition at this depth in it compiles to `code`."""
    flags = code.co_flags & FUTURE_FLAGS
    try:
        tree = compile_quietly(text, code.co_filename, flags | ast.PyCF_ONLY_AST)
        compiled = compile_quietly(tree, code.co_filename, flags)
    except (SyntaxError, ValueError):
        return None
    for _ in range(depth):
        compiled = next(c for c in compiled.co_consts if isinstance(c, types.CodeType))
    for other in compiled.co_consts:
        if isinstance(other, types.CodeType) and other.co_linetable == code.co_linetable:
            if same_code(code, other):
                return tree
    return None


def _def_texts(code: types.CodeType, lines: Sequence[str], depth: int) -> Iterator[str]:
    """The lines from the first decorator to the next line that is not indented deeper."""
    first = code.co_firstlineno - 1
    indent = _indent(lines[first])
    if indent is None or indent < depth:
        return
    _, end = extent(code)
    for inner in all_codes(code):
        _, inner_end = extent(inner)
        end = max(end or (0, 0), inner_end or (0, 0))
    last = max(first + 1, end[0] if end is not None else 0)
    while last < len(lines):
        line = lines[last]
        here = _indent(line)
        if here is not None and here <= indent and not line.lstrip().startswith(_CLOSING):
            break
        last += 1
    yield "".join(lines[first:last])


def _indent(line: str) -> int | None:
    """The number of blanks at the start of a line; None for an empty one or a comment."""
    rest = line.lstrip(" ")
    return None if not rest.strip() or rest.startswith("#") else len(line) - len(rest)


def _lambda_texts(code: types.CodeType, lines: Sequence[str], depth: int) -> Iterator[str]:
    """From the word ``lambda`` on the first line to the end of the body, in parentheses."""
    start, end = extent(code)
    if start is None or end is None or end[0] > len(lines):
        return
    first = code.co_firstlineno
    encoded = [line.encode() for line in lines[first - 1 : end[0]]]
    limit = start[1] if start[0] == first else len(encoded[0])
    at = encoded[0].rfind(b"lambda", 0, limit)
    encoded[-1] = encoded[-1][: end[1]]
    while at > depth:
        head = b" " * (at - 1) + b"(" + encoded[0][at:]
        if depth == 0:
            # The parenthesis that begins the line must not be indented.
            head = b"(" + b" " * (at - 1) + encoded[0][at:]
        text = b"".join([head, *encoded[1:]]).decode(errors="replace")
        for missing in range(4):  # parentheses around the body are no part of it
            yield text + ")" * (missing + 1) + "\n"
        at = encoded[0].rfind(b"lambda", 0, at)
