"""The collector rests while dpy compiles, and only then."""

from __future__ import annotations

import gc

import pytest

import dpy
from dpy.pause import paused


@pytest.fixture(autouse=True)
def _enabled():
    gc.enable()
    yield
    gc.enable()


def test_it_is_as_it_was_afterwards() -> None:
    assert not paused(gc.isenabled)
    assert not paused(paused, gc.isenabled)
    assert gc.isenabled()
    gc.disable()
    assert not paused(gc.isenabled)
    assert not gc.isenabled()


def test_errors_do_not_leave_it_off() -> None:
    with pytest.raises(ZeroDivisionError):
        paused(divmod, 1, 0)
    assert gc.isenabled()


def test_the_users_code_runs_with_the_collector_as_it_is() -> None:
    seen = []

    def f(x):
        seen.append(gc.isenabled())
        return g(x) * x

    def g(x):
        seen.append(gc.isenabled())
        return x * x

    assert dpy.gradient(f, 2.0) == (12.0,)
    assert seen == [True, True]
    assert gc.isenabled()


def test_a_function_that_is_refused_leaves_it_on() -> None:
    async def f(x):
        return x

    with pytest.raises(dpy.errors.DpyError):
        dpy.gradient(f, 1.0)
    assert gc.isenabled()
