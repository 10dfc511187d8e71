"""What the tests of inference share: facts of a function, ways to look at them, classes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from dpy.kinds import UNKNOWN, Array, Kind, Number
from dpy.specialise import forward_of
from dpy.transform import ir
from dpy.transform.infer import Facts, Site
from dpy.transform.infer.state import State
from dpy.transform.lower import lower
from dpy.transform.source import read_source

FLOAT, INT = Number(float), Number(int)
VECTOR = Array(np.dtype(np.float64), 1)


def facts_of(function: Any, *args: Any, inactive: str = "", protect: bool = False) -> Facts:
    """Facts for these arguments; `inactive` names the parameters not differentiated."""
    names = function.__code__.co_varnames[: len(args)]
    active = tuple(name not in inactive.split() for name in names)
    found = forward_of(function, args, {}, active, (), protect=protect).facts
    assert found is not None
    return found


def forms(facts: Facts) -> dict[Any, list[str]]:
    """The forms of the sites, by the variable that the statement assigns, in order."""
    found: dict[Any, list[str]] = {}
    for s in ir.walk(facts.function.body):
        site = facts.sites.get(id(s))
        if isinstance(s, (ir.Assign, ir.For)) and site is not None:
            found.setdefault(s.target, []).append(site.form)
    return found


def form(facts: Facts, target: str | None) -> str:
    """The form of the only statement that assigns `target`."""
    (found,) = forms(facts)[target]
    return found


def statement(facts: Facts, target: str | None) -> ir.Assign:
    """The only statement that assigns `target`."""
    (found,) = (
        s for s in ir.walk(facts.function.body) if isinstance(s, ir.Assign) and s.target == target
    )
    return found


def site_of(facts: Facts, target: str | None) -> Site:
    """The site of the only statement that assigns `target`."""
    return facts.sites[id(statement(facts, target))]


@dataclasses.dataclass
class Pair:
    a: float
    b: float


class Box:
    def __init__(self, content: float) -> None:
        self.content = content


class NoBook:
    """A rule book that knows of nothing, and notes what is relied on."""

    def __init__(self) -> None:
        self.depended: list[tuple[str, Any]] = []

    def rule(self, function: Any, kinds: tuple[Kind, ...]) -> Any:
        return None

    def read_global(self, name: str, home: Any = None) -> tuple[Kind, Any]:
        return UNKNOWN, None

    def is_stored(self, name: str, home: Any = None) -> bool:
        return False

    def read_free(self, name: str, cell: Any = None) -> Kind:
        return UNKNOWN

    def depend(self, mapping: Any, key: str, value: Any) -> None:
        self.depended.append((key, value))

    def constructor(self, cls: type) -> Any:
        return None

    def callee(self, *args: Any) -> Any:
        return None


def state_of(function: Any, varied: str = "", **params: Kind) -> State:
    """The state before the first statement, where nothing is known of the surroundings."""
    return State(lower(read_source(function)), params, set(varied.split()), NoBook())
