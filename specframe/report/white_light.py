"""Light curves as they are drawn: one channel or the white light, relative to its median, on a clock in hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Curve", "hours", "is_numbered", "light_curve"]

#: What loaders write into the ``comment`` of a coordinate that the data lack and that only counts.
_NUMBERED = {"wavelength": "channel numbers", "time": "sample numbers"}


@dataclass(frozen=True)
class Curve:
    """A light curve, arrays of shape (n_time,), NaN where masked; what a step did not give is ``None``."""

    flux: Array
    flux_error: Array
    model: Array | None
    detrended: Array | None
    transit: Array | None
    #: Flux of samples that a step clipped in all channels; such samples are NaN in the others.
    clipped: Array
    #: Contacts in the same hours as the samples.
    contacts: Array
    #: Or numbers of the samples, where the data have no times; ``clock`` says which.
    hours: Array
    clock: str
    #: How many channels are in it; others are masked, or could not be fitted.
    n_channel: int


def light_curve(data: xr.Dataset, channel: int | None = None) -> Curve:
    """Return the light curve of one ``channel`` of an Observation's node, or of all of them together.

    Fluxes are divided by the median of their channel. The white light is their mean with weights from the median
    ``flux_error``; masked samples and those that a step ``clipped`` are left out, sample by sample, from fluxes and
    models alike. Where a step fitted a white light curve of its own (``white_flux``, ``white_model`` ...), that one is
    the white light.

    Raises
    ------
    DataError
        When the node has no light curves, no such channel, or every sample of it is masked.
    """
    if "flux" not in data.variables or data["flux"].dims != ("wavelength", "time"):
        raise DataError("light curve: the node has no flux (wavelength, time)")
    if channel is None and "white_flux" in data.variables and np.isfinite(data["white_flux"].values).any():
        return _fitted_white(data)
    n_channel = data.sizes["wavelength"]
    if channel is not None and not 0 <= channel < n_channel:
        raise DataError(f"light curve: channel {channel} of {n_channel} (0 to {n_channel - 1}) does not exist")
    rows = slice(None) if channel is None else slice(channel, channel + 1)
    flux, error = (data[name].values[rows].astype(float) for name in ("flux", "flux_error"))
    good = ~data["mask"].values[rows] & np.isfinite(flux) & np.isfinite(error) & (error > 0)
    if "model" in data.variables and np.isfinite(data["model"].values[rows]).any():
        good &= np.isfinite(data["model"].values[rows])  # channels that could not be fitted
    clipped = good & data["clipped"].values[rows] if "clipped" in data.variables else np.zeros_like(good)
    good &= ~clipped
    usable = good.any(axis=1)
    if not usable.any():
        raise DataError("light curve: every sample is masked")
    flux, error, good, clipped = flux[usable], error[usable], good[usable], clipped[usable]
    median = np.nanmedian(np.where(good, flux, np.nan), axis=1, keepdims=True)
    weight = good / np.nanmedian(np.where(good, error / median, np.nan), axis=1, keepdims=True) ** 2
    total = weight.sum(axis=0)

    # models are drawn through clipped samples, too
    shown = np.where(total > 0, good, clipped)
    shares = shown * weight.max(axis=1, keepdims=True)

    def averaged(values: Array) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(shown, shares * values, 0.0).sum(axis=0) / shares.sum(axis=0))

    with np.errstate(invalid="ignore", divide="ignore"):
        flux_error = np.sqrt(np.where(good, (weight * error / median) ** 2, 0.0).sum(axis=0)) / total
    optional = {
        name: data[name].values[rows][usable].astype(float) if name in data.variables else None
        for name in ("model", "detrended_flux")
    }
    model, detrended = optional["model"], optional["detrended_flux"]
    transit = None
    if model is not None and detrended is not None:
        # detrended = flux / systematics and model = transit x systematics
        transit = averaged(np.divide(model * detrended, flux, out=np.full(flux.shape, np.nan), where=shown))
    with np.errstate(invalid="ignore", divide="ignore"):
        outlying = np.where(clipped, flux / median, 0.0).sum(axis=0) / clipped.sum(axis=0)
    time, contacts, clock = hours(data)
    return Curve(
        flux=np.where(total > 0, averaged(flux / median), np.nan),
        flux_error=flux_error,
        model=None if model is None else averaged(model / median),
        detrended=None if detrended is None else np.where(total > 0, averaged(detrended), np.nan),
        transit=transit,
        clipped=np.where(total > 0, np.nan, outlying),
        contacts=contacts,
        hours=time,
        clock=clock,
        n_channel=int(usable.sum()),
    )


def _fitted_white(data: xr.Dataset) -> Curve:
    """Return the white light curve that a step fitted, relative to its median."""

    def values(name: str) -> Array | None:
        return data[name].values.astype(float) if name in data.variables else None

    flux, error, model = values("white_flux"), values("white_flux_error"), values("white_model")
    systematics = values("white_systematics")
    assert flux is not None
    error = np.full(flux.shape, np.nan) if error is None else error
    good = np.isfinite(flux)
    if "white_mask" in data.variables:
        good &= ~data["white_mask"].values.astype(bool)
    median = float(np.nanmedian(flux[good] if good.any() else flux))
    detrended = transit = None
    if systematics is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            detrended = np.where(good, flux / systematics, np.nan)
            transit = None if model is None else model / systematics
    time, contacts, clock = hours(data)
    return Curve(
        flux=np.where(good, flux / median, np.nan),
        flux_error=error / median,
        model=None if model is None else model / median,
        detrended=detrended,
        transit=transit,
        clipped=np.where(good, np.nan, flux / median),
        contacts=contacts,
        hours=time,
        clock=clock,
        n_channel=data.sizes["wavelength"],
    )


def is_numbered(data: xr.Dataset, coordinate: str) -> bool:
    """Return whether ``wavelength`` or ``time`` only counts channels or samples, because the data have none."""
    return str(data[coordinate].attrs.get("comment", "")).startswith(_NUMBERED[coordinate])


def _event(data: xr.Dataset) -> str:
    """Return what the planet does in the light curves, transit or eclipse, as ``attrs["quantity"]`` says."""
    return "eclipse" if "eclipse" in str(data.attrs.get("quantity", "")) else "transit"


def hours(data: xr.Dataset) -> tuple[Array, Array, str]:
    """Return times and contacts in hours, and what they count from: mid-transit where known, else the first sample.

    Where the data have no times (:func:`is_numbered`), both count samples from 0 instead.
    """
    from astropy.units import Unit

    if is_numbered(data, "time"):
        time = data["time"].values.astype(float)
        contacts = np.array([])
        if "contact_time" in data.variables:
            contact = data["contact_time"]
            to_clock = float(Unit(contact.attrs["units"]).to(data["time"].attrs["units"]))
            contacts = np.interp(contact.values * to_clock, time, np.arange(time.size))
        return np.arange(float(time.size)), contacts, "Sample"
    scale = float(Unit(data["time"].attrs["units"]).to("h"))
    time = data["time"].values.astype(float)
    if "contact_time" in data.variables:
        contact = data["contact_time"]
        contacts = contact.values * float(Unit(contact.attrs["units"]).to("h"))
        middle = 0.5 * (contacts[0] + contacts[-1])
        return (time - middle / scale) * scale, contacts - middle, f"Time from mid-{_event(data)} (h)"
    if "mid_transit" in data.variables and not data["mid_transit"].dims:
        return (time - float(data["mid_transit"].values)) * scale, np.array([]), f"Time from mid-{_event(data)} (h)"
    return (time - time[0]) * scale, np.array([]), "Time from first exposure (h)"
