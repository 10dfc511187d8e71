"""How long the first gradient of a large program takes: ``python -m benchmarks.scale [--quick]``.

Programs of growing size are generated, and differentiated once. The time per unit, a function, a
branch or a line, has to stay what it is, whatever the size.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if not __package__:  # run as a file, not as a module
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import dpy

__all__ = ["CHAIN_LIMIT", "PROGRAMS", "SIZES", "first_gradient", "load"]

CHAIN_LIMIT = 3.0
"""Seconds for the first gradient of a chain of 300 functions."""
SIZES = {"functions": (50, 100, 200, 300), "methods": (50, 100), "one-liners": (100, 300)}
OTHER_SIZES = (10, 50, 100, 200)

_CHAIN = (
    """\
def f{i}(x, y):
    {call}
    z = math.sin(a) * 0.5 + b * y
    if z > 2.0:
        z = z - 0.1 * math.exp(-z)
    for k in range(2):
        z = z + 0.01 * k * a
    return z, 0.5 * b
""",
    """\
def f{i}(x, y, scale=0.99):
    {call}
    u = a * scale + math.tanh(b)
    v = [u, b, u * b]
    return v[0] + 0.001 * v[2], v[1]
""",
)
_CLASS = """\
class C{i}:
    def __init__(self, a):
        self.a = a

    def run(self, x):
        z = math.sin(x) * self.a
        if z > 5.0:
            z = -z
        return 0.5 * {call} + 0.1 * x
"""


def functions(n: int) -> str:
    """A chain of calls, as in a package whose layers are many."""
    parts = ["def top(x):\n    a, b = f0(x, 0.5)\n    return a + b\n"]
    for i in range(n):
        call = f"a, b = f{i + 1}(x * 0.999, y)" if i + 1 < n else "a, b = x, y"
        parts.append(_CHAIN[i % 2].format(i=i, call=call))
    return "\n\n".join(parts)


def one_liners(n: int) -> str:
    """A chain of functions small enough to be inlined."""
    parts = ["def top(x):\n    return f0(x)\n"]
    for i in range(n):
        call = f"f{i + 1}(x * 1.0001)" if i + 1 < n else "x"
        parts.append(f"def f{i}(x):\n    return math.sin({call}) + 0.1 * x\n")
    return "\n\n".join(parts)


def methods(n: int) -> str:
    """A chain through objects that are made on the way."""
    parts = ["def top(x):\n    return C0(0.7).run(x)\n"]
    for i in range(n):
        call = f"C{i + 1}(self.a * 0.99).run(z)" if i + 1 < n else "z"
        parts.append(_CLASS.format(i=i, call=call))
    return "\n\n".join(parts)


def elifs(n: int) -> str:
    """A chain of branches."""
    lines = ["def top(x, k=3):", "    if k == 0:", "        y = x"]
    for i in range(1, n):
        lines += [f"    elif k == {i}:", f"        y = x * {i}.5 + math.sin(x)"]
    return "\n".join([*lines, "    else:", "        y = 2.0 * x", "    return y * y", ""])


def returns(n: int) -> str:
    """Many early returns."""
    lines = ["def top(x):"]
    for i in range(n):
        lines += [f"    if x > {1000 + i}.0:", f"        return x * {i}.5 + math.sin(x)"]
        lines += ["    x = x * 1.001"]
    return "\n".join([*lines, "    return x * x", ""])


def lines(n: int) -> str:
    """Straight-line code."""
    body = [f"    x = x + 0.01 * math.sin(x * {i}.5)" for i in range(n)]
    return "\n".join(["def top(x):", *body, "    return x * x", ""])


def loops(n: int) -> str:
    """One loop after the other."""
    body = [
        f"    for i in range(2):\n        x += 0.01 * math.sin(x * {i}.5) * i" for i in range(n)
    ]
    return "\n".join(["def top(x):", *body, "    return x * x", ""])


PROGRAMS: dict[str, Callable[[int], str]] = {
    "functions": functions, "one-liners": one_liners, "methods": methods, "elifs": elifs,
    "returns": returns, "lines": lines, "loops": loops,
}  # fmt: skip


def load(text: str, folder: Path, name: str) -> Any:
    """The function `top` of a program."""
    file = folder / f"{name}.py"
    file.write_text(f"import math\n\n\n{text}", encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.top


def first_gradient(program: str, n: int, folder: Path) -> float:
    """Seconds until the gradient of a program of this size is there."""
    top = load(PROGRAMS[program](n), folder, f"{program.replace('-', '_')}_{n}")
    start = time.perf_counter()
    dpy.gradient(top, 0.7)
    return time.perf_counter() - start


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only, each once")
    quick = parser.parse_args(arguments).quick
    chain = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first_gradient("functions", 3, folder)  # what is imported with the first gradient
        for program in PROGRAMS:
            sizes = SIZES.get(program, OTHER_SIZES)
            for n in sizes[:1] if quick else sizes:
                found = min(first_gradient(program, n, folder) for _ in range(1 if quick else 3))
                print(f"{program:12s} {n:4d} {1e3 * found:8.0f} ms {1e3 * found / n:8.2f} ms each")
                if program == "functions":
                    chain = found
    return int(chain > CHAIN_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
