"""One table of what gradients cost: ``python -m benchmarks.run [--quick] [--json FILE]``.

Every column but the first two is a ratio to the plain program's time, except ``dpy/hand``: dpy's
time over that of the adjoint written by hand. All times are the minimum over interleaved rounds in
this one process, on one core. A result that differs from the adjoint by hand is an error.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

if not __package__:  # run as a file, not as a module
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402 - the number of threads is read when NumPy is imported

import dpy  # noqa: E402
from benchmarks import arrays, mutation, peers, scalars, startup, structs, timing  # noqa: E402
from benchmarks.workload import Workload, flatten  # noqa: E402

STARTUP_LIMITS = {"import": 0.060, "first": 0.100}


def candidates(
    workload: Workload, others: dict[str, peers.Peer | None]
) -> dict[str, Callable[[], Any]]:
    """The ways to run a workload, all checked against each other."""
    function, args = workload.function, workload.args
    ways: dict[str, Callable[[], Any]] = {"primal": lambda: function(*args)}
    if workload.family == "overhead":
        ways["dpy"] = lambda: dpy.gradient(function, *args)
        gradient = flatten(ways["dpy"]())
    else:
        ways["dpy"] = lambda: dpy.value_and_gradient(function, *args)
        gradient = flatten(ways["dpy"]()[1])
    if workload.by_hand is not None:
        by_hand = workload.by_hand
        ways["hand"] = lambda: by_hand(*args)
        check(workload, "dpy", gradient, flatten(by_hand(*args)[1]))
    for name, peer in others.items():
        if peer is not None and name in workload.rewrites:
            program = workload.rewrites[name](peer.module)
            ways[name] = peer.prepare(program, workload.peer_args or ())
            found = flatten(ways[name]()[1])
            check(workload, name, found, gradient[: len(found)])
    return ways


def check(workload: Workload, way: str, found: np.ndarray, expected: np.ndarray) -> None:
    """Fail where a gradient is wrong: its time would mean nothing."""
    allowed = workload.tolerance * np.max(np.abs(expected))
    if found.shape != expected.shape or not np.max(np.abs(found - expected)) <= allowed:
        raise AssertionError(
            f"{workload.name}: the gradient of {way} is wrong: {found} != {expected}"
        )


def measure(
    workload: Workload, others: dict[str, peers.Peer | None], quick: bool
) -> dict[str, Any]:
    """One row, as it goes to the JSON file."""
    ways = candidates(workload, others)
    times = timing.compare(
        ways,
        rounds=5 if quick else 25,
        duration=0.002 if quick else 0.005,
    )
    row: dict[str, Any] = {"name": workload.name, "family": workload.family}
    row["seconds"] = {name: time.minimum for name, time in times.items()}
    row["median_seconds"] = {name: time.median for name, time in times.items()}
    row["calls"] = {name: time.calls for name, time in times.items()}
    row["peak_bytes"] = {name: peak_bytes(ways[name]) for name in ("primal", "dpy")}
    row["limits"] = workload.limits
    row["over"] = over_limit(row)
    return row


def peak_bytes(f: Callable[[], Any]) -> int:
    """The most memory that one call holds at a time, beyond what was there before."""
    tracemalloc.start()
    try:
        f()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def over_limit(row: dict[str, Any]) -> list[str]:
    """The limits that a row does not keep."""
    seconds, limits, peak = row["seconds"], row["limits"], row["peak_bytes"]
    found = {
        "primal": seconds["dpy"] / seconds["primal"],
        "hand": seconds["dpy"] / seconds.get("hand", math.nan),
        "memory": peak["dpy"] / max(1, peak["primal"]),
        "microseconds": 1e6 * seconds["dpy"],
    }
    return [name for name, limit in limits.items() if found[name] > limit]


def show_time(seconds: float) -> str:
    for unit, name in ((1e-6, "us"), (1e-3, "ms")):
        if seconds < 1000 * unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"


def show_ratio(ratio: float | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio:.2f}" if ratio < 100 else f"{ratio:,.0f}"


def table(rows: list[dict[str, Any]], others: dict[str, peers.Peer | None]) -> str:
    """The table; the geometric mean of each family stands under it."""
    head = ["workload", "primal", "dpy", "dpy/primal", "hand/primal", "dpy/hand", *others, ""]
    lines = [head]
    for row in rows:
        seconds = row["seconds"]
        primal, own, hand = seconds["primal"], seconds["dpy"], seconds.get("hand")
        line = [row["name"], show_time(primal), show_time(own), show_ratio(own / primal)]
        line += [show_ratio(hand and hand / primal), show_ratio(hand and own / hand)]
        line += [peer_cell(seconds, name, peer) for name, peer in others.items()]
        lines.append([*line, verdict(row)])
    for family in dict.fromkeys(row["family"] for row in rows):
        members = [row["seconds"] for row in rows if row["family"] == family]
        if len(members) > 1:
            lines.append(mean_line(family, members, others))
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = []
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:-1], strict=True)]
        text.append("  ".join([*cells, line[-1]]).rstrip())
    return "\n".join(text)


def peer_cell(seconds: dict[str, float], name: str, peer: peers.Peer | None) -> str:
    if peer is None:
        return "not installed"
    return show_ratio(seconds[name] / seconds["primal"]) if name in seconds else "cannot"


def verdict(row: dict[str, Any]) -> str:
    """What the limits say."""
    if not row["limits"]:
        return ""
    names = {"primal": "dpy/primal", "hand": "dpy/hand", "memory": "memory", "microseconds": "us"}
    limits = ", ".join(f"{names[name]} <= {limit:g}" for name, limit in row["limits"].items())
    return f"{limits}: {'OVER' if row['over'] else 'ok'}"


def mean_line(
    family: str, members: list[dict[str, float]], others: dict[str, peers.Peer | None]
) -> list[str]:
    """Geometric means over the members that a system can run."""

    def mean(top: str, bottom: str) -> str:
        ratios = [s[top] / s[bottom] for s in members if top in s and bottom in s]
        return show_ratio(float(np.exp(np.mean(np.log(ratios)))) if ratios else None)

    peer_means = [mean(name, "primal") if peer else "" for name, peer in others.items()]
    own = [mean("dpy", "primal"), mean("hand", "primal"), mean("dpy", "hand")]
    return [f"  mean of {family}", "", "", *own, *peer_means, ""]


def show_startup(quick: bool) -> dict[str, Any]:
    """Print and return the start-up times."""
    repeats = 2 if quick else 5
    imports = startup.import_times(["dpy", *peers.PEERS], repeats)
    first = startup.first_gradients(repeats)
    print("\nimport beyond NumPy's")
    for module, seconds in imports.items():
        limit = f"   <= 60 ms: {ok(seconds, 'import')}" if module == "dpy" else ""
        print(f"  {module:10s} {'not installed' if seconds is None else show_time(seconds)}{limit}")
    print("first gradient in a fresh process")
    for name, seconds in first.items():
        print(f"  {name:10s} {show_time(seconds)}   <= 100 ms: {ok(seconds, 'first')}")
    return {"import_seconds": imports, "first_gradient_seconds": first}


def ok(seconds: float | None, kind: str) -> str:
    return "ok" if seconds is not None and seconds <= STARTUP_LIMITS[kind] else "OVER"


def environment(others: dict[str, peers.Peer | None]) -> dict[str, Any]:
    """Where the numbers were taken."""
    versions = {name: peer.version if peer else None for name, peer in others.items()}
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.system(),
        "peers": versions,
    }


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Measure, print, and write the JSON file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("words", nargs="*", metavar="WORD", help="only workloads with such a word")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--no-startup", action="store_true", help="leave start-up times out")
    parser.add_argument("--no-peers", action="store_true", help="leave the other systems out")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    chosen = parser.parse_args(arguments)

    others = peers.installed([] if chosen.no_peers else list(peers.PEERS))
    rows: list[dict[str, Any]] = []
    for workload in [w for f in (scalars, arrays, mutation, structs) for w in f.workloads()]:
        name = f"{workload.family} {workload.name}".lower()
        if chosen.words and not any(word.lower() in name for word in chosen.words):
            continue
        print(f"{workload.name} ...", file=sys.stderr, flush=True)
        rows.append(measure(workload, others, chosen.quick))
    results = {"environment": environment(others), "workloads": rows}
    print(table(rows, others))
    if not chosen.no_startup:
        results |= show_startup(chosen.quick)
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=2) + "\n")
    return results


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    main()
