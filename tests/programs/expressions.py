"""Random expressions: floats, vectors and conditions over the variables in scope.

Every expression comes with a rough bound of its magnitude; what is assigned is squashed when the
bound is large, so that values stay finite whatever the program does with them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

#: Rough sizes of what is read, and what an assigned value may reach unsquashed. Programs that go
#: far beyond are rejected when they run (`tests.programs.dual.Watch`).
FLOAT, ELEMENT, ACCUMULATOR, LIMIT = 2.0, 3.0, 6.0, 30.0

#: Kinds of parameters for which an argument can be made anywhere.
FREE = ("float", "int", "fun")


@dataclass(frozen=True)
class Var:
    """A variable in scope. `n` is the length of a vector; `n` and `m` are the shape of a grid.

    Of kind "elem" is what is read only: its name may be an expression such as ``u[i - 1]``.
    """

    name: str
    kind: str
    n: int = 0
    m: int = 0


@dataclass(frozen=True)
class Helper:
    """A function of the program: the kinds of its parameters and what it returns and does.

    `n` is the length of a vector that it returns; `forms` are argument lists with holes for floats.
    """

    name: str
    params: tuple[Var, ...]
    returns: str
    grows: bool
    defaults: int = 0
    n: int = 3
    forms: tuple[str, ...] = ()


@dataclass
class Scope:
    """The variables that are surely bound here, and what is allowed here."""

    variables: dict[str, Var] = field(default_factory=dict)
    in_loop: int = 0
    may_grow: bool = True
    in_function: bool = True

    def child(self, **changes: object) -> Scope:
        """A scope for a block: what it binds is not visible after it."""
        return replace(self, variables=dict(self.variables), **changes)

    def bind(self, var: Var) -> None:
        """Make `var` visible."""
        self.variables[var.name] = var

    def of(self, *kinds: str) -> list[Var]:
        """The variables of these kinds."""
        return [v for v in self.variables.values() if v.kind in kinds]


class Expressions:
    """Makes expressions from a seeded source of randomness."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.helpers: list[Helper] = []
        self.counter = 0
        self.functions = 0
        self.grew = False

    def fresh(self, prefix: str) -> str:
        """A new name."""
        self.counter += 1
        return f"{prefix}{self.counter}"

    def function_name(self) -> str:
        """A new name for a function of the module."""
        self.functions += 1
        return f"helper_{self.functions}"

    def chance(self, p: float) -> bool:
        """True with probability `p`."""
        return self.rng.random() < p

    def literal(self) -> str:
        """A number."""
        if self.chance(0.12):
            return self.rng.choice(["1", "2", "-1", "0"])
        return repr(round(self.rng.uniform(-1.5, 1.5), 2))

    # --- floats ---------------------------------------------------------------------------------

    def expr(self, scope: Scope, depth: int = 2) -> tuple[str, float]:
        """A float expression and its bound."""
        if depth <= 0 or self.chance(0.2):
            return self.atom(scope)
        roll = self.rng.random()
        if roll < 0.5:
            return self._binary(scope, depth)
        if roll < 0.8:
            return self._unary(scope, depth)
        return self._structured(scope, depth)

    def value(self, scope: Scope, depth: int = 2, limit: float = LIMIT) -> str:
        """A float expression that stays below `limit`."""
        text, bound = self.expr(scope, depth)
        return self.squash(text, bound, limit)

    def squash(self, text: str, bound: float, limit: float = LIMIT) -> str:
        """`text` made smaller than `limit` in a smooth way, if it has to be."""
        if bound <= limit:
            return text
        shape = self.rng.choice(
            ["math.tanh({})", "math.sin({})", "math.tanh(0.3 * {})", "math.sin(0.2 * {})"]
        )
        if text.startswith("(") and _is_wrapped(text):
            text = text[1:-1] if "* {}" not in shape else text
        elif "* {}" in shape and not text.isidentifier():
            text = f"({text})"
        return shape.format(text)

    def _binary(self, scope: Scope, depth: int) -> tuple[str, float]:
        a, bound_a = self.expr(scope, depth - 1)
        b, bound_b = self.expr(scope, depth - 1)
        op = self.rng.choice("++-**/hmM")
        if op in "+-":
            return f"({a} {op} {b})", bound_a + bound_b
        if op == "*":
            return f"({a} * {b})", bound_a * bound_b
        if op == "/":
            b = self.squash(b, bound_b)
            return self.rng.choice(
                [f"({a} / (1.0 + {b} * {b}))", f"({a} / (1.5 + math.sin({b})))"]
            ), (2 * bound_a)
        if op == "h":
            return f"math.hypot({a}, 1.0 + {b} * {b})", bound_a + bound_b * bound_b + 1
        name = "max" if op == "M" else "min"
        return f"{name}({a}, {b})", max(bound_a, bound_b)

    def _unary(self, scope: Scope, depth: int) -> tuple[str, float]:
        a, bound = self.expr(scope, depth - 1)
        shape = self.rng.choice(
            ["sin", "cos", "tanh", "atan", "sqrt", "log", "exp", "neg", "abs", "2", "3"]
        )
        if shape in ("sin", "cos", "tanh"):
            return f"math.{shape}({_bare(a)})", 1.0
        if shape == "atan":
            return f"math.atan({_bare(a)})", 1.6
        if shape == "sqrt":
            return f"math.sqrt(1.0 + {a} * {a})", bound + 1
        if shape == "log":
            return f"math.log(1.5 + {a} * {a})", bound + 1
        if shape == "exp":
            return f"math.exp({self.squash(a, bound, 2.0)})", 7.4
        if shape == "neg":
            return f"(-{a})", bound
        if shape == "abs":
            return f"abs({_bare(a)})", bound
        return f"({a} ** {shape})", bound ** int(shape)

    def _structured(self, scope: Scope, depth: int) -> tuple[str, float]:
        roll = self.rng.randrange(6)
        if roll == 0:
            a, bound_a = self.expr(scope, depth - 1)
            b, bound_b = self.expr(scope, depth - 1)
            return f"({a} if {self.condition(scope)} else {b})", max(bound_a, bound_b)
        if roll == 1:
            a, b = self.value(scope, depth - 1), self.value(scope, depth - 1)
            test = f"{self.value(scope, 0)} > {self.literal()}"
            return f"({test} and {a} or {b})", FLOAT
        if roll == 2 and scope.of("list", "vec"):
            over = self.rng.choice(scope.of("list", "vec")).name
            return self._comprehension(scope, over)
        if roll == 3 and self.helpers:
            call = self.call(scope, "float")
            if call:
                return call, FLOAT
        if roll == 4 and scope.of("fun"):
            f = self.rng.choice(scope.of("fun")).name
            return f"{f}({self.value(scope, depth - 1)})", FLOAT
        if roll == 5 and scope.of("pair"):
            p = self.rng.choice(scope.of("pair")).name
            return self.rng.choice(
                [(f"{p}.score({self.value(scope, depth - 1)})", 1.0), (f"{p}.norm", 2 * ELEMENT)]
            )
        return self._binary(scope, depth)

    def _comprehension(self, scope: Scope, over: str) -> tuple[str, float]:
        inner = scope.child()
        item = Var(self.fresh("t"), "float")
        inner.bind(item)
        a = self.value(inner, 1)
        keep = f" if {item.name} > {self.literal()}" if self.chance(0.25) else ""
        return f"sum([{a} * {item.name} for {item.name} in {over}{keep}])", ACCUMULATOR

    def atom(self, scope: Scope) -> tuple[str, float]:
        """A literal or a read."""
        if self.chance(0.1) or not scope.variables:
            text = self.literal()
            return (f"({text})" if text.startswith("-") else text), 2.0
        return self.read(self.rng.choice(list(scope.variables.values())), scope)

    def read(self, var: Var, scope: Scope) -> tuple[str, float]:
        """A float read out of `var`."""
        name, kind = var.name, var.kind
        if kind == "float":
            return name, FLOAT
        if kind == "elem":
            return name, ELEMENT
        if kind == "own":
            return self._read_own(var, scope)
        if kind in ("grid", "own2", "nested", "record", "shape", "num"):
            return self._read_structure(var, scope)
        if kind == "thunk":
            return f"{name}()", ACCUMULATOR
        if kind == "acc":
            return name, ACCUMULATOR
        if kind == "int":
            return name, 5.0
        if kind in ("vec", "list", "mat", "tuple"):
            return self._read_items(var, scope)
        if kind == "pair":
            return self.rng.choice(
                [f"{name}.u", f"{name}.v", f"{name}.w[0]", f"{name}.w[-1]"]
            ), ELEMENT
        if kind == "bag":
            return f"{name}[{self.rng.choice(['0', '-1'])}]", ELEMENT
        if kind == "point":
            return self.rng.choice([f"{name}.x", f"{name}.y"]), ELEMENT
        if kind == "dict":
            return self.rng.choice(
                [f'{name}["p"]', f'{name}["q"]', f'{name}.get("r", 0.5)']
            ), ELEMENT
        if kind == "pairs":
            return f"{name}[{self.rng.choice(['0', '1', '-1'])}].{self.rng.choice('uv')}", ELEMENT
        if kind == "vecs":
            return f"{name}[{self.rng.choice('01')}][{self.rng.choice('012')}]", ELEMENT
        if kind == "fun":
            return f"{name}({self.literal()})", FLOAT
        raise AssertionError(kind)

    def _read_structure(self, var: Var, scope: Scope) -> tuple[str, float]:
        """A read of what `tests.programs.objects` and `nested` make."""
        name, end, b = var.name, self.rng.choice(["0", "-1"]), self.rng.choice("01")
        if var.kind in ("grid", "own2"):
            row, column = self.rng.randrange(var.n), self.rng.randrange(var.m)
            texts = [f"{name}[{row}, {column}]", f"{name}[{row}][{column}]", f"{name}[{row}].sum()",
                     f"{name}[:, {column}].mean()", f"{name}.sum()", f"{name}[-1, -1]",
                     f"{name}[0:2, 0:2].sum()", f"{name}.T[{column}][{row}]",
                     f"({name}[0] @ {name}[1])"]  # fmt: skip
        elif var.kind == "nested":
            texts = [f"{name}[{b}][{end}]", f"{name}[{b}][{end}]", f"sum({name}[{b}])",
                     f"sum([sum(t) for t in {name}])", f"sum([s * s for t in {name} for s in t])",
                     f"{name}[-1][0]"]  # fmt: skip
        elif var.kind == "record":
            texts = [f"{name}.x", f"{name}.y", f"{name}[0]", f"{name}.w[{end}]", f"{name}.norm()",
                     f"{name}[2][0]", f"{name}.norm(k={self.literal()})",
                     f"{name}.turned().x"]  # fmt: skip
        elif var.kind == "shape":
            e = self._operand(scope)
            texts = [f"{name}.k", f"{name}.at({e})", f"{name}.gain", f"{name}({e})", f"{name}[0]",
                     f"{name}({e}, shift={self._operand(scope)})", f"{name}.data[{end}]",
                     f"{name}.twist({e})", f"Base.at({name}, {e})",
                     f"{name}.move({e}).k"]  # fmt: skip
        else:
            texts = [f"{name}.a", f"{name}.b", f"abs({name})", f"{name}[{b}]",
                     f"({name} * {self._operand(scope)}).a", f"(-{name}).a",
                     f"({name} + {name}).b"]  # fmt: skip
        return self.rng.choice(texts), ACCUMULATOR

    def _read_own(self, var: Var, scope: Scope) -> tuple[str, float]:
        name = var.name
        if self.chance(0.5):
            return f"{name}[{self.index(var, scope)}]", ELEMENT
        return self.rng.choice(
            [f"{name}.sum()", f"np.sum({name})", f"({name} @ {name})", f"{name}[1:].sum()",
             f"np.tanh({name}).sum()", f"{name}.mean()", f"np.dot({name}[:2], {name}[-2:])",
             f"({name} * {name}).sum()"]
        ), ACCUMULATOR  # fmt: skip

    def _operand(self, scope: Scope) -> str:
        floats = scope.of("float")
        return self.rng.choice(floats).name if floats else self.literal()

    def _read_items(self, var: Var, scope: Scope) -> tuple[str, float]:
        name = var.name
        if var.kind == "tuple":
            return f"{name}[{self.rng.choice('01')}]", ELEMENT
        if var.kind == "mat":
            row, column = self.rng.choice("01"), self.rng.choice("012")
            return self.rng.choice(
                [f"{name}[{row}, {column}]", f"{name}[{row}][{column}]", f"{name}[{row}].sum()"]
            ), ELEMENT
        if self.chance(0.2):
            if var.kind == "list":
                return f"sum({name})", ACCUMULATOR
            return self.rng.choice(
                [
                    f"{name}.sum()",
                    f"np.sum({name})",
                    f"np.dot({name}, {name})",
                    f"({name} @ {name})",
                    f"{name}.mean()",
                    f"sum({name})",
                ]
            ), ACCUMULATOR
        return f"{name}[{self.index(var, scope)}]", ELEMENT

    def index(self, var: Var, scope: Scope) -> str:
        """A valid index into a list or vector; now and then it depends on data."""
        length = str(var.n) if var.kind in ("vec", "own") else f"len({var.name})"
        roll = self.rng.random()
        if roll < 0.15 and scope.of("int"):
            return f"{self.rng.choice(scope.of('int')).name} % {length}"
        if roll < 0.25 and scope.of("float"):
            return f"int(abs({self.rng.choice(scope.of('float')).name}) * 7.3) % {length}"
        if var.kind in ("vec", "own"):
            return self.rng.choice([*map(str, range(var.n)), "-1", str(-var.n)])
        return self.rng.choice(["0", "-1", f"1 % {length}"])

    # --- conditions -----------------------------------------------------------------------------

    def condition(self, scope: Scope, depth: int = 1) -> str:
        """A condition that depends on data."""
        roll = self.rng.random()
        if depth and roll < 0.15:
            word = self.rng.choice(["and", "or"])
            return f"({self.condition(scope, 0)} {word} {self.condition(scope, 0)})"
        if depth and roll < 0.22:
            return f"not {self.condition(scope, 0)}"
        if depth and roll < 0.26:
            call = self.call(scope, "test")
            if call:
                return call
        if roll < 0.32 and scope.of("int"):
            return f"{self.rng.choice(scope.of('int')).name} % 2 == {self.rng.choice('01')}"
        if roll < 0.4 and scope.of("list"):
            return f"len({self.rng.choice(scope.of('list')).name}) > {self.rng.choice('1234')}"
        if roll < 0.5:
            return f"-0.8 < {self.value(scope, 0)} <= {self.value(scope, 0)}"
        other = self.literal() if self.chance(0.7) else self.value(scope, 1)
        return f"{self.value(scope, 1)} {self.rng.choice(['>', '<', '>=', '<='])} {other}"

    # --- vectors --------------------------------------------------------------------------------

    def vector(self, scope: Scope, n: int, depth: int = 2) -> str:
        """A new or shared vector of length `n`, elements bounded."""
        same = [v for v in scope.of("vec") if v.n == n]
        if depth <= 0 or self.chance(0.15):
            if same and self.chance(0.8):
                return self.rng.choice(same).name
            return f"np.array([{', '.join(self.value(scope, 1) for _ in range(n))}])"
        a = self.vector(scope, n, depth - 1)
        b = self.vector(scope, n, depth - 1)
        s = self.value(scope, 1)
        t = self.fresh("t")
        shapes = [
            f"np.tanh({a} + {b})", f"np.sin({a} * {b})", f"np.sin({s} * {a})",
            f"np.tanh({a} - {s})",
            f"({a} / (1.0 + {b} * {b}))", f"np.where({a} > {self.literal()}, {a}, {b})",
            f"np.maximum({a}, np.cos({b}))", f"({a} * 0.5 + {b} * 0.25)",
            f"np.tanh(np.cumsum({a}))",
            f"np.concatenate(({a}[:1], {b}[1:]))", f"{a}[::-1]", f"{a}.copy()", f"(-{a})",
            f"np.array([math.sin({t}) + {s} for {t} in {a}])", f"np.tanh(np.exp(0.2 * {a}))",
            f"np.cos({a}[np.array([{', '.join(str(self.rng.randrange(n)) for _ in range(n))}])])",
        ]  # fmt: skip
        mats = scope.of("mat")
        if mats and n == 3:
            m = self.rng.choice(mats).name
            shapes += [f"{m}[{self.rng.choice('01')}]", f"np.tanh({a} @ ({m}.T @ {m}))",
                       f"np.tanh({m}.sum(axis=0))"]  # fmt: skip
        call = self.call(scope, "vec", n) if self.helpers else None
        if call:
            shapes += [call] * 4
        shapes += [f"np.sin({v.name})" for v in scope.of("own") if v.n == n]
        shapes += [f"(({a} > {self.literal()}) * {b})", f"np.diff({a}, append={s})",
                   f"np.roll({a}, 1)", f"(np.multiply({a}, {b}) * 0.3)"]  # fmt: skip
        return self.rng.choice(shapes)

    # --- calls ----------------------------------------------------------------------------------

    def call(self, scope: Scope, returns: str, n: int = 3) -> str | None:
        """A call of a helper with the wanted result, or None."""
        fitting = [
            h
            for h in self.helpers
            if h.returns == returns
            and (returns != "vec" or h.n == n)
            and (scope.may_grow or not h.grows)
            and all(p.kind in FREE or self._find(scope, p) for p in h.params)
        ]
        if not fitting:
            return None
        return self._call_of(self.rng.choice(fitting), scope)

    def call_with(self, scope: Scope, var: Var) -> str | None:
        """A call of a helper that is given the vector `var`, or None."""
        fitting = [
            h
            for h in self.helpers
            if any(p.kind == "vec" and p.n == var.n for p in h.params)
            and (scope.may_grow or not h.grows)
            and all(p.kind in FREE or p.kind == "vec" and p.n == var.n for p in h.params)
        ]
        if not fitting:
            return None
        only = scope.child()
        only.variables = {k: v for k, v in scope.variables.items() if v.kind != "vec"}
        for v in scope.of("vec") if self.chance(0.3) else []:
            only.bind(v)
        only.bind(var)
        return self._call_of(self.rng.choice(fitting), only)

    def _call_of(self, helper: Helper, scope: Scope) -> str:
        self.grew |= helper.grows
        if helper.forms:
            form = self.rng.choice(helper.forms)
            holes = [self.value(scope, 1) for _ in range(form.replace("{{", "").count("{"))]
            return f"{helper.name}({form.format(*holes)})"
        arguments = []
        keep = len(helper.params) - (self.rng.randint(0, helper.defaults) if helper.defaults else 0)
        for position, p in enumerate(helper.params[:keep]):
            text = self._argument(scope, p)
            named = position == keep - 1 and self.chance(0.15)
            arguments.append(f"{p.name}={text}" if named else text)
        return f"{helper.name}({', '.join(arguments)})"

    def _argument(self, scope: Scope, p: Var) -> str:
        if p.kind == "float":
            return self.value(scope, 1)
        if p.kind == "int":
            return self.rng.choice(["1", "2", "3"])
        if p.kind == "fun":
            return self._function(scope)
        return self.rng.choice(self._find(scope, p)).name

    def _function(self, scope: Scope) -> str:
        """A function of one float: a variable, a bound method, a helper, a lambda."""
        texts = [f.name for f in scope.of("fun")] * 2
        texts += [f"{p.name}.score" for p in scope.of("pair")]
        texts += [f"{b.name}.at" for b in scope.of("shape")]
        texts += [
            h.name
            for h in self.helpers
            if h.returns == "float" and [p.kind for p in h.params] == ["float"]
        ]
        t = self.fresh("t")
        inner = scope.child()
        inner.bind(Var(t, "float"))
        texts += ["math.sin", f"lambda {t}: {self.value(inner, 1)}"]
        return self.rng.choice(texts)

    def _find(self, scope: Scope, p: Var) -> list[Var]:
        if p.kind == "mat":
            return [v for v in scope.of("mat", "grid") if (v.n, v.m) in ((0, 0), (2, 3))]
        return [v for v in scope.of(p.kind) if v.n == p.n]


def _is_wrapped(text: str) -> bool:
    """Whether the first parenthesis closes at the end."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return position == len(text) - 1
    return False


def _bare(text: str) -> str:
    return text[1:-1] if text.startswith("(") and _is_wrapped(text) else text
