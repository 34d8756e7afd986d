"""Ridge regression with a chosen or given penalty, and with a loss that outliers do not rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from specframe.api import MAD_TO_STD

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RidgeFit", "fit_ridge", "huber_factor"]

#: Penalties that ``alpha: auto`` tries, for features of unit variance and weights of mean one.
ALPHAS = np.logspace(-4, 7, 34)
#: Huber's constant: 95 % efficiency for normal errors (Huber 1981, Robust Statistics).
_HUBER = 1.345
#: Rounds that choose the penalty anew, after which it is kept so that the weights can settle.
_CHOOSING_ROUNDS = 5
_MAX_ROUNDS = 100
_WEIGHT_TOLERANCE = 1e-6


@dataclass(frozen=True)
class RidgeFit:
    """``coefficients (n_feature, n_output)``, ``intercept``, ``alpha (n_output,)`` and final ``weight (n_target,)``."""

    coefficients: NDArray[np.float64]
    intercept: NDArray[np.float64]
    alpha: NDArray[np.float64]
    weight: NDArray[np.float64]

    def predict(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return predictions (n_target, n_output)."""
        prediction: NDArray[np.float64] = features @ self.coefficients + self.intercept
        return prediction


def fit_ridge(
    features: NDArray[np.float64],
    labels: NDArray[np.float64],
    weight: NDArray[np.float64],
    alpha: float | Literal["auto"] = "auto",
    loss: Literal["squared", "huber"] = "squared",
) -> RidgeFit:
    """Minimise sum_i w_i |y_i - b - x_i beta|^2 + alpha |beta|^2 for every output.

    Parameters
    ----------
    features, labels, weight
        Shapes (n_target, n_feature), (n_target, n_output) and (n_target,).
    alpha
        The penalty; ``"auto"`` takes for each output the one of :data:`ALPHAS` with the least squared error when each
        target in turn is left out.
    loss
        ``"huber"`` fits by iteratively re-weighted least squares: a target counts by min(1, 1.345 / z), where z is
        the root mean square over outputs of its residuals in units of their robust scatter. A target is an outlier
        as a whole, since what goes wrong in an observation goes wrong in all its channels.
    """
    fit = _weighted(features, labels, weight, alpha)
    if loss == "squared":
        return fit
    counts = weight > 0
    chosen: float | NDArray[np.float64] | Literal["auto"] = alpha
    for iteration in range(_MAX_ROUNDS):
        factor = huber_factor(labels, fit.predict(features), counts)
        if factor is None:
            return fit
        robust = weight * factor
        if np.max(np.abs(robust - fit.weight)) < _WEIGHT_TOLERANCE:
            break
        if iteration >= _CHOOSING_ROUNDS:
            chosen = fit.alpha
        fit = _weighted(features, labels, robust, chosen)
    return fit


def huber_factor(
    labels: NDArray[np.float64], predicted: NDArray[np.float64], counts: NDArray[np.bool_]
) -> NDArray[np.float64] | None:
    """Return how much each target (n_target,) counts with ``loss: huber``, 1 for all but outliers.

    ``counts`` says which targets measure the scatter. ``None`` is returned where every output is fitted exactly, and
    so has no scatter to measure outliers by.
    """
    residual = labels - predicted
    scatter = MAD_TO_STD * np.median(np.abs(residual[counts]), axis=0)
    measurable = scatter > 1e-12 * np.maximum(np.abs(labels).max(axis=0), np.finfo(float).tiny)
    if not measurable.any():
        return None
    z = np.sqrt(np.mean(np.square(residual[:, measurable] / scatter[measurable]), axis=1))
    factor: NDArray[np.float64] = np.minimum(1.0, _HUBER / np.maximum(z, _HUBER))
    return factor


def _weighted(
    features: NDArray[np.float64],
    labels: NDArray[np.float64],
    weight: NDArray[np.float64],
    alpha: float | NDArray[np.float64] | Literal["auto"],
) -> RidgeFit:
    from sklearn.linear_model import Ridge, RidgeCV

    n_output = labels.shape[1]
    # scikit-learn minimises the same sum. Each output has its own penalty, so that their units do not matter.
    model = RidgeCV(alphas=ALPHAS, alpha_per_target=n_output > 1) if isinstance(alpha, str) else Ridge(alpha=alpha)
    model.fit(features, labels if n_output > 1 else labels[:, 0], sample_weight=weight)
    used = model.alpha_ if isinstance(alpha, str) else alpha
    return RidgeFit(
        coefficients=np.reshape(model.coef_, (n_output, -1)).T,
        intercept=np.reshape(model.intercept_, n_output),
        alpha=np.broadcast_to(np.asarray(used, float), n_output).copy(),
        weight=weight,
    )
