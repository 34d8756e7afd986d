"""Problems on which the conformance suite runs the models that read measured spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import make_labels

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

__all__ = ["shrinkage", "spectra"]


def spectra(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Return two problems with depths alone and one with errors, in channels that are the outputs."""
    from specframe.testing import RegressionProblem

    examples = []
    for seed in (0, 1, 2):
        depth, error, labels = _measured(seed)
        inputs = depth.to_dataset(name="depth")
        if seed == 2:
            inputs["depth_error"] = error
        known, new = slice(0, 60), slice(60, None)
        x = inputs if seed == 2 else inputs["depth"]
        examples.append(
            RegressionProblem(
                x.isel(target=known), labels.isel(target=known), x.isel(target=new), labels.isel(target=new)
            )
        )
    return {"examples": examples}


def shrinkage(folder: Path) -> dict[str, Any]:
    """Return the same problems with numbers of components that are given: choosing them takes ten times as long."""
    return {**spectra(folder), "params": {"n_components": 2, "bias_modes": 1}}


def _measured(seed: int) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Return depths, their errors and the truth: 90 spectra with one band of varying strength."""
    rng = np.random.default_rng([seed, 8])
    wavelength = np.linspace(1.1, 3.9, 12)
    names = [f"reference-{i}" for i in range(90)]
    band = np.exp(-0.5 * ((wavelength - 2.7) / 0.4) ** 2)
    truth = 0.01 + rng.normal(0.0, 1e-3, (90, 1)) + np.exp(rng.normal(-8.5, 0.7, (90, 1))) * band
    error = 1e-4 * rng.uniform(0.7, 1.4, truth.shape)
    labels = make_labels(truth, names, [f"wl-{k}" for k in range(12)], wavelength=wavelength)
    coords = {"target": names, "wavelength": ("wavelength", wavelength, {"units": "um"})}

    def measured(values: Any) -> xr.DataArray:
        import xarray as xr

        return xr.DataArray(values, dims=("target", "wavelength"), coords=coords, attrs={"units": ""})

    return measured(truth + rng.normal(0.0, error)), measured(error), labels
