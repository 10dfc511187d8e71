"""Assignment, unpacking, displays, items, attributes, strings, calls."""

# The odd ways to write a thing are the point here.
# ruff: noqa

import numpy as np

from tests.transform.corpus.cases import CASES, LOG, Case, Probe, calls, note
from tests.transform.corpus.operators import product


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
