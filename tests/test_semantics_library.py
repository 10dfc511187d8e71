"""The standard library and odd corners: right, or an error of dpy. Never wrong."""

# ruff: noqa: B905, SIM, C4 - written as people write

from __future__ import annotations

import bisect
import collections
import copy
import functools
import heapq
import itertools
import operator
import random
import statistics
import struct
import types
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = functools.partial(corpus.case, may_raise=True)

V = np.array([0.5, -1.2, 2.0, 0.3])
M = np.array([[0.5, -1.2, 2.0], [0.3, 0.7, -0.4]])
G1: Any = None


@dataclass
class H:
    a: object
    b: object = 1.0


@case(0.7)
def reduce_(x):
    return functools.reduce(lambda a, b: a * b + x, [x, 2.0, x * x])


@case([0.5, 1.5, 2.0])
def accumulate(xs):
    return sum(list(itertools.accumulate(xs))) * xs[0]


@case([0.5, 1.5, 2.0])
def chain_islice(xs):
    ys = list(itertools.chain(xs, [1.0], xs))
    return sum([a * b for a, b in zip(ys, itertools.islice(xs, 1, None))])


@case([0.5, 1.5, 2.0])
def product_comb(xs):
    t = 0.0
    for a, b in itertools.combinations(xs, 2):
        t += a * b * b
    for a, b in itertools.product(xs, xs):
        t += a * b
    return t


@case([0.5, 1.5, 2.0])
def pairwise_count(xs):
    t = 0.0
    for (a, b), i in zip(itertools.pairwise(xs), itertools.count()):
        t += a * b * i
    return t


@case(0.7)
def repeat_cycle(x):
    t = 0.0
    for v in itertools.repeat(x, 3):
        t = t * v + v
    for v, _ in zip(itertools.cycle([x, 2.0]), range(5)):
        t += v * v
    return t


@case(0.7)
def deque_(x):
    d = collections.deque([x, 1.0])
    d.append(x * x)
    d.appendleft(2 * x)
    a = d.pop()
    b = d.popleft()
    return a * b * d[0] + sum(d)


@case(0.7)
def defaultdict_(x):
    d = collections.defaultdict(float)
    d["a"] += x
    d["a"] *= x
    d["b"] += d["a"]
    return d["a"] * d["b"] + d["c"]


@case(0.7)
def defaultdict_list(x):
    d = collections.defaultdict(list)
    d["a"].append(x)
    d["a"].append(x * x)
    return d["a"][0] * d["a"][1]


@case([0.5, 1.5, 0.2])
def heap(xs):
    h = []
    for x in xs:
        heapq.heappush(h, x * x)
    return heapq.heappop(h) * 2 + h[0]


@case([0.5, 1.5, 0.2])
def heapify(xs):
    heapq.heapify(xs)
    return xs[0] * 3 + heapq.nsmallest(2, xs)[1]


@case([0.5, 1.5, 2.0], 1.1)
def bisect_(xs, x):
    i = bisect.bisect(xs, x)
    bisect.insort(xs, x * 1.2)
    return xs[i] * xs[0]


@case([0.5, 1.5, 2.0])
def stats(xs):
    return statistics.mean(xs) * statistics.fmean(xs) + statistics.median(xs)


@case([0.5, 1.5, 2.0])
def stats_var(xs):
    return statistics.variance(xs) + statistics.pstdev(xs)


@case([0.5, [1.5, 2.0]])
def deepcopy_(xs):
    ys = copy.deepcopy(xs)
    ys[1][0] = xs[0] * 2
    ys[0] *= 3
    return ys[0] * ys[1][0] * ys[1][1] * xs[1][1]


@case(V)
def deepcopy_array(a):
    b = copy.deepcopy(a)
    c = copy.copy(a)
    b[0] = 0
    return (a * b * c).sum()


@case(H(0.7, 2.0))
def asdict_(h):
    d = asdict(h)
    t = astuple(h)
    r = replace(h, a=3.0 * h.b)
    return d["a"] * d["b"] * t[0] + r.a * r.b


@case(0.7)
def lazy_map(x):
    xs = [x, 2.0]
    m = map(lambda v: v * x, xs)
    xs.append(x * x)
    xs[0] = 5.0
    return sum(m)


