"""Gradients through `filterpy`: Kalman filters and their relatives."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("filterpy")

from filterpy.common import (
    Q_continuous_white_noise,
    Q_discrete_white_noise,
    van_loan_discretization,
)
from filterpy.gh import GHFilter
from filterpy.kalman import (
    CubatureKalmanFilter,
    ExtendedKalmanFilter,
    FadingKalmanFilter,
    FixedLagSmoother,
    IMMEstimator,
    InformationFilter,
    JulierSigmaPoints,
    KalmanFilter,
    MerweScaledSigmaPoints,
    SimplexSigmaPoints,
    SquareRootKalmanFilter,
    UnscentedKalmanFilter,
)
from filterpy.leastsq import LeastSquaresFilter
from filterpy.memory import FadingMemoryFilter

from dpy import check_gradient

MEASURED = [1.1, 1.9, 3.2, 3.8, 5.1]


def constant_velocity(noise, measurement_noise):
    kf = KalmanFilter(dim_x=2, dim_z=1)
    kf.x = np.array([[0.0], [1.0]])
    kf.F = np.array([[1.0, 1.0], [0.0, 1.0]])
    kf.H = np.array([[1.0, 0.0]])
    kf.P *= 10.0
    kf.R *= measurement_noise
    kf.Q = Q_discrete_white_noise(dim=2, dt=1.0, var=noise)
    return kf


def kalman(noise, measurement_noise):
    kf = constant_velocity(noise, measurement_noise)
    total = 0.0
    for z in MEASURED:
        kf.predict()
        kf.update(z)
        total += (kf.x[0, 0] - z) ** 2 + kf.P[1, 1]
    return total


def kalman_likelihood(noise, measurement_noise):
    kf = constant_velocity(noise, measurement_noise)
    total = 0.0
    for z in MEASURED:
        kf.predict()
        kf.update(z)
        total += kf.log_likelihood
    return total


def kalman_batch(noise, measurements):
    kf = constant_velocity(noise, 2.0)
    means, covariances, _, _ = kf.batch_filter(measurements)
    smoothed, _, _, _ = kf.rts_smoother(means, covariances)
    return smoothed[1, 0, 0] + covariances.sum()


def kalman_steady(noise, z):
    kf = constant_velocity(noise, 2.0)
    for _ in range(3):
        kf.predict()
        kf.update(np.array([[z]]))
    kf.predict_steadystate()
    kf.update_steadystate(np.array([[z]]))
    return kf.x[0, 0] + kf.mahalanobis


def f_cv(x, dt):
    return np.array([x[0] + x[1] * dt, x[1] - 0.1 * np.sin(x[0]) * dt])


def h_cv(x):
    return np.array([np.hypot(x[0], 1.0)])


def unscented(points):
    def run(noise, alpha, z):
        ukf = UnscentedKalmanFilter(
            dim_x=2, dim_z=1, dt=0.5, hx=h_cv, fx=f_cv, points=points(alpha)
        )
        ukf.x = np.array([0.5, 1.0])
        ukf.P *= 0.2
        ukf.R *= 0.3
        ukf.Q = Q_discrete_white_noise(dim=2, dt=0.5, var=noise)
        for k in range(3):
            ukf.predict()
            ukf.update(np.array([z + 0.3 * k]))
        return ukf.x.sum() + ukf.P[0, 0] + ukf.log_likelihood

    return run


def merwe(alpha):
    return MerweScaledSigmaPoints(2, alpha=alpha, beta=2.0, kappa=1.0)


def julier(kappa):
    return JulierSigmaPoints(2, kappa=kappa)


def simplex(alpha):
    return SimplexSigmaPoints(2, alpha=alpha)


def unscented_batch(noise):
    ukf = UnscentedKalmanFilter(dim_x=2, dim_z=1, dt=0.5, hx=h_cv, fx=f_cv, points=merwe(0.6))
    ukf.Q = Q_discrete_white_noise(dim=2, dt=0.5, var=noise)
    means, covariances = ukf.batch_filter(np.array([1.1, 1.3, 1.7]))
    smoothed, P, K = ukf.rts_smoother(means, covariances)
    return smoothed.sum() + P[0, 0, 0]


def extended(noise, speed):
    def jacobian(x):
        return np.array([[x[0, 0] / np.hypot(x[0, 0], 2.0), 0.0]])

    def measure(x):
        return np.array([[np.hypot(x[0, 0], 2.0)]])

    ekf = ExtendedKalmanFilter(dim_x=2, dim_z=1)
    ekf.x = np.array([[1.0], [speed]])
    ekf.F = np.array([[1.0, 0.5], [0.0, 1.0]])
    ekf.R *= 0.5
    ekf.Q *= noise
    for z in MEASURED:
        ekf.update(np.array([[z]]), jacobian, measure)
        ekf.predict()
    return ekf.x[0, 0] + ekf.P[0, 1]


def cubature(noise, z):
    ckf = CubatureKalmanFilter(dim_x=2, dim_z=1, dt=0.5, hx=h_cv2, fx=f_cv2)
    ckf.Q *= noise
    for _ in range(2):
        ckf.predict()
        ckf.update(np.array([[z]]))
    return ckf.x[0, 0] + ckf.P[1, 1]


def f_cv2(x, dt):
    return np.array([x[0] + x[1] * dt, x[1] - 0.1 * np.sin(x[0]) * dt])


def h_cv2(x):
    return np.array([np.hypot(x[0], 1.0)])


def square_root(noise, z):
    kf = SquareRootKalmanFilter(dim_x=2, dim_z=1)
    kf.F = np.array([[1.0, 1.0], [0.0, 1.0]])
    kf.H = np.array([[1.0, 0.0]])
    kf.Q = Q_discrete_white_noise(dim=2, dt=1.0, var=noise) + 0.1 * np.eye(2)
    kf.R = 2.0
    for _ in range(3):
        kf.predict()
        kf.update(z)
    return kf.x[0, 0] + kf.P[0, 0]


def information(noise, z):
    f = InformationFilter(dim_x=2, dim_z=1)
    f.x = np.array([[0.0], [1.0]])
    f.F = np.array([[1.0, 1.0], [0.0, 1.0]])
    f.H = np.array([[1.0, 0.0]])
    f.Q = Q_discrete_white_noise(dim=2, dt=1.0, var=noise)
    for _ in range(3):
        f.predict()
        f.update(z)
    return f.x[0, 0] + f.P_inv[0, 0]


def fading(alpha, z):
    kf = FadingKalmanFilter(alpha, dim_x=2, dim_z=1)
    kf.F = np.array([[1.0, 1.0], [0.0, 1.0]])
    kf.H = np.array([[1.0, 0.0]])
    for _ in range(3):
        kf.predict()
        kf.update(z)
    return kf.x[0, 0] + kf.P[0, 0]


def fixed_lag(noise, z):
    smoother = FixedLagSmoother(dim_x=2, dim_z=1, N=3)
    smoother.x = np.array([[0.0], [1.0]])
    smoother.F = np.array([[1.0, 1.0], [0.0, 1.0]])
    smoother.H = np.array([[1.0, 0.0]])
    smoother.Q = smoother.Q * noise
    for k in range(6):
        smoother.smooth(z * k)
    return sum(x[0, 0] for x in smoother.xSmooth)


def multiple_models(noise, z):
    slow, quick = constant_velocity(noise, 1.0), constant_velocity(10 * noise, 1.0)
    imm = IMMEstimator([slow, quick], (0.5, 0.5), np.array([[0.97, 0.03], [0.05, 0.95]]))
    for k in range(3):
        imm.predict()
        imm.update(np.array([[z * k]]))
    return imm.x[0, 0] + imm.mu[0]


def discretized(noise, dt):
    Q = Q_continuous_white_noise(dim=3, dt=dt, spectral_density=noise)
    phi, q = van_loan_discretization(np.array([[0.0, 1.0], [-noise, 0.0]]), np.ones((2, 1)), dt)
    return Q.sum() + phi[0, 1] + q[1, 1]


def g_h(g, h):
    f = GHFilter(x=0.0, dx=1.0, dt=1.0, g=g, h=h)
    return sum(f.update(z)[0] for z in MEASURED)


def fading_memory(beta):
    f = FadingMemoryFilter([0.0, 1.0], 1.0, 1, beta)
    for z in MEASURED:
        f.update(z)
    return f.x[0] + f.x[1]


def least_squares(z):
    f = LeastSquaresFilter(dt=1.0, order=1)
    for k in range(4):
        f.update(z * k + k * k)
    return f.x[0] + f.x[1]


@pytest.mark.filterwarnings("ignore:Use KalmanFilter class instead")
@pytest.mark.parametrize(
    ("program", "args"),
    [
        (kalman, (0.3, 2.0)),
        (kalman_likelihood, (0.3, 2.0)),
        (kalman_batch, (0.3, np.array(MEASURED))),
        (kalman_steady, (0.3, 1.7)),
        (unscented(merwe), (0.3, 0.7, 1.2)),
        (unscented(julier), (0.3, 0.7, 1.2)),
        (unscented(simplex), (0.3, 0.7, 1.2)),
        (unscented_batch, (0.3,)),
        (extended, (0.3, 0.8)),
        (cubature, (0.3, 1.4)),
        (square_root, (0.3, 1.4)),
        (information, (0.3, 1.4)),
        (fading, (1.02, 1.4)),
        (fixed_lag, (0.3, 1.4)),
        (multiple_models, (0.3, 1.4)),
        (discretized, (0.3, 0.8)),
        (g_h, (0.8, 0.2)),
        (fading_memory, (0.7,)),
        (least_squares, (1.3,)),
    ],
)
def test_program(program, args):
    check_gradient(program, *args)
