"""All light curves of an instrument as an image, and what a fit leaves of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from specframe.api.robust import masked_median
from specframe.errors import DataError
from specframe.report.canvas import headline, new_figure, styled
from specframe.report.white_light import hours, is_numbered

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["draw_residual_image"]

#: Colours saturate at this percentile of the absolute residuals, so that single outliers do not hide the rest.
_PERCENTILE = 99.0
#: A step in time this many times the median one is a gap.
_GAP = 5.0


@styled
def draw_residual_image(data: xr.Dataset, title: str = "", unit: Literal["sigma", "ppm"] = "sigma") -> Figure:
    """Draw the light over time and wavelength, and below it ``flux - model`` in units of ``flux_error`` or in ppm.

    The upper image shows the flux of each channel relative to its median. In the lower one stripes across wavelengths
    are common systematics, stripes along time a bad channel. Masked samples are grey.

    Parameters
    ----------
    data
        A node of an Observation with ``flux``, ``flux_error``, ``mask`` and ``model`` (wavelength, time).
    title
        What it is, e.g. target and instrument.

    Raises
    ------
    DataError
        When there is no model, or every sample is masked.
    """
    missing = [name for name in ("flux", "flux_error", "mask", "model") if name not in data.variables]
    if missing:
        raise DataError(f"residual image: the node has no {', '.join(missing)}; it is drawn after detrending")
    flux, model = data["flux"].values, data["model"].values
    with np.errstate(invalid="ignore", divide="ignore"):
        residual = (flux - model) / data["flux_error"].values if unit == "sigma" else 1e6 * (flux / model - 1)
    residual = np.ma.masked_invalid(np.where(data["mask"].values, np.nan, residual))
    if not residual.count():
        raise DataError("residual image: every sample is masked")
    limit = float(np.percentile(np.abs(residual.compressed()), _PERCENTILE)) or 1.0

    with np.errstate(invalid="ignore", divide="ignore"):
        level = masked_median(flux, ~data["mask"].values & np.isfinite(flux))[:, None]
        raw = np.ma.masked_invalid(np.where(data["mask"].values, np.nan, 1e2 * (flux / level - 1.0)))
    dark, bright = (float(np.percentile(raw.compressed(), p)) for p in (100.0 - _PERCENTILE, _PERCENTILE))
    label = "Residual / flux error" if unit == "sigma" else "Residual (ppm)"

    time, contacts, clock = hours(data)
    column, wavelength = _time_edges(time), _wavelength_edges(data)
    fig = new_figure(7.2, 6.4)
    upper, lower = fig.subplots(2, 1, sharex=True, sharey=True)
    images = (
        (upper, raw, "Flux - median (%)", {"cmap": "viridis", "vmin": dark, "vmax": max(bright, dark + 1e-12)}),
        (lower, residual, label, {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}),
    )
    for ax, values, name, colours in images:
        ax.set_facecolor("0.75")
        image = ax.pcolormesh(column, wavelength, _with_gaps(values, time), rasterized=True, **colours)
        for contact in contacts:
            ax.axvline(contact, color="black" if ax is lower else "white", lw=0.8, ls=":")
        fig.colorbar(image, ax=ax, label=name, extend="both", pad=0.015)
        ax.set_ylabel("Channel" if is_numbered(data, "wavelength") else "Wavelength (µm)")
        ax.tick_params(labelsize=9.0)
    lower.set_xlabel(clock)
    if title:
        headline(upper, title)
    return fig


def _runs(time: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the stretches of time without gaps, such as the orbits of a telescope."""
    step = np.diff(time)
    return np.split(time, np.flatnonzero(step > _GAP * np.median(step)) + 1) if step.size else [time]


def _time_edges(time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges of the samples; a gap is a column of its own."""
    runs = _runs(time)
    half = 0.5 * float(np.median(np.diff(time))) if time.size > 1 else 0.5
    return np.concatenate([_edges(run) if run.size > 1 else run[0] + half * np.array([-1.0, 1.0]) for run in runs])


def _with_gaps(values: np.ma.MaskedArray, time: NDArray[np.float64]) -> np.ma.MaskedArray:
    """Return the samples with a masked column for each gap."""
    ends = np.cumsum([run.size for run in _runs(time)])[:-1]
    filled = np.insert(np.ma.filled(values, np.nan), ends, np.nan, axis=1)
    return np.ma.masked_invalid(filled)


def _edges(centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the n + 1 edges half way between ``n`` centres; a single one gets a width of one."""
    if centres.size == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = 0.5 * (centres[1:] + centres[:-1])
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def _wavelength_edges(data: xr.Dataset) -> NDArray[np.float64]:
    """Return the n + 1 edges of channels: their stated ones where they touch, else half way between centres."""
    if {"wavelength_lower", "wavelength_upper"} <= set(data.variables):
        lower, upper = data["wavelength_lower"].values, data["wavelength_upper"].values
        if np.all(np.isfinite(lower)) and np.allclose(lower[1:], upper[:-1], rtol=1e-6):
            return np.append(lower, upper[-1])
    return _edges(data["wavelength"].values.astype(float))
