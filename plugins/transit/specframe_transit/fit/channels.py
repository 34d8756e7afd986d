"""All channels of one node, fitted at once: each its own depth, limb darkening, systematics and noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.fit.batch import CurveBatch, Design
from specframe_transit.fit.component_covariance import component_covariance
from specframe_transit.fit.correlated import correlated_noise
from specframe_transit.fit.noise import noise_of
from specframe_transit.fit.problem import CurvePosterior, Problem
from specframe_transit.fit.rounds import FitResult, fit_rounds
from specframe_transit.fit.signal import ChannelEclipse, ChannelTransit
from specframe_transit.fit.stars import limb_darkening_of
from specframe_transit.inference.params import LaplaceParams
from specframe_transit.inference.prior import Flat, Parameter
from specframe_transit.inference.sampling import sample
from specframe_transit.systematics.common_mode import channels_within, common_mode, divide
from specframe_transit.systematics.components import principal_components
from specframe_transit.systematics.design import Systematics
from specframe_transit.systematics.noise import beta_of_channels
from specframe_transit.systematics.params import CommonModeTerm, PrincipalComponentsTerm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.fit.params import TransitFitParams
    from specframe_transit.fit.stars import LimbDarkening
    from specframe_transit.fit.white import WhiteFit
    from specframe_transit.planet.orbit import Orbit
    from specframe_transit.systematics.common_mode import CommonMode
    from specframe_transit.systematics.params import TermParams

    Array = NDArray[np.float64]

__all__ = ["ChannelFit", "fit_channels"]

_DEPTH_BOUNDS = {"transit": (-1.0, 4.0), "eclipse": (-1.0, 10.0)}
_DEPTH_STEP = 1e-5
#: A channel needs so many samples beyond its parameters, and so many in and out of the event.
_MIN_FREE = 3
_MIN_SAMPLES = 3
#: Samples whose signal has changed by this part of the deepest are in the event.
_IN_EVENT = 0.5
#: Around a depth, its errors within which a sampler may look.
_REACH = 30.0
_MANY_CLIPPED = 0.05


@dataclass(frozen=True)
class ChannelFit:
    """Results of one node, arrays over all of its channels: NaN in those that could not be fitted (``lost``).

    ``error``, ``lower`` and ``upper`` are without ``beta``. ``signal``, ``systematics`` (process and common mode in it)
    and ``clipped`` are (n_channel, n_time); ``limb_darkening`` (n_coefficient, n_channel). ``criterion`` (n_channel,)
    is -2 ln L of the fit and ``n_parameter`` how many numbers it took per channel, for averages over models.
    """

    depth: Array
    error: Array
    lower: Array
    upper: Array
    chi2: Array
    scale: Array
    jitter: Array
    beta: Array
    signal: Array
    systematics: Array
    rest: Array
    clipped: NDArray[np.bool_]
    limb_darkening: Array
    lost: NDArray[np.bool_]
    flags: tuple[str, ...]
    criterion: Array
    n_parameter: Array
    n_sample: Array
    shared_covariance: Array | None


def fit_channels(
    curves: Curves, white: WhiteFit, node: int, params: TransitFitParams, terms: Sequence[TermParams]
) -> ChannelFit:
    """Fit every channel of a node with the orbit of the white fit.

    Raises
    ------
    DataError
        When the data lack what the model needs, or no channel can be fitted.
    """
    return _ChannelStage(curves, white, node, params, terms).fit()


class _ChannelStage:
    def __init__(
        self, curves: Curves, white: WhiteFit, node: int, params: TransitFitParams, terms: Sequence[TermParams]
    ) -> None:
        self.white, self.node, self.params, self.terms = white, node, params, tuple(terms)
        self.given = curves
        self.mode = self._common_mode(curves)
        divided = any(isinstance(term, CommonModeTerm) and term.how == "divide" for term in terms)
        if divided and self.mode is not None:
            curves = divide(curves, self.mode, self._share(curves))
        self.divided = divided
        self.lost = self._lost(curves)
        if self.lost.all():
            raise DataError(
                f"node /{curves.path}: no channel has {_MIN_SAMPLES} samples in the {params.signal} and as many out of "
                "it; check the mask, or leave this node out"
            )
        self.good = np.flatnonzero(~self.lost)
        self.curves = curves.only(self.good)
        limb = params.limb_darkening
        if params.signal == "eclipse":
            self.stars: LimbDarkening | None = None
        else:
            self.stars = limb_darkening_of(self.curves, limb, limb.channels)

    def _common_mode(self, curves: Curves) -> CommonMode | None:
        terms = [term for term in self.terms if isinstance(term, CommonModeTerm)]
        if not terms:
            return None
        if curves.n_channel == 1:
            raise DataError(f"node /{curves.path}: common-mode needs several channels, this node has one")
        whole = self.white.whole[self.node]
        if terms[0].wavelength is not None:
            whole = curves.white(channels_within(curves, terms[0].wavelength))
        return common_mode(whole.flux[0], whole.flux_error[0], self.white.signal(self.node), whole.use[0])

    def _share(self, curves: Curves) -> Array:
        term = next(term for term in self.terms if isinstance(term, CommonModeTerm))
        part = np.zeros(curves.n_channel)
        if term.wavelength is not None:
            part[channels_within(curves, term.wavelength)] = 1.0
        else:
            part[slice(*(self.params.white.channels or (0, None)))] = 1.0
        light = curves.level * part * curves.use.any(axis=1)
        return np.asarray(light / light.sum())

    def _lost(self, curves: Curves) -> NDArray[np.bool_]:
        if self.params.signal == "eclipse":
            orbit = self.white.orbit(self.node)
            ratio = self.white.signals[self.node].radius_ratio
            visible = ChannelEclipse(orbit, curves.time, curves.exposure, ratio).flux(np.ones((1, 1)), np.zeros(1, int))
            change = 2.0 - visible[0]
        else:
            change = 1.0 - self.white.signal(self.node)
        inside = change > _IN_EVENT * change.max()
        there = np.minimum(curves.use[:, inside].sum(axis=1), curves.use[:, ~inside].sum(axis=1))
        n = Systematics(self.terms, curves).n_column + 1
        return np.asarray((there < _MIN_SAMPLES) | (curves.use.sum(axis=1) < n + _MIN_FREE))

    def _signal(self, orbit: Orbit) -> ChannelTransit | ChannelEclipse:
        curves = self.curves
        if self.stars is None:
            ratio = self.white.signals[self.node].radius_ratio
            return ChannelEclipse(orbit, curves.time, curves.exposure, ratio)
        return ChannelTransit(orbit, curves.time, curves.exposure, self.stars)

    def _start(self) -> float:
        white = self.white
        size = white.signals[self.node].size_at(white.values[white.signal_picks[self.node]])
        return size if self.stars is None else size**2

    def _problem(self, orbit: Orbit, components: Array | None) -> Problem:
        curves = self.curves
        mode = None if self.mode is None else self.mode.values
        design = Design(
            Systematics(
                self.terms, curves, step_times=self.white.steps[self.node], components=components, common_mode=mode
            )
        )
        own = [design.systematics.parameters[i] for i in design.free]
        depth = Parameter("depth", "", self._start(), Flat(*_DEPTH_BOUNDS[self.params.signal]), _DEPTH_STEP)
        rows = []
        for channel in range(curves.n_channel):
            star = () if self.stars is None else self.stars.parameters(channel)
            rows.append((depth, *star, *own))
        noise = noise_of(curves, self.terms)
        if noise.kernel is not None and self.params.channels.gp == "white":
            of_white = self.white.result.problem.batches[self.node].noise
            if of_white.hyper is None or len(of_white.hyper[0]) != len(noise.kernel.parameters):
                raise DataError(
                    f"node /{curves.path}: channels.gp is white, but the white curve does not have the same process "
                    "among its systematics"
                )
            noise = replace(noise, hyper=np.tile(of_white.hyper[0], (curves.n_channel, 1)))
        batch = CurveBatch(curves.flux, self._signal(orbit), design, noise)
        return Problem.of([batch], [np.arange(len(rows[0]), dtype=np.intp)], rows)

    def _result(self, orbit: Orbit) -> FitResult:
        params = self.params
        own = params.channels.gp == "own"
        result = fit_rounds(self._problem(orbit, None), params.errors, params.clip_sigma, optimise_process=own)
        terms = [term for term in self.terms if isinstance(term, PrincipalComponentsTerm)]
        if terms:
            first = result.batches[0]
            use = self.curves.use & ~first.clipped
            components, _ = principal_components(
                first.rest, self.curves.flux_error, use, sum(term.n_components for term in terms)
            )
            problem = self._problem(orbit, components)
            result = fit_rounds(problem, params.errors, params.clip_sigma, optimise_process=own)
        return result

    def fit(self) -> ChannelFit:
        """Return the results."""
        orbit = self.white.orbit(self.node)
        result = self._result(orbit)
        batch, fitted = result.problem.batches[0], result.batches[0]
        values = result.minimum.values
        depth, error = values[:, 0], np.sqrt(result.covariance[:, 0, 0])
        lower = upper = error
        flags = [set() for _ in self.good]  # type: list[set[str]]
        if not isinstance(self.params.channels.method, LaplaceParams):
            depth, lower, upper = self._sampled(result, flags)
            error = 0.5 * (lower + upper)
        shared = component_covariance(result, self.curves.time)
        if self.params.channels.orbit == "prior":
            by_orbit = self._orbit_covariance(result)
            shared = by_orbit if shared is None else shared + by_orbit
        n_linear = batch.design.systematics.n_column
        n_fitted = n_linear + values.shape[1]
        use = batch.noise.use
        beta = beta_of_channels(correlated_noise(result, 0, self.curves))
        rows = np.arange(len(self.good))
        solution, log_determinant = batch.solve(values, rows)
        for at, flag in enumerate(flags):
            _flag(flag, result, at)
        systematics = fitted.systematics + fitted.process / fitted.signal
        if self.divided and self.mode is not None:
            systematics = systematics * self.mode.values
        if self.stars is None:
            coefficients = np.zeros((0, len(self.good)))
        else:
            coefficients = self.stars.coefficients(values[:, 1 : 1 + len(self.stars.names)], rows)
        n_hyper = 0 if batch.noise.kernel is None else len(batch.noise.kernel.parameters)
        n_row = len(self.good)
        words = np.full(len(self.lost), "masked", dtype=object)
        words[self.good] = [" ".join(sorted(flag)) for flag in flags]
        return ChannelFit(
            depth=self._whole(depth),
            error=self._whole(error),
            lower=self._whole(lower),
            upper=self._whole(upper),
            chi2=self._whole(fitted.chi2),
            scale=self._whole(batch.noise.scale),
            jitter=self._whole(batch.noise.jitter),
            beta=self._whole(beta),
            signal=self._whole(fitted.signal),
            systematics=self._whole(systematics),
            rest=self._whole(fitted.rest),
            clipped=self._whole(fitted.clipped.astype(float)) == 1.0,
            limb_darkening=self._whole(coefficients.T).T,
            lost=self.lost,
            flags=tuple(words),
            criterion=self._whole(solution.chi2 + log_determinant),
            n_parameter=self._whole(np.full(n_row, float(n_fitted + n_hyper))),
            n_sample=self._whole(use.sum(axis=1).astype(float)),
            shared_covariance=None if shared is None else self._whole(self._whole(shared).T),
        )

    def _whole(self, values: Array) -> Array:
        """Return values of the fitted channels among those of all, NaN in the others."""
        whole = np.full((len(self.lost), *values.shape[1:]), np.nan)
        whole[self.good] = values
        return whole

    def _sampled(self, result: FitResult, flags: list[set[str]]) -> tuple[Array, Array, Array]:
        """Return median and distances to the 16 % and 84 % quantiles of the depth of each channel."""
        quantiles = np.empty((3, len(self.good)))
        kernel = result.problem.batches[0].noise.kernel
        hyper = () if kernel is None or self.params.channels.gp == "white" else kernel.parameters
        for row in range(len(self.good)):
            values, covariance = result.minimum.values[row], result.covariance[row]
            reach = _REACH * np.sqrt(covariance[0, 0])
            first = result.problem.parameters[row][0]
            bounds = Flat(max(values[0] - reach, first.prior.lower), min(values[0] + reach, first.prior.upper))
            own = (replace(first, prior=bounds), *result.problem.parameters[row][1:], *hyper)
            n = len(values)
            whole = np.diag(np.array([*np.zeros(n), *(parameter.step**2 for parameter in hyper)]))
            whole[:n, :n] = covariance
            noise = result.problem.batches[0].noise
            start = values if not hyper or noise.hyper is None else np.concatenate([values, noise.hyper[row]])
            posterior = CurvePosterior(result.problem, row, own, start, whole)
            samples = sample(posterior, self.params.channels.method, self.params.seed + 1 + row)
            quantiles[:, row] = np.quantile(samples.draws[:, 0], [0.158655, 0.5, 0.841345])
            flags[row].update(samples.flags)
        return quantiles[1], quantiles[1] - quantiles[0], quantiles[2] - quantiles[1]

    def _orbit_covariance(self, result: FitResult) -> Array:
        """Return what the uncertainty of the white orbit adds to the depths' covariance, (n_fitted, n_fitted).

        The channels are fitted again with the orbit one standard deviation along each principal axis.
        """
        white = self.white
        n = len(white.signals[self.node].free)
        if n == 0:
            return np.zeros((len(self.good), len(self.good)))
        pick = white.signal_picks[self.node][:n]
        variance, axes = np.linalg.eigh(white.covariance[np.ix_(pick, pick)])
        total = np.zeros((len(self.good), len(self.good)))
        batch = result.problem.batches[0]
        for size, axis in zip(np.sqrt(np.maximum(variance, 0.0)), axes.T, strict=True):
            moved = white.values.copy()
            moved[pick] = moved[pick] + size * axis
            lower = [white.parameters[i].prior.lower for i in pick]
            upper = [white.parameters[i].prior.upper for i in pick]
            moved[pick] = np.clip(moved[pick], lower, upper)
            signal = self._signal(white.orbit(self.node, moved))
            problem = replace(result.problem, batches=(replace(batch, signal=signal),))
            change = problem.minimise(result.minimum.values).values[:, 0] - result.minimum.values[:, 0]
            total += np.outer(change, change)
        return total


def _flag(flag: set[str], result: FitResult, row: int) -> None:
    fitted, prior = result.batches[0], result.problem.prior
    if not result.minimum.converged[row]:
        flag.add("not-converged")
    if fitted.misfit[row]:
        flag.add("misfit")
    # Free limb darkening of noisy channels is often at the edge of what is physical, and tells nothing there.
    values = result.minimum.values[row]
    edge = (values <= prior.lower[row]) | (values >= prior.upper[row])
    if any(at_edge and p.name[0] != "q" for at_edge, p in zip(edge, result.problem.parameters[row], strict=True)):
        flag.add("bounds")
    used = fitted.clipped[row].sum() + result.problem.batches[0].noise.use[row].sum()
    if fitted.clipped[row].sum() > _MANY_CLIPPED * used:
        flag.add("many-clipped")
