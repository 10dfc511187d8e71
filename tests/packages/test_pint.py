"""Gradients through quantities of `pint`."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pint")

import pint

from dpy import check_gradient

ureg = pint.UnitRegistry()


def speed(metres, seconds):
    v = metres * ureg.metre / (seconds * ureg.second)
    return v.to("kilometre / hour").magnitude


def energy(m, v):
    e = 0.5 * ureg.Quantity(m, "kg") * (v * ureg("m/s")) ** 2
    return e.to(ureg.kilojoule).m + e.m_as("Wh")


def added(a, b):
    total = ureg.Quantity(a, "inch") + ureg.Quantity(b, "cm") - 2 * ureg.mm
    return total.to_base_units().magnitude + abs(-total).magnitude


def temperature(t):
    return ureg.Quantity(t, "degF").to("kelvin").m + ureg.Quantity(t, ureg.degC).to("degF").m


def arrays(x, k):
    q = x * ureg.m
    area = (q**2).sum()
    return (area * k / ureg.s).to("cm**2/minute").magnitude + np.mean(q).to("km").magnitude


def functions(x):
    angle = ureg.Quantity(x, "degree")
    return np.sin(angle).magnitude + np.sqrt(ureg.Quantity(x, "m**2")).to("mm").m


def compared(a, b):
    p, q = ureg.Quantity(a, "m"), ureg.Quantity(b, "ft")
    return max(p, q).to("m").m + (p / q).to_reduced_units().m_as("dimensionless")


def wrapped(v):
    @ureg.wraps("m", ("m/s", "s"))
    def distance(speed, time):
        return speed * time**2

    return distance(v * ureg("km/h"), 3 * ureg.s).m


def in_place(a):
    q = ureg.Quantity(np.array([a, 2 * a]), "m")
    q += 3 * ureg.cm
    q *= 2
    q.ito("cm")
    return q[0].m * q.m[1]


def spectroscopy(wavelength):
    return ureg.Quantity(wavelength, "nm").to("THz", "spectroscopy").m


@pytest.mark.parametrize(
    ("program", "args"),
    [
        (speed, (3.0, 2.0)),
        (energy, (3.0, 2.0)),
        (added, (3.0, 2.0)),
        (temperature, (31.0,)),
        (arrays, (np.array([1.0, 2.0, 0.3]), 0.7)),
        (functions, (31.0,)),
        (compared, (1.0, 2.0)),
        (wrapped, (31.0,)),
        (in_place, (1.5,)),
        (spectroscopy, (531.0,)),
    ],
)
def test_program(program, args):
    check_gradient(program, *args)
