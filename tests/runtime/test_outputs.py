"""Calls with output arrays, by hand (programs: ``test_semantics_mutation_out.py``)."""

from __future__ import annotations

import numpy as np
import pytest

from dpy.adjoints.registry import lookup
from dpy.cotangent import ZERO
from dpy.errors import MutationError
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.item_cotangents import is_null
from dpy.runtime.outputs import call_into
from dpy.runtime.rule_calls import apply


def call(function, *args, **kwargs):
    rule = lookup(function)
    return call_into(apply, rule, args, kwargs, rule.outputs(args, kwargs))


def test_what_the_array_held_before_has_no_cotangent() -> None:
    a, out = np.array([1.0, 2.0]), np.zeros(())
    y, pb = call(np.sum, a, out=out)
    assert y is out
    acc = Accumulators()
    acc.add(out, np.array(3.0))
    assert pb(ZERO, acc) == (ZERO, (ZERO,), {})
    np.testing.assert_array_equal(acc.peek(a), [3.0, 3.0])
    assert is_null(acc.peek(out))


def test_a_mask_leaves_the_rest_alone() -> None:
    a, out = np.array([1.0, 2.0]), np.zeros(2)
    _, pb = call(np.square, a, out=out, where=np.array([True, False]))
    acc = Accumulators()
    acc.add(out, np.array([5.0, 7.0]))
    pb(ZERO, acc)
    np.testing.assert_array_equal(acc.peek(a), [10.0, 0.0])
    np.testing.assert_array_equal(acc.peek(out), [0.0, 7.0])


def test_input_and_output_are_one() -> None:
    a = np.array([1.0, 2.0])
    _, pb = call(np.exp, a, a)
    acc = Accumulators()
    acc.add(a, np.ones(2))
    pb(ZERO, acc)
    np.testing.assert_allclose(acc.peek(a), np.exp([1.0, 2.0]))


def test_without_a_derivative_the_array_is_still_overwritten() -> None:
    a, out = np.array([1.5, 2.5]), np.zeros(2)
    _, pb = call(np.floor, a, out=out)
    acc = Accumulators()
    acc.add(out, np.ones(2))
    pb(ZERO, acc)
    assert is_null(acc.peek(out))
    assert acc.peek(a) is ZERO


def test_pieces_over_themselves_are_refused() -> None:
    a = np.arange(4.0)
    with pytest.raises(MutationError, match="concatenate"):
        call(np.concatenate, [a[2:], a[:2]], out=a)