@case(0.7)
def lazy_zip_enumerate(x):
    xs = [x, 2.0]
    z = zip(xs, [x, x * x])
    e = enumerate(xs)
    xs[0] = x * 3
    a = next(z)
    i, b = next(e)
    return a[0] * a[1] + b + sum([p * q for p, q in z])


@case(0.7)
def lazy_iter_mutated(x):
    xs = [x, 2.0, 3.0]
    it = iter(xs)
    a = next(it)
    xs[1] = x * x
    b = next(it)
    xs.append(b)
    return a * b + sum(list(it))


@case(0.7)
def lazy_reversed_filter(x):
    xs = [x, 2.0, 3.0]
    r = reversed(xs)
    f = filter(lambda v: v > 1, xs)
    xs[2] = x + 4
    return next(r) * next(f) + sum(list(f))


@case(0.7)
def iter_passed_to_function(x):

    def take(it):
        return next(it) * next(it)

    it = iter([x, x * x, 2.0, x])
    return take(it) + take(it)


@case(0.7)
def iter_in_while(x):
    it = iter([x, x * x, 2.0])
    t = 0.0
    while (v := next(it, None)) is not None:
        t += v * v
    return t


@case(0.7)
def iter_sentinel(x):
    xs = [x, 2 * x, 0.0]
    return sum([v * v for v in iter(lambda: xs.pop(0), 0.0)])


@case(0.7)
def dict_views_live(x):
    d = {"a": x}
    v = d.values()
    k = d.keys()
    it = d.items()
    d["b"] = x * x
    d["a"] = 3 * x
    return sum(v) * len(k) + sum([b for a, b in it])


@case(0.7)
def dict_merge_ops(x):
    d = {"a": x} | {"b": 2 * x}
    d |= {"a": x * x}
    e = dict(d, c=x)
    return d["a"] * d["b"] * e["c"] * e["a"]


@case(0.7)
def dict_fromkeys_popitem(x):
    d = dict.fromkeys("ab", x)
    k, v = d.popitem()
    d["a"] *= v
    return d["a"] * v


@case(0.7)
def dict_del_get(x):
    d = {"a": x, "b": 2.0}
    del d["a"]
    d["a"] = x * x
    y = d.get("a")
    z = d.get("q")
    return y * (1 if z is None else 2)


@case(0.7)
def dict_float_keys(x):
    d = {x: x * 2, 2.0: 1.0}
    return d[x] * x


@case(0.7)
def set_of_floats(x):
    s = {x, 2.0}
    t = 0.0
    for v in sorted(s):
        t = t * 2 + v
    s.add(x * x)
    return t + max(s) + sum(s)


@case(0.7)
def frozenset_tuple(x):
    return sum(tuple(frozenset([x, x * 3])))


@case(0.7)
def getattr_magic(x):
    return Magic(x).anything * Magic(2.0).y


class Magic:
    def __init__(s, x):
        s.x = x

    def __getattr__(s, n):
        return s.x * len(n)


@case(0.7)
def setattr_magic(x):
    m = SetMagic(x)
    m.y = x * x
    return m.y * m.x


class SetMagic:
    def __init__(s, x):
        s.x = x

    def __setattr__(s, n, v):
        object.__setattr__(s, n, v * 2)


class Desc:
    def __set_name__(s, o, n):
        s.n = "_" + n

    def __get__(s, o, t=None):
        return getattr(o, s.n) * 3

    def __set__(s, o, v):
        setattr(o, s.n, v + 1)


class WithDesc:
    k = Desc()

    def __init__(s, x):
        s.k = x


@case(0.7)
def descriptor(x):
    w = WithDesc(x)
    w.k *= x
    return w.k


class Cached:
    def __init__(s, x):
        s.x = x

    @functools.cached_property
    def sq(s):
        return s.x * s.x


@case(0.7)
def cached_property(x):
    c = Cached(x)
    a = c.sq
    c.x = 5.0
    return a * c.sq * c.x


class New:
    def __new__(cls, x):
        o = super().__new__(cls)
        o.x = x * 2
        return o

    def __init__(s, x):
        s.y = x


