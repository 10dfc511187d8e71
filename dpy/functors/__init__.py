"""Models as trees: walk any object, rebuild it, and find what is trained.

A model is whatever holds arrays: dataclasses, plain objects, named tuples, lists, dicts, and these
in each other. Nothing has to be registered, and nothing here runs the constructors of a class.

>>> from types import SimpleNamespace
>>> import numpy as np
>>> layer = SimpleNamespace(weight=np.ones((2, 3)), bias=np.zeros(2), sigma=np.tanh)
>>> doubled = fmap(lambda a: 2 * a, layer)
>>> doubled.weight[0], doubled.sigma is np.tanh, len(params(layer))
(array([2., 2., 2.]), True, 2)
"""

from dpy.functors.parts import functor, is_parameter, params, trainable, trainables
from dpy.functors.precision import f16, f32, f64
from dpy.functors.states import loadmodel, state
from dpy.functors.trees import children, fmap, gradient_children, is_array, rebuild
from dpy.functors.vectors import Restructure, destructure, flatten

__all__ = [
    "Restructure",
    "children",
    "destructure",
    "f16",
    "f32",
    "f64",
    "flatten",
    "fmap",
    "functor",
    "gradient_children",
    "is_array",
    "is_parameter",
    "loadmodel",
    "params",
    "rebuild",
    "state",
    "trainable",
    "trainables",
]
