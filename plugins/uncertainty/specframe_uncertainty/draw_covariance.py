"""The covariance between outputs, from few draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["shrunk_correlation"]

#: Correlations are shrunk by this part at least, so that a matrix of them is positive definite beyond rounding.
_LEAST = 1e-4


def shrunk_correlation(deviations: Array) -> Array:
    """Return the correlation of draws about their mean, shape (n_output, n_output), shrunk towards none.

    ``deviations (sample, n_output)`` are of one target. The part by which correlations shrink is that of least expected
    squared error, estimated from how much their own terms scatter: Schäfer & Strimmer (2005, Stat. Appl. Genet. Mol.
    Biol. 4, 32, target D), after Ledoit & Wolf (2004, J. Multivar. Anal. 88, 365). It is small where outputs move
    together, as those of a spectrum do, and large where they do not. The result is positive definite for any number
    of draws.
    """
    n = len(deviations)
    root = np.sqrt(np.square(deviations).sum(axis=0) / (n - 1))
    unit = np.divide(deviations, root, out=np.zeros_like(deviations), where=root > 0)
    mean = unit.T @ unit / n  # of the products whose sum is the correlation
    square = np.square(unit)
    scatter = square.T @ square / n - np.square(mean)
    correlation = mean * (n / (n - 1.0))
    np.fill_diagonal(scatter, 0.0)
    np.fill_diagonal(correlation, 0.0)
    signal = float(np.square(correlation).sum())
    # variance of a correlation, n^2 / (n - 1)^3 times the scatter of its terms
    noise = float(scatter.sum()) * n**2 / (n - 1.0) ** 3
    part = np.clip(noise / signal if signal > 0 else 1.0, _LEAST, 1.0)
    shrunk: Array = (1.0 - part) * correlation
    np.fill_diagonal(shrunk, 1.0)
    return shrunk
