"""Residuals of all light curves of an instrument as an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from specframe.errors import DataError
from specframe.report.canvas import new_figure, styled
from specframe.report.white_light import hours, is_numbered

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["draw_residual_image"]

#: Colours saturate at this percentile of the absolute residuals, so that single outliers do not hide the rest.
_PERCENTILE = 99.0


@styled
def draw_residual_image(data: xr.Dataset, title: str = "", unit: Literal["sigma", "ppm"] = "sigma") -> Figure:
    """Draw ``flux - model`` over time and wavelength, in units of ``flux_error`` or in ppm of the model.

    Stripes across wavelengths are common systematics, stripes along time a bad channel. Masked samples are grey.

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

    time, contacts, clock = hours(data)
    fig = new_figure(7.2, 4.2)
    ax = fig.subplots()
    ax.set_facecolor("0.75")
    image = ax.pcolormesh(
        _edges(time),
        _wavelength_edges(data),
        residual,
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        rasterized=True,
    )
    for contact in contacts:
        ax.axvline(contact, color="black", lw=0.8, ls=":")
    label = "Residual / flux error" if unit == "sigma" else "Residual (ppm)"
    fig.colorbar(image, ax=ax, label=label, extend="both", pad=0.015)
    ax.set(xlabel=clock, ylabel="Channel" if is_numbered(data, "wavelength") else "Wavelength (µm)")
    if title:
        ax.set_title(title, loc="left")
    ax.tick_params(labelsize=9.0)
    return fig


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
