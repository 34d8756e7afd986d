"""A plugin file: spectra with channels of their own, as somebody fits them one planet at a time, and an exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from specframe.api import Component, Field, Loader, ObservationExporter, Params, hookimpl, make_observation, nodes
from specframe.errors import DataError, InputFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Channels of each target; b shares one with a, and d has nothing measured.
CHANNELS = {"a": [1.0, 2.0, 3.0], "b": [2.0, 2.5], "d": [1.0]}


class NoParams(Params):
    """Takes nothing."""


class Fitted(Loader):
    """Light curves with depths, whose errors are not symmetric."""

    name = "fitted"
    Params = NoParams

    def targets(self) -> list[str]:
        return list(CHANNELS)

    def load(self, target: str) -> xr.DataTree:
        wavelength = np.array(CHANNELS[target])
        n = len(wavelength)
        depth = 0.01 * wavelength if target != "d" else np.full(n, np.nan)
        grid, channels = ("wavelength", "time"), "wavelength"
        units: dict[str, Any] = {"units": ""}
        data = xr.Dataset(
            {
                "flux": (grid, np.ones((n, 8)), units),
                "flux_error": (grid, np.full((n, 8), 1e-4), units),
                "mask": (grid, np.zeros((n, 8), bool)),
                "depth": (channels, depth, units),
                "depth_error": (channels, np.full(n, 1e-4), units),
                "depth_error_lower": (channels, np.full(n, 0.8e-4), units),
                "depth_error_upper": (channels, np.full(n, 1.2e-4), units),
                "chi2_reduced": (channels, np.full(n, 1.25), units),
                "channel_flags": (channels, np.array(["", *["red-noise"] * (n - 1)])),
            },
            coords={
                "wavelength": (channels, wavelength, {"units": "um"}),
                "wavelength_lower": (channels, wavelength - 0.1, {"units": "um"}),
                "wavelength_upper": (channels, wavelength + 0.1, {"units": "um"}),
                "time": ("time", np.arange(8) / 24, {"units": "d"}),
            },
            attrs={"quantity": "transit depth (Rp/R*)^2"},
        )
        return make_observation(target, {"WFC3/0": data})


class PublishedParams(Params):
    target: str = Field(description="Name of the target.")
    offset: float = Field(0.0, description="What the depths are shifted by.")
    fails: bool = Field(False, description="Whether it raises.")


class PublishedSpectrum(Loader):
    """Depths of target a by somebody else."""

    name = "published"
    Params = PublishedParams

    def targets(self) -> list[str]:
        return [self.params.target]

    def load(self, target: str) -> xr.DataTree:
        if self.params.fails:
            raise InputFileError("spectrum.csv", "has no column 'depth'")
        wavelength = np.array(CHANNELS["a"])
        data = xr.Dataset(
            {
                "depth": ("wavelength", 0.01 * wavelength + self.params.offset, {"units": ""}),
                "depth_error": ("wavelength", np.full(wavelength.size, 2e-4), {"units": ""}),
            },
            coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
        )
        return make_observation(target, {"WFC3/0": data}, reference="Somebody (2020)")


class Lengths(ObservationExporter):
    """Writes how many channels each node has; refuses target b."""

    name = "lengths"
    Params = NoParams

    def export_target(self, observation: xr.DataTree, directory: Path) -> list[Path]:
        target = observation.attrs["target"]
        if target == "b":
            raise DataError("too few channels")
        path = directory / f"lengths-{target}.txt"
        path.write_text("\n".join(f"{path} {data.sizes['wavelength']}" for path, data in nodes(observation)))
        return [path]


@hookimpl
def specframe_components() -> Iterator[Component]:
    yield Component(kind="loader", name="fitted", target="fitted:Fitted", params=NoParams)
    yield Component(kind="loader", name="published", target="fitted:PublishedSpectrum", params=PublishedParams)
    yield Component(kind="exporter", name="lengths", target="fitted:Lengths", params=NoParams)
