"""Problems on which the conformance suite runs the networks, with trainings of seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import make_labels

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

__all__ = ["images", "spectra", "tables"]

_TRAINING = {"epochs": 20, "batch_size": 16, "learning_rate": 1e-2, "validation": 0.2}


def spectra(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Return the suite's own problems with fewer targets, and a small network."""
    from specframe.testing import regression_problem

    blocks = [{"type": "conv", "filters": 8, "kernel": 5}, {"type": "pool", "size": 4, "pooling": "adaptive"}]
    network = {"blocks": blocks, "dense": [16], "dropout": 0.0}
    examples = [regression_problem(seed, n_target=48) for seed in (0, 1)]
    return {"params": {"network": network, "training": _TRAINING}, "examples": examples}


def tables(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Return the suite's own problems with fewer targets, and a small fully connected network."""
    from specframe.testing import regression_problem

    examples = [regression_problem(seed, n_target=48) for seed in (0, 1)]
    return {"params": {"hidden": [32], "dropout": 0.0, "training": _TRAINING}, "examples": examples}


def images(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Return two problems: transits of 80 targets in 6 wavelengths, whose depths are to be told."""
    from specframe.testing import RegressionProblem

    examples = []
    for seed in (0, 1):
        flux, labels = _transits(seed)
        known, new = slice(0, 60), slice(60, None)
        examples.append(
            RegressionProblem(
                flux.isel(target=known), labels.isel(target=known), flux.isel(target=new), labels.isel(target=new)
            )
        )
    blocks = [
        {"type": "conv", "filters": 8, "kernel": [3, 5], "stride": [1, 2]},
        {"type": "pool", "size": [3, 6], "pooling": "adaptive"},
    ]
    network = {"blocks": blocks, "dense": [16], "dropout": 0.0}
    return {"params": {"network": network, "training": _TRAINING}, "examples": examples}


def _transits(seed: int) -> tuple[xr.DataArray, xr.DataArray]:
    """Return light curves in electrons (target, wavelength, time), and depths in three bands."""
    import xarray as xr

    rng = np.random.default_rng([seed, 9])
    n, n_wavelength, n_time = 80, 6, 40
    depth = 0.01 + rng.normal(0.0, 2e-3, (n, 1)) + rng.normal(0.0, 5e-4, (n, n_wavelength))
    time = np.linspace(0.0, 0.3, n_time)
    covered = np.interp(time, (0.09, 0.1, 0.2, 0.21), (0.0, 1.0, 1.0, 0.0))
    level = rng.uniform(8e4, 2e5, (n, n_wavelength, 1))
    flux = level * (1.0 - depth[:, :, None] * covered + rng.normal(0.0, 3e-4, (n, n_wavelength, n_time)))
    names = [f"reference-{i}" for i in range(n)]
    coords = {
        "target": names,
        "wavelength": ("wavelength", np.linspace(1.1, 3.9, n_wavelength), {"units": "um"}),
        "time": ("time", time, {"units": "d"}),
    }
    curves = xr.DataArray(flux, dims=("target", "wavelength", "time"), coords=coords, attrs={"units": "electron"})
    bands = depth.reshape(n, 3, 2).mean(axis=2)
    return curves, make_labels(bands, names, ["a", "b", "c"], wavelength=[1.4, 2.5, 3.6])
