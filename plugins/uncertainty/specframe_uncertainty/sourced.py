"""What estimators share that take the model's own errors where it states them, and learn them where it does not."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import ndtri

from specframe.errors import DataError
from specframe_uncertainty.bounds import check_outputs, with_errors
from specframe_uncertainty.calibrated import Calibrated
from specframe_uncertainty.parts import Parts, resolution, stated_bounds
from specframe_uncertainty.residuals import MINIMUM_TARGETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from specframe_uncertainty.params import HeteroscedasticParams, QuantileParams

    Array = NDArray[np.float64]

__all__ = ["Sourced", "estimated_by", "taken_as_stated"]


class Sourced(Calibrated):
    """Chooses by ``source`` between what the model states and what residuals say."""

    params: HeteroscedasticParams | QuantileParams

    @property
    def learns(self) -> bool:  # type: ignore[override]
        """Whether there is anything to learn: not if errors are the model's own by decree."""
        return self.params.source != "model"

    def least_targets(self) -> int:
        """Return how many targets residuals need, if they are learned from."""
        return MINIMUM_TARGETS if self.params.source == "residuals" else 0

    @abstractmethod
    def _missing(self, prediction: xr.Dataset) -> str:
        """Return what the prediction lacks for its own errors to be taken; empty for nothing."""

    @abstractmethod
    def _learn(self, prediction: xr.Dataset, truth: xr.DataArray, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what is learned from residuals, arrays and plain values."""

    @abstractmethod
    def _learned(self, prediction: xr.Dataset, arrays: dict[str, Any], values: dict[str, Any]) -> xr.Dataset:
        """Return the prediction with errors that were learned."""

    def fit(self, prediction: xr.Dataset, truth: xr.DataArray, *, seed: int = 0) -> Self:
        """Decide where errors come from, and learn them if need be.

        Raises
        ------
        DataError
            When ``source`` is ``model`` and the prediction does not state the errors, or when they are to be learned
            and an output has fewer than five known truths.
        """
        missing = self._missing(prediction)
        by_model = self.params.source == "model" or (self.params.source == "auto" and not missing)
        if by_model:
            self._refuse(missing)
        arrays, values = ({}, {}) if by_model else self._learn(prediction, truth, seed)
        outputs = [str(name) for name in prediction["output"].values]
        self._fitted = (arrays, {**values, "by_model": by_model, "outputs": outputs})
        return self

    def apply(self, prediction: xr.Dataset) -> xr.Dataset:
        """Return the prediction with ``std``, its parts, ``lower`` and ``upper``.

        Raises
        ------
        DataError
            When its errors are the model's own and this prediction does not state them.
        """
        if self._fitted is not None or self.learns:
            arrays, values = super().get_state()
            check_outputs(prediction, values["outputs"], self.name)
            if not values["by_model"]:
                return self._learned(prediction, arrays, values)
        self._refuse(self._missing(prediction))
        return taken_as_stated(prediction, self.params.levels, self.name)

    def get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return what ``fit`` learned; nothing where there is nothing to learn."""
        if self._fitted is None and not self.learns:
            return {}, {}
        return super().get_state()

    def set_state(self, arrays: dict[str, NDArray[Any]], values: dict[str, Any]) -> None:
        """Take what ``get_state`` returned."""
        self._fitted = (arrays, values) if values else None

    def _refuse(self, missing: str) -> None:
        if missing:
            raise DataError(
                f"{self.name}: it takes the model's own errors, but {missing}; use a model that states them, or "
                "source: residuals, which learns them for any model"
            )


def taken_as_stated(prediction: xr.Dataset, levels: Sequence[float], who: str) -> xr.Dataset:
    """Return the prediction with the errors that it states: its std, and its bounds or else those of a normal error."""
    parts = Parts.of(prediction)
    mean = prediction["mean"].values
    lower, upper = np.empty((2, *mean.shape, len(levels)))
    for i, level in enumerate(levels):
        normal = float(ndtri(0.5 + 0.5 * level)) * parts.std
        below, above = stated_bounds(prediction, level) or (normal, normal)
        lower[..., i], upper[..., i] = mean - below, mean + above
    std = np.maximum(parts.std, resolution(prediction))
    result = with_errors(prediction, std, lower, upper, levels, method=who)
    units = {"units": prediction["mean"].attrs.get("units", "")}
    dims = ("target", "output")
    return result.assign(aleatoric=(dims, parts.aleatoric, units), epistemic=(dims, parts.epistemic, units))


def estimated_by(prediction: xr.Dataset) -> str:
    """Return which estimator the prediction's std comes from; empty where it is the model's own."""
    return str(prediction["std"].attrs.get("method", "")) if "std" in prediction else ""
