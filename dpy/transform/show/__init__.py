"""Print any stage as Python, and turn IR into Python's own trees.

>>> from dpy.transform.ir import Assign, Function, Lit, Op, Param, Var
>>> body = (Assign("t_1", Op("mul", (Var("x"), Lit(2)))),)
>>> print(show(Function("double", (Param("x"),), body, Var("t_1"))))
def double(x):
    t_1 = x * 2
    return t_1
"""

import ast

from dpy.transform.ir import Function
from dpy.transform.show.expressions import expression_to_ast
from dpy.transform.show.namer import Namer
from dpy.transform.show.statements import block_to_ast, to_function_ast

__all__ = ["Namer", "block_to_ast", "expression_to_ast", "show", "to_function_ast"]


def show(function: Function) -> str:
    """The function as Python text."""
    return ast.unparse(ast.fix_missing_locations(to_function_ast(function)))
