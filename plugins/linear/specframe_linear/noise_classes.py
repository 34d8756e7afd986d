"""Targets divided by how noisy they are, which tells stars apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["NoiseClasses"]

_ROUNDS, _SETTLED = 200, 1e-6
#: Least standard deviation of the logarithm of the noise within a class: a noise of 187 samples is known to 5 %.
_NARROW = 0.02


@dataclass(frozen=True)
class NoiseClasses:
    """A mixture of normal distributions of the logarithm of the noise: ``mean``, ``std``, ``share (n_class,)``."""

    mean: Array
    std: Array
    share: Array

    @classmethod
    def fit(cls, log_noise: Array, weight: Array, count: int) -> Self:
        """Learn from the logarithms of the noise (n_target,) by expectation and maximisation, from quantiles on."""
        mean = np.quantile(log_noise, (np.arange(count) + 0.5) / count)
        std = np.full(count, max(float(log_noise.std()) / count, _NARROW))
        classes = cls(mean, std, np.full(count, 1.0 / count))
        for _ in range(_ROUNDS):
            part = classes.membership(log_noise) * weight[:, None]
            total = np.maximum(part.sum(axis=0), 1e-12)
            mean = (part * log_noise[:, None]).sum(axis=0) / total
            variance = (part * np.square(log_noise[:, None] - mean)).sum(axis=0) / total
            renewed = cls(mean, np.sqrt(np.maximum(variance, _NARROW**2)), total / total.sum())
            change = np.abs(renewed.mean - classes.mean).max()
            classes = renewed
            if change < _SETTLED:
                break
        return classes

    def membership(self, log_noise: Array) -> Array:
        """Return with which probability targets are of each class, (n_target, n_class); unknown noise says nothing."""
        known = np.isfinite(log_noise)
        z = (np.where(known, log_noise, 0.0)[:, None] - self.mean) / self.std
        log = np.log(self.share) - np.log(self.std) - 0.5 * np.square(z)
        part = np.exp(log - log.max(axis=1, keepdims=True))
        return np.where(known[:, None], part / part.sum(axis=1, keepdims=True), self.share)
