"""The model ``pls``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe_linear.held_out import label_folds
from specframe_linear.label_scale import LabelScale
from specframe_linear.latent import latent_components
from specframe_linear.linear_model import LinearModel
from specframe_linear.params import PlsParams

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Pls"]

#: Folds within the training set, and the most components, that ``n_components: auto`` tries.
_FOLDS = 5
_MAX_COMPONENTS = 40


class Pls(LinearModel):
    """Partial least squares: a few combinations of the features that vary together with the outputs.

    PLS2 (Wold, Sjöström & Eriksson 2001, Chemometrics and Intelligent Laboratory Systems 58, 109): all outputs, each
    scaled to unit variance, share the components. How many of them there are is given, or is the number of the least
    squared error of targets held out within the training set; targets with the same labels are held out together.

    Notes
    -----
    Component k is ``t_k = X w_k`` with ``w_k`` the leading left singular vector of ``X^T Y`` after the components
    before have been taken out; outputs are regressed on them.

    References
    ----------
    - Wold, Sjöström & Eriksson 2001, Chemometrics and Intelligent Laboratory Systems 58, 109,
      doi:10.1016/S0169-7439(01)00155-1
    """

    name = "pls"
    Params: ClassVar[type[PlsParams]] = PlsParams
    params: PlsParams

    @property
    def n_components(self) -> int:
        """The number of components in use."""
        return int(self._kept("n_components"))

    def _regress(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64], seed: int
    ) -> dict[str, NDArray[Any]]:
        scale = LabelScale.of(labels, weight)
        centred = scale.standard(labels)
        wanted = self.params.n_components
        if isinstance(wanted, str):
            wanted = _best_number(features, centred, weight, label_folds(labels, _FOLDS, seed))
        directions, gains = latent_components(features, centred, weight, wanted)
        return {
            "coefficients": directions @ gains * scale.std,
            "intercept": scale.mean,
            "n_components": np.array(len(gains)),
        }


def _best_number(
    features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64], fold: NDArray[np.intp]
) -> int:
    """Return how many components predict held-out labels best, 0 if their mean does."""
    errors = np.zeros(_MAX_COMPONENTS + 1)
    for k in range(fold.max() + 1):
        test, train = fold == k, fold != k
        if not train.any():
            return 0  # all labels are the same
        middle, mean = (np.average(part[train], axis=0, weights=weight[train]) for part in (features, labels))
        parts = features[train] - middle, labels[train] - mean, weight[train]
        directions, gains = latent_components(*parts, _MAX_COMPONENTS)
        scores = (features[test] - middle) @ directions
        residual = labels[test] - mean
        error = np.sum(weight[test, None] * np.square(residual))
        errors[0] += error
        for number in range(1, _MAX_COMPONENTS + 1):
            if number <= len(gains):
                residual = residual - np.outer(scores[:, number - 1], gains[number - 1])
                error = np.sum(weight[test, None] * np.square(residual))
            errors[number] += error
    return int(np.argmin(errors))
