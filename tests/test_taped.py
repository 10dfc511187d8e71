"""Functions that run on a tape, from the outside."""

from __future__ import annotations

import math

import pytest

import dpy


def safe_root(x):
    try:
        return math.sqrt(x)
    except ValueError:
        return x * x


def test_both_ways() -> None:
    assert dpy.gradient(safe_root, 4.0) == (0.25,)
    assert dpy.gradient(safe_root, -4.0) == (-8.0,)


def test_called_from_compiled_code() -> None:
    def f(x):
        total = 0.0
        for k in range(3):
            total = total + safe_root(x - k)
        return total

    # sqrt(1.25), sqrt(0.25), then the square of -0.75
    expected = 0.5 / math.sqrt(1.25) + 0.5 / math.sqrt(0.25) - 1.5
    assert dpy.gradient(f, 1.25) == (pytest.approx(expected, rel=1e-14),)


def test_listing() -> None:
    text = dpy.adjoint_source(safe_root, 2.0)
    assert "def safe_root_taped(x):" in text
    assert "except BaseException as caught_1" in text


def test_defaults_and_keywords() -> None:
    def f(x, *rest, scale=2.0, **options):
        try:
            return x * rest[0] * scale
        except IndexError:
            return x * options["other"]

    assert dpy.gradient(f, 3.0, 4.0) == (8.0, 6.0)
    assert dpy.gradient(f, 3.0, other=5.0) == (5.0,)


def test_the_traceback_names_the_users_line() -> None:
    def f(x):
        try:
            y = x * x
        finally:
            x = 0.0
        return [][int(y)]

    with pytest.raises(IndexError) as caught:
        dpy.gradient(f, 1.0)
    lines = [entry.lineno for entry in caught.traceback if str(entry.path) == __file__]
    assert f.__code__.co_firstlineno + 5 - 1 in lines  # counted from 0
