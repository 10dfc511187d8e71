"""Special methods that Python calls out of sight: for the truth, the length, the text of an object.

What they write counts, and so do the numbers and arrays that they give.
"""

# Odd ways to ask a thing are the point here.
# ruff: noqa: SIM102, SIM201, SIM208, SIM210, UP030, UP031, UP032

from __future__ import annotations

import cmath
import io
import math
import operator

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


class Noting:
    """Each special method writes what depends on the object to its log."""

    def __init__(self, x):
        self.x = x
        self.log = []

    def __bool__(self):
        self.log.append(self.x * self.x)
        return True

    def __str__(self):
        self.log.append(self.x * 2)
        return "text"

    def __repr__(self):
        self.log.append(self.x * 3)
        return "Noting()"

    def __format__(self, spec):
        self.log.append(self.x * len(spec))
        return spec * 2

    def __index__(self):
        self.log.append(self.x**3)
        return 1

    def __float__(self):
        self.log.append(math.sin(self.x))
        return self.x * 2

    def __contains__(self, item):
        self.log.append(self.x * item)
        return True

    def __hash__(self):
        self.log.append(self.x * 5)
        return 3


class Sized:
    def __init__(self, x):
        self.x = x
        self.log = []

    def __len__(self):
        self.log.append(self.x * self.x)
        return 3


# --- truth and length -----------------------------------------------------------------------------


@case(1.5)
def truth_of_an_if(x):
    b = Noting(x)
    y = 1.0
    if b:
        y = x
    if not b:
        y = 2.0
    return sum(b.log) * y


@case(1.5)
def boolean_operators(x):
    b = Noting(x)
    y = (b and x) * (b or Noting(2 * x)).x
    return sum(b.log) * y


@case(1.5)
def truth_of_a_while(x):
    b, n = Noting(x), 0
    while b and n < 3:
        n += 1
    return sum(b.log) * n


@case(1.5)
def truth_of_comprehensions_and_asserts(x):
    bs = [Noting(x), Noting(x * x)]
    ys = [b.x if b else 0.0 for b in bs if b]
    assert bs[0]
    return sum(ys) + sum(sum(b.log) for b in bs)


@case(1.5)
def truth_by_functions(x):
    b = Noting(x)
    bool(b)
    any([b])
    all([b, b])
    operator.truth(b)
    operator.not_(b)
    list(filter(None, [b]))
    return sum(b.log)


@case(1.5)
def lengths(x):
    s = Sized(x)
    n = len(s)
    if s:
        n += operator.length_hint(s) if False else 1
    return sum(s.log) * n


@case(1.5)
def values_of_unknown_types(x):
    d = {1: Noting(x), 2: x, 3: Sized(x), 4: [x]}
    n = 0
    for value in d.values():
        if value:
            n += 1
    return (sum(d[1].log) + sum(d[3].log)) * n * len(d[3]) * len(d[4])


@case(1.5)
def truth_within_try(x):
    b = Noting(x)
    try:
        if b:
            raise ValueError
    except ValueError:
        if not b:
            return 0.0
    return sum(b.log)


class Failing:
    def __init__(self, log, x):
        self.log = log
        self.x = x

    def __bool__(self):
        self.log.append(self.x * 2)
        raise ValueError


@case(1.5)
def truth_that_fails(x):
    log = []
    try:
        if Failing(log, x):
            log.append(1.0)
    except ValueError:
        log.append(x)
    return sum(log)


@case(1.5)
def truth_that_is_none(x):
    return x if Failing else 0.0


class Plain:
    """Its methods only read: a test of it stays a test."""

    def __init__(self, x):
        self.x = x

    def __bool__(self):
        return self.x > 1.0

    def __len__(self):
        return 4


@case(1.5)
def truth_without_effect(x):
    p = Plain(x)
    total = 0.0
    for _ in range(3):
        if p:
            total += len(p) * x
    return total


# --- texts ----------------------------------------------------------------------------------------


@case(1.5)
def texts_of_an_object(x):
    o = Noting(x)
    n = len(str(o)) + len(repr(o)) + len(ascii(o)) + len(format(o, "ab")) + len(format(o))
    return sum(o.log) * n


@case(1.5)
def texts_in_strings(x):
    o = Noting(x)
    n = len(f"{o} {o!r} {o!s:>7} {o!a} {o:abc}") + len("{} {!r}".format(o, o))
    n += len("%s %r" % (o, 2)) + len("%s" % o) + len("%(a)s" % {"a": o}) + len("%d%f" % (o, o))
    return sum(o.log) * n


@case(1.5)
def texts_of_containers(x):
    o = Noting(x)
    n = len(str([o, (o, {"a": o})])) + len(f"{[o]}") + len(",".join(map(str, [o, o])))
    return sum(o.log) * n


@case(1.5)
def printed(x):
    o, file = Noting(x), io.StringIO()
    print(o, 1, sep="-", file=file)
    print([o])
    return sum(o.log) * len(file.getvalue())


@case(1.5)
def texts_within_try(x):
    o = Noting(x)
    try:
        return len(f"{o!r}") * sum(o.log)
    finally:
        o.log.append(x)


# --- numbers --------------------------------------------------------------------------------------


@case(1.5)
def floats(x):
    o = Noting(x)
    return (float(o) + math.sin(o) + math.hypot(o, x) + math.pow(o, 2)) * sum(o.log)


