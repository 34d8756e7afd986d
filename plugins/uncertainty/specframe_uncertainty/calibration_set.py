"""Out-of-fold predictions with their truth, from which sizes of errors are learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_uncertainty.residuals import Residuals
from specframe_uncertainty.shrinkage_choice import held_out_folds

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["CalibrationSet"]


@dataclass(frozen=True)
class CalibrationSet:
    """Predictions of targets with known truth, in the order of their names, so that sums do not depend on another."""

    prediction: xr.Dataset
    residuals: Residuals
    #: By which of the folds' models each was made, (n_target,).
    folds: NDArray[np.intp]

    @classmethod
    def of(cls, prediction: xr.Dataset, truth: xr.DataArray, who: str, seed: int) -> CalibrationSet:
        """Match them by name, and leave out targets without any known truth."""
        residuals = Residuals.between(prediction, truth, who)
        kept = np.flatnonzero(residuals.kept)
        order = np.argsort(prediction["target"].values[kept].astype(str), kind="stable")
        seen = prediction.isel(target=kept[order])
        return cls(seen, residuals.take(order), held_out_folds(seen, seed))

    @property
    def truth(self) -> Array:
        """The truth (n_target, n_output), NaN where it is not known."""
        return np.asarray(self.residuals.values + self.prediction["mean"].values)
