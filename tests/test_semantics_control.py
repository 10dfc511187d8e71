"""Branches, loops and early exits."""

# ruff: noqa: B905 - plain zip is what is tested

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


@case(0.7)
@case(-0.7)
def if_without_else(x):
    y = x * 2
    if x > 0:
        y = y * x
    return y


@case(0.7)
@case(-0.7)
@case(2.5)
def if_elif_else(x):
    if x < 0:
        y = math.exp(x)
    elif x < 2:
        y = math.sin(x)
        y = y * x
    else:
        y = x**3
    return y


@case(0.7, 1.2)
@case(-0.7, 1.2)
def if_nested(x, y):
    if x > 0:
        if y > 1:
            z = x * y
        else:
            z = x / y
        z += 1
    else:
        z = y - x * x
        if z < 0:
            z = -z * y
    return z * x


@case(0.7)
@case(-0.7)
def variable_bound_in_one_branch(x):
    positive = x > 0
    if positive:
        extra = x * x
    y = x * 3
    if positive:
        y += extra
    return y


@case(-0.7)
def unbound_variable_raises(x):
    if x > 0:
        y = x
    return y * x


@case(0.7)
@case(-0.7)
def kind_changes_with_the_branch(x):
    if x > 0:
        y = 0
    else:
        y = x * x
    return y * x + y


@case(0.7)
@case(-0.7)
def result_float_or_array(x):
    y = x if x > 0 else np.array([x, x * x])
    return np.sum(y * 2.0)


@case(0.7)
@case(1.7)
def ternary(x):
    return x * x if x > 1 else math.cos(x)


@case(0.7, -0.2)
def ternary_nested(x, y):
    return (x if y > 0 else y * x) if x > 0.5 else (x - y if y < 1 else 1.0)


@case(0.7, 1.3)
@case(0.0, 1.3, leaves=[0.0, 2.6])
def or_returns_operand(x, y):
    return (x or y) * y


@case(0.7, 1.3)
@case(0.0, 1.3, leaves=[1.0, 1.0])
def and_returns_operand(x, y):
    return (x and x * y) + y


@case(0.7, 1.3)
def and_or_chain(x, y):
    z = x > 1 and x * 2 or y > 1 and y * x or 3.0
    return z * z


@case(0.7)
def short_circuit_skips_the_call(x):
    calls = []

    def note(t):
        calls.append(t)
        return t

    ok = x > 1 and note(x) > 0
    also = x < 1 or note(x) > 0
    return x * x + len(calls) + (1 if ok else 0) + (1 if also else 0)


@case(0.7)
@case(-0.7)
def not_condition(x):
    return x * x if not x > 0 else -x


@case(0.7, 1.3)
@case(2.7, 1.3)
def chained_comparison(x, y):
    if 0 < x < y <= 2:
        return x * y
    return y


@case(0.7)
def chained_comparison_evaluates_once(x):
    count = [0]

    def middle():
        count[0] += 1
        return x

    inside = 0 < middle() < 1
    return x * count[0] if inside else -x


@case(0.7)
@case(0.0, leaves=[1.0])
def truth_of_a_float(x):
    return x * x + 1 if x else x + 1


@case([1.0, 2.0])
@case([])
def truth_of_a_list(xs):
    return xs[0] * xs[1] if xs else 0.0


@case(0.7, None)
@case(0.7, 2.0)
def is_none(x, y):
    if y is None:
        y = x * x
    return x * y


@case(0.7, "sin")
@case(0.7, "cube")
def branch_on_a_string(x, how):
    if how == "sin":
        return math.sin(x)
    elif how in ("cube", "third"):
        return x**3
    return x


@case(0.9)
def for_range(x):
    total = 0.0
    for i in range(5):
        total += x**i / (i + 1)
    return total


@case(0.9)
def for_range_start_stop_step(x):
    y = x
    for i in range(1, 8, 3):
        y = y * x + i
    for i in range(3, 0, -1):
        y = math.sin(y * i)
    return y


@case(0.9, 0)
@case(0.9, 3)
def for_range_of_an_argument(x, n):
    y = 1.0
    for _ in range(n):
        y *= x
    return y


@case(0.9)
def for_zero_trips(x):
    y = x
    for _ in range(0):
        y = y * 1e9
    return y


@case(0.9)
def loop_variable_after_the_loop(x):
    for i in range(4):
        pass
    for v in (x, x * x):
        pass
    return v * i


@case(0.9)
def loop_variable_reassigned(x):
    total = 0.0
    for i in range(3):
        i = i * x
        total += i
    return total


@case(0.9)
def for_over_list(x):
    total = 0.0
    for w in [x, 2.0, x * x]:
        total = total * w + x
    return total


@case((0.3, 1.1, -0.7))
def for_over_tuple_argument(xs):
    product = 1.0
    for x in xs:
        product *= x
    return product


@case([0.3, 1.1, -0.7])
def for_over_list_argument(xs):
    total = 0.0
    for x in xs:
        total += x * x * total + x
    return total


