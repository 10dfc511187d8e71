"""Random programs: dpy against dual numbers, which are themselves checked against differences."""

from __future__ import annotations

import pytest

from dpy import specialise
from dpy.config import settings
from tests.programs import compare
from tests.programs.generator import generate
from tests.programs.shrink import shrink

PROGRAMS = 2000
CHUNK = 40


def test_dual_numbers_agree_with_numerical_differences() -> None:
    compared = 0
    for seed in range(60):
        text = compare.accepted(seed)
        truth = compare.expected(text)
        assert truth is not None
        if truth.precision:
            continue  # single precision has no digits left for differences
        slopes = compare.leaves(truth.gradients)
        for slope, (estimate, uncertainty) in zip(slopes, compare.numerical(text), strict=True):
            if uncertainty < 1e-5 * max(1.0, abs(estimate)):  # away from kinks
                assert abs(slope - estimate) <= 1e-6 * max(1.0, abs(slope)) + 10 * uncertainty, text
                compared += 1
    assert compared > 200


def test_same_seed_gives_same_program() -> None:
    assert generate(11) == generate(11)
    assert generate(11) != generate(12)


def test_shrinking_keeps_what_fails() -> None:
    text = generate(5) + "\nMARK = 1 + 2\n"
    assert shrink(text, lambda candidate: "1 + 2" in candidate) == "MARK = 1 + 2"


@pytest.mark.parametrize("first", range(0, PROGRAMS, CHUNK))
def test_gradient_of_random_programs(first: int) -> None:
    failures = []
    for seed in range(first, first + CHUNK):
        text = compare.accepted(seed)
        found = compare.failure(text, compare.AGAIN if seed % 2 else compare.ONCE)
        if found:
            failures.append(f"seed {seed} ({found})")
        if seed % 20 == 19:
            specialise.clear_cache()  # the programs come but once
    assert not failures, "\n".join(
        [*failures, "reduce them by `python -m tests.programs.generator --seeds FIRST:LAST`"]
    )


@pytest.mark.parametrize("setting", ["check_finite", "listings"])
def test_settings_that_change_the_code_do_not_change_gradients(setting: str) -> None:
    failures = []
    for seed in range(PROGRAMS, PROGRAMS + 10):
        text = compare.accepted(seed)
        with settings(**{setting: True}):
            found = compare.failure(text)
        if found:
            failures.append(f"seed {seed} ({found})")
    assert not failures, "\n".join(failures)
