"""What dpy costs before the first gradient is there. Each measurement is a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

__all__ = ["FIRST_CALLS", "first_gradients", "import_times"]

ROOT = Path(__file__).resolve().parent.parent

IMPORT = """
import time
import numpy
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""

FIRST = """
import time
import numpy as np
import dpy
from tests.golden import showcase
random = np.random.default_rng(0)
{setup}
start = time.perf_counter()
dpy.gradient(showcase.{function}, {arguments})
print(time.perf_counter() - start)
"""

# The function, what makes its arguments, the arguments.
FIRST_CALLS = [
    ("logistic", "", "0.3, 1.9, 100"),
    ("heron", "", "2.0"),
    ("heat", "u = random.random(20)", "u, 0.2, 10"),
    (
        "mlp_loss",
        "net = showcase.MLP(random.random((10, 32)), random.random(32), random.random((32, 1)), "
        "random.random(1)); x = random.random((4, 10)); y = random.random((4, 1))",
        "net, x, y",
    ),
    ("contrast", "c = [showcase.RGB(*random.random(3).tolist()) for _ in range(2)]", "*c"),
]


def run(program: str) -> float:
    """The number that a program prints, run from the repository by the same interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"a start-up measurement failed:\n{done.stderr}")
    return float(json.loads(done.stdout.split()[-1]))


def import_times(modules: list[str], repeats: int) -> dict[str, float | None]:
    """Seconds that importing each module takes when NumPy is there already; None: not installed."""
    times: dict[str, float | None] = {}
    for module in modules:
        try:
            times[module] = min(run(IMPORT.format(module=module)) for _ in range(repeats))
        except RuntimeError as error:
            if "ModuleNotFoundError" not in str(error):
                raise
            times[module] = None
    return times


def first_gradients(repeats: int) -> dict[str, float]:
    """Seconds until the first ``gradient`` returns in a process that has compiled nothing."""
    times = {}
    for function, setup, arguments in FIRST_CALLS:
        program = FIRST.format(function=function, setup=setup, arguments=arguments)
        times[function] = min(run(program) for _ in range(repeats))
    return times
