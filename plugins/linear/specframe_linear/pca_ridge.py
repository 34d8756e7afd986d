"""The model ``pca-ridge``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe_linear.linear_model import LinearModel
from specframe_linear.params import PcaRidgeParams
from specframe_linear.shrinkage import fit_ridge, huber_factor

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PcaRidge"]

#: Rounds of ``loss: huber`` in which components and weights of targets adapt to each other, and when they have.
_BASIS_ROUNDS = 30
_FACTOR_TOLERANCE = 1e-3


class PcaRidge(LinearModel):
    """Ridge regression onto the principal components of the output spectra.

    The channels of a spectrum vary together. Instead of each channel by itself, the amplitudes of a few principal
    components of the training spectra are learned, each with its own penalty; a prediction is the mean spectrum plus
    the components times their amplitudes. Noise that the components do not contain is never predicted. Outputs are
    centred, not scaled, so they should share a unit.

    Weights of targets count for the mean and the components, too. With ``loss: huber`` a target that is predicted
    badly counts less there as well, by the square of its weight in the regression (as in Maronna 1976, Annals of
    Statistics 4, 51: with the weight itself the share of an outlier in the variance would still grow with its size).

    Notes
    -----
    ``prediction = mean + sum_k V_k (x beta_k + b_k)`` with the leading components V of the centred labels; each
    ``beta_k`` is a ridge regression of the amplitudes ``V_k^T (y - mean)``.

    References
    ----------
    - Hoerl & Kennard 1970, Technometrics 12, 55, doi:10.1080/00401706.1970.10488634
    - Maronna 1976, Annals of Statistics 4, 51, doi:10.1214/aos/1176343347
    """

    name = "pca-ridge"
    Params: ClassVar[type[PcaRidgeParams]] = PcaRidgeParams
    params: PcaRidgeParams

    @property
    def components(self) -> NDArray[np.float64]:
        """The principal components, orthonormal, shape (n_component, n_output)."""
        return self._kept("components")

    def _regress(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64], seed: int
    ) -> dict[str, NDArray[Any]]:
        counts = weight > 0
        factor = np.ones(len(weight))
        for _ in range(_BASIS_ROUNDS if self.params.loss == "huber" else 0):
            mean, components = _principal(labels, weight * np.square(factor), self.params.n_components)
            fit = fit_ridge(features, (labels - mean) @ components.T, weight * factor, self.params.alpha)
            predicted = fit.predict(features) @ components + mean
            before, new = factor, huber_factor(labels, predicted, counts)
            if new is None:
                break
            factor = new
            if np.max(np.abs(factor - before)) < _FACTOR_TOLERANCE:
                break
        mean, components = _principal(labels, weight * np.square(factor), self.params.n_components)
        fit = fit_ridge(features, (labels - mean) @ components.T, weight, self.params.alpha, self.params.loss)
        return {
            "coefficients": fit.coefficients @ components,
            "intercept": fit.intercept @ components + mean,
            "components": components,
            "alpha": fit.alpha,
        }


def _principal(
    labels: NDArray[np.float64], weight: NDArray[np.float64], wanted: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weighted mean (n_output,) and principal components (k, n_output) of labels (n_target, n_output).

    ``wanted`` is a number of components, or the part of the variance that they should have.
    """
    mean = np.average(labels, axis=0, weights=weight)
    rows = (labels - mean) * np.sqrt(weight / weight.mean())[:, None]
    _, singular, components = np.linalg.svd(rows, full_matrices=False)
    count = len(components)
    if isinstance(wanted, int):
        count = min(wanted, count)
    elif singular[0] > 0:
        parts = np.cumsum(np.square(singular)) / np.sum(np.square(singular))
        count = min(int(np.searchsorted(parts, wanted, side="right")) + 1, count)
    return mean, components[:count]
