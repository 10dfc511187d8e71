"""Closures, scopes, classes and lambdas."""

# The odd ways to write a thing are the point here.
# ruff: noqa

from tests.transform.corpus.cases import CASES, Case, calls, note


counter = 0


# --- closures and scopes ----------------------------------------------------------------------


@calls(2)
def closure_reads(x):
    y = x * 2
    f = lambda z: x + y + z
    y = 100

    def g(a, b=x, *c, d=y, **e):
        """Doc."""
        return a + b + d + y

    x = -1
    return f(1), g(1), g.__name__, g.__doc__, g.__defaults__, g.__kwdefaults__, f.__name__


@calls(3)
def closure_writes(n):
    total = 0
    count = n

    def add(k):
        nonlocal total
        total += k
        return total

    for i in range(n):
        add(i)
    total += 1
    return total, add(10), total


@calls(True, False)
def unbound_cell(flag):
    if flag:
        x = 1
    g = lambda: x
    note("here")
    return x


@calls(True, False)
def unbound_in_closure(flag):
    if flag:
        x = 1
    return (lambda: x)()


@calls(1)
def deleted_cell(x):
    f = lambda: x
    del x
    note(1)
    x = 3
    y = f()
    del x
    return x


@calls(4)
def inner_recursion(n):
    def fib(k):
        return k if k < 2 else fib(k - 1) + fib(k - 2)

    return fib(n)


def decorate(name):
    note(f"make {name}")

    def decorator(f):
        note(f"apply {name}")
        return f

    return decorator


@calls(1)
def decorated_inner(x):
    @decorate("a")
    @decorate("b")
    def inner(y=note("default", 5), *, z=note("kw", 6)):
        return x + y + z

    return inner()


def make_counter(start):
    step = 2

    def bump(by=1):
        nonlocal start
        before = start
        start += by * step
        return before, start, [start + i for i in range(2)], (lambda: start)()

    return bump


CASES.append(Case(make_counter(10), ((), (5,))))


def make_deleter():
    value = 1

    def delete():
        nonlocal value
        note(value)
        del value
        return value

    return delete


CASES.append(Case(make_deleter(), ((),)))


@calls(5)
def global_writes(x):
    global counter, fresh_global
    counter = x
    counter += 1
    fresh_global = counter * 2
    y = fresh_global
    del fresh_global
    return counter, y


@calls(())
def global_deleted():
    global never_there
    del never_there


@calls(1)
def global_after_delete(x):
    global passing
    passing = x
    del passing
    return passing


@calls(4.0)
def imports(x):
    import math as m
    import os.path
    import xml.dom.minidom as dom
    from math import pi, sqrt as root
    from os import path

    return m.sqrt(x), root(x), pi, os.path is path, dom.__name__


@calls(())
def import_missing():
    pass


@calls(())
def import_no_module():
    pass


@calls(2)
def clashes(t_1):
    t_2 = t_1 * 3
    result = returned = broke_1 = cell_q = 1
    q = 5
    f = lambda: q
    for skipped_1 in range(3):
        if skipped_1 == 1:
            continue
        if t_2 > 100:
            return 0
        if skipped_1 == 2:
            break
        result += skipped_1
    return t_2 * t_1 + result, returned, broke_1, cell_q, f()


@calls(([1.0, 2.0],))
def prints(x):
    print(x, sep="", end="", file=type("W", (), {"write": lambda self, s: note(s)})())
    return x


# --- classes ----------------------------------------------------------------------------------


class Base:
    factor = 2

    def __repr__(self):
        return f"{type(self).__name__}{sorted(vars(self).items())}"

    def scale(self, x):
        return x * self.factor

    @classmethod
    def make(cls, x):
        return cls(x)


class Derived(Base):
    __secret = 7

    def __init__(self, x=1):
        super().__init__()
        self.__x = x

    def scale(self, x, __y=3):
        __local = super().scale(x) + self.__x + self.__secret + __y
        self.__x += 1
        g = lambda: super(Derived, self).scale(__local)
        return __local, g(), __class__.__name__, dict(__k=1)

    def inner_super(self):
        def inner():
            return super(__class__, self).scale(3)

        return inner()

    @classmethod
    def make(cls, x):
        made = super().make(x)
        return type(made).__name__, made.__x

    @staticmethod
    def helper(x):
        return x + 1

    @property
    def doubled(self):
        return self.__x * 2


CASES += [
    Case(Derived.scale, ((Derived(3), 2), (Derived(3), 2, 5))),
    Case(Derived.__init__, ((Derived(3), 2),)),
    Case(Derived.inner_super, ((Derived(1),),)),
    Case(Derived.make.__func__, ((Derived, 4),)),
    Case(Derived.helper, ((1,),)),
    Case(Derived.doubled.fget, ((Derived(4),),)),
]

# --- lambdas ----------------------------------------------------------------------------------

LAMBDAS = [lambda x: x * 2, lambda x: x * 3, lambda x: x * 2, lambda x, y=1: (lambda z: z + y)(x)]
CASES += [Case(f, ((4,),)) for f in LAMBDAS]
CASES.append(Case(lambda x: x if x > 0 else -x or [i for i in range(x)], ((1,), (-1,), (0,))))
CASES.append(Case((lambda k: lambda *a, **b: (a, b, k))(5), ((1, 2), ())))
