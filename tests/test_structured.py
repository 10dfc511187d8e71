"""Where the cotangents of records are."""

from __future__ import annotations

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.structured import (
    add_fields,
    added,
    apart,
    as_array,
    gathered,
    has_fields,
    located,
    promoted,
    taken,
)  # fmt: skip

D = np.dtype([("t", "f4", 2), ("n", "i2"), ("name", "U5"), ("z", complex)])
NESTED = np.dtype([("k", "i1"), ("p", [("q", float), ("r", float, 3)], 2)])


def test_the_dtype_of_cotangents() -> None:
    assert promoted(D) == np.dtype([("t", "f4", 2), ("n", float), ("z", complex)])
    assert promoted(np.dtype([("name", "U5")])) is None
    assert promoted(np.dtype(bool)) is None
    assert promoted(np.dtype(">f8")) == np.dtype("f8")


def test_what_has_fields() -> None:
    s = np.zeros(2, D)
    assert has_fields(s)
    assert has_fields(s[0])
    assert not has_fields(s["t"])
    assert not has_fields(1.0)


def test_a_record_looks_at_its_array() -> None:
    s = np.zeros(2, D)
    as_array(s[1])["n"] = 3
    assert s["n"].tolist() == [0, 3]
    as_array(s[1].copy())["n"] = 4
    assert s["n"].tolist() == [0, 3]


def test_places() -> None:
    assert located(D, np.dtype("f4"), 4) == (np.dtype("f4"), 4, (4, 4))
    assert located(D, np.dtype("i2"), 8) == (np.dtype(float), 8, (2, 8))
    assert located(D, np.dtype(float), 38) == (np.dtype(float), 24, (16, 16))  # an imaginary part
    assert located(D, np.dtype("f4"), 2) is None
    assert located(D, np.dtype("i8"), 0) is None
    inner = NESTED["p"].base
    assert located(NESTED, np.dtype(float), 1 + 32 + 16) == (np.dtype(float), 8 + 32 + 16, (8, 8))
    found = located(NESTED, inner, 1 + 32)
    assert found is not None
    assert found[1:] == (8 + 32, (32, 32))


def test_adding_and_taking() -> None:
    total = np.zeros(3, promoted(D))
    added(total, "t", np.ones((3, 2)), np.add.at)
    added(total, "name", np.ones(3), np.add.at)
    added(total, [0, 0], np.ones(2, promoted(D)), np.add.at)
    add_fields(total, total.copy())
    assert total["t"][:, 0].tolist() == [6.0, 2.0, 2.0]
    assert taken(total, "name") is ZERO
    assert taken(total, "n").tolist() == [4.0, 0.0, 0.0]
    assert taken(total, 0)["t"].tolist() == [6.0, 6.0]
    assert total["t"][:, 0].tolist() == [0.0, 2.0, 2.0]


def test_tuples_of_fields() -> None:
    d = np.ones((), promoted(D))
    assert apart(d, ([1.0, 2.0], 3, "ab", 1.0), D)[1] == 1.0
    assert apart(d, ([1.0, 2.0], 3.7, "ab", 1.0), D)[1:3] == (ZERO, ZERO)  # rounded; a text
    back = gathered([(ZERO, 2.0, ZERO, 1j)], (1,), D)
    assert back["n"] == pytest.approx([2.0])
    assert back["z"] == pytest.approx([1j])
