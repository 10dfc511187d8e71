"""Gradients through `pyquaternion`."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pyquaternion")

from pyquaternion import Quaternion

from dpy import check_gradient


def rotated(angle, v):
    return Quaternion(axis=[1.0, 2.0, 0.5], angle=angle).rotate(v)[0]


def rotated_tuple(angle):
    return Quaternion(axis=(0.0, 0.6, 0.8), degrees=angle).rotate((0.3, 0.1, 0.7))[1]


def interpolated(a, t):
    p = Quaternion(axis=[1.0, 0.0, 0.0], angle=a)
    q = Quaternion(axis=[0.0, 1.0, 0.3], angle=2.0)
    return Quaternion.slerp(p, q, amount=t).rotation_matrix[0, 2]


def algebra(w, x, y, z):
    q = Quaternion(w, x, y, z)
    p = Quaternion(0.5, -0.2, 0.3, 0.9)
    r = (q * p - 0.3 * q.conjugate) / p + q.inverse + q**1.5
    return r.norm + r.real + r.vector[1]


def exponential(w, x, y, z):
    q = Quaternion(w, x, y, z)
    return Quaternion.exp(Quaternion.log(q) * 0.4).scalar + Quaternion.exp_map(q, q)[2]


def distances(angle):
    p, q = Quaternion(axis=[1, 0, 0], angle=angle), Quaternion(0.5, 0.5, 0.5, -0.5)
    return (
        Quaternion.distance(p, q)
        + Quaternion.absolute_distance(p, q)
        + Quaternion.sym_distance(p, q)
    )


def integrated(rate, q):
    q = Quaternion(q)
    for _ in range(3):
        q.integrate(rate, 0.1)
    return q.yaw_pitch_roll[0] + q.angle + q.axis[2]


def matrix(angle):
    c, s = np.cos(angle), np.sin(angle)
    q = Quaternion(matrix=np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]))
    return q.angle + q.degrees + q.transformation_matrix[0, 1]


def derivative(q, rate):
    return Quaternion(array=q).derivative(rate).vector.sum() + Quaternion(array=q).unit[1]


@pytest.mark.parametrize(
    ("program", "args"),
    [
        (rotated, (0.7, np.array([0.3, 0.2, 0.9]))),
        (rotated_tuple, (40.0,)),
        (interpolated, (0.7, 0.3)),
        (algebra, (0.7, 0.3, -0.2, 0.4)),
        (exponential, (0.7, 0.3, -0.2, 0.4)),
        (distances, (0.7,)),
        (integrated, (np.array([0.3, 0.2, 0.9]), np.array([0.6, 0.5, -0.4, 0.5]))),
        (matrix, (0.7,)),
        (derivative, (np.array([0.7, 0.3, -0.2, 0.4]), np.array([0.3, 0.2, 0.9]))),
    ],
)
def test_program(program, args):
    check_gradient(program, *args)
