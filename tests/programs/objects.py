"""Classes for random programs, and the statements that use them.

`Record` is a NamedTuple, `Base` and `Derived` inherit, with properties and `super`, `Num` has
operators, in-place ones too. A program holds only those that it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.expressions import Scope, Var

if TYPE_CHECKING:
    from tests.programs.generator import Generator

Lines = list[str]

RECORD = """\


class Record(NamedTuple):
    x: object
    y: object
    w: object

    def norm(self, k=1.0):
        return math.sqrt(1.0 + self.x * self.x + k * self.y * self.y)

    def turned(self):
        return Record(-self.y, self.x, self.w)
"""

FAMILY = """\


class Base:
    scale = 0.5

    def __init__(self, k, data):
        self.k = k
        self.data = data

    def at(self, t):
        return math.sin(self.k * t) + self.bias()

    def bias(self):
        return 0.25

    def move(self, t):
        self.k = math.sin(self.k) + self.scale * t
        self.data[0] = math.sin(self.data[0] * t)
        return self

    @property
    def gain(self):
        return math.tanh(self.k) * self.scale

    @gain.setter
    def gain(self, value):
        self.k = math.sin(value)

    @staticmethod
    def twist(t):
        return math.sin(2.0 * t)

    @classmethod
    def made(cls, t, data):
        return cls(math.cos(t), data)

    def __call__(self, t, shift=0.5):
        return math.tanh(self.at(t)) - shift * self.k

    def __getitem__(self, i):
        return self.data[i]

    def __setitem__(self, i, value):
        self.data[i] = value

    def __len__(self):
        return 2


class Derived(Base):
    scale = -0.75

    def __init__(self, k, data, extra=0.3):
        super().__init__(math.sin(k), data)
        self.extra = extra

    def at(self, t):
        return super().at(t) * math.cos(self.extra) + t

    def bias(self):
        return math.sin(self.extra * self.k)

    def move(self, t):
        super().move(t)
        self.extra = math.cos(self.extra + t)
        return self
"""

NUM = """\


class Num:
    __slots__ = ("a", "b")

    def __init__(self, a, b=0.5):
        self.a = a
        self.b = b

    def __add__(self, other):
        if isinstance(other, Num):
            return Num(math.sin(self.a + other.a), 0.5 * (self.b + other.b))
        return Num(self.a + math.sin(other), self.b)

    __radd__ = __add__

    def __sub__(self, other):
        return self + -other

    def __neg__(self):
        return Num(-self.a, self.b)

    def __mul__(self, other):
        if isinstance(other, Num):
            return Num(math.tanh(self.a * other.b), math.sin(self.b * other.a))
        return Num(math.sin(self.a * other), self.b)

    def __rmul__(self, other):
        return Num(math.tanh(other * self.a), self.b)

    def __iadd__(self, other):
        self.a = math.sin(self.a + (other.a if isinstance(other, Num) else other))
        return self

    def __imul__(self, k):
        self.b = math.tanh(self.b * k)
        return self

    def __pow__(self, n):
        return Num(math.sin(self.a**n), self.b)

    def __abs__(self):
        return math.sqrt(1.0 + self.a * self.a + self.b * self.b)

    def __lt__(self, other):
        return self.a < other.a

    def __getitem__(self, i):
        return (self.a, self.b)[i]
