"""Exceptions: thrown, caught, handed on, and what was done before them."""

from __future__ import annotations

import functools
import math
import operator

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case


class Failure(Exception):
    """Carries values."""

    def __init__(self, message, value=0.0):
        super().__init__(message, value)
        self.value = value


class Worse(Failure):
    """One that is derived."""


class Account:
    """An object that changes before it fails."""

    def __init__(self, balance, limit=10.0):
        self.balance = balance
        if balance > limit:
            raise Failure("too rich", balance)
        self.log = []

    def pay(self, amount):
        self.balance = self.balance - amount
        self.log.append(amount * 2.0)
        if self.balance < 0:
            raise Failure("overdrawn", self.balance)
        self.balance = self.balance * 1.1

    @property
    def worth(self):
        self.log.append(self.balance)
        if self.balance > 3.0:
            raise AttributeError("cannot tell")
        return self.balance * 2.0

    def __add__(self, other):
        self.balance = self.balance * other
        if self.balance > 4.0:
            raise OverflowError("too much")
        return Account(self.balance)

    def __getitem__(self, i):
        self.log.append(self.balance * i)
        return self.log[i]


@case(1.5)
@case(-1.5)
def all_clauses(x):
    trace = []
    try:
        y = math.sqrt(x)
    except ValueError:
        y = x * x
        trace.append(x)
    else:
        y = y * 3.0
        trace.append(y)
    finally:
        trace.append(x * 2.0)
    return y + sum(trace)


@case(2.0)
@case(0.0, leaves=[15.0])
def else_does_not_catch(x):
    out = [x]
    try:
        try:
            out.append(x * 2.0)
        except ZeroDivisionError:
            out.append(x * 100.0)
        else:
            out.append(1.0 / x)
        finally:
            out.append(x * 5.0)
    except ZeroDivisionError:
        out.append(x * 7.0)
    return sum(out)


@case(1.5)
def thrown_in_a_callee_partway(x):
    account = Account(x)
    for amount in (0.5, 0.75, 2.0, 0.25):
        try:
            account.pay(amount * x)
        except Failure as failure:
            account.balance = failure.value * failure.args[1]
    return account.balance + sum(account.log)


@case(1.2)
def thrown_in_a_callee_of_a_callee(x):
    seen = []

    def inner(v):
        seen.append(v * x)
        if len(seen) == 2:
            raise KeyError(v)
        return v * v

    def outer(v):
        seen.append(v)
        y = inner(v * 2.0)
        seen.append(y)
        return y

    total = 0.0
    for k in range(3):
        try:
            total += outer(x + k)
        except KeyError as e:
            total += e.args[0] * 3.0
    return total * sum(seen)


@case(3.5)
@case(1.5)
def thrown_by_a_property(x):
    account = Account(x)
    try:
        return account.worth * x
    except AttributeError:
        return account.log[0] * account.balance


@case(1.5)
@case(3.5)
def thrown_by_an_operator(x):
    account = Account(x)
    try:
        found = account + x
        return found.balance
    except OverflowError:
        return account.balance * x


@case(12.0)
@case(2.0)
def thrown_by_a_constructor(x):
    made = None
    try:
        made = Account(x)
    except Failure as failure:
        return failure.value * failure.value
    return made.balance * 3.0


@case(2.0)
def thrown_by_getitem(x):
    account = Account(x)
    found = 0.0
    try:
        for i in (0, 1, 7):
            found += account[i]
    except IndexError:
        found *= 2.0
    return found + sum(account.log)


@case([1.0, 2.0, 3.0])
def thrown_in_reduce(xs):
    seen = []

    def combine(a, b):
        if b > 2.5:
            raise Failure("large", a)
        seen.append(len(seen))
        return a * b

    try:
        return functools.reduce(combine, xs, xs[0])
    except Failure as failure:
        return failure.value * xs[1] + len(seen)


@case([3.0, 1.0, 2.0])
def thrown_in_a_sort_key(xs):
    def key(v):
        if 1.5 < v < 2.5:
            raise Failure("two", v)
        return -v

    try:
        ys = sorted(xs, key=key)
    except Failure as failure:
        ys = [failure.value, xs[0]]
    return ys[0] * ys[1]


@case([3.0, 1.0, 2.0])
def thrown_in_map(xs):
    def half(v):
        if v < 1.5:
            raise ValueError("small")
        return v / 2.0

    total = 0.0
    try:
        for y in map(half, xs):
            total += y * y
    except ValueError:
        total *= xs[2]
    return total


