"""Generators and generator expressions, and all their consumers."""

from __future__ import annotations

import collections
import contextlib
import functools
import itertools
import math

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case


def powers(x, n=1000):
    y = 1.0
    for _ in range(n):
        y = y * x
        yield y


def forever(x):
    k = 0
    while True:
        yield x * k
        k += 1


class Tree:
    def __init__(self, value, *children):
        self.value = value
        self.children = children

    def __iter__(self):
        yield self.value
        for child in self.children:
            yield from child

    def scaled(self, factor):
        for v in self:
            yield v * factor

    @property
    def leaves(self):
        if not self.children:
            yield self.value
        for child in self.children:
            yield from child.leaves


@case(1.1)
def infinite_with_islice(x):
    return sum(itertools.islice(forever(x), 2, 7, 2)) * next(powers(x))


@case(1.1)
def takewhile_and_dropwhile(x):
    a = sum(v * v for v in itertools.takewhile(lambda v: v < 5.0, forever(x)))
    b = list(itertools.dropwhile(lambda v: v < 1.5, powers(x, 6)))
    return a * b[0] + len(b)


@case(1.1, 0.9)
def zip_of_two(x, y):
    total = 0.0
    for a, b in zip(powers(x, 4), powers(y)):  # noqa: B905
        total += a * b
    return total


@case(1.1)
def enumerate_chain_map_filter(x):
    total = 0.0
    for i, v in enumerate(itertools.chain(powers(x, 3), [x], powers(x * x, 2)), 1):
        total += i * v
    return total + sum(map(math.sin, filter(lambda v: v > 1.2, powers(x, 4))))


@case(1.1)
def accumulate_and_pairwise(x):
    a = list(itertools.accumulate(powers(x, 4)))
    b = [v * w for v, w in itertools.pairwise(powers(x, 4))]
    c = list(itertools.accumulate(powers(x, 3), lambda s, v: s * v))
    return sum(a) + sum(b) + c[-1]


@case(1.1)
def tee_and_groupby(x):
    a, b = itertools.tee(powers(x, 4))
    total = sum(v * w for v, w in zip(a, b, strict=True))
    for k, group in itertools.groupby(powers(x, 6), lambda v: v > 1.4):
        total += (2.0 if k else 1.0) * sum(v * v for v in group)
    return total


@case(1.1)
def products_and_batches(x):
    total = 0.0
    for a, b in itertools.product(powers(x, 2), powers(x, 3)):
        total += a * b
    for a, b in itertools.combinations(powers(x, 3), 2):
        total += a - b * x
    for a, b in itertools.zip_longest(powers(x, 1), powers(x, 3), fillvalue=x):
        total += a * b
    return total + sum(itertools.starmap(pow, zip(powers(x, 2), (2, 3), strict=True)))


@case([0.5, 1.5, 2.5])
def used_more_than_once_and_late(xs):
    items = map(lambda v: xs.append(v * 2.0) or v * v, list(xs))
    total = 0.0
    for a, b in itertools.product(items, (1.0, 3.0)):
        total += a * b * xs[-1]
        xs[-1] = xs[-1] * a
    a, b = itertools.tee(v * total for v in xs)
    return next(a) * next(b) * next(b) * next(a) + sum(itertools.chain.from_iterable([[], a, []]))


@case(1.1)
def a_pipeline(x):
    def doubled(items):
        for v in items:
            yield v * 2.0

    def positive(items):
        for v in items:
            if v > 2.5:
                yield v
                yield -v * x

    def summed(items):
        total = 0.0
        for v in items:
            total += v
            yield total

    return sum(summed(positive(doubled(powers(x, 6)))))


@case(1.1)
def interleaved(x):
    a, b = powers(x), forever(x)
    total = next(b)
    for _ in range(4):
        total = total * next(a) + next(b)
    return total * next(a)


@case(1.1)
def interleaved_over_one_list(x):
    xs = [x, x * x, x * 3.0]

    def eat(k):
        while xs:
            v = xs.pop() * k
            yield v
            if v > 2.0:
                xs.insert(0, v * 0.1)

    a, b = eat(1.0), eat(x)
    return next(a) * next(b) + next(a) * sum(itertools.islice(b, 2))


