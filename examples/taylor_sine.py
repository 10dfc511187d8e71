"""The sine by its Taylor series, with a loop, a branch, printing and an early return.

The derivative that comes out is that of the program, term by term: it is not the cosine, but the
series of the cosine cut where the program stopped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import dpy

__all__ = ["Result", "main", "sine"]


def sine(x: float) -> float:
    """The Taylor series, until a term is too small to matter."""
    total = 0.0
    sign = -1.0
    for i in range(1, 20):
        if i % 2 == 1:
            term = x**i / math.factorial(i)
            if abs(term) < 1e-8:
                return total
            print(f"i={i}")
            sign = -sign
            total += sign * term
    return total


@dataclass
class Result:
    """The value and the derivative at 1."""

    value: float
    derivative: float


def main(quick: bool = False, show: bool = True, out: str | Path | None = None) -> Result:
    """The series at 1: every line is printed once, as by the plain call."""
    value, (derivative,) = dpy.value_and_gradient(sine, 1.0)
    if show:
        print(f"sine(1)       = {value!r}   (math.sin: {math.sin(1.0)!r})")
        print(f"its derivative = {derivative!r}   (math.cos: {math.cos(1.0)!r})")
    return Result(value, derivative)


if __name__ == "__main__":
    main()
