"""The uncertainty estimator ``gp-posterior``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from specframe.api import Uncertainty
from specframe.errors import DataError
from specframe_uncertainty.params import GpPosteriorParams
from specframe_uncertainty.parts import Parts
from specframe_uncertainty.sourced import taken_as_stated

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["GpPosterior"]


class GpPosterior(Uncertainty):
    """The posterior's errors as they are: nothing is learned, so that no out-of-fold predictions are needed.

    For ``gp`` and other models whose ``std`` is that of a posterior (``bayesian-ridge``, ``ols``). ``std``, the
    covariance between outputs and bounds that the model states itself are handed on; where it states no bounds they
    are those of a normal error. Models that tell the function's error from the noise (``epistemic`` and ``aleatoric``)
    can be asked for the former alone: that of the curve, not that of a new label.
    """

    name = "gp-posterior"
    Params: ClassVar[type[GpPosteriorParams]] = GpPosteriorParams
    params: GpPosteriorParams
    learns: ClassVar[bool] = False

    def fit(self, prediction: xr.Dataset, truth: xr.DataArray, *, seed: int = 0) -> Self:
        """Return self; there is nothing to learn.

        Raises
        ------
        DataError
            When the prediction does not state what ``apply`` hands on.
        """
        self._check(prediction)
        return self

    def get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return nothing: all that it does follows from its parameters."""
        return {}, {}

    def set_state(self, arrays: dict[str, NDArray[Any]], values: dict[str, Any]) -> None:
        """Take what ``get_state`` returned."""

    def apply(self, prediction: xr.Dataset) -> xr.Dataset:
        """Return the prediction with ``std``, its parts, ``lower`` and ``upper``.

        Raises
        ------
        DataError
            When the prediction states no std, or no covariance or parts where they are asked for.
        """
        self._check(prediction)
        if not self.params.noise:
            parts = Parts.of(prediction)
            prediction = prediction.drop_vars(["lower", "upper", "level", "covariance"], errors="ignore").assign(
                std=prediction["epistemic"].copy(data=parts.epistemic)
            )
        if self.params.covariance == "drop":
            prediction = prediction.drop_vars("covariance", errors="ignore")
        return taken_as_stated(prediction, self.params.levels, self.name)

    def _check(self, prediction: xr.Dataset) -> None:
        if not {"std", "covariance"} & set(prediction.data_vars):
            raise DataError(
                f"{self.name}: the model states no errors; use one with a posterior (gp, bayesian-ridge), or an "
                "estimator that learns errors from residuals (residual, heteroscedastic, conformal)"
            )
        if not self.params.noise and not np.any(Parts.of(prediction).epistemic > 0):
            raise DataError(
                f"{self.name}: noise: false asks for the error of the function alone, but the model does not state it "
                "(epistemic); leave noise out"
            )
        if self.params.covariance == "require" and ("covariance" not in prediction or not self.params.noise):
            raise DataError(
                f"{self.name}: covariance: require, but the model states none; ask the model for it (gp and "
                "pca-shrinkage: covariance: true), with noise"
            )