@case(1.1, 2.0)
def a_tree(x, y):
    tree = Tree(x, Tree(y, Tree(x * y)), Tree(x * x))
    total = 0.0
    for i, v in enumerate(tree):
        total += v * (i + 1)
    return total + sum(tree.scaled(x)) + math.prod(tree.leaves)


@case(1.1)
def recursion(x):
    def permute(xs):
        if not xs:
            yield []
        for i, v in enumerate(xs):
            for rest in permute(xs[:i] + xs[i + 1 :]):
                yield [v, *rest]

    total = 0.0
    for p in permute([x, x * x, 2.0]):
        total += sum(v * (i + 1) ** 2 for i, v in enumerate(p))
    return total


@case(1.1)
def results_of_yield_from(x):
    def inner(v):
        got = yield v
        got = got * v
        yield got
        return got * v

    def outer(v):
        a = yield from inner(v)
        b = yield from inner(a)
        return a * b

    g = outer(x)
    total = next(g)
    total += g.send(x * 2.0)
    total += next(g)
    total += g.send(x * 3.0)
    try:
        next(g)
    except StopIteration as stop:
        return total * stop.value


@case(1.1)
def send_and_coroutine_style(x):
    def averager():
        total, n, average = 0.0, 0, 0.0
        while True:
            v = yield average
            total += v
            n += 1
            average = total / n

    g = averager()
    next(g)
    a = [g.send(x * k) for k in (1.0, 2.0, 5.0)]
    g.close()
    return a[0] * a[1] + a[2]


@case(1.1)
def throw_into(x):
    def robust(v):
        log = []
        while True:
            try:
                v = v * 1.5
                got = yield v
                if got is not None:
                    v = v + got
            except KeyError as e:
                log.append(e.args[0])
                v = v * e.args[0]
            except GeneratorExit:
                state["closed"] = len(log)
                raise
            finally:
                log.append(v)
                state["log"] = len(log)

    g = robust(x)
    total = next(g) + g.send(x)
    total = total * g.throw(KeyError(x * 2.0)) + next(g)
    g.close()
    return total


@case(1.1)
def throw_that_is_not_caught(x):
    box = [x]

    def g():
        try:
            yield box[0]
        finally:
            box[0] = box[0] * 3.0

    it = g()
    a = next(it)
    try:
        it.throw(ValueError("no"))
    except ValueError:
        return a * box[0] + sum(it)


@case(1.1)
def close_with_cleanup(x):
    box = []

    def g(v):
        try:
            for k in range(10):
                yield v * k
        finally:
            box.append(v * v)

    it = g(x)
    next(it)
    total = next(it)
    it.close()
    it.close()
    return total * box[0] + len(box) + sum(it)


@case(1.1)
def half_consumed(x):
    box = [x]

    def g():
        for k in range(5):
            box[0] = box[0] * (x + k)
            yield box[0]

    for v in g():
        if v > 5.0:
            break
    it = g()
    next(it)
    return v * box[0]


@case(1.1)
def captured_in_a_list(x):
    gens = [powers(x * k, 3) for k in (1.0, 2.0)]
    total = 0.0
    while gens:
        for g in list(gens):
            try:
                total = total * 1.1 + next(g)
            except StopIteration:
                gens.remove(g)
    return total


@case(np.array([1.0, 2.0, 3.0]))
def arrays_written_between_yields(a):
    def g():
        for i in range(3):
            a[i] = a[i] * a[(i + 1) % 3]
            yield a[i : i + 2]
            a[0] *= 2.0

    total = 0.0
    for part in g():
        total += part.sum() * a[0]
        part[...] = part * 0.5
    return total + a.sum()


@case([1.0, 2.0, 3.0])
def lists_written_between_yields(xs):
    def g():
        for i in range(len(xs)):
            xs.append(xs[i] * 2.0)
            yield xs
            xs[i] = xs[i] * xs[-1]

    for ys in g():
        ys[0] = ys[0] + ys[-1]
    return sum(xs)


@case(1.1)
def early_return(x):
    def g(v):
        yield v
        if v > 1.0:
            return v * v
        yield v * 100.0

    def h(v):
        r = yield from g(v)
        yield r

    return sum(h(x)) * sum(g(x * 0.5))


