"""Gradients through `colormath`: colours, conversions, differences, appearance models."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("colormath")

from colormath.color_appearance_models import CIECAM02, LLAB, RLAB, CIECAM02m1, Hunt, Nayatani95
from colormath.color_conversions import convert_color
from colormath.color_diff import delta_e_cie1976, delta_e_cie1994, delta_e_cie2000, delta_e_cmc
from colormath.color_objects import (
    AdobeRGBColor,
    CMYColor,
    CMYKColor,
    HSLColor,
    HSVColor,
    IPTColor,
    LabColor,
    LCHabColor,
    LCHuvColor,
    LuvColor,
    SpectralColor,
    XYZColor,
    sRGBColor,
    xyYColor,
)

from dpy import check_gradient

SPACES = [AdobeRGBColor, CMYColor, CMYKColor, HSLColor, HSVColor, LCHabColor, LCHuvColor, LabColor,
          LuvColor, XYZColor, sRGBColor, xyYColor]  # fmt: skip


@pytest.fixture(autouse=True)
def asscalar(monkeypatch):
    """The function of earlier versions of NumPy that `colormath` calls."""
    monkeypatch.setattr(np, "asscalar", lambda x: x.item(), raising=False)


@pytest.mark.parametrize("space", SPACES)
def test_conversion(space):
    def coordinates(r, g, b):
        colour = convert_color(sRGBColor(r, g, b), space)
        return sum(weight * c for weight, c in zip((1.0, 0.7, -0.4), colour.get_value_tuple()))

    check_gradient(coordinates, 0.3, 0.55, 0.42)


@pytest.mark.parametrize("space", [LabColor, LuvColor, IPTColor, HSVColor, LCHuvColor])
def test_conversion_there_and_back(space):
    def green(x, y, z):
        there = convert_color(XYZColor(x, y, z, illuminant="d65"), space)
        return convert_color(there, sRGBColor).rgb_g

    check_gradient(green, 0.3, 0.25, 0.42)


@pytest.mark.parametrize(
    "delta_e", [delta_e_cie1976, delta_e_cie1994, delta_e_cie2000, delta_e_cmc]
)
def test_distance(delta_e):
    def distance(l, a, b):
        return delta_e(LabColor(l, a, b), LabColor(lab_l=0.7, lab_a=16.3, lab_b=-2.2))

    check_gradient(distance, 0.9, 14.0, -7.1)


def test_adaptation():
    def adapted(x, y, z):
        colour = XYZColor(x, y, z)
        colour.apply_adaptation("d65", adaptation="von_kries")
        return colour.xyz_x - colour.xyz_z

    check_gradient(adapted, 0.3, 0.25, 0.42)


def test_spectrum():
    def lightness(green, red):
        spectrum = SpectralColor(spec_540nm=green, spec_550nm=green, spec_620nm=red)
        return convert_color(spectrum, LabColor).lab_l

    check_gradient(lightness, 0.6, 0.3)


def test_upscaled_clamped():
    def total(r, g):
        colour = sRGBColor(r, g, 300.0, is_upscaled=True)
        return colour.clamped_rgb_r * colour.rgb_g + colour.clamped_rgb_b

    check_gradient(total, 120.0, 44.0)


WHITE = (95.05, 100.0, 108.88)
BACKGROUND = (19.01, 20.0, 21.78)


def nayatani(x, y, z):
    model = Nayatani95(x, y, z, *WHITE, 20.0, 5000.0, 1000.0)
    return model.brightness + model.hue_angle + model.chroma


def hunt(x, y, z):
    model = Hunt(x, y, z, *WHITE, *(0.2 * w for w in WHITE), l_a=318.31, n_c=1.0, n_b=75.0)
    return model.lightness + model.chroma + model.hue_angle


def rlab(x, y, z):
    model = RLAB(x, y, z, *WHITE, 318.31, 1 / 2.3, 1.0)
    return model.lightness + model.chroma + model.hue_angle


def llab(x, y, z):
    model = LLAB(x, y, z, *WHITE, 20.0, 318.31, 1.0, 1.0, 3.0)
    return model.lightness + model.chroma + model.hue_angle


def ciecam02(x, y, z):
    model = CIECAM02(x, y, z, *WHITE, 20.0, 318.31, 0.69, 1.0, 1.0)
    return model.lightness + model.chroma + model.hue_angle


def ciecam02m1(x, y, z):
    model = CIECAM02m1(x, y, z, *WHITE, *BACKGROUND, 318.31, 0.69, 1.0, 1.0, 0.3)
    return model.lightness + model.chroma


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated")
@pytest.mark.parametrize("model", [nayatani, hunt, rlab, llab, ciecam02, ciecam02m1])
def test_appearance(model):
    check_gradient(model, 19.01, 22.0, 21.78)
