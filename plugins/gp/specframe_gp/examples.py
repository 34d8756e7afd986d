"""Problems and parameters with which the conformance suite runs the Gaussian processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import make_labels

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

__all__ = ["bands", "one_start"]


def one_start(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Start the maximisation once, for few targets: the suite fits some 70 times, and its problems have one maximum."""
    from specframe.testing import regression_problem

    return {
        "params": {"restarts": 0, "max_iterations": 15},
        "examples": [regression_problem(0, n_target=30)],
    }


def bands(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Return two problems with depths alone and one with errors.

    Wavelengths are even in their logarithm, so that depths without wavelengths, which are taken as even, agree.
    """
    from specframe.testing import RegressionProblem

    examples = []
    for seed in (0, 1, 2):
        depth, error, labels = _measured(seed)
        inputs = depth.to_dataset(name="depth").assign(depth_error=error) if seed == 2 else depth
        known, new = slice(0, 40), slice(40, None)
        examples.append(
            RegressionProblem(
                inputs.isel(target=known), labels.isel(target=known), inputs.isel(target=new), labels.isel(target=new)
            )
        )
    return {"examples": examples, "params": {"covariance": True}}


def _measured(seed: int) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Return depths, their errors and the truth: 60 spectra with a band of varying strength and place."""
    import xarray as xr

    rng = np.random.default_rng([seed, 11])
    wavelength = np.geomspace(1.1, 3.9, 14)
    names = [f"reference-{i}" for i in range(60)]
    band = np.exp(-0.5 * ((np.log(wavelength) - rng.normal(1.0, 0.2, (60, 1))) / 0.2) ** 2)
    truth = 0.01 + rng.normal(0.0, 1e-3, (60, 1)) + np.exp(rng.normal(-8.0, 0.7, (60, 1))) * band
    error = 5e-5 * rng.uniform(0.7, 1.4, truth.shape)
    coords = {"target": names, "wavelength": ("wavelength", wavelength, {"units": "um"})}

    def measured(values: Any) -> xr.DataArray:
        return xr.DataArray(values, dims=("target", "wavelength"), coords=coords, attrs={"units": ""})

    labels = make_labels(truth, names, [f"wl-{k}" for k in range(14)], wavelength=wavelength)
    return measured(truth + rng.normal(0.0, error)), measured(error), labels
