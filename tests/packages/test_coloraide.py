"""Gradients through `coloraide`: conversions, distances, interpolation, gamuts, contrast."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import pytest

pytest.importorskip("coloraide")

from coloraide.everything import ColorAll as Color

from dpy import check_gradient

SPACES = """srgb srgb-linear xyz-d50 xyz-d65 lab lch oklab oklch hsl hsv hwb cmy cmyk xyy luv lchuv
    hsi display-p3 a98-rgb prophoto-rgb rec2020 rec2100-pq rec2100-hlg jzazbz jzczhz ictcp din99o
    lch99o hsluv hpluv okhsl okhsv cam16-jmh cam16-ucs hct igpgtg ipt orgb acescg acescct hunter-lab
    rlab ryb prismatic zcam-jmh xyb""".split()
DISTANCES = "76 94 cmc 2000 99o hyab itp jz ok cam16 cam02 hct".split()
INTERPOLATORS = "linear continuous bspline natural monotone catrom".split()


@pytest.mark.parametrize("space", SPACES)
def test_conversion(space):
    def coordinates(r, g, b):
        total = 0.0
        for weight, c in zip((1.0, 0.7, -0.4, 0.3), Color("srgb", [r, g, b]).convert(space)):
            total += weight * c
        return total

    check_gradient(coordinates, 0.3, 0.55, 0.42)


@pytest.mark.parametrize("space", SPACES)
def test_conversion_back(space):
    def luminance(x, y, z):
        return Color(space, [x, y, z]).convert("xyz-d65")["y"]

    check_gradient(luminance, *Color("srgb", [0.3, 0.55, 0.42]).convert(space)[:3])


@pytest.mark.parametrize("method", DISTANCES)
def test_distance(method):
    def distance(r, g, b):
        return Color("srgb", [r, g, b]).delta_e(Color("lab", [60.0, 20.0, -35.0]), method=method)

    check_gradient(distance, 0.3, 0.55, 0.42)


@pytest.mark.parametrize("method", INTERPOLATORS)
def test_interpolation(method):
    def blue(x, y, t):
        stops = [Color("srgb", [x, 0.2, 0.3]), Color("oklch", [0.7, y, 120.0]), "rebeccapurple"]
        colour = Color.interpolate(stops, space="oklab", method=method)(t)
        return colour.convert("srgb")["blue"]

    check_gradient(blue, 0.4, 0.1, 0.3)


def mixed(x, amount):
    return Color("hsl", [x, 0.5, 0.4]).mix("green", amount, space="lch").convert("srgb")["r"]


def contrast(r, g):
    return Color("srgb", [r, g, 0.9]).contrast("black", method="wcag21")


def steps_apart(r, g):
    colours = Color.steps([Color("srgb", [r, g, 0.1]), "white"], steps=4, space="lab")
    return sum(c.delta_e("red", method="2000") for c in colours)


def averaged(r, g):
    return Color.average([Color("srgb", [r, g, 0.5]), "orange", "navy"], space="oklch")["h"]


def layered(r, alpha):
    return Color.layer([Color("srgb", [r, 0.2, 0.5], alpha), "olive"], blend="soft-light")["g"]


def filtered(r, amount):
    return Color("srgb", [r, 0.3, 0.5]).filter("sepia", amount)["g"]


def complement(r, g):
    return Color("srgb", [r, g, 0.5]).harmony("triad")[1].convert("srgb")["g"]


def temperature(kelvin):
    return Color.blackbody("srgb-linear", kelvin)["b"]


def nearest_temperature(r, g):
    return Color("srgb", [r, g, 0.5]).cct(method="robertson-1968")[0]


def eased(x, t):
    from coloraide import cubic_bezier

    return Color.interpolate(
        [Color("srgb", [x, 0.2, 0.3]), "gold"], easing=cubic_bezier(0.2, 0.6, 0.7, 0.9)
    )(t)["l"]


@pytest.mark.parametrize(
    ("program", "args"),
    [
        (mixed, (70.0, 0.3)),
        (contrast, (0.2, 0.6)),
        (steps_apart, (0.2, 0.6)),
        (averaged, (0.2, 0.6)),
        (layered, (0.3, 0.6)),
        (filtered, (0.4, 0.3)),
        (complement, (0.4, 0.3)),
        (temperature, (4500.0,)),
        (nearest_temperature, (0.6, 0.5)),
        (eased, (0.6, 0.5)),
    ],
)
def test_program(program, args):
    check_gradient(program, *args)


@pytest.mark.parametrize("method", ["clip", "raytrace"])
def test_gamut(method):
    def fitted(lightness, chroma, hue):
        return Color("oklch", [lightness, chroma, hue]).fit("srgb", method=method)[0]

    check_gradient(fitted, 0.7, 0.31, 150.0, rtol=1e-4)
