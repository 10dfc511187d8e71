"""Small helper functions of many shapes, such as a compiler may want to write into their callers.

Their local names are those that the callers use too, and what is passed is at times a literal, at
times the same variable twice, at times an expression with effects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.expressions import Helper, Scope, Var
from tests.programs.statements import indent

if TYPE_CHECKING:
    from tests.programs.generator import Generator

Lines = list[str]


def small_callee(g: Generator) -> Lines:
    """One helper; it may call those made before it."""
    maker = g.rng.choice(SHAPES)
    g.counter = g.rng.choice([0, 0, 3])  # names like those of the callers
    g.grew = False
    return maker(g, g.function_name())


def _floats(g: Generator, least: int = 1) -> tuple[tuple[Var, ...], Scope]:
    params = tuple(Var(g.fresh("v"), "float") for _ in range(g.rng.randint(least, 3)))
    scope = Scope()
    for p in params:
        scope.bind(p)
    return params, scope


def _with(*params: Var) -> tuple[tuple[Var, ...], Scope]:
    scope = Scope()
    for p in params:
        scope.bind(p)
    return params, scope


def _define(
    g: Generator,
    name: str,
    params: tuple[Var, ...],
    body: Lines,
    returns: str = "float",
    n: int = 3,
) -> Lines:
    g.helpers.append(Helper(name, params, returns, g.grew, n=n))
    return [f"def {name}({', '.join(p.name for p in params)}):", *indent(body)]


# --- numbers ------------------------------------------------------------------------------------


def expression(g: Generator, name: str) -> Lines:
    params, scope = _floats(g)
    text = g.value(scope)
    if g.chance(0.2):
        g.helpers.append(Helper(name, params, "float", False))
        return [f"{name} = lambda {', '.join(p.name for p in params)}: {text}"]
    return _define(g, name, params, [f"return {text}"])


def trivial(g: Generator, name: str) -> Lines:
    params, scope = _floats(g)
    x = params[0].name
    body = g.rng.choice(
        [
            [f"return {x}"],
            ["return 0.5"],
            ["return 1"],
            [f"return -{x}"],
            [f"{x} = {x}", f"return {x}"],
            [f'"""Nothing but {x}."""', f"return {x} * 1.0"],
            ["pass", f"return {params[-1].name} + {x}"],
            [f"return ({x})"],
            [f"return {x} * {x}"],
            [f"{x} += 1", f"return {x} * TABLE[1]"],
            [f"return {x} * WEIGHTS[1] + WEIGHTS.sum()"],
        ]
    )
    return _define(g, name, params, body)


def steps(g: Generator, name: str) -> Lines:
    """Assignments, the parameters' own names included."""
    params, scope = _floats(g)
    body: Lines = []
    for _ in range(g.rng.randint(1, 3)):
        x = g.rng.choice(params).name
        t = g.fresh("v")
        body += g.rng.choice(
            [
                [f"{t} = {g.value(scope)}"],
                [f"{x} = {g.value(scope)}"],
                [f"{x} *= math.cos({g.value(scope, 1)})"],
                [f"{t} = {x} = {g.value(scope)}"],
                [f"{t}, {x} = {x}, {g.value(scope)}"],
            ]
        )
        if t in body[-1]:
            scope.bind(Var(t, "float"))
    return _define(g, name, params, [*body, f"return {g.value(scope)}"])


def branches(g: Generator, name: str) -> Lines:
    params, scope = _floats(g)
    x = params[0].name
    c, d = g.condition(scope), g.condition(scope)
    e, f, h = g.value(scope), g.value(scope), g.value(scope)
    t = g.fresh("v")
    body = g.rng.choice(
        [
            [f"if {c}:", f"    return {e}", f"return {f}"],
            [f"if {c}:", f"    return {e}", "else:", f"    return {f}"],
            [f"if {c}:", f"    {t} = {e}", "else:", f"    {t} = {f}", f"return {t} * {h}"],
            [f"{t} = {e}", f"if {c}:", f"    {t} = {f}", f"return {t}"],
            [f"if {c}:", f"    {x} = {e}", f"return {x} + {h}"],
            [f"if {c}:", f"    return {e}", f"if {d}:", f"    return {f}", f"return {h}"],
            [f"if {c}:", "    return 0.0", f"return {e}"],
            [f"return {e} if {c} else {f}"],
            [f"if not {x} < 1e6:", f"    raise ValueError({x})", f"return {e}"],
            [f"assert {x} < 1e6", f"return {e}"],
            [f"return {c} and {e} or {f}"],
            [f"if {c}:", f"    if {d}:", f"        return {e}", f"    {x} = {f}", f"return {h}"],
        ]
    )
    return _define(g, name, params, body)