@case(np.array([0.3, 1.1, -0.7]))
def for_over_array(a):
    total = 1.0
    for x in a:
        total = total * x + x
    return total


@case(np.array([[0.3, 1.1], [-0.7, 2.0]]))
def for_over_array_rows(m):
    total = 0.0
    for row in m:
        total += row[0] * row[1] + row.sum()
    return total


@case(np.array([[0.3, 1.1], [-0.7, 2.0]]))
def for_over_rows_writing_to_them(m):
    for row in m:
        row *= row[1]
        row[0] = row[0] + 1.0
    return m[0, 0] * m[1, 0] + m.sum()


@case([0.3, 1.1], np.array([2.0, -1.0]))
def for_zip(xs, a):
    total = 0.0
    for x, w in zip(xs, a):
        total += x * w * w
    return total


@case([0.3, 1.1, 0.5], [2.0, -1.0])
def for_zip_unequal(xs, ys):
    total = 0.0
    for x, y in zip(xs, ys):
        total += x * y
    return total


@case([0.3, 1.1], [2.0, -1.0])
def for_zip_strict(xs, ys):
    return sum([x * y * y for x, y in zip(xs, ys, strict=True)])


@case([0.3, 1.1, 0.5], [2.0, -1.0])
def for_zip_strict_unequal_raises(xs, ys):
    total = 0.0
    for x, y in zip(xs, ys, strict=True):
        total += x * y
    return total


@case([0.3, 1.1, -2.0])
def for_enumerate(xs):
    total = 0.0
    for i, x in enumerate(xs):
        total += i * x * x
    for i, x in enumerate(xs, start=5):
        total += i * x
    return total


@case([0.3, 1.1], [0.5, 0.7])
def for_enumerate_zip(xs, ys):
    total = 0.0
    for i, (x, y) in enumerate(zip(xs, ys)):
        total += (i + 1) * x * y
    return total


@case([0.3, 1.1, -2.0])
def for_reversed(xs):
    total = 0.0
    for x in reversed(xs):
        total = total * 0.5 + x * x
    return total


@case({"a": 0.3, "b": 1.1})
def for_dict_keys(d):
    total = 0.0
    for key in d:
        total += d[key] * (2.0 if key == "a" else 3.0) * d[key]
    for key in d.keys():
        total *= d[key]
    return total


@case({"a": 0.3, "b": 1.1})
def for_dict_items_and_values(d):
    total = 0.0
    for key, value in d.items():
        total += value**2 if key == "b" else value
    for value in d.values():
        total = total * value
    return total


@case([(0.3, 1.0), (1.1, 2.0)])
def for_unpacking_pairs(pairs):
    total = 0.0
    for x, (y) in pairs:
        total += x * x * y
    return total


@case([(0.3, (1.0, 2.0)), (1.1, (2.0, -1.0))])
def for_unpacking_nested(pairs):
    return sum([x * a + b * b for x, (a, b) in pairs])


@case(0.9)
def for_target_is_a_list_item(x):
    box = [0.0, 1.0]
    total = 0.0
    for box[0] in (x, x * x, 2.0):
        total += box[0] * x
    return total * box[0]


@case(0.9)
def for_over_a_string(x):
    y = x
    for letter in "ssc":
        y = math.sin(y) if letter == "s" else math.cos(y)
    return y


@case(0.9)
def for_nested_loops(x):
    total = 0.0
    for i in range(3):
        row = 0.0
        for j in range(i + 1):
            row += x**j
        total += row * row
    return total


@case(0.9)
def for_triple_nested_with_breaks(x):
    total = 0.0
    for i in range(3):
        for j in range(3):
            if j > i:
                break
            for k in range(3):
                if k == j:
                    continue
                total += math.sin(x * (i + j + k))
    return total


@case(0.9)
def for_else_runs(x):
    for i in range(3):
        x = x * 1.5
    else:
        x = x * x
    return x


@case(0.9)
@case(0.1)
def for_else_with_break(x):
    for i in range(3):
        x = x * 1.5
        if x > 2:
            break
    else:
        x = x * x
    return x


@case(0.9)
def continue_in_loop(x):
    total = 0.0
    for i in range(6):
        if i % 2:
            continue
        total += x * i
        total *= x
    return total


@case(0.9)
def continue_depending_on_data(x):
    total = 0.0
    for i in range(6):
        x = math.sin(1.3 * x + i)
        if x < 0:
            total -= x
            continue
        total += x * x
    return total


@case(0.9)
def break_and_continue(x):
    total = 0.0
    for i in range(10):
        if i == 2:
            continue
        total += x**i
        if total > 3:
            total *= x
            break
        total += 0.1
    return total


@case(0.9)
@case(0.2)
def early_return(x):
    if x > 0.5:
        return x * x
    y = x * 3
    return y * y


@case(0.9)
def early_return_in_loop(x):
    for i in range(10):
        x = x * 1.3
        if x > 2:
            return x * i
    return x


