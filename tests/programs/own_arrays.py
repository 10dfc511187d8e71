"""Arrays that only their function reaches, with views: made once, then read and written in place.

Nothing else ever holds such an array (kinds "own" and "own2"), so that a compiler may keep its
cotangent in a local variable. What is tried: overlapping and repeated regions, broadcast values,
saved values that are written over, views made before and read after a write, rare indices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.expressions import Scope, Var
from tests.programs.statements import indent

if TYPE_CHECKING:
    from tests.programs.generator import Generator

Lines = list[str]


def _dtype(g: Generator) -> str:
    return ", dtype=np.float32" if g.single and g.chance(0.5) else ""


def new_own(g: Generator, scope: Scope) -> Lines:
    name, n = g.fresh("o"), g.rng.choice([2, 3, 3, 4, 5])
    e = g.value(scope, 1)
    ones = [v for v in scope.of("own") if v.n == n]
    shared = [v.name for v in scope.of("vec") if v.n == n]
    texts = [f"np.zeros({n}{_dtype(g)})"] * 3 + [f"np.full({n}, 1.0 * {e})", f"np.ones({n}) * {e}"]
    texts += [g.vector(scope, n, 1) + ".copy()"]
    texts += [f"np.sin({a})" for a in shared]
    for v in ones:
        texts += [f"np.exp(0.2 * {v.name})", f"np.tanh({v.name} * {e})", f"{v.name} * {v.name}"]
        texts += [f"{v.name}.copy()", f"np.zeros_like({v.name})", f"{v.name} / (2.0 + {e} * {e})"]
        texts += [f"np.sqrt(1.0 + {v.name} ** 2)", f"np.cumsum({v.name}) * 0.3"]
    scope.bind(Var(name, "own", n))
    return [f"{name} = {g.rng.choice(texts)}"]


def new_own2(g: Generator, scope: Scope) -> Lines:
    name, (n, m) = g.fresh("q"), g.rng.choice([(2, 3), (3, 3), (3, 2)])
    e = g.value(scope, 1)
    texts = [f"np.zeros(({n}, {m}){_dtype(g)})"] * 2 + [f"np.ones(({n}, {m})) * {e}"]
    texts += [f"np.outer({g.vector(scope, n, 0)}, {g.vector(scope, m, 0)})"]
    texts += [f"np.sin({v.name})" for v in scope.of("grid", "own2") if (v.n, v.m) == (n, m)]
    scope.bind(Var(name, "own2", n, m))
    return [f"{name} = {g.rng.choice(texts)}"]


def new_view(g: Generator, scope: Scope) -> Lines | None:
    """A view of an own array, one of its rows or columns, or another name for it."""
    name = g.fresh("o")
    choices: list[tuple[str, Var]] = []
    for v in scope.of("own"):
        views = [
            (f"{v.name}[::-1]", v.n),
            (f"{v.name}[:]", v.n),
            (v.name, v.n),
            (f"{v.name}[...]", v.n),
            (f"{v.name}[-2:]", 2),
            (f"{v.name}[::2]", (v.n + 1) // 2),
        ]
        if v.n > 2:
            views += [(f"{v.name}[1:]", v.n - 1), (f"{v.name}[:-1]", v.n - 1)]
        choices += [(text, Var(name, "own", n)) for text, n in views if n > 1]
    for v in scope.of("own2"):
        i, j = g.rng.randrange(v.n), g.rng.randrange(v.m)
        choices += [
            (f"{v.name}[{i}]", Var(name, "own", v.m)),
            (f"{v.name}[:, {j}]", Var(name, "own", v.n)),
            (f"{v.name}[{i}, ::-1]", Var(name, "own", v.m)),
            (f"{v.name}[::-1, :]", Var(name, "own2", v.n, v.m)),
        ]
        if v.n > 2:
            choices.append((f"{v.name}[1:]", Var(name, "own2", v.n - 1, v.m)))
        if v.m > 2:
            choices.append((f"{v.name}[:, :-1]", Var(name, "own2", v.n, v.m - 1)))
    if not choices:
        return None
    text, var = g.rng.choice(choices)
    scope.bind(var)
    return [f"{name} = {text}"]


def _region(g: Generator, scope: Scope, v: Var) -> tuple[str, int]:
    """A basic slice of an own array and its length."""
    choices = [("[:]", v.n), ("[...]", v.n), ("[::-1]", v.n)]
    if v.n > 2:
        choices += [("[1:]", v.n - 1), ("[:-1]", v.n - 1), (f"[:{v.n - 1}]", v.n - 1)]
    if v.n > 3:
        choices += [("[1:-1]", v.n - 2), ("[::2]", (v.n + 1) // 2)]
    return g.rng.choice(choices)


def _operand(g: Generator, scope: Scope, v: Var, n: int) -> str:
    """A number or vector of length `n`, perhaps a part of `v` itself."""
    same = [x.name for x in scope.of("own", "vec") if x.n == n] or ["0.5"]
    a, e = g.rng.choice(same), g.value(scope, 1)
    texts = [e, e, a, f"0.5 * {a}", f"np.sin({a})", f"np.array([{e}])", f"{a} * {e}"]
    if n == v.n - 1:
        texts += [f"{v.name}[1:]", f"{v.name}[:-1]", f"{v.name}[1:] * {v.name}[:-1]"] * 2
    if n == v.n:
        texts += [f"{v.name}", f"{v.name}[::-1]", f"np.cos({v.name})"] * 2
    return g.rng.choice(texts)


def write_own(g: Generator, scope: Scope) -> Lines | None:
    owns = scope.of("own")
    if not owns:
        return None
    v = g.rng.choice(owns)
    x, e, f, i = v.name, g.value(scope), g.value(scope, 1), g.index(v, scope)
    where, n = _region(g, scope, v)
    operand = _operand(g, scope, v, n)
    last = v.n - 1
    return [
        g.rng.choice(
            [
                f"{x}[{i}] = {e}",
                f"{x}[{i}] {g.rng.choice(['+=', '-='])} {e}",
                f"{x}[{i}] *= math.cos({e})",
                f"{x}[{i}] /= 1.5 + math.cos({e})",
                f"{x}[{i}] **= 2",
                f"{x}[{i}] = {x}[{g.index(v, scope)}] * {f}",
                f"{x}[{i}], {x}[0] = {x}[0], {x}[{i}]",
                f"{x}{where} = {operand}",
                f"{x}{where} = {operand}",
                f"{x}{where} {g.rng.choice(['+=', '-='])} {operand}",
                f"{x}{where} {g.rng.choice(['+=', '-='])} {operand}",
                f"{x}{where} *= np.cos({operand})",
                f"{x}{where} /= 2.0 + np.sin({operand})",
                f"{x} *= math.cos({e})",
                f"{x} *= np.cos({x})",
                f"{x} {g.rng.choice(['+=', '-='])} {e}",
                f"{x} -= {x}.mean()",
                f"{x} += {x}",
                f"{x} **= 2",
                f"{x}[{x} > {g.literal()}] = {e}",
                f"{x}[{x} > {g.literal()}] *= math.cos({e})",
                f"{x}[[0, {last}]] = {e}",
                f"{x}[np.array([0, {last}, 0])] {g.rng.choice(['=', '+=', '-='])} {e}",
                f"{x}[np.array([{last}, 0])] = {x}[np.array([0, {last}])]",
                f"{x}[[{last}, 0]] *= np.array([{f}, 0.5])",
                f"{x}[{i}, ...] = {e}",
                f"{x}[0:1] = {e}",
                f"{x}[-1:] += {x}[:1]",
                f"{x}[{i}] = {x}[{i}] = {e}",
                f"{x}[:] = {g.vector(scope, v.n, 1)}",
            ]
        )
    ]


def write_own2(g: Generator, scope: Scope) -> Lines | None:
    owns = scope.of("own2")
    if not owns:
        return None
    v = g.rng.choice(owns)
    x, e, i, j = v.name, g.value(scope), g.rng.randrange(v.n), g.rng.randrange(v.m)
    op = g.rng.choice(["=", "+=", "-="])
    row = g.rng.choice([a.name for a in scope.of("own", "vec") if a.n == v.m] or ["0.5"])
    column = g.rng.choice([a.name for a in scope.of("own", "vec") if a.n == v.n] or ["0.5"])
    return [
        g.rng.choice(
            [
                f"{x}[{i}, {j}] {op} {e}",
                f"{x}[{i}][{j}] {op} {e}",
                f"{x}[{i}] {op} {row}",
                f"{x}[{i}] *= math.cos({e})",
                f"{x}[:, {j}] {op} {column}",
                f"{x}[:, {j}] = {x}[:, 0] * {e}",
                f"{x} {g.rng.choice(['+=', '-='])} {row}",
                f"{x} *= np.cos({row})",
                f"{x} *= np.cos({x})",
                f"{x}[1:] = {x}[:-1]",
                f"{x}[1:] += {x}[:-1] * {e}",
                f"{x}[:, 1:] -= {x}[:, :-1]",
                f"{x}[:] = {x}[::-1]",
                f"{x}[...] = {row}",
                f"{x}[0], {x}[1] = {x}[1].copy(), {x}[0].copy()",
                f"{x}[{i}, 0:2] = {e}",
                f"{x}[[0, 1], [1, 0]] {op} {e}",
                f"{x}[[1, 0]] = {x}[[0, 1]]",
                f"{x}[{x} > {g.literal()}] = {e}",
                f"{x}[-1, -1] *= {x}[0, 0]",
                f"{x}[{i}, :] = {x}[{v.n - 1 - i}, ::-1]",
                f"{x}[:, {j}] /= 2.0 + np.cos({x}[:, {j}])",
                f"{x}[None, 0, 0] = {e}",
            ]
        )
    ]


def loop_over_own(g: Generator, scope: Scope, size: int) -> Lines | None:
    """A loop that walks over an own array."""
    owns = [v for v in scope.of("own") if v.n > 1]
    if not owns or scope.in_loop >= 2:
        return None
    v, i = g.rng.choice(owns), g.fresh("i")
    inner = scope.child(in_loop=scope.in_loop + 1)
    inner.bind(Var(i, "int"))
    x, n = v.name, v.n
    for index in (f"{i} - 1", i, f"{i} - 1", f"{n - 1} - {i}"):
        inner.bind(Var(f"{x}[{index}]", "elem"))
    e, op = g.value(inner), g.rng.choice(["=", "+=", "-="])
    t = g.fresh("o")
    c = g.condition(inner)
    shapes = [
        [f"{x}[{i}] = {e}"],
        [f"{x}[{i}] {op} {e}"],
        [f"{x}[{i} - 1] {op} {e}"],
        [f"{x}[{i}] = {x}[{i} - 1] * math.cos({e})"],
        [f"{x}[{i}] *= math.cos({e})"],
        [f"{x}[:{i}] {op} {e}"],
        [f"{x}[{i}:] {op} {x}[: {n} - {i}]"],
        [f"{x}[{i} - 1 : {i} + 1] *= math.cos({e})"],
        [f"{x}[{i}:] = {x}[{i} - 1:-1] + {e}"],
        [f"{t} = {x}[{i}:]", f"{t}[0] {op} {e}", f"{t} *= 0.5"],
        [f"{t} = {x}[{i}:]", f"{x}[{i}] {op} {e}", f"{x}[0] = {t}[0] * {t}[-1]"],
        [f"{t} = np.exp(0.1 * {x})", f"{t}[{i}] {op} {e}", f"{x}[:] = {t}"],
        [f"{t} = np.zeros({n})", f"{t}[{i}] = {e}", f"{x} += {t}", f"{t}[0] = 1.0"],
        [f"if {c}:", f"    {x}[{i}] {op} {e}"],
        [f"if {c}:", f"    {x}[{i}] = {e}", "    break"],
        [f"if {c}:", "    continue", f"{x}[{i}] {op} {e}"],
        [f"{x}[-{i}] {op} {e}"],
        [f"{x}[({i} * 2) % {n}] {op} {e}"],
        [f"{x}[{i}], {x}[{i} - 1] = {x}[{i} - 1], {e}"],
        [f"{x}[[{i}, 0]] {op} {e}"],
    ]
    body = [line for _ in range(g.rng.randint(1, 3)) for line in g.rng.choice(shapes)]
    for w in inner.of("own2")[:1]:
        if w.n == 3:
            body.append(f"{w.name}[{i} % 3] {op} {x}[{i}]")
    if g.chance(0.4):
        body += g.block(inner, 1)
    head = g.rng.choice([f"for {i} in range(1, {n}):", f"for {i} in range({n - 1}, 0, -1):"])
    if g.chance(0.2):
        return [f"{i} = 0", f"while {i} < {n - 1}:", f"    {i} += 1", *indent(body)]
    return [head, *indent(body)]


def view_by_function(g: Generator, scope: Scope) -> Lines | None:
    """What a function gives back shares memory with its argument, and is written to."""
    owns, owns2 = scope.of("own"), scope.of("own2")
    name, e = g.fresh("o"), g.value(scope)
    choices: list[tuple[str, str, Var]] = []
    for v in owns:
        choices += [(text, "[0]", Var(name, "own", v.n)) for text in (
            f"np.asarray({v.name})", f"{v.name}.reshape(-1)", f"np.ravel({v.name})",
            f"np.flip({v.name})", f"{v.name}.view()", f"np.atleast_1d({v.name})",
            f"{v.name}.T", f"np.squeeze({v.name})")]  # fmt: skip
    for v in owns2:
        choices += [(text, "[0, 1]", Var(name, "own2", v.m, v.n)) for text in (
            f"{v.name}.T", f"np.transpose({v.name})", f"{v.name}.swapaxes(0, 1)",
            f"{v.name}.reshape({v.m}, {v.n})")]  # fmt: skip
        choices.append((f"{v.name}.ravel()", "[1]", Var(name, "own", v.n * v.m)))
    if not choices:
        return None
    text, where, var = g.rng.choice(choices)
    scope.bind(var)
    write = f"{name}{where} {g.rng.choice(['=', '+=', '-='])} {e}"
    return g.rng.choice([[f"{name} = {text}", write], [f"{name} = {text}"]])


def by_indices(g: Generator, scope: Scope) -> Lines | None:
    """Reads and writes by arrays of indices, in which some stand twice."""
    owns = scope.of("own")
    if not owns:
        return None
    v, t = g.rng.choice(owns), g.fresh("v")
    x, e, f = v.name, g.value(scope), g.value(scope, 1)
    i = ", ".join(str(g.rng.randrange(v.n)) for _ in range(3))
    value = g.rng.choice([e, f"np.array([{e}, {f}, 0.5])", f"{x}[[{i}]] * 0.5"])
    lines = g.rng.choice(
        [
            [f"{x}[[{i}]] = {value}"],
            [f"{x}[np.array([{i}])] {g.rng.choice(['+=', '-='])} {value}"],
            [f"{x}[[{i}]] *= np.cos({value})"],
            [f"{t} = {x}[[{i}]].sum() * {e}"],
            [f"{t} = ({x}[np.array([{i}])] * np.array([{e}, 0.5, {f}])).sum()"],
            [f"np.add.at({x}, [{i}], {value})"],
        ]
    )
    if lines[0].startswith(t):
        scope.bind(Var(t, "acc"))
    return lines


def earlier_iteration(g: Generator, scope: Scope, size: int) -> Lines | None:
    """An array that is read where it was made by an earlier iteration, or perhaps not made."""
    if scope.in_loop >= 2:
        return None
    name, i, s, n = g.fresh("o"), g.fresh("i"), g.fresh("v"), g.rng.choice([2, 3])
    inner = scope.child(in_loop=scope.in_loop + 1)
    inner.bind(Var(i, "int"))
    made = [f"{name} = np.zeros({n})", f"{name}[0] = {g.value(inner)}"]
    inner.bind(Var(s, "acc"))
    late = inner.child()
    late.bind(Var(name, "own", n))
    read = [f"{s} = math.tanh({s} + {g.value(late)} + {name}[0])"]
    body = g.rng.choice(
        [
            [f"if {i} > 0:", *indent(read), *made],
            [f"if {i} != 1:", *indent(made), *read],
            [*made, *read, f"{name}[-1] += {g.value(late)}"],
            [f"if {i} > 0:", *indent([*read, f"{name}[0] *= 0.5", *read]), *made],
            made,
        ]
    )
    first = g.value(scope)
    after = [f"{name}[-1] -= {g.value(scope)}"] if g.chance(0.5) else []
    scope.bind(Var(s, "acc"))
    scope.bind(Var(name, "own", n))
    return [f"{s} = {first}", f"for {i} in range({g.rng.choice('123')}):",
            *indent(body), *after]  # fmt: skip


SIMPLE = (
    view_by_function, by_indices, by_indices,
    new_own, new_own, new_own2, new_view, new_view, write_own, write_own, write_own, write_own,
    write_own, write_own2, write_own2, write_own2,
)  # fmt: skip
COMPOUND = (loop_over_own, loop_over_own, loop_over_own, earlier_iteration)
