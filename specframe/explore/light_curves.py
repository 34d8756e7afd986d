"""What light curves are like: noise, drifts, masked samples, and what they leave after slow trends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.api.robust import MAD_TO_STD
from specframe.errors import DataError
from specframe.report.white_light import Curve, hours, light_curve

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = [
    "ChannelNoise",
    "alternates",
    "channel_correlation",
    "channel_noise",
    "power_spectrum",
    "relative_flux",
    "scatter",
    "trend_amplitude",
    "white_residual",
]

#: A trend is a polynomial of this degree, and needs so many samples.
_TREND, _FEWEST = 2, 8
#: Differences beyond so many robust standard deviations are jumps, no noise.
_JUMP = 5.0
#: By so much neighbours must differ more than every second sample to be called alternating.
_ALTERNATING = 1.5
#: So many samples are turned into frequencies; longer series are averaged in bins first.
_MOST_SAMPLES = 20_000


@dataclass(frozen=True)
class ChannelNoise:
    """Noise of each channel in ppm, arrays (n_wavelength,), NaN where it is not known.

    ``measured`` is the robust scatter from sample to sample, ``stated`` the median of ``flux_error``, ``photon`` that
    of as many electrons; ``drift`` the amplitude of a slow trend and ``masked`` the part of samples not to be used.
    """

    wavelength: Array
    measured: Array
    stated: Array
    photon: Array
    drift: Array
    masked: Array


def relative_flux(data: xr.Dataset) -> Array:
    """Return the flux of each channel over its median (wavelength, time), NaN where masked."""
    if "flux" not in data.variables or data["flux"].dims != ("wavelength", "time"):
        raise DataError("light curves: the node has no flux (wavelength, time)")
    flux = data["flux"].values.astype(float)
    good = np.isfinite(flux)
    if "mask" in data.variables:
        good &= ~data["mask"].values
    flux = np.where(good, flux, np.nan)
    known = good.any(axis=1)
    level = np.full(len(flux), np.nan)
    level[known] = np.nanmedian(flux[known], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(flux / np.where(level != 0, level, np.nan)[:, None])


def channel_noise(data: xr.Dataset) -> ChannelNoise:
    """Return noise, drift and masked part of every channel.

    The scatter is taken from differences of neighbouring samples, which slow trends and a transit hardly move:
    1.4826 x median |d - median d| / sqrt 2; where samples alternate between two levels, from those of every second
    sample. The photon noise is 1 / sqrt(electrons) where the flux is in electrons, or
    in electrons per second with ``attrs["exposure_time"]``; the readout adds to it.

    Parameters
    ----------
    data
        A node of an Observation with light curves.

    Raises
    ------
    DataError
        When there are none.
    """
    relative = relative_flux(data)
    flux = data["flux"].values.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(np.isfinite(relative), data["flux_error"].values, np.nan) * np.abs(relative / flux)
    return ChannelNoise(
        wavelength=data["wavelength"].values.astype(float),
        measured=1e6 * scatter(relative),
        stated=1e6 * _median(error),
        photon=1e6 * _photon_noise(data),
        drift=1e6 * trend_amplitude(data),
        masked=(~np.isfinite(relative)).mean(axis=1),
    )


def trend_amplitude(data: xr.Dataset) -> Array:
    """Return the range over the visit of a parabola fitted to each channel outside of the transit (wavelength,).

    The transit is divided out where a step fitted it, and else left out where the contacts are known; where neither is
    the case it is part of the trend. Relative to the median flux.
    """
    relative, time = relative_flux(data), _scaled_time(data)
    if {"model", "detrended_flux"} <= set(data.variables):
        with np.errstate(invalid="ignore", divide="ignore"):
            transit = (data["model"] * data["detrended_flux"] / data["flux"]).values
        relative = relative / np.where(np.isfinite(transit) & (transit > 0), transit, 1.0)
    inside = _in_transit(data)
    found = np.full(len(relative), np.nan)
    for i, row in enumerate(relative):
        trend = _trend(time, np.where(inside, np.nan, row) if not inside.all() else row)
        if trend is not None:
            found[i] = float(np.ptp(trend))
    return found


def white_residual(data: xr.Dataset) -> tuple[Curve, Array, str]:
    """Return the white light curve, what is left of it (n_time,) in ppm, and what was taken out.

    That is the model where a step fitted one. Else it is a parabola outside of the transit, where the contacts are
    known (the rest is NaN), or through all samples.

    Raises
    ------
    DataError
        When there is no light curve.
    """
    curve = light_curve(data)
    if curve.model is not None and np.isfinite(curve.model).any():
        return curve, 1e6 * (curve.flux / curve.model - 1.0), "the fitted model"
    flux, inside = curve.flux, _in_transit(data)
    known = inside.any() and np.isfinite(flux[~inside]).sum() >= _FEWEST
    flux = np.where(inside, np.nan, flux) if known else flux
    trend = _trend(_scaled_time(data), flux)
    what = "a parabola, outside of the transit" if known else "a parabola"
    residual = 1e6 * (flux / trend - 1.0) if trend is not None else np.full(len(flux), np.nan)
    return curve, residual, what


def channel_correlation(data: xr.Dataset) -> Array:
    """Return the correlation matrix of channels (wavelength, wavelength).

    Of residuals where a step fitted a model, else of differences from sample to sample, in which slow trends and the
    transit hardly show.
    """
    from specframe.explore.correlation import pearson

    relative = relative_flux(data)
    if "model" in data.variables and np.isfinite(data["model"].values).any():
        with np.errstate(invalid="ignore", divide="ignore"):
            rows = np.where(np.isfinite(relative), (data["flux"] / data["model"]).values, np.nan)
    else:
        rows = np.diff(relative, axis=1)
        centred = np.abs(rows - _median(rows)[:, None])
        with np.errstate(invalid="ignore"):  # a sharp ingress is no noise
            rows = np.where(centred <= _JUMP * MAD_TO_STD * _median(centred)[:, None], rows, np.nan)
    return pearson(rows.T, rows.T)


def power_spectrum(time: Array, values: Array) -> tuple[Array, Array]:
    """Return frequencies and amplitudes of a time series by a Lomb-Scargle periodogram.

    Parameters
    ----------
    time, values
        Shape (n,), in any unit; NaN is left out. Frequencies go from one cycle per series to half a cycle per median
        step. The amplitude is that of the sine that fits best at a frequency: 2 sqrt(P / n) of the power P.

    Raises
    ------
    DataError
        When fewer than 16 samples are left.
    """
    from astropy.timeseries import LombScargle

    good = np.isfinite(values) & np.isfinite(time)
    time, values = time[good], values[good]
    if len(values) < 16:
        raise DataError(f"power spectrum: {len(values)} usable samples, expected at least 16")
    if len(values) > _MOST_SAMPLES:
        width = -(-len(values) // _MOST_SAMPLES)
        count = len(values) // width
        time, values = (series[: count * width].reshape(count, width).mean(axis=1) for series in (time, values))
    span, step = float(time[-1] - time[0]), float(np.median(np.diff(time)))
    highest = 0.5 / step if step > 0 else 0.5 * len(time) / span
    power = LombScargle(time, values - values.mean())
    frequency, found = power.autopower(
        minimum_frequency=1.0 / span,
        maximum_frequency=max(highest, 2.0 / span),
        samples_per_peak=2,
        normalization="psd",
    )
    return np.asarray(frequency), np.sqrt(4.0 * np.maximum(np.asarray(found), 0.0) / len(values))


def alternates(rows: Array) -> NDArray[np.bool_]:
    """Return for each row (n, n_time) whether its samples alternate between two levels, as scans up and down do.

    That is so where neighbours differ by more than 1.5 times what every second sample differs by.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(_lagged(rows, 1) > _ALTERNATING * _lagged(rows, 2))