@case(0.7)
def dunder_new(x):
    n = New(x)
    return n.x * n.y


class Meta(type):
    def __call__(cls, x):
        o = super().__call__()
        o.x = x * 3
        return o


class WithMeta(metaclass=Meta):
    pass


@case(0.7)
def metaclass(x):
    return WithMeta(x).x * x


class Sub(list):
    def total(s):
        return sum(s) * s[0]


@case(0.7)
def list_subclass(x):
    s = Sub([x, 2.0])
    s.append(x * x)
    s[0] *= 2
    return s.total()


class DSub(dict):
    __getattr__ = dict.__getitem__


@case(0.7)
def dict_subclass(x):
    d = DSub(a=x)
    d["b"] = d.a * x
    return d.b * d["a"]


class FSub(float):
    def twice(s):
        return s * 2


@case(0.7)
def float_subclass(x):
    return FSub(x) * x + FSub(x).twice()


class ASub(np.ndarray):
    pass


@case(V)
def array_subclass(a):
    b = a.view(ASub)
    b[0] = a[1] * 2
    return float((b * a).sum())


class Arr:
    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(s, a):
        s.a = a

    def __rmul__(s, o):
        return Arr(o * s.a)

    def __radd__(s, o):
        return Arr(o + s.a)


@case(V)
def array_times_object(a):
    return (a * Arr(a)).a.sum() + (a + Arr(a * a)).a.prod()


class ToArr:
    def __init__(s, a):
        s.a = a

    def __array__(s, dtype=None, copy=None):
        return s.a * 2


@case(V)
def array_protocol(a):
    return np.sin(ToArr(a)).sum() + np.asarray(ToArr(a))[1]


@case(V)
def vectorize_(a):
    return np.vectorize(lambda v: v * v if v > 0 else -v)(a).sum()


@case(M)
def apply_along(m):
    return np.apply_along_axis(lambda r: r * r[0], 1, m).sum()


@case(0.7)
def fromiter_(x):
    return np.fromiter([x, x * x], float).sum()


@case(V)
def object_array(a):
    o = np.array([a[0], a[1] * a[0]], dtype=object)
    return o[0] * o[1] + o.sum()


@case(V)
def structured(a):
    s = np.zeros(2, dtype=[("p", float), ("q", float)])
    s["p"] = a[:2]
    s["q"][1] = a[2]
    return (s["p"] * s["q"]).sum()


@case(V)
def masked(a):
    m = np.ma.masked_array(a, mask=a < 0)
    return float((m * m).sum())


@case(V)
def tolist_(a):
    xs = a.tolist()
    a[:] = 0
    xs[0] *= xs[1]
    return xs[0] + sum(xs)


@case(V)
def item_(a):
    x = a.item(0)
    a.itemset(1, x) if hasattr(a, "itemset") else a.__setitem__(1, x)
    return a[1] * x * a.item(2)


@case(V)
def dunder_calls(a):
    a.__setitem__(0, a.__getitem__(1) * 2)
    b = a.__mul__(a)
    c = b.__iadd__(a)
    return c.sum() + list.__getitem__([a[0]], 0)


@case(0.7)
def list_dunder(x):
    xs = [x]
    list.append(xs, x * x)
    xs.__setitem__(0, 3 * x)
    return xs[0] * xs[1] + operator.mul(*xs)


@case(0.7)
def bound_append(x):
    xs = []
    add = xs.append
    for i in range(3):
        add(x * i)
    pop = xs.pop
    return pop() * pop() + sum(xs)


@case(0.7)
def setitem_operator(x):
    xs = [x, 1.0]
    operator.setitem(xs, 1, x * x)
    d = {}
    operator.setitem(d, "a", x)
    return xs[1] * d["a"] * operator.iadd(xs, [x])[2]


@case(0.7)
def vars_dict(x):
    h = H(x)
    h.__dict__["a"] = x * x
    vars(h)["b"] = x * 3
    return h.a * h.b


@case(0.7)
def dict_attr_update(x):
    h = H(x)
    h.__dict__.update(b=x * x)
    return h.a * h.b * sum(h.__dict__.values())


@case(0.7)
def globals_write(x):
    globals()["G1"] = x * x
    return G1 * x


