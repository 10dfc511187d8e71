"""What `dpy.nn` and `dpy.nn.functional` offer; the lists of names agree with each other."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import dpy
from dpy import nn


def test_lists_of_names_agree() -> None:
    """What type checkers are told is what is imported."""
    tree = ast.parse(Path(nn.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    told = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == {name: f"dpy.nn.{home}" for name, home in nn._HOME.items()}
    assert sorted([*told, "functional"]) == sorted(nn.__all__)


@pytest.mark.parametrize("name", [name for name in nn.__all__ if name != "functional"])
def test_layers_are_documented(name: str) -> None:
    value = getattr(nn, name)
    assert getattr(nn, name) is value
    assert name in dir(nn)
    assert callable(value)
    assert inspect.getdoc(value)


@pytest.mark.parametrize("name", nn.functional.__all__)
def test_functional_forms_are_documented(name: str) -> None:
    value = getattr(nn.functional, name)
    assert callable(value)
    assert inspect.getdoc(value)


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Dens'"):
        nn.Dens  # noqa: B018
    assert dpy.nn is nn
