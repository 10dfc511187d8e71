"""Small functions over the whole language, each with the arguments to try it on.

A stage is right when what it produces gives the same value, the same exception, the same effects
in the same order as these functions do.
"""

# The odd ways to write a thing are the point here.
# ruff: noqa

import collections
import copy
import math
import os.path as paths
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """A function and the argument tuples to call it with."""

    function: Any
    calls: tuple[tuple[Any, ...], ...]


CASES: list[Case] = []
LOG: list[str] = []
counter = 0


def calls(*arguments: Any) -> Callable[[Any], Any]:
    """Register a function; an argument that is no tuple stands for a call with it alone."""

    def register(function: Any) -> Any:
        tuples = tuple(a if isinstance(a, tuple) else (a,) for a in arguments)
        CASES.append(Case(function, tuples))
        return function

    return register


def note(text: Any, value: Any = None) -> Any:
    """Write to the log and hand on a value."""
    LOG.append(str(text))
    return value


class Probe:
    """Logs every operation on it, tests of its truth included."""

    def __init__(self, name: str, truth: bool = True) -> None:
        self.__dict__.update(name=name, truth=truth)

    def __deepcopy__(self, memo: Any) -> "Probe":
        return Probe(self.name, self.truth)

    def __repr__(self) -> str:
        return f"Probe({self.name})"

    def __bool__(self) -> bool:
        note(f"bool {self.name}")
        return self.truth

    def __eq__(self, other: object) -> Any:
        return self._op("eq", other)

    __hash__ = object.__hash__

    def _op(self, name: str, *others: Any) -> "Probe":
        note(f"{name} {self.name} {others}")
        return Probe(f"{name}({self.name})", self.truth)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._op(f"get {name}")

    def __setattr__(self, name: str, value: Any) -> None:
        self._op(f"set {name}", value)

    def __delattr__(self, name: str) -> None:
        self._op(f"del {name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._op("call", args, kwargs)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._op("setitem", key, value)

    def __delitem__(self, key: Any) -> None:
        self._op("delitem", key)

    def __contains__(self, key: Any) -> bool:
        self._op("contains", key)
        return self.truth


def _install(name: str) -> None:
    def method(self: Any, *others: Any) -> Any:
        return self._op(name, *others)

    setattr(Probe, f"__{name}__", method)


for _name in (
    "add radd sub mul truediv floordiv mod pow matmul and or xor lshift rshift neg pos invert "
    "lt le gt ge ne getitem iadd imul"
).split():
    _install(_name)


# --- operators, names, literals ---------------------------------------------------------------


@calls((2.0, 3.0), (0, 0), (1, "a"))
def product(x, y):
    """Docstring."""
    return x * y


@calls((7, 2), (7.5, 2), (7, 0))
def arithmetic(x, y):
    return (x + y, x - y, x * y, x / y, x // y, x % y, x**y, -x, +x, -0.0, -3, 2**-1, -(2**2))


@calls((6, 3), (6.5, 1))
def bits(x, y):
    return x & y | x ^ y, x << y, x >> 1, ~x


@calls((np.eye(2), np.ones(2)))
def matrix(a, b):
    return (a @ b).tolist()


@calls((Probe("a"), Probe("b"), Probe("c")))
def order_of_operators(a, b, c):
    return (a + b * c - -a) ** c // b @ (~a % c) & (b | c) ^ a << b >> c


@calls((1, 2), ("a", 1), (None, 0))
def comparisons(x, y):
    return x == y, x != y, x is y, x is not None, x in (y, 1), x not in [y], not x, x < y


@calls((1, 2, 3), (3, 2, 1), (1, 3, 2), (Probe("a"), Probe("b"), Probe("c")),
       (Probe("a", False), Probe("b"), Probe("c")))  # fmt: skip
def chained(a, b, c):
    return a < note("mid", b) <= note("right", c) != a


@calls((1, 2, 3), (3, 2, 1), (Probe("a"), Probe("b"), Probe("c")),
       (Probe("a", False), Probe("b"), Probe("c")))  # fmt: skip
def chained_test(a, b, c):
    if a < b < c:
        return "rising"
    elif a > b > c > note("fourth", 0):
        return "falling"
    return "neither"


@calls((Probe("a"), Probe("b"), Probe("c")), (Probe("a", False), Probe("b"), Probe("c")),
       (Probe("a", False), Probe("b", False), Probe("c", False)),
       (Probe("a"), Probe("b", False), Probe("c")))  # fmt: skip
def boolean_values(a, b, c):
    return [repr(a and b and c), repr(a or b or c), repr(a and not (b or c)), (a or not b)]


@calls((Probe("a"), Probe("b"), Probe("c")), (Probe("a", False), Probe("b"), Probe("c")),
       (Probe("a", False), Probe("b", False), Probe("c", False)),
       (Probe("a"), Probe("b", False), Probe("c")))  # fmt: skip
def boolean_tests(a, b, c):
    found = []
    if a and b and c:
        found.append(1)
    if a or b or c:
        found.append(2)
    else:
        found.append(3)
    if a and b or c:
        found.append(4)
    if not (a or b) and c:
        found.append(5)
    if (a if b else c) and not a:
        found.append(6)
    while a and not b:
        found.append(7)
        break
    return found, 1 if a or b else 2, [1 for _ in "ab" if a and c]


@calls((1, 2), (2, 1), (0, 0))
def ternary(x, y):
    z = x if x > y else y
    w = (x if x else "no") if y else note("w", "neither")
    z = z + 1 if z else -z
    return z, w, x and y or "none"


@calls(3, 0)
def boolean_rebinds(x):
    y = 0
    x = y or x
    x = x and x + 1
    return x


@calls(())
def literals():
    return (1, 2.5, 1j, -1j, "ab", b"c", True, None, ..., 1_000, 0x10, -1e300 * 1e10, 1e400)


@calls((2,))
def negative_base(x):
    return (-2) ** x, -(2**x), (-2.0).__abs__(), (-1).bit_length()


@calls(())
def globals_and_builtins():
    return math.pi, len([1, 2]), paths.join("a", "b"), abs(-2), collections.Counter("aab")["a"]


@calls(())
def missing_global():
    note("before")
    return undefined_name + note("after", 1)


@calls(2)
def unary_not(x):
    return not x, not not x


# --- names that are not assigned --------------------------------------------------------------


@calls(True, False)
def maybe_unbound(flag):
    if flag:
        x = 1
    return x


@calls(True, False)
def unbound_before_effects(flag):
    if flag:
        x = 1
    return x + note("evaluated", 2)


@calls(True, False)
def unbound_argument(flag):
    if flag:
        x = 1
    return note(x, note("inner", 1))


@calls(())
def never_bound():
    note("start")
    x = x + 1
    return x


@calls([[]], [[1, 2]])
def unbound_loop_variable(items):
    for item in items:
        pass
    return item


@calls(1)
def deleted(x):
    y = x
    del x
    note("deleted")
    return x + y


@calls(())
def delete_unbound():
    if note("no"):
        x = 1
    del x


@calls(3)
def deleted_and_bound_again(n):
    total = 0
    for i in range(n):
        t = i * 2
        total += t
        del t
    t = 5
    return total + t


@calls(2)
def deleted_in_branch(x):
    if x > 1:
        y = 3
        del y
    else:
        y = 4
    y = 7
    return y


@calls(1)
def unbound_statement(x):
    note("a")
    y
    y = x


@calls(([1, 2, 3], {"a": 1, "b": 2}, Probe("p")))
def deletions(a, d, p):
    del a[0], d["a"], p.x, p[1:2, 0]
    del (a[0], d["b"])
    return a, d


@calls((1, 2))
def unbound_parallel(x, y):
    if x > y:
        z = 1
    note("here")
    x, y = y, z
    return x


# --- assignment and unpacking -----------------------------------------------------------------


@calls((1, 2), ("a", None))
def swap(a, b):
    a, b = b, a
    [a, b] = a, [b, a]
    return a, b


@calls((1, 2, 3))
def rotate(a, b, c):
    a, b, c = b, c, a
    a, b = b, a + b
    a, a = a + 1, b
    return a, b, c


@calls((3, [0, 0, 0, 0]))
def index_after_store(i, x):
    i, x[i] = 1, 2
    x[i], i = i, 0
    return i, x


@calls([(1, 2)], ([1, 2, 3],), ([1],), (5,), ("ab",), ({1: 2, 3: 4},), (None,))
def unpack_two(pair):
    a, b = iter([1, 2]) if pair is None else pair
    return a, b


@calls(([1, 2, 3, 4],), ([1, 2],), ([1],), (7,), ("abc",))
def unpack_star(items):
    a, *b, c = items
    *d, _ = items
    e, *f = items
    return a, b, c, d, e, f


@calls([((1, (2, [3, 4])), 5)], [((1, 2), 3)])
def unpack_nested(x):
    (a, (b, [c, d])), e = x
    return a, b, c, d, e


@calls(([],), ([1],))
def unpack_nothing(x):
    () = x
    [] = x
    return "empty"


@calls((Probe("p"), [1, 2, 3]))
def unpack_into_places(p, items):
    p.a, p[note("index", 0)], (p.b, *rest) = items[0], items[1], items
    p.c, items[0] = items[1:]
    return rest, items


@calls((Probe("p"), [1]))
def chained_assignment(p, a):
    x = p.y = a[0] = z = note("value", 5)
    x = y = x + 1
    return x, y, z, a


@calls(1)
def chained_pairs(x):
    y = x, z = x + 1, x
    return x, y, z


@calls((1, [1, 2], Probe("p")), (1.5, [3, 4], Probe("q")))
def augmented(x, a, p):
    x += 2
    x *= x
    b = a
    a += [x]
    a[note("index", 0)] -= 1
    a[0:1] += [9]
    note("owner", p).attr += note("value", 3)
    p[note("i", 1)] *= note("v", 2)
    return x, a, b is a


@calls((7, 3))
def all_augmented(x, y):
    a = x
    a -= y
    a *= 4
    a //= 3
    a %= 10
    a **= 2
    a <<= 1
    a >>= 1
    a |= 8
    a &= 12
    a ^= 5
    a /= 2
    return a


@calls([np.arange(6.0).reshape(2, 3)])
def array_updates(a):
    v = a[0]
    v[1:] = 7
    a[:, ::2] += 1
    a @= np.eye(3)
    m = a > 3
    a[m] *= 2
    a[..., -1] = a[0, 1:2]
    return a.tolist(), v.tolist()


@calls(2)
def annotated(x):
    y: int = x + 1
    z: "undefined_name" = y
    w: undefined_name
    return y, z


@calls(Probe("p"))
def annotated_places(p):
    p.a: int = 1
    p[0]: int = 2
    p.b.c: int
    p.d[note("i", 1)]: int


@calls((1, [1, 2]), (None, []))
def walrus(x, items):
    if (n := len(items)) > 1:
        note(n)
    y = x + (x := 5) if x else 0
    while (k := len(items)) and k < 4:
        items.append(k)
    return n, y, x, k, [z := i for i in items], z if items else None


@calls((1, 2))
def walrus_order(x, y):
    a = [x, (x := y), x]
    b = x < (x := 10) < x + 1
    c = f"{x}{(x := 3)}{x}"
    d = note(x, (x := 8)) + x
    x += (x := 2) * 10
    return a, b, c, d, x


@calls(([1, 2, 3],))
def walrus_in_comprehension(items):
    last = None
    squares = [last := i * i for i in items if (t := i % 2)]
    return squares, last, t


# --- displays, items, attributes, strings -----------------------------------------------------


@calls((1, [2, 3]), (1, 5), ("a", "bc"))
def displays(x, y):
    return [x, *y, x], (*y, *y), {x, *y}, {"k": x, **{"k": y, "l": 1}}, [], (), {}, (x,)


@calls(([1, 2, 3],))
def star_before_effect(a):
    return [*a, a.pop(), *a], (*a, a.pop()), {**{"n": len(a)}, "m": a.append(0)}


@calls(({"a": 1, "b": 2},))
def double_star_before_effect(d):
    return {**d, "c": d.pop("a")}, dict(**d, c=d.pop("b"))


@calls(([1, 2, 3, 4, 5], 1, 3), ((1, 2, 3), None, -1))
def slices(a, i, j):
    return a[i:j], a[:], a[::2], a[i:], a[:j], a[-1], a[::-1]


@calls([np.arange(24).reshape(2, 3, 4)])
def array_indices(a):
    return (a[0, 1:, ::2].tolist(), a[..., None].shape, a[:, [0, 2]].tolist(),
            a[(0, 1)].tolist(), a[a > 20].tolist(), a[*[1, 2]].tolist())  # fmt: skip


@calls((Probe("p"), 1))
def order_of_items(p, i):
    return p[note("index", i)], p[i : note("stop", 3), ...], p.a.b.c(note("x"), k=note("y"))


@calls((3.14159, "x", 10), (2, None, 3))
def f_strings(v, s, w):
    return (
        f"{v} and {s!r:>{w}}|{v:.2f}|{v!s:{w}}|{s!a}|{{}}|{v=}|{v=:.1f}{'nested'}plain",
        f"{v}",
        f"",
        f"just text",
    )


@calls(Probe("p"))
def order_of_f_string(p):
    return f"{note('a', 1)}{note('b', 2):{note('c', 3)}}{note('d', 'x')!r:>{note('e', 5)}}"


@calls((1, "d"), (1, ".2q"))
def format_errors(x, spec):
    return f"{x:{spec}}"


@calls(())
def strings_and_bytes():
    return "a" + "b" * 2, b"x" + b"y", "%s-%d" % ("p", 3), "a,b".split(",")


# --- calls ------------------------------------------------------------------------------------


def target(a, b=2, *args, c=3, **kwargs):
    LOG.append(f"target {a} {b} {args} {c} {kwargs}")
    return a, b, args, c, kwargs


@calls((1, [2, 3], {"c": 4, "z": 5}), (1, 5, {}), (1, (), {"a": 1}), (1, [], 7), (1, [], {1: 2}))
def call_forms(x, items, named):
    return (
        target(x), target(x, b=x), target(*items, x), target(x, *items, **named),
        target(*[x], *items, c=9), target(b=x, *[0]), target(a=1, **{"b": 2}, **{"q": 3}),
        target(*items, **named),
    )  # fmt: skip


@calls(())
def order_of_call():
    return note("f", target)(
        note("a", 1), *note("b", [2]), note("c", 3), k=note("d", 4), **note("e", {"m": 5})
    )


@calls(())
def bad_call():
    return target(1, note("k"), c=note("c"), **{"c": 1})


@calls(())
def wrong_arguments():
    return product(1)


@calls(([3, 1, 2],))
def star_of_mutated(a):
    return target(*a, k=a.pop())


@calls(([3, 1, 2],))
def methods(a):
    a.sort()
    a.append(sum(a))
    b = a.copy
    return b(), a.index(2), "-".join(map(str, a)), a.clear()


def with_defaults(x, y=10, /, z=(), *rest, k=1, m, **more):
    y += k
    rest += (z,)
    more["m"] = m
    return x, y, z, rest, k, more


CASES.append(Case(with_defaults, ((1,),)))


@calls((1, 2, 3), ())
def var_positional(*args):
    total = 0
    for a in args:
        total += a
    return total, args


def recursive(n):
    return 1 if n <= 1 else n * recursive(n - 1)


CASES.append(Case(recursive, ((5,), (0,))))


# --- branches and loops -----------------------------------------------------------------------


@calls(-1, 0, 1, 5)
def early_returns(x):
    if x < 0:
        return "negative"
    if x == 0:
        return "zero"
    elif x == 1:
        note("one")
    else:
        return "many"
    return "one"


@calls(1, 2, 3, 4)
def nested_returns(x):
    if x > 1:
        if x > 2:
            if x > 3:
                return "a"
            note("between")
        else:
            return "b"
        note("after")
    note("end")
    return "c"


@calls(0, 1)
def no_result(x):
    if x:
        return
    note("fell")


@calls(0, 1)
def falls_off(x):
    if x:
        return 5


@calls(1)
def nothing(x):
    pass


@calls(5, 0)
def loop_returns_none(n):
    for i in range(n):
        if i == 2:
            return
        note(i)


@calls(0, 1, 2)
def raise_or_return(x):
    if x == 0:
        raise ValueError("zero")
    elif x == 1:
        return 1
    note("rest")
    return 2


@calls(0, 1)
def raise_in_else(x):
    if x:
        note("x")
    else:
        raise KeyError(x) from ValueError("cause")
    return x


@calls(())
def raise_class():
    raise StopIteration


@calls(1, "a")
def raise_value(x):
    raise x


@calls((1, 2), (2, 2), (0, 1))
def assertions(x, y):
    assert x != y, f"both {x}"
    assert x
    assert x and y, note("not made")
    return x


@calls(0, 1, 2, 7)
def first_factor(n):
    for p in range(2, 10):
        if n % p == 0:
            return p
    return None


@calls((5, 3), (3, 9), (0, 0))
def for_break_else(n, stop):
    for i in range(n):
        if i == stop:
            break
        note(i)
    else:
        note("completed")
        return "else"
    return i


@calls((5, 3), (3, 9), (0, 0))
def while_break_else(n, stop):
    i = 0
    while i < n:
        i += 1
        if i == stop:
            break
        if i == 2:
            continue
        note(i)
    else:
        i = -i
    return i


@calls((6, 2), (3, 7))
def continue_guards(n, k):
    total = 0
    for i in range(n):
        if i % 2:
            if i > k:
                continue
            total += 10
        elif i == 4:
            note("four")
            continue
        total += i
        if total > 100:
            continue
        note(total)
    return total


@calls((4, 4), (2, 9), (5, 1))
def nested_loops(n, m):
    found = []
    for i in range(n):
        for j in range(m):
            if j > i:
                break
            if (i + j) % 3 == 0:
                continue
            if i * j == 6:
                return found, "early"
            found.append((i, j))
        else:
            found.append("full")
            continue
        found.append("cut")
    else:
        found.append("end")
    return found


@calls(3, 30)
def while_true(limit):
    x = 1
    while True:
        x *= 2
        if x > limit:
            return x
        while 1:
            x += 1
            if x % 3 == 0:
                break


@calls(10)
def while_true_break(n):
    while True:
        n -= 3
        if n < 0:
            break
        if n == 4:
            continue
        note(n)
    return n


@calls((3, 0), (3, 1), (3, 2), (0, 0))
def else_leaves_outer(n, k):
    for i in range(3):
        for j in range(n):
            if j == k:
                break
        else:
            break
        note((i, j))
    return i


@calls(0, 1, 2, 3)
def else_raises(k):
    for j in range(3):
        if j == k:
            break
        if j == 2:
            return "two"
    else:
        raise LookupError(k)
    return j


@calls(0, 1, 2)
def else_returns_after_return(k):
    for j in range(2):
        if j == k:
            break
        if k == 2 and j == 1:
            return "inner"
    else:
        return "none"
    note("broke")
    return j


@calls(4)
def dead_code(n):
    for i in range(n):
        if i == 2:
            break
            note("dead")
        continue
        note("dead")
    return i
    return "dead"


@calls(([1, 2], "ab"), ([], ""))
def loop_kinds(a, s):
    out = []
    for i, (x, y) in enumerate(zip(a, s)):
        out.append((i, x, y))
    for k, v in {"p": 1, "q": 2}.items():
        out.append((k, v))
    for x in reversed(a):
        out.append(x)
    for row in np.eye(2):
        out.append(row.sum())
    for c in s:
        out += c
    return out


@calls((Probe("p"), [[1, 2], [3, 4]]))
def loop_targets(p, rows):
    d = {}
    for p.x in rows:
        note("attribute")
    for d["k"] in rows[0]:
        note(d["k"])
    for [a, *b] in rows:
        note((a, b))
    for d["a"], p[0] in rows:
        pass
    return d, a, b


@calls(5, None, ([(1, 2, 3)],))
def loop_errors(items):
    for a, b in items:
        note(a)


@calls(3)
def loop_rebinds_target(n):
    out = []
    for i in range(n):
        i = i * 10
        out.append(i)
    return out, i


@calls(([1, 2, 3],))
def loop_mutates_list(items):
    for x in items:
        if len(items) < 6:
            items.append(x * 10)
    return items


@calls((Probe("t", False),), (3,))
def while_test_effects(t):
    n = 0
    while note("test", t) and n < 2 or note("second", n) == 5:
        n += 1
    return n


@calls(3)
def while_else_continue(n):
    while n:
        n -= 1
        if n == 1:
            continue
    else:
        note("done")
    return n


@calls((3, 3))
def return_from_three(n, k):
    for a in range(n):
        for b in range(n):
            while b < 5:
                b += 1
                if a + b == k + 2:
                    return a, b
                if a == 1:
                    break
            else:
                note("inner else")
                continue
            note("after")
    return "none"


# --- comprehensions ---------------------------------------------------------------------------


@calls(([1, 2, 3], 2), ([], 0))
def list_comprehensions(items, k):
    i = "outer"
    return (
        [i * k for i in items], {i % 2 for i in items}, {i: i * k for i in items if i > 1},
        [(i, j) for i in items for j in range(i) if i - j > 1 if j], i,
        [[j for j in range(i)] for i in items], [a + b for a, b in zip(items, items)],
        [x for x in [y * 2 for y in items]], [first for first, *_ in ["abc", "de"]],
    )  # fmt: skip


@calls(())
def order_of_comprehension():
    return {note("key", k): note("value", k) for k in note("iter", "ab") if note("if", True)}


@calls(([1, 2, 3],), ([0.5],), ([],), ([0, 0],))
def generator_calls(items):
    return (
        sum(x * x for x in items), any(x > 2 for x in items), all(x for x in items),
        list(x + 1 for x in items), tuple(x for x in items if x), sorted(-x for x in items),
        set(x for x in items), dict((x, 1) for x in items), max((x for x in items), default=None),
        min((x for x in items), default=9), sum((x for x in items), 10),
        ",".join(str(x) for x in items), math.fsum(x for x in items),
        any(x == y for x in items for y in items if x != y), frozenset(x for x in items),
        sorted((x for x in items), key=lambda v: -v), not any(x for x in items),
    )  # fmt: skip


@calls(([0, 3, 0, 4],), ([],))
def any_stops_early(items):
    return (
        any(note(f"any {x}", x) for x in items),
        all(note(f"all {x}", not x) for x in items),
        any(note((x, y), x == 3) for x in items for y in "ab"),
    )


@calls(3)
def comprehension_closures(n):
    fs = [lambda: i for i in range(n)]
    gs = [lambda i=i: i for i in range(n)]
    hs = [lambda: (i, n, k) for i in range(n) for k in "ab"]
    nested = [[lambda: (i, j) for j in range(2)] for i in range(2)]
    i = "own"
    return [f() for f in fs], [g() for g in gs], hs[0](), [[f() for f in r] for r in nested], i


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
    from math import nothing_of_the_kind


@calls(())
def import_no_module():
    import no_such_module_anywhere


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


def fresh(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments that a call may change."""
    return copy.deepcopy(arguments)
