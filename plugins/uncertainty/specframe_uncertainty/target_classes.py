"""Classes of targets that are calibrated each by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from specframe.errors import DataError
from specframe_uncertainty.residuals import spread_of

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["TargetClasses"]


@dataclass(frozen=True)
class TargetClasses:
    """Mondrian classes (Vovk et al. 2005, Algorithmic Learning in a Random World, 4.5) by what a prediction tells.

    ``by`` is averaged over the outputs of a target; ``edges (n_class - 1,)`` are its quantiles over the calibration
    targets, so that classes have about the same size.
    """

    by: Literal["none", "std", "mean", "distance"]
    edges: Array

    @classmethod
    def fit(
        cls, prediction: xr.Dataset, by: Literal["none", "std", "mean", "distance"], n_classes: int, who: str
    ) -> Self:
        """Choose the edges."""
        if by == "none":
            return cls(by, np.zeros(0))
        values = _value(prediction, by, who)
        return cls(by, np.quantile(values, np.arange(1, n_classes) / n_classes, method="inverted_cdf"))

    def of(self, prediction: xr.Dataset, who: str) -> NDArray[np.intp]:
        """Return the class of each target, (n_target,)."""
        if self.by == "none":
            return np.zeros(prediction.sizes["target"], np.intp)
        return np.searchsorted(self.edges, _value(prediction, self.by, who), side="left").astype(np.intp)

    def members(self, prediction: xr.Dataset, who: str = "conformal") -> list[NDArray[np.bool_]]:
        """Return for each class which targets are in it."""
        own = self.of(prediction, who)
        return [own == number for number in range(len(self.edges) + 1)]


def _value(prediction: xr.Dataset, by: str, who: str) -> Array:
    """Return what classes are made by, (n_target,); a distance that is not known counts as beyond all."""
    if by == "mean":
        return np.asarray(prediction["mean"].values.mean(axis=1))
    if by == "distance":
        if "distance" not in prediction:
            raise DataError(f"{who}: classes_by is 'distance', but the model states none; use classes_by: none or mean")
        return np.asarray(np.nan_to_num(np.asarray(prediction["distance"].values, float), nan=np.inf))
    spread = spread_of(prediction)
    if spread is None:
        raise DataError(f"{who}: classes_by is 'std', but the prediction has none; use classes_by: none or mean")
    return np.asarray(np.log(np.maximum(spread, np.finfo(float).tiny)).mean(axis=1))
