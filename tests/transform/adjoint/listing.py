"""The adjoint of a small function as text and as a tree.

Inlining and the optimiser come later: here the runtime's functions are mere names.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Any

from dpy.specialise import forward_of
from dpy.transform import ir
from dpy.transform.adjoint import finish_loops, write_adjoint
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import Runtime
from dpy.transform.infer import Facts
from dpy.transform.show import show


class Names(Runtime):
    """A runtime of names only."""

    def __getattr__(self, name: str) -> ir.Known:
        return ir.Known(name, name)


def facts_of(function: Any, *args: Any, inactive: str = "") -> Facts:
    """What inference finds where all arguments but those named are differentiated."""
    names = function.__code__.co_varnames[: len(args)]
    active = tuple(name not in inactive.split() for name in names)
    facts = forward_of(function, args, {}, active, (), protect=False).facts
    assert facts is not None
    return facts


def sweep_of(function: Any, *args: Any, inactive: str = "") -> Sweep:
    """A sweep of which nothing has been written yet."""
    return Sweep(facts_of(function, *args, inactive=inactive), Names())


def statement(facts: Facts, target: str) -> ir.Assign:
    """The first statement that assigns a variable."""
    return next(
        s for s in ir.walk(facts.function.body) if isinstance(s, ir.Assign) and s.target == target
    )


def written(sweep: Sweep) -> str:
    """The statements that a sweep has written."""
    body = finish_loops(tuple(sweep.out))
    text = show(ir.Function("f", (), (*body, ir.Return(ir.Lit(None)))))
    return "\n".join(line[4:] for line in text.split("\n")[1:-1])


class Listing:
    """The generated function as text and as a tree."""

    def __init__(self, function: Any, *args: Any, inactive: str = "") -> None:
        facts = facts_of(function, *args, inactive=inactive)
        generated = write_adjoint(facts, Names())
        self.text = show(replace(generated, body=finish_loops(generated.body)))
        (self.tree,) = ast.parse(self.text).body
        assert isinstance(self.tree, ast.FunctionDef)
        self.pullback = next(n for n in self.tree.body if isinstance(n, ast.FunctionDef))
        self.forward = "\n".join(
            ast.unparse(n) for n in self.tree.body if not isinstance(n, ast.FunctionDef)
        )
        self.reverse = "\n".join(map(ast.unparse, self.pullback.body))

    def names(self) -> set[str]:
        return {n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name)}

    def cotangents(self) -> set[str]:
        return {name for name in self.names() if name.startswith("d_")}

    def saving_loops(self) -> list[tuple[ast.For | ast.While, str, list[str]]]:
        """Loops of the forward that save: the loop, the tape, the names saved each time."""
        found = []
        for loop in ast.walk(self.tree):
            if not isinstance(loop, (ast.For, ast.While)):
                continue
            for statement in loop.body:
                match = re.fullmatch(r"(\w+)\.append\((.*)\)", ast.unparse(statement))
                if match and match[1].startswith("saved"):
                    found.append((loop, match[1], re.findall(r"[A-Za-z_]\w*", match[2])))
        return found

    def reading_loop(self, tape: str) -> ast.For:
        (found,) = (
            n
            for n in ast.walk(self.pullback)
            if isinstance(n, ast.For) and tape in ast.unparse(n.iter)
        )
        return found


def loads(nodes: list[ast.stmt]) -> set[str]:
    return {
        n.id
        for node in nodes
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    }
