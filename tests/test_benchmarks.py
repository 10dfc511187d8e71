"""The benchmarks: the adjoints written by hand are right, and the table comes out."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from benchmarks import arrays, mutation, run, scalars, startup, structs
from benchmarks.workload import Workload, flatten

WORKLOADS = [
    workload
    for family in (scalars, arrays, mutation, structs)
    for workload in family.workloads()
    if not workload.name.endswith("1,000,000")
]


def shifted(x: Any, random: np.random.Generator, step: float) -> Any:
    """The value, moved in a random direction."""
    if is_dataclass(x):
        return type(x)(*[shifted(getattr(x, f.name), random, step) for f in fields(x)])
    if isinstance(x, np.ndarray):
        return x + step * random.standard_normal(x.shape)
    return x if isinstance(x, int) else x + step * random.standard_normal()


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_adjoint_by_hand_against_numerical_differences(workload: Workload) -> None:
    def args(step: float) -> list[Any]:
        random = np.random.default_rng(9)
        return [shifted(x, random, step) for x in workload.args]

    def slope(step: float) -> float:
        difference = workload.function(*args(step)) - workload.function(*args(-step))
        return difference / (2 * step)

    assert workload.by_hand is not None
    value, gradients = workload.by_hand(*workload.args)
    assert value == pytest.approx(workload.function(*workload.args), rel=1e-14)
    direction = flatten(args(1.0)) - flatten(workload.args)
    expected = (4 * slope(5e-5) - slope(1e-4)) / 3
    allowed = max(2e-8, workload.tolerance)
    assert flatten(gradients) @ direction == pytest.approx(expected, rel=allowed, abs=1e-9)


def test_the_table_and_the_json_file(tmp_path, capsys) -> None:
    file = tmp_path / "results.json"
    chosen = ["--quick", "--no-peers", "--no-startup", "--json", str(file), "matrix", "one-line"]
    results = run.main(chosen)
    assert [row["name"] for row in results["workloads"]] == [
        "one-line function",
        "matrix fit, 3 x 3",
    ]
    assert json.loads(file.read_text()) == results
    lines = capsys.readouterr().out.splitlines()
    assert "dpy/hand" in lines[0]
    assert lines[1].startswith("one-line function")


def test_a_wrong_gradient_is_not_timed() -> None:
    def wrong(x: float) -> Any:
        return x * x, (x,)

    workload = Workload("square", "scalars", lambda x: x * x, (3.0,), wrong)
    with pytest.raises(AssertionError, match="gradient of dpy is wrong"):
        run.candidates(workload, {})


def test_startup_times() -> None:
    assert startup.run("print(0.25)") == 0.25
    times = startup.import_times(["json", "no_such_module"], repeats=1)
    assert times["json"] is not None
    assert times["no_such_module"] is None


def test_the_benchmark_of_updates_runs() -> None:
    from benchmarks import updates

    found = updates.measure(4, "Adam", rounds=1)
    assert found.keys() == {"hand", "in place", "new"}
    assert updates.measure(4, "Momentum", rounds=1)["in place"].minimum > 0
