"""Random statements that leave the straight way: exceptions, ``with``, generators, ``match``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.expressions import Scope, Var
from tests.programs.statements import indent

if TYPE_CHECKING:
    from tests.programs.generator import Generator

Lines = list[str]

TAPED = """\


class Stop(Exception):
    pass


class Guard:
    def __init__(self, held, x):
        self.held = held
        self.x = x

    def __enter__(self):
        self.held[0] = math.sin(self.held[0] + self.x)
        return self

    def __exit__(self, kind, error, trace):
        self.held[-1] = math.cos(self.held[-1]) * self.x
        return kind is Stop


@contextmanager
def scaled(held, x):
    before = held[0]
    held[0] = before * math.cos(x)
    try:
        yield before + x
    finally:
        held[0] = math.sin(held[0]) + before


def halves(held, x):
    for t in held:
        if t > 1.2:
            return
        x = math.sin(x + t)
        yield t * x


def checked(x):
    if x > 0.4:
        raise Stop(x * x)
    if x < -1.3:
        raise ValueError(x)
    return math.cos(x)
"""


def _held(g: Generator, scope: Scope) -> str | None:
    held = scope.of("vec", "list", "bag")
    return g.rng.choice(held).name if held else None


# --- exceptions ---------------------------------------------------------------------------------


def try_except(g: Generator, scope: Scope, size: int) -> Lines:
    """Something that may be thrown, and is caught; the handler may read what was thrown."""
    v, e = g.fresh("v"), g.fresh("e")
    inner = scope.child()
    body = g.block(inner, max(1, size // 2)) if g.chance(0.6) else []
    thrown = g.value(inner)
    risky = g.rng.choice(
        [
            [f"{v} = checked({thrown})"],
            [f"if {g.condition(inner)}:", f"    raise Stop({thrown})", f"{v} = {g.value(inner)}"],
            [f'{v} = {{"p": {thrown}}}["{g.rng.choice("pq")}"]'],
            [f"{v} = [{thrown}][{g.rng.choice(['0', '1', '-1'])}]"],
            [f"{v} = {thrown}"],
            [f"{v} = 1.0 / {g.rng.choice(['0', '2.0'])} + {thrown}"],
        ]
    )
    lines = ["try:", *indent([*body, *risky])]
    handler = [f"except (Stop, ValueError) as {e}:", f"    {v} = {e}.args[0] * {g.value(scope, 1)}"]
    rest = [
        f"except {g.rng.choice(['Exception', 'LookupError', '(ArithmeticError, LookupError)'])}:",
        *indent([*(g.block(scope.child(), 1) if g.chance(0.4) else []), f"{v} = {g.value(scope)}"]),
    ]
    if "Exception" not in rest[0]:
        rest += ["except ArithmeticError:" if "Arith" not in rest[0] else "except RuntimeError:"]
        rest += [f"    {v} = {g.value(scope)}"]
    lines += [*handler, *rest]
    if g.chance(0.2):
        lines += ["else:", f"    {v} = math.sin({v} + {g.value(inner, 1)})"]
    if g.chance(0.3):
        lines += ["finally:", *indent(g.block(scope.child(), 1))]
    scope.bind(Var(v, "acc"))
    return lines


def try_finally(g: Generator, scope: Scope, size: int) -> Lines:
    """What happens on every way out, an early return or the end of a loop included."""
    inner = scope.child()
    body = g.block(inner, max(1, size // 2))
    if g.chance(0.5):
        words = [g.result(inner)] + (["break", "continue"] if scope.in_loop else [])
        body += [f"if {g.condition(inner)}:", f"    {g.rng.choice(words)}"]
        body += g.block(inner, 1)
    held = _held(g, scope)
    last = [f"{held}[0] {g.rng.choice(['=', '+='])} {g.value(scope)}"] if held else []
    return ["try:", *indent(body), "finally:", *indent([*last, *g.block(scope.child(), 1)])]


def with_block(g: Generator, scope: Scope, size: int) -> Lines | None:
    held = _held(g, scope)
    if held is None:
        return None
    w = g.fresh("w")
    e = g.value(scope)
    inner = scope.child()
    head = g.rng.choice(
        [
            f"with Guard({held}, {e}) as {w}:",
            f"with Guard({held}, {e}):",
            f"with scaled({held}, {e}) as {w}:",
            f"with scaled({held}, {e}), Guard({held}, {g.value(scope)}):",
            "with suppress(Stop, ValueError):",
        ]
    )
    if f"as {w}" in head:
        inner.bind(Var(f"{w}.x" if "Guard" in head else w, "elem"))
    body = g.block(inner, max(1, size // 2))
    if ("Guard" in head and "scaled" not in head) or "suppress" in head:
        if g.chance(0.4):
            body += [f"if {g.condition(inner)}:", f"    raise Stop({g.value(inner, 1)})"]
        body += g.block(inner, 1)
    if g.chance(0.2):
        body += [f"if {g.condition(inner)}:", f"    {g.result(inner)}"]
    return [head, *indent(body)]


# --- generators ---------------------------------------------------------------------------------


def over_generator(g: Generator, scope: Scope, size: int) -> Lines | None:
    held = _held(g, scope)
    if held is None or scope.in_loop >= 2:
        return None
    v, gen = g.fresh("v"), g.fresh("h")
    e = g.value(scope)
    inner = scope.child(may_grow=False)
    inner.bind(Var(v, "acc"))
    source = g.rng.choice(
        [f"halves({held}, {e})", f"({v} * {e} for {v} in {held})", f"list(halves({held}, {e}))"]
    )
    lines: Lines = []
    if g.chance(0.4):
        lines.append(f"{gen} = {source}")
        source = gen
        if g.chance(0.5):
            lines.append(f"{held}[0] {g.rng.choice(['=', '+='])} {g.value(scope)}")
    before = inner.in_loop
    inner.in_loop = before + 1
    body = g.block(inner, max(1, size // 2))
    if g.chance(0.3):
        body += [f"if {g.condition(inner)}:", "    break"]
    return [*lines, f"for {v} in {source}:", *indent(body)]


def own_generator(g: Generator, scope: Scope) -> Lines | None:
    """A generator function in the function, which reads and writes its variables."""
    held = _held(g, scope)
    if held is None:
        return None
    gen, t, v = g.fresh("g"), g.fresh("t"), g.fresh("v")
    inner = scope.child()
    inner.bind(Var(t, "float"))
    body = [f"    for {t} in ({g.value(scope, 1)}, 0.5, {g.value(scope, 1)}):"]
    if g.chance(0.4):
        body.append(f"        {held}[0] {g.rng.choice(['=', '+='])} {g.value(inner)}")
    if g.chance(0.3):
        body += [f"        if {g.condition(inner)}:", "            return"]
    body.append(f"        yield {g.value(inner)}")
    use = g.rng.choice(
        [f"sum({gen}())", f"list({gen}())[0:1] or [0.5]", f"next({gen}(), 0.5)",
         f"sum([x * y for x, y in zip({gen}(), {gen}())])", f"max({gen}(), default=0.25)"]
    )  # fmt: skip
    lines = [f"def {gen}():", *body, f"{v} = {use}"]
    scope.bind(Var(v, "bag" if use.startswith("list") else "acc"))
    return lines


def drawn(g: Generator, scope: Scope) -> Lines | None:
    """Items drawn one by one, with writes in between."""
    held = _held(g, scope)
    if held is None:
        return None
    gen, v, w = g.fresh("h"), g.fresh("v"), g.fresh("v")
    source = g.rng.choice([f"halves({held}, {g.value(scope)})", f"(t * t for t in {held})"])
    lines = [
        f"{gen} = {source}",
        f"{v} = next({gen}, 0.5)",
        f"{held}[-1] {g.rng.choice(['=', '+='])} {g.value(scope)}",
        f"{w} = {g.rng.choice([f'sum({gen})', f'next({gen}, 0.25)', f'max({gen}, default=0.1)'])}",
    ]
    scope.bind(Var(v, "acc"))
    scope.bind(Var(w, "acc"))
    return lines


# --- match --------------------------------------------------------------------------------------


def match_block(g: Generator, scope: Scope, size: int) -> Lines:
    v, t, s = g.fresh("v"), g.fresh("t"), g.fresh("t")
    subjects = [f"({g.value(scope)}, {g.value(scope)})", f"[{g.value(scope)}]", f"{g.value(scope)}"]
    subjects += [x.name for x in scope.of("tuple", "list", "pair", "dict", "record", "point")] * 2
    two, one = scope.child(), scope.child()
    for name in (t, s):
        two.bind(Var(name, "float"))
    one.bind(Var(t, "float"))
    cases: list[tuple[str, Scope]] = [
        (f"({t}, {s}) if {g.condition(two, 0)}", two),
        (f"[{t}, {s}]", two),
        (f"[{t}]", one),
        (f"[{t}, *_]", one),
        (f"Pair(u={t}, v={s})", two),
        (f"Pair(u={t})", one),
        (f"Point({t}, {s})", two),
        (f'{{"p": {t}, "q": {s}}}', two),
        (f'{{"p": {t}, **rest}}', one),
        ("0 | 1 | None", scope.child()),
        (f"Record({t}, {s}, _)", two),
        (f"{t} if isinstance({t}, list)", scope.child()),
    ]
    lines = [f"match {g.rng.choice(subjects)}:"]
    for head, bound in g.rng.sample(cases, g.rng.randint(1, 4)):
        inner = bound.child()
        lines.append(f"    case {head}:")
        lines += indent(indent([*g.block(inner, 1), f"{v} = {g.value(inner)}"]))
    lines += ["    case _:", f"        {v} = {g.value(scope)}"]
    scope.bind(Var(v, "float"))
    return lines


COMPOUND = (
    try_except, try_except, try_except, try_finally, try_finally, with_block, with_block,
    over_generator, over_generator, match_block, match_block,
)  # fmt: skip
SIMPLE = (own_generator, drawn)
NAMES = ("Stop", "Guard", "scaled(", "halves(", "checked(")
