"""Factors that make stated errors hold, for each output and drawn towards each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Target = Literal["nll", "crps", "coverage"]

__all__ = ["factors_for", "shrunk"]

#: Half the normal distribution's one-sigma level, 0.6827.
_SIGMA_LEVEL = 2 * ndtr(1.0) - 1.0
#: Bisections that find a factor to a part in 1e9, from within e^-12 to e^12 of the root mean square.
_BISECTIONS, _RANGE = 40, 12.0
#: Blocks of targets that are left out in turn to see how uncertain a factor is.
_BLOCKS = 20


def factors_for(pulls: Array, target: Target) -> Array:
    """Return what the std of each output has to be multiplied by, shape (n_output,).

    ``pulls (n_target, n_output)`` are errors in units of the stated std, NaN where unknown. ``nll``: their root mean
    square, which maximises the Gaussian likelihood. ``crps``: what minimises the mean continuous ranked probability
    score of a normal distribution, in units of each std. ``coverage``: what 68.27 % of them are within, at the rank of
    conformal intervals where there are enough.
    """
    rms = np.sqrt(np.nanmean(np.square(pulls), axis=0))
    if target == "nll":
        return np.asarray(rms)
    if target == "coverage":
        return np.asarray(np.nanquantile(np.abs(pulls), _SIGMA_LEVEL, axis=0, method="weibull"))
    return _least_crps(pulls, rms)


def _least_crps(pulls: Array, rms: Array) -> Array:
    """Return the factor ``f`` at which d CRPS / d f = 0: the mean of 2 phi(z / f) equals 1 / sqrt(pi).

    From the closed form of Gneiting & Raftery (2007, J. Am. Stat. Assoc. 102, 359), whose derivative rises with f.
    """
    size = np.maximum(rms, np.finfo(float).tiny)
    low, high = np.full(size.shape, -_RANGE), np.full(size.shape, _RANGE)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        scaled = pulls / (size * np.exp(middle))
        slope = np.nanmean(np.exp(-0.5 * np.square(scaled)), axis=0) * np.sqrt(2.0 / np.pi) - 1.0 / np.sqrt(np.pi)
        low, high = np.where(slope < 0, middle, low), np.where(slope < 0, high, middle)
    return np.asarray(size * np.exp(0.5 * (low + high)))


def shrunk(factor: Array, pulls: Array, common: bool, target: Target) -> Array:
    """Return the factors (n_output,) drawn towards the common one.

    Their logarithms are taken as normal around a common value; the variance of the true ones is what the scatter is
    larger than the sampling errors explain (DerSimonian & Laird 1986, Control. Clin. Trials 7, 177). The sampling
    errors are those of a delete-a-group jackknife over targets. Outputs of a target err together, so that factors of
    channels scatter less than their errors would say: then they are all the same, which is right.
    """
    factor = np.maximum(factor, np.finfo(float).tiny)
    logs = np.log(factor)
    centre = 0.5 * np.log(np.mean(np.square(factor))) if target == "nll" else float(np.mean(logs))
    if common or len(factor) == 1:
        return np.full(factor.shape, np.exp(centre))
    blocks = np.arange(len(pulls)) % min(_BLOCKS, len(pulls))
    count = int(blocks.max()) + 1
    without = np.stack([_logarithm(pulls[blocks != block], logs, target) for block in range(count)])
    error = (count - 1) / count * np.sum(np.square(without - without.mean(axis=0)), axis=0)
    true = max(float(np.var(logs)) - float(error.mean()), 0.0)
    weight = true / (true + error) if true > 0 else np.zeros(len(logs))
    return np.asarray(np.exp(centre + weight * (logs - centre)))


def _logarithm(pulls: Array, otherwise: Array, target: Target) -> Array:
    """Return logarithms of the factors, those of all targets where one is left without any."""
    known = np.isfinite(pulls).any(axis=0)
    found = otherwise.copy()
    found[known] = np.log(np.maximum(factors_for(pulls[:, known], target), np.finfo(float).tiny))
    return found
