"""The compiled back end, an experiment: ``python -m benchmarks.joint [--quick] [NAME...]``.

Three programs, each as one joint function (primal, then adjoint) compiled by Numba, beside the
plain program, the program under ``numba.njit`` alone, dpy's Python back end and JAX's
``jit(value_and_grad)``. Every column but the first two is a ratio: the time of the joint function
over that of the column's way, so that less than 1 means that the joint function is faster.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

if not __package__:  # run as a file, not as a module
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402 - the number of threads is read when NumPy is imported

import dpy  # noqa: E402
from benchmarks import peers, timing  # noqa: E402
from benchmarks.run import show_time  # noqa: E402
from benchmarks.scalars import logistic_jax  # noqa: E402
from benchmarks.workload import Workload, flatten  # noqa: E402
from tests.joint_programs import heat, heron, logistic  # noqa: E402

COLUMNS = ("primal", "njit", "dpy", "jax")
HEAT_STEPS = 50


def heat_jax(xp: Any) -> Any:
    """The stencil on whole arrays, as one writes it for JAX."""
    import jax

    def f(kappa: Any, start: Any) -> Any:
        def step(u: Any, _: None) -> Any:
            inner = u[1:-1] + kappa * (u[:-2] - 2.0 * u[1:-1] + u[2:])
            return xp.concatenate([u[:1], inner, u[-1:]]), None

        u = jax.lax.scan(step, start, None, length=HEAT_STEPS)[0]
        return xp.sum(u * u)

    return f


def heron_jax(xp: Any) -> Any:
    """A fixed number of steps: JAX does not reverse loops of unknown length."""

    def f(a: Any) -> Any:
        x = a
        for _ in range(5):
            x = 0.5 * (x + a / x)
        return x

    return f


def workloads() -> list[Workload]:
    """The three programs."""
    start = np.random.default_rng(3).normal(size=100)
    return [
        Workload(
            "logistic loop, 1,000 steps",
            "joint",
            logistic,
            (0.3, 1.9, 1000),
            peer_args=(0.3, 1.9),
            rewrites={"jax": logistic_jax},
        ),
        Workload(
            "heat in place, 100 x 50",
            "joint",
            heat,
            (0.2, start, HEAT_STEPS),
            peer_args=(0.2, start),
            rewrites={"jax": heat_jax},
        ),
        Workload(
            "Heron's square root",
            "joint",
            heron,
            (2.0,),
            peer_args=(2.0,),
            rewrites={"jax": heron_jax},
        ),
    ]


def candidates(workload: Workload, jax: peers.Peer | None) -> dict[str, Callable[[], Any]]:
    """The ways to run a workload, their gradients checked against each other."""
    import numba

    from dpy.joint_backend import compile_joint

    function, args = workload.function, workload.args
    joint = compile_joint(function, *args)
    plain = numba.njit(function)
    ways: dict[str, Callable[[], Any]] = {
        "joint": lambda: joint(*args),
        "primal": lambda: function(*args),
        "njit": lambda: plain(*args),
        "dpy": lambda: dpy.value_and_gradient(function, *args),
    }
    expected = flatten(ways["joint"]()[1])
    check(workload, "dpy", flatten(ways["dpy"]()[1]), expected)
    if jax is not None:
        program = workload.rewrites["jax"](jax.module)
        ways["jax"] = jax.prepare(program, workload.peer_args or ())
        found = flatten(ways["jax"]()[1])
        check(workload, "jax", found, expected[: len(found)])
    return ways


def check(workload: Workload, way: str, found: np.ndarray, expected: np.ndarray) -> None:
    """Fail where gradients differ: the times would mean nothing."""
    allowed = workload.tolerance * np.max(np.abs(expected))
    if found.shape != expected.shape or not np.max(np.abs(found - expected)) <= allowed:
        raise AssertionError(f"{workload.name}: joint {expected} != {way} {found}")


def main(argv: list[str] | None = None) -> dict[str, dict[str, float]]:
    """Print the table; the seconds by program and way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds: for a test")
    parser.add_argument("--no-peers", action="store_true", help="without JAX")
    parser.add_argument("names", nargs="*", help="only programs whose names contain one of these")
    options = parser.parse_args(argv)
    try:
        import numba
    except ImportError:
        print("numba: not installed")
        return {}
    jax = None if options.no_peers else peers.installed(["jax"])["jax"]
    print(f"numba {numba.__version__}; jax {jax.version if jax else 'not installed'}")
    print(f"{'joint over':<28}{'joint':>10}" + "".join(f"{name:>9}" for name in COLUMNS))
    results = {}
    chosen = [w for w in workloads() if any(n in w.name for n in options.names or [""])]
    for workload in chosen:
        ways = candidates(workload, jax)
        rounds, duration = (3, 0.001) if options.quick else (25, 0.005)
        times = timing.compare(ways, rounds, duration)
        seconds = {name: time.minimum for name, time in times.items()}
        results[workload.name] = seconds
        ratios = [f"{seconds['joint'] / seconds[c]:9.3g}" if c in seconds else f"{'-':>9}"
                  for c in COLUMNS]  # fmt: skip
        print(f"{workload.name:<28}{show_time(seconds['joint']):>10}{''.join(ratios)}")
    return results


if __name__ == "__main__":
    main()
