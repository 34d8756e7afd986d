"""The uncertainty estimator ``quantile``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.special import ndtri

from specframe_uncertainty.bounds import with_errors
from specframe_uncertainty.log_variance import LogVariance
from specframe_uncertainty.params import QuantileParams
from specframe_uncertainty.parts import Parts, resolution, stated_bounds, stated_std
from specframe_uncertainty.quantile_regression import ConditionalQuantiles
from specframe_uncertainty.residuals import SMALLEST_SPREAD, Residuals
from specframe_uncertainty.shrinkage_choice import held_out_folds
from specframe_uncertainty.sourced import Sourced, estimated_by
from specframe_uncertainty.traits import TraitSpace, traits_of

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Quantile"]

_SIGMA_LEVEL = 0.6827


class Quantile(Sourced):
    """Bounds between quantiles: those that the model states, or quantiles of residuals for any model.

    A network with a quantile head, ``boosting`` with ``levels`` and other models that state ``lower`` and ``upper`` at
    all ``levels`` are taken at their word. For other models residuals out of fold are divided by a size that follows
    what the prediction tells (its value, the scatter over its outputs, the distance from the training set, the error
    that is stated or measured), fitted as ``heteroscedastic`` does, in units of the stated std where there is one. Of
    what results, quantiles are regressed on the same. Slopes are shrunk; where nothing is to be learned, bounds are
    the same for all targets, about the mean.

    Bounds need not be symmetric, nor normal. ``std`` is half of what holds 68.27 %, or the model's if bounds are the
    model's and it states one. So a bias that all targets share, and the few largest errors, are in the bounds but not
    in ``std``.

    Notes
    -----
    The quantile of probability p minimises ``sum_i max(p r_i, (p - 1) r_i)``, ``r_i = truth_i - bound_i``.

    References
    ----------
    - Koenker & Bassett 1978, Econometrica 46, 33, doi:10.2307/1913643
    """

    name = "quantile"
    Params: ClassVar[type[QuantileParams]] = QuantileParams
    params: QuantileParams

    def _missing(self, prediction: xr.Dataset) -> str:
        estimator = estimated_by(prediction)
        if "lower" not in prediction:
            return "the prediction states no bounds, as a quantile head gives them"
        if estimator:
            return f"the prediction's bounds are those of {estimator!r}"
        absent = [f"{level:g}" for level in self.params.levels if stated_bounds(prediction, level) is None]
        if absent:
            there = ", ".join(f"{level:g}" for level in prediction["level"].values)
            return f"the prediction's bounds are at levels {there}, not at {', '.join(absent)}"
        return ""

    def _tails(self) -> list[float]:
        levels = (_SIGMA_LEVEL, *self.params.levels)
        return [0.5 + sign * 0.5 * level for level in levels for sign in (-1.0, 1.0)]

    def _learn(self, prediction: xr.Dataset, truth: xr.DataArray, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
        residuals = Residuals.between(prediction, truth, self.name)
        seen = prediction.isel(target=np.flatnonzero(residuals.kept))
        std = stated_std(seen)
        floor = (
            residuals.floor if std is None else np.maximum(SMALLEST_SPREAD * np.median(std, axis=0), residuals.floor)
        )
        in_unit = residuals.values if std is None else residuals.values / np.maximum(std, floor)
        traits = traits_of(seen)
        space = TraitSpace.fit(traits)
        terms, folds = space.terms(traits), held_out_folds(seen, seed)
        least = residuals.floor if std is None else np.full(len(residuals.outputs), np.finfo(float).eps)
        size = LogVariance.fit(
            terms, np.square(in_unit), np.zeros(in_unit.shape), self.params.shrinkage, True, folds, least
        )
        values = in_unit / np.sqrt(size.variance(terms))
        fit = ConditionalQuantiles.fit(terms, values, self._tails(), self.params.shrinkage, folds)
        return (
            {
                "intercept": fit.intercept,
                "slopes": fit.slopes,
                "size_intercept": size.intercept,
                "size_slopes": size.slopes,
                "floor": floor,
                **space.arrays(),
            },
            {
                "traits": list(space.names),
                "by_std": std is not None,
                "shrinkage": None if np.isinf(fit.shrinkage) else fit.shrinkage,
                "calibration_targets": len(residuals.values),
            },
        )

    def _learned(self, prediction: xr.Dataset, arrays: dict[str, Any], values: dict[str, Any]) -> xr.Dataset:
        space = TraitSpace.from_arrays(values["traits"], arrays, 1)
        terms = space.terms(traits_of(prediction, values["traits"], self.name))
        unit = np.sqrt(LogVariance(arrays["size_intercept"], arrays["size_slopes"], 0.0).variance(terms))
        if values["by_std"]:
            std = stated_std(prediction)
            assert std is not None  # among the traits that have just been read
            unit = unit * np.maximum(std, arrays["floor"])
        found = ConditionalQuantiles(arrays["intercept"], arrays["slopes"], 0.0).at(terms) * unit
        # quantiles of different probabilities are fitted by themselves, and may cross beyond the training targets
        order = np.argsort(self._tails())
        ordered = np.empty_like(found)
        ordered[order] = np.sort(found, axis=0)
        pairs = np.moveaxis(ordered.reshape(-1, 2, *unit.shape), 0, -1)  # (side, n_target, n_output, n_level)
        lower, upper = pairs[0], pairs[1]
        half = 0.5 * (upper - lower)[..., 0] / ndtri(0.5 + 0.5 * _SIGMA_LEVEL)
        new = np.maximum(half, np.maximum(SMALLEST_SPREAD * unit, resolution(prediction)))
        epistemic = np.minimum(Parts.of(prediction).epistemic, new)
        mean = prediction["mean"].values[..., None]
        result = with_errors(
            prediction,
            new,
            mean + lower[..., 1:],
            mean + upper[..., 1:],
            self.params.levels,
            method=self.name,
            calibration_targets=values["calibration_targets"],
        )
        units = {"units": prediction["mean"].attrs.get("units", "")}
        dims = ("target", "output")
        aleatoric = np.sqrt(np.maximum(np.square(new) - np.square(epistemic), 0.0))
        return result.assign(aleatoric=(dims, aleatoric, units), epistemic=(dims, epistemic, units))
