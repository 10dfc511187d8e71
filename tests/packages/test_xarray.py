"""Gradients through reductions and arithmetic of `xarray`."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("xarray")

import xarray as xr

from dpy import check_gradient

X = np.array([[1.0, 2.0, 0.3], [0.4, -0.5, 1.6]])


def table(x):
    return xr.DataArray(x, dims=("time", "place"), coords={"place": [10, 20, 30]})


def total(x):
    return float(table(x).sum())


def item(x):
    return table(x).mean(dim="time").sum().item()


def values(x):
    return (table(x).std("place").values ** 2).sum()


def arithmetic(x):
    a = table(x)
    b = a - a.mean("time")
    return ((b * b).sum("place") / 3 + 2 * a.isel(place=0)).max().item()


def selected(x):
    return table(x).sel(place=20).data @ np.array([1.0, 2.0])


def functions(x):
    return np.exp(table(x)).prod().item() + table(x).clip(0.0, 1.0).sum().item()


def datasets(x):
    ds = xr.Dataset({"a": table(x), "b": 2 * table(x)})
    return (ds.a * ds["b"]).sum().item() + ds.mean()["a"].item()


def missing(x):
    a = table(x).where(table(x) > 0)
    return a.mean().item() + a.fillna(0.5).sum().item()


def joined(x):
    a = table(x)
    both = xr.concat([a, a**2], dim="time")
    return both.transpose("place", "time").cumsum("time")[1].sum().item()


def dotted(x):
    return (
        xr.dot(table(x), table(x), dim="time").sum().item()
        + table(x).weighted(xr.DataArray([1.0, 2.0], dims="time")).mean().item()
    )


def rolled(x):
    return table(x).rolling(place=2).mean().sum().item() + table(x).diff("place").sum().item()


def grouped(x):
    a = table(x).assign_coords(kind=("place", ["p", "q", "p"]))
    return a.groupby("kind").mean().prod().item()


def interpolated(x):
    return table(x).interp(place=17.0).sum().item()


def differentiated(x):
    return (table(x).differentiate("place") ** 2).sum().item() + table(x).integrate("place")[
        0
    ].item()


@pytest.mark.parametrize(
    "program",
    [
        total,
        item,
        values,
        arithmetic,
        selected,
        functions,
        datasets,
        missing,
        joined,
        dotted,
        rolled,
        grouped,
        interpolated,
        differentiated,
    ],
)
def test_reduction(program):
    check_gradient(program, X)
