"""The pixels that spectra are resampled onto, and the resolution that they shall have there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_retrieval.preparation.like_file import observed_like
from specframe_retrieval.preparation.node import bin_edges, edges_of, good_pixels

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe_retrieval.preparation.params import ResampleParams

__all__ = ["Grid", "wanted_grid"]


@dataclass(frozen=True)
class Grid:
    """Pixels: their centres and edges, shape (n,) in um, ascending, and the resolving power that goes with them."""

    wavelength: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    resolving_power: float | None = None

    def within(self, lowest: float, highest: float) -> Grid:
        """Return the pixels whose centres lie in a range."""
        inside = (self.wavelength >= lowest) & (self.wavelength <= highest)
        if not inside.any():
            raise DataError(
                f"no pixel lies in range [{lowest:g}, {highest:g}] um: the grid goes from {self.wavelength[0]:g} to "
                f"{self.wavelength[-1]:g} um"
            )
        return replace(self, wavelength=self.wavelength[inside], lower=self.lower[inside], upper=self.upper[inside])


def wanted_grid(params: ResampleParams, data: xr.Dataset) -> Grid:
    """Return the pixels that the parameters ask for; without any grid in them those of the spectrum itself."""
    if params.wavelengths is not None:
        centre = np.asarray(params.wavelengths, float)
        grid = Grid(centre, *bin_edges(centre))
    elif params.pixels is not None:
        lower, upper = np.asarray(params.pixels, float).T
        grid = Grid(0.5 * (lower + upper), lower, upper)
    elif params.like is not None:
        grid = _good_ones(observed_like(params.like, params.like_with))
    elif params.range is not None:
        edges = _edges(params)
        grid = Grid(0.5 * (edges[1:] + edges[:-1]), edges[:-1], edges[1:])
    else:
        grid = Grid(np.asarray(data.variables["wavelength"].values, float), *edges_of(data))
    fixed = any(given is not None for given in (params.wavelengths, params.pixels, params.like))
    if params.range is not None and fixed:
        grid = grid.within(*params.range)
    return grid if params.resolving_power is None else replace(grid, resolving_power=params.resolving_power)


def _good_ones(observed: xr.Dataset) -> Grid:
    """Return the pixels of an observed spectrum that can be used, with the edges they have among all of them."""
    good = good_pixels(observed)
    lower, upper = edges_of(observed)
    power = observed.attrs.get("resolving_power")
    centre = np.asarray(observed.variables["wavelength"].values, float)
    return Grid(centre[good], lower[good], upper[good], None if power is None else float(power))


def _edges(params: ResampleParams) -> NDArray[np.float64]:
    """Return the edges of pixels of constant width, or of constant width over wavelength, in ``params.range``."""
    assert params.range is not None
    lowest, highest = params.range
    if params.step is not None:
        count = int((highest - lowest) / params.step + 1e-9)
        edges = lowest + params.step * np.arange(count + 1)
    else:
        assert params.resolving_power is not None
        per_log = params.resolving_power * params.samples_per_element
        count = int(np.log(highest / lowest) * per_log + 1e-9)
        edges = lowest * np.exp(np.arange(count + 1) / per_log)
    if count < 2:
        raise DataError(
            f"range [{lowest:g}, {highest:g}] um holds {count} pixels of that width, expected two at least; "
            "make it wider"
        )
    return np.asarray(edges)
