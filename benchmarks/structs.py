"""Programs on structs: a struct of arrays with its own arithmetic, colours."""

from __future__ import annotations

import math
import types
from typing import Any

import numpy as np

from benchmarks.workload import Workload
from examples import colours
from examples.colours import D65, RGB, SRGB, colordiff
from examples.gg_struct import GG, loss_against

__all__ = ["workloads"]


# --- the GG loss ------------------------------------------------------------------------------


def gg_problem() -> Workload:
    random = np.random.default_rng(5)
    x, goal = (GG(random.random((3, 3)), random.random((3, 3))) for _ in range(2))

    def by_hand(x: GG) -> Any:
        a, b = x.a - goal.a, x.b - goal.b
        value = (np.sum(a * a) + np.sum(b * b)) / np.prod(x.shape)
        return value, (GG((2 / 9) * a, (2 / 9) * b),)

    def rewrite(xp: Any) -> Any:
        goal_a, goal_b = xp.asarray(goal.a), xp.asarray(goal.b)

        def f(a: Any, b: Any) -> Any:
            a, b = a - goal_a, b - goal_b
            return (xp.sum(a * a) + xp.sum(b * b)) / 9

        return f

    return Workload(
        "GG gradient step",
        "structs",
        loss_against(goal),
        (x,),
        by_hand,
        (x.a, x.b),
        dict.fromkeys(("autograd", "jax", "torch"), rewrite),
        {"hand": 1.3},
    )


# --- the difference of two colours ------------------------------------------------------------

RED = math.pi / 180


def with_math(f: Any, replaced: dict[str, Any]) -> Any:
    """The function with other globals: how an eager peer gets to run plain Python."""
    return types.FunctionType(f.__code__, {**f.__globals__, **replaced}, f.__name__, f.__defaults__)


def colordiff_eager(xp: Any) -> Any:
    """The program itself, on the peer's numbers: it needs only another ``math``."""
    math_of_peer = types.SimpleNamespace(
        sqrt=xp.sqrt,
        exp=xp.exp,
        sin=xp.sin,
        cos=xp.cos,
        hypot=lambda a, b: xp.sqrt(a * a + b * b),
        atan2=xp.arctan2,
        radians=lambda x: x * RED,
        degrees=lambda x: x / RED,
    )
    new: dict[str, Any] = {"math": math_of_peer}
    names = ["linear", "perceived", "rgb_to_lab", "sin_degrees", "cos_degrees", "hue", "saturation"]
    for name in [*names, "lab_difference", "colordiff"]:
        new[name] = with_math(getattr(colours, name), new)
        new[name].__globals__.update(new)
    for f in [new[name] for name in [*names, "lab_difference", "colordiff"]]:
        f.__globals__.update(new)
    return lambda *channels: new["colordiff"](RGB(*channels[:3]), RGB(*channels[3:]))


def colordiff_jax(xp: Any) -> Any:
    """Rewritten without branches (for colours that have a hue)."""

    def lab(r: Any, g: Any, b: Any) -> Any:
        light = [xp.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4) for v in (r, g, b)]
        ratios = [
            sum(m * v for m, v in zip(row, light, strict=True)) / white
            for row, white in zip(SRGB, D65, strict=True)
        ]
        fx, fy, fz = [
            xp.where(v > 216 / 24389, v ** (1 / 3), (24389 / 27 * v + 16) / 116) for v in ratios
        ]
        return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)

    def saturation(chroma: Any) -> Any:
        return xp.sqrt(chroma**7 / (chroma**7 + 25**7))

    def f(*channels: Any) -> Any:
        (l_1, a_1, b_1), (l_2, a_2, b_2) = lab(*channels[:3]), lab(*channels[3:])
        mean = (xp.sqrt(a_1 * a_1 + b_1 * b_1) + xp.sqrt(a_2 * a_2 + b_2 * b_2)) / 2
        g = 0.5 * (1 - saturation(mean))
        a_1, a_2 = (1 + g) * a_1, (1 + g) * a_2
        c_1, c_2 = xp.sqrt(a_1 * a_1 + b_1 * b_1), xp.sqrt(a_2 * a_2 + b_2 * b_2)
        h_1, h_2 = xp.arctan2(b_1, a_1) / RED, xp.arctan2(b_2, a_2) / RED
        h_1, h_2 = xp.where(h_1 < 0, h_1 + 360, h_1), xp.where(h_2 < 0, h_2 + 360, h_2)
        turn, h_sum = h_2 - h_1, h_1 + h_2
        near = xp.abs(turn) <= 180
        far = xp.where(h_sum < 360, h_sum + 360, h_sum - 360)
        h_mean = xp.where(near, h_sum, far) / 2
        turn = xp.where(near, turn, xp.where(turn < 0, turn + 360, turn - 360))
        t = (
            1
            - 0.17 * xp.cos(RED * (h_mean - 30))
            + 0.24 * xp.cos(RED * 2 * h_mean)
            + 0.32 * xp.cos(RED * (3 * h_mean + 6))
            - 0.20 * xp.cos(RED * (4 * h_mean - 63))
        )
        c_mean = (c_1 + c_2) / 2
        middle = ((l_1 + l_2) / 2 - 50) ** 2
        d_l = (l_2 - l_1) / (1 + 0.015 * middle / xp.sqrt(20 + middle))
        d_c = (c_2 - c_1) / (1 + 0.045 * c_mean)
        d_h = 2 * xp.sqrt(c_1 * c_2) * xp.sin(RED * turn / 2) / (1 + 0.015 * c_mean * t)
        angle = 60 * xp.exp(-(((h_mean - 275) / 25) ** 2))
        rotation = -2 * saturation(c_mean) * xp.sin(RED * angle)
        return xp.sqrt(d_l**2 + d_c**2 + d_h**2 + rotation * d_c * d_h)

    return f


