"""What is known of compiled code: whether it may still run, and on what it relies."""

from __future__ import annotations

import ast
import types

import pytest

import dpy
from dpy.adjoints import registry
from dpy.specialise import forward_of
from dpy.specialise.specialisation import analyses


def helper(x: float) -> float:
    return x * x if x > 0.0 else helper(-x)


def recursive(x):
    return x if x > 10.0 else recursive(x * 2.0)


def calls_recursive(x):
    return recursive(x) * x


def caller(x: float) -> float:
    return helper(x) + helper(x)


def loops(x):
    for _ in range(3):
        x = x * 1.5
    return x


def long_caller(x):
    return loops(x) * loops(x)


def stores(xs: list[float]) -> float:
    for i, x in enumerate(xs):
        xs[i] = x * x
    return xs[0]


def compiled(function: object, *args: object):  # type: ignore[no-untyped-def]
    return forward_of(function, args, {}, (True,) * len(args), ())


def test_code_is_generated_when_it_is_asked_for() -> None:
    def own(x: float) -> float:
        return x * x

    before = dpy.cache_info().compiles
    found = compiled(own, 1.5)
    assert dpy.cache_info().compiles == before
    emitted = found.emitted()
    assert found.emitted() is emitted
    assert dpy.cache_info().compiles == before + 1


def test_one_forward_per_function_object() -> None:
    found = compiled(caller, 1.5)
    forward = found.forward(caller)
    assert found.forward(caller) is forward
    y, pullback = forward(1.5)
    assert (y, pullback(1.0)) == (4.5, (6.0,))
    assert found.handle(caller)(1.5)[0] == 4.5


def test_callees_are_relied_on(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compiled(caller, 1.5)
    assert helper in [entry[0] for entry in found.all_guards().codes.values()]
    assert found.is_valid()
    monkeypatch.setattr(helper, "__code__", (lambda x: 3.0 * x).__code__)
    assert not found.is_valid()


def test_new_rules_make_code_invalid() -> None:
    found = compiled(caller, 1.5)
    assert found.is_valid()

    def unrelated(x: float) -> float:
        return x

    dpy.adjoint(unrelated)(lambda x: (x, lambda d: (d,)))
    assert found.rules_version != registry.version()
    assert not found.is_valid()


def test_flat_code_calls_only_generated_code_and_never_itself() -> None:
    def flat_after_a_call(f, *args):
        found = compiled(f, *args)
        found.forward(f)(*args)
        return found.is_flat()

    assert flat_after_a_call(long_caller, 1.5)
    assert not flat_after_a_call(caller, 1.5)
    assert not flat_after_a_call(stores, [1.5])
    assert not flat_after_a_call(recursive, 1.5)
    assert not flat_after_a_call(calls_recursive, 1.5)


def test_after_the_first_call_the_callees_code_is_called_directly() -> None:
    dpy.clear_cache()
    found = compiled(calls_recursive, 1.5)
    forward = found.forward(calls_recursive)
    cells = dict(zip(forward.__code__.co_freevars, forward.__closure__, strict=True))
    held = cells["recursive_forward"]
    assert not isinstance(held.cell_contents, types.FunctionType)
    y, pb = forward(1.5)
    assert isinstance(held.cell_contents, types.FunctionType)
    assert forward(1.5)[0] == y
    assert pb(1.0) == forward(1.5)[1](1.0)


def test_the_tree_is_made_again_for_who_looks_at_it() -> None:
    for f, args in ((caller, (1.5,)), (recursive, (1.5,)), (stores, ([1.5],))):
        found = compiled(f, *args)
        assert found.emitted().tree is None
        text = ast.unparse(found.tree())
        assert text.startswith(f"def {f.__name__}_forward(")
        assert ast.unparse(found.tree()) == text


def test_what_an_inlined_function_relies_on_is_relied_on(monkeypatch: pytest.MonkeyPatch) -> None:
    dpy.clear_cache()
    found = compiled(caller, 1.5)
    analyses[0] += 1  # as the next analysis does
    assert found.is_valid_now()
    assert all(callee.is_valid_now() for callee in found.inlined)
    monkeypatch.setattr(helper, "__code__", (lambda x: 3.0 * x).__code__)
    assert found.is_valid_now()  # looked up in this analysis
    analyses[0] += 1
    assert not found.is_valid_now()
