"""The calibrator ``flux-units``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import xarray as xr

from specframe.api import Calibrator, nodes
from specframe.errors import DataError
from specframe_retrieval.lengths import PARSEC_IN_RJUP
from specframe_retrieval.preparation.flux_kinds import conversion_factor, readable_unit
from specframe_retrieval.preparation.node import good_pixels, map_spectra, rebuilt
from specframe_retrieval.preparation.params import FluxUnitsParams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specframe.api.observation import Level

__all__ = ["FluxUnits"]


class FluxUnits(Calibrator):
    """Converts the flux of spectra to other units, and between the observer and the top of the atmosphere.

    Energy per wavelength, energy per frequency and photons per wavelength become each other at each pixel's
    wavelength. Flux at the top of the atmosphere is that at the observer times (distance / radius)^2. ``flux_error`` is
    converted with it.

    An error of distance or radius is the same for all wavelengths, so it is not put into ``flux_error``, which is
    independent from pixel to pixel, but into ``scale_error``, a number without dims: the relative standard deviation
    ``2 sqrt((distance_error / distance)^2 + (radius_error / radius)^2)`` of the scale of the whole spectrum.

    ``flux.attrs["at"]`` says afterwards where the flux is. A flux that is there already is not scaled again, so models
    at the surface and observed spectra can go through the same step. A parameter that is given is taken for all
    targets, in place of their own attributes ``distance`` (pc), ``radius`` (R_jup), ``distance_error`` and
    ``radius_error``, and is written there.

    Raises
    ------
    DataError
        When the flux has units of another kind, all of it is masked, or a distance or radius is needed and not known.

    Notes
    -----
    ``F_nu = F_lambda lambda^2 / c``; photons per wavelength ``F_lambda lambda / (h c)``; ``F_surface = F_observer
    (distance / radius)^2``.
    """

    name = "flux-units"
    Params: ClassVar[type[FluxUnitsParams]] = FluxUnitsParams
    params: FluxUnitsParams
    consumes: ClassVar[tuple[Level, ...]] = ("spectrum",)
    produces: ClassVar[tuple[Level, ...]] = ("spectrum",)
    stored: ClassVar[bool] = False

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation in the new units."""
        wanted = readable_unit(self.params.units)
        names = ("distance", "radius", "distance_error", "radius_error")
        given = {name: getattr(self.params, name) for name in names if getattr(self.params, name) is not None}
        known: dict[Any, Any] = {**observation.attrs, **given}
        converted = map_spectra(observation, partial(self._converted, wanted=wanted, known=known))
        if any(self._moves(data.variables["flux"]) for _, data in nodes(observation)):
            converted.attrs.update(given)  # so that a radius can be told from the scale of a fit
        return converted

    def _converted(self, data: xr.Dataset, wanted: str, known: Mapping[Any, Any]) -> xr.Dataset:
        good_pixels(data)  # refuses a spectrum that has none
        flux, error = data.variables["flux"], data.variables["flux_error"]
        given = str(flux.attrs.get("units", ""))
        factor = conversion_factor(given, wanted, data.variables["wavelength"].values)
        attrs = {**flux.attrs, "units": wanted}
        changed: dict[str, xr.Variable] = {}
        if self.params.at is not None:
            attrs["at"] = self.params.at
            if self._moves(flux):
                ratio, relative_error = self._distance_over_radius(known)
                factor = factor * (ratio**2 if self.params.at == "surface" else ratio**-2)
                before = float(data.variables["scale_error"].values) if "scale_error" in data.variables else 0.0
                if relative_error > 0.0:
                    changed["scale_error"] = xr.Variable((), np.hypot(before, relative_error), {"units": ""})
        if given != wanted or not np.all(factor == 1.0):
            changed["flux_error"] = xr.Variable("wavelength", error.values * factor, {**error.attrs, "units": wanted})
            flux = xr.Variable("wavelength", flux.values * factor)
        changed["flux"] = xr.Variable("wavelength", flux.values, attrs)
        return rebuilt(data, changed)

    def _moves(self, flux: xr.Variable) -> bool:
        """Return whether the flux is not yet where it shall be."""
        here = flux.attrs.get("at") or self.params.given_at
        if here == "auto":
            here = "surface" if flux.attrs.get("noise") == "absent" else "observer"
        return self.params.at not in (None, here)

    def _distance_over_radius(self, known: Mapping[Any, Any]) -> tuple[float, float]:
        """Return distance / radius, and the relative error of its square.

        Raises :class:`~specframe.errors.DataError` when either is not known.
        """
        distance, radius = _known("distance", known, None), _known("radius", known, None)
        errors = (
            _known("distance_error", known, 0.0) / distance,
            _known("radius_error", known, 0.0) / radius,
        )
        return distance * PARSEC_IN_RJUP / radius, 2.0 * float(np.hypot(*errors))


def _known(name: str, known: Mapping[Any, Any], default: float | None) -> float:
    unit = "pc" if name.startswith("distance") else "Jupiter radii"
    value = known.get(name, default)
    if value is None:
        raise DataError(
            f"bringing flux to the surface, or from it, needs the {name} of the object, which it does not say "
            f"(attribute {name!r}): give {name} in {unit}, or leave out at"
        )
    number = float(value)
    if not np.isfinite(number) or number < 0.0 or (number == 0.0 and default is None):
        raise DataError(f"expected a {name} above 0 {unit}, got {number:g}")
    return number
