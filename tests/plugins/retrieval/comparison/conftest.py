"""A small grid whose spectra are known in closed form, and observations of it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_labels, make_observation, make_prediction

if TYPE_CHECKING:
    from collections.abc import Callable

WAVELENGTH = np.linspace(1.0, 2.4, 60)
NODES = np.array(list(product((900.0, 1000.0, 1100.0, 1200.0), (4.0, 5.0))))
PC_IN_RJUP = 3.0856775814913674e16 / 7.1492e7


def model(teff: float, logg: float) -> np.ndarray:
    """Surface flux in W m-2 um-1; its logarithm is linear in both labels."""
    return 1e5 * np.exp((teff - 1000.0) / 300.0 * WAVELENGTH + (logg - 4.5) * np.sin(5.0 * WAVELENGTH))


class Grid:
    """Observations of the grid and their labels, as a run hands them on."""

    names = tuple(f"teff{t:.0f}-logg{g:.0f}" for t, g in NODES)
    labels = make_labels(NODES, names, ["teff", "logg"], ["K", ""])

    @staticmethod
    def spectra() -> list[xr.DataTree]:
        return [spectrum(name, model(*node), noise="absent") for name, node in zip(Grid.names, NODES, strict=True)]


def spectrum(target, flux, error=None, units="W m-2 um-1", noise="", wavelength=WAVELENGTH, mask=None, at="", **attrs):
    error = np.zeros(flux.shape) if error is None else np.broadcast_to(error, flux.shape).copy()
    told = {"units": units} | ({"noise": noise} if noise else {}) | ({"at": at} if at else {})
    data = xr.Dataset(
        {
            "flux": ("wavelength", np.array(flux), told),
            "flux_error": ("wavelength", error, {"units": units}),
            "mask": ("wavelength", np.zeros(flux.shape, bool) if mask is None else mask),
        },
        coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
    )
    return make_observation(target, {"spectrum/0": data}, **attrs)


@pytest.fixture
def grid() -> type[Grid]:
    return Grid


@pytest.fixture
def make_spectrum() -> Callable[..., xr.DataTree]:
    return spectrum


@pytest.fixture
def surface_flux() -> Callable[..., np.ndarray]:
    return model


@pytest.fixture
def observed() -> Callable[..., xr.DataTree]:
    """Return a function that observes the model of some labels at 10 pc with a radius of 0.9 RJup and 1 % noise."""

    def observe(target="T 8", teff=1050.0, logg=4.6, radius=0.9, noise=0.01, seed=0, **attrs):
        flux = model(teff, logg) * (radius / (10.0 * PC_IN_RJUP)) ** 2
        error = noise * flux
        return spectrum(target, flux + np.random.default_rng(seed).normal(0.0, error), error, distance=10.0, **attrs)

    return observe


@pytest.fixture
def predicted() -> Callable[..., xr.Dataset]:
    """Return a function that makes a Prediction of ``{output: (mean, std)}`` for one target."""

    def predict(target="T 8", units=("K", ""), **outputs):
        mean, std = np.array([*outputs.values()], float).T
        labels = make_labels(mean[None], [target], list(outputs), list(units)[: len(mean)])
        return make_prediction(labels, labels.values, std[None])

    return predict
