"""The model ``ridge``."""

from __future__ import annotations

import logging
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from specframe.api import FeatureSpace, Model, Outputs, design_matrix, label_matrix, weight_vector
from specframe.errors import DataError
from specframe_linear.params import RidgeParams
from specframe_linear.shrinkage import fit_ridge

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    from specframe_linear.shrinkage import RidgeFit

__all__ = ["LinearModel", "Ridge"]

_LOG = logging.getLogger(__name__)
_MIN_TARGETS = 3


class LinearModel(Model):
    """What linear models share: standardised features in, coefficients out, no scikit-learn needed to predict.

    A subclass says in :meth:`_regress` how labels become coefficients. Inputs that are missing (NaN or masked) take
    the training mean; a target without any input is left out of the fit, with a warning in the log, and is predicted
    as the mean. Predictions carry ``extrapolating``: whether a target lies further from the training set than any
    training target does, or misses most of its inputs (see :class:`~specframe.api.FeatureSpace`).
    """

    _space: FeatureSpace | None = None
    _outputs: Outputs
    _coefficients: NDArray[np.float64]
    _intercept: NDArray[np.float64]
    _learned: dict[str, NDArray[np.float64]]

    @abstractmethod
    def _regress(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        """Return coefficients (n_feature, n_output), intercept (n_output,) and what else is worth keeping."""

    def fit(
        self,
        X: Any,
        y: xr.DataArray | ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        seed: int = 0,
    ) -> Self:
        """Learn ``y`` from ``X`` and return self; see :class:`~specframe.api.Model`. Nothing in it is random.

        Raises
        ------
        DataError
            When labels are missing or not finite, shapes differ, or fewer than three targets have inputs.
        """
        matrix, targets = design_matrix(X, self.inputs())
        labels = label_matrix(y, targets, named="target" in getattr(X, "coords", ()))
        weight = weight_vector(sample_weight, len(targets))
        known = np.asarray(np.isfinite(matrix).any(axis=1))
        if not known.all():
            names = ", ".join(target for target, there in zip(targets, known, strict=True) if not there)
            _LOG.warning("%s: targets without any input are left out of the fit: %s", self.name, names)
        known &= weight > 0
        if known.sum() < _MIN_TARGETS:
            raise DataError(
                f"{self.name}: {known.sum()} targets with inputs to learn from, expected at least {_MIN_TARGETS}"
            )
        matrix, labels, weight = matrix[known], labels[known], weight_vector(weight[known], int(known.sum()))
        space = FeatureSpace.fit(matrix, weight)
        self._coefficients, self._intercept, self._learned = self._regress(space.transform(matrix), labels, weight)
        self._outputs = Outputs.of(y)
        self._space = space
        return self

    def predict(self, X: Any) -> xr.Dataset:
        """Return a Prediction with ``mean`` and ``extrapolating``; see :class:`~specframe.api.Model`."""
        if self._space is None:
            raise self._not_fitted()
        matrix, targets = design_matrix(X, self.inputs())
        expected = len(self._space.mean)
        if matrix.shape[1] != expected:
            raise DataError(
                f"{self.name}: X has {matrix.shape[1]} features, but it was fitted with {expected}: bring the data to "
                "the wavelengths and times of the training set"
            )
        mean = self._space.transform(matrix) @ self._coefficients + self._intercept
        return self._outputs.prediction(targets, mean, extrapolating=("target", self._space.extrapolates(matrix)))

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return coefficients, the feature space and the outputs' names."""
        if self._space is None:
            raise self._not_fitted()
        arrays = {f"space.{name}": np.asarray(value) for name, value in vars(self._space).items()}
        arrays |= {f"learned.{name}": value for name, value in self._learned.items()}
        arrays |= {"coefficients": self._coefficients, "intercept": self._intercept}
        return arrays, {"outputs": self._outputs.values()}

    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Take what :meth:`get_state` returned."""

        def part(prefix: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}

        self._coefficients, self._intercept = arrays["coefficients"], arrays["intercept"]
        self._learned = part("learned.")
        self._outputs = Outputs.from_values(values["outputs"])
        self._space = FeatureSpace(**part("space."))


class Ridge(LinearModel):
    """Ridge regression on standardised features.

    The penalty is chosen inside ``fit`` by leave-one-out error, for each output, or given. With ``loss: huber`` single
    targets with large errors, which carry most of the squared error of light curves with stellar activity, pull less
    at the coefficients: the median error falls, and the root mean square may rise.
    """

    name = "ridge"
    Params: ClassVar[type[RidgeParams]] = RidgeParams
    params: RidgeParams

    @property
    def alpha(self) -> NDArray[np.float64]:
        """The penalty of each output, shape (n_output,)."""
        if self._space is None:
            raise self._not_fitted()
        return self._learned["alpha"]

    def _regress(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        fit: RidgeFit = fit_ridge(features, labels, weight, self.params.alpha, self.params.loss)
        return fit.coefficients, fit.intercept, {"alpha": fit.alpha}
