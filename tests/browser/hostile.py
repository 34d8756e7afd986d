"""A plugin file: targets of known truth whose names try to be markup, and a step that measures their depths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from specframe.api import Component, Detrender, Field, Loader, Params, hookimpl, make_labels, make_observation
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAMPLES, _CHANNELS = 24, 12
_WAVELENGTH = np.linspace(1.0, 3.2, _CHANNELS)
#: Two of them would run, one would end the element that holds the data, one would break an attribute.
_NAMES = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror="window.pwned=2">',
    "</script><!--",
    "' onmouseover='window.pwned=3",
    "$\\frac{1}{2}$ & {{ 7*7 }}",
    "γ Cephei b",
)


class SkyParams(Params):
    outputs: str = Field("spectrum", description="What the labels are: spectrum, parameters, or nothing.")
    n_targets: int = Field(14, ge=6, description="How many targets there are.")


class Sky(Loader):
    """Light curves that lose their label's depth in their second half."""

    name = "sky"
    Params = SkyParams

    def targets(self) -> list[str]:
        more = [f"target {i}" for i in range(self.params.n_targets - len(_NAMES))]
        return [*_NAMES, *more][: self.params.n_targets]

    def _parameters(self) -> np.ndarray:
        rng = np.random.default_rng(4)
        return np.stack(
            [rng.uniform(800, 2000, self.params.n_targets), rng.uniform(3, 5, self.params.n_targets)], axis=1
        )

    def _depths(self) -> np.ndarray:
        temperature, gravity = self._parameters().T
        slope = np.linspace(-1, 1, _CHANNELS)
        return 0.004 + 2e-6 * (temperature[:, None] - 1400) + 2e-4 * (gravity[:, None] - 4) * slope

    def load(self, target: str) -> xr.DataTree:
        row = self.targets().index(target)
        if row == self.params.n_targets - 1:
            raise DataError(f"target {target}: <b>the file is broken</b>")
        rng = np.random.default_rng(row)
        flux = np.ones((_CHANNELS, _SAMPLES))
        flux[:, _SAMPLES // 2 :] -= self._depths()[row][:, None]
        flux += rng.normal(0, 2e-5, flux.shape)
        grid = ("wavelength", "time")
        node = xr.Dataset(
            {
                "flux": (grid, flux, {"units": ""}),
                "flux_error": (grid, np.full(flux.shape, 2e-5), {"units": ""}),
                "mask": (grid, np.zeros(flux.shape, bool)),
            },
            coords={
                "wavelength": ("wavelength", _WAVELENGTH, {"units": "um"}),
                "time": ("time", np.linspace(0, 4, _SAMPLES), {"units": "h"}),
            },
        )
        return make_observation(target, {"sky/0": node})

    def labels(self) -> xr.DataArray | None:
        names = self.targets()
        if self.params.outputs == "spectrum":
            channels = [f"w{i}" for i in range(_CHANNELS)]
            return make_labels(self._depths(), names, channels, "", wavelength=_WAVELENGTH)
        if self.params.outputs == "parameters":
            return make_labels(self._parameters(), names, ["temperature", "log g"], ["K", ""])
        return None


class HalvesParams(Params):
    pass


class Halves(Detrender):
    """Measures depths as the difference of the two halves."""

    name = "halves"
    Params = HalvesParams

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        node = observation["sky/0"].to_dataset()
        flux, half = node["flux"].values, _SAMPLES // 2
        depth = flux[:, :half].mean(axis=1) - flux[:, half:].mean(axis=1)
        error = np.full(_CHANNELS, 2e-5 * np.sqrt(2 / half))
        node = node.assign(depth=("wavelength", depth, {"units": ""}), depth_error=("wavelength", error, {"units": ""}))
        return make_observation(observation.attrs["target"], {"sky/0": node})


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Offer both."""
    yield Component(kind="loader", name="sky", target="hostile:Sky", params=SkyParams)
    yield Component(kind="detrender", name="halves", target="hostile:Halves", params=HalvesParams)
