"""Tests of layers start from the same weights in each run."""

from __future__ import annotations

import pytest

from dpy import nn


@pytest.fixture(autouse=True)
def same_weights() -> None:
    """Start the shared generator anew for each test."""
    nn.seed(0)
