"""The steps of ``except*`` do what Python's own do, to the last trace in the exceptions."""

from __future__ import annotations

from typing import Any

import pytest

from dpy.transform.lower import lower
from dpy.transform.rebuild import rebuild
from dpy.transform.source import read_source


def thrown(kind: str) -> BaseException:
    if kind == "one":
        return ValueError(1)
    inner = ExceptionGroup("inner", [ValueError(3), KeyError(4)])
    error = ExceptionGroup("outer", [ValueError(1), TypeError(2), inner])
    error.add_note("a note")
    return error


def swallows(kind):
    try:
        raise thrown(kind)
    except* ValueError:
        pass


def hands_on(kind):
    try:
        raise thrown(kind)
    except* ValueError:
        raise
    except* TypeError:
        pass


def fails(kind):
    try:
        raise thrown(kind)
    except* TypeError as group:
        raise OSError(len(group.exceptions)) from group
    except* ValueError as group:
        raise group
    except* KeyError:
        raise


def wants_nothing(kind):
    try:
        raise thrown(kind)
    except* ():  # noqa: B029
        pass


def wants_groups(kind):
    try:
        raise thrown(kind)
    except* (ValueError, ExceptionGroup):
        pass


def wants_no_class(kind):
    try:
        raise thrown(kind)
    except* (ValueError, 3):  # noqa: B030
        pass


def described(error: BaseException | None) -> Any:
    """All that can be seen of an exception, except whose frames it has passed."""
    if error is None:
        return None
    lines = []
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == __file__:
            lines.append(traceback.tb_lineno)
        traceback = traceback.tb_next
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    notes = getattr(error, "__notes__", None)
    return (
        type(error), str(error), lines, notes, described(error.__context__),
        described(error.__cause__), [described(e) for e in inner],
    )  # fmt: skip


def outcome(f: Any, kind: str) -> Any:
    try:
        f(kind)
    except BaseException as error:
        return described(error)
    return "nothing"


@pytest.mark.parametrize("kind", ["one", "group"])
@pytest.mark.parametrize(
    "f", [swallows, hands_on, fails, wants_nothing, wants_groups, wants_no_class]
)
def test_as_python_does(f: Any, kind: str) -> None:
    source = read_source(f)
    rebuilt = rebuild(lower(source), source, f)
    assert outcome(rebuilt, kind) == outcome(f, kind)
