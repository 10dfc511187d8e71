"""The library of adjoint rules. Importing this package registers them."""

from dpy.adjoints import builtins, mathlib, numpy, operators  # noqa: F401
