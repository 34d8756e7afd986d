"""The model ``bayesian-ridge``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe_linear.evidence import maximise_evidence
from specframe_linear.label_scale import LabelScale
from specframe_linear.leverage import Leverage
from specframe_linear.linear_model import LinearModel
from specframe_linear.params import BayesianRidgeParams

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BayesianRidge"]


class BayesianRidge(LinearModel):
    """Ridge regression with the penalty and the noise of the greatest evidence, and the error of each prediction.

    Coefficients of standardised features have a normal prior of one variance per output, the mean a flat one, and
    residuals are normal. Variance of prior and noise are those under which the training labels are most probable
    (MacKay 1992, Neural Computation 4, 415): the greatest maximum there is, found on a grid and refined, so that
    neither a start nor the labels' unit matters. ``std`` is the posterior's: noise of a target of mean weight, error
    of the mean and of the coefficients, the larger the further a target is from the training set. Where an input is
    missing, the variance of what it would have told is added. With hardly more targets than inputs, penalty and noise
    are uncertain themselves, and errors come out up to a tenth too small.

    Notes
    -----
    ``y = x beta + b + e`` with ``beta ~ N(0, s_beta^2)`` and ``e ~ N(0, s^2 / w)``; ``variance = s^2 + (1, x) C (1,
    x)^T`` with the posterior covariance C of mean and coefficients.

    References
    ----------
    - MacKay 1992, Neural Computation 4, 415, doi:10.1162/neco.1992.4.3.415
    """

    name = "bayesian-ridge"
    Params: ClassVar[type[BayesianRidgeParams]] = BayesianRidgeParams
    params: BayesianRidgeParams

    @property
    def alpha(self) -> NDArray[np.float64]:
        """The penalty of each output, noise over prior variance, shape (n_output,)."""
        return self._kept("alpha")

    @property
    def noise(self) -> NDArray[np.float64]:
        """Standard deviation of the noise of each output, in its unit, shape (n_output,)."""
        noise: NDArray[np.float64] = np.sqrt(self._kept("variance"))
        return noise

    def _regress(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64], seed: int
    ) -> dict[str, NDArray[Any]]:
        leverage, left = Leverage.of(features, weight)
        scale = LabelScale.of(labels, weight)
        rows = (labels - scale.mean) * np.sqrt(weight)[:, None]
        amplitudes = left.T @ rows
        outside = np.maximum(np.sum(np.square(rows), axis=0) - np.sum(np.square(amplitudes), axis=0), 0.0)
        alpha, variance = maximise_evidence(leverage.singular, amplitudes, outside, len(labels))
        squared = np.square(leverage.singular)[:, None]
        coefficients = leverage.directions @ (amplitudes * leverage.singular[:, None] / (squared + alpha))
        return {
            "coefficients": coefficients,
            "intercept": scale.mean,
            "alpha": alpha,
            "variance": np.maximum(variance, np.square(scale.rounding)),
            **leverage.arrays(),
        }

    def _estimate(self, features: NDArray[np.float64]) -> dict[str, Any]:
        learned = self._learned
        leverage = Leverage.from_arrays(learned)
        variance = learned["variance"] * (1.0 + leverage.of_mean(np.nan_to_num(features), learned["alpha"]))
        variance = variance + leverage.of_missing(np.isnan(features), learned["coefficients"])
        return {**super()._estimate(features), "std": np.sqrt(variance)}
