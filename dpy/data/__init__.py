"""Data: batches, observations, one-hot labels, and files.

>>> import numpy as np
>>> x, y = np.arange(8.0).reshape(4, 2), ["cat", "dog", "cat", "cat"]
>>> loader = DataLoader((x, onehotbatch(y, ["cat", "dog"])), batchsize=2, shuffle=True, rng=0)
>>> len(loader), [inputs.shape for inputs, labels in loader]
(2, [(2, 2), (2, 2)])
"""

from dpy.data.arrays import (
    batch,
    batch_sequence,
    chunk,
    falses_like,
    fill_like,
    flatten,
    group_counts,
    group_indices,
    normalise,
    normalize,
    ones_like,
    rand_like,
    randn_like,
    rescale,
    rpad_constant,
    stack,
    trues_like,
    unbatch,
    unsqueeze,
    unstack,
    zeros_like,
)
from dpy.data.idx import mnist, read_idx, write_idx
from dpy.data.images import ImageFolder, digits, image_folder, read_image
from dpy.data.loader import DataLoader, eachobs
from dpy.data.observations import (
    ObsView,
    filterobs,
    getobs,
    groupobs,
    joinobs,
    kfolds,
    leavepout,
    mapobs,
    numobs,
    obsview,
    oversample,
    randobs,
    shuffleobs,
    slidingwindow,
    splitobs,
    undersample,
)
from dpy.data.onehot import OneHotArray, onecold, onehot, onehotbatch

__all__ = [
    "DataLoader", "ImageFolder", "ObsView", "OneHotArray", "batch", "batch_sequence", "chunk",
    "digits", "eachobs", "falses_like", "fill_like", "filterobs", "flatten", "getobs",
    "group_counts", "group_indices", "groupobs", "image_folder", "joinobs", "kfolds", "leavepout",
    "mapobs", "mnist", "normalise", "normalize", "numobs", "obsview", "onecold", "onehot",
    "onehotbatch", "ones_like", "oversample", "rand_like", "randn_like", "randobs", "read_idx",
    "read_image", "rescale", "rpad_constant", "shuffleobs", "slidingwindow", "splitobs", "stack",
    "trues_like", "unbatch", "undersample", "unsqueeze", "unstack", "write_idx", "zeros_like",
]  # fmt: skip
