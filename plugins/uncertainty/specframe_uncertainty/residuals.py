"""Residuals of predictions on targets with known truth, and their size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import ndtri

from specframe.errors import ContainerError, DataError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["MINIMUM_TARGETS", "SMALLEST_SPREAD", "Residuals", "residual_scale", "spread_of"]

#: Fewest known truths of an output from which the size of its errors is estimated; with five the relative error of a
#: normal sigma is 1 / sqrt(2 n) = 32 %.
MINIMUM_TARGETS = 5
#: An own std counts as at least this fraction of its median over the calibration targets. A tenth
#: would be a star 100 times brighter than the median one, if photons are all; below it, a failed fit is likelier. The
#: bound matters because errors are measured in it: one of ``n`` targets whose error is ``z`` medians then changes an
#: rms by no more than ``sqrt(1 + 100 z^2 / n)``, without it by any factor.
SMALLEST_SPREAD = 0.1
#: Median absolute value of a unit normal variable, and the half width that holds 68 % of it.
_NORMAL_MEDIAN = ndtri(0.75)
_NORMAL_68 = ndtri(0.84)


@dataclass(frozen=True)
class Residuals:
    """What an estimator learns from.

    Parameters
    ----------
    values
        ``truth - mean`` (n_target, n_output), NaN where the truth is not known; targets without any are left out.
    spread
        The prediction's own std of the same shape, if it has one.
    floor
        Smallest std that makes sense for each output (n_output,): the resolution of the numbers themselves.
    outputs
        Names of the outputs.
    left_out
        Number of targets without any known truth.
    kept
        Which of the targets that were given have a known truth (n_given,); the rows of ``values`` are theirs.
    """

    values: Array
    spread: Array | None
    floor: Array
    outputs: tuple[str, ...]
    left_out: int
    kept: NDArray[np.bool_]

    @property
    def spread_floor(self) -> Array:
        """Smallest own std that is believed, for each output (n_output,); zeros where there is none.

        :data:`SMALLEST_SPREAD` of the median, and never below ``floor``.
        """
        if self.spread is None:
            return np.zeros(len(self.outputs))
        return np.asarray(np.maximum(SMALLEST_SPREAD * np.median(self.spread, axis=0), self.floor))

    def take(self, order: NDArray[np.intp]) -> Residuals:
        """Return them with the rows of ``values`` in another order."""
        spread = None if self.spread is None else self.spread[order]
        return replace(self, values=self.values[order], spread=spread)

    @classmethod
    def between(cls, prediction: xr.Dataset, truth: Any, who: str) -> Residuals:
        """Match ``truth`` with ``prediction`` by names of targets and outputs and subtract.

        Raises
        ------
        DataError
            When an output has fewer than :data:`MINIMUM_TARGETS` known truths.
        """
        mean = np.asarray(prediction["mean"].values, float)
        values = _matched(prediction, truth, who) - mean
        known = np.isfinite(values)
        kept = known.any(axis=1)
        outputs = tuple(str(name) for name in prediction["output"].values)
        count = known.sum(axis=0)
        if count.min(initial=MINIMUM_TARGETS) < MINIMUM_TARGETS:
            worst = int(np.argmin(count))
            raise DataError(
                f"{who}: errors of output {outputs[worst]!r} cannot be estimated from {count[worst]} targets with "
                f"known truth, at least {MINIMUM_TARGETS} are needed ({len(values)} targets were given)"
            )
        spread = spread_of(prediction)
        size = np.abs(np.where(known, values + mean, 0.0)).max(axis=0)
        return cls(
            values=np.where(known, values, np.nan)[kept],
            spread=None if spread is None else spread[kept],
            floor=np.maximum(np.finfo(float).eps * size, np.finfo(float).tiny),
            outputs=outputs,
            left_out=int((~kept).sum()),
            kept=kept,
        )


def _matched(prediction: xr.Dataset, truth: Any, who: str) -> Array:
    """Return the truth on the targets and outputs of ``prediction``, NaN where there is none."""
    import xarray as xr

    if isinstance(truth, xr.DataArray) and {"target", "output"} <= set(truth.coords):
        try:
            truth = truth.reindex(target=prediction["target"].values, output=prediction["output"].values)
        except ValueError as error:
            raise ContainerError(f"{who}: truth and prediction cannot be matched: {error}") from None
    values = np.asarray(truth, float)
    if values.shape != prediction["mean"].shape:
        raise ContainerError(
            f"{who}: expected a truth of shape (n_target, n_output) = {prediction['mean'].shape}, got {values.shape}"
        )
    return values


def spread_of(prediction: xr.Dataset) -> Array | None:
    """Return the std that a prediction states, directly or by its covariance or samples; ``None`` for none."""
    if "std" in prediction:
        return np.asarray(prediction["std"].values, float)
    if "covariance" in prediction:
        return np.asarray(np.sqrt(np.diagonal(prediction["covariance"].values, axis1=1, axis2=2)))
    if "samples" in prediction and prediction.sizes["sample"] > 1:
        return np.asarray(prediction["samples"].values.std(axis=0, ddof=1))
    return None


def residual_scale(residuals: Array, estimator: Literal["rms", "mad", "quantile68"]) -> Array:
    """Return the size of ``residuals`` (n_target, n_output) for each output; NaN are left out.

    All three are about zero, so that a bias counts as error, and equal sigma for normal residuals.
    """
    if estimator == "rms":
        return np.asarray(np.sqrt(np.nanmean(residuals**2, axis=0)))
    if estimator == "mad":
        return np.asarray(np.nanmedian(np.abs(residuals), axis=0) / _NORMAL_MEDIAN)
    return np.asarray(np.nanquantile(np.abs(residuals), 0.68, axis=0) / _NORMAL_68)
