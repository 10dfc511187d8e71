"""Files of the format of MNIST (idx), packed by gzip or not. Nothing is ever downloaded."""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np

from dpy.errors import DpyError

__all__ = ["mnist", "read_idx", "write_idx"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_FILES = {"train": "train", "test": "t10k"}


def read_idx(path: Any) -> Any:
    """The array in an idx file.

    Raises:
        DpyError: it is no such file, or it ends too early.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "a.idx.gz")
    ...     write_idx(path, np.array([[1, 2]], np.uint8))
    ...     read_idx(path)
    array([[1, 2]], dtype=uint8)
    """
    data = Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _TYPES:
        raise DpyError(
            f"{path} is no idx file",
            why=f"it begins with {data[:4]!r}, not with two zeros and the number of a type",
            repair="give a file such as train-images-idx3-ubyte.gz",
        )
    dtype = np.dtype(_TYPES[data[2]])
    start = 4 + 4 * data[3]
    shape: tuple[int, ...] = ()
    wanted = start
    if len(data) >= start:
        shape = tuple(np.frombuffer(data[4:start], ">i4").tolist())
        wanted += math.prod(shape) * dtype.itemsize
    if len(data) < wanted:
        raise DpyError(
            f"{path} ends too early: {len(data)} of {wanted} bytes",
            repair="copy or unpack the file again",
        )
    array = np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def write_idx(path: Any, array: Any) -> None:
    """Write an array as an idx file, packed if the name ends in ``.gz``.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(os.path.join(folder, "a"), np.ones(3, np.int32))
    ...     os.path.getsize(os.path.join(folder, "a"))
    20
    """
    array = np.asarray(array)
    big = array.dtype.newbyteorder(">")
    codes = {np.dtype(name): code for code, name in _TYPES.items()}
    if big not in codes:
        raise DpyError(
            f"idx files hold no {array.dtype}",
            repair="use uint8, int8, int16, int32, float32 or float64",
        )
    head = bytes([0, 0, codes[big], array.ndim]) + np.array(array.shape, ">i4").tobytes()
    data = head + array.astype(big).tobytes()
    Path(path).write_bytes(gzip.compress(data) if str(path).endswith(".gz") else data)


def mnist(folder: Any, split: str = "train", *, scale: bool = True) -> tuple[Any, Any]:
    """Images and labels of MNIST, or of a set with the same file names such as Fashion-MNIST.

    Args:
        folder: where ``train-images-idx3-ubyte`` and so on lie, packed or not.
        split: ``"train"`` or ``"test"``.
        scale: give float32 numbers from 0 to 1 rather than bytes.

    Returns:
        Images ``(N, 28, 28)`` and labels ``(N,)``.

    Raises:
        DpyError: a file is not there. It is not downloaded.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(f"{folder}/t10k-images-idx3-ubyte.gz", np.full((2, 28, 28), 255, np.uint8))
    ...     write_idx(f"{folder}/t10k-labels-idx1-ubyte.gz", np.array([7, 2], np.uint8))
    ...     x, y = mnist(folder, "test")
    >>> x.shape, float(x.max()), y.tolist()
    ((2, 28, 28), 1.0, [7, 2])
    """
    if split not in _FILES:
        raise DpyError(f"MNIST has no part {split!r}", repair='say "train" or "test"')
    images = read_idx(_file(folder, f"{_FILES[split]}-images", "idx3-ubyte"))
    labels = read_idx(_file(folder, f"{_FILES[split]}-labels", "idx1-ubyte"))
    if len(images) != len(labels):
        raise DpyError(f"{len(images)} images and {len(labels)} labels do not belong together")
    if scale:
        images = images.astype(np.float32) / np.float32(255)
    return images, labels.astype(np.int64)


def _file(folder: Any, name: str, ending: str) -> Path:
    tried = [Path(folder, f"{name}{dot}{ending}{gz}") for dot in "-." for gz in ("", ".gz")]
    for path in tried:
        if path.is_file():
            return path
    raise DpyError(
        f"there is no file {tried[0].name} in {folder}",
        why="dpy downloads nothing",
        repair=f"put {tried[1].name} there, or use dpy.data.digits()",
    )
