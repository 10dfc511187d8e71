"""Folders of images, and the digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dpy
from dpy.data import DataLoader, digits, image_folder, read_image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    image = pytest.importorskip("PIL.Image")
    for k, name in enumerate(("cat", "dog")):
        (tmp_path / name / "more").mkdir(parents=True)
        for i in range(2 + k):
            pixels = np.full((4 + i, 6, 3), (10 * k, 20 * i, 255), np.uint8)
            image.fromarray(pixels).save(tmp_path / name / ("more" if i else ".") / f"{i}.png")
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    return tmp_path


def test_classes_and_pixels(folder: Path) -> None:
    data = image_folder(folder)
    assert data.classes == ["cat", "dog"] and data.labels.tolist() == [0, 0, 1, 1, 1]
    x, label = data[3]
    assert x.dtype == np.float32 and x.shape == (3, 5, 6) and label == 1
    assert np.allclose(x[:, 0, 0] * 255, (10, 20, 255)) and x.flags.c_contiguous
    assert repr(data) == "ImageFolder(5 images, 2 classes)" and len(list(data)) == 5


def test_batches_of_one_size(folder: Path) -> None:
    data = image_folder(folder, size=(8, 5), mode="L")
    for x, y in DataLoader(data, batchsize=5, workers=2):
        assert x.shape == (5, 1, 8, 5) and y.tolist() == [0, 0, 1, 1, 1]
    with pytest.raises(dpy.DpyError, match="cannot be stacked"):
        next(iter(DataLoader(image_folder(folder), batchsize=5)))
    assert read_image(folder / "cat" / "0.png", mode="RGBA").shape == (4, 4, 6)


def test_folders_without_images(tmp_path: Path) -> None:
    with pytest.raises(dpy.DpyError, match="there is no folder"):
        image_folder(tmp_path / "none")
    with pytest.raises(dpy.DpyError, match="there are no images"):
        image_folder(tmp_path)


def test_digits() -> None:
    pytest.importorskip("sklearn")
    x, y = digits()
    assert x.shape == (1797, 8, 8) and x.dtype == np.float32 and 0 <= x.min() < x.max() == 1.0
    assert np.bincount(y).min() > 170 and digits(scale=False)[0].max() == 16.0