@case([3.0, 1.0, 2.0])
def thrown_in_a_comprehension(xs):
    def invert(v):
        if v < 1.5:
            raise ZeroDivisionError
        return 1.0 / v

    try:
        return sum([invert(v) for v in xs])
    except ZeroDivisionError:
        return sum([invert(v) for v in xs if v > 1.5]) * xs[1]


@case(1.5)
def raised_again(x):
    seen = []

    def inner(v):
        try:
            seen.append(v)
            raise Failure("inner", v * 2.0)
        except Failure:
            seen.append(v * v)
            raise

    try:
        inner(x * 3.0)
    except Failure as failure:
        seen.append(failure.value)
    return seen[0] * seen[1] + seen[2]


@case(1.5)
def bare_raise_in_a_helper(x):
    def again(y):
        raise

    try:
        try:
            raise Failure("first", x * x)
        except Failure:
            again(x)
    except Failure as failure:
        return failure.value * 2.0


@case(1.5)
def chained(x):
    try:
        try:
            raise Failure("low", x * 2.0)
        except Failure as low:
            raise Worse("high", low.value * x) from low
    except Worse as high:
        return high.value * high.__cause__.value


@case(1.5)
def chained_implicitly(x):
    try:
        try:
            raise Failure("low", x * 2.0)
        except Failure:
            raise Worse("high", x * x)  # noqa: B904
    except Worse as high:
        assert not high.__suppress_context__
        return high.value * high.__context__.value


@case(1.5)
def chained_from_none(x):
    try:
        try:
            raise Failure("low", x)
        except Failure as low:
            raise Worse("high", low.value * 3.0) from None
    except Worse as high:
        assert high.__cause__ is None
        assert high.__suppress_context__
        return high.value * x


@case(2.0)
@case(0.5)
def return_from_try_and_finally(x):
    out = []

    def f(v):
        try:
            if v > 1.0:
                return v * v
            out.append(v)
        finally:
            out.append(v * 3.0)
        return v

    return f(x) * sum(out)


@case(2.0)
def finally_overrides_return(x):
    def f(v):
        try:
            return v * 100.0
        finally:
            return v * v  # noqa: B012

    return f(x)


@case(2.0)
def finally_swallows(x):
    def f(v):
        try:
            raise Failure("gone", v)
        finally:
            return v * v  # noqa: B012

    return f(x) * x


@case(2.0)
def the_returned_value_is_kept(x):
    def f(v):
        y = v * v
        try:
            return y
        finally:
            y = y * 100.0

    return f(x)


@case(2.0)
def a_returned_list_is_not_a_copy(x):
    def f(v):
        ys = [v]
        try:
            return ys
        finally:
            ys.append(v * v)
            ys[0] *= v

    return sum(f(x))


@case([1.0, -2.0, 3.0, -4.0, 5.0])
def break_and_continue_in_try(xs):
    total = 0.0
    for x in xs:
        try:
            if x < -3.0:
                break
            if x < 0.0:
                continue
            total += x * x
        finally:
            total = total * 1.5 + x
    else:
        total = -1.0
    return total


@case([1.0, -2.0, 3.0])
def break_in_a_handler(xs):
    total = 0.0
    for x in xs:
        try:
            total += math.log(x)
        except ValueError:
            total *= x
            break
        total += x
    return total * xs[0]


@case([1.0, 0.5, 3.0])
@case([1.0, 0.0, 3.0], leaves=[-9.0, 0.0, 40.0])
def continue_in_a_handler(xs):
    total = 0.0
    for i, x in enumerate(xs):
        try:
            total += 1.0 / x
        except ZeroDivisionError:
            total += xs[0] * i
            continue
        finally:
            total *= xs[2]
        total += x
    return total


@case(1.1)
def a_while_loop_with_try(x):
    n, total = 0, x
    while True:
        try:
            total = total * x
            if n == 3:
                raise StopIteration(total)
            n += 1
        except StopIteration as stop:
            return stop.value * total


@case(1.5)
def nested_three_deep(x):
    out = []
    try:
        out.append(x)
        try:
            out.append(x * 2.0)
            try:
                out.append(x * 3.0)
                raise KeyError("k")
            except IndexError:
                out.append(x * 100.0)
            finally:
                out.append(x * 5.0)
        except ValueError:
            out.append(x * 1000.0)
        finally:
            out.append(x * x)
    except LookupError:
        out.append(x * 7.0)
    return sum(v * (i + 1) for i, v in enumerate(out))


