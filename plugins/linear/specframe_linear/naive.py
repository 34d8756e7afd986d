"""The model ``naive``, the reference that any model has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from specframe.api import Model, Outputs, design_matrix, label_matrix, target_order, weight_vector
from specframe.errors import DataError
from specframe_linear.params import NaiveParams

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Naive"]


class Naive(Model):
    """Predicts the training mean of each output, with the training standard deviation, whatever the data say.

    What any model must beat. The challenges' reference score is that of such a prediction.
    """

    name = "naive"
    Params: ClassVar[type[NaiveParams]] = NaiveParams
    params: NaiveParams
    _mean: NDArray[np.float64] | None = None
    _std: NDArray[np.float64]
    _outputs: Outputs

    def fit(
        self,
        X: Any,
        y: xr.DataArray | ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        seed: int = 0,
    ) -> Self:
        """Take mean and standard deviation of ``y`` and return self. ``X`` only says which targets count.

        Raises
        ------
        DataError
            When labels are missing or not finite, or an output does not vary, so that its deviation is zero.
        """
        _, targets = design_matrix(X, self.inputs())
        labels = label_matrix(y, targets, named="target" in getattr(X, "coords", ()))
        weight = weight_vector(sample_weight, len(targets))
        order = target_order(labels, weight.astype(np.float32))
        labels, weight = labels[order], weight[order]
        mean = np.average(labels, axis=0, weights=weight)
        std = np.sqrt(np.average(np.square(labels - mean), axis=0, weights=weight))
        outputs = Outputs.of(y)
        if not np.all(std > 0):
            constant = outputs.names[int(np.argmin(std))]
            raise DataError(
                f"naive: output {constant!r} is the same for all {len(targets)} targets: it has no standard deviation"
            )
        self._mean, self._std, self._outputs = mean, std, outputs
        return self

    def predict(self, X: Any) -> xr.Dataset:
        """Return a Prediction with ``mean`` and ``std``, the same for every target."""
        if self._mean is None:
            raise self._not_fitted()
        _, targets = design_matrix(X, self.inputs())
        shape = (len(targets), len(self._mean))
        return self._outputs.prediction(targets, np.broadcast_to(self._mean, shape), np.broadcast_to(self._std, shape))

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return mean, standard deviation and the outputs' names."""
        if self._mean is None:
            raise self._not_fitted()
        return {"mean": self._mean, "std": self._std}, {"outputs": self._outputs.values()}

    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Take what :meth:`get_state` returned."""
        self._mean, self._std = arrays["mean"], arrays["std"]
        self._outputs = Outputs.from_values(values["outputs"])
