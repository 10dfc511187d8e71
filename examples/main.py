"""Run every example: ``python -m examples.main [--quick] [--out DIRECTORY] [NAME ...]``."""

from __future__ import annotations

import argparse
import importlib
import time

EXAMPLES = [
    *("taylor_sine", "heat", "colours", "gg_struct", "matrix_fit", "geodesic", "digits"),
    *("linreg", "mlp", "ffnetwork", "convnet", "autoencoder", "vae", "gan", "char_rnn", "vit"),
    *("transfer", "neural_ode", "trebuchet", "raytracer", "vqe", "neural_sde"),
]


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Run the examples named, or all of them; returns the seconds that each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(EXAMPLES))
    parser.add_argument("--quick", action="store_true", help="fewer steps")
    parser.add_argument("--out", default="pictures", help="where pictures are saved")
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.names) - set(EXAMPLES))
    if unknown:
        parser.error(f"no example {unknown[0]!r}; there are {', '.join(EXAMPLES)}")

    seconds = {}
    for name in chosen.names or EXAMPLES:
        print(f"== {name}")
        start = time.perf_counter()
        result = importlib.import_module(f"examples.{name}").main(
            quick=chosen.quick, out=chosen.out
        )
        seconds[name] = time.perf_counter() - start
        saved = getattr(result, "picture", None)
        print(f"   {seconds[name]:.1f} s" + (f", picture: {saved}" if saved else ""), flush=True)
    return seconds


if __name__ == "__main__":
    main()
