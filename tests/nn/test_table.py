"""The table of a model, by the package `rich`."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import dpy
from dpy import nn


def test_table() -> None:
    console = pytest.importorskip("rich.console")
    layer = nn.Dense(3, 1)
    layer.weight[:] = np.nan
    model = nn.Chain(first=nn.Dense(784, 3, nn.relu), rest=nn.Chain(layer, nn.softmax))
    out = console.Console(width=100, record=True)
    with out.capture() as captured:
        out.print(dpy.summary(model))
    lines = [line.split() for line in captured.get().splitlines()]
    assert ["first", "=", "Dense(784,", "3,", "relu)", "2_355"] in lines
    assert ["Dense(3,", "1)", "4", "some", "NaN"] in lines
    assert ["softmax"] in lines
    assert any(line[-1:] == ["2_359"] for line in lines)


def test_rich_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, dpy; dpy.summary(dpy.nn.Dense(3, 3)); print('rich' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
