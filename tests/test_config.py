"""Settings hold inside their ``with`` block, in their own context, and nowhere else."""

from __future__ import annotations

import contextvars
import threading

import pytest

from dpy.config import Settings, current, settings


def test_defaults() -> None:
    assert contextvars.Context().run(current) == Settings()
    assert Settings().strong_zero
    assert not Settings().check_rules


def test_settings_are_restored() -> None:
    before = current()
    with settings(strong_zero=False) as inside:
        assert inside == current()
        assert not current().strong_zero
    assert current() == before


def test_settings_nest_and_keep_what_they_do_not_name() -> None:
    with settings(strong_zero=False), settings(check_rules=True):
        assert not current().strong_zero
        assert current().check_rules


def test_settings_are_restored_after_an_exception() -> None:
    before = current()
    with pytest.raises(ZeroDivisionError), settings(check_rules=True):
        raise ZeroDivisionError
    assert current() == before


def test_a_block_can_be_used_again_inside_itself() -> None:
    before = current()
    block = settings(check_rules=True)
    with block:
        with block:
            assert current().check_rules
        assert current().check_rules
    assert current() == before


def test_other_threads_do_not_see_them() -> None:
    seen = []
    with settings(strong_zero=False):
        thread = threading.Thread(target=lambda: seen.append(current().strong_zero))
        thread.start()
        thread.join()
    assert seen == [True]


def test_an_unknown_setting_is_named_with_those_that_exist() -> None:
    with pytest.raises(TypeError, match="unknown setting 'strong_zeros'; known: .*strong_zero"):
        settings(strong_zeros=False)