@case(1.1)
def yield_within_with(x):
    box = [x]

    @contextlib.contextmanager
    def doubled():
        box[0] *= 2.0
        yield
        box[0] *= 0.25

    def g():
        with doubled():
            yield box[0]
            yield box[0] * x
        yield box[0]

    total = 0.0
    for v in g():
        total = total * x + v * box[0]
    return total


@case(1.1)
def a_generator_that_raises(x):
    box = [x]

    def g():
        box.append(box[-1] * x)
        yield box[-1]
        box.append(box[-1] * x)
        raise KeyError(box[-1])

    total = 0.0
    try:
        for v in g():
            total += v
    except KeyError as e:
        total *= e.args[0]
    return total + sum(box)


@case(1.1)
def stop_iteration_within(x):
    def g():
        yield x
        raise StopIteration

    try:
        return sum(g())
    except RuntimeError:
        return x * x


@case([1.0, 2.0, 3.0])
def expressions(xs):
    a = sum(x * x for x in xs if x > 1.5)
    b = max(x * 2.0 for x in xs)
    c = min((x - 5.0 for x in xs), default=0.0)
    d = math.prod(x for x in xs)
    e = any(x > 2.5 for x in xs) + all(x > 2.5 for x in xs)
    return a * b + c * d + e


@case([1.0, 2.0, 3.0])
def nested_expressions(xs):
    a = sum(x * y for i, x in enumerate(xs) for y in xs[:i] if x != y)
    b = sum(sum(x * y for y in xs) for x in xs)
    c = sum(v for v in (x * x for x in (y + 1.0 for y in xs)))
    return a * b + c


@case(1.1)
def captured_late(x):
    k = x
    g = (k * i for i in range(4))
    a = next(g) + next(g)
    k = x * x
    b = sum(g)
    fs = [lambda: v * x for v in (x, 2.0, 3.0)]  # noqa: B023
    hs = list((lambda: v * x) for v in (x, 2.0, 3.0))  # noqa: B023, C400
    return a * b + sum(f() for f in fs) + sum(h() for h in hs)


@case([1.0, 2.0, 3.0])
def passed_to_builtins(xs):
    d = dict((i, x * x) for i, x in enumerate(xs))  # noqa: C402
    ys = sorted((x * d[i] for i, x in enumerate(xs)), key=lambda v: -v)
    a, *b = (x * 2.0 for x in xs)
    s = ",".join(str(round(x)) for x in xs)
    t = tuple(x for x in xs if x > 1.5)
    u = {x * 2.0 for x in xs}
    xs.extend(x * 3.0 for x in t)
    return sum(d.values()) * ys[0] + a * b[1] + len(s) * t[0] + sum(xs) + sum(u)


@case([1.0, 2.0, 3.0])
def made_into_arrays(xs):
    a = np.fromiter((x * x for x in xs), float)
    b = np.array(list(powers(xs[0], 3)))
    return (a * b).sum()


@case([1.0, 2.0, 3.0])
def star_arguments(xs):
    def f(a, b, c):
        return a * b + c

    return f(*(x * x for x in xs)) + max(*powers(xs[1], 3)) + sum([*powers(xs[0], 2), *xs])


@case([1.0, 2.0, 3.0])
def reduce_and_sum_with_start(xs):
    a = functools.reduce(lambda s, v: s * v, (x + 1.0 for x in xs))
    b = math.fsum(x**3 for x in xs)
    return sum((x * x for x in xs), a) + b + math.dist(*[(x, 1.0) for x in xs[:2]])


@case([1.0, 2.0, 3.0])
def containment_and_first(xs):
    found = next((x for x in xs if x > 1.5), None)
    other = next((x for x in xs if x > 10.0), xs[0] * 2.0)
    has = xs[1] in (x for x in xs)
    return found * other * (2.0 if has else 1.0)


@case([1.0, 2.0, 3.0])
def deque_counter_and_unpacking(xs):
    d = collections.deque((x * x for x in xs), maxlen=2)
    a, b, c = (x * 3.0 for x in xs)
    (p, q), r = (powers(x, 2) for x in xs[:2])
    return d[0] * d[1] + a * b * c + p * q + sum(r)


