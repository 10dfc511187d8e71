"""Random statements over 2-D arrays, views of views, nested lists, aliases and closures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.expressions import Scope, Var

if TYPE_CHECKING:
    from tests.programs.generator import Generator

Lines = list[str]


# --- arrays of two dimensions -------------------------------------------------------------------


def _grids(scope: Scope) -> list[Var]:
    mats = [Var(v.name, "grid", 2, 3) for v in scope.of("mat")]
    return [*mats, *scope.of("grid")]


def new_grid(g: Generator, scope: Scope) -> Lines:
    """A new array of two dimensions, an expression of others, or a view of one."""
    name = g.fresh("m")
    grids = _grids(scope)
    n, m = g.rng.choice([(2, 3), (3, 3), (3, 2)])
    texts = [
        (f"np.zeros(({n}, {m}))", n, m),
        (f"np.array([{', '.join(g.vector(scope, m, 1) for _ in range(n))}])", n, m),
        (f"np.outer({g.vector(scope, n, 1)}, {g.vector(scope, m, 1)})", n, m),
    ]
    if grids:
        a = g.rng.choice(grids)
        s = g.value(scope, 1)
        texts = [
            (a.name, a.n, a.m),
            (f"{a.name}.T", a.m, a.n),
            (f"{a.name}[:, ::-1]", a.n, a.m),
            (f"{a.name}[::-1]", a.n, a.m),
            (f"{a.name}.copy()", a.n, a.m),
            (f"np.sin({a.name} * {s})", a.n, a.m),
            (f"np.tanh({a.name} + {g.vector(scope, a.m, 1)})", a.n, a.m),
            (f"np.tanh({a.name} @ {a.name}.T)", a.n, a.n),
        ]
        if a.n > 2:
            texts += [(f"{a.name}[1:]", a.n - 1, a.m), (f"{a.name}[:-1, :]", a.n - 1, a.m)]
        if a.m > 2:
            texts += [(f"{a.name}[:, 1:]", a.n, a.m - 1), (f"{a.name}[:, :-1][::-1]", a.n, a.m - 1)]
    text, n, m = g.rng.choice(texts)
    scope.bind(Var(name, "grid", n, m))
    return [f"{name} = {text}"]


def view_of_grid(g: Generator, scope: Scope) -> Lines | None:
    """A vector that is a view of a view."""
    grids = _grids(scope)
    if not grids:
        return None
    a = g.rng.choice(grids)
    row, column = g.rng.randrange(a.n), g.rng.randrange(a.m)
    text, n = g.rng.choice(
        [
            (f"{a.name}[{row}]", a.m),
            (f"{a.name}[{row}][::-1]", a.m),
            (f"{a.name}.T[{column}]", a.n),
            (f"{a.name}[:, {column}]", a.n),
            (f"{a.name}[::-1][:, {column}]", a.n),
            (f"{a.name}[:, ::-1][{row}][:2]", 2),
            (f"{a.name}.ravel()[1:4]", 3),
            (f"{a.name}.reshape(-1)[:3]", 3),
            (f"{a.name}[0:1, :][0]", a.m),
            (f"{a.name}.T[{column}][-2:]", 2),
        ]
    )
    name = g.fresh("a")
    scope.bind(Var(name, "vec", n))
    return [f"{name} = {text}"]


def write_grid(g: Generator, scope: Scope) -> Lines | None:
    grids = _grids(scope)
    if not grids:
        return None
    a = g.rng.choice(grids)
    name, row, column = a.name, g.rng.randrange(a.n), g.rng.randrange(a.m)
    op = g.rng.choice(["=", "+=", "-="])
    e = g.value(scope)
    return [
        g.rng.choice(
            [
                f"{name}[{row}, {column}] {op} {e}",
                f"{name}[{row}, :] {op} {g.vector(scope, a.m, 1)}",
                f"{name}[:, {column}] {op} {g.vector(scope, a.n, 1)}",
                f"{name}[{row}][{column}] {op} {e}",
                f"{name}[0:2, 0:2] {op} {e}",
                f"{name}[:, 0:2] *= math.cos({e})",
                f"{name}[:, :] = {name}[::-1]",
                f"{name}[1:] = {name}[:-1]",
                f"{name}[{name} > {g.literal()}] = {e}",
                f"{name}[0], {name}[1] = {name}[1], {name}[0].copy()",
                f"{name}.T[{column}] {op} {e}",
                f"{name} *= math.cos({e})",
                f"{name} += {g.vector(scope, a.m, 1)}",
                f"{name} = np.tanh({name})",
            ]
        )
    ]


def view_of_view(g: Generator, scope: Scope) -> Lines | None:
    """Views of views of vectors, one of which may be written before the next is made."""
    vecs = [v for v in scope.of("vec") if v.n > 2]
    if not vecs:
        return None
    v = g.rng.choice(vecs)
    first, second = g.fresh("a"), g.fresh("a")
    outer, n = g.rng.choice([("[1:]", v.n - 1), ("[::-1]", v.n), ("[:-1]", v.n - 1), ("[:]", v.n)])
    inner, k = g.rng.choice([("[::-1]", n), (f"[{n - 2}:]", 2), ("[:2]", 2), (".reshape(-1)", n)])
    lines = [f"{first} = {v.name}{outer}", f"{second} = {first}{inner}"]
    if g.chance(0.4):
        lines.insert(1, f"{first}[0] {g.rng.choice(['=', '+='])} {g.value(scope)}")
    scope.bind(Var(first, "vec", n))
    scope.bind(Var(second, "vec", k))
    return lines


def swap_arrays(g: Generator, scope: Scope) -> Lines | None:
    """Names of arrays (or lists) that trade places, and are written to."""
    vecs, lists = scope.of("vec"), scope.of("list")
    same = [(a, b) for a in vecs for b in vecs if a.n == b.n and a.name < b.name]
    pairs = [(a, b) for a in lists for b in lists if a.name < b.name]
    if not same and not pairs:
        return None
    a, b = g.rng.choice(same or pairs)
    lines = [f"{a.name}, {b.name} = {b.name}, {a.name}"]
    if g.chance(0.5):
        lines.append(f"{a.name}[0] {g.rng.choice(['=', '+='])} {g.value(scope)}")
    if g.chance(0.3):
        lines.append(f"{b.name}[-1] {g.rng.choice(['=', '-='])} {g.value(scope)}")
    return lines


# --- nested lists -------------------------------------------------------------------------------


def new_nested(g: Generator, scope: Scope) -> Lines:
    """A list of two lists of floats, perhaps with a row that stands twice."""
    name = g.fresh("nn")
    grids, nested, lists = _grids(scope), scope.of("nested"), scope.of("list", "bag")
    row = f"[{g.value(scope, 1)}, {g.value(scope, 1)}]"
    texts = [f"[{row}, [{g.value(scope, 1)}]]", f"[[{g.literal()}] * 2 for _ in range(2)]"]
    texts += [f"{a.name}.tolist()" for a in grids] * 2
    if lists:
        xs = g.rng.choice(lists).name
        texts += [f"[{xs}, {row}]", f"[{xs}, {xs}]"]
    if nested:
        old = g.rng.choice(nested).name
        t, s = g.fresh("t"), g.fresh("t")
        texts += [old, f"{old}[:]", f"[list({t}) for {t} in {old}]", f"{old}[::-1]",
                  f"[[{s} * {g.value(scope, 1)} for {s} in {t}] for {t} in {old}]"]  # fmt: skip
    scope.bind(Var(name, "nested"))
    return [f"{name} = {g.rng.choice(texts)}"]


def use_nested(g: Generator, scope: Scope) -> Lines | None:
    nested = scope.of("nested")
    if not nested:
        return None
    nn = g.rng.choice(nested).name
    i, j = g.rng.choice("01"), g.rng.choice(["0", "-1"])
    op, e = g.rng.choice(["=", "+=", "-="]), g.value(scope)
    roll = g.rng.random()
    if roll < 0.25:
        name = g.fresh("w")
        scope.bind(Var(name, "bag"))
        return [f"{name} = {nn}[{i}]"]
    if roll < 0.35:
        bags = scope.of("bag", "list", "vec")
        return [f"{nn}[{i}] = {g.rng.choice(bags).name}"] if bags else None
    if roll < 0.45:
        return [f"{nn}[0], {nn}[1] = {nn}[1], {nn}[0]"]
    if roll < 0.55:
        a, b = g.fresh("w"), g.fresh("w")
        scope.bind(Var(a, "bag"))
        scope.bind(Var(b, "bag"))
        return [f"{a}, {b} = {nn}[0], {nn}[1]"]
    return [f"{nn}[{i}][{j}] {op} {e}"]


def list_of_array(g: Generator, scope: Scope) -> Lines | None:
    vecs = scope.of("vec")
    if not vecs:
        return None
    name = g.fresh("xs")
    text = f"{g.rng.choice(vecs).name}.tolist()"
    scope.bind(Var(name, "list"))
    return [f"{name} = {text}"]


# --- aliases of dicts and lists -----------------------------------------------------------------


def alias_in_container(g: Generator, scope: Scope) -> Lines | None:
    """A list that lives in a dict or tuple and is written through either name."""
    held = scope.of("list", "vec", "bag")
    if not held:
        return None
    xs, d, t = g.rng.choice(held).name, g.fresh("c"), g.fresh("w")
    op, e = g.rng.choice(["=", "+=", "-="]), g.value(scope)
    scope.bind(Var(t, "bag"))
    return g.rng.choice(
        [
            [f'{d} = {{"h": {xs}}}', f'{d}["h"][0] {op} {e}', f'{t} = {d}["h"]'],
            [f"{d} = ({xs}, {e})", f"{d}[0][-1] {op} {e}", f"{t} = {d}[0]"],
            [f"{d} = [{xs}]", f"{t} = {d}[0]", f"{t}[0] {op} {e}"],
            [f"{d} = {{}}", f"{d}[1] = {xs}", f"{t} = {d}.get(1)", f"{xs}[0] {op} {e}"],
            [f"{d} = dict(h={xs})", f'{t} = {d}.pop("h")', f"{t}[-1] {op} {e}"],
            [f"{t}, {d} = {xs}, {e}", f"{t}[0] {op} {d}"],
        ]
    )


def walrus(g: Generator, scope: Scope) -> Lines:
    a, b = g.fresh("v"), g.fresh("v")
    text = f"{b} = ({a} := {g.value(scope)}) * {g.value(scope, 1)}"
    scope.bind(Var(a, "float"))
    scope.bind(Var(b, "acc"))
    return [text]


def starred(g: Generator, scope: Scope) -> Lines | None:
    held = scope.of("list", "vec", "tuple")
    if not held:
        return None
    xs, a, rest = g.rng.choice(held).name, g.fresh("v"), g.fresh("xs")
    lines = [f"{a}, *{rest} = {xs}", f"{rest}.append({a} * {g.value(scope, 1)})"]
    scope.bind(Var(a, "acc"))
    scope.bind(Var(rest, "list"))
    return lines


# --- closures -----------------------------------------------------------------------------------


def live_cell(g: Generator, scope: Scope) -> Lines:
    """A closure over a variable that changes after the closure was made."""
    v, f, t = g.fresh("v"), g.fresh("g"), g.fresh("t")
    first = g.value(scope)
    inner = scope.child()
    inner.bind(Var(v, "float"))
    inner.bind(Var(t, "float"))
    body = g.value(inner)
    if v not in body:
        body = f"math.sin({body} * {v})"
    lines = [f"{v} = {first}", f"{f} = lambda {t}: {body}"]
    scope.bind(Var(v, "float"))
    scope.bind(Var(f, "fun"))
    if g.chance(0.7):
        lines.append(f"{v} = {g.value(scope)}")
    return lines


def counter(g: Generator, scope: Scope) -> Lines:
    """A closure that writes to its cell, which another closure reads."""
    v, f, h, t = g.fresh("v"), g.fresh("g"), g.fresh("m"), g.fresh("t")
    first = g.value(scope)
    inner = scope.child()
    inner.bind(Var(t, "float"))
    inner.bind(Var(v, "float"))
    update = g.value(inner)
    lines = [
        f"{v} = {first}",
        f"def {f}({t}):",
        f"    nonlocal {v}",
        f"    {v} = {update}",
        f"    return {v} * {g.rng.choice([t, '0.5', g.literal()])}",
        f"{h} = lambda: {v} * {v}",
    ]
    scope.bind(Var(v, "acc"))
    scope.bind(Var(f, "fun"))
    scope.bind(Var(h, "thunk"))
    return lines


def closure_over_array(g: Generator, scope: Scope) -> Lines | None:
    vecs = scope.of("vec", "list")
    if not vecs:
        return None
    v = g.rng.choice(vecs)
    f, t = g.fresh("g"), g.fresh("t")
    inner = scope.child()
    inner.bind(Var(t, "float"))
    op = g.rng.choice(["=", "+=", "-="])
    body = [f"    {v.name}[{g.rng.choice(['0', '-1'])}] {op} {g.value(inner)}"]
    if g.chance(0.3):
        body.append(f"    if {g.condition(inner)}:")
        body.append(f"        return {g.value(inner)}")
    body.append(f"    return {g.value(inner)}")
    scope.bind(Var(f, "fun"))
    return [f"def {f}({t}):", *body]


SIMPLE = (
    new_grid, new_grid, new_grid, view_of_grid, view_of_grid, write_grid, write_grid, write_grid,
    view_of_view, swap_arrays, swap_arrays, new_nested, use_nested, use_nested, list_of_array,
    alias_in_container, walrus, starred, live_cell, counter, closure_over_array,
)  # fmt: skip
