"""Random statements in which the order of effects counts: odd targets, state, decorators, cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.expressions import Scope, Var

if TYPE_CHECKING:
    from tests.programs.generator import Generator

Lines = list[str]

EFFECTS = '''\


COUNT = 0
KEPT = []


def noted(function):
    @wraps(function)
    def inner(*args, **kwargs):
        KEPT.append(args[0])
        return function(*args, **kwargs) + 0.25 * KEPT[-1]

    return inner


@noted
def wrapped(x, k=0.5):
    return math.sin(x) * k


def counted(x):
    global COUNT
    COUNT += 1
    return math.sin(x) / COUNT


def kept(x):
    """Its values depend on how often it was called before."""
    KEPT.append(x)
    return sum(KEPT[-2:])


class Cache:
    totals = [0.5]

    def __init__(self, x):
        self.x = x

    @cached_property
    def slow(self):
        self.totals[0] = math.sin(Cache.totals[0] + self.x)
        return self.x * self.x

    def __getattr__(self, name):
        if name != "missing":
            raise AttributeError(name)
        return self.x + 1.0

    def __contains__(self, x):
        return x < self.x

    def __iter__(self):
        return iter((self.x, self.totals[0]))

    def __eq__(self, other):
        return self.x == other.x

    def __hash__(self):
        return 7


def even(n, x):
    return x if n == 0 else odd(n - 1, math.sin(x))


def odd(n, x):
    return 0.5 * x if n == 0 else even(n - 1, x * x)
'''


def odd_target(g: Generator, scope: Scope) -> Lines | None:
    """Targets of loops and assignments that are no plain names, or overlap."""
    held, pairs = scope.of("vec", "list", "bag"), scope.of("pair")
    if not held:
        return None
    a, b = g.rng.choice(held).name, g.rng.choice(held).name
    e, f, v, i = g.value(scope), g.value(scope, 1), g.fresh("v"), g.fresh("i")
    choices = [
        [f"{v} = {a}[0] = {e}"],
        [f"{a}[0] = {b}[-1] = {e}"],
        [f"for {a}[0] in ({e}, {f}):", f"    {b}[-1] = {a}[0] * 0.5"],
        [f"{i} = 0", f"{i}, {a}[{i}] = -1, {e}"],
        [f"{v}, {a}[0], {b}[-1] = {a}[-1], {b}[0], {e}"],
        [f"({v}, ({i}, {a}[0])) = {e}, ({f}, {b}[-1])"],
        [f"[{v}, *{i}] = {e}, {f}, {a}[0]"],
        [f"{v} = [{e}, {f}]", f"{v}[0], {v}[1] = {v}[1], {v}[0]", f"{v} = {v}[0]"],
        [f"{v} = ({a}, {b})[{g.rng.choice('01')}]", f"{v}[0] += {e}", f"{v} = {v}[-1]"],
        [f"(lambda {i}: {i})({a})[0] = {e}", f"{v} = {b}[0]"],
        [f"{v} = {e}", f"del {v}", f"{v} = {f}"],
        [f"{a}[-(counted({e}) > 0.2)] -= {f}"],
        [f"if ({v} := {e}) > 0 and ({v} := {f}) < 1:", f"    {a}[0] = {v}"],
    ]
    if pairs:
        p = g.rng.choice(pairs).name
        choices += [
            [f"for {p}.u in ({e}, {f}):", f"    {p}.v += {p}.u * 0.25"],
            [f"{p}.u = {v} = {p}.v = {e}"],
            [f"{p}.w, {a}[0] = {a}, {e}"],
            [f"{p}.u, {p}.w[0] = {p}.w[0], {p}.u"],
            [f'setattr({p}, "u", {e})', f'{v} = getattr({p}, "v") + getattr({p}, "zzz", {f})'],
            [f"{p}.__dict__['u'] = {e}"],
        ]
    lines = g.rng.choice(choices)
    last = lines[0]
    if last.startswith((f"{v} =", f"{v},", f"({v},", f"[{v},")) or lines[-1].startswith(f"{v} ="):
        scope.bind(Var(v, "acc"))
    return lines


def order(g: Generator, scope: Scope) -> Lines:
    """Calls with effects in places where the order of evaluation counts."""
    v, e, f, h = g.fresh("v"), g.value(scope, 1), g.value(scope, 1), g.value(scope, 1)
    text = g.rng.choice(
        [
            f"kept({e}) - kept({f}) * kept({h})",
            f"(kept({e}), kept({f}))[0] + kept({h})",
            f"[kept({e}), kept({f})][-1] * counted({h})",
            f'{{"a": kept({e}), "b": kept({f})}}["a"] - kept({h})',
            f"kept({e}) if kept({f}) > kept({h}) else counted({e})",
            f"(kept({e}) > 0.1 and kept({f}) or kept({h}))",
            f"float(kept({e}) < kept({f}) < kept({h})) + KEPT[-1]",
            f"math.hypot(kept({e}), 1.0 + kept({f}) ** 2) + len(KEPT)",
            f"counted(counted({e}) + kept({f}))",
            f"sum([kept(t) for t in ({e}, {f}, {h})])",
            f"wrapped({e}) * wrapped({f}, k={h})",
            f"max(kept({e}), kept({f}))",
            f"kept(k) if (k := {e}) > 0 else {f}",
            f"even(3, {e}) + odd(2, {f})",
        ]
    )
    scope.bind(Var(v, "acc"))
    return [f"{v} = math.tanh({text})"]


def cache(g: Generator, scope: Scope) -> Lines:
    c, v, e, f = g.fresh("c"), g.fresh("v"), g.value(scope), g.value(scope, 1)
    use = g.rng.choice(
        [
            [f"{v} = {c}.slow + {c}.slow * Cache.totals[0]"],
            [f"{c}.x = {f}", f"{v} = {c}.slow", f"{c}.x += {v}", f"{v} = {v} * {c}.slow"],
            [f"{v} = {c}.missing * {f}"],
            [f"{v} = {f} if {f} in {c} else {c}.x"],
            [f"{v}, _ = {c}", f"Cache.totals[0] -= {v}"],
            [f"{v} = {{{c}: {f}}}[Cache({c}.x)] * Cache.totals[0]"],
            [f"{c}.totals = [{f}]", f"{v} = {c}.totals[0] * Cache.totals[0]"],
            [f"{v} = sum(list({c}))", f"del {c}.x", f"{c}.x = {v}", f"{v} = {c}.missing"],
        ]
    )
    scope.bind(Var(v, "acc"))
    return [f"{c} = Cache({e})", *use]


def late_binding(g: Generator, scope: Scope) -> Lines:
    """Functions made in a loop: some see the last value of its variable, some their own."""
    fs, i, t, v = g.fresh("fs"), g.fresh("i"), g.fresh("t"), g.fresh("v")
    inner = scope.child()
    inner.bind(Var(t, "float"))
    inner.bind(Var(v, "float"))
    e = g.value(inner)
    head = g.rng.choice(
        [
            [f"{fs} = [lambda {t}: {e} + {v} for {v} in ({g.value(scope, 1)}, 0.5)]"],
            [f"{fs} = [lambda {t}, {v}={v}: {e} * {v} for {v} in ({g.value(scope, 1)}, 0.5)]"],
            [f"{fs} = []", f"for {v} in ({g.value(scope, 1)}, 0.5):",
             f"    {fs}.append(lambda {t}: {e} - {v})"],
            [f"{fs} = []", f"for {i} in range(2):", f"    {v} = {g.value(scope, 1)} * {i}",
             f"    def {fs}x({t}):", f"        return {e} + {v}", f"    {fs} += [{fs}x]"],
            [f"{v} = {g.value(scope, 1)}", f"{fs} = [partial(math.hypot, {v}), lambda {t}: {e}]"],
            [f"{v} = 0.5", f"{fs} = [math.sin, lambda {t}: {e}]", f"{v} = {g.value(scope, 1)}"],
        ]
    )  # fmt: skip
    out = g.fresh("v")
    use = g.rng.choice(
        [
            f"{fs}[0]({g.value(scope, 1)}) * {fs}[-1](0.5)",
            f"sum([{t}({g.value(scope, 1)}) for {t} in {fs}])",
            f"{fs}[1]({fs}[0](0.25))",
        ]
    )
    scope.bind(Var(out, "acc"))
    return [*head, f"{out} = {use}"]


def array_methods(g: Generator, scope: Scope) -> Lines | None:
    """Arrays written by methods, by ``out`` and through what a call gives back."""
    vecs = scope.of("vec")
    if not vecs:
        return None
    a = g.rng.choice(vecs)
    b = g.rng.choice([v for v in vecs if v.n == a.n])
    x, e, t = a.name, g.value(scope), g.fresh("a")
    lines = g.rng.choice(
        [
            [f"{x}.fill({e})"],
            [f"np.copyto({x}, {b.name} * 0.5)"],
            [f"np.add({x}, {b.name}, out={x})", f"{x} *= 0.5"],
            [f"np.multiply({b.name}, {e}, out={x})"],
            [f"{t} = np.sin({x}, out=np.zeros({a.n}))", f"{t}[0] = {e}"],
            [f"{x}.sort()"],
            [f"{x}.T[0] = {e}"],
            [f"{x}[:][1:][0] -= {e}"],
            [f"{x}.reshape(1, -1)[0, 1] += {e}"],
            [f"{x}.ravel()[:2] *= math.cos({e})"],
            [f"np.asarray({x})[0] = {e}"],
            [f"{x}[[0, -1]] = {e}, {x}[1]"],
            [f"{x}[{x} < {g.literal()}] = {e}"],
            [f"{x}[...] = {x}[::-1].copy()"],
            [f"{x}[1:] += {x}[:-1]"],
            [f"{t} = {x}[np.argsort({b.name})]", f"{t}[-1] = {e}"],
        ]
    )
    if lines[0].startswith(t):
        scope.bind(Var(t, "vec", a.n))
    return lines


SIMPLE = (
    odd_target, odd_target, odd_target, order, order, cache, late_binding, late_binding,
    array_methods, array_methods, array_methods,
)  # fmt: skip
NAMES = ("KEPT", "counted(", "kept(", "wrapped(", "Cache", "even(")
