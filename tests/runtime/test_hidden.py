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
from dpy.runtime.hidden import (
    hide_kept,
    hide_made,
    hide_text,
    is_text,
    reads_hidden,
    show_text,
)


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


def test_texts_of_active_values_and_of_such_texts() -> None:
    first, second, third = f"{1.5}", f"{1.5} m", f"{2.5}"
    hide_text(first, (1.5,), is_of_active=True)
    hide_text(second, (first, " m"), is_of_active=False)
    hide_text(third, ("2", ".5"), is_of_active=False)
    assert [is_hidden(x) for x in (first, second, third)] == [True, True, False]


def test_a_text_that_was_taken_for_one_of_something_active() -> None:
    first, second = f"{1.5}", f"{1.5} m"
    hide(first)
    hide(second)
    show_text(second, (first,))
    assert is_hidden(second)
    show_text(second, (1.5,))
    assert not is_hidden(second)
