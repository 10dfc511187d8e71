"""What is known of a run ends with it."""

from __future__ import annotations

import threading

import pytest

from dpy.runtime import forward_run, sources
from dpy.runtime.attempts import is_guarded, state


class Point:
    def __init__(self) -> None:
        self.x = 1.0


def test_sources_end_with_their_run() -> None:
    xs = [1.0, 2.0]
    source = sources.Same(iter(xs), [sources.Part(xs)])

    def forward():
        sources.keep(source)
        return sources.source_of(source.iterable)

    assert forward_run.in_run(forward) is source
    assert sources.source_of(source.iterable) is not source


def test_runs_nest() -> None:
    point = Point()

    def outer():
        mapping = forward_run.instance_dict(point)
        assert forward_run.in_run(forward_run.instance_of, mapping) is mapping
        assert forward_run.instance_of(mapping) is point

    forward_run.in_run(outer)


def test_whose_attributes_a_dict_holds() -> None:
    point, other = Point(), {"x": 1.0}

    def forward():
        assert forward_run.instance_dict(point) is point.__dict__
        assert forward_run.instance_of(point.__dict__) is point
        assert forward_run.instance_of(other) is other

    forward_run.in_run(forward)
    assert forward_run.instance_of(point.__dict__) is point.__dict__


def test_a_run_knows_nothing_of_a_try_around_it() -> None:
    state.depth += 1
    try:
        assert forward_run.in_run(is_guarded) is False
        assert is_guarded()
    finally:
        state.depth -= 1


def test_what_an_exception_leaves_behind_belongs_to_its_run() -> None:
    orphans = state.orphans

    def forward():
        assert state.orphans is not orphans
        state.orphans.append(None)
        raise ValueError

    with pytest.raises(ValueError):
        forward_run.in_run(forward)
    assert state.orphans is orphans
    assert not orphans


def test_a_thread_may_work_for_a_run() -> None:
    point = Point()

    def outer():
        mapping = forward_run.instance_dict(point)
        known, found = forward_run.notes(), []
        thread = threading.Thread(
            target=lambda: found.append(
                forward_run.in_run_of(known, forward_run.instance_of, mapping)
            )
        )
        thread.start()
        thread.join()
        assert found == [point]

    forward_run.in_run(outer)
