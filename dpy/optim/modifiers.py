"""Modifiers: rules that change the gradient before another rule sees it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dpy.errors import DpyError, NonFiniteError
from dpy.optim.rule import Rule, replaced, rule

__all__ = [
    "AccumGrad", "ClipGrad", "ClipNorm", "MixedPrecision", "OptimiserChain", "SignDecay",
    "WeightDecay",
]  # fmt: skip


@rule
class WeightDecay(Rule):
    """Decay towards zero, an L2 penalty: ``g + lam * x``."""

    lam: float = 5e-4

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """The gradient of the loss and the penalty."""
        return None, dx + self.lam * x


@rule
class SignDecay(Rule):
    """Decay by a constant amount, an L1 penalty: ``g + lam * sign(x)``."""

    lam: float = 1e-3

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """The gradient of the loss and the penalty."""
        return None, dx + self.lam * np.sign(x)


@rule
class ClipGrad(Rule):
    """Each number of the gradient between ``-delta`` and ``delta``; of complex ones, the size."""

    delta: float = 10.0

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """The clipped gradient."""
        if dx.dtype.kind != "c":
            return None, np.clip(dx, -self.delta, self.delta)
        return None, dx * (self.delta / np.maximum(np.abs(dx), self.delta))


@rule
class ClipNorm(Rule):
    """The gradient of each array scaled so that its `p`-norm is at most `omega`.

    With `throw`, a norm that is not finite is an error.
    """

    omega: float = 10.0
    p: float = 2.0
    throw: bool = True

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """The scaled gradient."""
        norm = float(np.linalg.norm(dx.reshape(-1), self.p))
        if self.throw and not math.isfinite(norm):
            raise NonFiniteError(
                f"the gradient of an array of shape {x.shape} has the norm {norm}",
                why="ClipNorm can bring no such gradient to a finite length",
                repair="look for it with dpy.settings(check_finite=True), or pass throw=False",
            )
        return None, dx if norm <= self.omega else dx * (self.omega / norm)


@rule
class AccumGrad(Rule):
    """The mean of `n` gradients, in one step after each `n` of them."""

    n: int

    def init(self, x: Any) -> Any:
        """An empty sum, and how many gradients are in it."""
        return np.zeros_like(x), 0

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """None, until there are `n`."""
        total, count = state
        if count == 0:
            total[...] = 0
        total += dx / self.n
        count += 1
        if count >= self.n:
            return (total, 0), total
        return (total, count), None


class OptimiserChain(Rule):
    """Several rules, each applied to what the one before made of the gradient.

    >>> OptimiserChain(ClipGrad(1.0), WeightDecay(0.1))
    OptimiserChain(ClipGrad(delta=1.0), WeightDecay(lam=0.1))
    """

    def __init__(self, *rules: Any) -> None:
        self.rules = rules
        for inner in rules:
            if isinstance(inner, MixedPrecision):
                raise _not_outermost()

    def __repr__(self) -> str:
        return f"OptimiserChain({', '.join(map(repr, self.rules))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OptimiserChain) and self.rules == other.rules

    __hash__ = None  # type: ignore[assignment]

    def init(self, x: Any) -> Any:
        """A state for each rule."""
        return tuple(inner.init(x) for inner in self.rules)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One rule after the other, as long as there is a gradient."""
        states = list(state)
        for i, inner in enumerate(self.rules):
            if dx is None:
                break
            states[i], dx = inner.apply(states[i], x, dx)
        return tuple(states), dx

    def adjusted(self, fields: dict[str, Any]) -> Any:
        """The chain with other values in the fields of its rules."""
        return OptimiserChain(*(replaced(inner, fields) for inner in self.rules))


class MixedPrecision(Rule):
    """State and steps in `dtype` for models of fewer digits: each array has a copy in `dtype`.

    It stands outside of everything else: ``MixedPrecision(OptimiserChain(...))``.

    >>> MixedPrecision(ClipGrad(1.0), np.float64)
    MixedPrecision(ClipGrad(delta=1.0), float64)
    """

    def __init__(self, rule: Any, dtype: Any = np.float32) -> None:
        if not hasattr(rule, "apply"):  # the other order, MixedPrecision(np.float32, Adam())
            rule, dtype = dtype, rule
        if isinstance(rule, MixedPrecision):
            raise _not_outermost()
        self.rule = rule
        self.dtype = np.dtype(dtype)

    def __repr__(self) -> str:
        return f"MixedPrecision({self.rule!r}, {self.dtype})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, MixedPrecision)
            and self.rule == other.rule
            and self.dtype == other.dtype
        )

    __hash__ = None  # type: ignore[assignment]

    def init(self, x: Any) -> Any:
        """A copy of `x`, and the state for it."""
        copy = x.astype(self._type(x))
        return copy, self.rule.init(copy)

    def _type(self, x: Any) -> Any:
        return np.result_type(self.dtype, np.complex64) if x.dtype.kind == "c" else self.dtype

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """No step is made here: see `step`."""
        raise _not_outermost()

    def step(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """The next state, and the next `x` itself; None if it stays."""
        copy, inner = state
        inner, d = self.rule.apply(inner, copy, dx.astype(copy.dtype))
        if d is None:
            return (copy, inner), None
        copy -= d
        return (copy, inner), copy.astype(x.dtype)

    def adjusted(self, fields: dict[str, Any]) -> Any:
        """The same with other values in the fields of its rule."""
        return MixedPrecision(replaced(self.rule, fields), self.dtype)


def _not_outermost() -> DpyError:
    return DpyError(
        "MixedPrecision stands inside another rule",
        why="it keeps the array that is trained, of which there is one",
        repair="write MixedPrecision(OptimiserChain(...))",
    )
