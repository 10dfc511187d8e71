"""Random statements that use the standard library and NumPy's writing functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.expressions import Scope, Var

if TYPE_CHECKING:
    from tests.programs.generator import Generator

Lines = list[str]

IMPORTS = """\


import bisect
import collections
import copy
import heapq
import itertools
import operator
from dataclasses import replace
from functools import lru_cache, singledispatch
from types import SimpleNamespace


@singledispatch
def weight(x):
    return math.sin(x)


@weight.register
def _(x: list):
    return sum(map(weight, x), 0.0)


@weight.register(tuple)
def _(x):
    return x[0] * 0.5
"""

NAMES = (
    "bisect.", "collections.", "copy.", "heapq.", "itertools.", "operator.", "replace(",
    "lru_cache", "weight(", "SimpleNamespace",
)  # fmt: skip


def deque(g: Generator, scope: Scope) -> Lines:
    """A deque at both ends."""
    d, v, e, f = g.fresh("q"), g.fresh("v"), g.value(scope), g.value(scope, 1)
    maxlen = g.rng.choice(["", ", maxlen=2", ", maxlen=3"])
    steps = [
        f"{d}.append({g.value(scope, 1)})",
        f"{d}.appendleft({g.value(scope, 1)})",
        f"{d}.rotate({g.rng.choice([1, -1, 2])})",
        f"{d}.extend([{g.value(scope, 1)}, {v}])",
        f"{d}[0] = math.sin({d}[-1])",
        f"{d}.reverse()",
        f"{v} = {v} * 0.5 + {d}.popleft()" if not maxlen else f"{d}[-1] += {v}",
    ]
    chosen = g.rng.sample(steps, g.rng.randint(1, 4))
    made = [f"{d} = collections.deque([{e}, {f}, 0.25]{maxlen})", f"{v} = {g.value(scope, 1)}"]
    total = g.rng.choice([f"sum({d})", f"{d}[0] * {d}[-1]", f"max({d})", f"sum(list({d})[:2])"])
    scope.bind(Var(v, "acc"))
    return [*made, *chosen, f"{v} = {v} + {total}"]


def mapping(g: Generator, scope: Scope) -> Lines:
    """Dicts with manners of their own."""
    d, v, k, t = g.fresh("d"), g.fresh("v"), g.fresh("k"), g.fresh("t")
    e, f, h = g.value(scope), g.value(scope, 1), g.value(scope, 1)
    scope.bind(Var(v, "acc"))
    return g.rng.choice(
        [
            [f"{d} = collections.defaultdict(float)", f'{d}["p"] += {e}', f'{d}["q"] -= {f}',
             f'{v} = sum({d}.values()) + {d}["none"]'],
            [f"{d} = collections.defaultdict(list)", f"for {k}, {t} in ((0, {e}), (1, {f}), "
             f"(0, {h})):", f"    {d}[{k}].append({t})",
             f"{v} = sum({d}[0]) * math.cos({d}[1][-1])"],
            [f"{d} = collections.OrderedDict(p={e}, q={f})", f'{d}.move_to_end("p")',
             f"{k}, {v} = {d}.popitem()", f'{v} = {v} * math.tanh({d}["q"])'],
            [f'{d} = collections.Counter("abab")', f'{d}["a"] += {e}', f'{v} = {d}["a"] * {f}'],
            [f'{d} = collections.ChainMap({{"p": {e}}}, {{"p": 1.0, "q": {f}}})',
             f'{d}["q"] = {d}["q"] * {d}["p"]', f'{v} = {d}["q"] + {d}["p"]'],
            [f"{d} = SimpleNamespace(p={e}, q=0.5)", f"{d}.q *= {f}", f"{d}.r = {d}.p * {h}",
             f"{v} = {d}.p * {d}.q - {d}.r"],
        ]
    )  # fmt: skip


def ordered(g: Generator, scope: Scope) -> Lines:
    """Heaps and sorted lists."""
    h, v, t = g.fresh("h"), g.fresh("v"), g.fresh("t")
    items = ", ".join(g.value(scope, 1) for _ in range(3))
    e, other = g.value(scope, 1), g.value(scope, 1)
    scope.bind(Var(v, "acc"))
    return g.rng.choice(
        [
            [f"{h} = [{items}]", f"heapq.heapify({h})", f"heapq.heappush({h}, {e})",
             f"{v} = heapq.heappop({h}) + 0.5 * {h}[0]"],
            [f"{v} = sum(heapq.nlargest(2, [{items}])) * {e}"],
            [f"{v} = heapq.nsmallest(1, [{items}], key=lambda {t}: -{t})[0]"],
            [f"{h} = sorted([{items}])", f"bisect.insort({h}, {e})", f"{v} = {h}[1] - {h}[-1]"],
            [f"{h} = [{items}]", f"{h}.sort(key=abs, reverse=True)", f"{v} = {h}[0] * {e}"],
            [f"{v} = min([({e}, 1.0), ({other}, 2.0)])[0]"],
            [f"{v} = max([{items}], key=math.cos) * {e}"],
        ]
    )  # fmt: skip


def iterators(g: Generator, scope: Scope) -> Lines | None:
    """Iterators of itertools over what there is."""
    held = scope.of("vec", "list", "bag")
    if not held:
        return None
    a, v, s, t = g.rng.choice(held).name, g.fresh("v"), g.fresh("s"), g.fresh("t")
    e, f = g.value(scope), g.value(scope, 1)
    scope.bind(Var(v, "acc"))
    text = g.rng.choice(
        [
            f"sum(itertools.chain({a}, [{e}]))",
            f"sum(itertools.accumulate([{e}, {f}, {a}[0]]))",
            f"sum({s} * {t} for {s}, {t} in itertools.product([{e}, {f}], {a}))",
            f"sum({s} * {t} for {s}, {t} in itertools.pairwise([{e}, {f}, {a}[-1]]))",
            f"sum(itertools.islice(itertools.cycle([{e}, {f}]), 3))",
            f"sum(itertools.starmap(operator.mul, zip({a}, itertools.repeat({e}))))",
            f"sum(itertools.takewhile(lambda {t}: {t} < 1.1, [{f}, {e}, {a}[0]]))",
            f"sum({s} * {t} for {s}, {t} in itertools.zip_longest([{e}], {a}, fillvalue=0.5))",
            f"sum({s} * {t} for {s}, {t} in itertools.combinations([{e}, {f}, {a}[0]], 2))",
            f"reduce(operator.add, {a}, {e})",
            f"sum(map(operator.sub, [{e}, {f}], [{a}[0], 0.5]))",
            f"operator.itemgetter(1, 0)([{e}, {f}])[0]",
            f"weight([{e}, {a}[0]]) + weight(({f}, 1.0))",
        ]
    )
    return [f"{v} = {text}"]


def copies(g: Generator, scope: Scope) -> Lines | None:
    """Copies, deep and shallow, of which one is written to."""
    pairs, lists = scope.of("pair"), scope.of("list", "bag")
    v, c, e = g.fresh("v"), g.fresh("c"), g.value(scope)
    choices: list[Lines] = []
    for p in pairs[:1]:
        choices += [
            [f"{c} = copy.copy({p.name})", f"{c}.u = {e}", f"{c}.w[0] += {c}.u",
             f"{v} = {p.name}.u + {p.name}.w[0]"],
            [f"{c} = copy.deepcopy({p.name})", f"{c}.w[0] = {e}", f"{c}.v *= 0.5",
             f"{v} = {c}.w[0] * {p.name}.w[0] + {c}.v"],
            [f"{c} = replace({p.name}, u={e})", f"{v} = {c}.u * {c}.v + {c}.score({e})"],
        ]  # fmt: skip
    for a in lists[:1]:
        choices += [
            [f"{c} = copy.copy({a.name})", f"{c}[0] = {e}", f"{v} = {a.name}[0] * {c}[0]"],
            [f"{c} = copy.deepcopy([{a.name}, {a.name}])", f"{c}[0][0] = {e}",
             f"{v} = {c}[1][0] + {a.name}[0]"],
        ]  # fmt: skip
    if not choices:
        return None
    scope.bind(Var(v, "acc"))
    return g.rng.choice(choices)


def cached(g: Generator, scope: Scope) -> Lines:
    """A cached function of what surrounds it."""
    h, n, v = g.fresh("h"), g.fresh("n"), g.fresh("v")
    e, f = g.value(scope), g.value(scope, 1)
    scope.bind(Var(v, "acc"))
    return [
        "@lru_cache(maxsize=None)",
        f"def {h}({n}):",
        f"    return {e} if {n} == 0 else math.sin({h}({n} - 1) + {f})",
        f"{v} = {h}(2) + 0.5 * {h}(1)",
    ]


def written_by_function(g: Generator, scope: Scope) -> Lines | None:
    """Arrays that a function of NumPy writes to."""
    owns = scope.of("own")
    if not owns:
        return None
    x = g.rng.choice(owns)
    a, n, e, f = x.name, x.n, g.value(scope), g.value(scope, 1)
    i, j = g.rng.randrange(n), g.rng.randrange(n)
    mask = ", ".join(g.rng.choice(["True", "False"]) for _ in range(n))
    o = g.fresh("o")
    return g.rng.choice(
        [
            [f"np.copyto({a}, {a}[::-1] * {e})"],
            [f"np.copyto({a}, {e}, where=np.array([{mask}]))"],
            [f"np.put({a}, [{i}, {j}], [{e}, {f}])"],
            [f"np.putmask({a}, np.array([{mask}]), {e})"],
            [f"{a}.fill({e})"],
            [f"{a}.sort()"],
            [f"{a}[:] = np.sort({a} * {e})"],
            [f"np.multiply({a}, {e}, out={a})"],
            [f"np.add({a}[1:], {a}[:-1], out={a}[1:])"],
            [f"{o} = np.zeros({n})", f"np.subtract({a}, {e}, out={o})", f"{a} *= 0.5 * {o}"],
            [f"{o} = np.empty({n})", f"np.sin({a}, out={o})", f"{a}[{i}] += {o}[{j}]"],
            [f"np.subtract.at({a}, [{i}, {j}], {e})"],
            [f"np.multiply.at({a}, [{i}], {e})"],
            [f"{a}[np.array([{mask}])] = {e}"],
            [f"{a}[np.array([{mask}])] *= {e}"],
            [f"{a}[:] = np.roll({a}, 1) + np.flip({a}) * {e}"],
            [f"{a}[:] = np.concatenate([{a}[1:], [{e}]])"],
            [f"{a}[:] = np.where(np.array([{mask}]), {a}, {e})"],
        ]
    )


SIMPLE = (
    deque, mapping, ordered, iterators, iterators, copies, cached, written_by_function,
    written_by_function, written_by_function,
)  # fmt: skip
