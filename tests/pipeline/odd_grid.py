"""A plugin file with a loader of spectra that are linear in three parameters with odd names and units of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from specframe.api import Component, Field, Loader, Params, hookimpl, make_labels, make_observation

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES, UNITS = ["teff", "C/O", "flags"], ["K", "", "dex"]
_WAVELENGTH = np.linspace(1.0, 2.0, 8)


class GridParams(Params):
    path: str = Field("", description="A file with a row of parameters for each target, whose truth is not known.")


class Grid(Loader):
    """Forty spectra with labels, or those of a file without."""

    name = "odd-grid"
    Params = GridParams

    def _truth(self) -> np.ndarray:
        if self.params.path:
            return np.loadtxt(self.params.path, ndmin=2)
        rng = np.random.default_rng(0)
        return np.stack([rng.uniform(1000, 2000, 40), rng.uniform(0.1, 1.5, 40), rng.uniform(-1, 1, 40)], axis=1)

    def targets(self) -> list[str]:
        return [f"HD {i}" for i in range(len(self._truth()))]

    def files(self, target: str) -> list[Path]:
        return [Path(self.params.path)] if self.params.path else []

    def load(self, target: str) -> xr.DataTree:
        i = int(target.split()[1])
        slopes = np.random.default_rng(1).normal(size=(3, _WAVELENGTH.size))
        flux = 5 + (self._truth()[i] - [1500, 0.8, 0]) / [300, 0.4, 0.6] @ slopes
        flux = flux + np.random.default_rng([2, i]).normal(0, 0.02, flux.shape)
        node = xr.Dataset(
            {
                "flux": ("wavelength", flux, {"units": ""}),
                "flux_error": ("wavelength", np.full(flux.shape, 0.02), {"units": ""}),
                "mask": ("wavelength", np.zeros(flux.shape, bool)),
                "chi2_match": ((), float(i)),
            },
            coords={"wavelength": ("wavelength", _WAVELENGTH, {"units": "um"})},
        )
        return make_observation(target, {"spectrum/0": node})

    def labels(self) -> xr.DataArray | None:
        return None if self.params.path else make_labels(self._truth(), self.targets(), NAMES, UNITS)


@hookimpl
def specframe_components() -> Iterator[Component]:
    yield Component(kind="loader", name="odd-grid", target="odd_grid:Grid", params=GridParams, summary="Odd grid")