"""

#: The name that calls for the text.
CLASSES = {"Record": RECORD, "Base": FAMILY, "Derived": FAMILY, "Num": NUM}


def holder(g: Generator, scope: Scope) -> str:
    """A list or array, perhaps one that others hold too."""
    held = scope.of("vec", "list", "bag")
    if held and g.chance(0.6):
        return g.rng.choice(held).name
    return g.rng.choice(
        [f"[{g.value(scope, 1)}]", f"np.array([{g.value(scope, 1)}, {g.value(scope, 1)}])"]
    )


# --- records ------------------------------------------------------------------------------------


def new_record(g: Generator, scope: Scope) -> Lines:
    records = scope.of("record")
    if records and g.chance(0.4):
        a, b, w = g.fresh("v"), g.fresh("v"), g.fresh("w")
        scope.bind(Var(a, "acc"))
        scope.bind(Var(b, "acc"))
        scope.bind(Var(w, "bag"))
        return [f"{a}, {b}, {w} = {g.rng.choice(records).name}"]
    name = g.fresh("r")
    text = f"Record({g.value(scope)}, {g.value(scope)}, {holder(g, scope)})"
    if records and g.chance(0.7):
        r = g.rng.choice(records).name
        text = g.rng.choice(
            [f"{r}._replace(x={g.value(scope)})", f"{r}.turned()", r,
             f"Record(y={g.value(scope)}, x={r}.y, w={r}.w)", f"Record(*{r})"]
        )  # fmt: skip
    scope.bind(Var(name, "record"))
    return [f"{name} = {text}"]


def write_record(g: Generator, scope: Scope) -> Lines | None:
    records = scope.of("record")
    if not records:
        return None
    r, op = g.rng.choice(records).name, g.rng.choice(["=", "+=", "-="])
    return [f"{r}.w[{g.rng.choice(['0', '-1'])}] {op} {g.value(scope)}"]


# --- inheritance --------------------------------------------------------------------------------


def new_shape(g: Generator, scope: Scope) -> Lines:
    name = g.fresh("b")
    shapes = scope.of("shape")
    data = holder(g, scope)
    texts = [
        f"Base({g.value(scope)}, {data})",
        f"Derived({g.value(scope)}, {data})",
        f"Derived({g.value(scope)}, {data}, {g.value(scope)})",
        f"Derived(k={g.value(scope)}, data={data}, extra={g.value(scope)})",
        f"Derived.made({g.value(scope)}, {data})",
        f"(Base if {g.condition(scope)} else Derived)({g.value(scope)}, {data})",
    ]
    if shapes:
        b = g.rng.choice(shapes).name
        texts += [b, f"{b}.move({g.value(scope)})", f"type({b}).made({g.value(scope)}, {b}.data)"]
    scope.bind(Var(name, "shape"))
    return [f"{name} = {g.rng.choice(texts)}"]


def use_shape(g: Generator, scope: Scope) -> Lines | None:
    shapes = scope.of("shape")
    if not shapes:
        return None
    b, e = g.rng.choice(shapes).name, g.value(scope)
    i = g.rng.choice(["0", "-1"])
    bag = g.fresh("w")
    lines = g.rng.choice(
        [
            [f"{b}.move({e})"],
            [f"{b}.k {g.rng.choice(['=', '+=', '-='])} {e}"],
            [f"{b}.k *= math.cos({e})"],
            [f"{b}.gain = {e}"],
            [f"{b}.gain += {e}"],
            [f"{b}[{i}] = {e}"],
            [f"{b}[{i}] += {e}"],
            [f"{b}.data[{i}] -= {e}"],
            [f"{b}.data = {holder(g, scope)}"],
            [f"{b}.k, {b}.data[0] = {b}.data[0], {e}"],
            [f"{bag} = {b}.data"],
            [f"{b}.move({e}).move({g.value(scope, 1)})"],
        ]
    )
    if lines[0].startswith(bag):
        scope.bind(Var(bag, "bag"))
    return lines


# --- operators ----------------------------------------------------------------------------------


def new_num(g: Generator, scope: Scope) -> Lines:
    name = g.fresh("z")
    nums = scope.of("num")
    text = g.rng.choice([f"Num({g.value(scope)})", f"Num({g.value(scope)}, {g.value(scope)})"])
    if nums and g.chance(0.75):
        a, b = g.rng.choice(nums).name, g.rng.choice(nums).name
        s = g.value(scope, 1)
        text = g.rng.choice(
            [f"{a} + {b}", f"{a} - {b}", f"{a} * {b}", f"{a} * {s}", f"{s} * {a}", f"{s} + {a}",
             f"-{a}", f"{a} ** 2", f"{a} if {a} < {b} else {b}", a, f"min({a}, {b})",
             f"sum([{a}, {b}], {a})"]
        )  # fmt: skip
    scope.bind(Var(name, "num"))
    return [f"{name} = {text}"]


def use_num(g: Generator, scope: Scope) -> Lines | None:
    nums = scope.of("num")
    if not nums:
        return None
    a, e = g.rng.choice(nums).name, g.value(scope)
    return [
        g.rng.choice(
            [
                f"{a} += {e}",
                f"{a} += {g.rng.choice(nums).name}",
                f"{a} *= {e}",
                f"{a}.a = {e}",
                f"{a}.b -= {e}",
                f"{a}.a, {a}.b = {a}.b, {a}.a",
                f"{a} = {a} * {e}",
            ]
        )  # fmt: skip
    ]


# --- bound methods ------------------------------------------------------------------------------


def bind_method(g: Generator, scope: Scope) -> Lines | None:
    """A bound method in a variable; what it is bound to may be rebound or written to."""
    choices: list[tuple[str, str]] = [(p.name + ".score", "fun") for p in scope.of("pair")]
    choices += [(b.name + g.rng.choice([".at", ".twist", ""]), "fun") for b in scope.of("shape")]
    choices += [(r.name + ".norm", "thunk") for r in scope.of("record")]
    choices += [(a.name + g.rng.choice([".sum", ".mean"]), "thunk") for a in scope.of("vec")]
    if not choices:
        return None
    text, kind = g.rng.choice(choices)
    name = g.fresh("m")
    scope.bind(Var(name, kind))
    lines = [f"{name} = {text}"]
    owner = scope.variables[text.split(".")[0]]
    if owner.kind == "vec" and g.chance(0.3):
        lines.append(f"{owner.name} = {g.vector(scope, owner.n)}")
    return lines


def thunk(g: Generator, scope: Scope) -> Lines:
    name = g.fresh("m")
    text = f"lambda: {g.value(scope)}"
    scope.bind(Var(name, "thunk"))
    return [f"{name} = {text}"]


def bound_append(g: Generator, scope: Scope) -> Lines | None:
    lists = scope.of("list")
    if not lists or not scope.may_grow:
        return None
    g.grew = True
    xs, push = g.rng.choice(lists).name, g.fresh("push")
    lines = [f"{push} = {xs}.append"]
    if g.chance(0.3):
        lines.append(f"{xs} = [{g.value(scope)}, {g.value(scope)}]")
    return [*lines, f"{push}({g.value(scope)})"]


SIMPLE = (
    new_record, new_record, write_record, new_shape, new_shape, use_shape, use_shape, use_shape,
    new_num, new_num, new_num, use_num, use_num, bind_method, bind_method, thunk, bound_append,
)  # fmt: skip
