"""What rules have in common, apart from their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dpy.optim import Rule, rule
from dpy.optim.rule import guarded, real_filled, replaced


@rule
class Halved(Rule):
    eta: float = 1.0
    lam: int = 2

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        return state, self.eta * dx / self.lam


def test_fields_in_greek() -> None:
    assert Halved(η=3.0, λ=4) == Halved(3.0, 4)
    assert repr(Halved()) == "Halved(eta=1.0, lam=2)" and Halved().init(np.ones(1)) is None
    with pytest.raises(NotImplementedError):
        Rule().apply(None, np.ones(1), np.ones(1))


def test_fields_that_are_not_there_are_ignored() -> None:
    old = Halved()
    assert replaced(old, {"eta": 2.0, "rho": 3.0}) == Halved(2.0) and old == Halved()
    plain = object()
    assert replaced(plain, {"eta": 2.0}) is plain


def test_help_for_arrays() -> None:
    half = np.ones(1, np.float16)
    assert guarded(1e-8, half) == 1e-7 and guarded(0.0, half) == 0.0 and guarded(1e-3, half) == 1e-3
    assert real_filled(np.ones(2, np.complex64), 1.5).dtype == np.float32
