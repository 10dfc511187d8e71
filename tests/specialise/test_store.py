"""What is kept, counted and forgotten."""

from __future__ import annotations

import pytest

import dpy
from dpy.errors import UnsupportedSyntaxError
from dpy.specialise import cache_info, clear_cache, store
from dpy.transform.lower import lower
from dpy.transform.source import read_source


def square(x: float) -> float:
    return x * x


async def later(x: float) -> float:
    return x


def test_what_is_counted() -> None:
    clear_cache()
    assert cache_info().functions == cache_info().specialisations == 0
    before = cache_info()
    dpy.gradient(square, 1.5)
    dpy.gradient(square, 2)
    after = cache_info()
    assert (after.functions, after.specialisations) == (1, 2)
    assert after.compiles - before.compiles == 2


def test_nothing_is_left_after_clearing() -> None:
    for _ in range(5):
        dpy.gradient(square, 1.5)
    assert store.compiled
    assert store.entries
    clear_cache()
    assert not store.compiled
    assert not store.entries
    assert dpy.gradient(square, 1.5) == (3.0,)


def test_the_oldest_functions_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    clear_cache()
    monkeypatch.setattr(store, "_MOST_FUNCTIONS", 2)
    first, second, third = object(), object(), object()
    kept = store.group_of(first)
    assert store.group_of(first) is kept
    store.group_of(second)
    store.group_of(third)
    assert list(store.compiled) == [second, third]
    clear_cache()


def test_a_function_is_lowered_once_even_if_it_cannot_be(monkeypatch) -> None:
    clear_cache()
    lowered = []
    monkeypatch.setattr(store, "lower", lambda source: lowered.append(source) or lower(source))
    source = read_source(square)
    assert store.lowered_function(source) is store.lowered_function(source)
    errors = []
    for _ in range(2):
        with pytest.raises(UnsupportedSyntaxError) as caught:
            store.lowered_function(read_source(later))
        errors.append(caught.value)
    assert str(errors[0]) == str(errors[1])
    assert errors[0] is not errors[1]  # each shows the traceback of its own call
    assert len(lowered) == 2
