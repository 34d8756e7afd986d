"""The model ``ols``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe.errors import DataError
from specframe_linear.label_scale import LabelScale
from specframe_linear.leverage import Leverage
from specframe_linear.linear_model import LinearModel
from specframe_linear.params import OlsParams

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Ols"]


class Ols(LinearModel):
    """Ordinary least squares, with the standard error of each prediction.

    With weights, those of the least squares are the weights; features that depend on each other linearly share the
    coefficient of least norm (the pseudo-inverse). ``std`` is the square root of ``s^2 (1 + h)``: the variance of the
    residuals over their degrees of freedom, for the scatter of a new target of mean weight, and its leverage ``h``,
    for the error of the fit (Draper & Smith 1998, Applied Regression Analysis, eq. 8.2.4). Where an input is missing,
    the variance of what it would have told is added.

    Notes
    -----
    ``beta = (X^T W X)^+ X^T W y``; ``std^2 = s^2 (1 + h)``, ``h = x (X^T W X)^+ x^T``.

    References
    ----------
    - Draper & Smith 1998, Applied Regression Analysis, doi:10.1002/9781118625590
    """

    name = "ols"
    Params: ClassVar[type[OlsParams]] = OlsParams
    params: OlsParams

    def _regress(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64], seed: int
    ) -> dict[str, NDArray[Any]]:
        leverage, left = Leverage.of(features, weight)
        free = len(labels) - len(leverage.singular) - 1
        if free < 1:
            raise DataError(
                f"ols: {len(leverage.singular)} independent inputs fit {len(labels)} targets exactly, which leaves "
                "nothing to measure errors by: give fewer inputs or more targets, or use ridge, bayesian-ridge or pls"
            )
        scale = LabelScale.of(labels, weight)
        intercept = scale.mean
        root = np.sqrt(weight)[:, None]
        amplitudes = left.T @ ((labels - intercept) * root)
        coefficients = leverage.directions @ (amplitudes / leverage.singular[:, None])
        residual = (labels - intercept - features @ coefficients) * root
        variance = np.maximum(np.sum(np.square(residual), axis=0) / free, np.square(scale.rounding))
        return {"coefficients": coefficients, "intercept": intercept, "variance": variance, **leverage.arrays()}

    def _estimate(self, features: NDArray[np.float64]) -> dict[str, Any]:
        learned = self._learned
        leverage = Leverage.from_arrays(learned)
        variance = learned["variance"] * (1.0 + leverage.of_mean(np.nan_to_num(features)))
        variance = variance + leverage.of_missing(np.isnan(features), learned["coefficients"])
        return {**super()._estimate(features), "std": np.sqrt(variance)}
