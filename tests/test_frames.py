"""Functions that look at their callers see the program's frames, not those of dpy."""

from __future__ import annotations

import inspect
import logging
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import dpy
from dpy import frames

logger = logging.getLogger("tests.frames")


def warned_here(x: Any) -> Any:
    warnings.warn("here", stacklevel=1)
    return x * x


def warned_on_a_tape(x: Any) -> Any:
    for k in range(2):
        if k:
            warnings.warn("on a tape", DeprecationWarning, 1)
        try:
            x = x * 2
        except ValueError:
            pass
    return x


def one_up(x: Any) -> Any:
    warnings.warn("one up", stacklevel=2)
    return x * x


def calls_one_up(x: Any) -> Any:
    y = x + 1
    return one_up(y)


def calls_one_up_from_a_nested_function(x: Any) -> Any:
    def inner(z: Any) -> Any:
        warnings.warn("nested", stacklevel=2)
        return z * z

    return inner(x) + x


def calls_one_up_under_try(x: Any) -> Any:
    try:
        return one_up(x)
    finally:
        x = 0.0


def far_up(x: Any) -> Any:
    warnings.warn("far up", stacklevel=100)
    return x * x


def by_a_method_of_a_list(x: Any) -> Any:
    return sum(map(one_up, [x, x + 1]))


WARNING = [
    warned_here, warned_on_a_tape, calls_one_up, calls_one_up_from_a_nested_function,
    calls_one_up_under_try, far_up,
]  # fmt: skip


def warnings_of(run: Any) -> list[tuple[str, Any, str, int]]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        run()
    return [(str(w.message), w.category, w.filename, w.lineno) for w in found]


@pytest.mark.parametrize("f", WARNING)
def test_warnings_are_reported_where_python_reports_them(f: Any) -> None:
    expected = warnings_of(lambda: f(2.0))
    for _ in range(2):
        assert warnings_of(lambda: dpy.gradient(f, 2.0)) == expected
    assert warnings_of(lambda: dpy.pullback(f, 2.0)) == expected


def test_a_warning_is_shown_once_for_each_line() -> None:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("default")
        for _ in range(3):
            dpy.gradient(warned_on_a_tape, 1.0)
    assert len(found) == 1


def test_a_warning_as_an_error_is_raised_in_the_program() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="here"):
            dpy.gradient(warned_here, 2.0)


def names_of_frames(x: Any) -> Any:
    names.append(sys._getframe().f_code.co_name)
    frame = inspect.currentframe()
    assert frame is not None
    names.append(frame.f_code.co_filename)
    names.append(frame.f_lineno)
    return x * x


def named_by_its_caller(x: Any) -> Any:
    def who() -> Any:
        return sys._getframe(1).f_code.co_firstlineno

    names.append(who())
    return x * x


def frames_on_a_tape(x: Any) -> Any:
    try:
        names.append(sys._getframe().f_lineno)
        names.append(sys._getframe(0).f_code.co_filename)
    finally:
        x = x * x
    return x


names: list[Any] = []


@pytest.mark.parametrize("f", [frames_on_a_tape, named_by_its_caller])
def test_frames_are_the_program_s(f: Any) -> None:
    names.clear()
    f(3.0)
    expected = list(names)
    names.clear()
    assert dpy.gradient(f, 3.0) == (6.0,)
    assert names == expected


def test_the_frame_of_generated_code_has_the_program_s_lines() -> None:
    names.clear()
    names_of_frames(3.0)
    expected = names[1:]
    names.clear()
    dpy.gradient(names_of_frames, 3.0)
    assert names[1:] == expected


def logged(x: Any) -> Any:
    logger.warning("plain %s", 1)
    try:
        logger.warning("on a tape")
        logger.log(logging.ERROR, "one up", stacklevel=2)
        logging.error("root")  # noqa: LOG015
    finally:
        x = x * x
    return x


def calls_logged(x: Any) -> Any:
    return logged(x) + 1


def test_records_of_logs_have_the_program_s_lines(caplog: pytest.LogCaptureFixture) -> None:
    def records(run: Any) -> list[Any]:
        caplog.clear()
        run()
        return [(r.getMessage(), r.pathname, r.lineno) for r in caplog.records]

    assert records(lambda: dpy.gradient(calls_logged, 2.0)) == records(lambda: calls_logged(2.0))


def test_what_does_not_look_at_frames_is_left_alone() -> None:
    for f in (len, np.sin, logger.isEnabledFor, frames, [], {}):
        assert frames.seen_from_outside(f) is f
