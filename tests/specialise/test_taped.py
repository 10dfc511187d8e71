"""Functions that run on a tape, from the outside."""

from __future__ import annotations

import contextlib
import gc
import math
import sys
import threading
import traceback

import pytest

import dpy
from dpy.runtime.attempts import state


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


class Failure(Exception):
    """Thrown below."""


def growing(x, n):
    try:
        for _ in range(n):
            x = x * 1.01
            yield x
    finally:
        x = 0.0


def eventful(x):
    total, log = 0.0, []
    with contextlib.suppress(KeyError):
        for i, v in enumerate(growing(x, 10)):
            try:
                log.append(v)
                if i % 3 == 0:
                    raise Failure(v)
                total += v * x
            except Failure as e:
                total += e.args[0]
        raise KeyError
    return total + sum(log)


def failing(x):
    xs = [x]
    try:
        with contextlib.nullcontext():
            for v in growing(x, 3):
                xs.append(v)
                if len(xs) == 3:
                    raise Failure(v)
    finally:
        xs.append(x)
    return x


def test_nothing_stays_behind() -> None:
    def run():
        dpy.gradient(eventful, 1.1)
        with pytest.raises(Failure):
            dpy.gradient(failing, 1.1)

    for _ in range(3):
        run()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(20):
        run()
    gc.collect()
    assert len(gc.get_objects()) <= before + 20
    assert state.depth == 0
    assert not state.orphans


def test_threads_do_not_meet() -> None:
    expected = dpy.gradient(eventful, 1.1)
    found = []

    def work():
        for _ in range(3):
            found.append(dpy.gradient(eventful, 1.1))
        found.append((state.depth, state.orphans))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(expected) == 48
    assert found.count((0, [])) == 16


def descend(x, n):
    try:
        if n == 0:
            raise Failure(x)
        return descend(x * 1.001, n - 1)
    finally:
        x = x * 2.0


def test_recursion_as_deep_as_without_dpy() -> None:
    def f(x):
        try:
            return descend(x, 500)
        except Failure as e:
            return e.args[0] * x

    def endless(x):
        try:
            return endless(x)
        finally:
            x = x * 2.0

    limit = sys.getrecursionlimit()
    assert dpy.gradient(f, 1.0)[0] == pytest.approx(2.0 * 1.001**500)
    with pytest.raises(RecursionError):
        dpy.gradient(endless, 1.0)
    assert sys.getrecursionlimit() == limit


def test_a_generator_that_outlives_the_gradient() -> None:
    kept = []

    def start(x):
        kept.append(growing(x, 10))
        return next(kept[0]) * x

    def go_on(x):
        return next(kept[0]) * x

    assert dpy.gradient(start, 2.0)[0] == pytest.approx(4.0 * 1.01)
    assert dpy.gradient(go_on, 3.0)[0] == pytest.approx(2.0 * 1.01**2)


def test_the_last_frame_of_a_traceback_is_the_users() -> None:
    def throwing(x):
        yield x
        raise KeyError("here")

    def consumer(x):
        for v in throwing(x):
            x = x * v
        return x

    def lines(run):
        with pytest.raises(KeyError) as caught:
            run()
        return [t.lineno for t in traceback.extract_tb(caught.tb) if t.filename == __file__][-2:]

    assert lines(lambda: dpy.gradient(consumer, 1.0)) == lines(lambda: consumer(1.0))


def _caught(**options):
    try:
        options["scale"] = options.get("scale", 1.0) * 2.0
        options["ys"].append(options["x"] ** 2)
    except KeyError:
        options["x"] = options.pop("y")
    return _weighed(**options)


def _weighed(x, scale, ys=()):
    return x * scale + sum(ys)


def _yielding(**options):
    options["x"] *= 3.0
    yield options["x"] * options["y"]
    yield options["x"]


@pytest.mark.parametrize(
    "program",
    [
        lambda x: _caught(x=3 * x, ys=[x, x * x]),
        lambda x: _caught(y=x**3, scale=x),
        lambda x: sum(_yielding(x=x, y=x * x)),
        lambda x: next(_yielding(y=x, x=x * x)),
    ],
)
def test_keywords_are_collected_in_a_dict_of_the_call(program) -> None:
    assert dpy.check_gradient(program, 1.2)
    _, back = dpy.pullback(program, 1.2)
    assert back(1.0) == back(1.0)
