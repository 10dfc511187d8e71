"""Operators, names, literals, and names that are not assigned."""

# The odd ways to write a thing are the point here.
# ruff: noqa

import collections
import math
import os.path as paths

import numpy as np

from tests.transform.corpus.cases import Probe, calls, note


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
