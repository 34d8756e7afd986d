"""Reference problems with known answers, small and seeded, on which components are checked.

All are in the containers of :mod:`specframe.api` and in a form that any component of a kind must take: no telescope's
file format, no fixed number of channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from specframe.api import Results, make_labels, make_observation, make_prediction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe.api import Draws

__all__ = [
    "PredictionProblem",
    "RegressionProblem",
    "fitted_observation",
    "frames_observation",
    "light_curve_observation",
    "prediction_problem",
    "regression_problem",
    "results_problem",
    "spectrum_observation",
    "trapezoid",
]

#: Instrument of all reference Observations; no telescope has one of this name.
INSTRUMENT = "SPEC"
#: Contacts of the transit, in d, of observations that last 0.3 d.
CONTACTS = (0.09, 0.1, 0.2, 0.21)
#: Folds of out-of-fold predictions.
_FOLDS = 5


def trapezoid(time: NDArray[np.float64], depth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a transit with straight ingress and egress between :data:`CONTACTS`.

    Shapes: ``time`` (n_time,) in d, ``depth`` (n_wavelength,), result (n_wavelength, n_time), 1 out of transit.
    """
    covered = np.interp(time, CONTACTS, (0.0, 1.0, 1.0, 0.0))
    return np.asarray(1.0 - depth[:, None] * covered)


def transit_depths(n_wavelength: int, seed: int = 0) -> NDArray[np.float64]:
    """Return depths around 1 % that differ by some 100 ppm between wavelengths, shape (n_wavelength,)."""
    return 0.01 + np.random.default_rng([seed, 1]).normal(0.0, 2e-4, n_wavelength)


def light_curve_observation(seed: int = 0, n_wavelength: int = 24, n_time: int = 200) -> xr.DataTree:
    """Return light curves in electrons with the transit of :func:`transit_depths` and a quadratic drift.

    The errors of 200 ppm are the true ones. One sample in 100 is masked and holds a wild value.
    """
    rng = np.random.default_rng([seed, 2])
    time = np.linspace(0.0, 0.3, n_time)
    level = np.linspace(8e4, 2e5, n_wavelength)[:, None]
    drift = 1.0 + 0.002 * (time - 0.15) - 0.01 * (time - 0.15) ** 2
    error = 2e-4 * level * np.ones(n_time)
    flux = level * drift * trapezoid(time, transit_depths(n_wavelength, seed)) + rng.normal(0.0, error)
    mask = rng.random(flux.shape) < 0.01
    flux = np.where(mask, 7.0 * flux, flux)
    dims = ("wavelength", "time")
    data = xr.Dataset(
        {
            "flux": (dims, flux, {"units": "electron"}),
            "flux_error": (dims, error, {"units": "electron"}),
            "mask": (dims, mask),
            "contact_time": ("contact", np.asarray(CONTACTS), {"units": "d"}),
        },
        coords={
            "wavelength": ("wavelength", np.linspace(1.1, 3.9, n_wavelength), {"units": "um"}),
            "time": ("time", time, {"units": "d", "time_system": "TDB", "time_reference": "2030-01-01T00:00:00"}),
        },
    )
    return make_observation(f"reference-{seed}", {f"{INSTRUMENT}/0": data})


def fitted_observation(seed: int = 0) -> xr.DataTree:
    """Return the light curves of :func:`light_curve_observation` with the depths and the model that made them."""
    observation = light_curve_observation(seed)
    path = f"{INSTRUMENT}/0"
    data = observation[path].to_dataset()
    depth = transit_depths(data.sizes["wavelength"], seed)
    transit = trapezoid(data["time"].values, depth)
    level = np.nanmedian(data["flux"].where(~data["mask"]).values / transit, axis=1, keepdims=True)
    dims = ("wavelength", "time")
    fitted = data.assign(
        depth=("wavelength", depth, {"units": ""}),
        depth_error=("wavelength", np.full(depth.shape, 1e-5), {"units": ""}),
        model=(dims, level * transit, {"units": "electron"}),
        detrended_flux=(dims, data["flux"].values / level, {"units": ""}),
    )
    return make_observation(str(observation.attrs["target"]), {path: fitted})


