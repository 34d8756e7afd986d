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
    start = _start(posterior, walkers, random)
    sampler = emcee.EnsembleSampler(
        walkers,
        n,
        lambda values: log_probability(posterior, values),
        moves=[(emcee.moves.DEMove(), 0.7), (emcee.moves.DEMove(gamma0=1.0), 0.1), (emcee.moves.StretchMove(), 0.2)],
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


def _start(posterior: Posterior, walkers: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Draw walkers from the Gaussian approximation, never wider than the bounds; none where the density is 0."""
    lower, upper = bounds(posterior.parameters)
    scale = np.sqrt(np.diag(posterior.covariance))
    step = np.array([parameter.step for parameter in posterior.parameters])
    usable = np.isfinite(posterior.covariance).all() and (scale > 0).all()
    covariance = posterior.covariance if usable else np.diag(step**2)
    for shrink in (1.0, 0.3, 0.1, 0.03, 0.01, 0.001):
        start, _ = truncated_draws(random, walkers, posterior.optimum, shrink**2 * covariance, lower, upper)
        # a covariance that is singular would tie walkers to a plane that their moves never leave
        start = np.clip(start + 1e-3 * shrink * step * random.standard_normal(start.shape), lower, upper)
        if np.isfinite(log_probability(posterior, start)).all():
            break
    return start
