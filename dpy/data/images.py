"""Data from elsewhere: folders of images, and the handwritten digits of scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dpy.errors import DpyError

__all__ = ["ImageFolder", "digits", "image_folder", "read_image"]

_ENDINGS = frozenset(".bmp .gif .jpeg .jpg .pgm .png .ppm .tif .tiff .webp".split())


def read_image(path: Any, size: tuple[int, int] | None = None, mode: str = "RGB") -> Any:
    """An image as a float32 array ``(channels, height, width)``, from 0 to 1.

    Args:
        path: a file that Pillow can read.
        size: height and width to which it is resized.
        mode: ``"RGB"``, ``"L"`` for grey, ``"RGBA"``.

    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (4, 3), (255, 0, 0)).save(f"{folder}/red.png")
    ...     image = read_image(f"{folder}/red.png")
    >>> image.shape, image[:, 0, 0].tolist()
    ((3, 3, 4), [1.0, 0.0, 0.0])
    """
    try:
        from PIL import Image
    except ImportError:
        raise DpyError(
            "reading images needs Pillow", repair='pip install "dpy[images]", or pip install pillow'
        ) from None
    with Image.open(path) as file:
        image = file.convert(mode)
        if size is not None:
            image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        array = np.asarray(image, dtype=np.float32) / np.float32(255)
    return np.ascontiguousarray(np.moveaxis(array.reshape(*array.shape[:2], -1), -1, 0))


class ImageFolder:
    """The images below a folder with one subfolder for each class; what `image_folder` returns.

    Each observation is a pair of an image, read when it is asked for, and the number of its class.
    """

    def __init__(self, folder: Any, size: tuple[int, int] | None, mode: str) -> None:
        root = Path(folder)
        if not root.is_dir():
            raise DpyError(f"there is no folder {folder}")
        self.size = size
        self.mode = mode
        self.classes = sorted(p.name for p in root.iterdir() if p.is_dir())
        self.files = [
            (path, k)
            for k, name in enumerate(self.classes)
            for path in sorted((root / name).rglob("*"))
            if path.suffix.lower() in _ENDINGS
        ]
        if not self.files:
            raise DpyError(
                f"there are no images in the subfolders of {folder}",
                why="each subfolder is a class, and holds its images",
                repair="arrange the files as folder/class/image.png",
            )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        path, label = self.files[i]
        return read_image(path, self.size, self.mode), label

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        return (self[i] for i in range(len(self)))

    @property
    def labels(self) -> Any:
        """The number of the class of each image."""
        return np.array([label for _, label in self.files])

    def __repr__(self) -> str:
        return f"ImageFolder({len(self)} images, {len(self.classes)} classes)"


def image_folder(
    folder: Any, size: tuple[int, int] | None = None, mode: str = "RGB"
) -> ImageFolder:
    """The images ``folder/class/image.png`` as a data container of pairs (image, class number).

    Args:
        folder: its subfolders are the classes.
        size: height and width to which each image is resized; needed for batches if they differ.
        mode: ``"RGB"`` or ``"L"``.

    >>> import os, tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("cat", "dog"):
    ...         os.mkdir(f"{folder}/{name}")
    ...         Image.new("L", (2, 2)).save(f"{folder}/{name}/1.png")
    ...     data = image_folder(folder, mode="L")
    ...     data.classes, data[1][0].shape, data[1][1]
    (['cat', 'dog'], (1, 2, 2), 1)
    """
    return ImageFolder(folder, size, mode)


def digits(*, scale: bool = True) -> tuple[Any, Any]:
    """The 1,797 handwritten digits that come with scikit-learn: images ``(N, 8, 8)`` and labels.

    Args:
        scale: give numbers from 0 to 1 rather than 0 to 16.

    >>> x, y = digits()
    >>> x.shape, x.dtype, float(x.max()), y[:4].tolist()
    ((1797, 8, 8), dtype('float32'), 1.0, [0, 1, 2, 3])
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DpyError(
            "the digits come with scikit-learn", repair='pip install "dpy[examples]"'
        ) from None
    found = load_digits()
    images = found.images.astype(np.float32)
    return (images / np.float32(16) if scale else images), found.target.astype(np.int64)
