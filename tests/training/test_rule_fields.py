"""The numbers in rules."""

from __future__ import annotations

from typing import Any

import pytest

import dpy
from dpy import optim
from dpy.training.rule_fields import fields_of_rule, set_fields


class Own:
    def __init__(self, eta: float) -> None:
        self.eta, self.names, self._hidden = eta, ["a"], 3


def test_nested_rules() -> None:
    def make(eta: float, delta: float) -> Any:
        return optim.MixedPrecision(optim.OptimiserChain(optim.ClipGrad(delta), optim.Adam(eta)))

    old, new = make(0.1, 2.0), make(0.2, 3.0)
    saved = fields_of_rule(new)
    assert set_fields(old, saved) == new and old == make(0.1, 2.0)
    assert set_fields(new, saved) is new


def test_rules_of_other_classes() -> None:
    assert fields_of_rule(Own(0.1)) == ("Own", {"eta": 0.1})
    assert set_fields(Own(0.1), ("Own", {"eta": 0.5})).eta == 0.5
    with pytest.raises(dpy.DpyError, match="the optimiser is Adam, in the checkpoint Momentum"):
        set_fields(optim.Adam(), fields_of_rule(optim.Momentum()))
