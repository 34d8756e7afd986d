"""The transmission spectrum of one target, with the covariance of its noise, by a joint fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.drift import gp_drift, polynomial_drift, scaled_legendre
from specframe_transit.joint.joint_fit import JointModel
from specframe_transit.joint.limb_darkening import correction_basis
from specframe_transit.joint.noise import CommonNoise, clip, coloured, common_noise, common_response, leverage, misfit
from specframe_transit.joint.normal_equations import Curves, Linearisation, State
from specframe_transit.polynomial import truncated_variance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.joint.known_system import KnownSystem
    from specframe_transit.joint.white_fit import WhiteFit
    from specframe_transit.light_curves import LightCurves
    from specframe_transit.params import TransitJointParams

__all__ = ["JointSpectrum", "fit_spectrum"]

#: Samples that a channel must have in transit and out of it.
_MIN_SAMPLES = 3


@dataclass(frozen=True)
class JointSpectrum:
    """Result of :func:`fit_spectrum`; arrays over channels are NaN where there is no depth."""

    model: JointModel
    state: State
    lin: Linearisation
    depth: NDArray[np.float64]
    covariance: NDArray[np.float64]
    white_weight: NDArray[np.float64]
    chi2: NDArray[np.float64]
    usable: tuple[NDArray[np.bool_], ...]
    clipped: tuple[NDArray[np.bool_], ...]
    common: tuple[CommonNoise, ...]
    #: Most of the transit, or of the baseline, lies off the model by as much as outliers do.
    misfit: bool
    #: The drift varies with wavelength in a way that ``wavelength_order`` cannot follow.
    coloured: bool


def fit_spectrum(
    curves: Sequence[LightCurves],
    laws: Sequence[NDArray[np.float64]],
    white: WhiteFit,
    known: KnownSystem,
    params: TransitJointParams,
) -> JointSpectrum:
    """Fit every channel of every node at once; ``curves`` and ``laws`` are those that the white fit used."""
    visits = sorted({c.visit for c in curves})
    mid_transit = white.mid_transit[visits]
    usable = [_enough(c.use, c, white) for c in curves]
    roots = [np.where(use, 1.0 / c.flux_error, 0.0) for c, use in zip(curves, usable, strict=True)]
    limb_order = -1 if params.limb_darkening_fixed else params.limb_darkening_order
    nodes = []
    for number, c in enumerate(curves):
        kernel = white.kernels[number]
        # what is masked altogether stretches neither the range of times nor that of wavelengths
        times, channels = np.any(c.use, axis=0), np.any(c.use, axis=1)
        wavelength_order = min(params.wavelength_order, max(int(channels.sum()) - 1, 0))
        nodes.append(
            Curves(
                time=c.time,
                exposure=c.exposure,
                flux=c.flux,
                root_weight=roots[number],
                channel=c.channel,
                visit=visits.index(c.visit),
                instrument=c.instrument,
                limb_darkening=laws[number],
                limb_basis=correction_basis(c.wavelength, limb_order, channels),
                drift=polynomial_drift(c.time, params.order, white.last_std[number], times)
                if kernel is None
                else gp_drift(c.time, kernel, _white_noise(roots[number])),
                drift_wavelength=scaled_legendre(c.wavelength, wavelength_order, channels),
            )
        )
    spread = white.duration if white.whole else 0.5 * white.duration
    model = JointModel(
        nodes,
        params.shape,
        white.radius,
        params.limb_darkening_std or 1.0,
        known.impact_prior,
        (white.duration, spread),
        known.period,
    )
    depth = np.full(model.n_depth, white.radius**2)
    for number, c in enumerate(curves):
        depth[c.channel] = white.depth[number]
    state = model.start(depth, list(mid_transit), white.duration, white.impact)

    # Until it is known how noisy the channels are, the white depth shapes every ingress.
    model.shape_depth, model.shape_slope, model.shape_at = depth.clip(min=1e-6), np.zeros(len(depth)), depth
    state, lin = model.fit(state, max_steps=4, tolerance=1.0)
    kept = usable
    sigma = params.clip_sigma
    truncated = 1.0 if sigma is None else truncated_variance(sigma)
    for iteration in range(params.clip_iterations):
        inliers = usable if sigma is None else clip(lin, usable, model, sigma)
        if iteration > 0 and all(np.array_equal(k, i) for k, i in zip(kept, inliers, strict=True)):
            break
        kept = [_enough(i, c, white) for i, c in zip(inliers, curves, strict=True)]
        weights = [np.where(k, r, 0.0) for k, r in zip(kept, roots, strict=True)]
        if params.error_scale == "scatter":
            square, free = _chi2(lin, model, weights, truncated)
            weights = [w / _root_ratio(s, f) for w, s, f in zip(weights, square, free, strict=True)]
        model.with_weights(weights)
        model.set_shapes(model.linearise(state), state)
        state, lin = model.fit(state, max_steps=8)

    square, free = _chi2(lin, model, [np.where(k, r, 0.0) for k, r in zip(kept, roots, strict=True)], truncated)
    total, count = np.zeros((2, model.n_depth))
    for c, own_square, own_free in zip(curves, square, free, strict=True):
        np.add.at(total, c.channel, own_square)
        np.add.at(count, c.channel, own_free)
    measured = lin.information > 0
    chi2 = np.divide(total, count, out=np.full(model.n_depth, np.nan), where=measured & (count > 0))
    covariance = lin.depth_covariance() / truncated
    common = []
    for node in range(len(nodes)):
        noise = common_noise(lin, node, _white_parameters(model, lin, node), truncated)
        common.append(noise)
        if params.common_noise and noise.variance > 0:
            response = common_response(lin, model, node)
            covariance += noise.variance * (response @ response.T)
    covariance[~measured] = covariance[:, ~measured] = np.nan
    return JointSpectrum(
        model=model,
        state=state,
        lin=lin,
        depth=np.where(measured, state.depth, np.nan),
        covariance=covariance,
        white_weight=lin.information / max(float(lin.information.sum()), 1e-300),
        chi2=chi2,
        usable=tuple(usable),
        clipped=tuple(u & ~k for u, k in zip(usable, kept, strict=True)),
        common=tuple(common),
        misfit=sigma is not None and misfit(lin, usable, sigma),
        coloured=any(_coloured(lin, model, number, c) for number, c in enumerate(curves)),
    )


def _enough(use: NDArray[np.bool_], curves: LightCurves, white: WhiteFit) -> NDArray[np.bool_]:
    """Leave out the channels of a node that have too few samples in transit or out of it."""
    phase = np.abs(curves.time - white.mid_transit[curves.visit]) / (0.5 * white.duration)
    inside, outside = use[:, phase < 1.0].sum(axis=1), use[:, phase >= 1.0].sum(axis=1)
    enough: NDArray[np.bool_] = use & (np.minimum(inside, outside) >= _MIN_SAMPLES)[:, None]
    return enough


def _coloured(lin: Linearisation, model: JointModel, node: int, curves: LightCurves) -> bool:
    """Return whether the residuals hold the next order in wavelength of the node's drift."""
    order = model.curves[node].drift_wavelength.shape[1]
    channels = np.any(curves.use, axis=1)
    if channels.sum() <= order + 1:
        return False
    return coloured(lin, model, node, scaled_legendre(curves.wavelength, order, channels)[:, order])


