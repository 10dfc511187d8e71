"""Inference is shown programs as they are written."""

from __future__ import annotations

import pytest

from dpy import inlining
from dpy.transform import unroll


@pytest.fixture(autouse=True)
def _calls_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are seen as calls here; `test_inlining` has those that are replaced."""
    monkeypatch.setattr(inlining, "SMALL", -1)
    monkeypatch.setattr(unroll, "LARGEST", 0)