@case(1.1)
def a_generator_in_an_object(x):
    class Source:
        def __init__(self, v):
            self.v = v
            self.items = self._make()

        def _make(self):
            while True:
                self.v = self.v * 1.5
                yield self.v

        def read(self):
            return next(self.items)

    s = Source(x)
    return s.read() * s.read() + s.v * s.read()


@case(1.1)
def default_arguments_and_keywords(x):
    def g(a, *rest, k=2.0, **more):
        yield a * k
        yield from rest
        yield from more.values()

    return sum(g(x)) + sum(g(x, x * x, 3.0, k=x, m=x * 5.0)) + sum(g(*[x], **{"k": 3.0}))


@case(1.1)
def a_generator_that_is_never_started(x):
    box = [x]

    def g():
        box[0] = 100.0
        yield x

    it = g()
    other = g()
    other.close()
    return box[0] * x + (it is not other)


@case(1.1)
def bound_methods_of_generators(x):
    step = powers(x).__next__
    send = forever(x).send
    send(None)
    return step() * step() + send(None) * send(7.0)


@case(1.1)
def iter_of_a_generator(x):
    g = powers(x, 5)
    assert iter(g) is g
    total = 0.0
    for v in g:
        total += v
        for w in iter(g):
            total *= w
            break
    return total


@case(1.1)
def reversed_and_sorted(x):
    return reversed(list(powers(x, 3))).__next__() * sorted(powers(x, 3), reverse=True)[1]


@case(1.1)
def yields_pairs_and_dicts(x):
    def g():
        for k in range(3):
            yield k, {"a": x * k, "b": [x]}

    total = 0.0
    for k, d in g():
        d["b"].append(d["a"])
        total += d["a"] * sum(d["b"]) + k
    return total + sum(d["a"] for _, d in g())


@case(1.1)
def dict_and_set_comprehensions_over_generators(x):
    d = {k: v for k, v in enumerate(powers(x, 3))}
    e = dict(zip("abc", powers(x, 3), strict=True))
    return sum(d[k] * e[c] for k, c in enumerate("abc"))


@case(1.1)
def lambda_generators(x):
    g = lambda n: (yield x * n)  # noqa: E731
    return sum(g(2.0)) + next(g(3.0))


@case(1.1)
def a_generator_around_a_generator_with_finally(x):
    out = []

    def inner(v):
        try:
            yield v
            yield v * 2.0
        finally:
            out.append(v * 3.0)

    def outer(v):
        try:
            yield from inner(v)
        finally:
            out.append(v * 5.0)

    left = outer(x)
    for v in left:
        out.append(v)
        break
    left.close()
    it = outer(x * x)
    out.extend(it)
    g = outer(x + 1.0)
    next(g)
    g.close()
    return sum(v * (i + 1) for i, v in enumerate(out))


@case(1.1)
def for_else(x):
    total = 0.0
    for v in powers(x, 3):
        total += v
        if v > 100.0:
            break
    else:
        total *= x
    return total


@case([3.0, 1.0, 2.0])
def heap_like(xs):
    def smallest_first(items):
        items = list(items)
        while items:
            m = min(items)
            items.remove(m)
            yield m

    return sum(v * 2.0**i for i, v in enumerate(smallest_first(xs)))


@case(1.1)
def iter_with_a_sentinel(x):
    g = powers(x, 10)
    return sum(itertools.islice(iter(lambda: next(g) * x, None), 3))


@case(1.1)
def primes_like_sieve(x):
    def integers(n):
        while True:
            yield n
            n += 1

    def sieve(items):
        p = next(items)
        yield p
        yield from sieve(v for v in items if v % p)

    return sum(x**p for p in itertools.islice(sieve(integers(2)), 5))


@case(1.1)
def newton(x):
    def steps(a, v):
        while True:
            v = 0.5 * (v + a / v)
            yield v

    def converged(items, tolerance):
        last = next(items)
        for v in items:
            if abs(v - last) < tolerance:
                return v
            last = v

    return converged(steps(x, 1.0), 1e-12) * x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
