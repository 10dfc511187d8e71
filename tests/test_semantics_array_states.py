"""Arrays that may not be written to, files as arrays, and what NumPy does where floats go wrong."""

from __future__ import annotations

import tempfile

import numpy as np
import pytest

import dpy
from dpy.errors import DpyError, MutationError, UnsupportedSyntaxError
from tests.programs import corpus as programs
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

V = np.array([0.5, -1.2, 2.0, 0.3])


@case(V, 0.53)
def errors_are_noted(a, x):
    def note(kind, flag):
        programs.state.setdefault("seen", []).append(kind)

    with np.errstate(call=note, all="call"):
        np.log(a) * x
        a / np.zeros(4)
    return float(np.nansum(a * x))


@case(V, 0.53)
def errors_are_logged(a, x):
    class Log:
        def __init__(self):
            self.lines = []

        def write(self, text):
            self.lines.append(text)

    log = Log()
    with np.errstate(divide="log", call=log):
        a / np.zeros(4)
    return float((a * a).sum() * len(log.lines) * x)


@case(V, 0.53)
def errors_are_raised(a, x):
    try:
        with np.errstate(all="raise"):
            b = a * x
            np.sqrt(b)
    except FloatingPointError:
        b = b * 2
    return b.sum()


@case(V, 0.53)
def errors_as_they_were(a, x):
    old = np.seterr(all="ignore")
    y = np.sqrt(a[0] - a[0] * x) + np.log(np.zeros(2)).size
    np.seterr(**old)
    return y * a.sum() + x * (np.geterr() == old)


@case(V, 0.53)
def not_writable_for_a_while(a, x):
    a.flags.writeable = False
    b = a * x
    try:
        a[0] = x
    except ValueError as error:
        b = b + len(str(error))
    a.flags.writeable = True
    a[1] = x
    return (a * b).sum()


@case(V)
def view_that_is_not_writable(a):
    v = a.view()
    v.setflags(write=False)
    a *= 2
    b = v * a
    v += 1
    return b.sum()


@case(V, 0.53)
def items_of_a_read_only_view(a, x):
    v = np.broadcast_to(a[:2], (3, 2))
    d = np.diagonal(np.outer(a, a))
    return (v * x).sum() + (d * d).sum() * v.flags.writeable


@case(V, 0.53)
def file_as_array(a, x):
    with tempfile.NamedTemporaryFile() as file:
        m = np.memmap(file.name, dtype=float, mode="w+", shape=(4,))
        m[:] = a * x
        m[1] *= m[0]
        m.flush()
        n = np.memmap(file.name, dtype=float, mode="r", shape=(4,))
        return float((m * m).sum()) + 0.0 * n.size


@pytest.mark.parametrize("case", corpus.cases, ids=str)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_semantics(case: Case) -> None:
    case.check()


def resized(a, x):
    b = a * x
    b.resize((2, 2), refcheck=False)
    return (b @ b).sum()


def gone_over_by_nditer(a, x):
    with np.nditer(a, op_flags=["readwrite"]) as it:
        for v in it:
            v[...] = v * x
    return a.sum()


def noted_out_of_sight(a, x):
    total = [0.0]

    def note(kind, flag):
        total[0] = total[0] + x

    with np.errstate(divide="call", call=note):
        a / np.zeros(4)
    return total[0] * a.sum()


@pytest.mark.parametrize(
    ("f", "kind"),
    [
        (resized, UnsupportedSyntaxError),
        (gone_over_by_nditer, MutationError),
        (noted_out_of_sight, MutationError),
    ],
)
def test_refused(f, kind: type[DpyError]) -> None:
    with pytest.raises(kind) as caught:
        dpy.gradient(f, V.copy(), 0.53)
    assert caught.value.why
    assert caught.value.repair
