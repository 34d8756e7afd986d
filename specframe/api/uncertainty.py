"""The uncertainty estimator: gives predictions error bars that hold."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Self

from specframe.api.state import Fitted

if TYPE_CHECKING:
    import xarray as xr

    from specframe.api.component import Kind
    from specframe.api.draws import Draws

__all__ = ["Uncertainty"]


class Uncertainty(Fitted):
    """Learns from predictions of targets the model did not see, and adds errors to new predictions.

    The pipeline calls ``fit`` with out-of-fold predictions only; whoever calls it by hand must do the same. Several
    estimators in a row each see what the one before made of the prediction.

    A prediction's ``std``, ``lower`` and ``upper`` are the model's own until an estimator replaces them. Where an
    estimator tells two kinds of error apart it also writes ``aleatoric`` (of the data) and ``epistemic`` (of the
    model), both ``(target, output)`` standard deviations.
    """

    kind: ClassVar[Kind] = "uncertainty"
    #: Whether ``fit`` learns anything. If not, the pipeline spares the out-of-fold predictions and does not call it.
    #: Asked of the instance, so that it may be a property that depends on the parameters.
    learns: ClassVar[bool] = True

    def draws(self) -> Draws | None:
        """Return which ``samples`` it needs in the predictions that it gets; ``None`` for none."""
        return None

    def least_targets(self) -> int:
        """Return from how many targets with known truth ``fit`` can learn at least.

        The pipeline asks before it starts, so that hours of reduction are not spent in vain; ``fit`` checks anyway.
        """
        return 0

    @abstractmethod
    def fit(self, prediction: xr.Dataset, truth: xr.DataArray, *, seed: int = 0) -> Self:
        """Learn from out-of-fold ``prediction`` and ``truth``, both ``(target, output)``, and return self.

        The pipeline's predictions have ``fold (target)``: by which of the inner folds' models each was made.
        """

    @abstractmethod
    def apply(self, prediction: xr.Dataset) -> xr.Dataset:
        """Return a new Prediction with ``std``, and where it makes sense ``lower``, ``upper`` or ``covariance``.

        Raises :class:`~specframe.errors.NotFittedError` before ``fit``.
        """
