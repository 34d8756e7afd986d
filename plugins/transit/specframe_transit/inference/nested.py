"""Nested sampling: evidence and posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import ParameterError, UnavailableComponentError
from specframe_transit.inference.posterior import Samples, log_prior

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.inference.params import DynestyParams
    from specframe_transit.inference.posterior import Posterior

__all__ = ["nested"]


def nested(posterior: Posterior, method: DynestyParams, seed: int) -> Samples:
    """Run dynesty until the evidence is known to ``evidence_tolerance``, or ``max_calls``.

    Raises
    ------
    UnavailableComponentError
        Where dynesty is not installed.
    ParameterError
        Where a parameter has an improper prior, from which nothing can be drawn.
    """
    parameters = posterior.parameters
    improper = [parameter.name for parameter in parameters if not parameter.prior.proper]
    if improper:
        raise ParameterError(
            f"nested sampling (method: dynesty) draws from the priors, and {', '.join(improper)} "
            f"{'has' if len(improper) == 1 else 'have'} none that it could draw from: give "
            "{normal: [mean, std]}, {uniform: [low, high]} or {log_uniform: [low, high]} in place of free"
        )
    try:
        import dynesty
    except ImportError:
        raise UnavailableComponentError(
            "method: dynesty needs the package dynesty: pip install 'specframe[nested]' provides it; "
            "method: emcee or laplace work without"
        ) from None

    def transform(unit: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([float(p.prior.transform(u)) for p, u in zip(parameters, unit, strict=True)])

    def likelihood(values: NDArray[np.float64]) -> float:
        value = float(posterior.log_likelihood(values[None])[0])
        return value if np.isfinite(value) else -np.inf

    random = np.random.default_rng(seed)
    sampler = dynesty.NestedSampler(
        likelihood, transform, len(parameters), nlive=method.live_points, rstate=random, sample="rwalk"
    )
    sampler.run_nested(
        dlogz=method.evidence_tolerance, maxcall=method.max_calls, print_progress=False, save_bounds=False
    )
    results = sampler.results
    weight = results.importance_weights()
    effective = float(1.0 / (weight**2).sum())
    # systematic resampling: equal weights with the least added noise
    number = min(method.draws, max(int(effective), 100))
    edges = np.cumsum(weight)
    points = (np.arange(number) + random.random()) / number * edges[-1]
    chosen = random.permutation(np.searchsorted(edges, points))
    draws = np.asarray(results.samples)[chosen]
    calls = float(np.sum(results.ncall))
    return Samples(
        names=tuple(parameter.name for parameter in parameters),
        draws=draws,
        log_probability=np.asarray(results.logl)[chosen] + log_prior(parameters, draws),
        method="dynesty",
        log_evidence=float(results.logz[-1]),
        diagnostics={"ess": effective, "log_evidence_error": float(results.logzerr[-1]), "calls": calls},
        flags=("not-converged",) if calls >= method.max_calls else (),
    )
