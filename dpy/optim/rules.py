"""The rules: how far each step goes, given the gradient and what was before.

The formulas are those of Optimisers.jl; each class states its own. `g` is the gradient, ``x -= d``
the step. States are written to in place. For complex numbers, squares are those of absolute values.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dpy.errors import DpyError
from dpy.optim.rule import Rule, guarded, real_filled, rule, scalar

__all__ = [
    "AMSGrad", "AdaBelief", "AdaDelta", "AdaGrad", "AdaMax", "Adam", "AdamW", "Descent", "Lion",
    "Momentum", "NAdam", "Nesterov", "OAdam", "RAdam", "RMSProp", "Rprop",
]  # fmt: skip

_BETA = (0.9, 0.999)


def _square(g: Any) -> Any:
    if g.dtype.kind != "c":
        return g * g
    return g.real**2 + g.imag**2


def _array(y: Any) -> Any:
    """`y`, as something that can be written to: sums of arrays without axes are numbers."""
    return np.asarray(y) if isinstance(y, np.generic) else y


def _decay(average: Any, beta: float, new: Any) -> Any:
    """``average = beta * average + (1 - beta) * new`` in place."""
    average *= scalar(beta, average)
    average += scalar(1 - beta, average) * new
    return average


@rule
class Descent(Rule):
    """Gradient descent: ``d = eta * g``.

    >>> Descent(0.5).apply(None, np.ones(1), np.array([3.0]))
    (None, array([1.5]))
    """

    eta: float = 0.1

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        return None, dx * scalar(self.eta, dx)


@rule
class Momentum(Rule):
    """Descent with momentum: ``v = rho * v + eta * g; d = v``."""

    eta: float = 0.01
    rho: float = 0.9

    def init(self, x: Any) -> Any:
        """No velocity."""
        return np.zeros_like(x)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        state *= scalar(self.rho, state)
        state += dx * scalar(self.eta, dx)
        return state, state


@rule
class Nesterov(Rule):
    """Momentum that looks ahead: ``v' = rho*v - eta*g; d = -rho*v' + eta*g``.

    That is ``d = -rho**2 * v + (1 + rho) * eta * g`` with the old velocity ``v``.
    """

    eta: float = 0.001
    rho: float = 0.9

    def init(self, x: Any) -> Any:
        """No velocity."""
        return np.zeros_like(x)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        step = dx * scalar(self.eta, dx)
        rho = scalar(self.rho, state)
        state *= rho
        d = step * scalar(1 + self.rho, dx) - state * rho
        state -= step
        return state, d


@rule
class Rprop(Rule):
    """Resilient descent, by signs alone: each number has a step size of its own.

    The size grows by ``ell[1]`` while the sign stays and shrinks by ``ell[0]`` where it turns,
    within the bounds `gamma`; where it turns, no step is made.
    """

    eta: float = 0.001
    ell: tuple[float, float] = (0.5, 1.2)
    gamma: tuple[float, float] = (1e-6, 50.0)

    def init(self, x: Any) -> Any:
        """No gradient, and the first step size."""
        if x.dtype.kind == "c":
            raise DpyError(
                "Rprop goes by the signs of gradients, and complex numbers have none",
                repair="take another rule, or train real and imaginary parts",
            )
        return np.zeros_like(x), np.full_like(x, self.eta)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        last, sizes = state
        turned = np.sign(last) * np.sign(dx)
        sizes *= np.where(turned > 0, self.ell[1], np.where(turned < 0, self.ell[0], 1.0))
        np.clip(sizes, *self.gamma, out=sizes)
        last[...] = np.where(turned < 0, 0, dx)
        return state, sizes * np.sign(last)


@rule
class RMSProp(Rule):
    """Steps divided by the root of a mean of squares.

    ``q = rho*q + (1-rho)*g**2; d = eta*g / (sqrt(q) + epsilon)``. `centred` takes the variance in
    place of `q`: less the square of the running mean.
    """

    eta: float = 0.001
    rho: float = 0.9
    epsilon: float = 1e-8
    centred: bool = False

    def init(self, x: Any) -> Any:
        """Means of zero."""
        return real_filled(x, 0.0), np.zeros_like(x) if self.centred else None

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        squares, mean = state
        _decay(squares, self.rho, _square(dx))
        spread = squares
        if mean is not None:
            _decay(mean, self.rho, dx)
            spread = np.maximum(squares - _square(mean), 0)
        return state, dx / (np.sqrt(spread) + guarded(self.epsilon, x)) * self.eta


class _WithMoments(Rule):
    """What rules share that keep means of gradients and of their squares."""

    eta: float
    beta: tuple[float, float]
    epsilon: float

    def init(self, x: Any) -> Any:
        """Means of zero, and the powers of beta."""
        return np.zeros_like(x), real_filled(x, 0.0), tuple(self.beta)

    def _moments(self, m: Any, v: Any, dx: Any) -> Any:
        """Move both means in place; the two arrays that were needed for it can be used again."""
        b1, b2 = self.beta
        first = dx * scalar(1 - b1, dx)
        second = dx * dx if dx.dtype.kind == "f" else _square(dx)
        if not dx.ndim:
            first, second = _array(first), _array(second)
        m *= scalar(b1, m)
        m += first
        second *= scalar(1 - b2, v)
        v *= scalar(b2, v)
        v += second
        return first, second

    def _adam(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        m, v, (p1, p2) = state
        b1, b2 = self.beta
        d, root = self._moments(m, v, dx)
        np.multiply(v, scalar(1 / (1 - p2), v), root)
        np.sqrt(root, root)
        root += scalar(self.epsilon if x.itemsize > 2 else guarded(self.epsilon, x), v)
        np.divide(m, root, d)  # before the rate: float16 has few small numbers
        d *= scalar(self.eta / (1 - p1), m)
        return (m, v, (p1 * b1, p2 * b2)), d


@rule
class Adam(_WithMoments):
    """Adam: means of gradients and squares, both corrected for having started at zero.

    ``m = b1*m + (1-b1)*g; v = b2*v + (1-b2)*g**2``;
    ``d = eta * (m / (1 - b1**t)) / (sqrt(v / (1 - b2**t)) + epsilon)``.

    >>> state, d = Adam().apply(Adam().init(np.ones(1)), np.ones(1), np.array([0.5]))
    >>> float(d[0])
    0.00099999998...
    """

    eta: float = 0.001
    beta: tuple[float, float] = _BETA
    epsilon: float = 1e-8

    apply = _WithMoments._adam


@rule
class AdamW(_WithMoments):
    """Adam with decay of the weights: ``d = eta * (adam + lam * x)``.

    With ``couple=False``, ``d = eta * adam + lam * x``.
    """

    eta: float = 0.001
    beta: tuple[float, float] = _BETA
    lam: float = 0.0
    epsilon: float = 1e-8
    couple: bool = True

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        state, d = self._adam(state, x, dx)
        d += x * scalar(self.eta * self.lam if self.couple else self.lam, x)
        return state, d


@rule
class RAdam(Adam):
    """Adam whose division by the squares waits until they are known well enough."""

    def init(self, x: Any) -> Any:
        """As for Adam, and the number of the step."""
        return (*super().init(x), 1)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        m, v, (p1, p2), t = state
        b1, b2 = self.beta
        self._moments(m, v, dx)
        longest = 2 / (1 - b2) - 1
        length = longest - 2 * t * p2 / (1 - p2)
        d = m / (1 - p1)
        if length > 4:
            rectified = (length - 4) * (length - 2) * longest
            rectified /= (longest - 4) * (longest - 2) * length
            d = d / (np.sqrt(v / (1 - p2)) + guarded(self.epsilon, x)) * math.sqrt(rectified)
        return (m, v, (p1 * b1, p2 * b2), t + 1), d * self.eta


@rule
class AdaMax(Adam):
    """Adam by the greatest gradient: ``u = max(b2*u, |g|); d = eta/(1-b1**t) * m/(u+epsilon)``."""

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        m, u, (p1, p2) = state
        b1, b2 = self.beta
        _decay(m, b1, dx)
        u *= b2
        np.maximum(u, np.abs(dx), out=u)
        d = m / (u + guarded(self.epsilon, x)) * (self.eta / (1 - p1))
        return (m, u, (p1 * b1, p2 * b2)), d


@rule
class OAdam(Adam):
    """Optimistic Adam, for games: twice this step less the last one."""

    beta: tuple[float, float] = (0.5, 0.9)

    def init(self, x: Any) -> Any:
        """As for Adam, and no last step."""
        return (*super().init(x), np.zeros_like(x))

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        inner, step = self._adam(state[:3], x, dx)
        d = 2 * step - state[3]
        return (*inner, step), d


@rule
class NAdam(Adam):
    """Adam that looks ahead, as Nesterov does."""

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        m, v, (p1, p2) = state
        b1, b2 = self.beta
        self._moments(m, v, dx)
        ahead = (b1 / (1 - b1 * p1)) * m + ((1 - b1) / (1 - p1)) * dx
        d = ahead / (np.sqrt(v * (b2 / (1 - p2))) + guarded(self.epsilon, x)) * self.eta
        return (m, v, (p1 * b1, p2 * b2)), d


@rule
class AdaBelief(Adam):
    """Adam by the variance about the running mean, ``(g - m)**2``, in place of the squares."""

    epsilon: float = 1e-16

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        m, s, (p1, p2) = state
        b1, b2 = self.beta
        epsilon = guarded(self.epsilon, x)
        _decay(m, b1, dx)
        _decay(s, b2, _square(dx - m))
        s += epsilon
        d = m / (np.sqrt(s / (1 - p2)) + epsilon) * (self.eta / (1 - p1))
        return (m, s, (p1 * b1, p2 * b2)), d


@rule
class AMSGrad(Adam):
    """Adam by the greatest mean of squares so far, without corrections."""

    def init(self, x: Any) -> Any:
        """All three as small as can be divided by."""
        start = guarded(self.epsilon, x)
        return np.full_like(x, start), real_filled(x, start), real_filled(x, start)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        m, v, greatest = state
        self._moments(m, v, dx)
        np.maximum(greatest, v, out=greatest)
        return state, m / (np.sqrt(greatest) + guarded(self.epsilon, x)) * self.eta


@rule
class Lion(Rule):
    """Steps of one size by the sign of a mean: ``d = eta * sign(b1*m + (1-b1)*g)``.

    This is the published rule (Chen et al., 2023): the mean that the sign is taken of is the old
    one, which then becomes ``m = b2*m + (1-b2)*g``. Optimisers.jl has the weights exchanged.
    """

    eta: float = 0.001
    beta: tuple[float, float] = _BETA

    def init(self, x: Any) -> Any:
        """A mean of zero."""
        return np.zeros_like(x)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        b1, b2 = self.beta
        d = self.eta * np.sign(b1 * state + (1 - b1) * dx)
        return _decay(state, b2, dx), d


@rule
class AdaGrad(Rule):
    """Steps divided by the root of all squares: ``a += g**2; d = eta*g/(sqrt(a)+epsilon)``."""

    eta: float = 0.1
    epsilon: float = 1e-8

    def init(self, x: Any) -> Any:
        """A sum that can be divided by."""
        return real_filled(x, guarded(self.epsilon, x))

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        state += _square(dx)
        return state, dx / (np.sqrt(state) + guarded(self.epsilon, x)) * self.eta


@rule
class AdaDelta(Rule):
    """Steps as long as the earlier ones were, without a rate.

    ``a = rho*a + (1-rho)*g**2; d = g*sqrt(e+epsilon)/sqrt(a+epsilon); e = rho*e + (1-rho)*d**2``.
    """

    rho: float = 0.9
    epsilon: float = 1e-8

    def init(self, x: Any) -> Any:
        """Means of zero."""
        return real_filled(x, 0.0), real_filled(x, 0.0)

    def apply(self, state: Any, x: Any, dx: Any) -> tuple[Any, Any]:
        """One step."""
        squares, steps = state
        epsilon = guarded(self.epsilon, x)
        _decay(squares, self.rho, _square(dx))
        d = dx * (np.sqrt(steps + epsilon) / np.sqrt(squares + epsilon))
        _decay(steps, self.rho, _square(d))
        return state, d
