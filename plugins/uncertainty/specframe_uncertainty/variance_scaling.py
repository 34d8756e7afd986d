"""The uncertainty estimator ``variance-scaling``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy.special import ndtri, stdtrit

from specframe.errors import DataError
from specframe_uncertainty.bounds import check_outputs, with_errors
from specframe_uncertainty.calibrated import Calibrated
from specframe_uncertainty.calibration_set import CalibrationSet
from specframe_uncertainty.params import VarianceScalingParams
from specframe_uncertainty.residuals import MINIMUM_TARGETS, spread_of
from specframe_uncertainty.scale_factors import factors_for, shrunk
from specframe_uncertainty.spread_curve import SpreadCurve
from specframe_uncertainty.student import fitted_student
from specframe_uncertainty.widening import widening

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Params

    Array = NDArray[np.float64]

__all__ = ["VarianceScaling"]


class VarianceScaling(Calibrated):
    """Keeps what a prediction's ``std`` says of targets and outputs, and corrects its size.

    With ``factors: common`` and ``follow: proportional`` it is the temperature of Guo et al. (2017, ICML) for
    regression, std scaling (Levi et al. 2022, Sensors 22, 5540). Factors of outputs are drawn towards the common one by
    empirical Bayes: as far as they differ by no more than ``n`` targets explain, all get the same. ``follow: power``
    and ``isotonic`` first turn the std into a function of it; the factors then make that hold.

    The default ``target: nll`` makes the root mean square pull 1, so a few targets that are far off widen the errors
    of all: that is what a Gaussian likelihood wants, and what ``std`` means. ``coverage`` makes 68 % of the errors lie
    within one std instead. Bounds are those of Student's t fitted to the pulls, which holds both 68 and 95 % where
    errors have heavy tails, or with ``tails: normal`` those of a normal error of that std.

    Covariance, samples, ``aleatoric`` and ``epistemic`` are scaled alike. A std below a tenth of its median over the
    calibration targets counts as that tenth, as in ``conformal``. There is no guarantee as conformal intervals have
    one; in exchange it needs no more than five targets, and the factors of 283 outputs borrow from each other.

    Notes
    -----
    ``std -> f_j std`` for output j; with ``target: nll`` ``f^2 = <((truth - mean) / std)^2>``, the maximum of the
    Gaussian likelihood.

    References
    ----------
    - Guo et al. 2017, ICML, arXiv:1706.04599
    - Levi et al. 2022, Sensors 22, 5540, doi:10.3390/s22155540
    """

    name = "variance-scaling"
    Params: ClassVar[type[Params]] = VarianceScalingParams
    params: VarianceScalingParams

    def least_targets(self) -> int:
        """Return from how many targets the size of errors is estimated at least."""
        return MINIMUM_TARGETS

    def fit(self, prediction: xr.Dataset, truth: xr.DataArray, *, seed: int = 0) -> Self:
        """Learn the factors from out-of-fold predictions with a ``std``.

        Raises
        ------
        DataError
            When the prediction states no std, or an output has fewer than five known truths.
        """
        seen = CalibrationSet.of(prediction, truth, self.name, seed)
        residuals = seen.residuals
        stated = self._spread(residuals.spread, residuals.spread_floor)
        curve = SpreadCurve.fit(stated, residuals.values, self.params.follow)
        spread = curve.of(stated)
        pulls = residuals.values / spread
        least = residuals.floor / spread.min(axis=0)
        factor = np.maximum(factors_for(pulls, self.params.target), least)
        factor = shrunk(factor, pulls, common=self.params.factors == "common", target=self.params.target)
        values = {
            "outputs": list(residuals.outputs),
            "calibration_targets": len(residuals.values),
            "left_out": residuals.left_out,
        }
        arrays = {"factor": factor, "spread_floor": residuals.spread_floor, **curve.state()}
        if self.params.tails == "student":
            arrays["student"] = np.array(fitted_student(pulls / factor))
        self._fitted = (arrays, values)
        return self

    def apply(self, prediction: xr.Dataset) -> xr.Dataset:
        """Return the prediction with ``std``, its parts, covariance and samples scaled, ``lower`` and ``upper``."""
        arrays, values = self.get_state()
        check_outputs(prediction, values["outputs"], self.name)
        spread = SpreadCurve.from_state(arrays).of(self._spread(spread_of(prediction), arrays["spread_floor"]))
        std = arrays["factor"] * spread * widening(prediction, self.params.extrapolation, self.name)
        tail = 0.5 + 0.5 * np.asarray(self.params.levels)
        if self.params.tails == "student":
            width, freedom = arrays["student"]
            reach = width * stdtrit(freedom, tail)
        else:
            reach = ndtri(tail)
        mean, half = prediction["mean"].values[..., None], std[..., None] * reach
        return with_errors(
            prediction,
            std,
            mean - half,
            mean + half,
            self.params.levels,
            method=self.name,
            calibration_targets=values["calibration_targets"],
            calibration_targets_left_out=values["left_out"],
        )

    def _spread(self, spread: Array | None, floor: Array) -> Array:
        if spread is None:
            raise DataError(
                f"{self.name}: it scales the prediction's std, but there is none; use a model or an uncertainty step "
                "before it that gives one, or the uncertainty 'conformal' or 'residual' instead"
            )
        return np.asarray(np.maximum(spread, floor))
