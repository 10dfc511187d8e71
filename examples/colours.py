"""Turn white into red by gradient descent on what the eye sees.

The difference of two colours is CIEDE2000, the standard formula for how different they look. It is
written here as plain Python on plain dataclasses: branches on hues, powers, trigonometry. Nothing
in it knows of dpy.

The path leaves the range [0, 1] of a screen and comes back, so nothing clamps; it starts at white,
which has no hue at all; and plain gradient descent ends in an oscillation, as it must on a function
that has the shape of a cone at its minimum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import dpy
from examples.support import picture, progress

__all__ = ["RGB", "SRGB", "SRGB_7_DIGITS", "Lab", "Result", "colordiff", "main", "rgb_to_lab"]

# Rows of the matrix from linear sRGB to XYZ: the primaries of sRGB, scaled so that white is D65.
SRGB = (
    (0.4124564390896922, 0.357576077643909, 0.18043748326639894),
    (0.21267285140562253, 0.715152155287818, 0.07217499330655958),
    (0.0193338955823293, 0.11919202588130297, 0.9503040785363679),
)
SRGB_7_DIGITS = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
D65 = (0.95047, 1.0, 1.08883)


@dataclass
class RGB:
    """A colour as a screen shows it; 0 to 1, but nothing clamps."""

    r: float
    g: float
    b: float


@dataclass
class Lab:
    """A colour as the eye sees it: lightness, green to red, blue to yellow."""

    l: float  # noqa: E741 - the letter that the standard uses
    a: float
    b: float


def linear(v: float) -> float:
    """Light from the value of a channel: the inverse of the sRGB transfer curve."""
    if v <= 0.04045:
        return v / 12.92
    return ((v + 0.055) / 1.055) ** 2.4


def perceived(v: float) -> float:
    """CIE's cube root, with a straight line near black."""
    if v > 216 / 24389:
        return v ** (1 / 3)
    return (24389 / 27 * v + 16) / 116


def rgb_to_lab(colour: RGB, matrix: tuple[tuple[float, ...], ...] = SRGB) -> Lab:
    """From sRGB to CIELAB under daylight."""
    r, g, b = linear(colour.r), linear(colour.g), linear(colour.b)
    x, y, z = [row[0] * r + row[1] * g + row[2] * b for row in matrix]
    fx, fy, fz = perceived(x / D65[0]), perceived(y / D65[1]), perceived(z / D65[2])
    return Lab(116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz))


def sin_degrees(angle: float) -> float:
    return math.sin(math.radians(angle))


def cos_degrees(angle: float) -> float:
    return math.cos(math.radians(angle))


def hue(a: float, b: float) -> float:
    """The angle of a colour in degrees, from 0 to 360; grey has none and counts as 0."""
    if a == 0 and b == 0:
        return 0.0
    angle = math.degrees(math.atan2(b, a))
    return angle + 360 if angle < 0 else angle


def saturation(chroma: float) -> float:
    return math.sqrt(chroma**7 / (chroma**7 + 25**7))


def lab_difference(one: Lab, two: Lab) -> float:
    """CIEDE2000 (Sharma, Wu and Dalal, 2005)."""
    g = 0.5 * (1 - saturation((math.hypot(one.a, one.b) + math.hypot(two.a, two.b)) / 2))
    a_1, a_2 = (1 + g) * one.a, (1 + g) * two.a
    chroma_1, chroma_2 = math.hypot(a_1, one.b), math.hypot(a_2, two.b)
    hue_1, hue_2 = hue(a_1, one.b), hue(a_2, two.b)

    d_hue = hue_2 - hue_1
    hue_sum = hue_1 + hue_2
    if chroma_1 * chroma_2 == 0:
        d_hue = 0.0
        mean_hue = hue_sum
    elif abs(d_hue) <= 180:
        mean_hue = hue_sum / 2
    else:
        d_hue += 360 if d_hue < 0 else -360
        mean_hue = (hue_sum + 360 if hue_sum < 360 else hue_sum - 360) / 2

    d_l = two.l - one.l
    d_c = chroma_2 - chroma_1
    d_h = 2 * math.sqrt(chroma_1 * chroma_2) * sin_degrees(d_hue / 2)

    t = (
        1
        - 0.17 * cos_degrees(mean_hue - 30)
        + 0.24 * cos_degrees(2 * mean_hue)
        + 0.32 * cos_degrees(3 * mean_hue + 6)
        - 0.20 * cos_degrees(4 * mean_hue - 63)
    )
    mean_chroma = (chroma_1 + chroma_2) / 2
    from_middle = ((one.l + two.l) / 2 - 50) ** 2
    d_l /= 1 + 0.015 * from_middle / math.sqrt(20 + from_middle)
    d_c /= 1 + 0.045 * mean_chroma
    d_h /= 1 + 0.015 * mean_chroma * t

    turn = 60 * math.exp(-(((mean_hue - 275) / 25) ** 2))
    rotation = -2 * saturation(mean_chroma) * sin_degrees(turn)
    return math.sqrt(d_l**2 + d_c**2 + d_h**2 + rotation * d_c * d_h)


def colordiff(one: RGB, two: RGB, matrix: tuple[tuple[float, ...], ...] = SRGB) -> float:
    """How different two colours look."""
    return lab_difference(rgb_to_lab(one, matrix), rgb_to_lab(two, matrix))


@dataclass
class Result:
    """The colours on the way (the start first) and their differences from the target."""

    colours: list[RGB]
    differences: list[float]
    picture: Path | None = None


def descend(
    target: RGB,
    colour: RGB,
    steps: int,
    matrix: tuple[tuple[float, ...], ...] = SRGB_7_DIGITS,
    rate: float = 0.001,
    show: bool = True,
) -> Result:
    """Walk from a colour to the target, downhill."""

    def loss(y: RGB) -> float:
        return colordiff(target, y, matrix)

    result = Result([colour], [loss(colour)])
    for step in progress(range(1, steps + 1), "colours", show and steps > 1000):
        (d,) = dpy.gradient(loss, colour)
        colour = RGB(colour.r - rate * d.r, colour.g - rate * d.g, colour.b - rate * d.b)
        result.colours.append(colour)
        result.differences.append(loss(colour))
        if show and step % 5 == 1 and steps <= 100:
            print(
                f"{step:3d}  RGB({colour.r:.6f}, {colour.g:.6f}, {colour.b:.6f})"
                f"  difference {result.differences[-1]:.6f}"
            )
    return result


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Result:
    """51 steps from white to red, printed at every fifth and drawn as a strip."""
    result = descend(RGB(1, 0, 0), RGB(1, 1, 1), 51, show=show)

    def draw(figure: object) -> None:
        colours = np.array([[c.r, c.g, c.b] for c in result.colours])
        strip, curve = figure.subplots(2, 1, height_ratios=[1, 2], sharex=True)
        strip.imshow(np.clip(colours, 0, 1)[None], aspect="auto", extent=(-0.5, 51.5, 0, 1))
        strip.set_yticks([])
        strip.set_title("from white to red")
        curve.plot(result.differences, "k.-", label="CIEDE2000 difference")
        for channel, name in enumerate(("red", "green", "blue")):
            curve.plot(40 * colours[:, channel], color=name, alpha=0.5, label=f"40 x {name}")
        curve.set_xlabel("step")
        curve.legend()

    result.picture = picture("colours.png", out, draw, figsize=(8, 5))
    return result


if __name__ == "__main__":
    main()