@case(1.5)
def an_exception_in_a_handler(x):
    y = x
    try:
        try:
            y = y * x
            raise KeyError("a")
        except KeyError:
            y = y * x
            raise ValueError("b")  # noqa: B904
        finally:
            y = y * 2.0
    except ValueError:
        y = y + x
    return y


@case(1.5)
def an_exception_in_finally(x):
    y = x
    try:
        try:
            raise KeyError("a")
        finally:
            y = y * x
            [][1]
    except IndexError:
        y = y * 3.0
    return y


@case(1.5)
def values_in_attributes_set_later(x):
    try:
        error = Failure("f")
        error.value = x * 2.0
        error.more = [x, x * x]
        raise error
    except Failure as caught:
        caught.more[0] = caught.more[0] * caught.value
        return caught.more[0] + caught.more[1]


@case(1.5)
def an_exception_as_a_value(x):
    kept = []
    for k in range(3):
        try:
            raise Failure("f", x * k)
        except Failure as caught:
            kept.append(caught)
    return sum(e.value * (i + 1) for i, e in enumerate(kept))


@case(np.array([1.0, 2.0, 3.0]))
def arrays_in_exceptions(a):
    try:
        a[0] = a[1] * 2.0
        raise Failure("f", a)
    except Failure as caught:
        caught.value[1] = caught.value[2] * a[0]
    return (a * a).sum()


@case(1.5)
def the_name_is_deleted(x):
    e = x * 2.0
    y = e * x
    try:
        raise KeyError("k")
    except KeyError as e:  # noqa: F841
        y = y * 3.0
    try:
        return e * y
    except NameError:
        return y


@case(1.5)
def unbound_after_the_handler(x):
    try:
        raise KeyError(x)
    except KeyError as error:
        x = error.args[0] * 2.0
    return x * error.args[0]  # noqa: F821


@case({"a": 1.5, "b": 2.5})
def missing_keys(d):
    total = 0.0
    for key in ("a", "c", "b"):
        try:
            total = total * 2.0 + d[key]
        except KeyError as e:
            d[e.args[0]] = total * d["a"]
    return total + d["c"]


@case([1.5, 2.5], 2.0)
def indices_and_divisions(xs, y):
    total = 0.0
    for i in range(-3, 4):
        try:
            total += xs[i] / i * y
        except (IndexError, ZeroDivisionError) as error:
            total *= y if isinstance(error, IndexError) else xs[0]
    return total


@case(1.5)
def caught_by_a_computed_class(x):
    def kinds(v):
        state.setdefault("asked", []).append(1)
        return (KeyError, (IndexError, Failure)) if v > 1.0 else ValueError

    try:
        raise Worse("w", x * x)
    except kinds(x) as caught:
        return caught.value * x


@case(1.5)
def the_first_handler_that_fits(x):
    def which(error, v):
        try:
            raise error
        except Worse as e:
            return e.value * 2.0
        except Failure as e:
            return e.value * 3.0
        except (KeyError, IndexError):
            return v * 5.0
        except Exception:
            return v * 7.0
        except BaseException:
            return v * 11.0

    found = [
        which(e, x)
        for e in (Worse("w", x * x), Failure("f", x), KeyError(), ValueError, KeyboardInterrupt)
    ]
    return sum(v * i for i, v in enumerate(found))


@case(1.5)
def not_caught(x):
    try:
        raise Failure("f", x)
    except KeyError:
        return x


@case(1.5)
def handler_that_is_no_exception(x):
    try:
        raise Failure("f", x)
    except (KeyError, 3):  # noqa: B030
        return x


@case(1.5)
def an_assertion(x):
    try:
        if x < 2.0:
            raise AssertionError("small")
    except AssertionError as e:
        return x * len(str(e))
    return x


@case(1.5)
def a_default_by_exception(x):
    def find(name):
        try:
            return {"a": x, "b": x * x}[name]
        except KeyError:
            return x**3

    return find("a") + find("b") * find("c")


@case(np.array([1.0, 2.0, 3.0]))
def linear_algebra_that_fails(a):
    try:
        np.linalg.inv(np.zeros((2, 2)) * a[0])
    except np.linalg.LinAlgError:
        a = a * a
    return a.sum()