def loops(g: Generator, name: str) -> Lines:
    params, scope = _floats(g)
    x, i, t = params[0].name, g.fresh("i"), g.fresh("s")
    inner = scope.child(in_loop=1)
    inner.bind(Var(i, "int"))
    e, f = g.value(inner), g.value(scope)
    body = g.rng.choice(
        [
            [f"for {i} in range(2):", f"    {x} = {e}", f"return {x}"],
            [f"{t} = 0.0", f"for {i} in range(3):", f"    {t} += {e}", f"return {t} * {f}"],
            [f"for {i} in range(3):", f"    if {g.condition(inner)}:", f"        return {e}",
             f"return {f}"],
            [f"for {i} in range(3):", f"    {x} = {e}", f"    if {g.condition(inner)}:",
             "        break", "else:", f"    {x} = {f}", f"return {x}"],
            [f"{i} = 0", f"while {i} < 3 and {x} < 1.0:", f"    {x} = {x} + 0.25 + {x} * {x}",
             f"    {i} += 1", f"return {x} + {f}"],
            [f"return sum([{e} for {i} in range(2)])"],
            [f"{t} = 0", f"for {i} in TABLE:", f"    if {g.condition(inner)}:", "        continue",
             f"    {t} = {t} + {e}", f"return {t}"],
            [f"{t} = 1.0", f"for {i} in range(2):", f"    {t} = {t} * math.cos({e})",
             "else:", f"    {t} += {f}", f"return {t}"],
        ]
    )  # fmt: skip
    return _define(g, name, params, body)


def several(g: Generator, name: str) -> Lines:
    """More than one result."""
    params, scope = _floats(g)
    e, f, t = g.value(scope), g.value(scope), g.fresh("t")
    body = g.rng.choice(
        [
            [f"return {e}, {f}"],
            [f"{t} = ({e}, {f})", f"return {t}"],
            [f"if {g.condition(scope)}:", f"    return {e}, 0.0", f"return {f}, {e}"],
            [f"return {params[0].name}, {params[-1].name}"],
            [f"return [{e}, {f}]"],
        ]
    )
    return _define(g, name, params, body, "tuple")


def signatures(g: Generator, name: str) -> Lines:
    """Defaults, keywords, starred parameters."""
    (x, y), scope = _with(Var(g.fresh("v"), "float"), Var(g.fresh("v"), "float"))
    e, d = g.value(scope), g.literal()
    a, b = x.name, y.name
    hole = "{}"
    head, body, forms = g.rng.choice(
        [
            (f"{a}, {b}={d}", [f"return {e}"], [hole, "{}, {}", f"{{}}, {b}={{}}"]),
            (f"{a}, *, {b}={d}", [f"return {e}"], [hole, f"{{}}, {b}={{}}"]),
            (f"{a}={d}, {b}={d}", [f"return {e}"],
             ["", hole, f"{b}={{}}", f"{b}={{}}, {a}={{}}", "*({}, {})"]),
            (f"{a}, {b}=None", [f"if {b} is None:", f"    {b} = {a} * 0.5", f"return {e}"],
             [hole, "{}, {}", "{}, None"]),
            (f'{a}, {b}, mode="p"', ['if mode == "p":', f"    return {e}", f"return {a} - {b}"],
             ["{}, {}", '{}, {}, "q"', '{}, {}, mode="p"']),
            (f"{a}, *rest", [f"{b} = rest[0] if rest else {d}", f"return {e}"],
             [hole, "{}, {}", "{}, {}, {}"]),
            (f"*{a}s", [f"{a}, {b} = {a}s[0], {a}s[-1]", f"return {e}"], [hole, "{}, {}"]),
            (f"{a}, **more", [f'{b} = more.get("k", {d})', f"return {e}"],
             [hole, "{}, k={}", '{}, **{{"k": {}}}']),
            (f"{a}, /, {b}", [f"return {e}"], [f"{{}}, {b}={{}}", "{}, {}"]),
            (f"{a}, {b}, flag=True", ["if not flag:", "    return 0.25", f"return {e}"],
             ["{}, {}", "{}, {}, False", "{}, {}, flag=1 > 2"]),
        ]
    )  # fmt: skip
    g.helpers.append(Helper(name, (), "float", False, forms=tuple(forms)))
    return [f"def {name}({head}):", *indent(body)]


def of_function(g: Generator, name: str) -> Lines:
    """A function that is given a function."""
    (fun, x), scope = _with(Var(g.fresh("g"), "fun"), Var(g.fresh("v"), "float"))
    f, e = fun.name, g.value(scope)
    body = g.rng.choice(
        [
            [f"return {f}({e})"],
            [f"return {f}({f}({x.name}))"],
            [f"{x.name} = {f}({e})", f"return {x.name} + {f}(0.5)"],
            [f"return sum([{f}(t) for t in ({x.name}, {e})])"],
            [f"return sum(map({f}, [{x.name}, {e}]))"],
            ["for i in range(2):", f"    {x.name} = {f}({x.name})", f"return {x.name}"],
        ]
    )
    return _define(g, name, (fun, x), body)


