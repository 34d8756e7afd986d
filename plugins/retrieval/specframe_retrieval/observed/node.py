"""A spectrum as a node of an Observation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr
from astropy import units as u

from specframe.api import flux_unit, read_unit, wavelength_unit
from specframe.errors import InputFileError
from specframe_retrieval.files.roles import NOT_WAVELENGTHS, plain_name

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Quantity", "in_microns", "scale_of_values", "spectrum_node"]

Quantity = Literal["flux", "depth"]
#: Wavelengths in um that no spectrum reaches: where no unit is stated, such numbers are in another one.
_LONGEST = 100.0


def in_microns(path: Path, name: str, values: NDArray[Any], unit: str | None) -> NDArray[np.float64]:
    """Return wavelengths in um.

    Without a unit they are taken for um, unless most of them are above 100.

    Raises
    ------
    InputFileError
        When the unit is not one of wavelength, frequency, wavenumber or energy, or must be stated.
    """
    axis = np.asarray(values, float)
    if unit is None:
        if plain_name(name) in NOT_WAVELENGTHS:
            raise InputFileError(path, f"{name!r} has no unit: state wavelength_units (Hz, cm-1, eV ...)")
        with np.errstate(over="ignore"):
            typical = np.nanmedian(axis) if np.isfinite(axis).any() else 0.0
        if typical > _LONGEST:
            raise InputFileError(
                path,
                f"{name!r} runs from {np.nanmin(axis):g} to {np.nanmax(axis):g} without a unit, which can hardly be "
                "um: state wavelength_units (nm, angstrom, Hz ...)",
            )
        return axis
    try:
        stated = wavelength_unit(unit)
    except ValueError as error:
        raise InputFileError(path, f"{name!r}: {error}") from None
    if stated == u.um:
        return axis
    with np.errstate(divide="ignore", invalid="ignore"):
        converted: NDArray[np.float64] = (axis * stated).to_value(u.um, equivalencies=u.spectral())
    return converted


def scale_of_values(path: Path, name: str, unit: str | None, quantity: Quantity) -> tuple[float, str]:
    """Return the factor that values are multiplied with, and their unit then: depths become fractions.

    Raises
    ------
    InputFileError
        When the unit is none of a flux, or of a depth.
    """
    if quantity == "depth":
        try:
            return float((1.0 * read_unit(unit or "")).to_value(u.dimensionless_unscaled)), ""
        except (ValueError, u.UnitsError):
            raise InputFileError(
                path, f"{name!r}: expected a depth ('', percent or ppm), got the unit {unit!r}"
            ) from None
    try:
        return 1.0, flux_unit(unit or "")
    except ValueError as error:
        raise InputFileError(path, f"{name!r}: {error}; state it with flux_units") from None


def spectrum_node(
    path: Path,
    wavelength: NDArray[Any],
    values: NDArray[Any],
    error: NDArray[Any] | None,
    bad: NDArray[np.bool_] | None,
    *,
    units: str,
    quantity: Quantity = "flux",
    wavelength_range: tuple[float, float] | None = None,
    stated: bool = True,
    clean: bool = False,
    error_comment: str = "",
    **attrs: Any,
) -> xr.Dataset:
    """Return a node at level spectrum, or at level depths where ``quantity`` is ``"depth"``.

    Parameters
    ----------
    path
        For messages.
    wavelength, values, error
        Arrays (pixel,): in um, in ``units``, and standard deviations in the same units or ``None``.
    bad
        Pixels (pixel,) not to be used, besides those that are not finite or have an error that is not positive.
    units, quantity
        Of ``values``.
    wavelength_range
        Pixels outside of it are left out; um.
    stated
        Whether the file or the user stated ``units``.
    clean
        Whether the values hold no noise: errors that are not known are then 0 rather than NaN.
    error_comment
        How errors came about, for ``attrs``.
    attrs
        Attributes of the node; ``None`` is left out.

    Raises
    ------
    InputFileError
        When no pixel can be used, or a wavelength stands twice.
    """
    wavelength = np.asarray(wavelength, float)
    values = np.asarray(values, float)
    comment: dict[str, str] = {}
    if error is None:
        errors = np.full(values.shape, 0.0 if clean else np.nan)
        comment = {"comment": "unknown: 0 stands for it" if clean else "unknown: the file has no errors"}
    else:
        errors = np.asarray(error, float)
        comment = {"comment": error_comment} if error_comment else {}
    mask = ~np.isfinite(values)
    if error is not None:
        mask |= ~(np.isfinite(errors) & ((errors >= 0) if clean else (errors > 0)))
    if bad is not None:
        mask |= bad
    kept = np.isfinite(wavelength) & (wavelength > 0)
    unplaced = int(np.sum(~kept))
    if wavelength_range is not None:
        kept &= (wavelength >= wavelength_range[0]) & (wavelength <= wavelength_range[1])
        if not kept.any():
            raise InputFileError(
                path,
                f"no pixel between {wavelength_range[0]:g} and {wavelength_range[1]:g} um: it covers "
                f"{np.nanmin(wavelength):g} to {np.nanmax(wavelength):g} um",
            )
    order = np.argsort(wavelength[kept], kind="stable")
    wavelength, values, errors, mask = (array[kept][order] for array in (wavelength, values, errors, mask))
    twice = np.flatnonzero(np.diff(wavelength) <= 0)
    if twice.size:
        raise InputFileError(
            path,
            f"{twice.size} wavelengths stand twice, first {wavelength[twice[0]]:.6g} um: are these several orders or "
            "spectra in one? Write each to a file of its own",
        )
    if mask.all():
        raise InputFileError(path, f"none of its {mask.size} pixels can be used: they are not finite or flagged")
    if unplaced:
        attrs["comment"] = f"{unplaced} pixels without a wavelength were left out"
    name = "depth" if quantity == "depth" else "flux"
    unit = {"units": units}
    noise = {"noise": "absent"} if clean else {}
    unknown = {} if stated or quantity == "depth" else {"comment": "the file states no units"}
    return xr.Dataset(
        {
            name: ("wavelength", values, unit | noise | unknown),
            f"{name}_error": ("wavelength", errors, unit | comment),
            "mask": ("wavelength", mask),
        },
        coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
        attrs={key: value for key, value in attrs.items() if value is not None},
    )
