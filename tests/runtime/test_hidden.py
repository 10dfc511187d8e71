"""What is known to hold something of active values out of sight."""

from __future__ import annotations

import enum
import logging
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dpy.runtime import forward_run
from dpy.runtime.forward_run import hide, is_hidden
from dpy.runtime.hidden import hide_kept, hide_made, is_text, reads_hidden


@pytest.fixture(autouse=True)
def _run() -> Iterator[None]:
    outer = forward_run.notes()
    forward_run.adopt(({}, {}, {}, {}, []))
    yield
    forward_run.adopt(outer)


@pytest.mark.parametrize(
    ("x", "expected"),
    [("1.5", True), ("none", False), (b"1", True), (np.array(["1.5"]), True), (1.5, False),
     (np.array([1.5]), False), (["1.5"], False)],
)  # fmt: skip
def test_text(x: Any, expected: bool) -> None:
    assert is_text(x) is expected


def test_services_that_forget_are_not_noted() -> None:
    log, rng = logging.getLogger("hidden"), random.Random(1)
    hide_kept(log, rng, None, [1.0])
    assert is_hidden(log) and not is_hidden(rng)


def test_what_a_call_has_made_is_noted_at_any_depth() -> None:
    text, log = "x = 1.5", logging.getLogger("hidden")
    color = enum.Enum("color", {"red": 1.5})
    hide_made({"a": [text, (log, 2.5)], "b": color})
    assert all(map(is_hidden, (text, log, color)))
    assert reads_hidden((text,)) and reads_hidden(([text],)) and not reads_hidden((2.5, "1.5 "))


def test_notes_end_with_the_run() -> None:
    x = object()
    hide(x)
    assert not forward_run.in_run(is_hidden, x)
    assert is_hidden(x)
