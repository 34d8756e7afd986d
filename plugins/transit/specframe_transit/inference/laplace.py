"""The posterior taken as a Gaussian at its maximum."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.inference.posterior import Samples, bounds, log_probability
from specframe_transit.inference.truncated_normal import truncated_draws

if TYPE_CHECKING:
    from specframe_transit.inference.params import LaplaceParams
    from specframe_transit.inference.posterior import Posterior

__all__ = ["laplace"]

#: Draws at which the Gaussian is compared with the posterior.
_COMPARED = 200
#: Below this the Gaussian is not what the posterior is. Widths that are 20 % off in each of eight parameters leave
#: 0.57, in each of two 0.87.
_LEAST_EFFICIENCY = 0.5


def laplace(posterior: Posterior, method: LaplaceParams, seed: int) -> Samples:
    """Draw from the Gaussian approximation, cut at the bounds of the priors.

    ``diagnostics`` has ``efficiency``: 1 where the Gaussian is the posterior, near 0 where it is not (Kish's effective
    fraction of 200 draws weighted by posterior over Gaussian); below 0.5 the flag is ``posterior-not-gaussian``.
    The evidence is Laplace's.
    """
    rng = np.random.default_rng(seed)
    mean, covariance = posterior.optimum, posterior.covariance
    draws, inside = truncated_draws(rng, method.draws, mean, covariance, *bounds(posterior.parameters))
    offset = draws - mean
    gaussian = -0.5 * np.einsum("di,di->d", offset @ np.linalg.pinv(covariance, hermitian=True), offset)
    compared = log_probability(posterior, np.concatenate([mean[None], draws[:_COMPARED]]))
    peak, actual = float(compared[0]), compared[1:]
    difference = actual - gaussian[:_COMPARED]
    weight = np.exp(difference - difference.max()) if np.isfinite(difference).any() else np.zeros(1)
    efficiency = float(weight.sum() ** 2 / (weight.size * (weight**2).sum())) if weight.any() else 0.0
    evidence = None
    if all(parameter.prior.proper for parameter in posterior.parameters):
        sign, log_determinant = np.linalg.slogdet(covariance)
        if sign > 0:
            evidence = peak + 0.5 * (mean.size * math.log(2 * math.pi) + float(log_determinant)) + math.log(inside)
    return Samples(
        names=tuple(parameter.name for parameter in posterior.parameters),
        draws=draws,
        log_probability=peak + gaussian,
        method="laplace",
        log_evidence=evidence,
        diagnostics={"ess": float(method.draws), "efficiency": efficiency},
        flags=() if efficiency >= _LEAST_EFFICIENCY else ("posterior-not-gaussian",),
    )
