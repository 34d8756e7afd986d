"""How drifts are distributed, learned from the trends of many light curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["DriftPrior"]

#: Amplitudes that a drift may have, from a part of a small one to the largest there is.
_AMPLITUDES = 12
_SMALL, _PART = 0.02, 0.5
#: Rounds of expectation and maximisation, and the relative change of the covariance at which they end.
_ROUNDS, _SETTLED = 100, 1e-3
#: The shape's covariance begins, and with few targets stays, as if so many more targets had independent terms.
_PSEUDO_TARGETS = 2.0
#: An amplitude keeps at least this probability.
_RARE = 1e-4


@dataclass(frozen=True)
class DriftPrior:
    """Trends are normal, with a covariance that all share times an amplitude that each has of its own.

    A scale mixture of normal distributions: ``shape (n_term, n_term)`` is the covariance of the terms at an amplitude
    of 1, ``amplitude`` and ``probability (n_amplitude,)`` are those of a target. A drift that is large in the terms
    that are well measured then is large in the one that looks like a transit, and a curve that is straight has little
    of it.
    """

    shape: Array
    amplitude: Array
    probability: Array

    @classmethod
    def fit(cls, trend: Array, covariance: Array, weight: Array) -> DriftPrior:
        """Learn from measured trends (n_target, n_term), their errors' covariance (n_target, n_term, n_term), weights.

        Expectation and maximisation (Dempster, Laird & Rubin 1977, J. R. Stat. Soc. B 39, 1) of the likelihood of the
        trends, the true ones and the amplitudes being what is hidden. No depth takes part.
        """
        size = np.sqrt(np.square(trend).sum(axis=1))
        largest = max(float(size.max()), np.finfo(float).tiny)
        smallest = max(_PART * float(np.quantile(size, _SMALL)), 1e-3 * largest)
        amplitude = np.geomspace(smallest, largest, _AMPLITUDES)
        mean_square = np.average(np.square(trend), axis=0, weights=weight)
        start = np.diag(np.maximum(mean_square, 1e-6 * mean_square.max()) / max(float(mean_square.sum()), 1e-300))
        prior = cls(start, amplitude, np.full(_AMPLITUDES, 1.0 / _AMPLITUDES))
        for _ in range(_ROUNDS):
            renewed = prior._renewed(trend, covariance, weight, start)
            change = np.abs(renewed.shape - prior.shape).max() / np.abs(renewed.shape).max()
            prior = renewed
            if change < _SETTLED:
                break
        return prior

    def _renewed(self, trend: Array, covariance: Array, weight: Array, start: Array) -> DriftPrior:
        belongs = self._belongs(trend, covariance)
        summed = _PSEUDO_TARGETS * start
        for scale, part in zip(self.amplitude, belongs, strict=True):
            own = scale**2 * self.shape
            gain = np.linalg.solve(covariance + own, np.broadcast_to(own, covariance.shape)).transpose(0, 2, 1)
            true = (gain @ trend[..., None])[..., 0]
            square = true[:, :, None] * true[:, None, :] + own - gain @ own
            summed = summed + np.einsum("n,nij->ij", part * weight, square) / scale**2
        shape = summed / (weight.sum() + _PSEUDO_TARGETS)
        probability = np.average(belongs, axis=1, weights=weight) + _RARE
        return DriftPrior(0.5 * (shape + shape.T), self.amplitude, probability / probability.sum())

    def _belongs(self, trend: Array, covariance: Array) -> Array:
        """Return how probable each amplitude is for each target, (n_amplitude, n_target)."""
        log = np.empty((len(self.amplitude), len(trend)))
        for k, scale in enumerate(self.amplitude):
            total = covariance + scale**2 * self.shape
            solved = np.linalg.solve(total, trend[..., None])[..., 0]
            log[k] = -0.5 * (np.sum(trend * solved, axis=1) + np.linalg.slogdet(total)[1])
        log += np.log(self.probability)[:, None]
        likelihood = np.exp(log - log.max(axis=0))
        belongs: Array = likelihood / likelihood.sum(axis=0)
        return belongs

    def depth(self, depth: Array, trend: Array, covariance: Array) -> tuple[Array, Array]:
        """Return the depths (n_target,) and their variances, given what a fit without a prior measured.

        ``covariance`` (n_target, 1 + n_term, 1 + n_term) is that of depth and trend together. Nothing is assumed of the
        depth. Averages over the amplitudes, each as probable as the trend makes it.
        """
        of_trend, crossed = covariance[:, 1:, 1:], covariance[:, 0, 1:]
        belongs = self._belongs(trend, of_trend)
        means, variances = np.empty_like(belongs), np.empty_like(belongs)
        for k, scale in enumerate(self.amplitude):
            solved = np.linalg.solve(of_trend + scale**2 * self.shape, np.stack([trend, crossed], axis=-1))
            means[k] = depth - np.sum(crossed * solved[..., 0], axis=1)
            variances[k] = covariance[:, 0, 0] - np.sum(crossed * solved[..., 1], axis=1)
        mean = np.sum(belongs * means, axis=0)
        variance = np.sum(belongs * (variances + np.square(means - mean)), axis=0)
        return mean, np.maximum(variance, 0.0)
