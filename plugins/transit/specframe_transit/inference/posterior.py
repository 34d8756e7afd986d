"""What a sampler needs of a model, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.inference.prior import Parameter

__all__ = ["Posterior", "Samples", "bounds", "log_prior", "log_probability"]


class Posterior(Protocol):
    """A model with its data, as a sampler sees it."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters; linear coefficients are not among them."""

    @property
    def optimum(self) -> NDArray[np.float64]:
        """Values of largest posterior density, shape ``(n,)``."""

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Covariance of the Gaussian approximation there, shape ``(n, n)``."""

    def log_likelihood(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log likelihood of ``values (n_sample, n)``, shape ``(n_sample,)``.

        Linear coefficients are solved exactly or integrated out. The prior of ``parameters`` is not in it.
        """


@dataclass(frozen=True)
class Samples:
    """Draws of a posterior, all of equal weight."""

    names: tuple[str, ...]
    #: Shape ``(n_draw, n)``.
    draws: NDArray[np.float64]
    #: Log of likelihood times prior of each draw, shape ``(n_draw,)``.
    log_probability: NDArray[np.float64]
    method: str
    #: Log of the integral of likelihood times prior, where the method gives it and all priors are proper.
    log_evidence: float | None = None
    #: ``ess``, and by method ``r_hat``, ``autocorrelation``, ``acceptance``, ``log_evidence_error`` ...
    diagnostics: dict[str, float] = field(default_factory=dict)
    #: Words for the node's flags, such as ``not-converged``.
    flags: tuple[str, ...] = ()

    @property
    def best(self) -> NDArray[np.float64]:
        """The draw of largest probability, shape ``(n,)``."""
        return np.asarray(self.draws[np.argmax(self.log_probability)])

    def quantile(self, level: float) -> NDArray[np.float64]:
        """Return a quantile of each parameter, shape ``(n,)``."""
        return np.asarray(np.quantile(self.draws, level, axis=0))


def log_prior(parameters: tuple[Parameter, ...], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log prior density of ``values (n_sample, n)``, shape ``(n_sample,)``."""
    total = np.zeros(len(values))
    for column, parameter in zip(values.T, parameters, strict=True):
        total += parameter.prior.log_density(column)
    return total


def log_probability(posterior: Posterior, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return likelihood times prior in log, shape ``(n_sample,)``; -inf outside the priors, where no model is made."""
    total = log_prior(posterior.parameters, values)
    inside = np.isfinite(total)
    if inside.any():
        likelihood = posterior.log_likelihood(values[inside])
        total[inside] += np.where(np.isfinite(likelihood), likelihood, -np.inf)
    return total


def bounds(parameters: tuple[Parameter, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and largest values of the parameters, each of shape ``(n,)``."""
    lower = np.array([parameter.prior.lower for parameter in parameters])
    return lower, np.array([parameter.prior.upper for parameter in parameters])
