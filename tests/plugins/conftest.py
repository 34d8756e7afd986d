"""Light curves, real and injected, that the tests of several plugins share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class WhiteCurves(NamedTuple):
    """The 538 real white light curves of ADC24: flux, contacts as sample indices, and mean true depth."""

    names: list[str]
    flux: np.ndarray
    contacts: np.ndarray
    depth: np.ndarray


@pytest.fixture(scope="session")
def white_curves(data_dir: Path) -> WhiteCurves:
    with np.load(data_dir / "adc24" / "white_light_curves.npz") as archive:
        names, flux, contacts = archive["planet_id"], archive["white"], archive["breakpoints"]
    table = np.loadtxt(data_dir / "adc24" / "train_labels.csv", delimiter=",", skiprows=1)
    depth_of = dict(zip(table[:, 0].astype(int), table[:, 1:].mean(axis=1), strict=True))
    depth = np.array([depth_of[int(name)] for name in names])
    return WhiteCurves([str(n) for n in names], flux, contacts.astype(float), depth)


@pytest.fixture(scope="session")
def light_curves() -> Callable[..., xr.Dataset]:
    """Return a function that makes a node at level light-curves of plain arrays; errors default to the scatter."""

    def make(time, flux, flux_error=None, *, mask=None, contacts=None, wavelength=None, units="h", attrs=None):
        flux = np.atleast_2d(np.asarray(flux, float))
        if flux_error is None:
            flux_error = np.diff(flux, axis=1).std(axis=1, keepdims=True) / np.sqrt(2)
        grid = ("wavelength", "time")
        variables = {
            "flux": (grid, flux, {"units": "electron"}),
            "flux_error": (grid, np.broadcast_to(flux_error, flux.shape).copy(), {"units": "electron"}),
            "mask": (grid, np.zeros(flux.shape, bool) if mask is None else mask),
        }
        if contacts is not None:
            variables["contact_time"] = ("contact", np.asarray(contacts, float), {"units": units})
        wavelength = np.linspace(2.0, 4.0, len(flux)) if wavelength is None else wavelength
        coords = {
            "wavelength": ("wavelength", wavelength, {"units": "um"}),
            "time": ("time", np.asarray(time, float), {"units": units, **(attrs or {})}),
        }
        return xr.Dataset(variables, coords=coords)

    return make


@pytest.fixture(scope="session")
def detrended(white_curves: WhiteCurves, light_curves) -> dict[str, xr.DataTree]:
    """All real white light curves through ``transit-polynomial`` of order 4 with contacts found."""
    from specframe_transit import TransitPolynomial

    detrender = TransitPolynomial(order=4)
    time = np.arange(white_curves.flux.shape[1])
    return {
        name: detrender.apply(make_observation(name, {"AIRS-CH0/0": light_curves(time, flux, units="h")}))
        for name, flux in zip(white_curves.names, white_curves.flux, strict=True)
    }
