"""Random programs that make arrays and fill them in loops: recurrences, stencils, tables.

A maker writes a loop over a new array out of random *touches*: reads and writes of elements and
slices around the loop's index, now and then an alias, a copy, an escape or an early end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.expressions import Scope, Var
from tests.programs.statements import indent

if TYPE_CHECKING:
    from tests.programs.generator import Generator

Lines = list[str]

#: What reads as an element of an array in the scope of a loop's body.
ELEM = "elem"


def _new_vector(g: Generator, scope: Scope, n: int) -> str:
    """A new array, perhaps one that is a parameter's or another variable's."""
    same = [v.name for v in scope.of("vec") if v.n == n]
    texts = [f"np.zeros({n})"] * 4 + [f"np.ones({n})", f"np.full({n}, 1.0 * {g.value(scope, 1)})"]
    if same:
        a = g.rng.choice(same)
        texts += [f"np.zeros_like({a})", f"{a}.copy()", f"np.empty_like({a})", f"0.5 * {a}"]
        texts += [a, f"np.zeros({n}) if {g.condition(scope)} else {a}"]
    return g.rng.choice(texts)


def _around(g: Generator, scope: Scope, name: str, i: str, n: int) -> Scope:
    """The scope of the loop's body: `i` runs over 1 .. n-1."""
    inner = scope.child(in_loop=scope.in_loop + 1)
    inner.bind(Var(i, "int"))
    for index in (f"{i} - 1", i, f"{i} - 1", "0", f"{n - 1} - {i}"):
        inner.bind(Var(f"{name}[{index}]", ELEM))
    return inner


def touch(g: Generator, inner: Scope, name: str, i: str, n: int) -> Lines:
    """One thing done to the array `name` of length `n` at the index `i`."""
    e, f, op = g.value(inner), g.value(inner, 1), g.rng.choice(["=", "+=", "-="])
    t, c = g.fresh("v"), g.condition(inner)
    same = [v.name for v in inner.of("vec") if v.n == n]
    other = g.rng.choice(same) if same else name
    lists = inner.of("list")
    held = g.rng.choice(lists).name if lists and inner.may_grow else None
    shapes = [
        [f"{name}[{i}] = {e}"],
        [f"{name}[{i}] = {e}"],
        [f"{name}[{i}] = {name}[{i} - 1] * math.cos({e})"],
        [f"{name}[{i}] = math.sin({name}[{i} - 1]) + {f}"],
        [f"{name}[{i}] {op} {e}"],
        [f"{name}[{i} - 1] {op} {e}"],
        [f"{name}[{i}] *= math.cos({e})"],
        [f"{name}[{i}] = math.sin({name}[{i}] * {name}[{i}])"],
        [f"{name}[{i}], {name}[{i} - 1] = {name}[{i} - 1], {e}"],
        [f"{name}[:{i}] {op} {e}"],
        [f"{name}[{i}:] = {e}"],
        [f"{name}[{i} - 1 : {i} + 1] *= math.cos({e})"],
        [f"{name}[{i}:] = {name}[: {n} - {i}]"],
        [f"{t} = {name}[{i} - 1:]", f"{t}[0] {op} {e}"],
        [f"{t} = {name}[{i} - 1]", f"{name}[{i} - 1] = {e}", f"{name}[{i}] += {t} * {t}"],
        [f"if {c}:", f"    {name}[{i}] {op} {e}"],
        [f"if {c}:", f"    {name}[{i}] = {e}", "else:", f"    {name}[0] = {f}"],
        [f"if {c}:", f"    {g.rng.choice(['break', 'continue'])}"],
        [f"{name}[:] = np.tanh({name} + {f})"],
        [f"{name} = np.sin({name} * {f})"],
        [f"{name} = {name}.copy()"],
        [f"{name} = {g.vector(inner, n)}"],
        [f"{name} += {other}"],
        [f"{name}[{i}] += {other}[{i} - 1] * {other}[{i}]"],
        [f"{other}[{i}] {op} {name}[{i} - 1]"],
        [f"{name}[1:] -= 0.25 * ({name}[1:] - {name}[:-1])"],
        [f"{name}[1:-1] = 0.5 * ({name}[2:] + {name}[:-2])"],
        [f"{name}[np.array([0, {i}])] {op} {e}"],
        [f"{t} = {name} @ {other}", f"{name}[{i}] = math.tanh({t})"],
        [f"{t} = {name}", f"{t}[{i}] {op} {e}"],
    ]
    if held:
        shapes.append([f"{held}.append({name}[{i}])"])
    call = g.call_with(inner, Var(name, "vec", n))
    if call:
        shapes += [[call]] * 4
    lines = g.rng.choice(shapes)
    if held and lines == [f"{held}.append({name}[{i}])"]:
        g.grew = True
    return lines


