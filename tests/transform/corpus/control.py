"""Branches, loops and comprehensions."""

# The odd ways to write a thing are the point here.
# ruff: noqa

import math

import numpy as np

from tests.transform.corpus.cases import Probe, calls, note


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
