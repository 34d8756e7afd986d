"""A plugin file whose detrender fits all instruments and visits of a target together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from specframe.api import Component, Detrender, Field, Loader, Params, hookimpl, make_labels, make_observation, nodes
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

WAVELENGTH = {"AIRS": np.array([2.0, 3.0, 4.0]), "FGS1": np.array([0.7])}
N_TIME = 120
IN_TRANSIT = slice(40, 80)
NOISE = 1e-4
#: Covariance of the depths of all targets.
COVARIANCE = 1e-10 * (np.eye(4) + 0.5)


def true_depth(target: str) -> np.ndarray:
    """Depth of the four channels, in ascending wavelength."""
    return 0.01 + 0.001 * np.arange(4) + 1e-4 * int(target[1:])


class TwoInstrumentsParams(Params):
    n_targets: int = Field(6, ge=1, description="Number of targets.")


class TwoInstruments(Loader):
    """Targets with two instruments; t1 has two visits."""

    name = "two-instruments"
    Params = TwoInstrumentsParams

    def targets(self) -> list[str]:
        return [f"t{i}" for i in range(self.params.n_targets)]

    def load(self, target: str) -> xr.DataTree:
        rng = np.random.default_rng(int(target[1:]))
        depth = dict(zip(("FGS1", "AIRS"), np.split(true_depth(target), [1]), strict=True))
        given = {}
        for visit in range(2 if target == "t1" else 1):
            for instrument, wavelength in WAVELENGTH.items():
                flux = np.ones((wavelength.size, N_TIME))
                flux[:, IN_TRANSIT] -= depth[instrument][:, None]
                flux += rng.normal(0, NOISE, flux.shape)
                grid = ("wavelength", "time")
                given[f"{instrument}/{visit}"] = xr.Dataset(
                    {
                        "flux": (grid, flux, {"units": ""}),
                        "flux_error": (grid, np.full(flux.shape, NOISE), {"units": ""}),
                        "mask": (grid, np.zeros(flux.shape, bool)),
                    },
                    coords={
                        "wavelength": ("wavelength", wavelength, {"units": "um"}),
                        "time": ("time", 10.0 * visit + np.arange(N_TIME) / 24 / 20, {"units": "d"}),
                    },
                )
        return make_observation(target, given)

    def labels(self) -> xr.DataArray:
        targets = self.targets()
        wavelength = np.concatenate([WAVELENGTH["FGS1"], WAVELENGTH["AIRS"]])
        depths = np.array([true_depth(target) for target in targets])
        return make_labels(depths, targets, [f"wl_{i + 1}" for i in range(4)], "", wavelength)


class JointParams(Params):
    dead: tuple[str, ...] = Field((), description="Targets whose last channel has no depth.")
    saturated: tuple[str, ...] = Field((), description="Targets that are flagged.")
    fails: tuple[str, ...] = Field((), description="Targets that cannot be fitted.")
    without_covariance: tuple[str, ...] = Field((), description="Targets whose fit leaves no covariance.")


class Joint(Detrender):
    """Knows the depths, and leaves what a joint fit leaves."""

    name = "joint"
    Params = JointParams

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        target = observation.attrs["target"]
        if target in self.params.fails:
            raise DataError(f"target {target} has no transit")
        given = dict(nodes(observation))
        truth = dict(zip(("FGS1", "AIRS"), np.split(true_depth(target), [1]), strict=True))
        fitted = {path: self._model(data, truth[path.split("/")[0]]) for path, data in given.items()}
        if target in self.params.saturated:
            fitted["FGS1/0"] = fitted["FGS1/0"].assign_attrs(flags="saturated transit-at-edge")
        n_visit = sum(path.startswith("AIRS") for path in given)
        depth = true_depth(target) + 1e-6
        if target in self.params.dead:
            depth[-1] = np.nan
        error = np.where(np.isfinite(depth), np.sqrt(np.diag(COVARIANCE)), np.nan)
        joint = xr.Dataset(
            {
                "depth": ("wavelength", depth, {"units": ""}),
                "depth_error": ("wavelength", error, {"units": ""}),
                "depth_covariance": (("wavelength", "wavelength_other"), COVARIANCE, {"units": ""}),
                "chi2_reduced": ("wavelength", np.array([0.9, 1.0, 1.1, 1.6]), {"units": ""}),
                "white_depth": ((), np.nanmean(depth), {"units": ""}),
                "duration": ((), 0.0833, {"units": "d"}),
                "beta": ((), 1.25, {"units": ""}),
                "mid_transit": ("visit", 0.125 + 10.0 * np.arange(n_visit), {"units": "d"}),
            },
            coords={"wavelength": ("wavelength", np.array([0.7, 2.0, 3.0, 4.0]), {"units": "um"})},
            attrs={"iterations": 3, "step": 0.5, "method": "toy"},
        )
        if target in self.params.without_covariance:
            joint = joint.drop_vars("depth_covariance")
        return make_observation(target, {**fitted, "spectrum/joint": joint})

    def _model(self, data: xr.Dataset, depth: np.ndarray) -> xr.Dataset:
        model = np.ones(data["flux"].shape)
        model[:, IN_TRANSIT] -= depth[:, None]
        grid = ("wavelength", "time")
        return data.assign(
            model=(grid, model, {"units": ""}), detrended_flux=(grid, data["flux"].values, {"units": ""})
        )


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Offer the loader and the joint fit."""
    target = "joint:TwoInstruments"
    yield Component(kind="loader", name="two-instruments", target=target, params=TwoInstrumentsParams)
    yield Component(kind="detrender", name="joint", target="joint:Joint", params=JointParams)
