"""Functions of rules: their trees, parameters, and calls."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

from dpy.adjoints import safe
from dpy.transform import ir
from dpy.transform.rule_reader.functions import (
    attempt,
    bind,
    definition_of,
    is_hashable,
    is_of_rules,
)
from dpy.transform.rule_reader.values import Dynamic, Static, Stuck

X = Dynamic(ir.Var("x"))


def optional(a: Any, b: Any = 2, *rest: Any, axis: Any = None) -> Any:
    return a, b, rest, axis


def bound(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return bind(definition_of(optional), optional, list(args), kwargs)


def test_defaults_are_known() -> None:
    assert bound(X) == {"a": X, "b": Static(2), "rest": Static(()), "axis": Static(None)}


def test_positions_and_names() -> None:
    found = bound(X, Static(1), Static(3), X, axis=Static(0))
    assert found == {"a": X, "b": Static(1), "rest": [Static(3), X], "axis": Static(0)}


@pytest.mark.parametrize(
    ("args", "kwargs"), [((), {}), ((X,), {"a": X}), ((X,), {"other": X})], ids=str
)
def test_calls_that_fail_are_left_to_the_generated_code(args: Any, kwargs: Any) -> None:
    with pytest.raises(Stuck):
        bound(*args, **kwargs)


def test_so_are_failing_computations() -> None:
    assert attempt(divmod, 7, 2) == (3, 1)
    with pytest.raises(Stuck):
        attempt(divmod, 7, 0)


def test_definitions_are_read_once() -> None:
    tree = definition_of(optional)
    assert isinstance(tree, ast.FunctionDef) and tree.name == "optional"
    assert definition_of(optional) is tree
    assert definition_of(eval("lambda x: [y for y in x]")) is None  # there is no source


def test_helpers_are_those_of_the_rules() -> None:
    assert is_of_rules(safe.divide)
    assert not is_of_rules(np.sum)
    assert not is_of_rules(optional)


def test_not_every_callable_can_be_looked_up() -> None:
    class Odd:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self) -> None: ...

    assert is_hashable(len)
    assert not is_hashable(Odd())