def linear_slope(v: float) -> float:
    return 1 / 12.92 if v <= 0.04045 else 2.4 / 1.055 * ((v + 0.055) / 1.055) ** 1.4


def lab_and_slopes(colour: RGB) -> Any:
    """Lab, the three derivatives of CIE's cube root, and those of the transfer curve."""
    light = [colours.linear(colour.r), colours.linear(colour.g), colours.linear(colour.b)]
    values, slopes = [], []
    for row, white in zip(SRGB, D65, strict=True):
        v = (row[0] * light[0] + row[1] * light[1] + row[2] * light[2]) / white
        if v > 216 / 24389:
            values.append(v ** (1 / 3))
            slopes.append(values[-1] / (3 * v * white))
        else:
            values.append((24389 / 27 * v + 16) / 116)
            slopes.append(24389 / 27 / 116 / white)
    fx, fy, fz = values
    bend = (linear_slope(colour.r), linear_slope(colour.g), linear_slope(colour.b))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz), slopes, bend


def lab_adjoint(d_l: float, d_a: float, d_b: float, slopes: Any, bend: Any) -> RGB:
    d_x = 500 * d_a * slopes[0]
    d_y = (116 * d_l - 500 * d_a + 200 * d_b) * slopes[1]
    d_z = -200 * d_b * slopes[2]
    x, y, z = SRGB
    return RGB(*[(d_x * x[i] + d_y * y[i] + d_z * z[i]) * bend[i] for i in range(3)])


def saturation_and_slope(chroma: float) -> tuple[float, float]:
    power = chroma**7
    below = power + 25**7
    value = math.sqrt(power / below)
    return value, 3.5 * value * 25**7 / (below * chroma)


