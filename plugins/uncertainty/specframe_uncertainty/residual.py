"""Errors of the size of the residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy.special import ndtri

from specframe.errors import DataError
from specframe_uncertainty.bounds import check_outputs, with_errors
from specframe_uncertainty.calibrated import Calibrated
from specframe_uncertainty.params import ResidualParams
from specframe_uncertainty.residuals import MINIMUM_TARGETS, Residuals, residual_scale, spread_of

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Params

__all__ = ["Residual"]


class Residual(Calibrated):
    """Gives every target the same error per output: the size of the out-of-fold residuals.

    ``std`` is what ``estimator`` says. ``lower`` and ``upper`` are the mean plus quantiles of the residuals
    (``interval: empirical``) or ``mean -+ z std`` (``normal``). Empirical ones are at ranks ``p (n + 1)``, for which a
    new exchangeable residual lies below with probability ``p``; beyond the ranks there are, they stop at the largest
    residual seen, so use ``conformal`` where a level must hold with few targets. With ``scale_with: std`` all of this
    is in units of the prediction's own std: its size is calibrated, its variation from target to target kept, down to a
    tenth of its median over the calibration targets; a smaller one counts as that tenth.
    """

    name = "residual"
    Params: ClassVar[type[Params]] = ResidualParams
    params: ResidualParams

    def least_targets(self) -> int:
        """Return from how many targets the size of errors is estimated at least."""
        return MINIMUM_TARGETS

    def fit(self, prediction: xr.Dataset, truth: xr.DataArray, *, seed: int = 0) -> Self:
        """Learn the size of ``truth - mean`` for each output.

        Raises
        ------
        DataError
            When an output has fewer than five known truths, or ``scale_with`` asks for a std that is not there.
        """
        residuals = Residuals.between(prediction, truth, self.name)
        values = residuals.values
        floor = residuals.floor
        if self.params.scale_with == "std":
            spread = self._spread(residuals.spread, residuals.spread_floor)
            values = values / spread
            floor = floor / spread.min(axis=0)
        scale = np.maximum(residual_scale(values, self.params.estimator), floor)
        self._fitted = (
            {"scale": scale, "spread_floor": residuals.spread_floor, "offset": self._offsets(values, scale)},
            {
                "outputs": list(residuals.outputs),
                "calibration_targets": len(values),
                "left_out": residuals.left_out,
            },
        )
        return self

    def apply(self, prediction: xr.Dataset) -> xr.Dataset:
        """Return the prediction with ``std``, ``lower`` and ``upper``."""
        arrays, values = self.get_state()
        check_outputs(prediction, values["outputs"], self.name)
        mean = prediction["mean"].values
        unit = np.ones(mean.shape)
        if self.params.scale_with == "std":
            unit = self._spread(spread_of(prediction), arrays["spread_floor"])
        offset = arrays["offset"] * unit[..., None, None]  # (n_target, n_output, n_level, 2)
        return with_errors(
            prediction,
            unit * arrays["scale"],
            mean[..., None] + offset[..., 0],
            mean[..., None] + offset[..., 1],
            self.params.levels,
            method=self.name,
            calibration_targets=values["calibration_targets"],
            calibration_targets_left_out=values["left_out"],
        )

    def _offsets(self, values: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what to add to the mean for the bounds, shape (n_output, n_level, 2)."""
        levels = np.asarray(self.params.levels)
        tails = np.stack([0.5 - 0.5 * levels, 0.5 + 0.5 * levels], axis=-1)  # (n_level, 2)
        if self.params.interval == "normal":
            return np.asarray(scale[:, None, None] * ndtri(tails))
        quantile = np.nanquantile if np.isnan(values).any() else np.quantile
        return np.moveaxis(quantile(values, tails, axis=0, method="weibull"), -1, 0)

    def _spread(self, spread: NDArray[np.float64] | None, floor: NDArray[np.float64]) -> NDArray[np.float64]:
        if spread is None:
            raise DataError(
                f"{self.name}: scale_with is 'std', but the prediction has none; "
                "use a model that gives one or leave scale_with out"
            )
        return np.maximum(spread, floor)
