"""What all tests share: a seeded generator, hypothesis's profile, the verifier switched on."""

# ruff: noqa: E402 - the number of threads is set before NumPy is loaded

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator

# One thread per test process: the processes already fill the cores. Read when NumPy is loaded.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import hypothesis
import numpy as np
import pytest

from dpy import config, specialise

# The same examples at every run: a failure can be repeated, and names the example to keep.
hypothesis.settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=50, print_blob=True
)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers that depend on nothing but the name of the test."""
    return np.random.default_rng(zlib.crc32(request.node.nodeid.encode()))


@pytest.fixture(autouse=True)
def verify_every_stage() -> Iterator[None]:
    """Check the IR after every stage of the compiler, in all tests."""
    with config.settings(verify=True):
        yield


@pytest.fixture(autouse=True, scope="module")
def forget_what_was_compiled() -> Iterator[None]:
    """What the functions of one file were compiled to is of no use to the next."""
    yield
    specialise.clear_cache()