@case(1.5)
def floats_in_lists(x):
    o = Noting(x)
    return (math.fsum([o, x, o]) + math.dist([o, 1.0], (x, o))) * sum(o.log)


@case(1.5)
def floats_in_arrays(x):
    o = Noting(x)
    a = np.array([o, x, 2.0], dtype=float)
    a[1] = o
    return (a.sum() + np.float64(o)) * sum(o.log)


class Pair:
    def __init__(self, x):
        self.x = x

    def __complex__(self):
        return complex(self.x, self.x * self.x)


@case(1.5)
def complex_numbers(x):
    p = Pair(x)
    return (
        (complex(p) * complex(p, x)).imag + cmath.exp(p).real + complex(Noting(x), Noting(x)).imag
    )


class Rounded:
    def __init__(self, x):
        self.x = x
        self.log = []

    def __round__(self, digits=0):
        self.log.append(self.x)
        return self.x * (2 + digits)

    def __floor__(self):
        self.log.append(self.x)
        return self.x * 3

    def __ceil__(self):
        return self.x * 4

    def __trunc__(self):
        return self.x * 5

    def __int__(self):
        self.log.append(self.x * self.x)
        return 7


@case(1.5)
def roundings(x):
    o = Rounded(x)
    y = round(o) + round(o, 2) + round(o, ndigits=3) + math.floor(o) + math.ceil(o)
    return (y + math.trunc(o) + int(o)) * sum(o.log)


# --- indices --------------------------------------------------------------------------------------


@case(1.5)
def indices(x):
    i = Noting(x)
    xs = [x, 2 * x, 3 * x]
    y = xs[i] + (x, x * x)[i] + np.array([x, 3 * x])[i] + sum(xs[i:]) + [1.0, 2.0][i]
    y += sum([x, 2.0] * i) + len(range(i)) + operator.index(i) + len(hex(i))
    return y * sum(i.log)


@case(1.5)
def writes_by_index(x):
    i = Noting(x)
    xs = [x, 2 * x, 3 * x, 4 * x]
    xs[i] = x * x
    y = xs.pop(i)
    del xs[i]
    a = np.zeros(3)
    a[i] = x
    a[i:] *= 2.0
    return (y + sum(xs) + a.sum()) * sum(i.log)


class Asked:
    """Hands out what it was asked with."""

    def __getitem__(self, key):
        if isinstance(key, slice):
            return key.start * (key.stop or 1.0) * (key.step or 1.0)
        if isinstance(key, tuple):
            return sum(self[part] for part in key)
        return key * key

    def __setitem__(self, key, value):
        self.set = key.start * value

    def __delitem__(self, key):
        self.deleted = key.stop * 2


@case(1.5)
def slices_that_carry_derivatives(x):
    a = Asked()
    a[x:] = x
    del a[:x]
    s = slice(x, 2 * x)
    return a[x : 2 * x : 3.0] + a[x : 2 * x, x:] + a[x] + a[s] * s.start + a.set * a.deleted


@case(2)
def slices_of_whole_numbers(n):
    xs = [0.5, 1.5, 2.5]
    return sum(xs[:n]) * n + Asked()[n : n * n]


@case(1.5)
def slices_within_try(x):
    try:
        return Asked()[x : 2 * x] * slice(x).stop
    except ValueError:
        return 0.0


# --- membership, arrays, classes ------------------------------------------------------------------


@case(1.5)
def membership(x):
    o, other = Noting(x), Noting(1.0)
    n = (x in o) + (2.0 not in o) + (x in other)
    return (sum(o.log) + sum(other.log)) * (n + 1)


class Table:
    def __init__(self, rows):
        self.rows = rows
        self.log = []

    def __array__(self, dtype=None, copy=None):
        self.log.append(self.rows[0] * (2.0 if copy else 3.0))
        return np.asarray(self.rows, dtype) * 2.0


@case(1.5)
def arrays_of_objects(x):
    t = Table([x, x * x])
    y = np.asarray(t) + np.array(t) + np.sin(t) + np.asarray(t, float) * np.zeros(2)
    y = np.zeros(2) + t + y * t
    z = np.zeros((2, 2))
    z[0] = t
    return (y.sum() + np.sum(t) + np.stack([t, t]).sum() + z.sum()) * sum(t.log)


class Checking(type):
    def __instancecheck__(cls, x):
        x.log.append(x.x)
        return True


class Anything(metaclass=Checking):
    pass


@case(1.5)
def instance_checks(x):
    o = Noting(x)
    return sum(o.log) + isinstance(o, Anything) * sum(o.log)


class Missing(dict):
    def __missing__(self, key):
        self.asked = key
        return key * 2


@case(1.5)
def missing_keys_that_carry_derivatives(x):
    d = Missing()
    return d[x] * d.asked


class Items:
    def __init__(self, x):
        self.x = x
        self.log = []

    def __iter__(self):
        self.log.append(self.x)
        return iter([self.x, 2 * self.x])


@case(1.5)
def items_for_builtins(x):
    o = Items(x)
    y = sum(list(o)) + sum(tuple(o)) + math.prod(o) + max(o) + sorted(o)[0] + sum({*o})
    y += sum(dict.fromkeys(o, x).values()) + (2 * x in o) + dict(zip("ab", o, strict=True))["b"]
    return y * sum(o.log)


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
