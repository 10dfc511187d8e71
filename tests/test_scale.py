"""The work of compiling grows with the size of the program, and no faster. Nothing is timed."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import dpy
from benchmarks import scale
from dpy.specialise import analysis, specialisation
from dpy.transform.infer import fixpoint

SMALL = {
    "functions": 7, "one-liners": 16, "methods": 6, "elifs": 24, "returns": 24, "lines": 24,
    "loops": 16,
}  # fmt: skip


def work(program: str, n: int, folder: Path) -> int:
    """How many functions of Python are called for the first gradient."""
    top = scale.load(scale.PROGRAMS[program](n), folder, f"{program.replace('-', '_')}_{n}")
    found = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal found
        found += event == "call"

    outer = sys.getprofile()
    sys.setprofile(count)
    try:
        dpy.gradient(top, 0.7)
    finally:
        sys.setprofile(outer)
    return found


@pytest.mark.parametrize("program", scale.PROGRAMS)
def test_work_is_linear_in_the_size(program: str, tmp_path: Path) -> None:
    n = SMALL[program]
    work(program, 3, tmp_path)  # what is imported and registered once
    one, two, four = (work(program, k, tmp_path) for k in (n, 2 * n, 4 * n))
    # What is added from n to 2 n is added twice from 2 n to 4 n.
    assert (four - two) / (two - one) == pytest.approx(2.0, rel=0.15)


def test_each_function_of_a_chain_is_analysed_so_many_times(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    counts: Counter[str] = Counter()

    def counted(module: Any, name: str) -> None:
        original = getattr(module, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            counts[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(module, name, call)

    counted(analysis, "infer")
    counted(analysis, "read_source")
    counted(specialisation, "generate")
    counted(fixpoint, "finish")

    def counts_of(n: int) -> Counter[str]:
        counts.clear()
        dpy.gradient(scale.load(scale.functions(n), tmp_path, f"chain_{n}"), 0.7)
        return Counter(counts)

    first, second = counts_of(20), counts_of(40)
    assert (first["read_source"], second["read_source"]) == (21, 41)
    assert first["infer"] == first["finish"] <= 3 * 21  # itself, and with what was inlined
    assert first["generate"] <= 21
    for name, count in first.items():
        assert second[name] == pytest.approx(2 * count, abs=3)


def test_every_program_is_differentiated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for program, write in scale.PROGRAMS.items():
        top = scale.load(write(5), tmp_path, f"{program.replace('-', '_')}_5")
        slope = (top(0.7 + 1e-5) - top(0.7 - 1e-5)) / 2e-5
        assert dpy.gradient(top, 0.7)[0] == pytest.approx(slope, rel=1e-7)
    monkeypatch.setattr(scale, "SIZES", {})
    monkeypatch.setattr(scale, "OTHER_SIZES", (5,))
    assert scale.main(["--quick"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(scale.PROGRAMS)
