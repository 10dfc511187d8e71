"""Write the golden listings: ``python -m tests.golden.write``, then read the difference."""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.specialise import forward_of
from tests.golden import showcase

FOLDER = pathlib.Path(__file__).parent


def cases() -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """The functions by the names of their golden files, with arguments."""
    rng = np.random.default_rng(0)
    shapes = {"w_1": (3, 4), "b_1": (4,), "w_2": (4, 2), "b_2": (2,)}
    net = showcase.MLP(**{name: rng.normal(size=shape) for name, shape in shapes.items()})
    one, two = showcase.RGB(0.1, 0.2, 0.3), showcase.RGB(0.4, 0.6, 0.2)
    return {
        "logistic": (showcase.logistic, (0.3, 3.7, 10)),
        "heron": (showcase.heron, (2.0,)),
        "heat": (showcase.heat, (np.linspace(0.0, 1.0, 6) ** 2, 0.1, 3)),
        "mlp_loss": (showcase.mlp_loss, (net, rng.normal(size=(5, 3)), rng.normal(size=(5, 2)))),
        "contrast": (showcase.contrast, (one, two)),
    }


def listing(function: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """The generated code as ``ast.unparse`` prints it: the same on every version of Python."""
    found = forward_of(function, args, {}, (True,) * len(args), (), protect=False)
    return ast.unparse(found.tree()) + "\n"


def main() -> None:
    """Write all files."""
    for name, (function, args) in cases().items():
        (FOLDER / f"{name}.txt").write_text(listing(function, args), encoding="utf-8")


if __name__ == "__main__":
    main()
