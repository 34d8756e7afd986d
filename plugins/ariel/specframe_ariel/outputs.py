"""The outputs of the Ariel data challenges: 283 transit depths with a standard deviation each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["OUTPUTS", "challenge_prediction"]

#: wl_1 is FGS1; wl_2 .. wl_283 are AIRS-CH0 in ascending wavelength.
OUTPUTS = tuple(f"wl_{k}" for k in range(1, 284))


def challenge_prediction(prediction: xr.Dataset, name: str) -> xr.Dataset:
    """Return the Prediction with its outputs in the challenge's order, after checking that it can be judged.

    Parameters
    ----------
    prediction
        Dims (target, output); ``mean`` is a depth and ``std`` its standard deviation, both dimensionless.
    name
        The component that needs it, for messages.

    Raises
    ------
    DataError
        When outputs are missing or unknown, there is no ``std``, the units are not those of a depth, or a value is not
        a number; standard deviations must be positive.
    """
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


def _check_values(values: xr.DataArray, good: np.ndarray, name: str, wanted: str) -> None:
    if good.all():
        return
    target, output = np.argwhere(~good)[0]
    raise DataError(
        f"{name}: {values.name} must be {wanted}, but {int((~good).sum())} of {good.size} values are not; the first is "
        f"{values.values[target, output]} for target {values['target'].values[target]}, {OUTPUTS[output]}"
    )
