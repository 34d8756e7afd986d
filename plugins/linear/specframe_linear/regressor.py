"""What the models that learn labels from a matrix of features have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe.api import (
    FeatureSpace,
    Model,
    Outputs,
    design_matrix,
    label_matrix,
    target_order,
    training_weights,
)
from specframe.errors import DataError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Regressor"]


class Regressor(Model):
    """What models of this plugin share: which targets count, in which order, and how a fit is kept.

    A subclass says in :meth:`_learn` what it learns from standardised features, as arrays, and in :meth:`_estimate`
    what it makes of them. Targets come to it in an order of their own, by what is known of each, so
    that a fit is the same to the last bit in whatever order they were given. A target without any input is left out
    of the fit, with a warning in the log. Predictions carry ``distance``, how far a target lies from the training set
    in units of its reach, and ``extrapolating``: whether that is further than any training target, or the target
    misses most of its inputs (see :class:`~specframe.api.FeatureSpace`).
    """

    _space: FeatureSpace | None = None
    _outputs: Outputs
    _learned: dict[str, NDArray[Any]]

    @abstractmethod
    def _learn(
        self,
        features: NDArray[np.float64],
        labels: NDArray[np.float64],
        weight: NDArray[np.float64],
        seed: int,
    ) -> dict[str, NDArray[Any]]:
        """Return what is learned.

        Shapes are (n_target, n_feature), (n_target, n_output) and (n_target,). Features have a weighted mean of 0 and
        a variance of 1 over the targets that have them, and are NaN where missing; weights have a mean of 1.
        """

    @abstractmethod
    def _estimate(self, features: NDArray[np.float64]) -> dict[str, Any]:
        """Return ``mean`` (n_target, n_output) and other variables of a Prediction, from features as in _learn."""

    def fit(
        self,
        X: Any,
        y: xr.DataArray | ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        seed: int = 0,
    ) -> Self:
        """Learn ``y`` from ``X`` and return self; see :class:`~specframe.api.Model`.

        Raises
        ------
        DataError
            When labels are missing or not finite, shapes differ, or fewer than three targets have inputs.
        """
        matrix, targets = design_matrix(X, self.inputs())
        labels = label_matrix(y, targets, named="target" in getattr(X, "coords", ()))
        weight = training_weights(self.name, targets, np.isfinite(matrix).any(axis=1), sample_weight)
        order = target_order(matrix, labels, weight.astype(np.float32))
        order = order[weight[order] > 0]
        matrix, labels, weight = matrix[order], labels[order], weight[order]
        space = FeatureSpace.fit(matrix, weight)
        self._learned = self._learn(_standard(space, matrix), labels, weight, seed)
        self._outputs = Outputs.of(y)
        self._space = space
        return self

    def predict(self, X: Any) -> xr.Dataset:
        """Return a Prediction with ``mean``, ``extrapolating`` and ``distance``, and what the model's own text says."""
        space = self._fitted_space()
        matrix, targets = design_matrix(X, self.inputs())
        expected = len(space.mean)
        if matrix.shape[1] != expected:
            raise DataError(
                f"{self.name}: X has {matrix.shape[1]} features, but it was fitted with {expected}: bring the data to "
                "the wavelengths and times of the training set"
            )
        estimate = self._estimate(_standard(space, matrix))
        return self._outputs.prediction(
            targets,
            extrapolating=("target", space.extrapolates(matrix)),
            distance=("target", space.distance(matrix)),
            **estimate,
        )

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return what was learned, the feature space and the outputs' names."""
        arrays = {f"space.{name}": np.asarray(value) for name, value in vars(self._fitted_space()).items()}
        arrays |= {f"learned.{name}": value for name, value in self._learned.items()}
        return arrays, {"outputs": self._outputs.values()}

    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Take what :meth:`get_state` returned."""

        def part(prefix: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}

        self._learned = part("learned.")
        self._outputs = Outputs.from_values(values["outputs"])
        self._space = FeatureSpace(**part("space."))

    def _fitted_space(self) -> FeatureSpace:
        if self._space is None:
            raise self._not_fitted()
        return self._space

    def _kept(self, name: str) -> NDArray[Any]:
        """Return an array that was learned; raise :class:`~specframe.errors.NotFittedError` before ``fit``."""
        self._fitted_space()
        return self._learned[name]


def _standard(space: FeatureSpace, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(matrix), space.transform(matrix), np.nan)
