"""Problems on which the conformance suite runs the models that read measured spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import make_labels

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

__all__ = ["few_trees", "members", "shrinkage", "spectra", "trends"]


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


def few_trees(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Grow few trees: the suite fits some 70 times, and more of them only make the result less random."""
    return {"params": {"n_trees": 30}}


def members(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Return what three models predicted of three outputs, as an array and as collections with and without errors."""
    from specframe.testing import RegressionProblem

    examples = []
    for seed in (0, 1, 2):
        rng = np.random.default_rng([seed, 9])
        n, n_output = 120, 3
        names = [f"reference-{i}" for i in range(n)]
        truth = 0.01 + rng.normal(0.0, 1e-3, (n, 1)) + rng.normal(0.0, 1e-4, (n, n_output))
        labels = make_labels(truth, names, [f"wl-{k}" for k in range(n_output)], wavelength=[1.2, 2.5, 3.8])
        error = 1e-4 * np.array([1.0, 1.5, 3.0])[:, None] * rng.uniform(0.5, 2.0, (n, 3, 1)) * np.ones(n_output)
        predicted = truth[:, None] + rng.normal(0.0, error)
        x = _predictions(predicted, error if seed == 2 else None, names) if seed else _matrix(predicted, names)
        known, new = slice(0, 80), slice(80, None)
        examples.append(
            RegressionProblem(
                x.isel(target=known), labels.isel(target=known), x.isel(target=new), labels.isel(target=new)
            )
        )
    return {"examples": examples}


def _matrix(predicted: Any, names: list[str]) -> xr.DataArray:
    import xarray as xr

    coords = {"target": names}
    return xr.DataArray(predicted.reshape(len(predicted), -1), dims=("target", "feature"), coords=coords)


def _predictions(predicted: Any, error: Any, names: list[str]) -> xr.DataTree:
    import xarray as xr

    variables = {f"model-{k}": (("target", "output"), predicted[:, k]) for k in range(predicted.shape[1])}
    if error is not None:
        variables |= {f"model-{k}_error": (("target", "output"), error[:, k]) for k in range(predicted.shape[1])}
    node = xr.Dataset(variables, coords={"target": names})
    return xr.DataTree.from_dict({"/": node[["target"]], "/predictions": node})


def trends(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Return a matrix of features, and depths with trends that took part of them, from curves of one channel."""
    from specframe.testing import RegressionProblem

    examples = []
    for seed in (0, 1, 2):
        rng = np.random.default_rng([seed, 10])
        n = 120
        names = [f"reference-{i}" for i in range(n)]
        truth = rng.uniform(1e-3, 1e-2, n)
        errors = 1e-5 * np.array([1.5, 0.9, 2.5])
        correlation = np.array([[1.0, 0.0, 0.9], [0.0, 1.0, 0.0], [0.9, 0.0, 1.0]])
        covariance = np.outer(errors, errors) * correlation * rng.uniform(0.8, 1.25, (n, 1, 1)) ** 2
        drift = np.exp(rng.normal(-8.0, 0.7, (n, 1))) * rng.normal(0.0, [1.0, 0.1], (n, 2))
        noise = (np.linalg.cholesky(covariance) @ rng.normal(size=(n, 3, 1)))[..., 0]
        measured = np.column_stack([truth, drift]) + noise
        labels = make_labels(np.stack([truth, 2.0 * truth], axis=1), names, ["depth", "twice"])
        x = _trends(measured, covariance, names) if seed else _matrix(measured, names)
        known, new = slice(0, 80), slice(80, None)
        examples.append(
            RegressionProblem(
                x.isel(target=known), labels.isel(target=known), x.isel(target=new), labels.isel(target=new)
            )
        )
    return {"examples": examples}


def _trends(measured: Any, covariance: Any, names: list[str]) -> xr.Dataset:
    import xarray as xr

    return xr.Dataset(
        {
            "depth": (("target", "wavelength"), measured[:, :1]),
            "trend": (("target", "wavelength", "order"), measured[:, None, 1:]),
            "trend_covariance": (("target", "wavelength", "term", "term_other"), covariance[:, None]),
        },
        coords={"target": names},
    )
