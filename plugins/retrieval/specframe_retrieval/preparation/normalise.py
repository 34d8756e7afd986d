"""The calibrator ``normalise``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import xarray as xr

from specframe.api import Calibrator
from specframe.errors import DataError
from specframe_retrieval.preparation.continuum import polynomial_continuum, quantile_continuum
from specframe_retrieval.preparation.node import edges_of, good_pixels, map_spectra, rebuilt, value_name
from specframe_retrieval.preparation.params import NormaliseParams

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe.api.observation import Level

__all__ = ["Normalise"]

_ERRORS = ("_error", "_error_lower", "_error_upper")


class Normalise(Calibrator):
    """Divides each spectrum by a number of its own, so that only its shape counts; masked pixels do not count.

    The result has no units. What it takes to restore the spectrum stays with it, as numbers without dims in the units
    that it had: ``flux * flux_scale + flux_offset``; with ``by: continuum`` there is also ``continuum (wavelength)``,
    whose median is 1, and it is ``flux * continuum * flux_scale``; after ``log``, which ``flux.attrs["transform"]``
    names, exp comes first. Beside them stand ``flux_minimum``, ``flux_maximum``, ``flux_mean`` and ``flux_std`` of the
    spectrum before, for models that take them as inputs. A second ``normalise`` keeps these four, and its scale and
    offset restore the spectrum as it was before the first. Of spectra of depths the names begin with ``depth``.

    Errors are divided by the scale. That scale is itself made from the noisy pixels, so the noise of normalised pixels
    is slightly correlated (by 1 / n for a mean of n pixels, by much for ``maximum``, ``min-max`` and a narrow
    ``anchor``); this is not in ``flux_error``, but it is in what a model sees when noise is drawn before this step.

    Raises
    ------
    DataError
        When all is masked, the scale is not above 0, no pixel is in the anchor's window, or with ``log`` a pixel that
        is used is not above 0 (``not_positive: set-aside``).

    References
    ----------
    - Gharib-Nezhad et al. 2024, Journal of Open Source Software 9, 6346 (standardising each spectrum),
      doi:10.21105/joss.06346
    """

    name = "normalise"
    Params: ClassVar[type[NormaliseParams]] = NormaliseParams
    params: NormaliseParams
    consumes: ClassVar[tuple[Level, ...]] = ("spectrum", "depths")
    produces: ClassVar[tuple[Level, ...]] = ("spectrum", "depths")
    stored: ClassVar[bool] = False

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation, normalised."""
        return map_spectra(observation, self._normalised)

    def _normalised(self, data: xr.Dataset) -> xr.Dataset:
        name = value_name(data)
        variable = data.variables[name]
        if variable.attrs.get("transform"):
            raise DataError(f"the {name} is a logarithm already; put normalise before the step that took it")
        good = good_pixels(data)
        value = np.asarray(variable.values, float)
        changed: dict[str, xr.Variable] = {}
        scale, offset, curve = self._scale(data, value, good)
        if not (np.isfinite(scale) and scale > 0.0):
            raise DataError(
                f"the {name} cannot be normalised by {self.params.by}: what it would be divided by is {scale:g}, not "
                "above 0"
            )
        divisor = scale if curve is None else scale * curve
        shape = (value - offset) / divisor
        error_divisor = np.broadcast_to(divisor, value.shape)
        attrs = {**variable.attrs, "units": ""}
        if self.params.log:
            positive = good & (value > 0.0)
            if not positive.all():
                changed["mask"] = xr.Variable("wavelength", ~self._has_logarithm(name, positive, good, data))
            with np.errstate(divide="ignore", invalid="ignore"):
                shape = np.where(positive, np.log(shape), np.nan)
            error_divisor = np.where(positive, value, np.nan)
            attrs["transform"] = "log"
        changed[name] = xr.Variable("wavelength", shape, attrs)
        for suffix in _ERRORS:
            if f"{name}{suffix}" in data.variables:
                error = data.variables[f"{name}{suffix}"]
                changed[f"{name}{suffix}"] = xr.Variable(
                    "wavelength", error.values / error_divisor, {**error.attrs, "units": ""}
                )
        if "depth_covariance" in data.variables:
            covariance = data.variables["depth_covariance"]
            values = covariance.values / (error_divisor[:, None] * error_divisor)
            changed["depth_covariance"] = xr.Variable(covariance.dims, values, covariance.attrs)
        if curve is not None:
            before = data.variables["continuum"].values if "continuum" in data.variables else 1.0
            changed["continuum"] = xr.Variable("wavelength", curve * before, {"units": ""})
        return rebuilt(data, changed | _restoring(data, name, scale, offset, value[good]))

    def _has_logarithm(
        self, name: str, positive: NDArray[np.bool_], good: NDArray[np.bool_], data: xr.Dataset
    ) -> NDArray[np.bool_]:
        """Return the pixels with a logarithm; raise where there are others that should have one."""
        low = good & ~positive
        if low.any() and (self.params.not_positive == "set-aside" or not positive.any()):
            at = data.variables["wavelength"].values[low][0]
            raise DataError(
                f"{low.sum()} of {good.sum()} pixels of the {name} are not above 0 (first at {at:.6g} um), so they "
                "have no logarithm; leave out log, leave out where there is no light (select-wavelengths), or mask "
                "these pixels (not_positive: mask)"
            )
        return positive

    def _scale(
        self, data: xr.Dataset, value: NDArray[np.float64], good: NDArray[np.bool_]
    ) -> tuple[float, float, NDArray[np.float64] | None]:
        """Return what is divided by and subtracted, and the continuum's shape where there is one."""
        used = value[good]
        match self.params.by:
            case "mean":
                return float(used.mean()), 0.0, None
            case "median":
                return float(np.median(used)), 0.0, None
            case "maximum":
                return float(used.max()), 0.0, None
            case "min-max":
                return float(np.ptp(used)), float(used.min()), None
            case "standardise":
                return float(used.std()), float(used.mean()), None
            case "area":
                width = np.subtract(*edges_of(data)[::-1])[good]
                return float(used @ width / width.sum()), 0.0, None
            case "anchor":
                return self._around_anchor(data, value, good), 0.0, None
            case _:
                return self._continuum(data, value, good)

    def _around_anchor(self, data: xr.Dataset, value: NDArray[np.float64], good: NDArray[np.bool_]) -> float:
        wavelength = data.variables["wavelength"].values
        assert self.params.anchor is not None
        around = good & (np.abs(wavelength - self.params.anchor) <= 0.5 * self.params.anchor_width)
        if not around.any():
            raise DataError(
                f"no pixel that can be used lies within {0.5 * self.params.anchor_width:g} um of the anchor at "
                f"{self.params.anchor:g} um; the spectrum goes from {wavelength[0]:.6g} to {wavelength[-1]:.6g} um"
            )
        return float(value[around].mean())

    def _continuum(
        self, data: xr.Dataset, value: NDArray[np.float64], good: NDArray[np.bool_]
    ) -> tuple[float, float, NDArray[np.float64]]:
        wavelength = np.asarray(data.variables["wavelength"].values, float)
        if self.params.continuum == "quantile":
            level = quantile_continuum(wavelength, value, good, self.params.window, self.params.quantile)
        else:
            level = polynomial_continuum(wavelength, value, good, self.params.degree)
        low = good & (level <= 0.0)
        if low.any():
            raise DataError(
                f"the continuum is not above 0 at {low.sum()} pixels (first at {wavelength[low][0]:.6g} um); widen "
                "window or raise quantile"
            )
        scale = float(np.median(level[good]))
        return scale, 0.0, level / scale


def _restoring(
    data: xr.Dataset, name: str, scale: float, offset: float, before: NDArray[np.float64]
) -> dict[str, xr.Variable]:
    """Return the numbers that restore the spectrum as it was at first, and those that describe it."""
    units = str(data.variables[name].attrs.get("units", ""))
    numbers = {
        "minimum": float(before.min()),
        "maximum": float(before.max()),
        "mean": float(before.mean()),
        "std": float(before.std()),
    }
    if f"{name}_scale" in data.variables:
        first, units = data.variables[f"{name}_scale"], data.variables[f"{name}_scale"].attrs["units"]
        offset = offset * float(first.values) + float(data.variables[f"{name}_offset"].values)
        scale = scale * float(first.values)
        numbers = {}
    numbers |= {"scale": scale, "offset": offset}
    return {f"{name}_{key}": xr.Variable((), value, {"units": units}) for key, value in numbers.items()}