def makes_function(g: Generator, name: str) -> Lines:
    params, scope = _floats(g)
    inner = scope.child()
    t = g.fresh("t")
    inner.bind(Var(t, "float"))
    e = g.value(inner)
    x = params[0].name
    body = g.rng.choice(
        [
            [f"return lambda {t}: {e}"],
            [f"def {t}x({t}):", f"    return {e}", f"{x} = {g.value(scope)}", f"return {t}x"],
            [f"def {t}x({t}):", f"    nonlocal {x}", f"    {x} = {e}", f"    return {x}",
             f"return {t}x"],
            [f"return lambda {t}, {x}={x}: {e}"],
        ]
    )  # fmt: skip
    return _define(g, name, params, body, "fun")


def inner_function(g: Generator, name: str) -> Lines:
    params, scope = _floats(g)
    inner = scope.child()
    t, f = g.fresh("t"), g.fresh("g")
    inner.bind(Var(t, "float"))
    body = [f"def {f}({t}):", f"    return {g.value(inner)}"]
    scope.bind(Var(f, "fun"))
    return _define(g, name, params, [*body, f"return {g.value(scope)} + {f}({g.value(scope, 1)})"])


def test(g: Generator, name: str) -> Lines:
    params, scope = _floats(g)
    body = g.rng.choice(
        [
            [f"return {g.condition(scope)}"],
            [f"if {g.condition(scope)}:", "    return True", f"return {g.condition(scope)}"],
        ]
    )
    return _define(g, name, params, body, "test")


# --- arrays -------------------------------------------------------------------------------------


def of_array(g: Generator, name: str) -> Lines:
    """Reads, writes to, or gives back its array."""
    n = g.rng.choice([3, 3, 3, 4, 5])
    (a, x), scope = _with(Var(g.fresh("a"), "vec", n), Var(g.fresh("v"), "float"))
    i, b, t = g.index(a, scope), g.fresh("a"), g.fresh("i")
    e, op = g.value(scope), g.rng.choice(["=", "+=", "-="])
    inner = scope.child(in_loop=1)
    inner.bind(Var(t, "int"))
    inner.bind(Var(f"{a.name}[{t} - 1]", "elem"))
    f = g.value(inner)
    u = a.name
    returns, body = g.rng.choice(
        [
            ("float", [f"return {u}[{i}] * {e}"]),
            ("float", [f"return {u}.sum() * {e}"]),
            ("float", [f"{u}[{i}] {op} {e}", f"return {u}[0]"]),
            ("float", [f"{b} = {u}.copy()", f"{b}[{i}] {op} {e}", f"return {b} @ {u}"]),
            ("float", [f"{b} = {u}[1:]", f"{b}[0] {op} {e}", f"return {b}.sum()"]),
            ("float", [f"{b} = np.zeros({n})", f"for {t} in range({n}):", f"    {b}[{t}] = {f}",
                       f"return {b}[-1] + {b}[1]"]),
            ("None", [f"{u}[{i}] {op} {e}"]),
            ("None", [f"{u}[:] = {g.vector(scope, n)}", "return"]),
            ("None", [f"for {t} in range(1, {n}):", f"    {u}[{t}] {op} {f}"]),
            ("None", [f"if {g.condition(scope)}:", "    return", f"{u}[{i}] {op} {e}"]),
            ("None", [f"{u} = {u} * {e}", f"{u}[0] = 1.0"]),
            ("None", [f"{u} *= math.cos({e})"]),
            ("vec", [f"return {u}"]),
            ("vec", [f"{u}[{i}] {op} {e}", f"return {u}"]),
            ("vec", [f"return {u}[::-1]"]),
            ("vec", [f"return {g.vector(scope, n)}"]),
            ("vec", [f"{b} = np.zeros({n})", f"{b}[{i}] = {e}", f"return {b}"]),
            ("vec", [f"{b} = np.zeros({n})", f"{b}[0] = {u}[1]", f"for {t} in range(1, {n}):",
                     f"    {b}[{t}] = {b}[{t} - 1] * 0.5 + {f}", f"return {b}"]),
            ("vec", [f"{b} = np.empty_like({u})", f"{b}[1:] = {u}[:-1]", f"{b}[0] = {e}",
                     f"return {b}"]),
            ("vec", [f"{b} = {u} if {g.condition(scope)} else {u}.copy()", f"{b}[0] {op} {e}",
                     f"return {b}"]),
        ]
    )  # fmt: skip
    params = (a, x) if g.chance(0.8) else (x, a)
    return _define(g, name, params, body, returns, n)