def _white_noise(root_weight: NDArray[np.float64]) -> float:
    """Return the standard deviation of a sample of the white light, relative to the flux."""
    information = np.sum(root_weight**2, axis=0)
    return float(np.median(information[information > 0])) ** -0.5 if information.any() else np.inf


def _chi2(
    lin: Linearisation, model: JointModel, weights: Sequence[NDArray[np.float64]], truncated: float
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Return chi-square, corrected for clipping, and degrees of freedom of each node's channels."""
    taken = leverage(lin, model)
    square, free = [], []
    for curves, node, weight, own in zip(model.curves, lin.nodes, weights, taken, strict=True):
        square.append(np.square((curves.flux - node.model) * weight).sum(axis=1) / truncated)
        free.append(np.maximum((weight > 0).sum(axis=1) - own, 0.0))
    return square, free


def _root_ratio(square: NDArray[np.float64], free: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root of the reduced chi-square (n_channel, 1), 1 where there is none."""
    ratio = np.divide(square, free, out=np.ones(len(square)), where=(free > 0) & (square > 0))
    return np.sqrt(np.where(ratio > 0, ratio, 1.0))[:, None]


def _white_parameters(model: JointModel, lin: Linearisation, node: int) -> float:
    """Return how many parameters a node's white residual determines: level, drift, and its share of the transit."""
    start = model.drift_start[node]
    k = model.curves[node].drift_wavelength.shape[1]
    drift = np.arange(start, start + model.curves[node].drift.columns.shape[1] * k, k)
    posterior = np.diag(lin.theta_covariance)[drift] / model.prior_std[drift] ** 2
    return 1.0 + float(np.sum(1.0 - posterior)) + 4.0 / len(model.curves)
