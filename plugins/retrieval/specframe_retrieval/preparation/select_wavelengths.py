"""The calibrator ``select-wavelengths``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import xarray as xr

from specframe.api import Calibrator
from specframe.errors import DataError
from specframe_retrieval.preparation.node import edges_of, good_pixels, map_spectra, rebuilt
from specframe_retrieval.preparation.params import SelectWavelengthsParams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe.api.observation import Level

__all__ = ["SelectWavelengths"]


class SelectWavelengths(Calibrator):
    """Keeps some ranges of wavelengths, or leaves some out: telluric bands, ends that a grid does not reach.

    A pixel belongs to a range when its centre does, ends included. Pixels that are left out are removed from all
    variables, or with ``dropped: mask`` stay where they are, masked. The edges of the pixels next to a gap,
    ``wavelength_lower`` and ``wavelength_upper``, are those that they had before it.

    Raises
    ------
    DataError
        When no pixel that can be used is left.
    """

    name = "select-wavelengths"
    Params: ClassVar[type[SelectWavelengthsParams]] = SelectWavelengthsParams
    params: SelectWavelengthsParams
    consumes: ClassVar[tuple[Level, ...]] = ("spectrum", "depths")
    produces: ClassVar[tuple[Level, ...]] = ("spectrum", "depths")
    stored: ClassVar[bool] = False

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation at the wavelengths chosen."""
        return map_spectra(observation, self._selected)

    def _selected(self, data: xr.Dataset) -> xr.Dataset:
        wavelength = np.asarray(data.variables["wavelength"].values, float)
        kept = ~_inside(wavelength, self.params.drop)
        if self.params.keep is not None:
            kept &= _inside(wavelength, self.params.keep)
        if not (good_pixels(data) & kept).any():
            raise DataError(
                f"keep and drop leave no pixel that can be used of {wavelength[0]:.6g} to {wavelength[-1]:.6g} um; "
                "ranges are in um"
            )
        if kept.all():
            return rebuilt(data, {})
        if self.params.dropped == "remove":
            return _removed(data, kept)
        mask = data.variables["mask"].values | ~kept if "mask" in data.variables else ~kept
        return rebuilt(data, {"mask": xr.Variable("wavelength", mask)})


def _removed(data: xr.Dataset, kept: NDArray[np.bool_]) -> xr.Dataset:
    edges = dict(zip(("wavelength_lower", "wavelength_upper"), edges_of(data), strict=True))
    um = {"units": "um"}
    known = data.assign_coords({name: ("wavelength", values, um) for name, values in edges.items()})
    there = {dim: kept for dim in ("wavelength", "wavelength_other") if dim in data.dims}
    return known.isel(there)


def _inside(wavelength: NDArray[np.float64], ranges: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    inside = np.zeros(len(wavelength), bool)
    for lowest, highest in ranges:
        inside |= (wavelength >= lowest) & (wavelength <= highest)
    return inside
