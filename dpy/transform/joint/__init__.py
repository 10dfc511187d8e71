"""Write one *joint* function, primal and then adjoint, in the subset that Numba compiles.

The generated forward and its pullback become one function without closures, lists or runtime
calls: what a loop saves goes to typed arrays, and the cotangent of an array that is written to
element by element is a local array. What cannot be had this way is refused, with its line.
"""

from dpy.transform.joint.book import Compiled, Helper, Markers
from dpy.transform.joint.write import write_joint

__all__ = ["Compiled", "Helper", "Markers", "write_joint"]
