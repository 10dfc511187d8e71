"""Gradients through the correlations of `fluids`."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import pytest

pytest.importorskip("fluids")

import fluids
import fluids.numerics

from dpy import check_gradient


def friction(Re, eD):
    return (
        fluids.friction_factor(Re=Re, eD=eD) + fluids.Moody(Re, eD)
        if 0
        else fluids.friction_factor(Re=Re, eD=eD)
    )


def colebrook(Re, eD):
    return fluids.friction.Colebrook(Re, eD)


def laminar(Re):
    return fluids.friction_factor(Re=Re)


def standard_atmosphere(Z):
    air = fluids.ATMOSPHERE_1976(Z)
    return air.T + air.P / 1000 + air.rho + air.v_sonic


def reynolds(V, D, rho, mu):
    return fluids.Reynolds(V=V, D=D, rho=rho, mu=mu) / 1e4 + fluids.Prandtl(
        Cp=1637.0, k=0.010, mu=mu
    )


def drag(Re):
    return fluids.drag_sphere(Re) + fluids.drag.Clift(Re)


def terminal_velocity(D, rho):
    return fluids.v_terminal(D=D, rhop=2600.0, rho=rho, mu=1e-3)


def sphere_path(D, t):
    return fluids.drag.integrate_drag_sphere(D=D, rhop=2200.0, rho=1.2, mu=1.78e-5, t=t, V=30.0)


def valve(P1, Q):
    return fluids.size_control_valve_l(
        rho=965.4, Psat=70.1e3, Pc=22120e3, mu=3.1472e-4, P1=P1, P2=220e3, Q=Q, D1=0.15, D2=0.15,
        d=0.15, FL=0.9, Fd=0.46,
    )  # fmt: skip


def gas_valve(P1):
    return fluids.size_control_valve_g(
        T=433.0, MW=44.01, mu=1.4665e-4, gamma=1.30, Z=0.988, P1=P1, P2=310e3, Q=38 / 36.0,
        D1=0.08, D2=0.1, d=0.05, FL=0.85, Fd=0.42, xT=0.60,
    )  # fmt: skip


def isothermal_gas(P1, D):
    return fluids.isothermal_gas(rho=11.3, fd=0.00185, P1=P1, P2=9e5, L=1000.0, D=D)


def packed_bed(V, voidage):
    return fluids.dP_packed_bed(dp=8e-4, voidage=voidage, vs=V, rho=1e3, mu=1e-3, L=0.5)


def two_phase(m, x):
    return fluids.two_phase_dP(m=m, x=x, rhol=915.0, rhog=2.67, mul=180e-6, mug=14e-6, D=0.05,
                               L=1.0, sigma=0.0487)  # fmt: skip


def bend(Re, D):
    return fluids.bend_rounded(Di=D, angle=30.0, fd=0.016, bend_diameters=5.0, Re=Re)


def contraction(d1, d2):
    return fluids.contraction_sharp(d1, d2) + fluids.diffuser_conical(d2, d1, l=0.2, fd=0.01)


def orifice(d, P1):
    return fluids.differential_pressure_meter_solver(
        D=0.07366, rho=999.1, mu=0.0011, k=1.33, D2=d, P1=P1, P2=183e3,
        meter_type="ISO 5167 orifice", taps="D",
    )  # fmt: skip


def tank(D, L, h):
    return fluids.geometry.TANK(D=D, L=L, horizontal=True, sideA="conical", sideA_a=0.3).V_from_h(h)


def open_channel(S):
    return fluids.open_flow.n_Manning_to_C_Chezy(0.05, Rh=S) + fluids.V_Manning(0.2859, S, 0.03)


def stagnation(P, M):
    return fluids.stagnation_energy(125.0) + fluids.P_stagnation(P=P, T=350.0, Tst=M, k=1.4)


def msise(Z):
    return fluids.ATMOSPHERE_NRLMSISE00(Z=Z, latitude=45.0, longitude=45.0, day=150).rho * 1e3


def solvers(a, b):
    n = fluids.numerics
    return (
        n.brenth(lambda x: x**3 + a * x - b, 0.0, 3.0)
        + n.secant(lambda x: x**3 + a * x - b, 1.0)
        + n.newton(lambda x: x * x - a, 1.0, fprime=lambda x: 2 * x)
        + n.horner([a, b, 1.0], 0.3)
    )


@pytest.mark.parametrize(
    ("program", "args"),
    [
        (friction, (1e5, 1e-4)),
        (colebrook, (1e5, 1e-4)),
        (laminar, (500.0,)),
        (standard_atmosphere, (5000.0,)),
        (reynolds, (2.5, 0.25, 1.1613, 1.9e-5)),
        (drag, (300.0,)),
        (terminal_velocity, (70e-6, 1000.0)),
        (valve, (680e3, 0.1)),
        (gas_valve, (680e3,)),
        (isothermal_gas, (1e6, 0.5)),
        (packed_bed, (1e-3, 0.4)),
        (two_phase, (0.6, 0.1)),
        (bend, (1e5, 4.02)),
        (contraction, (0.3, 0.2)),
        (orifice, (0.05, 200e3)),
        (tank, (1.2, 4.0, 0.7)),
        (open_channel, (0.3,)),
        (stagnation, (54050.0, 400.0)),
        (msise, (300e3,)),
        (solvers, (1.3, 2.1)),
    ],
)
def test_program(program, args):
    check_gradient(program, *args)
