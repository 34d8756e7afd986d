"""The calibrator ``resample``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import xarray as xr

from specframe.api import Calibrator
from specframe.errors import DataError
from specframe_retrieval.preparation.flux_kinds import is_per_frequency
from specframe_retrieval.preparation.grid import wanted_grid
from specframe_retrieval.preparation.line_spread import line_spread
from specframe_retrieval.preparation.node import edges_of, flagged, good_pixels, map_spectra, value_name
from specframe_retrieval.preparation.params import ResampleParams
from specframe_retrieval.preparation.rebinning import rebinning_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe.api.observation import Level
    from specframe_retrieval.preparation.grid import Grid
    from specframe_retrieval.preparation.rebinning import Rebinning

__all__ = ["Resample"]

_OTHER = "wavelength_other"
_GRID = ("wavelength", "wavelength_lower", "wavelength_upper", _OTHER, "mask")


class Resample(Calibrator):
    """Brings spectra onto other pixels, and to a lower resolution, with flux conserved and errors carried along.

    The flux of an output pixel is the mean over it of the spectrum, which is constant within each input pixel (as in
    Carnall 2017, arXiv:1705.05165), so the integral is conserved: over wavelength, or over frequency where the flux is
    per frequency. Where the result has a lower resolving power R than the spectrum, it is the mean of the spectrum
    convolved with a Gaussian whose FWHM is sqrt((lambda / R)^2 - (lambda / R_given)^2); see
    :func:`~specframe_retrieval.preparation.rebinning_between`.

    Errors are those of the mean for independent input errors, ``sqrt(sum w^2 sigma^2)``, whether pixels become wider or
    narrower. Output pixels that share input pixels are correlated then, which errors per pixel do not say: of pixels
    made narrower, neighbours have nearly the same error. A ``depth_covariance`` becomes ``W C W^T``.

    Masked pixels give nothing. An output pixel that good pixels cover by less than ``coverage`` is masked, its values
    NaN: nothing is extrapolated, and no gap is filled. Spectra that do not reach all pixels are flagged
    ``partly-covered``; those that resolve less than was asked for ``resolution-too-low``, and are not blurred further.

    On the same pixels, or some of them (edges to 1e-4 of a pixel), and without convolution, values stay as they are to
    the last bit.

    The result has ``wavelength_lower`` and ``wavelength_upper``. A ``continuum`` is averaged as the flux is. Further
    variables over wavelength are left out, named in ``attrs["not_resampled"]``. ``attrs["resolving_power"]`` becomes
    that of the result; with ``fwhm_pixels`` it is the median over the pixels.

    Raises
    ------
    DataError
        When no output pixel is covered, or all of the spectrum is masked.
    InputFileError
        When the file ``like`` cannot be read.

    References
    ----------
    - Carnall 2017, arXiv:1705.05165
    """

    name = "resample"
    Params: ClassVar[type[ResampleParams]] = ResampleParams
    params: ResampleParams
    consumes: ClassVar[tuple[Level, ...]] = ("spectrum", "depths")
    produces: ClassVar[tuple[Level, ...]] = ("spectrum", "depths")
    stored: ClassVar[bool] = False

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation on the new pixels."""
        return map_spectra(observation, self._resampled)

    def _resampled(self, data: xr.Dataset) -> xr.Dataset:
        name = value_name(data)
        grid = wanted_grid(self.params, data)
        lower, upper = edges_of(data)
        spread = line_spread(self.params, data, grid)
        frequency = self.params.conserve == "frequency" or (
            self.params.conserve == "auto" and is_per_frequency(data.variables[name].attrs.get("units"))
        )
        onto = rebinning_between((lower, upper), (grid.lower, grid.upper), spread.fwhm, frequency)
        good = good_pixels(data)
        covered = onto.covered(good)
        usable = onto.usable(covered, self.params.coverage)
        if not usable.any():
            raise DataError(
                f"none of the {len(usable)} pixels from {grid.lower[0]:.6g} to {grid.upper[-1]:.6g} um is covered by "
                f"good pixels of the spectrum, which go from {lower[good].min():.6g} to {upper[good].max():.6g} um"
            )
        flags = [] if onto.usable(onto.reached, self.params.coverage).all() else ["partly-covered"]
        attrs = flagged(data.attrs, [*flags, *(["resolution-too-low"] if spread.too_low else [])])
        attrs.pop("not_resampled", None)
        if spread.resolving_power is not None:
            attrs["resolving_power"] = spread.resolving_power
        if onto.selection is not None:
            variables = _selected(data, onto.selection)
        else:
            variables, lost = _averaged(data, onto, good, covered, usable)
            if lost:
                attrs["not_resampled"] = " ".join(lost)
        if name == "flux" or "mask" in data.variables or not usable.all():
            variables["mask"] = xr.Variable("wavelength", ~usable)
        return xr.Dataset(variables, coords=_coordinates(data, grid), attrs=attrs)


def _coordinates(data: xr.Dataset, grid: Grid) -> dict[str, Any]:
    """Return the coordinates of the result: its pixels, and what has nothing to do with wavelength."""
    um = {"units": "um"}
    others = {
        str(name): data.variables[name]
        for name in data.coords
        if not {"wavelength", _OTHER} & set(data.variables[name].dims)
    }
    return {
        **others,
        "wavelength": ("wavelength", grid.wavelength, {**data.variables["wavelength"].attrs, **um}),
        "wavelength_lower": ("wavelength", grid.lower, um),
        "wavelength_upper": ("wavelength", grid.upper, um),
    }


def _selected(data: xr.Dataset, pixels: NDArray[np.intp]) -> dict[str, Any]:
    """Return all variables at some of the pixels, as they are."""
    there = {"wavelength": pixels, _OTHER: pixels}
    return {
        str(name): variable.isel({dim: index for dim, index in there.items() if dim in variable.dims})
        for name, variable in data.variables.items()
        if name not in _GRID and {"wavelength", _OTHER} & set(variable.dims)
    } | _untouched(data)


def _untouched(data: xr.Dataset) -> dict[str, Any]:
    return {
        str(name): data.variables[name]
        for name in data.data_vars
        if not {"wavelength", _OTHER} & set(data.variables[name].dims)
    }


def _averaged(
    data: xr.Dataset,
    onto: Rebinning,
    good: NDArray[np.bool_],
    covered: NDArray[np.float64],
    usable: NDArray[np.bool_],
) -> tuple[dict[str, Any], list[str]]:
    """Return the variables of the result, and the names of those that cannot be averaged."""
    found, lost = _untouched(data), []
    for key, variable in data.variables.items():
        name = str(key)
        values = variable.values
        if name in _GRID or not {"wavelength", _OTHER} & set(variable.dims):
            continue
        if name in ("flux", "depth", "continuum"):
            mean = onto.mean(values, good, covered)
        elif name in ("flux_error", "depth_error", "depth_error_lower", "depth_error_upper"):
            mean = onto.error(values, good, covered)
        elif name == "depth_covariance":
            covariance = onto.covariance(values, good, covered)
            covariance[~usable] = covariance[:, ~usable] = np.nan
            found[name] = (variable.dims, covariance, variable.attrs)
            continue
        else:
            lost.append(name)
            continue
        found[name] = xr.Variable("wavelength", np.where(usable, mean, np.nan), variable.attrs)
    return found, lost
