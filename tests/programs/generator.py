"""Seeded random programs, as text.

    python -m tests.programs.generator --show 17          print one program
    python -m tests.programs.generator --seeds 0:10000    compare dpy with dual numbers, by hand

A program is a module with ``f`` and ``make_args``, and what they need: helper functions and
classes. It computes with floats, small arrays, lists, dicts and objects, under nested control flow
that depends on data, and writes to everything that can be written to. Each program has its own
taste: it likes some constructs and leaves out others, so that every few constructs meet often.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.programs import (
    control,
    effects,
    idioms,
    library,
    local_arrays,
    nested,
    objects,
    own_arrays,
    statements,
    taped,
)
from tests.programs.callees import small_callee
from tests.programs.expressions import Expressions, Helper, Scope, Var
from tests.programs.objects import CLASSES

PREAMBLE = """\
import math
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial, reduce, wraps
from typing import NamedTuple

import numpy as np


@dataclass
class Pair:
    u: object
    v: object
    w: object

    def score(self, t):
        return math.tanh(self.u * t + self.v)

    def shift(self, t):
        self.u = math.sin(self.u) + 0.5 * t
        self.w[0] = math.sin(self.w[0] + self.v)
        return self

    @property
    def norm(self):
        return math.sqrt(1.0 + self.u * self.u + self.v * self.v)


@dataclass(frozen=True)
class Point:
    x: object
    y: object

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def __mul__(self, k):
        return Point(math.sin(self.x * k), self.y * k)

    def __rmul__(self, k):
        return Point(k * self.x, math.tanh(k * self.y))


