"""Accumulators: one cotangent per object and per piece of memory, whatever the aliases."""

from __future__ import annotations

import functools
import types
from dataclasses import dataclass
from time import process_time
from timeit import repeat
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from dpy.cotangent import ZERO
from dpy.errors import MutationError
from dpy.runtime.accumulators import Accumulators
from dpy.structs import gradients, mirror, snapshot


class Thing:
    """Equal to everything, hashed alike, and never to be asked."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")

    def __hash__(self) -> int:
        raise AssertionError("hashed")


@pytest.fixture
def acc() -> Accumulators:
    return Accumulators()


def same(got: Any, expected: Any) -> None:
    np.testing.assert_array_equal(got, expected, strict=True)


# --- arrays ----------------------------------------------------------------------------------


def test_whole_arrays_add_up_and_are_taken_once(acc):
    a = np.zeros(3)
    d = np.array([1.0, 2.0, 3.0])
    assert acc.add(a, d) is ZERO
    assert acc.add(a, d) is ZERO
    same(d, np.array([1.0, 2.0, 3.0]))  # the cotangent given is never written to
    same(acc.peek(a), 2 * d)
    total = acc.take(a, d)
    same(total, 3 * d)
    assert acc.take(a) is ZERO
    assert acc.peek(a) is ZERO
    total[:] = 9.0
    assert acc.take(a) is ZERO
    same(a, np.zeros(3))


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.float32, np.float32), (np.int8, np.float64), (np.uint64, np.float64),
     (np.complex64, np.complex64), (np.float16, np.float16), (">f8", np.float64)],
)  # fmt: skip
def test_dtype_of_the_accumulator(acc, dtype, expected):
    a = np.zeros((2, 3), dtype)
    acc.add(a, np.ones((2, 3)))
    acc.add(a[:, 1], np.ones(2))
    total = acc.take(a)
    assert total.dtype == expected
    same(total, np.array([[1, 2, 1], [1, 2, 1]], expected))


def test_complex_cotangent_of_a_real_array(acc):
    a = np.zeros(2)
    acc.add(a, np.array([1 + 2j, 3j]))
    acc.add(a, np.array([1 + 2j, 3j]))
    same(acc.take(a), np.array([2.0, 0.0]))


@pytest.mark.parametrize("d", [2.0, np.float64(2.0), np.full((2, 2), 2.0)])
def test_first_cotangent_may_be_a_scalar_or_broadcast(acc, d):
    a = np.zeros((2, 2))
    acc.add(a, d)
    acc.add(a, np.broadcast_to(1.0, (2, 2)))
    same(acc.take(a), np.full((2, 2), 3.0))


def test_arrays_that_can_have_no_gradient_absorb(acc):
    for a in (np.zeros(2, bool), np.array(["a", "b"])):
        assert acc.add(a, np.ones(2)) is ZERO
        acc.view(a)[0] = 1.0
        assert acc.take(a) is ZERO
        assert acc.take_region(a, 0) is ZERO


def test_numbers_in_arrays_of_objects(acc):
    things = np.array([Thing(), 2.0, 3.0])
    acc.add(things[1:], np.array([4.0, 5.0]))
    assert acc.take(things).tolist() == [0.0, 4.0, 5.0]


def test_fields_and_records_of_an_array(acc):
    records = np.zeros(2, [("x", float), ("n", "i2"), ("y", float, 2)])
    acc.add(records["x"], np.ones(2))
    acc.add(records[1]["y"][1:], np.ones(1))
    acc.add_region(records, "n", 2.0)
    acc.add(records[0], acc.peek(records[::-1])[0:1].reshape(()))
    held = acc.take(records)
    assert held["x"].tolist() == [2.0, 1.0]
    assert held["y"].tolist() == [[0.0, 1.0], [0.0, 1.0]]
    assert held["n"].tolist() == [4.0, 2.0]
    assert not acc.holds(records)


VIEWS = {
    "slice": lambda a: a[1:],
    "step": lambda a: a[::2, 1::2],
    "reversed": lambda a: a[::-1, ::-1],
    "row": lambda a: a[2],
    "column": lambda a: a[:, 1],
    "transpose": lambda a: a.T,
    "item": lambda a: a[1, 2, ...],
    "reshape": lambda a: a.reshape(2, 2, 5),
    "newaxis": lambda a: a[:, None, 1:3],
    "view of a view": lambda a: a[1:].T[::-1][1:],
    "diagonal": lambda a: np.diagonal(a),
    "as_strided": lambda a: as_strided(a, (2, 2), (a.strides[0], a.strides[1])),
    "memoryview": lambda a: np.asarray(memoryview(a)),
    "empty": lambda a: a[2:2],
    "subclass": lambda a: a[1:].view(np.matrix),
}
OWNERS = {
    "C": lambda: np.arange(20.0).reshape(4, 5).copy(),
    "F": lambda: np.asfortranarray(np.arange(20.0).reshape(4, 5)),
    "K": lambda: np.copy(np.ones((2, 4, 5)).transpose(1, 2, 0), order="K")[..., 0],
    "int32": lambda: np.zeros((4, 5), np.int32),
    "float32": lambda: np.zeros((4, 5), np.float32),
    "complex": lambda: np.zeros((4, 5), complex),
    "big-endian": lambda: np.zeros((4, 5), ">f8"),
    "foreign": lambda: np.frombuffer(bytearray(160)).reshape(4, 5),
}


@pytest.mark.parametrize("make", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("owner", OWNERS.values(), ids=OWNERS)
def test_a_view_accumulates_in_its_base(acc, owner, make):
    a = owner()
    v = make(a)
    dtype = np.float64 if a.dtype.kind == "i" else a.dtype.newbyteorder("=")
    rng = np.random.default_rng(0)
    d_a = rng.integers(1, 9, a.shape).astype(dtype)
    d_v = rng.integers(1, 9, v.shape).astype(dtype)
    expected = d_a.copy()
    grid = np.arange(a.size).reshape(a.shape)
    positions = np.asarray(grid[:2, :2] if make is VIEWS["as_strided"] else make(grid))
    np.add.at(expected.reshape(-1), positions, d_v)
    for first, second in (((a, d_a), (v, d_v)), ((v, d_v), (a, d_a))):
        acc.add(*first)
        acc.add(*second)
        same(acc.peek(a), expected)
        if v.size:
            same(acc.peek(v), expected.reshape(-1)[positions])
            same(acc.take(v), expected.reshape(-1)[positions])
        left = expected.copy()
        left.reshape(-1)[positions] = 0
        same(acc.take(a), left)
        assert acc.take(a) is ZERO or not acc.take(a).any()


def test_real_and_imaginary_parts(acc):
    z = np.zeros(3, complex)
    acc.add(z, np.array([1 + 1j, 2, 3]))
    acc.add(z.real[1:], np.array([10.0, 20.0]))
    acc.add(z.imag, np.array([0.0, 0.0, 5.0]))
    acc.add(z[::-1].imag, np.array([0.0, 7.0, 0.0]))
    same(acc.take(z), np.array([1 + 1j, 12 + 7j, 23 + 5j]))
    x = np.zeros(4)
    acc.add(x.view(complex), np.array([1 + 2j, 3 + 4j]))
    same(acc.take(x), np.array([1.0, 2.0, 3.0, 4.0]))


@pytest.mark.parametrize(
    "reinterpret",
    [lambda a: a.view(np.int64), lambda a: a.view(np.float32), lambda a: a.view(">f8"),
     lambda a: np.ndarray(3, float, a, offset=4), lambda a: a.view(np.complex64)],
)  # fmt: skip
def test_reinterpreted_memory_is_refused(acc, reinterpret):
    a = np.zeros(4)
    v = reinterpret(a)
    acc.add(a, np.ones(4))
    with pytest.raises(MutationError, match="reinterprets|straddle"):
        acc.add(v, np.ones(v.shape))


def test_items_that_overlap_scatter_and_add(acc):
    a = np.zeros(5)
    acc.add(sliding_window_view(a, 3), np.ones((3, 3)))
    same(acc.peek(a), np.array([1.0, 2.0, 3.0, 2.0, 1.0]))
    acc.add(np.broadcast_to(a, (4, 5)), np.ones((4, 5)))
    same(acc.peek(a), np.array([5.0, 6.0, 7.0, 6.0, 5.0]))
    acc.add_region(np.broadcast_to(a, (4, 5)), (slice(None), 0), np.ones(4))
    same(acc.peek(a), np.array([9.0, 6.0, 7.0, 6.0, 5.0]))
    w = sliding_window_view(a, 3)
    for use in (lambda: acc.view(w), lambda: acc.take_region(w, 0)):
        with pytest.raises(MutationError, match="overlap"):
            use()
    z = np.zeros(3, complex)
    acc.add(np.broadcast_to(z.imag, (2, 3)), np.ones((2, 3)))
    same(acc.take(z), np.full(3, 2j))


def test_interleaved_strides_that_do_not_overlap(acc):
    a = np.zeros(12)
    v = as_strided(a, (2, 3), (8, 24))  # 0 3 6 / 1 4 7
    acc.add(v, np.ones((2, 3)))
    expected = np.zeros(12)
    expected[[0, 3, 6, 1, 4, 7]] = 1
    same(acc.peek(a), expected)
    same(acc.take(v), np.ones((2, 3)))


def test_two_arrays_on_foreign_memory_are_refused(acc):
    memory = bytearray(64)
    a, b = np.frombuffer(memory), np.frombuffer(memory)[2:]
    acc.add(a, np.ones(8))
    with pytest.raises(MutationError, match="same memory"):
        acc.add(b, np.ones(6))
    acc.add(np.frombuffer(bytearray(64)), np.ones(8))  # other memory is no problem
    acc.take(a)
    acc.add(b, np.ones(6))


def test_identities_are_not_reused(acc):
    total = 0.0
    for i in range(100):
        a = np.full(2, float(i))
        acc.add(a, a)
        del a
    for buffer in acc.arrays.values():
        total += buffer.array[0]
    assert total == sum(range(100))


def test_view_is_written_in_place(acc):
    a = np.zeros((2, 2))
    view = acc.view(a)
    same(view, np.zeros((2, 2)))
    view[0] += 3.0
    acc.view(a.T)[1, 1] = 4.0
    taken = acc.take(a)
    same(taken, np.array([[3.0, 3.0], [0.0, 4.0]]))
    view[1, 0] = 5.0  # still the accumulator
    same(taken, np.array([[3.0, 3.0], [0.0, 4.0]]))
    same(acc.take(a), np.array([[0.0, 0.0], [5.0, 0.0]]))


def test_a_shape_changed_in_place(acc):
    a = np.zeros(6)
    acc.add(a, np.arange(6.0))
    a.resize((2, 3), refcheck=False)
    acc.add(a, np.ones((2, 3)))
    same(acc.view(a), np.arange(1.0, 7.0).reshape(2, 3))
    same(acc.take(a), np.arange(1.0, 7.0).reshape(2, 3))


# --- regions ---------------------------------------------------------------------------------

INDICES = [
    1, -1, slice(1, 3), (1, 2), (slice(None), 1), (Ellipsis, 2), None, [0, 2], [0, 0, 2],
    ([0, 0, 1], [1, 1, 2]), np.array([True, False, True]), (slice(None), [2, 2]), np.array(1),
    (np.array([[0, 1], [1, 0]]), slice(1, 2)), slice(3, 3), (), Ellipsis,
]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=repr)
@pytest.mark.parametrize("is_view", [False, True])
def test_regions_match_what_numpy_reads_and_writes(index, is_view):
    """The reverse of ``y = a[index]`` and ``a[index] = v``, against the linear maps themselves."""
    acc = Accumulators()
    base = np.zeros((4, 4))
    a = base[1:, 1:].T if is_view else np.zeros((3, 3))
    rng = np.random.default_rng(1)
    start = rng.normal(size=(3, 3))
    acc.add(a, start)
    d_y = rng.normal(size=np.shape(a[index]))
    acc.add_region(a, index, d_y)
    expected = start.copy()
    np.add.at(expected, index, d_y)
    np.testing.assert_allclose(acc.peek(a), expected, rtol=1e-15)

    d_v = acc.take_region(a, index)
    v, old = rng.normal(size=np.shape(a[index])), rng.normal(size=(3, 3))
    written = old.copy()
    written[index] = v
    # <expected, written> must be <d_v, v> + <what is left, old>
    got = np.sum(d_v * v) + np.sum(acc.peek(a) * old)
    np.testing.assert_allclose(got, np.sum(expected * written), rtol=1e-13)
    assert not np.shares_memory(d_v, acc.view(a))


def test_region_of_an_array_without_accumulator(acc):
    assert acc.take_region(np.zeros(3), 1) is ZERO
    acc.add_region(np.zeros(3), 1, ZERO)
    assert not acc.arrays


# --- by value --------------------------------------------------------------------------------


def test_immutable_values_come_back(acc):
    assert acc.add(1.0, 2.0) == 2.0
    assert acc.add("a", ZERO) is ZERO
    assert acc.take(1.0, 3.0) == 3.0
    assert acc.take(1.0) is ZERO
    a = np.zeros(2)
    assert acc.add((1.0, a), (2.0, np.ones(2))) == (2.0, ZERO)
    assert acc.add((a, a), (np.ones(2), np.ones(2))) is ZERO
    taken = acc.take((1.0, a), (5.0, ZERO))
    assert taken[0] == 5.0
    same(taken[1], np.full(2, 3.0))
    assert acc.take((1.0, a)) is ZERO


def test_bound_methods_and_partials_pass_on(acc):
    thing = Thing(w=1.0)
    method = types.MethodType(lambda self: self.w, thing)
    acc.add(method, {"__self__": {"w": 2.0}})
    assert acc.take(thing) == {"w": 2.0}
    p = functools.partial(max, 1.0, key=thing)
    rest = acc.add(p, {"args": (3.0,), "keywords": {"key": {"w": 2.0}}})
    assert rest["args"] == (3.0,)


# --- slots -----------------------------------------------------------------------------------


def test_slots_of_objects(acc):
    a, b = Thing(), Thing()
    acc.add_slot(a, "r", 1.0)
    acc.add_slot(a, "r", 2.0)
    acc.add_slot(b, "r", 5.0)
    acc.add_slot(a, "t", (1.0, ZERO))
    acc.add_slot(a, "t", (1.0, 4.0))
    acc.add_slot(a, "z", ZERO)
    assert acc.peek(a) == {"r": 3.0, "t": (2.0, 4.0)}
    assert acc.take_slot(a, "r") == 3.0
    assert acc.take_slot(a, "r") is ZERO
    assert acc.take(a, {"u": 1.0}) == {"t": (2.0, 4.0), "u": 1.0}
    assert acc.take(a) is ZERO
    assert acc.take_slot(b, "r") == 5.0


def test_adding_a_dict_of_slots(acc):
    xs = [1.0, 2.0]
    assert acc.add(xs, {0: 1.0}) is ZERO
    assert acc.add(xs, [2.0, 3.0]) is ZERO  # as a rule may write it
    assert acc.take(xs) == {0: 3.0, 1: 3.0}


def test_the_dict_given_is_not_changed(acc):
    x = Thing()
    given_d = {"a": 1.0}
    acc.add(x, given_d)
    acc.add_slot(x, "a", 1.0)
    assert given_d == {"a": 1.0}
    taken = acc.take(x, given_d)
    assert taken == {"a": 3.0}
    assert given_d == {"a": 1.0}


def test_cells_and_globals(acc):
    w = 1.0
    cell = (lambda: w).__closure__[0]
    acc.add_slot(cell, "cell_contents", 2.0)
    acc.add_slot(globals(), "w", 3.0)
    assert acc.take_slot(cell, "cell_contents") == 2.0
    assert acc.take_slot(globals(), "w") == 3.0


OPERATIONS = ["insert", "pop", "delete slice", "assign slice", "sort", "reverse", "set", "extend"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=6),
    st.lists(
        st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 5), st.integers(0, 5)), max_size=8
    ),
)
def test_the_reverse_of_list_operations(items, operations):
    """Tracks where every value came from, then runs the same program backwards on cotangents."""
    acc = Accumulators()
    xs = [(value, ("in", i)) for i, value in enumerate(items)]
    undo = []
    for step, (name, i, j) in enumerate(operations):
        n = len(xs)
        i, j = sorted((min(i, n), min(j, n)))
        if name == "insert":
            xs.insert(i, (0.5, ("new", step)))
            undo.append(lambda i=i, step=step: {("new", step): acc.remove(xs, i)})
        elif name == "pop" and n:
            i = min(i, n - 1)
            xs.pop(i)
            undo.append(lambda i=i: acc.insert(xs, i))
        elif name == "delete slice":
            del xs[i:j]
            undo.append(lambda i=i, j=j: acc.splice(xs, i, 0, j - i))
        elif name == "assign slice":
            xs[i:j] = [(0.25, ("new", step)), (0.75, ("new2", step))]
            undo.append(
                lambda i=i, j=j, step=step: dict(
                    zip([("new", step), ("new2", step)], acc.splice(xs, i, 2, j - i), strict=True)
                )
            )
        elif name == "sort":
            order = sorted(range(n), key=lambda k: xs[k][0])
            xs[:] = [xs[k] for k in order]
            undo.append(lambda order=order: acc.permute(xs, order))
        elif name == "reverse":
            xs.reverse()
            undo.append(lambda n=n: acc.permute(xs, lambda k: n - 1 - k))
        elif name == "set" and i < n:
            xs[i] = (0.1, ("new", step))
            undo.append(lambda i=i, step=step: {("new", step): acc.take_slot(xs, i)})
        elif name == "extend":
            xs += [(0.3, ("new", step))]
            undo.append(lambda n=n, step=step: {("new", step): acc.splice(xs, n, 1, 0)[0]})
    expected = {}
    for k, (_, tag) in enumerate(xs):
        acc.add_slot(xs, k, float(k + 1))
        expected[tag] = float(k + 1)
    got: dict[Any, Any] = {}
    for reverse in reversed(undo):
        found = reverse()
        if isinstance(found, dict):
            got.update(found)
    final = acc.take(xs)
    got.update({("in", i): d for i, d in ({} if final is ZERO else final).items()})
    assert {tag: d for tag, d in got.items() if d is not ZERO} == expected


# --- whole structures ------------------------------------------------------------------------


def test_deep_take_puts_contents_into_slots(acc):
    w = np.zeros(2)
    inner = Thing(v=1.0)
    x = Thing(w=w, inner=inner, pair=(w, 2.0), n=3.0)
    acc.add(w, np.ones(2))
    acc.add_slot(inner, "v", 4.0)
    acc.add_slot(x, "pair", (ZERO, 5.0))
    acc.add_slot(x, "inner", {"v": 1.0})  # by value, as a rule may give it
    total = acc.take(x, {"n": 7.0}, deep=True)
    same(total["w"], np.ones(2))
    same(total["pair"][0], np.ones(2))
    assert total["pair"][1] == 5.0
    assert total["inner"] == {"v": 5.0}
    assert total["n"] == 7.0
    assert acc.take(w) is ZERO
    assert acc.take(inner) is ZERO
    assert acc.take(x) is ZERO


def test_deep_take_leaves_the_rest_alone(acc):
    a = np.zeros(4)
    other = Thing()
    acc.add(a, np.ones(4))
    acc.add_slot(other, "r", 1.0)
    same(acc.take([a[:2]], deep=True)[0], np.ones(2))
    same(acc.take(a), np.array([0.0, 0.0, 1.0, 1.0]))
    assert acc.take(other) == {"r": 1.0}


def test_cycles_are_mirrored_as_cycles(acc):
    parent = Thing(w=1.0)
    child = Thing(v=2.0, parent=parent)
    parent.child = child
    acc.add_slot(parent, "w", 5.0)
    acc.add_slot(child, "v", 6.0)
    d = acc.take(parent, deep=True)
    assert d["child"]["parent"] is d
    g = mirror(d, [parent, child][0])
    assert (g.w, g.child.v, g.child.parent) == (5.0, 6.0, None)
    acc.add_slot(parent, "w", 5.0)
    d_child, d_parent = acc.finish([child, parent], [ZERO, ZERO])
    assert mirror(d_child, child).parent.w == 5.0
    assert mirror(d_parent, parent).w == 5.0


def test_finish_shows_the_total_at_each_place(acc):
    w = np.zeros(3)
    shared = Thing(v=1.0)
    xs = (w, w, w[1:], [shared, shared, w], 2.0, 2.0)
    ds = [np.ones(3), np.ones(3), ZERO, {0: {"v": 3.0}, 1: {"v": 4.0}}, 1.0, 2.0]
    acc.add(w[1:], np.full(2, 10.0))
    g = gradients(acc.finish(xs, ds), xs)
    for got in (g[0], g[1], g[3][2]):
        same(got, np.array([2.0, 12.0, 12.0]))
    same(g[2], np.array([12.0, 12.0]))
    assert g[3][0].v == g[3][1].v == 7.0
    assert g[4:] == (1.0, 2.0)  # numbers are by place
    arrays = [g[0], g[1], g[2], g[3][2], w]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_finish_hands_out_its_arrays_without_a_copy(acc):
    w = np.zeros(3)
    acc.add(w, np.ones(3))
    address = acc.arrays[id(w)].array.ctypes.data
    g = gradients(acc.finish([Thing(w=w)], [ZERO]), (Thing(w=w),))
    assert g[0].w.ctypes.data == address


def test_finish_uses_the_contents_on_entry(acc):
    w, inner = np.zeros(2), [1.0]
    x = Thing(w=w, inner=inner)
    entry = snapshot((x,))
    x.w = np.zeros(9)
    x.inner = None
    inner.append(2.0)
    acc.add(w, np.ones(2))
    acc.add_slot(inner, 0, 3.0)
    g = gradients(acc.finish([x], [ZERO], entry), (x,), entry)[0]
    same(g.w, np.ones(2))
    assert g.inner == [3.0]


def test_finish_keeps_plain_cotangents_as_they_are(acc):
    d = np.ones((2, 3))
    b = np.broadcast_to(1.0, (2, 3))
    assert acc.finish([np.zeros((2, 3)), 1.0], [d, 2.0]) == [d, 2.0]
    assert acc.finish([b], [d])[0] is d
    acc.add_slot(Thing(), "x", 1.0)
    assert acc.finish([b], [d])[0] is d  # its memory was not touched


def test_an_overlapping_argument_with_other_cotangents_is_refused(acc):
    w = np.zeros(3)
    b = np.broadcast_to(w, (2, 3))
    with pytest.raises(MutationError, match="argument is an array whose items overlap"):
        acc.finish([b, w], [np.ones((2, 3)), np.ones(3)])
    with pytest.raises(MutationError, match="argument is an array whose items overlap"):
        Accumulators().finish([w, b], [np.ones(3), np.ones((2, 3))])


def test_frozen_values_go_by_place(acc):
    @dataclass(frozen=True)
    class Colour:
        r: float
        w: Any

    w = np.zeros(1)
    c = Colour(1.0, w)
    ds = acc.finish([c, c], [{"r": 1.0, "w": np.ones(1)}, {"r": 2.0}])
    assert (ds[0]["r"], ds[1]["r"]) == (1.0, 2.0)
    same(ds[0]["w"], np.ones(1))
    same(ds[1]["w"], np.ones(1))


# --- speed -----------------------------------------------------------------------------------


def seconds_each(f: Any) -> float:
    return min(repeat(f, number=2000, repeat=9, timer=process_time)) / 2000


def test_speed_of_the_hot_operations(acc):
    """Limits with room for a loaded machine; the work itself is several times faster."""
    a, d = np.zeros(8), np.ones(8)
    acc.add(a, d)
    target = np.zeros(8)

    def plain() -> None:
        nonlocal target
        target += d

    assert seconds_each(lambda: acc.add(a, d)) - seconds_each(plain) < 1.5e-6
    x = Thing()
    acc.add_slot(x, "r", 1.0)
    assert seconds_each(lambda: acc.add_slot(x, "r", 1.0)) < 1.5e-6
