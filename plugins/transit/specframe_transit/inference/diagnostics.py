"""Whether chains have converged: autocorrelation time and split R-hat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["autocorrelation_time", "split_r_hat"]

#: The sum of the autocorrelation ends after so many autocorrelation times (Sokal 1997).
_WINDOW = 5.0


def autocorrelation_time(chain: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the integrated autocorrelation time of each parameter, in steps.

    The autocovariances of all walkers around their common mean are averaged, and their ratio to the variance summed
    within Sokal's window (Sokal 1997; Goodman and Weare 2010). So walkers that stay long in a tail count by how far out
    they are; ratios walker by walker would hardly see them. A chain that never moved has the number of its steps.

    Parameters
    ----------
    chain
        Shape ``(n_step, n_walker, n)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n,)``, at least 1.
    """
    steps = len(chain)
    centred = chain - chain.mean(axis=(0, 1))
    spectrum = np.fft.rfft(centred, n=2 * steps, axis=0)
    power = (np.abs(spectrum) ** 2).mean(axis=1)
    covariance = np.fft.irfft(power, n=2 * steps, axis=0)[:steps]  # shape (n_step, n)
    moved = (np.diff(chain, axis=0) != 0).any(axis=(0, 1))
    correlation = np.divide(covariance, covariance[0], out=np.ones_like(covariance), where=moved)
    sums = 2 * np.cumsum(correlation, axis=0) - 1
    beyond = np.arange(steps)[:, None] >= _WINDOW * sums
    window = np.where(beyond.any(axis=0), beyond.argmax(axis=0), steps - 1)
    return np.asarray(np.clip(sums[window, np.arange(chain.shape[2])], 1.0, float(steps)))


def split_r_hat(chain: NDArray[np.float64]) -> float:
    """Return the largest split R-hat of the parameters (Gelman et al. 2013, eq. 11.4): 1 for converged chains.

    Parameters
    ----------
    chain
        Shape ``(n_step, n_walker, n)``; the halves of each walker count as chains.
    """
    half = len(chain) // 2
    halves = np.concatenate([chain[:half], chain[-half:]], axis=1)  # shape (half, 2 n_walker, n)
    within = halves.var(axis=0, ddof=1).mean(axis=0)
    between = halves.mean(axis=0).var(axis=0, ddof=1)
    if (within == 0).any():
        return float("inf")
    return float(np.sqrt((half - 1) / half + between / within).max())
