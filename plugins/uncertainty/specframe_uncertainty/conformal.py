"""Split conformal intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from specframe.errors import DataError
from specframe_uncertainty.bounds import check_outputs, with_errors
from specframe_uncertainty.calibrated import Calibrated
from specframe_uncertainty.params import ConformalParams
from specframe_uncertainty.residuals import Residuals, residual_scale, spread_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Params

    Array = NDArray[np.float64]

__all__ = ["Conformal", "conformal_quantile", "pooled_quantile"]

#: Products such as 0.68 x 25 must not be one rank too high by rounding.
_ROUNDING = 1e-9
_STD_LEVEL = 0.68


class Conformal(Calibrated):
    """Intervals ``mean -+ q sigma`` that hold a level whatever the errors are distributed like.

    Normalised split conformal prediction (Lei et al. 2018, J. Am. Stat. Assoc. 113, 1094): ``q`` is the
    ``ceil((n + 1) level)``-th smallest of the ``n`` calibration scores ``|truth - mean| / sigma``. If calibration
    predictions and the new one are exchangeable, the interval holds the new truth with a probability between ``level``
    and ``level + 1 / (n + 1)``. That is so for one model whose predictions of targets it never saw are calibrated. In a
    pipeline it holds approximately: calibration predictions come from models fitted to a part of the training targets
    (4/5 in five folds), the new one from a model fitted to all of them, which is usually a little better.

    ``sigma`` is the prediction's own std or one size per output (``normalise_by``). An own std below a tenth of its
    median over the calibration targets counts as that tenth, so that one target whose fit failed with an error near
    zero does not decide the errors of all others.

    With ``joint: simultaneous`` the score of a target is the largest of its outputs', and the band holds all outputs
    at once. With ``joint: pooled`` one ``q`` serves all outputs so that they hold the level on average, with the
    finite-sample term of conformal risk control (Angelopoulos et al. 2024). In both, and with one size per output,
    sigma is estimated on the calibration targets too, which costs coverage of the order ``1 / n``; so does the tenth.

    ``std`` is a calibrated standard error, not tied to ``levels``: see the parameter of that name.
    """

    name = "conformal"
    Params: ClassVar[type[Params]] = ConformalParams
    params: ConformalParams

    def fit(self, prediction: xr.Dataset, truth: xr.DataArray, *, seed: int = 0) -> Self:
        """Learn the quantiles of the scores of out-of-fold predictions.

        Targets without any known truth are left out; ``simultaneous`` leaves out those that lack a single one.

        Raises
        ------
        DataError
            When there are too few targets for the largest level: 3 for 0.68, 19 for 0.95, 99 for 0.99, never fewer
            than five. Or when ``normalise_by`` asks for a std that is not there.
        """
        residuals = Residuals.between(prediction, truth, self.name)
        by_std = self.params.normalise_by == "std" or (
            self.params.normalise_by == "auto" and residuals.spread is not None
        )
        if by_std:
            sigma = self._spread(residuals.spread, residuals.spread_floor)
            scale = np.ones(len(residuals.outputs))
        else:
            scale = np.maximum(residual_scale(residuals.values, "rms"), residuals.floor)
            sigma = np.broadcast_to(scale, residuals.values.shape)
        scores = np.abs(residuals.values) / sigma
        floor = residuals.floor / sigma.min(axis=0)

        left_out = residuals.left_out
        if self.params.joint == "simultaneous":
            whole = np.isfinite(scores).all(axis=1)
            left_out += int((~whole).sum())
            largest = scores[whole].max(axis=1, keepdims=True, initial=0.0)
            factor = np.broadcast_to(
                conformal_quantile(largest, self.params.levels, self.name), (len(self.params.levels), scores.shape[1])
            )
        elif self.params.joint == "pooled":
            factor = np.broadcast_to(
                pooled_quantile(scores, self.params.levels, self.name)[:, None],
                (len(self.params.levels), scores.shape[1]),
            )
        else:
            factor = conformal_quantile(scores, self.params.levels, self.name)
        self._fitted = (
            {
                "scale": scale,
                "spread_floor": residuals.spread_floor,
                "factor": factor.copy(),
                "std_factor": np.maximum(self._std_factor(scores), floor),
            },
            {
                "outputs": list(residuals.outputs),
                "by_std": by_std,
                "calibration_targets": len(residuals.values) + residuals.left_out - left_out,
                "left_out": left_out,
            },
        )
        return self

    def apply(self, prediction: xr.Dataset) -> xr.Dataset:
        """Return the prediction with ``std``, ``lower`` and ``upper`` at the levels."""
        arrays, values = self.get_state()
        check_outputs(prediction, values["outputs"], self.name)
        mean = prediction["mean"].values
        sigma = np.broadcast_to(arrays["scale"], mean.shape)
        if values["by_std"]:
            sigma = self._spread(spread_of(prediction), arrays["spread_floor"])
        half = sigma[..., None] * arrays["factor"].T  # (n_target, n_output, n_level)
        return with_errors(
            prediction,
            sigma * arrays["std_factor"],
            mean[..., None] - half,
            mean[..., None] + half,
            self.params.levels,
            method=self.name,
            calibration_targets=values["calibration_targets"],
            calibration_targets_left_out=values["left_out"],
        )

    def _std_factor(self, scores: Array) -> Array:
        """Return std in units of sigma for each output, shape (n_output,)."""
        pooled = self.params.joint == "pooled"
        if self.params.std == "rms":
            squared = np.nanmean(scores**2, axis=0)
            return np.asarray(np.sqrt(np.full_like(squared, squared.mean()) if pooled else squared))
        if pooled:
            return np.full(scores.shape[1], pooled_quantile(scores, (_STD_LEVEL,), self.name)[0])
        return np.asarray(conformal_quantile(scores, (_STD_LEVEL,), self.name)[0])

    def _spread(self, spread: Array | None, floor: Array) -> Array:
        if spread is None:
            raise DataError(
                f"{self.name}: it measures errors in units of the prediction's std, but there is none; "
                "use a model or an uncertainty step before it that gives one, or normalise_by: residual"
            )
        return np.maximum(spread, floor)


def conformal_quantile(scores: Array, levels: Sequence[float], who: str = "conformal_quantile") -> Array:
    """Return the ``ceil((n + 1) level)``-th smallest score of each output, shape (n_level, n_output).

    ``scores`` (n_target, n_output), of which ``n`` are not NaN. Raises :class:`DataError` when there is no such rank.
    """
    ordered = np.sort(scores.T, axis=1)  # NaN go last; rows are contiguous
    count = np.isfinite(ordered).sum(axis=1)
    found = np.empty((len(levels), len(ordered)))
    for i, level in enumerate(levels):
        rank = np.ceil((count + 1) * level - _ROUNDING).astype(int)
        if np.any(rank > count):
            raise _too_few(int(count.min()), level, who)
        found[i] = np.take_along_axis(ordered, rank[:, None] - 1, axis=1)[:, 0]
    return found


def pooled_quantile(scores: Array, levels: Sequence[float], who: str = "pooled_quantile") -> Array:
    """Return the smallest ``q`` that holds each level on average over outputs, shape (n_level,).

    The smallest ``q`` with ``sum_i F_i(q) >= (n + 1) level``, where ``F_i`` is the fraction of target ``i``'s known
    scores up to ``q``: conformal risk control of the fraction of outputs missed. For a single output it is
    :func:`conformal_quantile`.
    """
    known = np.isfinite(scores)
    weight = np.broadcast_to(1.0 / known.sum(axis=1, keepdims=True), scores.shape)[known]
    values = scores[known]
    order = np.argsort(values, kind="stable")
    held = np.cumsum(weight[order])
    n = len(scores)
    found = np.empty(len(levels))
    for i, level in enumerate(levels):
        at = int(np.searchsorted(held, (n + 1) * level - _ROUNDING))
        if at >= held.size:
            raise _too_few(n, level, who)
        found[i] = values[order[at]]
    return found


def _too_few(n: int, level: float, who: str) -> DataError:
    needed = math.ceil(level / (1 - level) - _ROUNDING)
    return DataError(
        f"{who}: an interval at level {level:g} needs at least {needed} calibration targets with known truth, got {n}; "
        "give more targets or ask for lower levels"
    )