def scatter(rows: Array) -> Array:
    """Return the robust scatter of each row (n, n_time) from sample to sample, of every second where they alternate."""
    return np.asarray(np.where(alternates(rows), _lagged(rows, 2), _lagged(rows, 1)))


def _lagged(rows: Array, lag: int) -> Array:
    difference = rows[:, lag:] - rows[:, :-lag]
    centred = difference - _median(difference)[:, None]
    return np.asarray(MAD_TO_STD * _median(np.abs(centred)) / np.sqrt(2.0))


def _median(rows: Array) -> Array:
    known = np.isfinite(rows).any(axis=1) if rows.shape[1] else np.zeros(len(rows), bool)
    found = np.full(len(rows), np.nan)
    if known.any():
        found[known] = np.nanmedian(rows[known], axis=1)
    return found


def _photon_noise(data: xr.Dataset) -> Array:
    from astropy import units

    try:
        unit = units.Unit(str(data["flux"].attrs.get("units", "")))
    except ValueError:
        unit = units.dimensionless_unscaled
    flux = np.where(data["mask"].values, np.nan, data["flux"].values.astype(float))
    level = _median(flux)
    electron = units.Unit("electron")
    if unit.is_equivalent(electron):
        level = level * unit.to(electron)
    elif unit.is_equivalent(electron / units.s) and "exposure_time" in data.attrs:
        level = level * unit.to(electron / units.s) * float(data.attrs["exposure_time"])
    else:
        return np.full(len(level), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(level > 0, 1.0 / np.sqrt(level), np.nan))


def _scaled_time(data: xr.Dataset) -> Array:
    time = data["time"].values.astype(float)
    span = float(np.ptp(time)) if time.size else 0.0
    return np.asarray(2.0 * (time - time[0]) / span - 1.0) if span > 0 else np.zeros_like(time)


def _in_transit(data: xr.Dataset) -> NDArray[np.bool_]:
    clock, contacts, _ = hours(data)
    if contacts.size < 2:
        return np.zeros(len(clock), bool)
    return np.asarray((clock >= contacts[0]) & (clock <= contacts[-1]))


def _trend(time: Array, values: Array) -> Array | None:
    """Return a parabola through what is finite, at all times; outliers are left out in a second fit."""
    good = np.isfinite(values)
    if good.sum() < _FEWEST or not np.ptp(time[good]) > 0:
        return None
    design = np.vander(time, _TREND + 1)
    for _ in range(2):
        coefficients, *_ = np.linalg.lstsq(design[good], values[good], rcond=None)
        residual = values - design @ coefficients
        limit = 5.0 * MAD_TO_STD * float(np.median(np.abs(residual[good])))
        kept = good & (np.abs(residual) <= limit)
        if kept.sum() < _FEWEST:
            break
        good = kept
    return np.asarray(design @ coefficients)