def frames_observation(seed: int = 0, n_pairs: int = 240, n_rows: int = 32, n_columns: int = 32) -> xr.DataTree:
    """Return detector frames in adu: pairs of reads 0.1 s and 4.6 s after the reset, with a transit in the light.

    A spectrum lies on the rows around the middle; there are dark current, a flat field, dead pixels with wild values
    and photon and read noise, but no sky background and a detector that is linear.
    """
    rng = np.random.default_rng([seed, 3])
    integration_time = np.tile([0.1, 4.6], n_pairs)
    time = np.repeat(np.linspace(0.0, 0.3, n_pairs), 2) + integration_time / 86400.0
    gain, offset, read_noise = 0.4, -1000.0, 13.0
    dark = np.abs(rng.normal(0.006, 0.002, (n_rows, n_columns)))
    flat = rng.normal(1.0, 0.005, (n_rows, n_columns))
    dead = rng.random((n_rows, n_columns)) < 0.004

    profile = np.exp(-0.5 * ((np.arange(n_rows) - 0.5 * (n_rows - 1)) / 2.0) ** 2)
    light = 4000.0 * profile[:, None] * np.linspace(0.8, 1.2, n_columns)  # electron / s
    transit = trapezoid(time, transit_depths(n_columns, seed)).T  # (time, x)
    rate = light * transit[:, None, :] * flat + dark  # shape: (time, y, x)
    first = rate[::2] * 0.1
    photons = np.stack([first, first + rng.poisson(rate[1::2] * 4.5)], axis=1).reshape(rate.shape)
    electrons = photons + rng.normal(0.0, read_noise, photons.shape)
    adu = np.clip(np.rint((electrons - offset) * gain), 0, 65535).astype(np.uint16)
    adu[:, dead] = rng.integers(0, 65535, (adu.shape[0], int(dead.sum())), dtype=np.uint16)

    linearity = np.zeros((2, n_rows, n_columns))
    linearity[1] = 1.0
    plane = ("y", "x")
    data = xr.Dataset(
        {
            "frames": (("time", *plane), adu, {"units": "adu"}),
            "integration_time": ("time", integration_time, {"units": "s"}),
            "dark": (plane, dark, {"units": "electron / s"}),
            "flat": (plane, flat, {"units": ""}),
            "read_noise": (plane, np.full((n_rows, n_columns), read_noise), {"units": "electron"}),
            "dead": (plane, dead),
            "linearity": (("coefficient", *plane), linearity),
        },
        coords={
            "time": ("time", time, {"units": "d", "time_system": "TDB", "time_reference": "2030-01-01T00:00:00"}),
            "wavelength": ("x", np.linspace(1.1, 3.9, n_columns), {"units": "um"}),
        },
        attrs={"gain": gain, "offset": offset},
    )
    return make_observation(f"reference-{seed}", {f"{INSTRUMENT}/0": data})


def spectrum_observation(seed: int = 0, n_wavelength: int = 60) -> xr.DataTree:
    """Return an observed spectrum with an absorption band and errors of 2 %; one sample in 20 is masked."""
    rng = np.random.default_rng([seed, 4])
    wavelength = np.linspace(0.9, 2.4, n_wavelength)
    flux = 1e-14 * (1.0 - 0.4 * np.exp(-0.5 * ((wavelength - 1.4) / 0.08) ** 2))
    error = np.full(n_wavelength, 2e-16)
    mask = rng.random(n_wavelength) < 0.05
    data = xr.Dataset(
        {
            "flux": ("wavelength", rng.normal(flux, error), {"units": "W m-2 um-1"}),
            "flux_error": ("wavelength", error, {"units": "W m-2 um-1"}),
            "mask": ("wavelength", mask),
        },
        coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
    )
    return make_observation(f"reference-{seed}", {f"{INSTRUMENT}/0": data})


@dataclass(frozen=True)
class RegressionProblem:
    """Inputs with known labels, to learn from and to judge by.

    ``X`` and ``X_new`` have the leading dim ``target`` (a DataArray, or a collection as from ``collate``); ``y`` and
    ``y_new`` are labels ``(target, output)``.
    """

    X: Any
    y: xr.DataArray
    X_new: Any
    y_new: xr.DataArray


def regression_problem(
    seed: int = 0, n_target: int = 80, n_new: int = 40, n_wavelength: int = 12, n_output: int = 3
) -> RegressionProblem:
    """Return transit depths from which labels follow linearly, with noise of a tenth of their spread."""
    rng = np.random.default_rng([seed, 5])
    n = n_target + n_new
    depths = 0.01 + rng.normal(0.0, 1e-3, (n, 1)) + rng.normal(0.0, 2e-4, (n, n_wavelength))
    weights = rng.normal(0.0, 1.0, (n_wavelength, n_output)) / n_wavelength + 1.0 / n_wavelength
    values = depths @ weights
    values += rng.normal(0.0, 0.1 * values.std(axis=0), values.shape)

    wavelength = np.linspace(1.1, 3.9, n_wavelength)
    names = [f"reference-{i}" for i in range(n)]
    x = xr.DataArray(
        depths,
        dims=("target", "wavelength"),
        coords={"target": names, "wavelength": ("wavelength", wavelength, {"units": "um"})},
        name="depth",
        attrs={"units": ""},
    )
    y = make_labels(values, names, [f"wl-{k}" for k in range(n_output)], wavelength=np.linspace(1.2, 3.8, n_output))
    known, new = slice(0, n_target), slice(n_target, None)
    return RegressionProblem(x.isel(target=known), y.isel(target=known), x.isel(target=new), y.isel(target=new))


@dataclass(frozen=True)
class PredictionProblem:
    """Predictions whose truth is known: one set to learn errors from, another to judge by."""

    prediction: xr.Dataset
    truth: xr.DataArray
    new: xr.Dataset
    new_truth: xr.DataArray


