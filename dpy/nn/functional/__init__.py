"""What layers compute with: plain functions of arrays.

Batches come first. Functions of `dpy.nn.functional` keep the dtype of floating point arrays.
"""

from dpy.nn.functional.activations import relu, sigmoid

__all__ = [
    "relu",
    "sigmoid",
]
