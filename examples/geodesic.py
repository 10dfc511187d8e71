"""Differentiate libraries that nobody prepared for it: geographiclib, colorsys, statistics.

`Geodesic.Inverse` finds the shortest path between two points of the Earth by Newton's method, over
24 functions. Its gradient leads to the point from which the way to several cities is shortest in
total.
"""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from geographiclib.geodesic import Geodesic

import dpy
from examples.support import central_difference, picture, progress

__all__ = ["CITIES", "Point", "Result", "distance", "main", "meeting_point", "total_distance"]


@dataclass
class Point:
    """A place on the Earth, in degrees."""

    lat: float
    lon: float


CITIES = {
    "Berlin": Point(52.5200, 13.4050),
    "Cambridge": Point(52.2053, 0.1218),
    "Oslo": Point(59.9139, 10.7522),
    "Rome": Point(41.9028, 12.4964),
    "Lisbon": Point(38.7223, -9.1393),
    "Athens": Point(37.9838, 23.7275),
}


def distance(lat_1: float, lon_1: float, lat_2: float, lon_2: float) -> float:
    """The length of the shortest path on the ellipsoid, in metres."""
    return Geodesic.WGS84.Inverse(lat_1, lon_1, lat_2, lon_2)["s12"]


def total_distance(place: Point) -> float:
    """The kilometres from a place to all cities together."""
    metres = 0.0
    for city in CITIES.values():
        metres += distance(place.lat, place.lon, city.lat, city.lon)
    return metres / 1000


def hue_lightness_saturation(r: float, g: float, b: float) -> float:
    """A number that depends on all that `colorsys.rgb_to_hls` returns."""
    hue, lightness, saturation = colorsys.rgb_to_hls(r, g, b)
    return hue + 2 * lightness + 3 * saturation


def surprise(mu: float, sigma: float, x: float) -> float:
    """How surprising a number is, and how likely a smaller one, under a normal distribution."""
    normal = NormalDist(mu, sigma)
    return -math.log(normal.pdf(x)) + normal.cdf(x)


@dataclass
class Result:
    """The meeting point found, the places on the way, and the relative errors of the gradients."""

    best: Point
    path: list[Point]
    totals: list[float]
    errors: dict[str, float] = field(default_factory=dict)
    picture: Path | None = None


def relative_error(f: Any, *args: float) -> float:
    """How far dpy's gradient is from numerical differences."""
    exact = np.array(dpy.gradient(f, *args))
    numerical = np.array(central_difference(f, *args))
    return float(np.max(np.abs(exact - numerical)) / np.max(np.abs(numerical)))


def meeting_point(start: Point, steps: int = 60, show: bool = True) -> Result:
    """Gradient descent with momentum to the place with the shortest way to all cities."""
    place, total = start, total_distance(start)
    velocity = Point(0.0, 0.0)
    result = Result(start, [start], [total])
    for _ in progress(range(steps), "geodesic", show):
        (d,) = dpy.gradient(total_distance, place)
        # A degree of longitude is shorter than one of latitude: go downhill in kilometres.
        squeeze = math.cos(math.radians(place.lat)) ** 2
        velocity = Point(
            0.5 * velocity.lat - 0.008 * d.lat, 0.5 * velocity.lon - 0.008 * d.lon / squeeze
        )
        place = Point(place.lat + velocity.lat, place.lon + velocity.lon)
        result.path.append(place)
        result.totals.append(total_distance(place))
    result.best = place
    return result


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Result:
    """Check three libraries against numerical differences, then find the meeting point."""
    result = meeting_point(Point(58.0, -5.0), 10 if quick else 60, show)
    result.errors = {
        "geographiclib": relative_error(distance, 52.52, 13.405, 40.7128, -74.006),
        "colorsys": relative_error(hue_lightness_saturation, 0.2, 0.7, 0.4),
        "statistics": relative_error(surprise, 1.5, 0.8, 2.1),
    }

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        lat, lon = np.linspace(36, 61, 40), np.linspace(-11, 28, 50)
        height = [[total_distance(Point(y, x)) for x in lon] for y in lat]
        axes.contour(lon, lat, height, 25, cmap="viridis", linewidths=0.7)
        axes.plot([p.lon for p in result.path], [p.lat for p in result.path], "r.-", markersize=4)
        for name, city in CITIES.items():
            axes.plot(city.lon, city.lat, "ks", markersize=4)
            axes.annotate(name, (city.lon, city.lat), xytext=(4, 4), textcoords="offset points")
        axes.set(xlabel="longitude", ylabel="latitude", title="the shortest way to all six cities")

    result.picture = picture("geodesic.png", out, draw, figsize=(7, 6))
    if show:
        for name, error in result.errors.items():
            print(f"{name}: gradient and numerical differences agree to {error:.1e}")
        print(
            f"meet at {result.best.lat:.4f} N, {result.best.lon:.4f} E: "
            f"{result.totals[-1]:.1f} km in all, {result.totals[0]:.1f} at the start"
        )
    return result


if __name__ == "__main__":
    main()
