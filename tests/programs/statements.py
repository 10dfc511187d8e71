"""Random statements: one maker a construct. A maker that does not fit the scope returns None."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.expressions import Scope, Var

if TYPE_CHECKING:
    from tests.programs.generator import Generator

Lines = list[str]


def indent(lines: Lines) -> Lines:
    return ["    " + line for line in lines]


def math_cos(g: Generator, scope: Scope) -> str:
    """A factor that cannot make values grow."""
    return f"math.cos({g.value(scope, 1)})"


# --- names and numbers --------------------------------------------------------------------------


def new_float(g: Generator, scope: Scope) -> Lines:
    name = g.fresh("v")
    if g.chance(0.15):
        text = g.rng.choice(["0", "1", "0.0"])
    else:
        text = g.value(scope, 3)
    scope.bind(Var(name, "float"))
    return [f"{name} = {text}"]


def new_accumulator(g: Generator, scope: Scope) -> Lines:
    name = g.fresh("s")
    scope.bind(Var(name, "acc"))
    return [f"{name} = {g.rng.choice(['0', '0.0', '1.0'])}"]


def rebind_float(g: Generator, scope: Scope) -> Lines | None:
    floats = scope.of("float")
    if not floats:
        return None
    name = g.rng.choice(floats).name
    if g.chance(0.3):
        return [f"{name} *= math.cos({g.value(scope, 1)})"]
    return [f"{name} = {g.value(scope)}"]


def accumulate(g: Generator, scope: Scope) -> Lines | None:
    sums = scope.of("acc")
    if not sums:
        return new_accumulator(g, scope)
    return [f"{g.rng.choice(sums).name} {g.rng.choice(['+=', '-=', '+='])} {g.value(scope)}"]


def swap(g: Generator, scope: Scope) -> Lines | None:
    floats = scope.of("float")
    if len(floats) < 2:
        return None
    a, b = (v.name for v in g.rng.sample(floats, 2))
    if g.chance(0.5):
        return [f"{a}, {b} = {b}, {a}"]
    return [f"{a}, {b} = {g.value(scope, 1)}, {g.value(scope, 1)}"]


def chained(g: Generator, scope: Scope) -> Lines:
    a, b = g.fresh("v"), g.fresh("v")
    text = g.value(scope)
    scope.bind(Var(a, "float"))
    scope.bind(Var(b, "float"))
    return [f"{a} = {b} = {text}"]


def new_tuple(g: Generator, scope: Scope) -> Lines:
    tuples = scope.of("tuple")
    if tuples and g.chance(0.5):
        a, b = g.fresh("v"), g.fresh("v")
        source = g.rng.choice(tuples).name
        for name in (a, b):
            scope.bind(Var(name, "acc"))
        return [f"{a}, {b} = {source}"]
    name = g.fresh("t")
    text = f"({g.value(scope)}, {g.value(scope)})"
    scope.bind(Var(name, "tuple"))
    return [f"{name} = {text}"]


# --- arrays -------------------------------------------------------------------------------------


def new_vector(g: Generator, scope: Scope) -> Lines:
    name, n = g.fresh("a"), g.rng.choice([3, 3, 4, 2])
    roll = g.rng.random()
    text = f"np.zeros({n})" if roll < 0.2 else g.vector(scope, n)
    scope.bind(Var(name, "vec", n))
    return [f"{name} = {text}"]


def alias_or_view(g: Generator, scope: Scope) -> Lines | None:
    name = g.fresh("a")
    mats, vecs = scope.of("mat"), scope.of("vec")
    if mats and g.chance(0.5):
        m = g.rng.choice(mats).name
        text, n = g.rng.choice(
            [
                (f"{m}[0]", 3),
                (f"{m}[1]", 3),
                (f"{m}[:, 1]", 2),
                (f"{m}.T[2]", 2),
                (f"{m}[-1, 1:]", 2),
            ]
        )
    elif vecs:
        v = g.rng.choice(vecs)
        views = [(v.name, v.n), (f"{v.name}[:]", v.n), (f"{v.name}[::-1]", v.n)]
        if v.n > 2:
            views += [(f"{v.name}[1:]", v.n - 1), (f"{v.name}[:-1]", v.n - 1)]
        text, n = g.rng.choice(views)
    else:
        return None
    scope.bind(Var(name, "vec", n))
    return [f"{name} = {text}"]


def write_element(g: Generator, scope: Scope) -> Lines | None:
    vecs = scope.of("vec")
    if not vecs:
        return None
    v = g.rng.choice(vecs)
    op = g.rng.choice(["=", "=", "+=", "-=", "*="])
    text = f"math.cos({g.value(scope, 1)})" if op == "*=" else g.value(scope)
    return [f"{v.name}[{g.index(v, scope)}] {op} {text}"]


def write_slice(g: Generator, scope: Scope) -> Lines | None:
    vecs = [v for v in scope.of("vec") if v.n > 2]
    if not vecs:
        return None
    v = g.rng.choice(vecs)
    where, n = g.rng.choice(
        [("1:", v.n - 1), (":-1", v.n - 1), (":", v.n), ("...", v.n), ("::-1", v.n)]
    )
    roll = g.rng.random()
    if roll < 0.25:
        return [f"{v.name}[{where}] = {g.value(scope)}"]
    if roll < 0.35 and n == v.n - 1:
        return [f"{v.name}[1:] = {v.name}[:-1]"]
    if roll < 0.5:
        return [f"{v.name}[{v.name} > {g.literal()}] *= {math_cos(g, scope)}"]
    op = g.rng.choice(["=", "=", "+=", "-=", "*="])
    vector = g.vector(scope, n)
    return [f"{v.name}[{where}] {op} " + (f"np.cos({vector})" if op == "*=" else vector)]


def update_vector(g: Generator, scope: Scope) -> Lines | None:
    vecs = scope.of("vec")
    if not vecs:
        return None
    v = g.rng.choice(vecs)
    op = g.rng.choice(["+=", "-=", "*=", "="])
    if op == "*=":
        return [f"{v.name} *= {math_cos(g, scope)}"]
    text = g.vector(scope, v.n) if g.chance(0.7) or op == "=" else g.value(scope, 1)
    return [f"{v.name} {op} {text}"]


def write_matrix(g: Generator, scope: Scope) -> Lines | None:
    mats = scope.of("mat")
    if not mats:
        return None
    m, row, column = g.rng.choice(mats).name, g.rng.choice("01"), g.rng.choice("012")
    return [
        g.rng.choice(
            [
                f"{m}[{row}, {column}] {g.rng.choice(['=', '+=', '-='])} {g.value(scope)}",
                f"{m}[{row}] = {g.vector(scope, 3, 1)}",
                f"{m}[:, {column}] = {g.vector(scope, 2, 1)}",
                f"{m}[:, {column}] += {g.value(scope)}",
                f"{m}[{row}][{column}] = {g.value(scope)}",
                f"{m} *= {math_cos(g, scope)}",
            ]
        )
    ]


# --- lists, dicts -------------------------------------------------------------------------------


def new_list(g: Generator, scope: Scope) -> Lines:
    name = g.fresh("xs")
    lists, vecs = scope.of("list"), scope.of("vec")
    items = ", ".join(g.value(scope, 1) for _ in range(g.rng.randint(1, 3)))
    text = f"[{items}]"
    if lists and g.chance(0.6):
        old = g.rng.choice(lists).name
        t = g.fresh("t")
        text = g.rng.choice(
            [old, old, f"{old}[:]", f"list({old})", f"{old} + [{items}]", f"sorted({old})",
             f"[math.sin({t}) * {g.value(scope, 1)} for {t} in {old}]", f"{old}[::-1]"]
        )  # fmt: skip
    elif vecs and g.chance(0.4):
        text = f"list({g.rng.choice(vecs).name})"
    scope.bind(Var(name, "list"))
    return [f"{name} = {text}"]


def grow_list(g: Generator, scope: Scope) -> Lines | None:
    lists = scope.of("list")
    if not lists or not scope.may_grow:
        return None
    g.grew = True
    xs, e = g.rng.choice(lists).name, g.value(scope)
    return g.rng.choice(
        [
            [f"{xs}.append({e})"],
            [f"{xs}.append({e})"],
            [f"{xs}.insert(0, {e})"],
            [f"{xs}.extend([{e}, {g.value(scope, 1)}])"],
            [f"{xs} += [{e}]"],
            [f"{xs}[0:1] = [{e}, {g.value(scope, 1)}]"],
        ]
    )


def shrink_list(g: Generator, scope: Scope) -> Lines | None:
    lists = scope.of("list")
    if not lists or not scope.may_grow:
        return None
    g.grew = True
    xs = g.rng.choice(lists).name
    if g.chance(0.3):
        return [f"if len({xs}) > 1:", f"    del {xs}[{g.rng.choice(['0', '-1'])}]"]
    name = g.fresh("v")
    scope.bind(Var(name, "acc"))
    index = g.rng.choice(["", "0", "-1"])
    return [f"{name} = {g.literal()}", f"if len({xs}) > 1:", f"    {name} = {xs}.pop({index})"]


def write_item(g: Generator, scope: Scope) -> Lines | None:
    lists = scope.of("list")
    if not lists:
        return None
    v = g.rng.choice(lists)
    xs, i = v.name, g.index(v, scope)
    roll = g.rng.random()
    if roll < 0.1:
        return [f"{xs}.reverse()"]
    if roll < 0.2:
        return [f"{xs}[0], {xs}[-1] = {xs}[-1], {xs}[0]"]
    if roll < 0.25:
        return [f"{xs}.sort()"]
    return [f"{xs}[{i}] {g.rng.choice(['=', '=', '+=', '-='])} {g.value(scope)}"]


def use_dict(g: Generator, scope: Scope) -> Lines:
    dicts = scope.of("dict")
    if not dicts or g.chance(0.3):
        name = g.fresh("d")
        text = f'{{"p": {g.value(scope)}, "q": {g.value(scope)}}}'
        if dicts and g.chance(0.5):
            text = g.rng.choice([g.rng.choice(dicts).name, f"dict({g.rng.choice(dicts).name})"])
        scope.bind(Var(name, "dict"))
        return [f"{name} = {text}"]
    d, key = g.rng.choice(dicts).name, g.rng.choice(["p", "q"])
    if g.chance(0.2) and not scope.in_loop:
        return [f'{d}["r"] = {g.value(scope)}']
    if g.chance(0.15) and not scope.in_loop:
        return [f"{d}.update(q={g.value(scope)}, r={g.value(scope, 1)})"]
    return [f'{d}["{key}"] {g.rng.choice(["=", "+=", "-="])} {g.value(scope)}']


# --- objects ------------------------------------------------------------------------------------


def new_pair(g: Generator, scope: Scope) -> Lines:
    name = g.fresh("p")
    pairs, holders = scope.of("pair"), [v for v in scope.of("vec", "list")]
    if pairs and g.chance(0.4):
        text = g.rng.choice(pairs).name
    elif scope.of("pairs") and g.chance(0.6):
        text = f"{g.rng.choice(scope.of('pairs')).name}[{g.rng.choice('01')}]"
    else:
        inner = (
            g.rng.choice(holders).name if holders and g.chance(0.5) else f"[{g.value(scope, 1)}]"
        )
        text = f"Pair({g.value(scope)}, {g.value(scope)}, {inner})"
    scope.bind(Var(name, "pair"))
    return [f"{name} = {text}"]


def write_field(g: Generator, scope: Scope) -> Lines | None:
    pairs = scope.of("pair")
    if not pairs:
        return None
    p = g.rng.choice(pairs).name
    roll = g.rng.random()
    if roll < 0.2:
        return [f"{p}.shift({g.value(scope)})"]
    if roll < 0.4:
        return [f"{p}.w[{g.rng.choice(['0', '-1'])}] {g.rng.choice(['=', '+='])} {g.value(scope)}"]
    if roll < 0.5:
        return [f"{p}.u, {p}.v = {p}.v, {g.value(scope)}"]
    return [f"{p}.{g.rng.choice('uv')} {g.rng.choice(['=', '=', '+=', '-='])} {g.value(scope)}"]


def share(g: Generator, scope: Scope) -> Lines | None:
    """Let containers hold, or give out, what others hold too."""
    pairs, holders = scope.of("pair"), scope.of("vec", "list", "bag")
    if not pairs:
        return None
    p = g.rng.choice(pairs).name
    roll = g.rng.random()
    if roll < 0.3 and holders:
        return [f"{p}.w = {g.rng.choice(holders).name}"]
    if roll < 0.5:
        name = g.fresh("w")
        scope.bind(Var(name, "bag"))
        return [f"{name} = {p}.w"]
    vectors = [v for v in scope.of("vec") if v.n == 3]
    if roll < 0.7 and scope.of("vecs") and vectors:
        return [f"{g.rng.choice(scope.of('vecs')).name}[{g.rng.choice('01')}] = {vectors[-1].name}"]
    if roll < 0.85 and scope.of("pairs"):
        return [f"{g.rng.choice(scope.of('pairs')).name}[{g.rng.choice('01')}] = {p}"]
    name = g.fresh("q")
    other = g.rng.choice(pairs).name
    scope.bind(Var(name, "pairs"))
    return [f"{name} = [{p}, {other}]"]


def write_bag(g: Generator, scope: Scope) -> Lines | None:
    bags = scope.of("bag")
    if not bags:
        return None
    op = g.rng.choice(["=", "+=", "-="])
    return [f"{g.rng.choice(bags).name}[{g.rng.choice(['0', '-1'])}] {op} {g.value(scope)}"]


def new_point(g: Generator, scope: Scope) -> Lines:
    name = g.fresh("o")
    points = scope.of("point")
    text = f"Point({g.value(scope)}, {g.value(scope)})"
    if points and g.chance(0.7):
        a, b = g.rng.choice(points).name, g.rng.choice(points).name
        text = g.rng.choice(
            [f"{a} + 0.5 * {b}", f"{a} * {g.value(scope, 1)}", f"{g.value(scope, 1)} * {a}"]
        )
    scope.bind(Var(name, "point"))
    return [f"{name} = {text}"]


# --- functions ----------------------------------------------------------------------------------


def call_helper(g: Generator, scope: Scope) -> Lines | None:
    returns = g.rng.choice(["float", "None", "None", "tuple", "vec", "pair", "list", "fun"])
    call = g.call(scope, returns)
    if call is None:
        return None
    if returns == "None":
        return [call]
    if returns == "tuple":
        a, b = g.fresh("v"), g.fresh("v")
        scope.bind(Var(a, "float"))
        scope.bind(Var(b, "float"))
        return [f"{a}, {b} = {call}"]
    name = g.fresh({"vec": "a", "list": "xs", "pair": "p", "fun": "g"}.get(returns, "v"))
    scope.bind(Var(name, returns, 3 if returns == "vec" else 0))
    return [f"{name} = {call}"]


def new_function(g: Generator, scope: Scope) -> Lines | None:
    if not scope.variables:
        return None
    name, t = g.fresh("g"), g.fresh("t")
    inner = scope.child()
    inner.bind(Var(t, "float"))
    floats = scope.of("float")
    if g.chance(0.4):
        lines = [f"{name} = lambda {t}: {g.value(inner)}"]
    elif floats and g.chance(0.4):
        captured = g.rng.choice(floats).name
        body = [f"nonlocal {captured}"] if captured not in _parameters(scope) else []
        if not body:
            return None
        body += [f"{captured} = {g.value(inner)}", f"return {g.value(inner)}"]
        lines = [f"def {name}({t}):", *indent(body)]
    else:
        lines = [f"def {name}({t}):"]
        if g.chance(0.5):
            lines += [f"    if {g.condition(inner)}:", f"        return {g.value(inner)}"]
        lines.append(f"    return {g.value(inner)}")
    scope.bind(Var(name, "fun"))
    return lines


def _parameters(scope: Scope) -> set[str]:
    # comprehension and loop variables are no cells of the enclosing function in a helper's scope
    return {v.name for v in scope.of("float") if not v.name.startswith(("v", "x"))}


SIMPLE = (
    new_float, new_float, new_float, rebind_float, rebind_float, accumulate, accumulate, swap,
    chained, new_tuple, new_vector, new_vector, alias_or_view, alias_or_view, write_element,
    write_element, write_slice, write_slice, update_vector, write_matrix, new_list, new_list,
    grow_list, grow_list, shrink_list, write_item, write_item, use_dict, new_pair, write_field,
    write_field, share, share, write_bag, new_point, call_helper, call_helper,
    call_helper, new_function,
)  # fmt: skip
