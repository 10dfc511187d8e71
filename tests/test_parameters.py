"""Params and Grads: parameters by identity."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from dpy.errors import DpyError, NotDifferentiableError
from dpy.parameters import Grads, Params
from dpy.tangent import Tangent


@pytest.fixture
def wb():
    return np.arange(4.0).reshape(2, 2), np.zeros(2)


def test_an_ordered_set_by_identity(wb):
    w, b = wb
    twin = w.copy()
    ps = Params([b, w, b])
    assert len(ps) == 2
    assert [x is y for x, y in zip(ps, (b, w), strict=True)] == [True, True]
    assert ps[0] is b
    assert w in ps
    assert twin not in ps
    assert w[:] not in ps
    ps.add(twin)
    ps.discard(w)
    ps.discard(w)
    assert [id(x) for x in ps] == [id(b), id(twin)]
    ps.delete(b)
    with pytest.raises(KeyError, match="not among"):
        ps.remove(b)


def test_parameters_are_held_strongly():
    ps = Params([np.full(2, float(i)) for i in range(50)])
    assert [float(x[0]) for x in ps] == [float(i) for i in range(50)]


def test_set_algebra(wb):
    w, b = wb
    c = np.zeros(3)
    assert Params([w, b]) == Params([b, w])
    assert Params([w]) != Params([w.copy()])
    assert Params([w]) != [w]
    assert [id(x) for x in Params([w]).union([b, w], [c])] == [id(w), id(b), id(c)]
    assert Params([w, b]) & Params([b, c]) == Params([b])
    assert Params([w, b]) | Params([c]) == Params([c, w, b])
    assert Params([w, b]) - Params([b]) == Params([w])
    with pytest.raises(TypeError):
        hash(Params([w]))


def test_iteration_may_change_the_set(wb):
    ps = Params(wb)
    for x in ps:
        ps.discard(x)
    assert len(ps) == 0


def test_objects_are_parameters_too():
    class AllEqual:
        def __eq__(self, other):
            return True

        __hash__ = None

    a, b = AllEqual(), AllEqual()
    xs = [1.0]
    ps = Params([a, xs, SimpleNamespace(w=1.0), np.zeros(2, int)])
    assert len(ps) == 4
    assert a in ps
    assert b not in ps
    assert [1.0] not in ps


@pytest.mark.parametrize(
    "x",
    [1.0, 1, True, None, "w", (np.ones(2),), np.float64(1.0), np.array(["a"]), np.array([True])],
)
def test_values_without_identity_are_refused(x):
    with pytest.raises(NotDifferentiableError, match="Params holds arrays") as caught:
        Params([x])
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, DpyError)


def test_a_bare_array_is_refused():
    with pytest.raises(NotDifferentiableError, match=r"Params\(\[W\]\)"):
        Params(np.ones((2, 2)))


def test_vector_and_back(wb):
    w, b = wb
    ps = Params([w, b])
    v = ps.to_vector()
    np.testing.assert_array_equal(v, [0, 1, 2, 3, 0, 0])
    v += 1
    ps.from_vector(v)
    np.testing.assert_array_equal(w, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(b, [1, 1])
    with pytest.raises(ValueError, match="6 numbers"):
        ps.from_vector(v[:5])
    with pytest.raises(NotDifferentiableError, match="vector"):
        Params([[1.0]]).to_vector()
    assert Params().to_vector().shape == (0,)


def test_repr(wb):
    assert repr(Params(wb)) == (
        "Params([array of shape (2, 2) and dtype float64, array of shape (2,) and dtype float64])"
    )
    assert repr(Grads(Params([[1.0]]), [[2.0]])) == "Grads({list object: [2.0]})"


def test_grads_by_identity(wb):
    w, b = wb
    ps = Params(wb)
    grads = Grads(ps, [w + 1, None])
    np.testing.assert_array_equal(grads[w], w + 1)
    assert grads[b] is None
    assert w in grads
    assert w.copy() not in grads
    assert grads.keys() == grads.params == ps
    assert len(grads) == 2
    assert [id(x) for x in grads] == [id(w), id(b)]
    assert [id(x) for x, _ in grads.items()] == [id(w), id(b)]
    with pytest.raises(KeyError, match="identity"):
        grads[w.copy()]
    assert grads.get(w.copy(), 5) == 5
    ps.discard(w)  # the gradients keep their own set
    assert w in grads.params
    with pytest.raises(ValueError, match="zip"):
        Grads(Params(wb), [w])


def test_arithmetic_of_grads(wb):
    w, b = wb
    xs = [1.0]
    g = Grads(Params([w, xs]), [w + 1, [3.0]])
    h = Grads(Params([w, b]), [w, b + 5])
    total = g + 2 * h
    np.testing.assert_array_equal(total[w], 3 * w + 1)
    np.testing.assert_array_equal(total[b], [10, 10])
    assert total[xs] == [3.0]
    assert (g + g)[xs] == [6.0]  # leaf by leaf, not list + list
    np.testing.assert_array_equal(g[w], w + 1)
    assert (g | h)[w] is h[w]
    assert g.map(type)[w] is np.ndarray
    np.testing.assert_array_equal(h.to_vector(), [0, 1, 2, 3, 5, 5])
    t = Grads(Params([xs]), [Tangent(a=1.0)])
    assert (t + t)[xs] == Tangent(a=2.0)
