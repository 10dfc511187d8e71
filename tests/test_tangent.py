"""Gradients of objects as vectors: fields, arithmetic, equality, copies."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dpy.structs import mirror
from dpy.tangent import Tangent


class Plain:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


@dataclass(frozen=True)
class Frozen:
    r: float
    g: Any


def test_tangent_has_the_fields_as_attributes():
    g = Tangent("Plain", r=1.0, g=2.0)
    assert (g.r, g.g) == (1.0, 2.0)
    assert repr(g) == "Tangent(r=1.0, g=2.0)"
    assert vars(g) == {"r": 1.0, "g": 2.0}
    assert {"r", "g"} <= set(dir(g))
    with pytest.raises(AttributeError, match=r"gradient of Plain has no field 'b'.*: r, g"):
        _ = g.b


def test_tangent_arithmetic_is_structural():
    w = np.array([1.0, 2.0])
    g = Tangent(w=w, layers=[1.0, (2.0, None)], d={"k": 3.0}, name=None, p=Frozen(1.0, None))
    total = g + g
    assert total == 2 * g == g * 2.0
    assert total.layers == [2.0, (4.0, None)]
    assert total.d == {"k": 6.0}
    assert total.p == Frozen(2.0, None)
    assert (g - g) == 0 * g
    assert -g == -1 * g
    assert g / 2 == 0.5 * g
    assert sum([g, g, g]) == 3 * g
    np.testing.assert_array_equal(w, [1.0, 2.0])  # operands untouched
    assert np.float64(2.0) * g == 2.0 * g


def test_tangent_none_counts_as_zero():
    assert Tangent(a=None) + Tangent(a=1.0) == Tangent(a=1.0)
    assert Tangent(a=None) - Tangent(a=1.0) == Tangent(a=-1.0)
    assert Tangent(a=1.0) - Tangent(a=None) == Tangent(a=1.0)


def test_tangent_refuses_what_makes_no_sense():
    with pytest.raises(TypeError):
        Tangent(a=1.0) + 3
    with pytest.raises(TypeError, match="different structure"):
        Tangent(a=1.0) + Tangent(b=1.0)
    with pytest.raises(TypeError):
        Tangent(a=1.0) * Tangent(a=1.0)
    with pytest.raises(TypeError):
        hash(Tangent(a=1.0))


def test_tangent_equality():
    assert Tangent(a=np.ones(2)) == Tangent(a=np.ones(2))
    assert Tangent(a=np.ones(2)) != Tangent(a=np.zeros(2))
    assert Tangent(a=np.ones(2)) != Tangent(a=np.ones((1, 2)))
    assert Tangent(a=1.0) != Tangent(a=1.0, b=2.0)
    assert Tangent(a=1.0) != 1.0


@pytest.mark.parametrize("duplicate", [lambda g: pickle.loads(pickle.dumps(g)), copy.deepcopy])
def test_tangent_pickles_and_copies(duplicate):
    g = Tangent("Plain", w=np.arange(3.0), _mirrored=1.0)
    twin = duplicate(g)
    assert twin == g
    assert not np.shares_memory(twin.w, g.w)
    with pytest.raises(AttributeError, match="Plain"):
        _ = twin.missing


def test_tangent_of_a_tangent():
    g = mirror({"r": 2.0}, Tangent("Plain", r=1.0, s=1.0))
    assert g == Tangent(r=2.0, s=0.0)