def of_arrays(g: Generator, name: str) -> Lines:
    """Two arrays, which may be the same one."""
    (a, b), scope = _with(Var(g.fresh("a"), "vec", 3), Var(g.fresh("a"), "vec", 3))
    e, t = g.value(scope), g.fresh("i")
    x, y = a.name, b.name
    returns, body = g.rng.choice(
        [
            ("None", [f"{x}[0], {y}[0] = {y}[0], {x}[0]"]),
            ("None", [f"{x}[:] = {y}", f"{y}[1] = {e}"]),
            ("None", [f"{x} += {y}", f"{y} *= 0.5"]),
            ("None", [f"for {t} in range(3):",
                      f"    {x}[{t}] = math.sin({y}[{t} - 1] * {x}[{t}])"]),
            ("None", [f"{x}, {y} = {y}, {x}", f"{x}[0] = {e}"]),
            ("vec", [f"{x}[1:] = {y}[:-1]", f"return {y}"]),
            ("vec", [f"return {x} if {g.condition(scope)} else {y}"]),
            ("vec", [f"return {x} * {y}"]),
            ("float", [f"return {x} @ {y}"]),
            ("float", [f"{x}[0] = {y}[1] * {y}[1]", f"return {y}[0] * {x}[1]"]),
            ("float", ["s = 0.0", f"for p, q in zip({x}, {y}):", "    s += p * math.sin(q)",
                       "return s"]),
        ]
    )  # fmt: skip
    return _define(g, name, (a, b), body, returns)


def of_grid(g: Generator, name: str) -> Lines:
    (m, x), scope = _with(Var(g.fresh("m"), "mat"), Var(g.fresh("v"), "float"))
    e, i, j = g.value(scope), g.fresh("i"), g.fresh("j")
    u = m.name
    returns, body = g.rng.choice(
        [
            ("None", [f"{u}[0, 1] = {e}", f"{u}[1] += {u}[0]"]),
            ("None", [f"for {i} in range(2):", f"    for {j} in range(1, 3):",
                      f"        {u}[{i}, {j}] += 0.5 * {u}[{i}, {j} - 1] * {x.name}"]),
            ("vec", [f"return {u}[0]"]),
            ("vec", [f"return {u}.sum(axis=0)"]),
            ("vec", ["b = np.zeros(3)", f"for {i} in range(2):", f"    b += {u}[{i}] * {x.name}",
                     "return b"]),
            ("float", [f"return {u}[:, 1] @ {u}[:, 2] * {e}"]),
            ("float", ["b = np.zeros((2, 3))", f"b[1] = {u}[0]", f"b[:, 0] = {e}",
                       f"return (b * {u}).sum()"]),
        ]
    )  # fmt: skip
    return _define(g, name, (m, x), body, returns)


# --- objects ------------------------------------------------------------------------------------


def of_object(g: Generator, name: str) -> Lines:
    p, x = Var(g.fresh("p"), "pair"), Var(g.fresh("v"), "float")
    _, scope = _with(p, x)
    e, q = g.value(scope), p.name
    returns, body = g.rng.choice(
        [
            ("float", [f"return {q}.u * {e}"]),
            ("float", [f"{q}.v = {e}", f"return {q}.score({q}.v)"]),
            ("None", [f"{q}.u, {q}.v = {q}.v, {e}"]),
            ("None", [f"{q}.w[0] += {e}"]),
            ("pair", [f"return Pair({e}, {x.name}, {q}.w)"]),
            ("pair", [f"{q}.u = {e}", f"return {q}"]),
        ]
    )
    return _define(g, name, (p, x), body, returns)


def of_list(g: Generator, name: str) -> Lines:
    xs, x = Var(g.fresh("xs"), "list"), Var(g.fresh("v"), "float")
    _, scope = _with(xs, x)
    e, q, t = g.value(scope), xs.name, g.fresh("t")
    returns, body, grows = g.rng.choice(
        [
            ("float", [f"return {q}[0] * {e}"], False),
            ("None", [f"{q}[-1] = {e}"], False),
            ("None", [f"{q}.append({e})"], True),
            ("list", [f"return {q}"], False),
            ("list", [f"return [{t} * {e} for {t} in {q}]"], False),
            ("list", [f"{q} = {q} + [{e}]", f"{q}[0] = 0.5", f"return {q}"], False),
            ("float", ["s = 0", f"for {t} in {q}:", f"    s += {t} * {t}", "return s"], False),
        ]
    )
    g.grew = grows
    return _define(g, name, (xs, x), body, returns)


SHAPES = (
    expression, expression, expression, trivial, trivial, steps, steps, steps, branches, branches,
    branches, loops, loops, several, several, signatures, signatures, signatures, of_function,
    makes_function, inner_function, test, of_array, of_array, of_array, of_array, of_array,
    of_arrays, of_arrays, of_grid, of_object, of_list,
)  # fmt: skip
