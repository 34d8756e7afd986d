"""A plugin file whose model errs by a factor: its score is known in closed form for every value of its parameters."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from pydantic import model_validator

from specframe.api import (
    Component,
    Detrender,
    Field,
    Loader,
    Model,
    Params,
    hookimpl,
    make_labels,
    make_observation,
    make_prediction,
)
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

N_TARGET = 12
#: Label of each target.
TRUTH = np.random.default_rng(5).uniform(0.001, 0.01, N_TARGET)


def rmse_ppm(gain: float, scale: float = 1.0) -> float:
    """Return the score of a trial: the model says ``gain`` x ``scale`` x truth."""
    return float(1e6 * abs(gain * scale - 1.0) * np.sqrt(np.mean(TRUTH**2)))


class ExactParams(Params):
    shift: float = Field(0.0, description="Added to the labels.")


class Exact(Loader):
    """Targets whose flux is their label."""

    name = "exact"
    Params = ExactParams

    def targets(self) -> list[str]:
        return [f"t{i}" for i in range(N_TARGET)]

    def load(self, target: str) -> xr.DataTree:
        flux = np.full((1, 2), TRUTH[int(target[1:])])
        grid = ("wavelength", "time")
        node = xr.Dataset(
            {
                "flux": (grid, flux, {"units": ""}),
                "flux_error": (grid, np.full(flux.shape, 1e-6), {"units": ""}),
                "mask": (grid, np.zeros(flux.shape, bool)),
            },
            coords={"wavelength": ("wavelength", [1.0], {"units": "um"}), "time": ("time", [0.0, 1.0], {"units": "h"})},
        )
        return make_observation(target, {"toy/0": node})

    def labels(self) -> xr.DataArray:
        return make_labels(TRUTH[:, None] + self.params.shift, self.targets(), ["depth"], "")

    def catalogue(self) -> xr.Dataset:
        return xr.Dataset({"star": ("target", np.arange(N_TARGET) % 8)}, coords={"target": self.targets()})


class ScaleParams(Params):
    scale: float = Field(1.0, gt=0, le=10, description="Factor on the depth.")
    calls: str = Field("", description="File to which each call adds a line.")


class Scale(Detrender):
    """Takes the flux for the depth."""

    name = "scale"
    Params = ScaleParams

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        if self.params.calls:
            with Path(self.params.calls).open("a") as file:
                file.write(f"{observation.attrs['target']}\n")
        node = observation["toy/0"].to_dataset()
        depth = self.params.scale * node["flux"].values[:, 0]
        node = node.assign(
            depth=("wavelength", depth, {"units": ""}),
            depth_error=("wavelength", np.full(1, 1e-6), {"units": ""}),
        )
        return make_observation(observation.attrs["target"], {"toy/0": node})


class GainParams(Params):
    gain: float = Field(2.0, gt=0, le=100, description="Factor on the depth.")
    shape: tuple[int, ...] = Field((8,), description="Says nothing.")
    kind: str = Field("plain", description="'broken' fails.")
    limit: float = Field(1000.0, gt=0, description="The gain must be below.")
    fits: str = Field("", description="File to which each fit adds a line.")
    seconds: float = Field(0.0, ge=0, description="Time of a fit.")

    @model_validator(mode="after")
    def _below_the_limit(self) -> GainParams:
        if self.gain > self.limit:
            raise ValueError(f"gain {self.gain:g} is above limit {self.limit:g}")
        return self


class Gain(Model):
    """Says the gain times the depth."""

    name = "gain"
    Params = GainParams

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, seed: int = 0) -> Gain:
        if self.params.fits:
            with Path(self.params.fits).open("a") as file:
                file.write(f"{self.params.gain!r}\n")
        if self.params.kind == "broken":
            raise DataError("a broken model cannot learn")
        time.sleep(self.params.seconds)
        self._y = y
        return self

    def predict(self, X: Any) -> xr.Dataset:
        depth = X["spectrum/depth"]
        like = self._y.isel(target=np.zeros(depth.sizes["target"], int)).assign_coords(target=depth["target"].values)
        return make_prediction(like.drop_vars("group", errors="ignore"), self.params.gain * depth.values[:, :1])

    def get_state(self) -> Any:
        return {}, {"outputs": [str(name) for name in self._y["output"].values]}

    def set_state(self, arrays: Any, values: Any) -> None:
        self._y = make_labels(np.zeros((1, len(values["outputs"]))), ["any"], values["outputs"])


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Offer the components."""
    yield Component(kind="loader", name="exact", target="gains:Exact", params=ExactParams)
    yield Component(kind="detrender", name="scale", target="gains:Scale", params=ScaleParams)
    yield Component(kind="model", name="gain", target="gains:Gain", params=GainParams)
