"""What outputs are: channels of a spectrum or parameters, and in which units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.outputs import output_units
from specframe.errors import DataError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["MOST_PARAMETERS", "are_parameters", "common_unit", "output_units"]

#: More outputs than these nobody reads one by one.
MOST_PARAMETERS = 50


def are_parameters(prediction: xr.Dataset) -> bool:
    """Return whether the outputs are quantities by themselves, such as a temperature, and no channels of a spectrum.

    More than 50 outputs are taken for channels whose wavelengths nobody gave.
    """
    has_wavelengths = "wavelength" in prediction.coords or "measured" in prediction.attrs
    return not has_wavelengths and prediction.sizes["output"] <= MOST_PARAMETERS


def common_unit(score: str, data: xr.Dataset | xr.DataArray) -> str:
    """Return the unit of all outputs, for a ``score`` that joins their errors to one number.

    Raises :class:`~specframe.errors.DataError` when they differ: errors in kelvin and in dex have no mean.
    """
    first: dict[str, str] = {}
    for name, unit in zip(data["output"].values, output_units(data), strict=True):
        first.setdefault(unit, str(name))
    if len(first) > 1:
        named = ", ".join(f"{name} in {unit}" if unit else f"{name} without unit" for unit, name in first.items())
        raise DataError(
            f"{score}: the outputs have different units ({named}), so their errors have no mean; "
            "the score 'regression' judges each output by itself"
        )
    return next(iter(first), "")
