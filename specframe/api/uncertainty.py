"""The uncertainty estimator: gives predictions error bars that hold."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Self

from specframe.api.state import Fitted

if TYPE_CHECKING:
    import xarray as xr

    from specframe.api.component import Kind

__all__ = ["Uncertainty"]


class Uncertainty(Fitted):
    """Learns from predictions of targets the model did not see, and adds errors to new predictions.

    The pipeline calls ``fit`` with out-of-fold predictions only; whoever calls it by hand must do the same.
    """

    kind: ClassVar[Kind] = "uncertainty"

    @abstractmethod
    def fit(self, prediction: xr.Dataset, truth: xr.DataArray, *, seed: int = 0) -> Self:
        """Learn from out-of-fold ``prediction`` and ``truth``, both ``(target, output)``, and return self."""

    @abstractmethod
    def apply(self, prediction: xr.Dataset) -> xr.Dataset:
        """Return a new Prediction with ``std``, and where it makes sense ``lower``, ``upper`` or ``covariance``.

        Raises :class:`~specframe.errors.NotFittedError` before ``fit``.
        """
