"""Files of the format of MNIST."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dpy
from dpy.data import mnist, read_idx, write_idx


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_round_trip(tmp_path: Path, dtype: str, ending: str) -> None:
    array = (np.arange(24).reshape(2, 3, 4) - (0 if dtype == "u1" else 9)).astype(dtype)
    path = tmp_path / f"a{ending}"
    write_idx(path, array)
    found = read_idx(path)
    assert found.dtype == array.dtype and np.array_equal(found, array) and found.flags.writeable


def test_the_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    write_idx(tmp_path / "a", np.array([[1, 2, 3]], np.int16))
    wanted = b"\0\0\x0b\x02" + b"\0\0\0\x01" + b"\0\0\0\x03" + b"\0\x01\0\x02\0\x03"
    assert (tmp_path / "a").read_bytes() == wanted


def test_mnist(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (5, 28, 28)).astype(np.uint8)
    labels = rng.integers(0, 10, 5).astype(np.uint8)
    write_idx(tmp_path / "train-images.idx3-ubyte", images)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", labels)
    x, y = mnist(tmp_path)
    assert x.dtype == np.float32 and np.allclose(x * 255, images) and y.tolist() == labels.tolist()
    assert mnist(tmp_path, scale=False)[0].dtype == np.uint8
    with pytest.raises(dpy.DpyError, match="there is no file t10k-images-idx3-ubyte in"):
        mnist(tmp_path, "test")
    with pytest.raises(dpy.DpyError, match="no part 'valid'"):
        mnist(tmp_path, "valid")
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", labels[:3])
    with pytest.raises(dpy.DpyError, match="5 images and 3 labels"):
        mnist(tmp_path)


def test_what_is_no_such_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"PNG...")
    with pytest.raises(dpy.DpyError, match="is no idx file"):
        read_idx(tmp_path / "a")
    write_idx(tmp_path / "b", np.arange(10.0))
    (tmp_path / "b").write_bytes((tmp_path / "b").read_bytes()[:-1])
    with pytest.raises(dpy.DpyError, match="ends too early: 87 of 88 bytes"):
        read_idx(tmp_path / "b")
    (tmp_path / "b").write_bytes(b"\0\0\x08\x03\0\0")
    with pytest.raises(dpy.DpyError, match="ends too early"):
        read_idx(tmp_path / "b")
    with pytest.raises(dpy.DpyError, match="idx files hold no complex128"):
        write_idx(tmp_path / "c", np.ones(1, complex))
