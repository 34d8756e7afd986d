"""Wider errors for targets beyond the reach of the training set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["widening"]


def widening(prediction: xr.Dataset, extrapolation: Literal["flag", "widen"], who: str) -> NDArray[np.float64]:
    """Return by what errors of each target are multiplied, shape (n_target, 1).

    1 within the reach of the training set and with ``flag``; with ``widen`` the distance beyond it. A target without a
    distance, of which the model knew nothing, keeps its errors: those are already of one that nothing is known of.
    """
    if extrapolation == "flag":
        return np.ones((prediction.sizes["target"], 1))
    if "distance" not in prediction:
        raise DataError(f"{who}: extrapolation is 'widen', but the model states no distance; use extrapolation: flag")
    distance = np.asarray(prediction["distance"].values, float)
    return np.asarray(np.maximum(np.nan_to_num(distance, nan=1.0), 1.0)[:, None])
