"""Functions on a tape: what is written."""

from __future__ import annotations

from dpy.transform import split_targets, taped
from dpy.transform.generic import Runtime
from dpy.transform.lower import lower
from dpy.transform.show import show
from dpy.transform.source import read_source
from dpy.transform.verify import verify


def guarded(x, d):
    try:
        y = d[x]
    except KeyError:
        y = 0.0
    return y


def plain(x):
    return x * x


def items(x):
    sent = yield x
    yield from [sent]


def written(function):
    lowered = split_targets.run(lower(read_source(function)))
    verify(lowered)
    runtime = Runtime(
        globals_={}, closure=len, begin=len, operate=max, display_spread=len, call_=min,
        call_spread=abs, write_global=len,
    )  # fmt: skip
    made = taped.run(lowered, runtime)
    verify(made, nested_ok=True)
    return lowered, show(made)


def test_which_functions_need_a_tape() -> None:
    assert taped.uses_tape(written(guarded)[0])
    assert taped.uses_tape(written(items)[0])
    assert not taped.uses_tape(written(plain)[0])
    assert taped.suspends(written(items)[0])
    assert not taped.suspends(written(guarded)[0])


def test_each_variable_has_a_key() -> None:
    text = written(guarded)[1]
    line = guarded.__code__.co_firstlineno + 2
    assert f"y, y_k = tape.operate('getitem', (d_k, x_k, {line}), d, x)" in text
    assert "y_k = None" in text
    assert "return (y, y_k, tape)" in text


def test_the_tape_is_told_of_exceptions() -> None:
    lines = [line.strip() for line in written(guarded)[1].splitlines()]
    assert lines.index("try:") + 1 == lines.index("tape.enter()")
    assert lines.index("except BaseException as caught_1:") + 1 == lines.index("tape.recover()")
    assert lines.index("else:", lines.index("tape.recover()")) > 0
    assert "tape.leave()" in lines


def test_a_generator_gets_its_tape_first() -> None:
    text = written(items)[1]
    assert "tape = (yield None)" in text
    assert "sent, sent_k = (yield (x, x_k))" in text.replace("t_1, t_1_k", "sent, sent_k")
    assert "(yield from tape.delegate(" in text
