"""Special methods of metaclasses, and what else a class does when it is used as an operand."""

from __future__ import annotations

import operator

import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

BOX = [1.0]


class Meta(type):
    def __getitem__(cls, x):
        return x * x

    def __setitem__(cls, k, x):
        BOX[0] = x * k

    def __delitem__(cls, k):
        BOX[0] = BOX[0] * k

    def __sub__(cls, x):
        return x * 3

    def __rsub__(cls, x):
        return x * 5

    def __mul__(cls, x):
        return x * x

    def __matmul__(cls, x):
        return x * x * x

    def __lt__(cls, x):
        BOX[0] = x
        return True

    def __contains__(cls, x):
        BOX[0] = x * 2
        return True

    def __len__(cls):
        BOX[0] = BOX[0] * 2
        return 3

    def __bool__(cls):
        BOX[0] = BOX[0] * 3
        return True

    def __iter__(cls):
        return iter(BOX)

    def __reversed__(cls):
        return iter([BOX[0] * 2])

    def __enter__(cls):
        return BOX[0] * 2

    def __exit__(cls, *a):
        BOX[0] = BOX[0] * 2

    def __str__(cls):
        BOX[0] = BOX[0] * 7
        return "M"

    def __float__(cls):
        return BOX[0] * 2

    def __abs__(cls):
        return BOX[0] * 2

    def __neg__(cls):
        return BOX[0] * 2

    def __iadd__(cls, x):
        BOX[0] = x * 3
        return cls

    def __instancecheck__(cls, x):
        BOX[0] = x * 9
        return True

    def __subclasscheck__(cls, x):
        return True

    def __round__(cls, n=0):
        return BOX[0] * 2

    def __divmod__(cls, x):
        return (x * 2, x * 3)

    def __index__(cls):
        return 2

    def __dir__(cls):
        BOX[0] = BOX[0] * 5
        return []

    def __hash__(cls):
        return 7

    def __eq__(cls, x):
        BOX[0] = x * 2 if not isinstance(x, type) else BOX[0]
        return True

    def __getattr__(cls, name):
        if name == "foo":
            return BOX[0] * 2
        raise AttributeError(name)

    def __setattr__(cls, name, v):
        BOX[0] = v * 2

    def meth(cls, x):
        return x * x

    @property
    def prop(cls):
        return BOX[0] * 3

    @prop.setter
    def prop(cls, v):
        BOX[0] = v * 4

    @classmethod
    def cm(mcs, x):
        return x * 8

    @staticmethod
    def sm(x):
        return x * 9


class M(metaclass=Meta):
    pass


class N:
    def __class_getitem__(cls, x):
        return x * x

    subs = []

    def __init_subclass__(cls, **kw):
        BOX[0] = kw.get("v", 0.0) * 2


class D:
    def __set_name__(self, owner, name):
        BOX[0] = BOX[0] * 2

    def __get__(self, i, o):
        return BOX[0] * 3


class HasD:
    d = D()


@case(0.7)
def getitem(x):
    BOX[0] = x
    return M[x]


@case(0.7)
def getitem2(x):
    BOX[0] = x
    c = [M][0]
    return c[x]


@case(0.7)
def opgetitem(x):
    return operator.getitem(M, x)


@case(0.7)
def setitem(x):
    BOX[0] = x
    M[2.0] = x
    return BOX[0]


@case(0.7)
def delitem(x):
    BOX[0] = x
    del M[2.0]
    return BOX[0]


@case(0.7)
def sub(x):
    return M - x


@case(0.7)
def rsub(x):
    return x - M


@case(0.7)
def mul(x):
    return M * x


@case(0.7)
def matmul(x):
    return M @ x


@case(0.7)
def lt(x):
    BOX[0] = x
    M < x * 2
    return BOX[0]


@case(0.7)
def contains(x):
    BOX[0] = x
    x in M
    return BOX[0]


@case(0.7)
def length(x):
    BOX[0] = x
    n = len(M)
    return BOX[0] * n


@case(0.7)
def truth(x):
    BOX[0] = x
    if M:
        pass
    return BOX[0]


@case(0.7)
def it(x):
    BOX[0] = x
    return sum(M)


@case(0.7)
def it2(x):
    BOX[0] = x
    t = 0.0
    for a in M:
        t += a * a
    return t


@case(0.7)
def rev(x):
    BOX[0] = x
    return sum(reversed(M))


@case(0.7)
def with_(x):
    BOX[0] = x
    with M as a:
        y = a
    return y * BOX[0]


@case(0.7)
def str_(x):
    BOX[0] = x
    str(M)
    return BOX[0]


@case(0.7)
def fstr_(x):
    BOX[0] = x
    f"{M}"
    return BOX[0]


@case(0.7)
def float_(x):
    BOX[0] = x
    return float(M)


@case(0.7)
def abs_(x):
    BOX[0] = x
    return abs(M)


@case(0.7)
def neg_(x):
    BOX[0] = x
    return -M


@case(0.7)
def iadd(x):
    BOX[0] = x
    c = M
    c += x * 2
    return BOX[0]


@case(0.7)
def isinst(x):
    BOX[0] = x
    isinstance(x, M)
    return BOX[0]


@case(0.7)
def round_(x):
    BOX[0] = x
    return round(M)


@case(0.7)
def divmod_(x):
    a, b = divmod(M, x)
    return a * b


@case(0.7)
def index_(x):
    return [x, x * 2, x * 3][M]


@case(0.7)
def eq_(x):
    BOX[0] = x
    M == x * 3
    return BOX[0]


@case(0.7)
def getattr_(x):
    BOX[0] = x
    return M.foo


@case(0.7)
def getattr2_(x):
    BOX[0] = x
    return getattr(M, "f" + "oo")


@case(0.7)
def setattr_(x):
    BOX[0] = x
    M.q = x * 3
    return BOX[0]


@case(0.7)
def setattr2_(x):
    BOX[0] = x
    setattr(M, "q" + "", x * 3)
    return BOX[0]


@case(0.7)
def meth(x):
    return M.meth(x)


@case(0.7)
def prop(x):
    BOX[0] = x
    return M.prop


@case(0.7)
def cm(x):
    return M.cm(x)


@case(0.7)
def sm(x):
    return M.sm(x)


@case(0.7)
def class_getitem(x):
    return N[x]


@case(0.7)
def desc_class(x):
    BOX[0] = x
    return HasD.d


@case(0.7)
def dict_eq(x):
    BOX[0] = x
    d = {7: 1.0}
    return d.get(M, 2.0) * x


@case(0.7)
def negated(x):
    BOX[0] = x
    return BOX[0] * (not M) + BOX[0]


class Counted:
    def __init__(self, items, scale):
        self.items = items
        self.scale = scale

    def __iter__(self):
        return iter(self.items)

    def __length_hint__(self):
        self.scale[0] *= 2.0
        return len(self.items)


class Sized(Counted):
    def __len__(self):
        self.scale[0] *= 3.0
        return len(self.items)


@case(0.7)
def asked_for_a_hint(x):
    total = 0.0
    for cls in (Counted, Sized):
        box = [x]
        total += sum(list(cls([x, x * x], box))) * box[0]
        total += tuple(cls([x, x * x], box))[1] * box[0]
        total += sorted(cls([x, x * x], box))[1] * box[0]
        xs = [1.0]
        xs.extend(cls([x, x * x], box))
        total += xs[2] * box[0] * operator.length_hint(cls([x], box)) * box[0]
        total += max(cls([x, x * x], box)) * box[0]
    return total


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
