"""Make a failing program small while it keeps failing in the same way."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

BODIES = ("body", "orelse", "finalbody")


def shrink(text: str, fails: Callable[[str], bool], rounds: int = 12) -> str:
    """The smallest program found; `fails` says whether a candidate still shows the failure.

    >>> print(shrink("a = 1\\nb = 2\\nif a:\\n    c = b + 3\\n", lambda t: "b + 3" in t))
    c = b + 3
    """
    text = ast.unparse(ast.parse(text))
    for _ in range(rounds):
        before = text
        for edits in (_statements, _unwraps, _expressions):
            text = _greedy(text, edits, fails)
        if text == before:
            break
    return text


Edit = Callable[[], None]


def _greedy(
    text: str, edits: Callable[[ast.Module], Iterator[Edit]], fails: Callable[[str], bool]
) -> str:
    """Try every edit in turn; keep those after which the program still fails."""
    position = 0
    while True:
        tree = ast.parse(text)
        edit = next((e for i, e in enumerate(edits(tree)) if i == position), None)
        if edit is None:
            return text
        edit()
        candidate = _unparse(tree)
        if candidate is not None and candidate != text and _attempt(candidate, fails):
            text = candidate
        else:
            position += 1


def _unparse(tree: ast.Module) -> str | None:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and not body and not isinstance(node, ast.Module):
            node.body = [ast.Pass()]  # type: ignore[attr-defined]
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
        compile(text, "<candidate>", "exec")
    except (SyntaxError, ValueError):
        return None
    return text


def _attempt(candidate: str, fails: Callable[[str], bool]) -> bool:
    try:
        return fails(candidate)
    except Exception:  # the candidate is no valid program: not the failure that is wanted
        return False


def _lists(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in BODIES:
            body = getattr(node, name, None)
            if isinstance(body, list):
                yield body


def _statements(tree: ast.Module) -> Iterator[Edit]:
    """Delete one statement (later ones first: they depend on the earlier ones)."""
    for body in _lists(tree):
        for i in reversed(range(len(body))):
            if not isinstance(body[i], ast.Pass):
                yield lambda body=body, i=i: body.__delitem__(i)  # type: ignore[misc]


def _unwraps(tree: ast.Module) -> Iterator[Edit]:
    """Replace a compound statement by one of its bodies."""
    for body in _lists(tree):
        for i, statement in enumerate(body):
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                continue
            for name in BODIES:
                inner = getattr(statement, name, None)
                if isinstance(inner, list) and inner:
                    yield lambda b=body, i=i, new=inner: b.__setitem__(slice(i, i + 1), new)  # type: ignore[misc]


def _expressions(tree: ast.Module) -> Iterator[Edit]:
    """Replace an expression by one of its parts, or by a number."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if isinstance(value, ast.expr) and not isinstance(
                getattr(value, "ctx", None), ast.Store
            ):
                for new in _simpler(value):
                    yield lambda p=parent, n=name, new=new: setattr(p, n, copy.deepcopy(new))  # type: ignore[misc]
            elif isinstance(value, list):
                for i, item in enumerate(value):
                    if isinstance(item, ast.expr):
                        for new in _simpler(item):
                            yield lambda v=value, i=i, new=new: v.__setitem__(i, copy.deepcopy(new))  # type: ignore[misc]
                        if isinstance(parent, (ast.List, ast.Tuple)) and len(value) > 1:
                            yield lambda v=value, i=i: v.__delitem__(i)  # type: ignore[misc]


def _simpler(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, (ast.Constant, ast.Name)):
        return []
    parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    if isinstance(node, ast.Call):
        parts = [*node.args, *parts]
    number: list[ast.expr] = [] if isinstance(node, ast.Lambda) else [ast.Constant(0.5)]
    return [*number, *parts]
