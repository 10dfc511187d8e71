"""The same three models in dpy, PyTorch and TensorFlow: time per epoch, and accuracy.

``python -m benchmarks.mnist [--data FOLDER] [--epochs N] [--only SYSTEM ...]``. The folder holds
the files of MNIST or Fashion-MNIST; without it, scikit-learn's 1,797 digits are drawn on 28 by 28
pixels. The models are those of `examples.mlp`, `examples.ffnetwork` and `examples.convnet`. Each
system runs in one thread; the time is what the fastest epoch took of the processor, because the
machine may be busy with other things.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import Any

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

if not __package__:  # run as a file, not as a module
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.timed import BATCH, Row  # noqa: E402 - the number of threads is read on import
from examples.images import images  # noqa: E402

MODELS = ("functional", "modular", "lenet")
SYSTEMS = ("dpy", "torch", "tf")


def rows(data: Any, epochs: int, systems: list[str]) -> dict[tuple[str, str], Row | None]:
    """A row for each system and model; None where the system is not installed."""
    found: dict[tuple[str, str], Row | None] = {}
    for system in systems:
        try:
            module = importlib.import_module(f"benchmarks.mnist_{system}")
        except ImportError:
            found |= {(system, model): None for model in MODELS}
            continue
        for model in MODELS:
            print(f"{system}: {model} ...", file=sys.stderr, flush=True)
            found[system, model] = module.run(model, data, epochs)
    return found


def table(found: dict[tuple[str, str], Row | None]) -> str:
    """Times, their ratios to PyTorch's, and accuracies."""
    lines = [f"{'':12s}{'system':8s}{'s/epoch':>9s}{'/ torch':>9s}{'accuracy':>10s}"]
    for model in MODELS:
        torch = found.get(("torch", model))
        for system in dict.fromkeys(system for system, _ in found):
            row = found[system, model]
            if row is None:
                lines.append(f"{model:12s}{system:8s}  not installed")
                continue
            ratio = f"{row.seconds / torch.seconds:9.2f}" if torch else f"{'':9s}"
            lines.append(f"{model:12s}{system:8s}{row.seconds:9.3f}{ratio}{row.accuracy:10.1%}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> dict[tuple[str, str], Row | None]:
    """Run, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder with the files of MNIST")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=SYSTEMS, default=list(SYSTEMS))
    chosen = parser.parse_args(arguments)
    data = images(chosen.data, enlarge=True)
    found = rows(data, chosen.epochs, chosen.only)
    print(f"{len(data.x)} images of {data.x.shape[1:]}, batches of {BATCH}")
    print(table(found))
    return found


if __name__ == "__main__":
    main()