def prediction_problem(
    seed: int = 0,
    n_target: int = 600,
    n_new: int = 2000,
    n_output: int = 3,
    heteroscedastic: bool = False,
    draws: Draws | None = None,
) -> PredictionProblem:
    """Return predictions with independent Gaussian errors of 50 ppm and more, growing from output to output.

    With ``heteroscedastic`` the errors also differ between targets by up to a factor of four, and the predictions
    know their ``std``; otherwise they have none. With ``draws`` they have ``samples`` besides, whose spread is the
    error; where there is a ``std`` too, each is half of the variance. Draws ``out-of-fold`` are those of models that
    differ by a fifth of the error, for the new targets only, and the others know their ``fold``.
    """
    rng = np.random.default_rng([seed, 6])
    n = n_target + n_new
    truth = 0.01 + rng.normal(0.0, 2e-3, (n, 1)) + rng.normal(0.0, 2e-4, (n, n_output))
    sigma = 5e-5 * (1.0 + np.arange(n_output)) * np.ones((n, 1))
    if heteroscedastic:
        sigma = sigma * rng.uniform(0.5, 2.0, (n, 1))
    names = [f"reference-{i}" for i in range(n)]
    wavelength = np.linspace(1.2, 3.8, n_output)
    labels = make_labels(truth, names, [f"wl-{k}" for k in range(n_output)], wavelength=wavelength)
    mean = truth + rng.normal(0.0, sigma)
    known, new = slice(0, n_target), slice(n_target, None)
    folds = draws is not None and draws.source == "out-of-fold"
    share = 1.0 if draws is None or folds else np.sqrt(0.5)
    prediction = make_prediction(labels, mean, share * sigma if heteroscedastic else None)
    first, second = prediction.isel(target=known), prediction.isel(target=new)
    if folds:
        first = first.assign(fold=("target", np.arange(n_target) % _FOLDS))
        second = _with_samples(second, 0.2 * sigma[new], _FOLDS, rng)
    elif draws is not None:
        spread = sigma * (share if heteroscedastic else 1.0)
        first = _with_samples(first, spread[known], draws.count, rng)
        second = _with_samples(second, spread[new], draws.count, rng)
    return PredictionProblem(first, labels.isel(target=known), second, labels.isel(target=new))


def _with_samples(
    prediction: xr.Dataset, spread: NDArray[np.float64], count: int, rng: np.random.Generator
) -> xr.Dataset:
    mean = prediction["mean"]
    samples = rng.normal(mean.values, spread, (count, *mean.shape))
    return prediction.assign(samples=(("sample", *mean.dims), samples, mean.attrs)).assign_coords(
        sample=np.arange(count)
    )


def results_problem(seed: int = 0, n_wavelength: int = 50) -> Results:
    """Return predicted parameters of three noisy spectra, and the grid of twelve noise-free ones they come from.

    A band at 1.4 um grows with ``depth``, the slope with ``temperature`` (K); the grid is a full one of 4 x 3 labels.
    """
    rng = np.random.default_rng([seed, 7])
    wavelength = np.linspace(0.9, 2.4, n_wavelength)

    def spectrum(target: str, temperature: float, depth: float, noise: float) -> xr.DataTree:
        band = 1.0 - depth * np.exp(-0.5 * ((wavelength - 1.4) / 0.08) ** 2)
        flux = 1e4 * wavelength ** (temperature / 1000.0 - 2.0) * band
        error = 0.02 * flux if noise else 0.0 * flux
        attrs = {"units": "W m-2 um-1"} | ({} if noise else {"noise": "absent"})
        data = xr.Dataset(
            {
                "flux": ("wavelength", flux + noise * error * rng.normal(size=n_wavelength), attrs),
                "flux_error": ("wavelength", error, {"units": "W m-2 um-1"}),
                "mask": ("wavelength", np.zeros(n_wavelength, bool)),
            },
            coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
        )
        return make_observation(target, {"spectrum/0": data})

    models = [(temperature, depth) for temperature in (800.0, 1000.0, 1200.0, 1500.0) for depth in (0.1, 0.3, 0.5)]
    grid = [spectrum(f"model-{i}", *model, 0.0) for i, model in enumerate(models)]
    outputs, units = ["temperature", "depth"], ["K", ""]
    labels = make_labels(models, [one.attrs["target"] for one in grid], outputs, units)
    truth = np.stack([rng.uniform(900.0, 1400.0, 3), rng.uniform(0.15, 0.45, 3)], axis=1)
    seen = [spectrum(f"reference-{i}", truth[i, 0], truth[i, 1], 1.0) for i in range(3)]
    std = np.broadcast_to([30.0, 0.02], truth.shape)
    like = make_labels(truth, [one.attrs["target"] for one in seen], outputs, units)
    prediction = make_prediction(like, truth + rng.normal(0.0, std), std)
    return Results(prediction, lambda: iter(seen), lambda: iter(grid), labels)
