"""Gradients through the pure Python propagator of `sgp4`."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import pytest

pytest.importorskip("sgp4")

from sgp4.api import Satrec as CompiledSatrec
from sgp4.model import WGS72, WGS84, Satrec

import dpy
from dpy import check_gradient

NEAR = (
    "1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991",
    "2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482",
)
DEEP = (  # 12 hours, resonant
    "1 08195U 75081A   06176.33215444  .00000099  00000-0  11873-3 0   813",
    "2 08195  64.1586 279.0717 6877146 264.7651  20.2257  2.00491383225656",
)
SYNCHRONOUS = (
    "1 09880U 77021A   06176.56157475  .00000421  00000-0  10000-3 0  9814",
    "2 09880  64.5968 349.3786 7069051 270.0229  16.3320  2.00813614112380",
)


@pytest.mark.parametrize("lines", [NEAR, DEEP, SYNCHRONOUS])
def test_time(lines):
    satellite = Satrec.twoline2rv(*lines)

    def height(fraction):
        error, r, v = satellite.sgp4(satellite.jdsatepoch, fraction)
        assert error == 0
        return r[0] * v[1] + r[2] * v[0] + 0.1 * r[1]

    check_gradient(height, 0.73)


@pytest.mark.parametrize("lines", [NEAR, DEEP])
def test_from_lines_inside(lines):
    def place(fraction):
        satellite = Satrec.twoline2rv(*lines, WGS84)
        return satellite.sgp4(satellite.jdsatepoch, fraction)[1][0]

    check_gradient(place, 0.9)


@pytest.mark.parametrize(
    "mean_motion, eccentricity", [(0.0472294454407, 0.1859667), (0.00874854701963, 0.7069051)]
)
def test_elements(mean_motion, eccentricity):
    def place(bstar, ecco, argpo, inclo, mo, no_kozai, nodeo):
        satellite = Satrec()
        satellite.sgp4init(WGS72, "i", 5, 18441.785, bstar, 0.0, 0.0, ecco, argpo, inclo, mo,
                           no_kozai, nodeo)  # fmt: skip
        error, r, v = satellite.sgp4_tsince(300.0)
        return (r[0] + 2 * r[1] - r[2]) / 1000 + v[2]

    check_gradient(place, 2.8098e-05, eccentricity, 5.790416027488515, 0.5980929187319208,
                   0.3373093125574321, mean_motion, 6.08638547138321)  # fmt: skip


def test_arrays():
    import numpy as np

    satellite = Satrec.twoline2rv(*NEAR)

    def speed(fr):
        jd = np.full(len(fr), satellite.jdsatepoch)
        error, r, v = satellite.sgp4_array(jd, fr)
        return (r * v).sum()

    check_gradient(speed, np.array([0.7, 0.8, 0.95]))


def test_the_compiled_one_has_no_adjoint():
    satellite = CompiledSatrec.twoline2rv(*NEAR)

    def place(fraction):
        return satellite.sgp4(satellite.jdsatepoch, fraction)[1][0]

    with pytest.raises(dpy.NoAdjointError, match="sgp4"):
        dpy.gradient(place, 0.7)
