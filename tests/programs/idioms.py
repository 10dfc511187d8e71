"""Random statements of everyday Python: tests of identity and type, globals, shapes, folding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.expressions import Scope, Var

if TYPE_CHECKING:
    from tests.programs.generator import Generator

Lines = list[str]


def identity(g: Generator, scope: Scope) -> Lines | None:
    """A branch on what something is, not on its value."""
    held = scope.of("vec", "list", "bag", "pair", "shape", "num", "record", "dict")
    if not held:
        return None
    a, b, v = g.rng.choice(held).name, g.rng.choice(held).name, g.fresh("v")
    test = g.rng.choice(
        [
            f"{a} is {b}",
            f"{a} is not {b}",
            f"isinstance({a}, (list, tuple))",
            f"isinstance({a}, Pair)",
            f"type({a}) is list",
            f"{a} is None",
            f'hasattr({a}, "score")',
            f"callable({a})",
            f"{a} is {b} and {g.condition(scope, 0)}",
        ]
    )
    text = f"{v} = {g.value(scope)} if {test} else {g.value(scope)}"
    scope.bind(Var(v, "float"))
    return [text]


def optional(g: Generator, scope: Scope) -> Lines:
    """A variable that is None on one way."""
    v, w = g.fresh("v"), g.fresh("v")
    first, second = g.value(scope), g.value(scope)
    lines = [f"{v} = None", f"if {g.condition(scope)}:", f"    {v} = {first}"]
    scope.bind(Var(w, "float"))
    return [*lines, f"{w} = {second} if {v} is None else {v}"]


def one_of_two_types(g: Generator, scope: Scope) -> Lines | None:
    """A variable that holds an array on one way and a list or a number on the other."""
    vecs = scope.of("vec")
    if not vecs:
        return None
    a, b = g.rng.choice(vecs).name, g.fresh("w")
    other = g.rng.choice([f"list({a})", f"{a}.tolist()", f"[{g.value(scope)}]", f"{a}[1:]"])
    text = f"{b} = {a} if {g.condition(scope)} else {other}"
    scope.bind(Var(b, "bag"))
    return [text]


def global_state(g: Generator, scope: Scope) -> Lines:
    e = g.value(scope)
    scope.bind(Var("STATE[0]", "elem"))
    op = g.rng.choice(["=", "+=", "-="])
    return [f"STATE[{g.rng.choice(['0', '-1'])}] {op} {e}"]


def dict_methods(g: Generator, scope: Scope) -> Lines | None:
    dicts = scope.of("dict")
    if not dicts:
        return None
    d, v, e = g.rng.choice(dicts).name, g.fresh("v"), g.value(scope)
    k, t = g.fresh("k"), g.fresh("t")
    name = g.fresh("d")
    lines = g.rng.choice(
        [
            [f'{v} = {d}.setdefault("p", {e})'],
            [f'{v} = {d}["p"] if "r" in {d} else {e}'],
            [f"{v} = sum({d}.values())"],
            [f"{v} = sum([{t} * {t} for {t} in {d}.values()])"],
            [f"{name} = {{{k}: {t} * math.cos({e}) for {k}, {t} in {d}.items()}}"],
            [f'{name} = {{**{d}, "q": {e}}}'],
            [f'{name} = {d} | {{"p": {e}}}'],
            [f"{name} = {d}.copy()", f'{name}["p"] -= {e}'],
            [f'{name} = dict(zip(["p", "q"], [{e}, {g.value(scope)}]))'],
            [f'{d}["p"], {d}["q"] = {d}["q"], {d}["p"]'],
            [f"for {k} in {d}:", f"    {d}[{k}] = math.sin({d}[{k}] + {e})"],
        ]
    )
    if lines[0].startswith(v):
        scope.bind(Var(v, "acc"))
    elif lines[0].startswith(name):
        scope.bind(Var(name, "dict"))
    return lines


def shapes(g: Generator, scope: Scope) -> Lines | None:
    """Loops and numbers from shapes; axes added and taken away."""
    vecs = scope.of("vec")
    if not vecs:
        return None
    a = g.rng.choice(vecs)
    v, m, i, e = g.fresh("v"), g.fresh("m"), g.fresh("i"), g.value(scope)
    x = a.name
    text, kind, shape = g.rng.choice(
        [
            (f"{v} = {x}.sum() / {x}.size", "acc", ()),
            (f"{v} = sum([{x}[{i}] * {e} for {i} in range({x}.shape[0])])", "acc", ()),
            (f"{v} = {x}[-1] * len({x}) * {x}.ndim", "acc", ()),
            (f"{m} = np.tanh({x}[:, None] * {x}[None, :])", "grid", (a.n, a.n)),
            (f"{m} = np.sin({x}[np.newaxis] + np.ones((2, 1)))", "grid", (2, a.n)),
            (f"{m} = np.stack([{x}, {x} * {e}])", "grid", (2, a.n)),
            (f"{m} = np.vstack(({x}, {x}[::-1]))", "grid", (2, a.n)),
            (f"{m} = np.concatenate([{x}, {x}]).reshape(2, -1)", "grid", (2, a.n)),
            (f"{m} = np.array([{x}, {x}]).T", "grid", (a.n, 2)),
            (f"{v} = np.sum({x} * {x}, axis=0) * np.mean({x})", "acc", ()),
        ]
    )
    scope.bind(Var(v if kind == "acc" else m, kind, *shape))
    return [text]


def folding(g: Generator, scope: Scope) -> Lines | None:
    held = scope.of("list", "vec")
    if not held:
        return None
    xs, v, t, s = g.rng.choice(held).name, g.fresh("v"), g.fresh("t"), g.fresh("s")
    e = g.value(scope, 1)
    text = g.rng.choice(
        [
            f"sum(map(lambda {t}: {t} * {e}, {xs}))",
            f"reduce(lambda {s}, {t}: math.sin({s} + {t}), {xs}, {e})",
            f"max([{t} * {t} + {e} for {t} in {xs}])",
            f"min({xs}, key=lambda {t}: -{t} * {t})",
            f"sorted({xs}, key=lambda {t}: ({t} - 0.1) ** 2)[0] * {e}",
            f"sum(x * y for x, y in zip({xs}, {xs}[1:]))",
            f"sum({t} for {t} in {xs} if {t} > {g.literal()})",
            f"math.prod([math.cos({t}) for {t} in {xs}])",
            f"list(map(math.sin, {xs}))[0]",
            f"sum([{t} * {s} for {s}, {t} in enumerate({xs}, 1)])",
            f"list(filter(lambda {t}: {t} > -9.0, {xs}))[-1] + {e}",
            f"[{s} * {t} for {s} in {xs} for {t} in ({e}, 0.5)][-1]",
        ]
    )
    scope.bind(Var(v, "acc"))
    return [f"{v} = {text}"]


def starred_call(g: Generator, scope: Scope) -> Lines | None:
    tuples, dicts = scope.of("tuple"), scope.of("dict")
    v = g.fresh("v")
    texts = [f"mix(*{t.name})" for t in tuples] + [f"mix(**{d.name})" for d in dicts]
    texts += [f"mix({g.value(scope)}, *[{g.value(scope)}, 0.5])", f"mix(q={g.value(scope)}, p=0.5)"]
    text = g.rng.choice(texts)
    scope.bind(Var(v, "acc"))
    return [f"{v} = {text}"]


MIX = """\


def mix(p=0.25, q=0.5, *rest, **more):
    return math.sin(p) * q + sum(rest) - more.get("r", 1.0)
"""

STATE = """\


STATE = [0.5, -0.25]
"""

SIMPLE = (
    identity, optional, one_of_two_types, global_state, dict_methods, dict_methods, shapes, shapes,
    folding, folding, starred_call,
)  # fmt: skip