def colordiff_by_hand(one: RGB, two: RGB) -> Any:
    """The adjoint of CIEDE2000 for colours that have a hue."""
    l_1, a_1, b_1, *slopes_1 = lab_and_slopes(one)
    l_2, a_2, b_2, *slopes_2 = lab_and_slopes(two)
    raw_1, raw_2 = math.hypot(a_1, b_1), math.hypot(a_2, b_2)
    s, s_slope = saturation_and_slope((raw_1 + raw_2) / 2)
    g = 1.5 - 0.5 * s
    p_1, p_2 = g * a_1, g * a_2
    c_1, c_2 = math.hypot(p_1, b_1), math.hypot(p_2, b_2)
    h_1, h_2 = colours.hue(p_1, b_1), colours.hue(p_2, b_2)
    turn, h_mean = h_2 - h_1, (h_1 + h_2) / 2
    if abs(turn) > 180:
        turn += 360 if turn < 0 else -360
        h_mean += 180 if h_mean < 180 else -180
    root = math.sqrt(c_1 * c_2)
    sine, cosine = math.sin(RED * turn / 2), math.cos(RED * turn / 2)
    angles = RED * (h_mean - 30), RED * 2 * h_mean, RED * (3 * h_mean + 6), RED * (4 * h_mean - 63)
    k_1, k_2, k_3, k_4 = angles
    t = (
        1 - 0.17 * math.cos(k_1) + 0.24 * math.cos(k_2)
        + 0.32 * math.cos(k_3) - 0.20 * math.cos(k_4)
    )  # fmt: skip
    c_mean = (c_1 + c_2) / 2
    off = (l_1 + l_2) / 2 - 50
    middle = off * off
    shade = math.sqrt(20 + middle)
    s_l, s_c, s_h = 1 + 0.015 * middle / shade, 1 + 0.045 * c_mean, 1 + 0.015 * c_mean * t
    d_l, d_c, d_h = (l_2 - l_1) / s_l, (c_2 - c_1) / s_c, 2 * root * sine / s_h
    shift = (h_mean - 275) / 25
    angle = 60 * math.exp(-shift * shift)
    r, r_slope = saturation_and_slope(c_mean)
    twist = math.sin(RED * angle)
    rotation = -2 * r * twist
    value = math.sqrt(d_l**2 + d_c**2 + d_h**2 + rotation * d_c * d_h)

    # Backwards; a name with "_bar" is the cotangent of the name before it.
    l_bar = d_l / value
    c_bar = (d_c + 0.5 * rotation * d_h) / value
    h_bar = (d_h + 0.5 * rotation * d_c) / value
    rotation_bar = 0.5 * d_c * d_h / value
    angle_bar = -2 * r * math.cos(RED * angle) * RED * rotation_bar
    h_mean_bar = angle_bar * angle * -2 * shift / 25
    c_mean_bar = -2 * twist * r_slope * rotation_bar
    s_h_bar = -h_bar * d_h / s_h
    c_mean_bar += 0.015 * t * s_h_bar - 0.045 * c_bar * d_c / s_c
    t_slope = (
        0.17 * math.sin(k_1) - 0.48 * math.sin(k_2)
        - 0.96 * math.sin(k_3) + 0.80 * math.sin(k_4)
    )  # fmt: skip
    h_mean_bar += 0.015 * c_mean * s_h_bar * RED * t_slope
    root_bar = 2 * sine * h_bar / s_h
    turn_bar = root * cosine * RED * h_bar / s_h
    middle_bar = -l_bar * d_l / s_l * 0.015 * (20 + 0.5 * middle) / (shade * shade * shade)
    off_bar = off * middle_bar  # each lightness gets half of 2 off middle_bar
    l_1_bar, l_2_bar = off_bar - l_bar / s_l, off_bar + l_bar / s_l
    c_1_bar = 0.5 * c_mean_bar - c_bar / s_c + 0.5 * root_bar * root / c_1
    c_2_bar = 0.5 * c_mean_bar + c_bar / s_c + 0.5 * root_bar * root / c_2
    h_1_bar, h_2_bar = (0.5 * h_mean_bar - turn_bar) / RED, (0.5 * h_mean_bar + turn_bar) / RED
    p_1_bar = c_1_bar * p_1 / c_1 - h_1_bar * b_1 / (c_1 * c_1)
    p_2_bar = c_2_bar * p_2 / c_2 - h_2_bar * b_2 / (c_2 * c_2)
    b_1_bar = c_1_bar * b_1 / c_1 + h_1_bar * p_1 / (c_1 * c_1)
    b_2_bar = c_2_bar * b_2 / c_2 + h_2_bar * p_2 / (c_2 * c_2)
    raw_bar = -0.25 * s_slope * (p_1_bar * a_1 + p_2_bar * a_2)
    a_1_bar, a_2_bar = g * p_1_bar + raw_bar * a_1 / raw_1, g * p_2_bar + raw_bar * a_2 / raw_2
    b_1_bar, b_2_bar = b_1_bar + raw_bar * b_1 / raw_1, b_2_bar + raw_bar * b_2 / raw_2
    return value, (
        lab_adjoint(l_1_bar, a_1_bar, b_1_bar, *slopes_1),
        lab_adjoint(l_2_bar, a_2_bar, b_2_bar, *slopes_2),
    )


def colour_difference(one: RGB, two: RGB) -> float:
    return colordiff(one, two)


def workloads() -> list[Workload]:
    """The family."""
    one, two = RGB(0.9, 0.2, 0.3), RGB(0.2, 0.6, 0.4)
    return [
        gg_problem(),
        Workload(
            "CIEDE2000 of two colours",
            "structs",
            colour_difference,
            (one, two),
            colordiff_by_hand,
            (0.9, 0.2, 0.3, 0.2, 0.6, 0.4),
            {"autograd": colordiff_eager, "torch": colordiff_eager, "jax": colordiff_jax},
        ),
    ]
