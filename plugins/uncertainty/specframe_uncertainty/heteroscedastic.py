"""The uncertainty estimator ``heteroscedastic``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.special import ndtri

from specframe_uncertainty.bounds import with_errors
from specframe_uncertainty.log_variance import LogVariance
from specframe_uncertainty.params import HeteroscedasticParams
from specframe_uncertainty.parts import Parts, resolution
from specframe_uncertainty.residuals import Residuals
from specframe_uncertainty.shrinkage_choice import held_out_folds
from specframe_uncertainty.sourced import Sourced, estimated_by
from specframe_uncertainty.traits import TraitSpace, traits_of

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Heteroscedastic"]


class Heteroscedastic(Sourced):
    """An error for every target: the one that the model states, or one learned from residuals for any model.

    A network with a log-variance head, trained by beta-NLL (Seitzer et al. 2022, ICLR), and other models that state
    ``std`` are taken at their word: ``std`` and bounds are theirs, and ``std`` is ``aleatoric``. ``epistemic`` is 0
    unless the model or an estimator before has found some.

    For other models the logarithm of the variance is a polynomial in what the prediction tells: its value, the
    scatter over its outputs, the distance from the training set, the error that is stated or measured. It is fitted to
    out-of-fold residuals by maximum likelihood with shrunk slopes. Where nothing is to be learned, all targets get the
    same errors, those of ``residual``. Bounds are quantiles of the residuals in units of std (``interval``). What an
    estimator before called ``epistemic`` is kept, and only the rest learned, so that ``ensemble`` before
    ``heteroscedastic`` counts nothing twice.

    Notes
    -----
    ``ln sigma^2 = polynomial(what the prediction tells)``, fitted by ``min sum_i ln sigma_i^2 + (truth_i - mean_i)^2 /
    sigma_i^2 + penalty``.

    References
    ----------
    - Seitzer et al. 2022, ICLR (beta-NLL), arXiv:2203.09168
    """

    name = "heteroscedastic"
    Params: ClassVar[type[HeteroscedasticParams]] = HeteroscedasticParams
    params: HeteroscedasticParams

    def _missing(self, prediction: xr.Dataset) -> str:
        estimator = estimated_by(prediction)
        if estimator and "aleatoric" not in prediction:
            return f"the prediction's std is that of {estimator!r}"
        if not np.any(Parts.of(prediction).aleatoric > 0):
            return "the prediction states no std for the noise of its data"
        return ""

    def _learn(self, prediction: xr.Dataset, truth: xr.DataArray, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
        residuals = Residuals.between(prediction, truth, self.name)
        seen = prediction.isel(target=np.flatnonzero(residuals.kept))
        traits = traits_of(seen)
        space = TraitSpace.fit(traits, self.params.degree)
        fit = LogVariance.fit(
            space.terms(traits),
            np.square(residuals.values),
            np.square(Parts.of(seen).epistemic),
            self.params.shrinkage,
            self.params.slopes == "shared",
            held_out_folds(seen, seed),
            residuals.floor,
        )
        std = np.sqrt(fit.variance(space.terms(traits)) + np.square(Parts.of(seen).epistemic))
        return (
            {
                "intercept": fit.intercept,
                "slopes": fit.slopes,
                "offset": self._offsets(residuals.values / std),
                **space.arrays(),
            },
            {
                "traits": list(space.names),
                "shrinkage": None if np.isinf(fit.shrinkage) else fit.shrinkage,
                "calibration_targets": len(residuals.values),
            },
        )

    def _learned(self, prediction: xr.Dataset, arrays: dict[str, Any], values: dict[str, Any]) -> xr.Dataset:
        space = TraitSpace.from_arrays(values["traits"], arrays, self.params.degree)
        terms = space.terms(traits_of(prediction, values["traits"], self.name))
        variance = LogVariance(arrays["intercept"], arrays["slopes"], 0.0).variance(terms)
        parts = Parts.of(prediction)
        aleatoric = np.maximum(np.sqrt(variance), resolution(prediction))
        std = np.hypot(aleatoric, parts.epistemic)
        offset = arrays["offset"] * std[..., None, None]  # (n_target, n_output, n_level, 2)
        mean = prediction["mean"].values[..., None]
        result = with_errors(
            prediction,
            std,
            mean + offset[..., 0],
            mean + offset[..., 1],
            self.params.levels,
            method=self.name,
            calibration_targets=values["calibration_targets"],
        )
        units = {"units": prediction["mean"].attrs.get("units", "")}
        dims = ("target", "output")
        return result.assign(aleatoric=(dims, aleatoric, units), epistemic=(dims, parts.epistemic, units))

    def _offsets(self, pulls: Array) -> Array:
        """Return what to add to the mean for the bounds, in units of std, shape (n_output, n_level, 2)."""
        levels = np.asarray(self.params.levels)
        tails = np.stack([0.5 - 0.5 * levels, 0.5 + 0.5 * levels], axis=-1)
        if self.params.interval == "normal":
            return np.broadcast_to(ndtri(tails), (pulls.shape[1], *tails.shape)).copy()
        return np.moveaxis(np.nanquantile(pulls, tails, axis=0, method="weibull"), -1, 0)
