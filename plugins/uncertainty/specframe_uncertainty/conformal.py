"""Conformal intervals: split, normalised, of quantiles, and by cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from specframe.api import Draws
from specframe.errors import DataError
from specframe_uncertainty.bounds import check_outputs, with_errors
from specframe_uncertainty.calibrated import Calibrated
from specframe_uncertainty.calibration_set import CalibrationSet
from specframe_uncertainty.cross_conformal import cross_bounds, fold_predictions
from specframe_uncertainty.ellipsoid import Ellipsoid
from specframe_uncertainty.learned_scale import LearnedScale, held_out_scale
from specframe_uncertainty.params import ConformalParams
from specframe_uncertainty.quantile_scores import quantile_scores, stated_interval
from specframe_uncertainty.ranks import conformal_quantile, least_targets, pooled_quantile
from specframe_uncertainty.residuals import MINIMUM_TARGETS, residual_scale, spread_of
from specframe_uncertainty.target_classes import TargetClasses
from specframe_uncertainty.widening import widening

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Params

    Array = NDArray[np.float64]

__all__ = ["Conformal"]

_STD_LEVEL = 0.68


class Conformal(Calibrated):
    """Intervals that hold a level whatever the errors are distributed like.

    ``method: split`` gives ``mean -+ q sigma``, normalised split conformal prediction (Lei et al. 2018, J. Am. Stat.
    Assoc. 113, 1094): ``q`` is the ``ceil((n + 1) level)``-th smallest of the ``n`` calibration scores
    ``|truth - mean| / sigma``. If calibration predictions and the new one are exchangeable, the interval holds the new
    truth with a probability between ``level`` and ``level + 1 / (n + 1)``. That is so for one model whose predictions
    of targets it never saw are calibrated. In a pipeline it holds approximately: calibration predictions come from
    models fitted to a part of the training targets (4/5 in five folds), the new one from a model fitted to all of them,
    which is usually a little better. ``method: cv+`` (Barber et al. 2021, Ann. Stat. 49, 486) asks those models
    themselves for the new target too, and so needs no such argument; it promises ``2 level - 1``, and holds about
    ``level``. ``method: cqr`` moves both bounds that the prediction states at the levels by what conforms (Romano,
    Patterson & Candes 2019, NeurIPS), so that they may be skewed.

    ``sigma`` (``normalise_by``) is the prediction's own std, one size per output, or learned from the residuals as a
    function of what the prediction tells; a target's calibration score then has the scale that the other folds'
    targets teach. An own std below a tenth of its median over the calibration targets counts as that tenth, so that one
    target whose fit failed with an error near zero does not decide the errors of all others.

    With ``joint: simultaneous`` the score of a target is the largest of its outputs', and the band holds all outputs
    at once. With ``joint: pooled`` one ``q`` serves all outputs so that they hold the level on average, with the
    finite-sample term of conformal risk control (Angelopoulos et al. 2024). In both, and with one size per output,
    sigma is estimated on the calibration targets too, which costs coverage of the order ``1 / n``; so does the tenth.
    With ``joint: ellipsoid`` bounds are marginal, and the prediction gets ``covariance`` and ``radius (level)``: the
    truth of all outputs is within that Mahalanobis distance with the level's probability.

    ``std`` is a calibrated standard error, not tied to ``levels``: see the parameter of that name.

    Notes
    -----
    ``q = the ceil((n + 1) level)-th smallest of |truth_i - mean_i| / sigma_i``; bounds are ``mean -+ q sigma``.

    References
    ----------
    - Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World, doi:10.1007/b106715
    - Lei et al. 2018, Journal of the American Statistical Association 113, 1094, doi:10.1080/01621459.2017.1307116
    - Romano, Patterson & Candès 2019, NeurIPS 32 (cqr), arXiv:1905.03222
    - Barber et al. 2021, Annals of Statistics 49, 486 (cv+), doi:10.1214/20-AOS1965
    - Angelopoulos et al. 2024, ICLR (risk control), arXiv:2208.02814
    """

    name = "conformal"
    Params: ClassVar[type[Params]] = ConformalParams
    params: ConformalParams

    def draws(self) -> Draws | None:
        """Return that ``cv+`` needs the models of the folds."""
        return Draws("out-of-fold") if self.params.method == "cv+" else None

    def least_targets(self) -> int:
        """Return how many targets the highest level needs, in every class."""
        classes = 1 if self.params.classes_by == "none" else self.params.n_classes
        return max(MINIMUM_TARGETS, classes * least_targets(max(self.params.levels)))

    def fit(self, prediction: xr.Dataset, truth: xr.DataArray, *, seed: int = 0) -> Self:
        """Learn the quantiles of the scores of out-of-fold predictions.

        Targets without any known truth are left out; ``simultaneous`` and ``ellipsoid`` leave out those that lack a
        single one.

        Raises
        ------
        DataError
            When there are too few targets for the largest level: 3 for 0.68, 19 for 0.95, 99 for 0.99, never fewer
            than five, and as many in every class. Or when the prediction lacks what the parameters ask of it: a std,
            bounds at the levels, the folds.
        """
        params, levels = self.params, self.params.levels
        seen = CalibrationSet.of(prediction, truth, self.name, seed)
        residuals = seen.residuals
        arrays, values = self._learn_scale(seen)
        sigma = self._calibration_scale(seen, arrays, values)
        interval = stated_interval(seen.prediction, levels, self.name) if params.method == "cqr" else None
        if interval is None:
            scores = (np.abs(residuals.values) / sigma)[..., None]  # (n_target, n_output, 1), the same for all levels
        else:
            scores = quantile_scores(*interval, seen.truth) / sigma[..., None]
        classes = TargetClasses.fit(seen.prediction, params.classes_by, params.n_classes, self.name)
        left_out = residuals.left_out
        if params.joint in ("simultaneous", "ellipsoid"):
            left_out += int(np.sum(~np.isfinite(scores).all(axis=(1, 2))))
        factor = np.stack([self._factor(scores[members]) for members in classes.members(seen.prediction)])
        arrays |= {"factor": factor, "edges": classes.edges}
        if params.method == "cv+":
            arrays |= {"scores": scores[..., 0], "fold": fold_predictions(seen.prediction, self.name)}
        # The error that std is a multiple of: sigma, or the interval that comes out.
        unit = (
            sigma if interval is None else self._unit(interval, sigma, classes.of(seen.prediction, self.name), factor)
        )
        pulls = np.abs(residuals.values) / unit
        std_factor = np.stack([self._std_factor(pulls[members]) for members in classes.members(seen.prediction)])
        arrays["std_factor"] = np.maximum(std_factor, residuals.floor / unit.min(axis=0))
        if params.joint == "ellipsoid":
            whole = np.isfinite(pulls).all(axis=1)
            own = arrays["std_factor"][classes.of(seen.prediction, self.name)]
            signed = (residuals.values / (unit * own))[whole]
            arrays |= Ellipsoid.learn(signed, seen.folds[whole], levels, self.name).state()
        self._fitted = (
            arrays,
            {
                **values,
                "outputs": list(residuals.outputs),
                "calibration_targets": len(residuals.values) + residuals.left_out - left_out,
                "left_out": left_out,
            },
        )
        return self

    def apply(self, prediction: xr.Dataset) -> xr.Dataset:
        """Return the prediction with ``std``, ``lower`` and ``upper`` at the levels.

        Raises
        ------
        DataError
            When this prediction lacks what the calibration ones had: a std, bounds, samples of the folds' models.
        """
        arrays, values = self.get_state()
        check_outputs(prediction, values["outputs"], self.name)
        params, levels = self.params, self.params.levels
        mean = prediction["mean"].values
        wider = widening(prediction, params.extrapolation, self.name)
        sigma = wider * self._scale(prediction, arrays, values)
        classes = TargetClasses(params.classes_by, arrays["edges"]).of(prediction, self.name)
        factor = np.moveaxis(arrays["factor"][classes], 1, -1)  # (n_target, n_output, n_level)
        unit = sigma
        if params.method == "cqr":
            low, high = stated_interval(prediction, levels, self.name)
            middle, half = 0.5 * (low + high), 0.5 * (high - low) * wider[..., None]
            # bounds that have to move past each other meet
            half = np.maximum(half + sigma[..., None] * factor, 0.0)
            lower, upper = middle - half, middle + half
            unit = self._unit((low, high), sigma, classes, arrays["factor"], wider)
        elif params.method == "cv+":
            lower, upper = cross_bounds(prediction, sigma, arrays["scores"], arrays["fold"], levels, self.name)
            prediction = prediction.drop_dims("sample")
        else:
            lower, upper = mean[..., None] - sigma[..., None] * factor, mean[..., None] + sigma[..., None] * factor
        std = unit * arrays["std_factor"][classes]
        result = with_errors(
            prediction,
            std,
            lower,
            upper,
            levels,
            method=self.name,
            calibration_targets=values["calibration_targets"],
            calibration_targets_left_out=values["left_out"],
        )
        if params.joint == "ellipsoid":
            result = Ellipsoid.from_state(arrays).describe(result)
        return result

    def _learn_scale(self, seen: CalibrationSet) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return what sigma follows from, as state."""
        residuals, by = seen.residuals, self.params.normalise_by
        if by == "auto":
            by = "std" if residuals.spread is not None and self.params.method != "cqr" else "residual"
        scale = np.ones(len(residuals.outputs))
        if by == "residual":
            scale = np.maximum(residual_scale(residuals.values, "rms"), residuals.floor)
        arrays: dict[str, NDArray[Any]] = {"scale": scale, "spread_floor": residuals.spread_floor}
        values: dict[str, Any] = {"by": by}
        if by == "learned":
            learned = LearnedScale.learn(seen.prediction, residuals.values, residuals.floor)
            arrays |= learned.state()
            values["traits"] = list(learned.space.names)
        return arrays, values

    def _calibration_scale(self, seen: CalibrationSet, arrays: dict[str, Any], values: dict[str, Any]) -> Array:
        """Return sigma of the calibration targets, (n_target, n_output)."""
        if values["by"] == "learned":
            residuals = seen.residuals
            return held_out_scale(seen.prediction, residuals.values, residuals.floor, seen.folds, self.name)
        return self._scale(seen.prediction, arrays, values)

    def _scale(self, prediction: xr.Dataset, arrays: dict[str, Any], values: dict[str, Any]) -> Array:
        if values["by"] == "learned":
            return LearnedScale.from_state(values["traits"], arrays).of(prediction, self.name)
        if values["by"] == "residual":
            return np.asarray(np.broadcast_to(arrays["scale"], prediction["mean"].shape))
        spread = spread_of(prediction)
        if spread is None:
            raise DataError(
                f"{self.name}: it measures errors in units of the prediction's std, but there is none; "
                "use a model or an uncertainty step before it that gives one, or normalise_by: residual"
            )
        return np.asarray(np.maximum(spread, arrays["spread_floor"]))

    def _factor(self, scores: Array) -> Array:
        """Return the quantiles of scores (n_target, n_output, n_level or 1), shape (n_level, n_output)."""
        levels = self.params.levels
        found = np.empty((len(levels), scores.shape[1]))
        for i, level in enumerate(levels):
            own = scores[..., min(i, scores.shape[2] - 1)]
            if self.params.joint == "simultaneous":
                whole = np.isfinite(own).all(axis=1)
                found[i] = conformal_quantile(own[whole].max(axis=1, keepdims=True), [level], self.name)[0]
            elif self.params.joint == "pooled":
                found[i] = pooled_quantile(own, [level], self.name)[0]
            else:
                found[i] = conformal_quantile(own, [level], self.name)[0]
        return found

    def _unit(
        self, interval: tuple[Array, Array], sigma: Array, classes: NDArray[np.intp], factor: Array, wider: Any = 1.0
    ) -> Array:
        """Return half the width of the conformal interval at the level closest to one sigma, (n_target, n_output)."""
        at = int(np.abs(np.asarray(self.params.levels) - _STD_LEVEL).argmin())
        half = 0.5 * (interval[1] - interval[0])[..., at] * wider + sigma * factor[classes, at]
        # an interval of no width says nothing; a tenth of the typical one, as for a std
        return np.asarray(np.maximum(half, 0.1 * sigma))

    def _std_factor(self, scores: Array) -> Array:
        """Return std in units of what ``scores`` (n_target, n_output) are in, for each output, shape (n_output,)."""
        pooled = self.params.joint == "pooled"
        if self.params.std == "rms":
            squared = np.nanmean(scores**2, axis=0)
            return np.asarray(np.sqrt(np.full_like(squared, squared.mean()) if pooled else squared))
        if pooled:
            return np.full(scores.shape[1], pooled_quantile(scores, (_STD_LEVEL,), self.name)[0])
        return np.asarray(conformal_quantile(scores, (_STD_LEVEL,), self.name)[0])
