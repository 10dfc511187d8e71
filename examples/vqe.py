"""A variational quantum eigensolver: the ground state of four spins by gradient descent.

After Zygote's paper: three layers of rotations and controlled flips, as complex vectors,
and the energy of Heisenberg's chain as the loss.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.optim import Adam, setup, update_
from examples.support import picture

__all__ = ["Result", "energy", "ground_energy", "hamiltonian", "main", "search", "state_of"]

X = np.array([[0, 1], [1, 0]], complex)
Y = np.array([[0, -1j], [1j, 0]])
Z = np.array([[1, 0], [0, -1]], complex)


def on_pair(a: np.ndarray, b: np.ndarray, first: int, sites: int) -> np.ndarray:
    """Two operators on neighbouring sites of a ring."""
    parts = [np.eye(2, dtype=complex)] * sites
    parts[first], parts[(first + 1) % sites] = a, b
    found = parts[0]
    for part in parts[1:]:
        found = np.kron(found, part)
    return found


def hamiltonian(sites: int = 4) -> np.ndarray:
    """Heisenberg's ring of spins."""
    return sum(on_pair(p, p, i, sites) for i in range(sites) for p in (X, Y, Z))


def ground_energy(sites: int = 4) -> float:
    """By diagonalisation."""
    return float(np.linalg.eigvalsh(hamiltonian(sites))[0])


def rotated(state: Any, site: int, angles: Any) -> Any:
    """The state after a rotation of one spin: about Z, about Y, about Z."""
    a, b, c = angles[0], angles[1], angles[2]
    cos, sin = np.cos(b / 2), np.sin(b / 2)
    gate = np.array(
        [
            [np.exp(-0.5j * (a + c)) * cos, -np.exp(0.5j * (a - c)) * sin],
            [np.exp(-0.5j * (a - c)) * sin, np.exp(0.5j * (a + c)) * cos],
        ]
    )
    return np.moveaxis(np.tensordot(gate, state, axes=(1, site)), 0, site)


def flipped(state: Any, control: int, site: int) -> Any:
    """The state after a flip of one spin where another is down."""
    down = np.zeros(2)
    down[1] = 1.0
    shape = [1] * state.ndim
    shape[control] = 2
    where = down.reshape(shape)
    return (1 - where) * state + where * np.flip(state, axis=site)


def state_of(angles: Any, sites: int = 4) -> Any:
    """The state that a circuit with these angles makes: ``(layers, sites, 3)``."""
    state = np.zeros((2,) * sites, complex)
    state[(0,) * sites] = 1.0
    for layer in angles:
        for site in range(sites):
            state = rotated(state, site, layer[site])
        for site in range(sites):
            state = flipped(state, site, (site + 1) % sites)
    return state.reshape(-1)


def energy(angles: Any, h: np.ndarray) -> Any:
    """The mean energy of the state."""
    state = state_of(angles)
    return np.real(np.vdot(state, h @ state))


@dataclass
class Result:
    """The angles that were found, the energy of each step, and the least there is."""

    angles: np.ndarray
    losses: list[float] = field(default_factory=list)
    exact: float = 0.0
    picture: Path | None = None


def search(steps: int, layers: int = 3, seed: int = 1) -> Result:
    """Adam with a rate of 0.1."""
    h = hamiltonian()
    result = Result(np.random.default_rng(seed).uniform(-1, 1, (layers, 4, 3)))
    result.exact = ground_energy()
    state = setup(Adam(0.1), result.angles)

    def loss(angles: np.ndarray) -> float:
        return energy(angles, h)

    for _ in range(steps):
        value, grads = dpy.value_and_gradient(loss, result.angles)
        state, result.angles = update_(state, result.angles, *grads)
        result.losses.append(float(value))
    return result


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Result:
    """Search, and draw how the energy falls."""
    result = search(120 if quick else 200)

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.plot(result.losses, label="energy of the circuit")
        axes.axhline(result.exact, color="black", linewidth=0.5, label="ground state")
        axes.set(xlabel="step")
        axes.legend()

    result.picture = picture("vqe.png", out, draw, figsize=(5, 4))
    if show:
        print(f"energy {result.losses[-1]:.4f}, exact {result.exact:.4f}")
    return result


if __name__ == "__main__":
    main()
