"""The white curves of all nodes of a target, fitted together: orbit, size of the planet, limb darkening."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import block_diag

from specframe.errors import DataError
from specframe_transit.fit.batch import Design
from specframe_transit.fit.correlated import correlated_noise
from specframe_transit.fit.elements import elements_of
from specframe_transit.fit.layout import Layout
from specframe_transit.fit.noise import noise_of
from specframe_transit.fit.problem import CurvePosterior
from specframe_transit.fit.rounds import fit_rounds, hyper_covariance, with_wider_noise
from specframe_transit.fit.selection import excluded_times, without
from specframe_transit.fit.starts import check_window, started
from specframe_transit.systematics.design import Systematics
from specframe_transit.systematics.params import CommonModeTerm, PrincipalComponentsTerm, StepTerm
from specframe_transit.systematics.steps import find_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.fit.elements import Elements
    from specframe_transit.fit.params import TransitFitParams
    from specframe_transit.fit.rounds import FitResult
    from specframe_transit.fit.signal import WhiteSignal
    from specframe_transit.inference.prior import Parameter
    from specframe_transit.planet.orbit import Orbit
    from specframe_transit.systematics.noise import RedNoise
    from specframe_transit.systematics.params import TermParams

    Array = NDArray[np.float64]

__all__ = ["WhiteFit", "fit_white", "white_terms"]


@dataclass(frozen=True)
class WhiteFit:
    """The fit of the white curves.

    ``curves`` are white, one per node, excluded times not used; ``whole`` the same with those times. ``parameters`` are
    the free ones, ``values`` (n,) and ``covariance`` (n, n) theirs. ``picks`` are, for each node, those of its signal,
    ``signals`` the nodes' transits; ``steps`` the times of steps that were searched. ``red_noise`` is that of each
    node; where errors are to hold in it, its noise is multiplied by beta in ``result``.
    """

    curves: tuple[Curves, ...]
    whole: tuple[Curves, ...]
    elements: Elements
    signals: tuple[WhiteSignal, ...]
    signal_picks: tuple[NDArray[np.intp], ...]
    result: FitResult
    parameters: tuple[Parameter, ...]
    values: Array
    covariance: Array
    steps: tuple[tuple[float, ...], ...]
    red_noise: tuple[RedNoise, ...]

    def orbit(self, node: int, values: Array | None = None) -> Orbit:
        """Return the orbit on a node's clock, at the optimum or for values (n,) of the parameters."""
        given = self.values if values is None else values
        return self.signals[node].orbit(given[self.signal_picks[node]])

    def signal(self, node: int) -> Array:
        """Return the noise-free transit (n_time,) of a node."""
        own = self.values[None, self.signal_picks[node]]
        return np.asarray(self.signals[node].flux(own, np.zeros(1, np.intp))[0])

    def posterior(self) -> CurvePosterior:
        """Return the posterior of the free parameters and of the processes' hyper-parameters."""
        hyper: list[Parameter] = []
        start: list[Array] = []
        spread: list[Array] = [self.covariance]
        for at, (batch, node) in enumerate(zip(self.result.problem.batches, self.curves, strict=True)):
            if batch.noise.kernel is None or batch.noise.hyper is None or not batch.noise.kernel.parameters:
                continue
            label = f"[{node.path}]" if len(self.curves) > 1 else ""
            hyper += [replace(p, name=f"{p.name}{label}") for p in batch.noise.kernel.parameters]
            start.append(batch.noise.hyper[0])
            spread.append(hyper_covariance(self.result, at)[0])
        optimum = np.concatenate([self.values, *start])
        return CurvePosterior(self.result.problem, 0, (*self.parameters, *hyper), optimum, block_diag(*spread))


def white_terms(terms: Sequence[TermParams]) -> tuple[TermParams, ...]:
    """Return those terms that a white curve can have: not what is measured on it, or on all channels."""
    return tuple(term for term in terms if not isinstance(term, CommonModeTerm | PrincipalComponentsTerm))


def fit_white(curves: Sequence[Curves], params: TransitFitParams) -> WhiteFit:
    """Fit the white curves of all nodes.

    Raises
    ------
    DataError
        When a transit is outside the data, or the data lack what the model needs.
    ParameterError
        When a prior is impossible.
    """
    whole, white = [], []
    for node, excluded in zip(curves, excluded_times(curves, params.white.exclude), strict=True):
        span = params.white.channels
        if span is not None and span[1] > node.n_channel:
            raise DataError(
                f"node /{node.path}: white.channels ends at {span[1]}, but there are {node.n_channel} channels"
            )
        whole.append(node.white(None if span is None else np.arange(*span)))
        white.append(without(whole[-1], excluded))
    elements = elements_of(params.orbit, white, params.timing == "visit")
    terms = white_terms(params.systematics if params.white.systematics is None else params.white.systematics)
    layout = Layout(white, elements, params)
    steps: list[tuple[float, ...] | None] = [None] * len(white)
    noises = [noise_of(node, terms) for node in white]
    for _ in range(2):
        designs = [Design(Systematics(terms, node, step_times=times)) for node, times in zip(white, steps, strict=True)]
        problem = layout.problem(designs, noises)
        problem = started(problem, layout)
        result = fit_rounds(problem, params.errors, params.clip_sigma)
        sought = [i for i, design in enumerate(designs) if "step" in design.systematics.pending]
        if not sought:
            break
        number = sum(term.n for term in terms if isinstance(term, StepTerm))
        for i in sought:
            batch, pick = result.problem.batches[i], result.problem.picks[i]
            known = batch.tangent(result.minimum.values[:, pick])[0]
            use = white[i].use[0] & ~result.batches[i].clipped[0]
            steps[i] = find_steps(white[i].time, result.batches[i].rest[0], use, number, known)
    check_window(layout, result.minimum.values[0])
    red = tuple(correlated_noise(result, i, node) for i, node in enumerate(white))
    if params.errors.red_noise and any(node.beta[0] > 1 for node in red):
        result = with_wider_noise(result, [float(node.beta[0]) for node in red])
    values = result.minimum.values[0]
    return WhiteFit(
        curves=tuple(white),
        whole=tuple(whole),
        elements=elements,
        signals=layout.signals,
        signal_picks=layout.signal_picks,
        result=result,
        parameters=result.problem.parameters[0],
        values=values,
        covariance=result.covariance[0],
        steps=tuple(() if found is None else found for found in steps),
        red_noise=red,
    )
