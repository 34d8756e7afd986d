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
    squared error, ``sum var(r) / sum r^2`` (Ledoit & Wolf 2004, J. Multivar. Anal. 88, 365; Schäfer & Strimmer 2005,
    Stat. Appl. Genet. Mol. Biol. 4, 32, with the target of no correlation). The variance of a correlation is that of
    normal draws, ``(1 - rho^2)^2 / (n - 1)``, where the mean ``rho^2`` is that of the draws less what chance makes of
    none. So little is shrunk where outputs move together, as those of a spectrum do, and much where they do not. The
    result is positive definite for any number of draws; two of them say nothing of correlations.
    """
    n, n_output = deviations.shape
    root = np.sqrt(np.square(deviations).sum(axis=0))
    unit = np.divide(deviations, root, out=np.zeros_like(deviations), where=root > 0)
    correlation = unit.T @ unit
    np.fill_diagonal(correlation, 0.0)
    signal = float(np.square(correlation).sum()) / max(n_output * (n_output - 1), 1)
    chance = 1.0 / (n - 1.0)
    part = 1.0
    if signal > 0 and n > 2:
        true = max(signal - chance, 0.0) / (1.0 - chance)
        part = float(np.clip((1.0 - true) ** 2 * chance / signal, _LEAST, 1.0))
    shrunk: Array = (1.0 - part) * correlation
    np.fill_diagonal(shrunk, 1.0)
    return shrunk
