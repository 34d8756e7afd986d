"""The model: learns labels from collated data."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from specframe.api.state import Fitted

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike

    from specframe.api.component import Kind

__all__ = ["Model"]


class Model(Fitted):
    """Learns to predict labels. Several outputs, missing inputs, and numpy as well as xarray input are supported.

    Data come as a *collection* (:func:`~specframe.api.design_matrix` makes a matrix of it), a DataArray with a
    leading dim ``target``, or a numpy array (n_target, n_feature); labels as a DataArray ``(target, output)`` or an
    array (n_target,) or (n_target, n_output). ``fit`` scales inside, so that no scaler ever sees a test fold.
    """

    kind: ClassVar[Kind] = "model"

    def inputs(self) -> tuple[str, ...]:
        """Return which variables of the collection it reads (see :mod:`specframe.api.collection`).

        Empty means the collection's default: the depths when a detrender measured them, else the light curves.
        """
        return tuple(getattr(self.params, "inputs", None) or ())

    @abstractmethod
    def fit(
        self, X: Any, y: xr.DataArray | ArrayLike, *, sample_weight: ArrayLike | None = None, seed: int = 0
    ) -> Self:
        """Learn ``y`` from ``X`` and return self.

        ``sample_weight`` (n_target,) is relative. ``seed`` decides everything random.
        """

    @abstractmethod
    def predict(self, X: Any) -> xr.Dataset:
        """Return a Prediction for each target in ``X`` (see :mod:`specframe.api.prediction`).

        Raises :class:`~specframe.errors.NotFittedError` before ``fit``.
        """
