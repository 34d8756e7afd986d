"""The physical spectrum of an Observation, however it was prepared for a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import measured_spectrum, nodes
from specframe.errors import DataError
from specframe_retrieval.preparation.flux_kinds import conversion_factor

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
    the ``observer``. ``distance`` and its error in pc, and ``radius`` in RJup, are ``None`` where unknown.
    ``noise_free`` values are those of a model, whose ``error`` is what an observation would have.
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
    distance_error: float | None = None
    noise_free: bool = False


def physical_spectrum(observation: xr.DataTree) -> PhysicalSpectrum:
    """Return the spectrum of an Observation's node ``/spectrum/0``, or that of all its depths.

    What ``normalise`` left beside the flux restores it: ``flux * flux_scale + flux_offset``, before which come exp
    where ``flux.attrs["transform"]`` is ``log``, and ``continuum``. Of depths the names begin with ``depth``. Without
    them the values are taken as they stand.

    Raises
    ------
    DataError
        When the Observation holds no spectrum, several of fluxes, or one transformed in another way.
    """
    target = str(observation.attrs.get("target", ""))
    data, quantity = _node(observation, target)
    values = data[quantity]
    flux, error, unit = _restored(data, quantity, target)
    mask = ~np.isfinite(flux)
    if "mask" in data and data["mask"].dims == values.dims:
        mask |= data["mask"].values.astype(bool)
    of_model = values.attrs.get("noise") == "absent"
    known = {name: _number(observation.attrs.get(name)) for name in ("distance", "radius", "distance_error")}
    return PhysicalSpectrum(
        target,
        data["wavelength"].values.astype(float),
        flux,
        error,
        mask,
        unit,
        quantity,
        str(values.attrs.get("at") or ("surface" if of_model else "observer")),
        noise_free=of_model,
        **known,
    )


def converted(values: Array, unit: str, wanted: str, wavelength: Array) -> Array:
    """Return flux densities ``values`` (..., wavelength) of ``unit`` in the unit ``wanted``, wavelengths in um.

    Raises :class:`~specframe.errors.DataError` when one is no unit of the other's kind.
    """
    if unit == wanted:
        return values
    try:
        factor = conversion_factor(unit, wanted, wavelength)
    except DataError:
        raise DataError(
            f"the grid's spectra are in {unit or 'no unit'!r} and the observation in {wanted or 'no unit'!r}, which "
            "cannot be compared: bring both to one unit with a calibrate step, or normalise both"
        ) from None
    return np.asarray(values * factor)


def _restored(data: xr.Dataset, quantity: str, target: str) -> tuple[Array, Array, str]:
    """Return flux and error (wavelength,), and their unit, as they were before they were normalised."""
    stored = data[quantity]
    flux, unit = np.asarray(stored.values, float), str(stored.attrs.get("units", ""))
    name = f"{quantity}_error"
    error = np.asarray(data[name].values, float) if name in data else np.full(flux.shape, np.nan)
    transform = stored.attrs.get("transform", "")
    if transform == "log":
        flux = np.exp(flux)
        error = error * flux
    elif transform:
        raise DataError(f"target {target}: the {quantity} is transformed by {transform!r}; known is 'log'")
    factor = np.asarray(data["continuum"].values, float) if "continuum" in data else np.ones(flux.shape)
    if f"{quantity}_scale" in data:
        scale = data[f"{quantity}_scale"]
        factor = factor * scale.values
        unit = _product(unit, str(scale.attrs.get("units", "")))
    flux, error = flux * factor, error * np.abs(factor)
    if f"{quantity}_offset" in data:
        flux = flux + data[f"{quantity}_offset"].values
    return flux, error, unit


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
