"""The outputs of the Ariel data challenges: 283 transit depths with a standard deviation each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_ariel.layout import FGS1_BAND

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["OUTPUTS", "challenge_prediction"]

#: wl_1 is FGS1; wl_2 .. wl_283 are AIRS-CH0 in ascending wavelength.
OUTPUTS = tuple(f"wl_{k}" for k in range(1, 284))
#: Wavelengths of wl_2 and wl_283 in um, as in wavelengths.csv of 2024 and 2025.
_AIRS_ENDS = (1.95176, 3.89515)
#: Relative difference up to which a wavelength is the same; channels are 0.2 % apart.
_SAME_WAVELENGTH = 5e-4


def challenge_prediction(prediction: xr.Dataset, name: str) -> xr.Dataset:
    """Return the Prediction with its outputs in the challenge's order, after checking that it can be judged.

    Parameters
    ----------
    prediction
        Dims (target, output); ``mean`` is a depth and ``std`` its standard deviation, both dimensionless. Measured
        depths of planets without labels have no names of the challenge: they are known by their wavelengths.
    name
        The component that needs it, for messages.

    Raises
    ------
    DataError
        When outputs are missing or unknown, there is no ``std``, the units are not those of a depth, or a value is not
        a number; standard deviations must be positive.
    """
    prediction = _named_by_wavelength(prediction)
    there = [str(output) for output in prediction["output"].values]
    missing = [output for output in OUTPUTS if output not in there]
    unknown = [output for output in there if output not in OUTPUTS]
    if missing or unknown or len(there) != len(OUTPUTS):
        parts = [f"the prediction has {len(there)} ({', '.join(there[:3])}{' ...' if len(there) > 3 else ''})"]
        if missing:
            parts.append(f"{len(missing)} are missing ({', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''})")
        raise DataError(
            f"{name}: needs the {len(OUTPUTS)} outputs wl_1 .. wl_{len(OUTPUTS)} of a whole spectrum, but "
            f"{' and '.join(parts)}; train on the labels of every channel, not on one depth"
        )
    if "std" not in prediction:
        raise DataError(f"{name}: the prediction has no std; add an uncertainty step")
    units = prediction["mean"].attrs.get("units", "")
    if units:
        raise DataError(f"{name}: needs dimensionless transit depths (Rp/Rs)^2, got units {units!r}")
    ordered = prediction.sel(output=list(OUTPUTS))
    _check_values(ordered["mean"], np.isfinite(ordered["mean"].values), name, "finite")
    std = ordered["std"].values
    _check_values(ordered["std"], np.isfinite(std) & (std > 0), name, "positive and finite")
    return ordered


def _named_by_wavelength(prediction: xr.Dataset) -> xr.Dataset:
    """Return the Prediction with the challenge's names, if it has none of them, but the wavelengths of all."""
    names = {str(output) for output in prediction["output"].values}
    if names & set(OUTPUTS) or "wavelength" not in prediction.coords or prediction.sizes["output"] != len(OUTPUTS):
        return prediction
    order = np.argsort(prediction["wavelength"].values)
    fgs1, airs = np.split(prediction["wavelength"].values[order], [1])
    if not (FGS1_BAND[0] < fgs1[0] < FGS1_BAND[1] and np.allclose(airs[[0, -1]], _AIRS_ENDS, rtol=_SAME_WAVELENGTH)):
        return prediction
    return prediction.isel(output=order).assign_coords(output=list(OUTPUTS))


def _check_values(values: xr.DataArray, good: np.ndarray, name: str, wanted: str) -> None:
    if good.all():
        return
    target, output = np.argwhere(~good)[0]
    raise DataError(
        f"{name}: {values.name} must be {wanted}, but {int((~good).sum())} of {good.size} values are not; the first is "
        f"{values.values[target, output]} for target {values['target'].values[target]}, {OUTPUTS[output]}"
    )
