"""The scores of the Ariel data challenges of 2024 and 2025."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from specframe.api import Score
from specframe.errors import DataError
from specframe_ariel.outputs import OUTPUTS, challenge_prediction
from specframe_ariel.params import GllAdc24Params, GllAdc25Params

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Params

__all__ = ["GllAdc24", "GllAdc25"]


class GllAdc24(Score):
    """Score of the 2024 challenge: Gaussian log-likelihood between that of a naive guess and that of the truth itself.

    With L the log-likelihoods summed over all planets and channels, ``(L - L_ref) / (L_ideal - L_ref)`` clipped to
    0..1. L_ref has ``naive_mean`` and ``naive_sigma`` everywhere, L_ideal the true depth with ``sigma_ideal``. True
    values that are not known are left out.

    Notes
    -----
    ``L = sum -ln(2 pi) / 2 - ln sigma - (truth - mean)^2 / (2 sigma^2)``; ``score = clip((L - L_ref) / (L_ideal -
    L_ref), 0, 1)``.

    References
    ----------
    - NeurIPS Ariel Data Challenge 2024, https://www.kaggle.com/competitions/ariel-data-challenge-2024
    """

    name = "gll-adc24"
    Params: ClassVar[type[Params]] = GllAdc24Params
    params: GllAdc24Params
    needs_std = True

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> float:
        """Return the score. Both need the outputs wl_1 .. wl_283; anything else is a :class:`DataError`."""
        found, reference, ideal = self._sums(prediction, truth).sum(axis=0)
        return float(np.clip((found - reference) / (ideal - reference), 0.0, 1.0))

    def resampled(
        self, prediction: xr.Dataset, truth: xr.DataArray, counts: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        """Return the score of each resample."""
        found, reference, ideal = (counts @ self._sums(prediction, truth)).T
        return {self.name: np.clip((found - reference) / (ideal - reference), 0.0, 1.0)}

    def _sums(self, prediction: xr.Dataset, truth: xr.DataArray) -> NDArray[np.float64]:
        """Return the log-likelihoods of the prediction, the naive guess and the truth, shape (n_target, 3)."""
        p = self.params
        mean, std, true = _arrays(prediction, truth, self.name)
        tables = (
            _log_likelihood(true, mean, std),
            _log_likelihood(true, p.naive_mean, p.naive_sigma),
            _log_likelihood(true, true, p.sigma_ideal),
        )
        return np.stack([np.nansum(table, axis=1) for table in tables], axis=1)


class GllAdc25(Score):
    """Score of the 2025 challenge: the ratio of 2024 for each planet and channel, averaged with a weight on FGS1.

    The average over planets and channels gives wl_1 the weight ``weight_fgs1`` and the others 1; it is clipped to
    0..1. True values that are not known are left out.

    Notes
    -----
    ``score = clip(sum w (l - l_ref) / (l_ideal - l_ref) / sum w, 0, 1)`` with the log-likelihood ``l = -ln(2 pi) / 2 -
    ln sigma - (truth - mean)^2 / (2 sigma^2)`` of each planet and channel.

    The organisers took the naive mean and standard deviation from the labels of their training set. The defaults are
    the figures of the 2024 challenge, and they matter: the depths of 2025 spread over six times as much, so that this
    reference is far off and errors of 50 ppm score 0.84 on 880 public labels, but 0.68 with the mean and standard
    deviation of those labels (0.01493 and 0.01092). Compare only scores with the same reference.

    References
    ----------
    - Ariel Data Challenge 2025, https://www.kaggle.com/competitions/ariel-data-challenge-2025
    """

    name = "gll-adc25"
    Params: ClassVar[type[Params]] = GllAdc25Params
    params: GllAdc25Params
    needs_std = True

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> float:
        """Return the score. Both need the outputs wl_1 .. wl_283; anything else is a :class:`DataError`."""
        ratio, weight = self._sums(prediction, truth).sum(axis=0)
        return float(np.clip(ratio / weight, 0.0, 1.0))

    def resampled(
        self, prediction: xr.Dataset, truth: xr.DataArray, counts: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        """Return the score of each resample."""
        ratio, weight = (counts @ self._sums(prediction, truth)).T
        return {self.name: np.clip(ratio / weight, 0.0, 1.0)}

    def _sums(self, prediction: xr.Dataset, truth: xr.DataArray) -> NDArray[np.float64]:
        """Return the weighted ratios and the weights, each summed over channels, shape (n_target, 2)."""
        p = self.params
        mean, std, true = _arrays(prediction, truth, self.name)
        sigma_ideal = np.full(len(OUTPUTS), p.sigma_ideal)
        sigma_ideal[0] = p.sigma_ideal_fgs1
        weight = np.ones(len(OUTPUTS))
        weight[0] = p.weight_fgs1
        reference = _log_likelihood(true, p.naive_mean, p.naive_sigma)
        ideal = _log_likelihood(true, true, sigma_ideal)
        ratio = (_log_likelihood(true, mean, std) - reference) / (ideal - reference)
        weights = np.where(np.isfinite(true), weight, 0.0)
        return np.stack([np.nansum(ratio * weights, axis=1), weights.sum(axis=1)], axis=1)


def _arrays(
    prediction: xr.Dataset, truth: xr.DataArray, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return mean, std and true depth, each of shape (n_target, 283)."""
    ordered = challenge_prediction(prediction, name)
    true = truth.sel(target=ordered["target"].values, output=list(OUTPUTS)).values
    if not np.isfinite(true).any():
        raise DataError(f"{name}: none of the true depths of the {len(true)} targets is known")
    return ordered["mean"].values, ordered["std"].values, true


def _log_likelihood(
    true: NDArray[np.float64], mean: NDArray[np.float64] | float, sigma: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    return np.asarray(-0.5 * np.log(2 * np.pi) - np.log(sigma) - 0.5 * ((true - mean) / sigma) ** 2)
