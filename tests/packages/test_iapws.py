"""Gradients through the water properties of `iapws`."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import pytest

pytest.importorskip("iapws")

from iapws import IAPWS97, SeaWater, _iapws, iapws97

from dpy import check_gradient


def region1(T, P):
    state = IAPWS97(T=T, P=P)
    return state.h + 100 * state.s + state.cp + state.w / 10 + state.rho


def region2(T, P):
    state = IAPWS97(T=T, P=P)
    return state.h + 100 * state.s + state.v


def region3(T, P):
    return IAPWS97(T=T, P=P).h


def two_phase(P, x):
    state = IAPWS97(P=P, x=x)
    return state.h + state.Liquid.rho + state.Vapor.s


def backwards(P, h):
    return IAPWS97(P=P, h=h).T


def isentropic(P, s):
    return IAPWS97(P=P, s=s).h


def saturation(T):
    return iapws97._PSat_T(T) * 100 + iapws97._TSat_P(T / 400)


def ice(T, P):
    return _iapws._Ice(T, P)["rho"]


def melting(T):
    return _iapws._Melting_Pressure(T) + _iapws._Sublimation_Pressure(T)


def transport(rho, T):
    return _iapws._Viscosity(rho, T) * 1e3 + _iapws._ThCond(rho, T) + _iapws._Tension(T)


def dielectric(rho, T):
    return _iapws._Dielectric(rho, T)


def supercooled(T, P):
    state = _iapws._Liquid(T, P)
    return state["h"] + state["rho"]


def seawater(T, P, S):
    state = SeaWater(T=T, P=P, S=S)
    return state.rho + state.h


@pytest.mark.filterwarnings("ignore:Using extrapolated values")
@pytest.mark.parametrize(
    ("program", "args"),
    [
        (region1, (320.0, 2.5)),
        (region2, (620.0, 0.7)),
        (region3, (650.0, 25.0)),
        (two_phase, (1.0, 0.4)),
        (backwards, (3.0, 500.0)),
        (isentropic, (1.3, 6.9)),
        (saturation, (390.0,)),
        (ice, (260.0, 0.2)),
        (melting, (260.0,)),
        (transport, (990.0, 310.0)),
        (dielectric, (990.0, 310.0)),
        (supercooled, (265.0, 0.2)),
        (seawater, (300.0, 1.0, 0.04)),
    ],
)
def test_program(program, args):
    check_gradient(program, *args)
