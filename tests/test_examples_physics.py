"""The examples of simulations with something to be learnt in them, at small size."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from examples import neural_ode, neural_sde, raytracer, trebuchet, vqe


def test_neural_ode_follows_the_spiral(tmp_path) -> None:
    run = neural_ode.main(quick=True, show=False, out=tmp_path)
    assert np.mean(run.losses[-10:]) < run.losses[0] / 4
    assert run.picture is None or run.picture.stat().st_size > 1000
    fine = neural_ode.solve(neural_ode.spiral, np.array([2.0, 0.0]), 120, 0.0125)
    coarse = neural_ode.solve(neural_ode.spiral, np.array([2.0, 0.0]), 30, 0.05)
    np.testing.assert_allclose(coarse[-1], fine[-1], atol=2e-2)


def test_shots_without_air_follow_the_formula(monkeypatch) -> None:
    monkeypatch.setattr(trebuchet, "DRAG", 0.0)
    angle, weight = np.array([0.3, 0.7]), np.array([200.0, 500.0])
    expected = 2 * weight * np.sin(2 * angle) / trebuchet.GRAVITY
    np.testing.assert_allclose(trebuchet.shoot(3.0, angle, weight), expected, rtol=1e-12)


def test_trebuchet_learns_to_aim() -> None:
    dpy.check_gradient(
        lambda angle, weight: np.sum(trebuchet.shoot(2.0, angle, weight)),
        np.array([0.4, 0.8]),
        np.array([300.0, 450.0]),
    )
    run = trebuchet.main(quick=True, show=False, out=None)
    assert np.mean(run.losses[-10:]) < 0.1 * run.losses[0]


def test_the_light_is_found() -> None:
    truth = raytracer.render(raytracer.TRUE_LIGHT, 8)
    assert truth.shape == (8, 8, 3) and truth.max() > 0.3
    dpy.check_gradient(
        lambda light: np.mean((raytracer.render(light, 8) - truth) ** 2), raytracer.START
    )
    result = raytracer.main(quick=True, show=False, out=None)
    assert result.losses[-1] < 1e-3 * result.losses[0]


def test_circuits_are_unitary_and_find_the_ground_state() -> None:
    angles = np.random.default_rng(0).uniform(-2, 2, (2, 4, 3))
    assert np.linalg.norm(vqe.state_of(angles)) == pytest.approx(1, abs=1e-12)
    h = vqe.hamiltonian()
    assert vqe.ground_energy() == pytest.approx(-8)
    dpy.check_gradient(lambda angles: vqe.energy(angles, h), angles[:1])
    result = vqe.main(quick=True, show=False, out=None)
    assert result.losses[-1] == pytest.approx(result.exact, abs=0.1)


def test_neural_sde_learns_the_moments() -> None:
    run = neural_sde.main(quick=True, show=False, out=None)
    assert np.mean(run.losses[-10:]) < 0.05 * run.losses[0]
