"""How much a spectrum must be blurred, so that it has the resolution asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_retrieval.preparation.node import value_name

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe_retrieval.preparation.grid import Grid
    from specframe_retrieval.preparation.params import ResampleParams

__all__ = ["LineSpread", "line_spread"]

#: Resolving powers closer than this, relative, are the same.
_SAME = 1e-3


@dataclass(frozen=True)
class LineSpread:
    """The Gaussian to convolve with, and what is known of the result.

    Parameters
    ----------
    fwhm
        (n_out,) in um, 0 where a pixel needs none; ``None`` where none does.
    resolving_power
        Of the result, its median over the pixels; ``None`` where nobody knows.
    too_low
        Whether the spectrum resolves less than was asked for.
    """

    fwhm: NDArray[np.float64] | None
    resolving_power: float | None
    too_low: bool = False


def line_spread(params: ResampleParams, data: xr.Dataset, grid: Grid) -> LineSpread:
    """Return the Gaussian that brings a spectrum to the resolution of the result, ``FWHM^2 = wanted^2 - given^2``."""
    given = data.attrs.get("resolving_power", params.given_resolving_power)
    wanted = _wanted_fwhm(params, grid)
    if wanted is None:
        return LineSpread(None, None if given is None else float(given))
    if given is None and data.variables[value_name(data)].attrs.get("noise") != "absent":
        return LineSpread(None, None)
    there = np.zeros(len(wanted)) if given is None else grid.wavelength / float(given)
    blur = there < (1.0 - _SAME) * wanted
    fwhm = np.sqrt(np.where(blur, np.square(wanted) - np.square(there), 0.0))
    power = float(np.median(grid.wavelength / np.maximum(wanted, there)))
    return LineSpread(fwhm if blur.any() else None, power, bool(np.any(there > (1.0 + _SAME) * wanted)))


def _wanted_fwhm(params: ResampleParams, grid: Grid) -> NDArray[np.float64] | None:
    if params.fwhm_pixels is not None:
        return np.asarray(params.fwhm_pixels * (grid.upper - grid.lower))
    return None if grid.resolving_power is None else np.asarray(grid.wavelength / grid.resolving_power)
