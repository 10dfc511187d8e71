"""The command line of the random programs; see `tests.programs.generator`."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import signal
import sys
import time
import warnings
from collections import Counter
from typing import Any

from dpy import config
from tests.programs import compare
from tests.programs.shrink import shrink


class _Late(Exception):
    """The program took too long."""


def _alarm(*_: Any) -> None:
    raise _Late


def examine(seed: int) -> tuple[int, str, str]:
    """``(seed, failure, program)``; both texts are empty if dpy is right."""
    signal.signal(signal.SIGVTALRM, _alarm)
    signal.setitimer(signal.ITIMER_VIRTUAL, 60)
    text = ""
    try:
        text = compare.accepted(seed)
        with config.settings(verify=True):
            found = compare.failure(text)
    except _Late:
        return seed, "takes more than a minute", text
    except Exception as error:
        return seed, f"comparison raises {type(error).__name__}: {error}", text
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return (seed, str(found), text) if found else (seed, "", "")


def reduce(text: str, kind: str, seconds: int = 60) -> str:
    """The smallest program found that fails in the same way."""
    end = time.monotonic() + seconds
    signal.signal(signal.SIGALRM, _alarm)

    def fails(candidate: str) -> bool:
        if time.monotonic() > end:
            return False
        signal.setitimer(signal.ITIMER_REAL, 3)  # a candidate may loop for ever
        try:
            found = compare.failure(candidate)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return found is not None and found.kind == kind

    return shrink(text, fails)


def _reduced(task: tuple[str, str]) -> str:
    return reduce(*task)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", type=int, help="print the program of this seed")
    parser.add_argument("--seeds", help="FIRST:LAST, compare these with dual numbers")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=int, default=12, help="how many failures to reduce and show")
    options = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)  # of candidates of the shrinker
    if options.show is not None:
        print(compare.accepted(options.show))
    if options.seeds:
        first, last = map(int, options.seeds.split(":"))
        sys.exit(_run(range(first, last), options.processes, options.keep))


def _different(failures: list[tuple[int, str, str]], keep: int) -> list[tuple[int, str, str]]:
    """The shortest programs, one of every kind of failure first."""
    ordered = sorted(failures, key=lambda item: len(item[2]))
    seen: Counter[str] = Counter()
    rank = {}
    for seed, what, _ in ordered:
        kind = what.split(": ")[0]
        rank[seed] = seen[kind]
        seen[kind] += 1
    return sorted(ordered, key=lambda item: rank[item[0]])[:keep]


def _run(seeds: range, processes: int, keep: int) -> int:
    start, failures = time.monotonic(), []
    kinds: Counter[str] = Counter()
    for seed in seeds[: 2 * processes]:
        examine(seed)  # what this loads and compiles is there in every process
    gc.freeze()
    gc.disable()
    # Processes are renewed: what is compiled for one program is kept, and no other needs it.
    with multiprocessing.Pool(processes, maxtasksperchild=40) as pool:
        for done, (seed, what, text) in enumerate(pool.imap_unordered(examine, seeds, 4), 1):
            if what:
                failures.append((seed, what, text))
                kinds[what.split(": ")[0]] += 1
                print(f"seed {seed}: {what.splitlines()[0][:150]}", flush=True)
            if done % 200 == 0:
                speed = done / (time.monotonic() - start)
                print(
                    f"{done} of {len(seeds)}: {len(failures)} failures, {speed:.0f}/s", flush=True
                )
        chosen = _different(failures, keep)
        tasks = [(text, what.split(": ")[0]) for _, what, text in chosen]
        for (seed, what, _), small in zip(chosen, pool.imap(_reduced, tasks), strict=True):
            print(f"\n##### seed {seed}: {what}\n{small}", flush=True)
    for kind, count in kinds.most_common():
        print(f"{count:6} x {kind}")
    print(f"{len(failures)} of {len(seeds)} programs fail: {[seed for seed, *_ in failures[:40]]}")
    return 1 if failures else 0
