"""A plugin of targets that cost next to nothing, or as much as is asked for: what is left is what specframe takes.

The loader ``tiny`` makes light curves of a few channels out of nothing; ``work`` keeps a processor busy for so long on
each target, ``frames`` holds so much memory meanwhile. The detrender ``tiny-depths`` measures their depths.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from specframe.api import (
    Component,
    Detrender,
    Field,
    Loader,
    Params,
    hookimpl,
    make_labels,
    make_observation,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAMPLES = 8
_NOISE = 1e-5


class TinyParams(Params):
    """How many, how large and how slow."""

    n_targets: int = Field(10, ge=1, description="Number of targets.")
    channels: int = Field(4, ge=1, description="Wavelengths of each target.")
    work: float = Field(0.0, ge=0, description="Processor time in s that loading a target takes.")
    frames: float = Field(0.0, ge=0, description="MiB that loading a target needs for a moment.")
    excess: float = Field(10.0, ge=0, description="How much more the large targets need.")
    large: tuple[str, ...] = Field((), description="Targets that need more.")


class Tiny(Loader):
    """Makes targets whose depth is their label."""

    name = "tiny"
    Params = TinyParams

    def _depths(self, number: int) -> np.ndarray:
        steps = (np.arange(self.params.channels) + 7 * number) % 100
        return 0.001 + 0.0001 * steps

    def targets(self) -> list[str]:
        """Return the names, of one length."""
        return [f"t{i:07d}" for i in range(self.params.n_targets)]

    def load(self, target: str) -> xr.DataTree:
        """Make light curves with a step in the middle."""
        number, shape = int(target[1:]), (self.params.channels, _SAMPLES)
        held = np.ones(int(self.params.frames * (self.params.excess if target in self.params.large else 1) * 2**17))
        end = time.process_time() + self.params.work
        while time.process_time() < end:
            held[:1000] = np.sqrt(held[:1000])
        flux = 1 + np.random.default_rng(number).normal(0, _NOISE, shape)
        flux[:, _SAMPLES // 2 :] -= self._depths(number)[:, None]
        grid = ("wavelength", "time")
        node = xr.Dataset(
            {
                "flux": (grid, flux, {"units": ""}),
                "flux_error": (grid, np.full(shape, _NOISE), {"units": ""}),
                "mask": (grid, np.zeros(shape, bool)),
            },
            coords={
                "wavelength": ("wavelength", np.linspace(1.0, 2.0, shape[0]), {"units": "um"}),
                "time": ("time", np.arange(float(_SAMPLES)), {"units": "h"}),
            },
        )
        return make_observation(target, {"tiny/0": node})

    def labels(self) -> xr.DataArray:
        """Return the depths."""
        targets = self.targets()
        depths = np.array([self._depths(i) for i in range(len(targets))])
        return make_labels(depths, targets, [f"wl_{i + 1}" for i in range(self.params.channels)])


class TinySpectra(Tiny):
    """Makes the depths themselves, so that no step and no stored result stand between them and the main process."""

    name = "tiny-spectra"

    def load(self, target: str) -> xr.DataTree:
        """Make a spectrum."""
        number, size = int(target[1:]), self.params.channels
        depth = self._depths(number) + np.random.default_rng(number).normal(0, _NOISE, size)
        units = {"units": ""}
        node = xr.Dataset(
            {"depth": ("wavelength", depth, units), "depth_error": ("wavelength", np.full(size, _NOISE), units)},
            coords={"wavelength": ("wavelength", np.linspace(1.0, 2.0, size), {"units": "um"})},
        )
        return make_observation(target, {"spectrum/0": node})


class Nothing(Params):
    """Takes nothing."""


class TinyCurves(Detrender):
    """Hands on what it gets, so that there is an intermediate result to store."""

    name = "tiny-curves"
    Params = Nothing

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the light curves as they are."""
        return observation


class TinyDepths(Detrender):
    """Measures the depth as the difference of the two halves."""

    name = "tiny-depths"
    Params = Nothing

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Add depths and their errors."""
        node = observation["tiny/0"].to_dataset()
        flux = node["flux"].values
        depth = flux[:, : _SAMPLES // 2].mean(axis=1) - flux[:, _SAMPLES // 2 :].mean(axis=1)
        error = np.full(depth.shape, _NOISE * np.sqrt(4 / _SAMPLES))
        units = {"units": ""}
        node = node.assign(depth=("wavelength", depth, units), depth_error=("wavelength", error, units))
        return make_observation(observation.attrs["target"], {"tiny/0": node})


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Offer the tiny components."""
    yield Component(kind="loader", name="tiny", target="tiny_targets:Tiny", params=TinyParams)
    yield Component(kind="loader", name="tiny-spectra", target="tiny_targets:TinySpectra", params=TinyParams)
    yield Component(kind="detrender", name="tiny-curves", target="tiny_targets:TinyCurves", params=Nothing)
    yield Component(kind="detrender", name="tiny-depths", target="tiny_targets:TinyDepths", params=Nothing)
