"""Arrays by other means: ``flat``, real and imaginary parts, memoryviews, another shape."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

import dpy
from dpy.errors import DpyError
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

VECTOR = np.array([0.5, -1.2, 2.0, 0.3])
MATRIX = np.array([[0.5, -1.2, 2.0], [0.3, 0.7, -0.4]])
WEIGHTS = np.arange(6.0)


# --- flat -----------------------------------------------------------------------------------------


@case(VECTOR)
def flat_is_written(a):
    m = np.zeros((2, 2))
    m.flat[1] = a[0]
    m.flat[[2, 3]] = a[1:3]
    m.flat[2] *= a[3]
    m.T.flat[np.array([True, False, False, True])] = a[2]
    return (m * m * WEIGHTS[:4].reshape(2, 2)).sum()


@case(VECTOR[:3])
def flat_repeats_what_is_written(a):
    m = np.ones((3, 3))
    t = m * m
    m.flat[::4] = a
    m.flat[1:8:2] = a[:2]
    u = m @ m
    m.flat = a[1:]
    return (u * t * m).sum() + m[0, 1]


@case(MATRIX)
def flat_is_read(a):
    parts = a.flat[2] * a.flat[-2] + a.T.flat[1]
    return parts + (a.flat[1:4] ** 2).sum() + a.flat[[0, 0, 5]].prod()


@case(MATRIX)
def flat_is_iterated_over(a):
    s = 0.0
    for i, v in enumerate(a.T.flat):
        s += v * v * i
    f = a.flat
    s += next(f) * f.index
    for v in f:
        s = s * v
    p, q, *r = a.flat
    return s + p * q + sum(r) + sum([x * y for x, y in zip(a.flat, a.T.flat, strict=True)])


@case(MATRIX)
def flat_as_an_array(a):
    f = a.T.flat
    return np.sum(f) * (np.array(f) * WEIGHTS).sum() + max(f) * len(f) + a.flat.copy()[1]


@case(MATRIX)
def flat_in_a_loop(a):
    m = np.empty_like(a)
    for i in range(a.size):
        m.flat[i] = a.flat[i] ** 2 + (m.flat[i - 1] if i else 0.0)
    return m.sum()


@case(MATRIX)
def ndenumerate_and_ndindex(a):
    b = np.zeros((3, 2))
    for (i, j), v in np.ndenumerate(a):
        b[j, i] = v * v * (i + 2 * j)
    for k in np.ndindex(a.shape):
        b[k[1], k[0]] += a[k]
    for i, j in np.ndindex(3, 2):
        b[i, j] *= a[j, i]
    return b.sum()


@case(VECTOR)
def items_of_nditer(a):
    b = np.empty_like(a)
    s = 0.0
    for x, y in np.nditer([a * 2, b], op_flags=[["readonly"], ["writeonly"]]):
        y[...] = x * x
        s += x * y
    return float(s) + b[1]


# --- real and imaginary parts ---------------------------------------------------------------------


@case(VECTOR)
def parts_of_complex_numbers(a):
    z = a + 1j * a[::-1]
    z.real *= 2
    z.imag[0] = a[0]
    z.imag = z.real * a
    w = z.real
    w[2] = 7.0
    z.real[1:] += z.imag[:-1]
    return float((z * z * WEIGHTS[:4]).imag.sum())


@case(VECTOR)
def real_part_of_real_numbers(a):
    b = a.copy()
    b.real[0] = a[1] * 2
    b.real *= 3
    b.real = b * b
    return b.sum()


# --- memoryviews ----------------------------------------------------------------------------------


@case(VECTOR)
def memoryview_is_written(a):
    b = a.copy()
    m = memoryview(b)
    m[0] = 5.0
    m[1] = a[1] * a[2]
    b.data[3] = b[1] * 2
    part = m[1:]
    part[1:3] = part[0:2]
    return (b * b * WEIGHTS[:4]).sum()


@case(VECTOR)
def memoryview_is_read(a):
    with memoryview(a) as m:
        s = m[0] * m[-1] + sum(m.tolist()) * m[1]
        for v in m:
            s += v * v
    return s * max(memoryview(a))


@case(VECTOR)
def arrays_of_memoryviews(a):
    b = a.copy()
    c = np.asarray(memoryview(b))
    c[0] = c[1] * 2
    d = np.frombuffer(b)
    d[2] = c[0] * 3
    return (b * b * np.array(memoryview(b))).sum()


# --- another shape --------------------------------------------------------------------------------

SHAPES = pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")  # NumPy 2.5


@case(VECTOR)
def shape_of_a_saved_array(a):
    b = np.exp(a)
    c = b * b
    v = b[1:]
    b.shape = (2, 2)
    d = b @ b
    v[0] = d[0, 0]
    b.shape = -1
    return (d.ravel() * c * b).sum()


@case(VECTOR)
def shape_of_an_alias_and_in_a_loop(a):
    b = a * 1.0
    c = b
    for i in range(3):
        b.shape = (2, 2)
        c *= b.T
        c.shape = 4
        b[i] *= 2
    return b.sum()


@case(VECTOR)
def shape_of_an_argument(a):
    s = (a * WEIGHTS[:4]).sum()
    a.shape = (2, 2)
    a[0] *= s
    return (a @ a).sum() + a[1, 0]


def as_square(x):
    x.shape = (2, 2)
    return x[1, 0]


@case(VECTOR)
def shape_set_by_a_callee(a):
    b = a * 2
    t = (b * WEIGHTS[:4]).sum()
    u = as_square(b)
    return (b[0] * b[1]).sum() * t * u


@case(VECTOR)
def shape_set_by_name(a):
    b = a * 2
    b.shape += (1,)
    setattr(b, "shape", (2, 2))  # noqa: B010
    return (b[0] * b[1]).sum()


@case(VECTOR)
def shape_that_does_not_fit(a):
    b = a * 2
    try:
        b.shape = (3, 2)
    except ValueError:
        b.shape = (2, 2)
    return (b[0] * b[1]).sum()


@case(VECTOR)
def shape_in_columns(a):
    m = np.empty((2, 2), order="F")
    m[:] = a.reshape(2, 2)
    m.shape = (2, 2, 1)
    return (m[0] * m[1]).sum()


@SHAPES
@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()


# --- refused --------------------------------------------------------------------------------------


def writes_by_nditer(a):
    b = a.copy()
    with np.nditer(b, op_flags=["readwrite"]) as it:
        for x in it:
            x[...] = 2 * x
    return b.sum()


def copies_of_nditer(a):
    s = 0.0
    for v in np.nditer(a, ["buffered"], op_dtypes=["float32"], casting="same_kind"):
        s += v * v
    return s


def bytes_of_numbers(a):
    b = a.copy()
    m = memoryview(b).cast("B")
    m[0:8] = m[8:16]
    return b.sum()


def bits_of_numbers(a):
    b = a * 2
    c = b.view("V8")
    c[0] = c[1]
    return b.sum()


def memory_given_to_c(a):
    b = a.copy()
    ctypes.memset(b.ctypes.data, 0, 8)
    return (b * b).sum()


def memory_shown_to_c(a):
    b = a.copy()
    numbers = (ctypes.c_double * 4).from_buffer(b)
    numbers[0] = 5.0
    return (b * b).sum()


def memory_without_owner(a):
    b = a.copy()
    c = np.from_dlpack(b)
    b[0] = 5.0
    return (c * b).sum()


def shape_set_out_of_sight(a):
    b = a * 2
    list(map(as_square, [b]))
    return (b[0] * b[1]).sum()


REFUSED = [
    writes_by_nditer, copies_of_nditer, bytes_of_numbers, bits_of_numbers,
    memory_given_to_c, memory_shown_to_c, memory_without_owner, shape_set_out_of_sight,
]  # fmt: skip


@SHAPES
@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_refused(function) -> None:
    with pytest.raises(DpyError) as caught:
        dpy.gradient(function, VECTOR.copy())
    assert caught.value.why
    assert caught.value.repair


def test_the_message_names_what_to_use_instead() -> None:
    for function in (writes_by_nditer, copies_of_nditer):
        with pytest.raises(DpyError, match=r"np.nditer(.|\n)*np.ndenumerate"):
            dpy.gradient(function, VECTOR.copy())


def test_nditer_over_constants() -> None:
    def weighted(a):
        s = 0.0
        for w in np.nditer(np.array([1.0, 2.0])):
            s = s + (w * a).sum() + float(w) * a[0]
        return s

    np.testing.assert_allclose(dpy.gradient(weighted, VECTOR)[0], [6.0, 3.0, 3.0, 3.0])


@SHAPES
def test_shapes_are_as_the_function_left_them() -> None:
    a = VECTOR.copy()
    _, back = dpy.pullback(shape_of_an_argument, a)
    for _ in range(2):
        assert back(1.0)[0].shape == (4,)
        assert a.shape == (2, 2)
