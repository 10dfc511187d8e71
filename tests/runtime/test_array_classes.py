"""Subclasses of ndarray, by hand (programs: ``test_semantics_mutation_classes.py``)."""

from __future__ import annotations

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.errors import NoAdjointError
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.array_classes import as_plain, handed_on, has_own_methods, is_derived, wraps


class Plain(np.ndarray):
    def __new__(cls, a):
        return np.asarray(a).view(cls)


class Summed(Plain):
    def sum(self, *args, **kwargs):
        return 0.0


class Finalized(Plain):
    def __array_finalize__(self, obj):
        self.k = getattr(obj, "k", None)


class Wrapped(Plain):
    def __array_wrap__(self, array, context=None, return_scalar=False):
        return array


def test_which_arrays_are_of_a_subclass() -> None:
    assert is_derived(Plain([1.0]))
    assert not is_derived(np.ones(1))
    assert not is_derived(1.0)


def test_which_classes_have_methods_that_functions_call() -> None:
    assert not has_own_methods(Plain)
    assert not has_own_methods(Finalized)
    assert has_own_methods(Summed)


def test_the_same_memory_as_a_plain_array() -> None:
    a = Plain([1.0, 2.0])
    plain = as_plain(a)
    assert type(plain) is np.ndarray
    assert np.may_share_memory(plain, a)
    items = as_plain([1.0, (a, 2.0)])
    assert type(items[1][0]) is np.ndarray
    same = [1.0, (2.0,)]
    assert as_plain(same) is same


def test_which_operands_get_the_results() -> None:
    assert wraps((Wrapped([1.0]), 2.0))
    assert not wraps((Plain([1.0]), np.ones(1)))


def test_attributes_go_back_to_where_they_came_from() -> None:
    a = Finalized([1.0, 2.0])
    a.k = 3.5
    y = a[1:]
    back = handed_on(y, (a,), lambda d, acc: d)
    acc = Accumulators()
    acc.add_slot(y, "k", 2.0)
    assert back(ZERO, acc) is ZERO
    assert acc.take_slot(a, "k") == 2.0
    assert acc.take_slot(y, "k") is ZERO


def test_attributes_of_unknown_origin_are_refused() -> None:
    a = Finalized([1.0, 2.0])
    y = a[1:]
    y.k = 7.0
    back = handed_on(y, (a,), lambda d, acc: d)
    acc = Accumulators()
    back(ZERO, acc)
    acc.add_slot(y, "k", 2.0)
    with pytest.raises(NoAdjointError, match="'k'"):
        back(ZERO, acc)
