"""Read adjoint rules as straight-line code, for what is known of the arguments.

A rule is a Python function that serves all cases: vectors and matrices, an axis or none, real and
complex. Here it is evaluated on the *kinds* of the arguments: what follows from them, such as
``b.ndim == 2`` or ``axis is None``, is decided, helper functions are entered, and what is left
are the expressions that a person would have written for this case. A rule that does not become
straight-line is called as it is.

>>> import numpy as np
>>> from dpy.adjoints import registry
>>> from dpy.kinds import Array
>>> from dpy.transform import ir
>>> matrix = Array(np.dtype(float), 2)
>>> rule = registry.lookup(np.matmul)
>>> found = read_rule(rule, (ir.Var("<0>"), ir.Var("<1>")), (), (matrix, matrix), matrix)
>>> [show_expression(c.expr) for c in found.cotangents]
['d_y @ <1>.T', '<0>.T @ d_y']

`rules` is the entry, `reader` the evaluator; `values` are what it computes with and `knowledge`
what kinds tell it. `plans` says what the adjoint of one statement takes from the result.
"""

from dpy.transform.rule_reader.plans import (
    D_Y,
    RESULT,
    Cotangent,
    Inlined,
    Plan,
    plan,
    show_expression,
    substitute,
)
from dpy.transform.rule_reader.rules import read_expression, read_rule

__all__ = [
    "D_Y", "RESULT", "Cotangent", "Inlined", "Plan", "plan", "read_expression", "read_rule",
    "show_expression", "substitute",
]  # fmt: skip
