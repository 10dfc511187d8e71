"""The numbers in the rules of an optimiser, which schedules change while it trains."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

from dpy.errors import DpyError
from dpy.optim import MixedPrecision, OptimiserChain

__all__ = ["fields_of_rule", "set_fields"]

_SAVED = (bool, int, float, complex, str, tuple, type(None))


def fields_of_rule(rule: Any) -> Any:
    """Class and numbers of a rule, and of those inside it.

    >>> from dpy.optim import Momentum
    >>> fields_of_rule(Momentum(0.5))
    ('Momentum', {'eta': 0.5, 'rho': 0.9})
    """
    if isinstance(rule, OptimiserChain):
        return "OptimiserChain", [fields_of_rule(inner) for inner in rule.rules]
    if isinstance(rule, MixedPrecision):
        return "MixedPrecision", [fields_of_rule(rule.rule)]
    return type(rule).__name__, _numbers(rule)


def _numbers(rule: Any) -> dict[str, Any]:
    held = getattr(rule, "__dict__", {})
    if dataclasses.is_dataclass(rule):
        names = [field.name for field in dataclasses.fields(rule)]
    else:
        names = [name for name in held if not name.startswith("_")]
    return {name: held[name] for name in names if isinstance(held.get(name), _SAVED)}


def set_fields(rule: Any, saved: Any) -> Any:
    """A rule of the same class with the numbers that were saved; the same if nothing changed.

    Raises:
        DpyError: it was a rule of another class.

    >>> from dpy.optim import Momentum
    >>> set_fields(Momentum(0.5), ("Momentum", {"eta": 0.25, "rho": 0.9}))
    Momentum(eta=0.25, rho=0.9)
    """
    if fields_of_rule(rule) == saved:
        return rule
    name, fields = saved
    if name != type(rule).__name__:
        raise DpyError(
            f"the optimiser is {type(rule).__name__}, in the checkpoint {name}",
            repair="set it up with the rule that was saved",
        )
    if isinstance(rule, OptimiserChain):
        pairs = zip(rule.rules, fields, strict=True)
        return OptimiserChain(*(set_fields(inner, part) for inner, part in pairs))
    if isinstance(rule, MixedPrecision):
        return MixedPrecision(set_fields(rule.rule, fields[0]), rule.dtype)
    new = copy.copy(rule)
    new.__dict__.update(fields)
    return new