TABLE = (0.3, -0.7, 1.1)
WEIGHTS = np.array([0.5, -0.25, 0.75])
"""

ARGUMENT_KINDS = ("float",) * 6 + ("vec",) * 4 + (
    "list", "list", "pair", "pair", "mat", "dict", "tuple", "point", "int", "pairs", "vecs",
    "mat", "grid", "nested", "record", "shape", "num",
)  # fmt: skip

HELPER_KINDS = (
    "float", "float", "vec", "vec", "list", "pair", "dict", "mat", "fun", "record", "shape",
    "nested", "num",
)  # fmt: skip

#: What stands in a program that uses the name.
PARTS = {**CLASSES, "mix(": idioms.MIX, "STATE": idioms.STATE}
PARTS |= dict.fromkeys(taped.NAMES, taped.TAPED)
PARTS |= dict.fromkeys(effects.NAMES, effects.EFFECTS)
PARTS |= dict.fromkeys(library.NAMES, library.IMPORTS)

#: How such parts are brought back to their first state.
RESETS = {
    idioms.STATE: ["STATE[:] = [0.5, -0.25]"],
    effects.EFFECTS: ["global COUNT", "COUNT = 0", "KEPT[:] = [0.5]", "Cache.totals[:] = [0.5]"],
}

Lines = list[str]
Maker = Callable[..., Lines | None]
SIMPLE: tuple[Maker, ...] = (
    *statements.SIMPLE,
    *objects.SIMPLE,
    *nested.SIMPLE,
    *idioms.SIMPLE,
    *effects.SIMPLE,
    *own_arrays.SIMPLE,
)
COMPOUND: tuple[Maker, ...] = (*control.COMPOUND, *local_arrays.COMPOUND, *own_arrays.COMPOUND)


class Generator(Expressions):
    """Makes one program."""

    def __init__(self, seed: int | str) -> None:
        super().__init__(random.Random(seed))
        self.budget = 0
        self.returns = "float"
        self.single = self.chance(0.06)
        self.taped = self.chance(0.2)
        self.library = self.chance(0.25)
        self.weights: dict[tuple[Maker, ...], list[float]] = {}

    def program(self) -> str:
        """The text of the module."""
        parts = []
        for _ in range(self.rng.choice([0, 0, 1, 2, 3, 4])):
            parts.append("\n\n" + "\n".join(small_callee(self)) + "\n")
        for _ in range(self.rng.choice([0, 0, 0, 1, 1, 2])):
            parts.append("\n\n" + "\n".join(self.helper()) + "\n")
        self.counter = 0
        params = [
            self._param(self.rng.choice(ARGUMENT_KINDS)) for _ in range(self.rng.randint(1, 3))
        ]
        self.budget = self.rng.randint(4, 12)
        body = self.function_body(params, "float")
        head = f"def f({', '.join(p.name for p in params)}):"
        parts.append("\n\n" + "\n".join([head, *body]) + "\n")
        text, arguments = "".join(parts), "\n".join(self.arguments(params)) + "\n"
        used = dict.fromkeys(p for name, p in PARTS.items() if name in text or name in arguments)
        resets = [line for part in used for line in RESETS.get(part, ())]
        head = "\n".join(["\n\ndef make_args(other=False):", *indent(resets)])
        text = "\n".join([text + head, arguments])
        first = "PRECISION = 3e-4\n" if self.single else ""
        return "".join([PREAMBLE, first, *used, text])

    def _param(self, kind: str) -> Var:
        prefix = {"float": "x", "vec": "a", "list": "xs", "mat": "m", "int": "n", "dict": "d"}
        n = self.rng.choice([3, 3, 4, 5]) if kind == "vec" else 0
        if kind == "grid":
            return Var(self.fresh("m"), kind, *self.rng.choice([(3, 3), (3, 2)]))
        return Var(self.fresh(prefix.get(kind, kind[0])), kind, n)

    def arguments(self, params: list[Var]) -> Lines:
        """What ``make_args`` gives: new values at each call; `other` values if asked for."""
        first, second = self._values(params), self._values(params)
        return ["    if other:", *indent(second), *first]

    def _values(self, params: list[Var]) -> Lines:
        lines: Lines = []
        names: list[str] = []
        for p in params:
            twin = [q for q in params if q.kind == p.kind and q.n == p.n and q.name in names]
            if twin and p.kind in ("vec", "list", "pair") and self.chance(0.3):
                lines.append(f"    {p.name} = {twin[0].name}")  # the same object at two places
            else:
                lines.append(f"    {p.name} = {self._argument_value(p)}")
            names.append(p.name)
        return [*lines, f"    return ({', '.join(names)},)"]

    def _number(self) -> str:
        return repr(round(self.rng.uniform(-1.6, 1.6), 3))

    def _argument_value(self, p: Var) -> str:
        number = self._number
        dtype = ", dtype=np.float32" if self.single and self.chance(0.7) else ""
        vector = f"np.array([{number()}, {number()}, {number()}])"
        inner = self.rng.choice([f"[{number()}, {number()}]", vector])
        pair = f"Pair({number()}, {number()}, {inner})"
        return {
            "float": number() if self.chance(0.95) else self.rng.choice(["1", "-1", "2"]),
            "int": self.rng.choice("1234"),
            "vec": self._vector(p.n, dtype),
            "mat": self._table(2, 3, dtype),
            "grid": self._table(p.n, p.m, dtype),
            "nested": f"[[{number()}, {number()}], [{number()}]]",
            "record": f"Record({number()}, {number()}, {inner})",
            "shape": f"{self.rng.choice(['Base', 'Derived'])}({number()}, {inner})",
            "num": f"Num({number()}, {number()})",
            "list": f"[{', '.join(number() for _ in range(self.rng.randint(1, 4)))}]",
            "tuple": f"({number()}, {number()})",
            "dict": f'{{"p": {number()}, "q": {number()}}}',
            "pair": pair,
            "point": f"Point({number()}, {number()})",
            "pairs": f"[{pair}, Pair({number()}, {number()}, [{number()}])]",
            "vecs": f"[{vector}, np.array([{number()}, {number()}, {number()}])]",
        }[p.kind]

    def _vector(self, n: int, dtype: str) -> str:
        """Now and then a view of something larger, backwards or with gaps."""
        step = self.rng.choice([1] * 10 + [2, -1])
        items = [self._number() for _ in range(n * abs(step))]
        return f"np.array([{', '.join(items)}]{dtype})" + (f"[::{step}]" if step != 1 else "")

    def _table(self, n: int, m: int, dtype: str) -> str:
        rows = (", ".join(self._number() for _ in range(m)) for _ in range(n))
        return f"np.array([{', '.join(f'[{row}]' for row in rows)}]{dtype})"

    # --- functions ------------------------------------------------------------------------------

    def helper(self) -> Lines:
        """A helper function; it may call itself and the helpers made before it."""
        self.counter = 0
        params = [self._param(self.rng.choice(HELPER_KINDS)) for _ in range(self.rng.randint(1, 3))]
        returns = self.rng.choice(
            ["float", "float", "float", "None", "None", "tuple", "vec", "pair", "list", "fun"]
        )
        if returns == "None" and all(p.kind == "float" for p in params):
            returns = "float"
        name = self.function_name()
        recursive = returns == "float" and self.chance(0.3)
        if recursive:
            params.insert(0, Var("depth", "int"))
        defaults = 0
        if not recursive and params[-1].kind == "float" and len(params) > 1 and self.chance(0.4):
            defaults = 1
        self.budget = self.rng.randint(1, 6)
        self.grew = False
        call_itself = None
        if recursive:
            rest = ", ".join(p.name for p in params[1:])
            call_itself = f"{name}(depth - 1, {rest})"
        body = self.function_body(params, returns, call_itself)
        heads = [p.name for p in params]
        if defaults:
            heads[-1] += f"={self.literal()}"
        self.helpers.append(Helper(name, tuple(params), returns, self.grew, defaults))
        return [f"def {name}({', '.join(heads)}):", *body]

    def function_body(
        self, params: list[Var], returns: str, call_itself: str | None = None
    ) -> Lines:
        """The statements of a function, its final return included."""
        scope = Scope()
        for p in params:
            scope.bind(p)
        outer, self.returns = self.returns, returns
        lines: Lines = []
        if call_itself:
            lines += ["    if depth <= 0:", f"        return {self.value(scope, 1)}"]
        lines += indent(self.block(scope, self.budget))
        if call_itself:
            name = self.fresh("v")
            lines.append(f"    {name} = {call_itself}")
            scope.bind(Var(name, "float"))
        lines.append(f"    {self.result(scope, final=True)}")
        self.returns = outer
        return lines

    def result(self, scope: Scope, final: bool = False) -> str:
        """A return statement of the kind that the current function returns."""
        if self.returns == "None":
            return "return None" if not final or self.chance(0.5) else "pass"
        if self.returns == "tuple":
            return f"return {self.value(scope)}, {self.value(scope)}"
        owns = [v for v in scope.of("own") if v.n == 3]
        if self.returns == "vec" and owns and self.chance(0.6):
            return f"return {self.rng.choice(owns).name}"
        if self.returns == "vec":
            return f"return {self.vector(scope, 3)}"
        if self.returns in ("pair", "list") and scope.of(self.returns) and self.chance(0.7):
            return f"return {self.rng.choice(scope.of(self.returns)).name}"  # perhaps an argument
        if self.returns == "list":
            return f"return [{self.value(scope)}, {self.value(scope, 1)}]"
        if self.returns == "pair":
            return f"return Pair({self.value(scope)}, {self.value(scope)}, [{self.value(scope)}])"
        if self.returns == "fun":
            inner = scope.child()
            inner.bind(Var("t", "float"))
            return f"return lambda t: {self.value(inner)}"
        names = list(scope.variables.values())
        # Mostly what came last, which depends on what came first.
        weights = [1 + 3 * (i + 1) / len(names) for i in range(len(names))]
        chosen = dict.fromkeys(self.rng.choices(names, weights, k=self.rng.randint(3, 7)))
        terms = [self.squash(*self.read(v, scope), 1.0) for v in chosen] if final else []
        return "return " + " + ".join([*terms, self.value(scope)])

    # --- statements -----------------------------------------------------------------------------

    def block(self, scope: Scope, size: int) -> Lines:
        """About `size` statements."""
        lines: Lines = []
        while size > 0:
            made, cost = self.statement(scope, size)
            lines += made
            size -= cost
        return lines or ["pass"]

    def statement(self, scope: Scope, size: int) -> tuple[Lines, int]:
        """One statement and what it costs."""
        if size >= 2 and self.chance(0.4):
            makers = taped.COMPOUND if self.taped and self.chance(0.3) else COMPOUND
            made = self.pick(makers)(self, scope, max(1, min(size - 1, self.rng.randint(1, 5))))
            if made:
                return made, max(2, len(made) // 2)
        for _ in range(20):
            makers = taped.SIMPLE if self.taped and self.chance(0.1) else SIMPLE
            if self.library and self.chance(0.3):
                makers = library.SIMPLE
            lines = self.pick(makers)(self, scope)
            if lines:
                return lines, 1
        return ["pass"], 1

    def pick(self, makers: tuple[Maker, ...]) -> Maker:
        """A maker; each program prefers some and leaves out others, so that constructs meet."""
        if makers not in self.weights:
            each = {maker: self.rng.choice((0.0, 0.3, 1.0, 1.0, 3.0)) for maker in makers}
            each[self.rng.choice(makers)] = 3.0
            self.weights[makers] = [each[maker] for maker in makers]
        return self.rng.choices(makers, self.weights[makers])[0]


def indent(lines: Lines) -> Lines:
    """The lines one level deeper."""
    return ["    " + line for line in lines]


def generate(seed: int | str) -> str:
    """The text of program number `seed`.

    >>> generate(3) == generate(3) and "def f(" in generate(3)
    True
    """
    return Generator(seed).program()


if __name__ == "__main__":
    from tests.programs.command import main

    main()
