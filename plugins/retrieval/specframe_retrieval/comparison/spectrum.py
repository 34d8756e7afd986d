"""The physical spectrum of an Observation, however it was prepared for a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import measured_spectrum, nodes
from specframe.errors import DataError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["PhysicalSpectrum", "converted", "physical_spectrum"]

_NODE = "spectrum/0"


@dataclass(frozen=True)
class PhysicalSpectrum:
    """A spectrum as it was before it was normalised; arrays are (wavelength,), wavelengths in um.

    ``quantity`` is ``flux`` or ``depth``; ``error`` is NaN or 0 where unknown; ``mask`` is True where a sample must not
    be used. ``at`` says where a flux is: at the ``surface``, the top of the atmosphere, as those of models are, or at
    the ``observer``. ``distance`` in pc and ``radius`` in RJup are ``None`` where unknown.
    """

    target: str
    wavelength: Array
    flux: Array
    error: Array
    mask: NDArray[np.bool_]
    unit: str
    quantity: str = "flux"
    at: str = "observer"
    distance: float | None = None
    radius: float | None = None


def physical_spectrum(observation: xr.DataTree) -> PhysicalSpectrum:
    """Return the spectrum of an Observation's node ``/spectrum/0``, or that of all its depths.

    What normalised it left ``flux_scale`` and ``flux_offset``: the flux was ``flux * flux_scale + flux_offset``.
    Without them the flux is taken as it stands.

    Raises
    ------
    DataError
        When the Observation holds no spectrum, or several of fluxes.
    """
    target = str(observation.attrs.get("target", ""))
    data, quantity = _node(observation, target)
    flux = data[quantity]
    scale, offset = (data.get(f"{quantity}_{what}") for what in ("scale", "offset"))
    values, error = flux, data.get(f"{quantity}_error", flux * np.nan)
    unit = str(flux.attrs.get("units", ""))
    if scale is not None:
        values, error = values * scale, error * abs(scale)
        unit = _product(unit, str(scale.attrs.get("units", "")))
    if offset is not None:
        values = values + offset
    mask = np.zeros(flux.shape, bool)
    if "mask" in data and data["mask"].dims == flux.dims:
        mask = data["mask"].values.astype(bool)
    of_model = flux.attrs.get("noise") == "absent"
    known = {name: _number(observation.attrs.get(name)) for name in ("distance", "radius")}
    return PhysicalSpectrum(
        target,
        data["wavelength"].values.astype(float),
        np.asarray(values.values, float),
        np.asarray(error.values, float),
        mask | ~np.isfinite(values.values),
        unit,
        quantity,
        str(flux.attrs.get("at") or ("surface" if of_model else "observer")),
        **known,
    )


def converted(values: Array, unit: str, wanted: str, wavelength: Array) -> Array:
    """Return flux densities ``values`` (..., wavelength) of ``unit`` in the unit ``wanted``, wavelengths in um.

    Raises :class:`~specframe.errors.DataError` when one is no unit of the other's kind.
    """
    if unit == wanted:
        return values
    from astropy import units

    try:
        density = units.spectral_density(wavelength * units.um)
        factor = units.Unit(unit).to(units.Unit(wanted), np.ones(wavelength.size), equivalencies=density)
    except (ValueError, units.UnitsError):
        raise DataError(
            f"the grid's spectra are in {unit or 'no unit'!r} and the observation in {wanted or 'no unit'!r}, which "
            "cannot be compared: bring both to one unit with a calibrate step, or normalise both"
        ) from None
    return np.asarray(values * factor)


def _node(observation: xr.DataTree, target: str) -> tuple[xr.Dataset, str]:
    found = dict(nodes(observation))
    spectra = {path: data for path, data in found.items() if "flux" in data and data["flux"].dims == ("wavelength",)}
    data = spectra.get(_NODE) if _NODE in spectra or len(spectra) != 1 else next(iter(spectra.values()))
    if data is not None:
        return data, "flux"
    if spectra:
        raise DataError(
            f"target {target}: expected one spectrum, in node /{_NODE}; there are {', '.join(sorted(spectra))}"
        )
    if len(found) == 1 and "depth" in next(iter(found.values())):
        return next(iter(found.values())), "depth"
    merged = measured_spectrum(observation)
    if merged is None:
        there = ", ".join(f"/{path} ({', '.join(map(str, data.data_vars))})" for path, data in found.items())
        raise DataError(f"target {target}: expected flux (wavelength) or depths, got {there or 'no node with data'}")
    return merged, "depth"


def _product(first: str, second: str) -> str:
    if not first or not second:
        return first or second
    from astropy import units

    return str(units.Unit(first) * units.Unit(second))


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) and number > 0 else None
