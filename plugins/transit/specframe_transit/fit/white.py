"""The white curves of all nodes of a target, fitted together: orbit, size of the planet, limb darkening."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.fit.batch import CurveBatch, Design
from specframe_transit.fit.elements import elements_of
from specframe_transit.fit.noise import noise_of
from specframe_transit.fit.problem import CurvePosterior, Problem
from specframe_transit.fit.rounds import fit_rounds, with_wider_noise
from specframe_transit.fit.selection import excluded_times, without
from specframe_transit.fit.signal import WhiteSignal
from specframe_transit.fit.stars import limb_darkening_of
from specframe_transit.inference.prior import Normal, Parameter, make_parameter
from specframe_transit.systematics.design import Systematics
from specframe_transit.systematics.noise import red_noise
from specframe_transit.systematics.params import CommonModeTerm, PrincipalComponentsTerm, StepTerm
from specframe_transit.systematics.steps import find_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.fit.elements import Elements
    from specframe_transit.fit.noise import Noise
    from specframe_transit.fit.params import TransitFitParams
    from specframe_transit.fit.rounds import FitResult
    from specframe_transit.fit.stars import LimbDarkening
    from specframe_transit.planet.orbit import Orbit
    from specframe_transit.systematics.noise import RedNoise
    from specframe_transit.systematics.params import TermParams

    Array = NDArray[np.float64]

__all__ = ["WhiteFit", "fit_white", "white_terms"]

#: Least and largest Rp/R* and Fp/F* that are looked for.
_RATIO_BOUNDS = (1e-4, 2.0)
_DEPTH_BOUNDS = (-1.0, 10.0)
#: Mid-transits are tried at steps of this part of the duration, over so many standard deviations of their prior.
_SCAN_STEP = 0.2
_SCAN_STD = 3.0
_MOST_SCANNED = 400
_MIN_IN_TRANSIT = 3


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
        kernels = [batch.noise for batch in self.result.problem.batches if batch.noise.kernel is not None]
        hyper = [parameter for noise in kernels if noise.kernel for parameter in noise.kernel.parameters]
        start = [noise.hyper[0] for noise in kernels if noise.hyper is not None]
        n = len(self.values)
        covariance = np.zeros((n + len(hyper), n + len(hyper)))
        covariance[:n, :n] = self.covariance
        for i, parameter in enumerate(hyper):
            covariance[n + i, n + i] = parameter.step**2
        optimum = np.concatenate([self.values, *start])
        return CurvePosterior(self.result.problem, 0, (*self.parameters, *hyper), optimum, covariance)


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
    for node in curves:
        span = params.white.channels
        if span is not None and span[1] > node.n_channel:
            raise DataError(
                f"node /{node.path}: white.channels ends at {span[1]}, but there are {node.n_channel} channels"
            )
        whole.append(node.white(None if span is None else np.arange(*span)))
        white.append(without(whole[-1], excluded_times(node, params.white.exclude)))
    elements = elements_of(params.orbit, white, params.timing == "visit")
    terms = white_terms(params.systematics if params.white.systematics is None else params.white.systematics)
    layout = _Layout(white, elements, params)
    _check_window(layout, params)
    steps: list[tuple[float, ...] | None] = [None] * len(white)
    noises = [noise_of(node, terms) for node in white]
    for _ in range(2):
        designs = [Design(Systematics(terms, node, step_times=times)) for node, times in zip(white, steps, strict=True)]
        problem = layout.problem(designs, noises)
        problem = _scanned(problem, layout)
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
    red = tuple(_red_noise(result, i, node) for i, node in enumerate(white))
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


def _red_noise(result: FitResult, node: int, curves: Curves) -> RedNoise:
    batch = result.problem.batches[node]
    use = batch.noise.use
    normalised = np.where(use, result.batches[node].rest / np.where(use, batch.noise.error, 1.0), 0.0)
    n_fitted = batch.design.systematics.n_column + len(result.problem.picks[node])
    return red_noise(normalised, curves.time, use, n_fitted=n_fitted)


class _Layout:
    """Which parameters are free, and which of them each node has."""

    def __init__(self, white: Sequence[Curves], elements: Elements, params: TransitFitParams) -> None:
        self.white, self.elements, self.params = white, elements, params
        self.free = tuple(i for i, p in enumerate(elements.parameters) if not p.prior.fixed)
        self.fixed = np.array([p.start for p in elements.parameters])
        instruments = list(dict.fromkeys(node.instrument for node in white))
        parameters = [elements.parameters[i] for i in self.free]
        sizes, stars, at = {}, {}, {}
        for instrument in instruments:
            label = f"[{instrument}]" if len(instruments) > 1 else ""
            node = next(node for node in white if node.instrument == instrument)
            size = self._size(label)
            own: list[int] = []
            if size.prior.fixed:
                sizes[instrument] = size.start
            else:
                own.append(len(parameters))
                parameters.append(size)
            star = self._stars(node)
            for parameter in star.parameters(0):
                own.append(len(parameters))
                parameters.append(replace(parameter, name=f"{parameter.name}{label}"))
            stars[instrument], at[instrument] = star, own
        self.parameters = tuple(parameters)
        n = len(self.free)
        ratio = float(params.radius_ratio) if isinstance(params.radius_ratio, float) else 0.1
        self.signals = tuple(
            WhiteSignal(
                params.signal,
                elements,
                i,
                self.fixed,
                self.free,
                node.time,
                node.exposure,
                stars[node.instrument],
                ratio,
                sizes.get(node.instrument),
            )
            for i, node in enumerate(white)
        )
        self.signal_picks = tuple(np.array([*range(n), *at[node.instrument]], np.intp) for node in white)

    def _size(self, label: str) -> Parameter:
        if self.params.signal == "eclipse":
            return make_parameter(f"eclipse_depth{label}", self.params.depth, "", *_DEPTH_BOUNDS, step=1e-5)
        return make_parameter(f"radius_ratio{label}", self.params.radius_ratio, "", *_RATIO_BOUNDS, step=1e-3)

    def _stars(self, node: Curves) -> LimbDarkening:
        params = self.params.limb_darkening
        if self.params.signal == "eclipse":
            params = params.model_copy(update={"coefficients": (0.0, 0.0)})
            return limb_darkening_of(node, params, "fixed")
        return limb_darkening_of(node, params, params.white)

    def problem(self, designs: Sequence[Design], noises: Sequence[Noise]) -> Problem:
        """Return the problem, with the systematics' nonlinear parameters of each node behind the others."""
        parameters, picks, batches = list(self.parameters), [], []
        for i, (node, design, noise) in enumerate(zip(self.white, designs, noises, strict=True)):
            label = f"[{node.path}]" if len(self.white) > 1 else ""
            own = []
            for at in design.free:
                own.append(len(parameters))
                parameter = design.systematics.parameters[at]
                parameters.append(replace(parameter, name=f"{parameter.name}{label}"))
            picks.append(np.concatenate([self.signal_picks[i], np.array(own, np.intp)]))
            batches.append(CurveBatch(node.flux, self.signals[i], design, noise))
        return Problem.of(batches, picks, [parameters])


