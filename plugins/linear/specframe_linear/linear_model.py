"""What models whose prediction is linear in the features have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe_linear.regressor import Regressor

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LinearModel"]


class LinearModel(Regressor):
    """Standardised features in, coefficients out, no scikit-learn needed to predict.

    A subclass says in :meth:`_regress` how labels become coefficients. Inputs that are missing (NaN or masked) take
    the training mean, so that a target without any input is predicted as the mean.
    """

    @abstractmethod
    def _regress(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64], seed: int
    ) -> dict[str, NDArray[Any]]:
        """Return ``coefficients`` (n_feature, n_output), ``intercept`` (n_output,) and what else is worth keeping.

        Features that are missing are 0 here.
        """

    def _learn(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64], seed: int
    ) -> dict[str, NDArray[Any]]:
        return self._regress(np.nan_to_num(features), labels, weight, seed)

    def _estimate(self, features: NDArray[np.float64]) -> dict[str, Any]:
        return {"mean": np.nan_to_num(features) @ self._learned["coefficients"] + self._learned["intercept"]}
