"""How the names that are no variables appear in a tree."""

from __future__ import annotations

import ast
from typing import Any

from dpy.transform.ir import Closure, Home
from dpy.transform.show.nodes import call_node, dotted, name_node

__all__ = ["Namer"]


class Namer:
    """How the names that are no variables appear. This one writes for reading.

    A subclass that wants code that runs binds the objects in a namespace and returns the names.
    """

    def known(self, value: Any, name: str) -> ast.expr:
        """An object known to the compiler; `name` may be dotted."""
        return dotted(name)

    def helper(self, name: str) -> ast.expr:
        """One of `dpy.transform.helpers.HELPERS`."""
        return name_node(name)

    def global_(self, name: str) -> ast.expr:
        """A global of the user's module."""
        return name_node(name)

    def global_of(self, home: Home, name: str) -> ast.expr:
        """A global of another module."""
        return dotted(f"{home.globals.get('__name__', 'other').rpartition('.')[2]}.{name}")

    def free(self, name: str) -> ast.expr:
        """The content of a free variable."""
        return name_node(name)

    def free_of(self, cell: Any, name: str) -> ast.expr:
        """The content of a cell of another function."""
        return name_node(name)

    def cell(self, name: str) -> ast.expr:
        """The cell of a free variable."""
        return name_node(f"cell_{name}")

    def globals(self) -> ast.expr:
        """The dict of the user's globals."""
        return call_node(self.helper("globals"), [])

    def code(self, closure: Closure) -> ast.expr:
        """The code object of a nested function."""
        return name_node("lambda_" if closure.code_name == "<lambda>" else closure.code_name)
