"""Features of spectra that no training set tells of: smooth in wavelength, anywhere, of either sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["unknown_features"]

#: Correlation length relative to the wavelength: molecular bands in the near infrared are 1 to 4 % wide.
_WIDTH = 0.015
#: Standard deviation, relative to that of the target's known features.
_SIZE = 1.0
#: Eigenvectors of less than this part of the largest variance are left out; they would change nothing.
_LEAST = 1e-2


def unknown_features(wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return columns (n_channel, k) whose sum, weighted by standard normal numbers, is such a feature.

    It is a Gaussian process of the logarithm of the wavelength with a squared-exponential kernel, as large as the
    standard deviation of a target's known features over channels: the eigenvectors of its covariance, scaled by the
    roots of their variances (its Karhunen-Loeve expansion). ``wavelength`` (n_channel,) is in any unit.
    """
    apart = np.subtract.outer(np.log(wavelength), np.log(wavelength)) / _WIDTH
    values, vectors = np.linalg.eigh(np.exp(-0.5 * np.square(apart)))
    kept = np.flatnonzero(values > _LEAST * values[-1])[::-1]
    return np.asarray(_SIZE * vectors[:, kept] * np.sqrt(values[kept]))
