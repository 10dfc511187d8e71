"""Answers about surroundings, and what they make the function rely on."""

from __future__ import annotations

import math

import numpy as np

import dpy
from dpy.kinds import UNKNOWN, Array, KnownObject, Number
from dpy.specialise import Specialisation, forward_of, specialise
from dpy.specialise.guards import MISSING
from dpy.specialise.rule_book import Surroundings
from dpy.transform.source import read_source

SCALE = 2.0
counter = 0


def count() -> None:
    global counter
    counter += 1


def helper(x: float) -> float:
    return SCALE * x


def generated(x: float):  # type: ignore[no-untyped-def]
    yield x


def surroundings(function) -> Surroundings:  # type: ignore[no-untyped-def]
    key = forward_of(function, (1.5,), {}, (True,), ()).key
    owner = Specialisation(read_source(function), key, {"x": Number(float)})
    return Surroundings(owner, function, specialise)


def test_globals() -> None:
    book = surroundings(helper)
    guards = book.owner.guards
    names = id(globals())
    assert book.read_global("SCALE") == (Number(float), 2.0)
    assert guards.kinds[names, "SCALE"][2] == Number(float)
    assert book.read_global("math") == (KnownObject(math), math)
    assert guards.entries[names, "math"][2] is math
    assert book.read_global("len")[1] is len
    assert guards.entries[names, "len"][2] is MISSING  # a builtin, until the module has one
    assert book.read_global("no_such_name") == (UNKNOWN, None)
    assert guards.hold()


def test_what_some_function_of_the_module_assigns() -> None:
    book = surroundings(helper)
    assert book.is_stored("counter")
    assert not book.is_stored("SCALE")


def test_free_variables() -> None:
    factor = 3.0

    def f(x: float) -> float:
        return factor * x

    book = surroundings(f)
    assert book.read_free("factor") == Number(float)
    assert book.read_free("other") is UNKNOWN
    assert not book.owner.guards.cells  # part of the signature
    (cell,) = f.__closure__ or ()
    assert book.read_free("factor", cell) == Number(float)
    assert book.owner.guards.cells[id(cell)] == (cell, Number(float))


def test_dependencies() -> None:
    book = surroundings(helper)
    mapping: dict[str, object] = {"here": None}
    book.depend(mapping, "here", None)
    book.depend(mapping, "gone", None)
    assert book.owner.guards.hold()
    mapping["gone"] = None
    assert not book.owner.guards.hold()


def test_callees() -> None:
    book = surroundings(helper)
    arguments = ({"x": Number(float)}, frozenset({"x"}), False, frozenset[str]())
    found = book.callee(helper, *arguments)
    assert book.owner.callees == [found]
    assert id(helper) in book.owner.guards.codes
    safe = book.protected(found, helper)
    assert safe.protect
    assert book.protected(safe, helper) is safe
    assert book.callee(generated, *arguments) is None
    assert book.callee(math.sqrt, *arguments) is None


def test_rules_go_by_the_classes_that_are_known() -> None:
    def stretch(x, k):  # type: ignore[no-untyped-def]
        return x * k

    dpy.adjoint(stretch)(lambda x, k: (x * k, lambda d: (d * k, d * x)))
    dpy.adjoint(stretch, types=(np.ndarray,))(lambda a, k: (a * k, lambda d: (d * k, None)))
    book = surroundings(helper)
    general = book.rule(stretch, (Number(float), Number(float)))
    special = book.rule(stretch, (Array(np.dtype(float), 1), Number(float)))
    assert general.types is None
    assert special.types == (np.ndarray,)
    assert book.rule(stretch, (UNKNOWN, UNKNOWN)) is None  # decided at run time
    with dpy.settings(check_rules=True):
        assert book.rule(stretch, (Number(float), Number(float))) is general.checked