def filled(g: Generator, scope: Scope, size: int) -> Lines | None:
    """A vector filled by a loop."""
    if scope.in_loop >= 2:
        return None
    name, i, n = g.fresh("u"), g.fresh("i"), g.rng.choice([3, 3, 4, 5])
    lines = [f"{name} = {_new_vector(g, scope, n)}"]
    if "empty" in lines[0]:
        lines.append(f"{name}[:] = {g.value(scope, 1)}")
    if g.chance(0.7):
        lines.append(f"{name}[0] = {g.value(scope)}")
    scope.bind(Var(name, "vec", n))
    inner = _around(g, scope, name, i, n)
    body: Lines = []
    for _ in range(g.rng.randint(1, 3)):
        body += touch(g, inner, name, i, n)
    if g.chance(0.3):
        body += g.block(inner, max(1, size // 2))
    heads = [f"for {i} in range(1, {n}):"] * 4 + [
        f"for {i} in range({n - 1}, 0, -1):",
        f"for {i} in reversed(range(1, {n})):",
        f"for {i} in (1, 2, 1):",
    ]
    if g.chance(0.2):
        head = [f"{i} = 0", f"while {i} < {n - 1}:", f"    {i} += 1"]
        if g.chance(0.3):
            head[1] = f"while {i} < {n - 1} and {g.condition(scope, 0)}:"
    else:
        head = [g.rng.choice(heads)]
    lines += [*head, *indent(body)]
    if g.chance(0.15):
        lines += ["else:", f"    {name}[-1] = {g.value(scope)}"]
    return lines


def made_in_loop(g: Generator, scope: Scope, size: int) -> Lines | None:
    """An array that each iteration makes anew, and something that outlives the iteration."""
    if scope.in_loop >= 2:
        return None
    name, i, keep, n = g.fresh("u"), g.fresh("i"), g.fresh("a"), g.rng.choice([2, 3])
    lines = [f"{keep} = {_new_vector(g, scope, n)}"]
    if "empty" in lines[0]:
        lines.append(f"{keep}[:] = 0.5")
    scope.bind(Var(keep, "vec", n))
    inner = scope.child(in_loop=scope.in_loop + 1)
    inner.bind(Var(i, "int"))
    body = [f"{name} = np.zeros({n})", f"{name}[0] = {g.value(inner)}"]
    inner.bind(Var(name, "vec", n))
    if g.chance(0.6):
        j = g.fresh("i")
        nested = _around(g, inner, name, j, n)
        body += [f"for {j} in range(1, {n}):", *indent(touch(g, nested, name, j, n))]
    body += g.rng.choice(
        [
            [f"{keep} = {name}"],
            [f"{keep} = {keep} + {name}"],
            [f"{keep} += {name}"],
            [f"{keep}[:] = {name}"],
            [f"if {g.condition(inner)}:", f"    {keep} = {name}"],
            [f"{name}[-1] += {keep}[0]", f"{keep} = {name}"],
            [f"{keep} = np.tanh({keep} * {name})"],
        ]
    )
    if g.chance(0.4):
        body.append(f"{name}[0] {g.rng.choice(['=', '+='])} {g.value(inner)}")
    if g.chance(0.2):
        body += g.block(inner, 1)
    return [*lines, f"for {i} in range({g.rng.choice('23')}):", *indent(body)]


def stencil(g: Generator, scope: Scope, size: int) -> Lines | None:
    """Two buffers that trade places after every step."""
    if scope.in_loop >= 2:
        return None
    old, new, k, i, n = g.fresh("u"), g.fresh("u"), g.fresh("k"), g.fresh("i"), g.rng.choice([4, 5])
    lines = [f"{old} = {g.vector(scope, n)}"]
    if g.chance(0.5):
        lines[0] += ".copy()"
    makes = [f"np.zeros({n})", f"np.zeros_like({old})", f"{old}.copy()", f"np.ones({n})"]
    lines.append(f"{new} = {g.rng.choice(makes)}")
    scope.bind(Var(old, "vec", n))
    scope.bind(Var(new, "vec", n))
    c = g.value(scope, 0, 1.0)
    inner = scope.child(in_loop=scope.in_loop + 1)
    inner.bind(Var(k, "int"))
    if g.chance(0.5):
        body = [f"{new}[1:-1] = {old}[1:-1] + {c} * ({old}[2:] - 2.0 * {old}[1:-1] + {old}[:-2])"]
    else:
        body = [
            f"for {i} in range(1, {n - 1}):",
            f"    {new}[{i}] = 0.5 * {old}[{i}] + {c} * ({old}[{i} + 1] - {old}[{i} - 1])",
        ]
    if g.chance(0.7):
        body += [f"{new}[0] = {g.value(inner)}"]
    if g.chance(0.5):
        body += [f"{new}[-1] = {g.rng.choice([f'{old}[0]', f'{new}[-2]', g.value(inner)])}"]
    body += g.rng.choice(
        [
            [f"{old}, {new} = {new}, {old}"],
            [f"{old}, {new} = {new}, {old}"],
            [f"{old} = {new}.copy()"],
            [f"{old}[:] = {new}"],
            [f"{old} = {new}", f"{new} = np.zeros({n})"],
            [f"t = {old}", f"{old} = {new}", f"{new} = t"],
            [f"{old} = {new}"],
            [f"{old} = np.tanh({new})"],
        ]
    )
    if g.chance(0.2):
        body += [f"if {g.condition(inner)}:", f"    {g.rng.choice(['break', 'continue'])}"]
    return [*lines, f"for {k} in range({g.rng.choice('123')}):", *indent(body)]


def table(g: Generator, scope: Scope, size: int) -> Lines | None:
    """A table filled row by row or element by element."""
    if scope.in_loop >= 1:
        return None
    name, i, j = g.fresh("m"), g.fresh("i"), g.fresh("j")
    n, m = g.rng.choice([(2, 3), (3, 3), (3, 2)])
    make = g.rng.choice(["zeros", "zeros", "ones", "empty"])
    lines = [f"{name} = np.{make}(({n}, {m}))"]
    if make == "empty":
        lines.append(f"{name}[...] = {g.value(scope, 1)}")
    lines += g.rng.choice(
        [
            [f"{name}[0, :] = {g.vector(scope, m, 1)}"],
            [f"{name}[0] = {g.vector(scope, m, 1)}", f"{name}[:, 0] = {g.value(scope)}"],
            [f"{name}[0, 0] = {g.value(scope)}"],
        ]
    )
    scope.bind(Var(name, "grid", n, m))
    rows = scope.child(in_loop=scope.in_loop + 1)
    rows.bind(Var(i, "int"))
    rows.bind(Var(f"{name}[{i} - 1]", "vec", m))
    if g.chance(0.4):
        body = g.rng.choice(
            [
                [f"{name}[{i}] = np.tanh({name}[{i} - 1] * {g.value(rows)})"],
                [f"{name}[{i}, :] += {g.vector(rows, m)}"],
                [f"{name}[{i}] = {g.vector(rows, m)}", f"{name}[{i} - 1, 0] += {g.value(rows)}"],
                [f"r = {name}[{i}]", f"r[:] = {name}[{i} - 1][::-1]", f"r[0] = {g.value(rows)}"],
                [f"{name}[{i}:] = {name}[{i} - 1] + {g.value(rows)}"],
            ]
        )
    else:
        cells = rows.child(in_loop=2)
        cells.bind(Var(j, "int"))
        for index in (f"{i} - 1, {j}", f"{i}, {j} - 1", f"{i} - 1, {j} - 1", f"{i}, {j}"):
            cells.bind(Var(f"{name}[{index}]", ELEM))
        op, e = g.rng.choice(["=", "=", "+=", "-="]), g.value(cells)
        inside = g.rng.choice(
            [
                [f"{name}[{i}, {j}] {op} {e}"],
                [f"{name}[{i}][{j}] {op} {e}"],
                [f"{name}[{i}, {j}] = {name}[{i} - 1, {j}] + 0.5 * {name}[{i}, {j} - 1] * {e}"],
                [f"if {g.condition(cells)}:", f"    {name}[{i}, {j}] = {e}"],
                [f"{name}[{i}, {j}] = max({name}[{i} - 1, {j}], {name}[{i}, {j} - 1]) + {e}"],
                [f"if {g.condition(cells)}:", "    continue", f"{name}[{i}, {j}] {op} {e}"],
                [f"if {g.condition(cells)}:", "    break", f"{name}[{i}, {j}] {op} {e}"],
                [f"{name}[{i}, {j}], {name}[{i}, {j} - 1] = {name}[{i} - 1, {j}], {e}"],
            ]
        )
        body = [f"for {j} in range(1, {m}):", *indent(inside)]
        if g.chance(0.3):
            body.append(f"{name}[{i}, 0] {op} {g.value(rows)}")
    return [*lines, f"for {i} in range(1, {n}):", *indent(body)]


def sums(g: Generator, scope: Scope, size: int) -> Lines | None:
    """Sums into an array: convolutions, products of matrices, histograms, back substitution."""
    vecs, grids = [v for v in scope.of("vec") if v.n > 2], scope.of("grid", "mat")
    if scope.in_loop >= 1 or not vecs:
        return None
    a, b = g.rng.choice(vecs), g.rng.choice(vecs)
    u, i, j, e = g.fresh("u"), g.fresh("i"), g.fresh("j"), g.value(scope)
    n = min(a.n, b.n)
    choices = [
        (2, [f"{u} = np.zeros(2)", f"for {i} in range(2):", f"    for {j} in range(2):",
             f"        {u}[{i}] += {a.name}[{i} + {j}] * {b.name}[{j}]"]),
        (2, [f"{u} = np.zeros(2)", f"for {i} in range({a.n}):",
             f"    {u}[{i} % 2] += {a.name}[{i}] * math.cos({e})"]),
        (n, [f"{u} = np.zeros({n})", f"for {i} in reversed(range({n})):", f"    s = {b.name}[{i}]",
             f"    for {j} in range({i} + 1, {n}):", f"        s -= {a.name}[{j}] * {u}[{j}]",
             f"    {u}[{i}] = s / (1.5 + math.cos({e}))"]),
        (n, [f"{u} = np.zeros({n})", "s = 0.0", f"for {i}, t in enumerate({a.name}):",
             f"    if {i} >= {n}:", "        break",
             "    s = math.tanh(s + t)", f"    {u}[{i}] = s"]),
        (n, [f"{u} = np.zeros({n})", f"for {i} in range({n}):",
             f"    {u}[{i}] = max({u}[{i} - 1], {a.name}[{i}] + {e})"]),
        (3, [f"{u} = np.zeros(3)",
             f"np.add.at({u}, np.array([0, 2, 0]), {a.name}[np.array([0, 1, 2])])"]),
        (3, [f"{u} = np.zeros(3)", f"{u}[np.array([2, 0])] += {a.name}[:2]",
             f"{u}[1] = {u}[0] * {e}"]),
    ]  # fmt: skip
    if grids:
        m = g.rng.choice(grids)
        rows, columns = (m.n, m.m) if m.kind == "grid" else (2, 3)
        choices += [
            (rows, [f"{u} = np.zeros({rows})", f"for {i} in range({rows}):",
                    f"    for {j} in range({columns}):",
                    f"        {u}[{i}] += {m.name}[{i}, {j}] * {a.name}[{j}]" if columns <= a.n else
                    f"        {u}[{i}] += {m.name}[{i}, {j}] * {a.name}[0]"]),
            (columns, [f"{u} = np.zeros({columns})", f"for row in {m.name}:",
                       f"    {u} += row * math.cos({e})"]),
        ]  # fmt: skip
    n, lines = g.rng.choice(choices)
    scope.bind(Var(u, "vec", n))
    return lines


def history(g: Generator, scope: Scope, size: int) -> Lines | None:
    """A list of arrays that a loop appends to, copies or the same one again."""
    if scope.in_loop >= 1:
        return None
    u, hist, k = g.fresh("u"), g.fresh("h"), g.fresh("k")
    inner = scope.child(in_loop=1)
    inner.bind(Var(k, "int"))
    lines = [f"{u} = {_new_vector(g, scope, 3)}"]
    if "empty" in lines[0]:
        lines.append(f"{u}[:] = 0.5")
    inner.bind(Var(u, "vec", 3))
    kept = g.rng.choice([u, f"{u}.copy()", f"{u} * {g.value(inner, 1)}", f"{u}[::-1]"])
    step = g.rng.choice(
        [
            [f"{u}[{k}] = {g.value(inner)}"],
            [f"{u} = np.sin({u} + {g.value(inner)})"],
            [f"{u} = {u} + 0.0", f"{u}[0] += {g.value(inner)}"],
            [f"{u} *= math.cos({g.value(inner)})"],
        ]
    )
    body = [*step, f"{hist}.append({kept})"]
    if g.chance(0.3):
        body.reverse()
    lines += [f"{hist} = []", f"for {k} in range({g.rng.choice('23')}):", *indent(body)]
    scope.bind(Var(u, "vec", 3))
    scope.bind(Var(hist, "vecs"))
    if g.chance(0.3):
        name = g.fresh("m")
        if g.chance(0.5):
            lines.append(f"{name} = np.array({hist}[:2])")
        else:
            lines.append(f"{name} = np.stack({hist}[:2])")
        scope.bind(Var(name, "grid", 2, 3))
    return lines


def list_buffer(g: Generator, scope: Scope, size: int) -> Lines | None:
    """A list as a buffer, flat or nested."""
    if scope.in_loop >= 2:
        return None
    name, i, n = g.fresh("xs"), g.fresh("i"), g.rng.choice([3, 4])
    inner = scope.child(in_loop=scope.in_loop + 1, may_grow=False)
    inner.bind(Var(i, "int"))
    inner.bind(Var(f"{name}[{i} - 1]", ELEM))
    inner.bind(Var(f"{name}[{i}]", ELEM))
    e = g.value(inner)
    lines = [f"{name} = [{g.rng.choice(['0.0', '0', g.value(scope, 1)])}] * {n}"]
    if g.chance(0.5):
        lines.append(f"{name}[0] = {g.value(scope)}")
    body = g.rng.choice(
        [
            [f"{name}[{i}] = {e}"],
            [f"{name}[{i}] += {e}"],
            [f"{name}[{i}], {name}[{i} - 1] = {name}[{i} - 1], {e}"],
            [f"if {g.condition(inner)}:", f"    {name}[{i}] = {e}"],
            [f"{name}[{i}:] = {name}[: {n} - {i}]", f"{name}[{i}] -= {e}"],
        ]
    )
    if g.chance(0.3):
        body += g.block(inner, 1)
    scope.bind(Var(name, "list"))
    return [*lines, f"for {i} in range(1, {n}):", *indent(body)]


COMPOUND = (
    filled, filled, filled, filled, made_in_loop, made_in_loop, stencil, stencil, table, table,
    sums, sums, history, list_buffer,
)  # fmt: skip
