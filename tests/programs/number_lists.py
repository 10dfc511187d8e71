"""Random programs that do nothing but push numbers around in local lists.

Comparisons look at lengths and counters only, so that the program may also be run with a complex
number: the imaginary part of its result is the derivative (complex step).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

__all__ = ["derivative", "program"]


class _Writer:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.lists: list[str] = []
        self.numbers = ["x", "y"]
        self.count = 0

    def new(self, base: str) -> str:
        self.count += 1
        return f"{base}{self.count}"

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def number(self) -> str:
        choice = self.random.choice
        one = choice(self.numbers)
        return choice([
            one, f"{one} * {choice(self.numbers)}", f"{one} + 0.5", f"0.3 * {one} - x", "1.5",
            f"math_sin({one})", "2",
        ])  # fmt: skip

    def index(self, xs: str) -> str:
        return self.random.choice(["0", "-1", f"k % len({xs})", f"len({xs}) - 1", f"-len({xs})"])

    def make(self, depth: int) -> None:
        name = self.new("xs")
        choice = self.random.choice
        display = ", ".join(self.number() for _ in range(self.random.randint(1, 3)))
        forms = [
            f"[{display}]", f"[{display}] * {self.random.randint(1, 3)}", f"[{self.number()}] * 2",
            f"[{self.number()} * j for j in range({self.random.randint(1, 4)})]",
        ]  # fmt: skip
        if self.lists:
            other = choice(self.lists)
            forms += [
                other, f"{other} * 2", f"[v * x for v in {other}]", f"[v + k for v in {other}]",
            ]  # fmt: skip
        self.line(depth, f"{name} = {choice(forms)}")
        self.line(depth, f"{name}.append(y)")
        self.lists.append(name)

    def statement(self, depth: int) -> None:
        choice = self.random.choice
        if not self.lists or self.random.random() < 0.12:
            self.make(depth)
            return
        xs = choice(self.lists)
        kind = choice(
            "append append read read write update pop total loop while if swap number".split()
        )
        if kind == "append":
            self.line(depth, f"{xs}.append({self.number()})")
        elif kind == "read":
            self.line(depth, f"y = y * 0.5 + {xs}[{self.index(xs)}]")
        elif kind == "write":
            self.line(depth, f"{xs}[{self.index(xs)}] = {self.number()}")
        elif kind == "update":
            op = choice(["+=", "*=", "-="])
            self.line(depth, f"{xs}[{self.index(xs)}] {op} {self.number()}")
        elif kind == "pop":
            target = choice(["y = y + 0.7 * {}", "{}", "y = {} * x"])
            self.line(depth, f"if len({xs}) > 1:")
            self.line(depth + 1, target.format(f"{xs}.pop()"))
        elif kind == "total":
            self.line(depth, f"y = 0.1 * sum({xs}) + y * 0.2")
        elif kind == "swap":
            i, j = self.index(xs), self.index(xs)
            self.line(depth, f"{xs}[{i}], {xs}[{j}] = {xs}[{j}], {xs}[{i}]")
        elif kind == "number":
            name = self.new("a")
            self.line(depth, f"{name} = {self.number()}")
            self.numbers.append(name)
        else:
            self.compound(depth, kind, xs)

    def compound(self, depth: int, kind: str, xs: str) -> None:
        if depth > 3:
            self.line(depth, f"y = y + {xs}[0]")
            return
        known = list(self.lists), list(self.numbers)
        if kind == "if":
            self.line(depth, f"if (len({xs}) + k) % 2:")
            self.block(depth + 1)
            if self.random.random() < 0.5:
                self.lists, self.numbers = list(known[0]), list(known[1])
                self.line(depth, "else:")
                self.block(depth + 1)
        elif kind == "while":
            self.line(depth, f"while len({xs}) > 2:")
            self.line(depth + 1, f"y = 0.3 * y + {xs}.pop()")
        elif self.random.random() < 0.5:
            self.line(depth, f"for k in range({self.random.randint(0, 3)}):")
            self.block(depth + 1)
            self.leave(depth + 1)
        else:
            self.line(depth, f"for v in {xs}:")
            self.line(depth + 1, "y = 0.4 * y + v * x")
            self.line(depth + 1, f"if len({xs}) > 12: break")
            self.block(depth + 1)
            self.leave(depth + 1)
        self.lists, self.numbers = known

    def leave(self, depth: int) -> None:
        if self.random.random() < 0.3:
            xs = self.random.choice(self.lists)
            self.line(depth, f"if len({xs}) % 3 == 2: {self.random.choice(['break', 'continue'])}")

    def block(self, depth: int) -> None:
        for _ in range(self.random.randint(1, 4)):
            self.statement(depth)


def program(seed: int) -> str:
    """The source of a function ``f(x)`` of a real number."""
    writer = _Writer(seed)
    writer.line(0, "def f(x):")
    writer.line(1, "y = x * 0.5")
    writer.line(1, "k = 1")
    writer.make(1)
    for _ in range(writer.random.randint(3, 9)):
        writer.statement(1)
    total = " + ".join(f"0.1 * sum({xs}) + {xs}[0]" for xs in writer.lists)
    writer.line(1, f"return y + {total}")
    return "\n".join(writer.lines) + "\n"


def derivative(f: Callable[[Any], Any], x: float) -> float:
    """By a complex step."""
    h = 1e-30
    return float(complex(f(complex(x, h))).imag / h)
