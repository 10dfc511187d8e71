"""Write the adjoint of a function: a forward that saves what it must, and its pullback.

The reverse sweep is generated first, statement by statement from the last to the first. It notes
which values it needs; then the forward is the primal with these values saved: function-level
values stay in the closure, those of a loop go into one tuple per iteration.

Read `function` (the whole), `control` (blocks, branches, loops) and `forms` (which module reverses
which statement) first. What they write with: `saved` (what is kept of the primal), `cotangents`
(the variables and their states), `sweep` (what results take and operands are given).
"""

from dpy.transform.adjoint.forward import finish_loops
from dpy.transform.adjoint.function import write_adjoint

__all__ = ["finish_loops", "write_adjoint"]
