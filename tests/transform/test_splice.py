"""Splicing: names, parameters that are assigned, tracebacks' places, unbound variables."""

from __future__ import annotations

from dpy.transform import ir, split_targets
from dpy.transform.lower import lower
from dpy.transform.rebuild import rebuild
from dpy.transform.show import show
from dpy.transform.source import read_source
from dpy.transform.splice import Spliced, is_surely_bound, size, splice, unbound_reads
from dpy.transform.verify import verify


def lowered(function) -> ir.Function:
    return split_targets.run(lower(read_source(function)))


def call_in(function: ir.Function, name: str) -> list[ir.Assign]:
    """The statements that call the global function `name`."""
    held = {
        s.target
        for s in ir.walk(function.body)
        if isinstance(s, ir.Assign) and s.value == ir.Global(name)
    }
    return [
        s
        for s in ir.walk(function.body)
        if isinstance(s, ir.Assign) and isinstance(s.value, ir.Call)
        and isinstance(s.value.func, ir.Var) and s.value.func.name in held
    ]  # fmt: skip


def spliced(outer, inner) -> ir.Function:
    """`outer` with all its calls of `inner` replaced."""
    body = lowered(inner)
    function = lowered(outer)
    calls = {}
    for s in call_in(function, inner.__name__):
        names = [p.name for p in body.params]
        binding = dict(zip(names, s.value.args, strict=True))
        calls[id(s)] = Spliced(body, binding, home=ir.Home(read_source(inner)))
    assert calls
    made = splice(function, calls)
    verify(made)
    assert not call_in(made, inner.__name__)
    return made


def doubles(x):
    x = 2 * x
    return x + 1


def doubles_in_a_branch(x):
    if x > 0:
        x = 2 * x
    return x + 1


def sums(x, n):
    total = 0.0
    for i in range(n):
        total += x * i
        if total > 4:
            break
    return total


def returns_early(x):
    if x > 1:
        return 1.0
    return x


def calls_doubles(x):
    total = x
    x = doubles(x)
    return x + doubles(total) + total


def calls_in_a_loop(x):
    for _ in range(3):
        x = doubles_in_a_branch(x) - 2
    return x


def calls_sums(x):
    total = 1.0
    for i in range(3):
        total += sums(x + i, 4)
    return total


def calls_one_that_returns_early(x):
    return returns_early(x) * returns_early(x + 1) + returns_early(x - 1)


def has_a_t(x):
    return max(x, (t := 2 - x)) * t


def calls_one_that_has_a_t(x):
    t = x + 1
    t_0 = 2 * t
    return has_a_t(t_0) + t


def test_the_value_stays() -> None:
    for outer, inner in [
        (calls_doubles, doubles),
        (calls_in_a_loop, doubles_in_a_branch),
        (calls_sums, sums),
        (calls_one_that_returns_early, returns_early),
        (calls_one_that_has_a_t, has_a_t),
    ]:
        function = rebuild(spliced(outer, inner), read_source(outer), outer)
        for x in (-1.0, 0.25, 0.5, 3.0):
            assert function(x) == outer(x)


def test_a_parameter_that_is_not_assigned_is_the_operand() -> None:
    text = show(spliced(calls_sums, sums))
    assert "x_0" not in text


def test_the_statements_know_where_they_come_from() -> None:
    made = spliced(calls_doubles, doubles)
    source = read_source(doubles)
    first = calls_doubles.__code__.co_firstlineno
    inner = [s for s in ir.walk(made.body) if s.loc is not None and s.loc.entered]
    assert {s.loc.line for s in inner} <= set(range(source.node.lineno, source.node.lineno + 3))
    assert {s.loc.entered[0].line for s in inner} == {first + 2, first + 3}
    assert {s.loc.entered[0].home.source.name for s in inner} == {"doubles"}


def test_the_callee_is_not_changed() -> None:
    before = show(lowered(doubles))
    spliced(calls_doubles, doubles)
    assert show(lowered(doubles)) == before


def perhaps_unbound(x):
    if x > 0:
        y = x
    return y


def bound_in_both(x):
    if x > 0:
        y = x
    else:
        y = -x
    return y


def bound_or_raises(x):
    if x > 0:
        y = x
    else:
        raise ValueError
    return y


def bound_in_a_loop_only(xs):
    for x in xs:
        y = x
    return y


def test_what_may_be_unbound_is_found() -> None:
    assert is_surely_bound(lowered(bound_in_both))
    assert is_surely_bound(lowered(bound_or_raises))
    assert not is_surely_bound(lowered(perhaps_unbound))
    assert not is_surely_bound(lowered(bound_in_a_loop_only))
    function = lowered(perhaps_unbound)
    assert unbound_reads(function) == {id(function)}


def test_size_counts_inner_statements() -> None:
    inner = ir.Assign("x", ir.Lit(1))
    assert size((ir.If(ir.Var("c"), (inner,), (inner, inner)),)) == 4