@case(1.5)
def unpacking_that_fails(x):
    xs = [x, x * x, x * 3.0]
    a = b = x
    try:
        a, b = xs
    except ValueError:
        a, b = xs[:2]
    return a * b


@case(1.5)
def a_variable_that_is_half_assigned(x):
    a = x
    xs = [x, x]
    try:
        a, xs[5] = x * x, x * 3.0
    except IndexError:
        pass
    return a * x


@case(1.5)
def augmented_assignment_that_fails(x):
    xs = [x, x * 2.0]
    pair = (xs, x)
    try:
        pair[0] += [x * x]
    except TypeError:
        pass
    return sum(xs) * pair[1]


@case(1.5)
def evaluation_order_is_kept(x):
    out = []

    def put(v):
        out.append(v)
        return v

    try:
        put(x) + put(x * x) / put(0.0) + put(x * 100.0)
    except ZeroDivisionError:
        pass
    return sum(v * (i + 1) for i, v in enumerate(out))


@case(1.5)
def keyword_only_and_star_arguments(x):
    out = []

    def f(*args, k=2.0, **more):
        out.append(args[0] * k)
        out.append(more["m"])
        raise Failure("f", args[1])

    try:
        f(*[x, x * x], **{"m": x * 3.0, "k": x})
    except Failure as e:
        return e.value * sum(out)


@case(1.5)
def methods_and_partials(x):
    account = Account(x)
    pay = functools.partial(account.pay, amount=x * 2.0)
    try:
        pay()
    except Failure as e:
        return e.value * account.balance * account.log[0]


@case(1.5)
def a_closure_that_writes_before_it_fails(x):
    total = x

    def add(v):
        nonlocal total
        total = total * v
        if v > 2.0:
            raise Failure("f", total)
        return total

    y = 0.0
    for v in (x, x + 1.0, x):
        try:
            y += add(v)
        except Failure as e:
            y -= e.value
    return y * total


@case(1.5)
def by_an_attribute_of_operator(x):
    xs = {"a": x}
    try:
        operator.setitem(xs, "b", x * x)
        operator.itemgetter("b", "c")(xs)
    except KeyError:
        pass
    return xs["b"] * x


@case(0.5)
def recursion_through_try(x):
    def down(v, n):
        try:
            if n == 0:
                raise Failure("bottom", v)
            return down(v * 1.01, n - 1)
        finally:
            state["n"] = state.get("n", 0) + 1

    try:
        return down(x, 60)
    except Failure as e:
        return e.value * x


@case(1.5)
def retried(x):
    attempts = []

    def unreliable(v):
        attempts.append(v)
        if len(attempts) < 3:
            raise TimeoutError(len(attempts))
        return v * attempts[0]

    for k in range(5):
        try:
            y = unreliable(x * (k + 1))
            break
        except TimeoutError as e:
            x = x + e.args[0] * 0.1
    else:
        y = 0.0
    return y


@case(1.5)
def a_group_is_an_exception(x):
    try:
        raise ExceptionGroup("two", [Failure("a", x), Failure("b", x * x)])
    except ExceptionGroup as group:
        return group.exceptions[0].value * group.exceptions[1].value


@case(1.5, 2.5)
def a_decorator_that_catches(x, y):
    def safe(f):
        @functools.wraps(f)
        def inner(*args):
            try:
                return f(*args)
            except Failure as e:
                return e.value

        return inner

    @safe
    def risky(a, b):
        if a > 2.0:
            raise Failure("f", a * b)
        return a + b

    return risky(x, y) * risky(y, x)


@case([1.0, 2.0])
def stop_iteration_by_hand(xs):
    it = iter(xs)
    total = 0.0
    try:
        while True:
            total = total * xs[0] + next(it) ** 2
    except StopIteration:
        return total


@case(1.5)
def an_exception_that_overrides_str(x):
    class Odd(Exception):
        def __init__(self, v):
            self.v = v

        def __str__(self):
            return "odd"

    try:
        raise Odd(x * x)
    except Odd as odd:
        return odd.v * len(str(odd))


@case(1.5)
def add_note_and_traceback(x):
    try:
        raise Failure("f", x)
    except Failure as e:
        e.add_note("note")
        assert e.__notes__ == ["note"]
        assert e.__traceback__ is not None
        return e.with_traceback(None).value * 2.0


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
