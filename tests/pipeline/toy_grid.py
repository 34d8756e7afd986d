"""A plugin file with a grid of noise-free spectra, observations of them, and an exporter that sees all there is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from specframe.api import (
    Component,
    Field,
    InputPath,
    Loader,
    Params,
    ResultsExporter,
    hookimpl,
    make_labels,
    make_observation,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from specframe.api import Results

WAVELENGTH = np.linspace(1.0, 2.0, 30)


def spectrum(heat: float, slope: float) -> Any:
    """Return a flux from which both parameters can be read off: level and slope."""
    return heat / 1000.0 + slope * (WAVELENGTH - 1.5)


def node(flux: Any, error: float, **attrs: str) -> xr.Dataset:
    return xr.Dataset(
        {
            "flux": ("wavelength", flux, {"units": "", **attrs}),
            "flux_error": ("wavelength", np.full(flux.shape, error), {"units": ""}),
            "mask": ("wavelength", np.zeros(flux.shape, bool)),
        },
        coords={"wavelength": ("wavelength", WAVELENGTH, {"units": "um"})},
    )


class GridParams(Params):
    error: float = Field(0.0, ge=0, description="Noise of an observation.")


class Grid(Loader):
    """Spectra of 12 x 10 parameters."""

    name = "toy-grid"
    Params = GridParams

    def _labels(self) -> dict[str, tuple[float, float]]:
        return {f"m{i}-{j}": (500.0 + 100.0 * i, -0.5 + 0.1 * j) for i in range(12) for j in range(10)}

    def targets(self) -> list[str]:
        return list(self._labels())

    def load(self, target: str) -> xr.DataTree:
        flux = spectrum(*self._labels()[target])
        return make_observation(target, {"spectrum/0": node(flux, self.params.error, noise="absent")})

    def labels(self) -> xr.DataArray:
        return make_labels(list(self._labels().values()), self.targets(), ["heat", "slope"], units=["K", "um-1"])


class ObservedParams(Params):
    path: InputPath = Field(description="A file with heat and slope in each line.")
    error: float = Field(0.01, gt=0, description="Noise.")


class Observed(Loader):
    """Spectra that do have noise."""

    name = "toy-observed"
    Params = ObservedParams

    def _truth(self) -> dict[str, list[float]]:
        lines = self.params.path.read_text().splitlines()
        return {f"o{i}": [float(word) for word in line.split()] for i, line in enumerate(lines)}

    def targets(self) -> list[str]:
        return list(self._truth())

    def load(self, target: str) -> xr.DataTree:
        noise = np.random.default_rng(int(target[1:])).normal(0.0, self.params.error, WAVELENGTH.size)
        flux = spectrum(*self._truth()[target]) + noise
        return make_observation(target, {"spectrum/0": node(flux, self.params.error)})


class NoParams(Params):
    """Takes nothing."""


class Seen(ResultsExporter):
    """Writes down what it was given."""

    name = "seen"
    Params = NoParams

    def export_results(self, results: Results, directory: Path) -> list[Path]:
        file = directory / "seen.json"
        what = {
            "predicted": results.prediction["target"].values.tolist(),
            "observed": [one.attrs["target"] for one in results.observations()],
            "learned": [one.attrs["target"] for one in results.training()],
            "labelled": None if results.labels is None else results.labels["target"].values.tolist(),
        }
        file.write_text(json.dumps(what))
        return [file]


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Offer the toy components."""
    yield Component(kind="loader", name="toy-grid", target="toy_grid:Grid", params=GridParams)
    yield Component(kind="loader", name="toy-observed", target="toy_grid:Observed", params=ObservedParams)
    yield Component(kind="exporter", name="seen", target="toy_grid:Seen", params=NoParams)