def _check_window(layout: _Layout, params: TransitFitParams) -> None:
    """Raise DataError where a node cannot hold the event, whatever mid-transit its prior allows."""
    start = np.array([p.start for p in layout.parameters])
    for i, node in enumerate(layout.white):
        centre, contacts, reach = _event(layout, i, start)
        used = node.time[node.use[0]]
        within = (used > contacts[0] - reach[0]) & (used < contacts[3] + reach[1])
        if within.sum() >= _MIN_IN_TRANSIT:
            continue
        first, last, middle = ((x + node.reference) / node.clock_unit for x in (used[0], used[-1], centre))
        raise DataError(
            f"node /{node.path}: {params.signal} outside the window: the data cover {first:.4f} to {last:.4f} "
            f"on the file's clock, the nearest mid-{params.signal} is at {middle:.4f} "
            f"and lasts {contacts[3] - contacts[0]:.3f} d; correct orbit.mid_transit or orbit.period, give a wider "
            "prior, or leave this visit out"
        )


def _event(layout: _Layout, node: int, values: Array) -> tuple[float, Array, tuple[float, float]]:
    """Return the event's middle nearest to the data, its contacts, and how far the prior lets it move back and on."""
    signal, elements = layout.signals[node], layout.elements
    orbit = signal.orbit(values[layout.signal_picks[node]])
    eclipse = signal.kind == "eclipse"
    used = layout.white[node].time[layout.white[node].use[0]]
    near = 0.5 * (used[0] + used[-1])
    centre = orbit.mid_eclipse(near) if eclipse else orbit.nearest_transit(near)
    ratio = signal.radius_ratio if eclipse else signal.size_at(values[layout.signal_picks[node]])
    contacts = orbit.contacts(ratio, near, eclipse)
    if not np.isfinite(contacts[0]):
        b = orbit.eclipse_impact_parameter if eclipse else orbit.impact_parameter
        raise DataError(
            f"node /{layout.white[node].path}: with these orbital parameters the planet misses its star (impact "
            f"parameter {b:.3g}, radius ratio {ratio:.3g}); correct inclination, impact_parameter or semi_major_axis"
        )
    return centre, contacts, _reach(elements.parameters[elements.clock[node]], contacts[3] - contacts[0])


def _reach(mid_transit: Parameter, duration: float) -> tuple[float, float]:
    """Return how far before and after its start a mid-transit may be, in d."""
    prior = mid_transit.prior
    if prior.fixed:
        return 0.0, 0.0
    if isinstance(prior, Normal):
        back, on = prior.mean - _SCAN_STD * prior.std, prior.mean + _SCAN_STD * prior.std
    else:
        back, on = mid_transit.start - duration, mid_transit.start + duration
        back = prior.lower if np.isfinite(prior.lower) else back
        on = prior.upper if np.isfinite(prior.upper) else on
    return max(mid_transit.start - max(back, prior.lower), 0.0), max(min(on, prior.upper) - mid_transit.start, 0.0)


def _scanned(problem: Problem, layout: _Layout) -> Problem:
    """Return the problem with mid-transits started where chi2 is least on a grid over their priors."""
    start = problem.prior.start.copy()
    for column, at in enumerate(layout.free):
        if at >= layout.elements.n_clock:
            continue
        node = layout.elements.clock.index(at)
        _, contacts, reach = _event(layout, node, start[0])
        step = _SCAN_STEP * (contacts[3] - contacts[0])
        n_back, n_on = (min(int(length / step), _MOST_SCANNED) for length in reach)
        grid = start[0, column] + step * np.arange(-n_back, n_on + 1)
        trials = np.tile(start, (len(grid), 1))
        trials[:, column] = grid
        zero = np.zeros(1, np.intp)
        objective = [
            0.5
            * sum(
                float(b.solve(t[None, p], zero)[0].chi2[0]) for b, p in zip(problem.batches, problem.picks, strict=True)
            )
            + float(problem.prior.penalty(t[None])[0])
            for t in trials
        ]
        start[0, column] = grid[int(np.argmin(objective))]
    return replace(problem, prior=replace(problem.prior, start=start))