@case(0.9)
def early_return_in_nested_loop(x):
    for i in range(4):
        for j in range(4):
            x = x + 0.2 * i * j * x
            if x > 4:
                return x * x
        x = x * 0.9
    return x


@case(0.9)
def return_after_a_loop_with_else(x):
    for i in range(3):
        if x * i > 100:
            return x
    else:
        return x * x * i


@case(0.9)
def unreachable_code(x):
    return x * 2
    x = x / 0
    return x


@case(0.9)
def while_counter(x):
    n, total = 0, 0.0
    while n < 4:
        total += x**n
        n += 1
    return total


@case(0.9)
def while_on_data(x):
    steps = 0
    while x < 10:
        x = x * x + 1
        steps += 1
    return x * steps


@case(2.0)
def while_convergence(x):
    guess = x
    while abs(guess * guess - x) > 1e-12:
        guess = 0.5 * (guess + x / guess)
    return guess


@case(0.9)
def while_zero_trips(x):
    while x > 100:
        x = x / 2
    return x * x


@case(0.9)
@case(0.1)
def while_else(x):
    n = 0
    while n < 3:
        x = x * 1.5
        n += 1
        if x > 2:
            break
    else:
        x = x - 1
    return x * x


@case(0.9)
def while_true_break(x):
    n = 0
    while True:
        x = math.sin(x) + 0.5
        n += 1
        if n == 5:
            break
        if n == 2:
            continue
        x = x * 1.1
    return x


@case(0.9)
def while_return(x):
    while True:
        x = x * 1.7
        if x > 5:
            return x * x


@case(0.9, 5)
def while_int_truth(x, n):
    total = 0.0
    while n:
        if n & 1:
            total += x * n
        n -= 1
        n = n if n else 0
    return total


@case([0.9, 0.3, 2.0])
def while_list_is_not_empty(xs):
    total = 0.0
    while xs:
        total = total * 0.5 + xs.pop() ** 2
    return total


@case(0.9)
def while_with_call_in_test(x):
    def larger(t):
        return t * 1.4

    while (y := larger(x)) < 5:
        x = y
    return x * y


@case(0.9)
def loop_carried_swap(x):
    a, b = x, 1.0
    for _ in range(5):
        a, b = b, a + b * x
    return a * b


@case(0.9, 0.4, 1.3)
def loop_carried_rotation(x, y, z):
    for _ in range(4):
        x, y, z = y, z, x * y + math.sin(z)
    return x + 2 * y + 3 * z


@case(0.9)
def kind_changes_in_the_loop(x):
    y = 0
    for i in range(3):
        y = y * x + i * x
    return y


@case(0.9)
def variable_first_bound_in_the_loop(x):
    for i in range(3):
        if i == 0:
            y = x
        else:
            y = y * x + i
    return y


@case(0.9)
def conditional_definition_in_the_loop(x):
    total = 0.0
    for i in range(4):
        if i % 2 == 0:
            even = x * i
        total += even * x
    return total


@case(0.01)
def hundred_thousand_steps(x):
    total = 0.0
    for i in range(2_000):
        total = total * 0.999 + x
    return total


@case(0.9)
def many_branches_in_one_loop(x):
    total = 0.0
    for i in range(12):
        if i % 4 == 0:
            total += x
        elif i % 4 == 1:
            total *= x
        elif i % 4 == 2:
            if total > 1:
                total -= x * x
            else:
                total = math.exp(-total)
        else:
            total /= 1 + x
    return total


@case(np.array([3.0, 1.0, 2.0, 0.5]))
def bubble_sort(a):
    n = len(a)
    for i in range(n):
        for j in range(n - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    return a[0] + 10 * a[1] + 100 * a[2] + 1000 * a[3]


@case([3.0, 1.0, 2.0, 0.5])
def insertion_sort_of_a_list(xs):
    for i in range(1, len(xs)):
        key = xs[i]
        j = i - 1
        while j >= 0 and xs[j] > key:
            xs[j + 1] = xs[j]
            j -= 1
        xs[j + 1] = key
    return xs[0] * xs[1] + xs[2] ** 2 - xs[3]


@case([1.0, -2.0, 0.5], 0.7)
def horner(coefficients, x):
    value = 0.0
    for c in reversed(coefficients):
        value = value * x + c
    return value


@case(0.5)
def newton(x):
    y = 1.0
    for _ in range(50):
        step = (y * y * y + y - x) / (3 * y * y + 1)
        y = y - step
        if abs(step) < 1e-14:
            break
    return y


@case(1.0, 0.5)
def runge_kutta(x, k):
    def slope(t, y):
        return -k * y + math.sin(t)

    t, h = 0.0, 0.1
    for _ in range(10):
        a = slope(t, x)
        b = slope(t + h / 2, x + h / 2 * a)
        c = slope(t + h / 2, x + h / 2 * b)
        d = slope(t + h, x + h * c)
        x += h / 6 * (a + 2 * b + 2 * c + d)
        t += h
    return x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
