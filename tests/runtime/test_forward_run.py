"""What is known of a run ends with it."""

from __future__ import annotations

from dpy.runtime import forward_run, sources


class Point:
    def __init__(self) -> None:
        self.x = 1.0


def test_sources_end_with_their_run() -> None:
    xs = [1.0, 2.0]
    outer = forward_run.fresh_run()
    source = sources.Same(iter(xs), [sources.Part(xs)])
    sources.keep(source)
    assert sources.source_of(source.iterable) is source
    forward_run.end_run(outer)
    assert sources.source_of(source.iterable) is not source


def test_runs_nest() -> None:
    outer = forward_run.fresh_run()
    mapping = forward_run.instance_dict(point := Point())
    inner = forward_run.fresh_run()
    assert forward_run.instance_of(mapping) is mapping
    forward_run.end_run(inner)
    assert forward_run.instance_of(mapping) is point
    forward_run.end_run(outer)


def test_whose_attributes_a_dict_holds() -> None:
    outer = forward_run.fresh_run()
    point, other = Point(), {"x": 1.0}
    assert forward_run.instance_dict(point) is point.__dict__
    assert forward_run.instance_of(point.__dict__) is point
    assert forward_run.instance_of(other) is other
    forward_run.end_run(outer)
    assert forward_run.instance_of(point.__dict__) is point.__dict__
