"""Every rule of the library owns cases, in a file ``cases_*.py`` of this folder."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest

import dpy.adjoints
from dpy.adjoints import registry
from tests.adjoints.harness import Case

FOLDER = Path(__file__).parent


def load_library() -> list[str]:
    """Import all rule modules; returns their names."""
    names = [m.name for m in pkgutil.walk_packages(dpy.adjoints.__path__, "dpy.adjoints.")]
    for name in names:
        importlib.import_module(name)
    return names


def load_cases() -> dict[Any, list[Case]]:
    """The cases of all files, by callable."""
    found: dict[Any, list[Case]] = {}
    for path in sorted(FOLDER.glob("cases_*.py")):
        cases = importlib.import_module(f"tests.adjoints.{path.stem}").CASES
        for f, group in cases.items():
            found.setdefault(registry.key_of(f), []).extend(group)
    return found


MODULES = load_library()
RULES = registry.rules()
CASES = load_cases()
WITHOUT_CASES = {
    "input",  # it reads from the terminal
    "numpy.ndarray.resize",  # always refused, as tests/adjoints/numpy/test_mutation.py shows
}


_LAYERS = ("dpy.nn.", "dpy.losses", "dpy.optim", "dpy.data", "dpy.training", "dpy.functors")


def is_of_the_library(rule: registry.Rule) -> bool:
    """Whether a rule belongs to dpy, not to another test; a layer checks its own."""
    if rule.is_nondifferentiable:
        module = str(getattr(rule.primal, "__module__", ""))
        return callable(rule.primal) and not module.startswith(("test", "dpy.api", *_LAYERS))
    makers = [f for f in (rule.forward, *(rule.partials or ())) if f is not None]
    return all(
        f.__module__.startswith("dpy.") and not f.__module__.startswith(_LAYERS) for f in makers
    )


def test_every_rule_owns_cases() -> None:
    missing = [
        rule.name
        for rule in RULES
        if is_of_the_library(rule)
        and not CASES.get(registry.key_of(rule.primal))
        and rule.name not in WITHOUT_CASES
    ]
    assert missing == []


def test_every_rule_with_a_pullback_has_a_case_that_uses_it() -> None:
    unused = [
        rule.name
        for rule in RULES
        if is_of_the_library(rule)
        and not rule.is_nondifferentiable
        and rule.name not in WITHOUT_CASES
        and not any(
            (case.numeric or case.expected is not None) and not case.nondiff
            for case in CASES.get(registry.key_of(rule.primal), [])
        )
    ]
    assert unused == []


def test_every_case_belongs_to_a_rule() -> None:
    strangers = [f for f in CASES if registry.lookup(f) is None]
    assert strangers == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("cases_*.py")), ids=lambda path: path.stem)
def test_every_file_of_cases_is_run(path: Path) -> None:
    users = [
        test.name
        for test in FOLDER.rglob("test_*.py")
        if f"tests.adjoints.{path.stem} import" in test.read_text()
    ]
    assert users, f"no test imports {path.stem}"