@case(0.7)
def locals_read(x):
    y = x * x
    return locals()["y"] * x


@case(0.7)
def hex_struct(x):
    return struct.unpack("d", struct.pack("d", x))[0] * x


@case(0.7)
def simple_namespace(x):
    n = types.SimpleNamespace(a=x)
    n.b = n.a * x
    return n.a * n.b


@case(0.7)
def partialmethod_(x):
    f = functools.partial(pow, x)
    return f(2) * functools.partial(f, 3)()


@case(0.7)
def singledispatch_(x):
    return sd(x) * sd([x])


@functools.singledispatch
def sd(v):
    return v * 2


@sd.register
def _(v: list):
    return v[0] * 3


@case(0.7)
def nested_fn_default_chain(x):

    def a(n, acc=None):
        acc = [] if acc is None else acc
        acc.append(x * n)
        return a(n - 1, acc) if n else acc

    r = a(3)
    return r[0] * r[1] + r[2]


@case(0.7)
def mutated_closure_list_of_cells(x):
    c = [x]

    def f():
        c[0] = c[0] * x
        return c[0]

    return f() + f() * f()


@case(0.7)
def generator_list(x):
    g = (x * i for i in range(4))
    x = x * 10
    return sum(list(g))


@case(0.7)
def star_expr_print(x):
    print(*[x, 2], sep="-")
    a = [*map(lambda v: v * x, [1, 2])]
    return sum(a)


@case(0.7, 1)
def int_arg_becomes_float(x, n):
    for i in range(3):
        n = n * x + i
    return n


@case(V)
def errstate_free_log(a):
    return np.log(np.abs(a)).sum() + np.sqrt(a * a).sum()


@case(0.7)
def sum_of_tuples(x):
    return sum([(x,), (x * x,)], ())[1]


@case(0.7)
def sorted_tuples(x):
    return sorted([(2, x), (1, x * x)])[0][1] + min([(3, x), (2, x * 3)])[1]


@case(0.7)
def sort_key_attr(x):
    hs = [H(x), H(x * x)]
    hs.sort(key=operator.attrgetter("a"))
    return hs[0].a * 2 + max(hs, key=lambda h: h.a).a * 5


@case(0.7)
def minmax_objects(x):
    a, b = divmod(x * 10, 3)
    return b * x + a


@case(0.7)
def string_format_len(x):
    return x * len(f"{x:.3f}") + x * int(f"{3}")


@case(0.7)
def complex_pair(x):
    z = complex(x, x * x)
    w = z**2 / (1 + z)
    return (w * w.conjugate()).real + abs(z) * z.imag


@case(0.7)
def rng_choice(x):
    r = np.random.default_rng(0)
    return (r.permutation(np.array([x, x * 2, x * x])) * np.array([1.0, 2, 3])).sum()


@case(0.7)
def rng_shuffle(x):
    a = np.array([x, x * 2, x * x])
    r = np.random.default_rng(0)
    r.shuffle(a)
    return (a * np.array([1.0, 2, 3])).sum()


@case(0.7)
def rng_active_scale(x):
    r = np.random.default_rng(0)
    return r.normal(x, x * x, size=3).sum()


@case(V)
def resize_setflags(a):
    b = a.copy()
    b.shape = (2, 2)
    b[0, 1] = b[1, 1]
    return (b @ b).sum()


@case(V)
def flat_iter(a):
    m = a.reshape(2, 2)
    m.flat[1] = m.flat[0] * 2
    t = 0.0
    for x in m.flat:
        t += x * x
    return t


@case(V)
def ndenumerate(a):
    m = a.reshape(2, 2).copy()
    for (i, j), v in np.ndenumerate(m):
        m[j, i] += v * v
    return m.sum() + m[0, 1] * m[1, 0]


@case(V)
def real_imag_views(a):
    z = a + 1j * a[::-1]
    z.real[0] = a[1]
    z.imag *= 2
    return (abs(z) ** 2).sum()


# Nothing but plain random numbers: these have to work.
@corpus.case(0.7)
def random_module(x):
    random.seed(1)
    return x * random.random() + x * random.gauss(0, 1)


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
