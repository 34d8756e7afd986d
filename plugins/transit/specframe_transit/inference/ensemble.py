"""Markov chains of an ensemble of walkers, run until they are worth enough independent draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.inference.diagnostics import autocorrelation_time, split_r_hat
from specframe_transit.inference.posterior import Samples, bounds, log_probability
from specframe_transit.inference.truncated_normal import truncated_draws

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.inference.params import EmceeParams
    from specframe_transit.inference.posterior import Posterior

__all__ = ["ensemble"]

#: Autocorrelation times that the chain must be long for its own estimate of them to hold (Foreman-Mackey, emcee
#: documentation), and that are discarded at the start.
_LONG, _BURN_IN = 50.0, 5.0
_MOST_R_HAT = 1.05
#: Degrees of freedom of the proposals around the Gaussian approximation: tails that are wider than its.
_FREEDOM = 5
#: Least eigenvalue of a covariance in units of the parameters' steps.
_SINGULAR = 1e-12
#: Steps between looks at the chain, and the least of a run.
_INTERVAL = 200


def ensemble(posterior: Posterior, method: EmceeParams, seed: int) -> Samples:
    """Run emcee from the Gaussian approximation until ``n_effective`` is reached, or ``max_steps``.

    Converged means: the chain without its burn-in is 50 autocorrelation times long, is worth ``n_effective`` draws
    in every parameter, and has a split R-hat below 1.05; else the flag is ``not-converged``.
    """
    import emcee

    random = np.random.default_rng(seed)
    n = len(posterior.parameters)
    walkers = method.walkers or max(32, 4 * n)
    walkers = max(walkers + walkers % 2, 2 * n + 2)
    covariance = _covariance(posterior)
    start = _start(posterior, covariance, walkers, random)
    sampler = emcee.EnsembleSampler(
        walkers,
        n,
        lambda values: log_probability(posterior, values),
        moves=[
            (emcee.moves.MHMove(_Independent(posterior.optimum, covariance)), 0.5),
            (emcee.moves.DEMove(), 0.3),
            (emcee.moves.DEMove(gamma0=1.0), 0.1),
            (emcee.moves.StretchMove(), 0.1),
        ],
        vectorize=True,
    )
    state = emcee.State(start, random_state=np.random.RandomState(seed % 2**32).get_state())
    while True:
        steps = min(max(_INTERVAL, sampler.iteration // 4), method.max_steps - sampler.iteration)
        state = sampler.run_mcmc(state, steps, skip_initial_state_check=True)
        chain = sampler.get_chain()
        time = autocorrelation_time(chain[len(chain) // 5 :])
        kept = chain[min(int(np.ceil(_BURN_IN * time.max())), len(chain) // 2) :]
        effective = len(kept) * walkers / time.max()
        r_hat = split_r_hat(kept)
        converged = len(kept) >= _LONG * time.max() and effective >= method.n_effective and r_hat < _MOST_R_HAT
        if converged or sampler.iteration >= method.max_steps:
            break
    thin = max(1, -(-kept.shape[0] * walkers // method.draws))
    draws = kept.reshape(-1, n)
    probability = sampler.get_log_prob()[-len(kept) :].reshape(-1)
    first = random.integers(thin)
    return Samples(
        names=tuple(parameter.name for parameter in posterior.parameters),
        draws=draws[first::thin],
        log_probability=probability[first::thin],
        method="emcee",
        diagnostics={
            "ess": float(effective),
            "r_hat": r_hat,
            "autocorrelation": float(time.max()),
            "acceptance": float(np.mean(sampler.acceptance_fraction)),
            "steps": float(sampler.iteration),
            "walkers": float(walkers),
        },
        flags=() if converged else ("not-converged",),
    )


class _Independent:
    """Proposes from a Student t around the Gaussian approximation, wherever a walker is (independence sampler).

    Nearly Gaussian posteriors are forgotten in a few steps so, in any number of dimensions; where the approximation is
    poor these proposals are refused and the ensemble's own moves do the work.
    """

    def __init__(self, mean: NDArray[np.float64], covariance: NDArray[np.float64]) -> None:
        self.mean, self.root = mean, np.linalg.cholesky(covariance)

    def __call__(
        self, coords: NDArray[np.float64], random: np.random.RandomState
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return proposed places (n_walker, n) and the log ratio of the densities that they and the old ones have."""
        stretch = np.sqrt(random.chisquare(_FREEDOM, len(coords)) / _FREEDOM)
        normal = random.standard_normal(coords.shape) / stretch[:, None]
        proposed = self.mean + normal @ self.root.T
        old = np.linalg.solve(self.root, (coords - self.mean).T).T
        return proposed, self._log_density(old) - self._log_density(normal)

    def _log_density(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(-0.5 * (_FREEDOM + units.shape[1]) * np.log1p((units**2).sum(axis=1) / _FREEDOM))


def _covariance(posterior: Posterior) -> NDArray[np.float64]:
    """Return the covariance of the approximation; the parameters' steps where it is none."""
    step = np.diag([parameter.step**2 for parameter in posterior.parameters])
    covariance = posterior.covariance
    if not np.isfinite(covariance).all():
        return step
    lowest = np.linalg.eigvalsh(covariance / np.sqrt(np.outer(np.diag(step), np.diag(step)))).min()
    return covariance if lowest > _SINGULAR else step


def _start(
    posterior: Posterior, covariance: NDArray[np.float64], walkers: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Draw walkers from the Gaussian approximation, no further apart than where the density is not 0."""
    lower, upper = bounds(posterior.parameters)
    for shrink in (1.0, 0.3, 0.1, 0.03, 0.01, 0.001):
        start, _ = truncated_draws(random, walkers, posterior.optimum, shrink**2 * covariance, lower, upper)
        if np.isfinite(log_probability(posterior, start)).all():
            break
    return start
