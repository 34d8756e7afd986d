"""The transit of the white light curves: where a joint fit starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.contacts import TOO_FEW_SAMPLES, Transit, WhiteCurve, find_transit, white_curve
from specframe_transit.drift import Kernel, fit_kernel, polynomial_drift
from specframe_transit.joint.joint_fit import JointModel
from specframe_transit.joint.limb_darkening import correction_basis
from specframe_transit.joint.normal_equations import Curves, Linearisation, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.joint.known_system import KnownSystem
    from specframe_transit.light_curves import LightCurves
    from specframe_transit.params import TransitJointParams

__all__ = ["WhiteFit", "fit_white"]

#: Impact parameters squared from which the fit starts, besides that of the contacts, and T12 / T14 of a trapezoid.
_IMPACT_STARTS = (0.1, 0.55)
#: Order of the polynomial under which transits are searched for.
_SEARCH_ORDER = 3
#: Relative noise below which curves count as noise-free (simulations).
_MIN_NOISE = 1e-7
#: Depth that a transit is taken to have at least, for its radius.
_MIN_DEPTH = 1e-6


@dataclass(frozen=True)
class WhiteFit:
    """White transit: parameters of :class:`JointModel`, with the duration that belongs to ``radius``.

    ``used`` says which nodes have a transit, ``depth`` (n_node,) is that of each; ``whole`` is whether every visit has
    a baseline on both sides.
    """

    mid_transit: NDArray[np.float64]
    duration: float
    impact: float
    radius: float
    depth: NDArray[np.float64]
    used: tuple[bool, ...]
    whole: bool
    kernels: tuple[Kernel | None, ...]
    last_std: tuple[float, ...]

    def only(self, nodes: Sequence[int]) -> WhiteFit:
        """Return the same for some of the nodes."""
        return replace(
            self,
            depth=self.depth[list(nodes)],
            used=tuple(self.used[i] for i in nodes),
            kernels=tuple(self.kernels[i] for i in nodes),
            last_std=tuple(self.last_std[i] for i in nodes),
        )


def fit_white(
    curves: Sequence[LightCurves],
    laws: Sequence[NDArray[np.float64]],
    n_visit: int,
    known: KnownSystem,
    params: TransitJointParams,
) -> WhiteFit:
    """Find the transit of each visit and fit the white light curves of all.

    Raises
    ------
    DataError
        When no visit has a transit.
    """
    white = [white_curve(c.time, c.flux, c.flux_error, c.use) for c in curves]
    transits = _find(curves, white, n_visit, params)
    used = [w is not None and transits[c.visit] is not None for c, w in zip(curves, white, strict=True)]
    chosen = [i for i, flag in enumerate(used) if flag]
    found = {v: t.contacts for v, t in enumerate(transits) if t is not None}
    visits = sorted(found)
    instruments = sorted({curves[i].instrument for i in chosen})
    whole = all(
        curves[i].time[0] <= found[curves[i].visit][0] and curves[i].time[-1] >= found[curves[i].visit][3]
        for i in chosen
    )

    nodes = []
    for i in chosen:
        c, w = curves[i], white[i]
        assert w is not None
        information = np.sum(np.where(c.use, c.flux_error**-2.0, 0.0), axis=1)
        law = np.average(laws[i], axis=1, weights=information)[:, None]
        nodes.append(
            Curves(
                time=w.time,
                exposure=c.exposure,
                flux=w.flux[None],
                root_weight=np.full((1, len(w.time)), 1.0 / max(w.noise, _MIN_NOISE)),
                channel=np.array([instruments.index(c.instrument)], dtype=np.intp),
                visit=visits.index(c.visit),
                instrument=c.instrument,
                limb_darkening=law,
                limb_basis=correction_basis(np.ones(1), -1 if params.limb_darkening_fixed else 0),
                drift=polynomial_drift(w.time, params.order if params.drift == "polynomial" else 3),
                drift_wavelength=np.ones((1, 1)),
            )
        )
    contacts = [found[v] for v in visits]
    duration = float(np.median([c[3] - c[0] for c in contacts]))
    depth = _first_depth(nodes, contacts)
    radius = float(np.sqrt(max(depth, _MIN_DEPTH)))
    spread = duration if whole else 0.5 * duration
    model = JointModel(
        nodes,
        params.shape,
        radius,
        params.limb_darkening_std or 1.0,
        known.impact_prior,
        (duration, spread),
        known.period,
    )
    mid = [0.5 * (c[0] + c[3]) for c in contacts]
    fits = []
    for impact in _impact_starts(contacts, radius, params):
        start = model.start(np.full(model.n_depth, radius**2), mid, duration, impact)
        # A drift larger than the transit would throw the orbit off in the first step.
        start, _ = model.fit(start, max_steps=2, tolerance=1.0, linear=True)
        fits.append(model.fit(start, max_steps=25, tolerance=0.01))
    state, lin = min(fits, key=lambda fit: fit[1].cost)
    kernels: list[Kernel | None] = [None] * len(curves)
    if params.drift == "gp":
        for node, i in enumerate(chosen):
            kernels[i] = _kernel(model, state, lin, node, params)
    last_std = [np.inf] * len(curves)
    if params.drift == "polynomial" and params.order > 1 and params.drift_decay is not None:
        for node, i in enumerate(chosen):
            below = model.drift_start[node] + params.order - 2
            size = float(np.hypot(state.theta[below], np.sqrt(lin.theta_covariance[below, below])))
            last_std[i] = params.drift_decay * size
    every = np.full(n_visit, np.nan)
    every[visits] = state.theta[: len(visits)]
    depths = np.full(len(curves), np.nan)
    for node, i in enumerate(chosen):
        depths[i] = state.depth[nodes[node].channel[0]]
    at = len(visits)
    return WhiteFit(
        every,
        float(state.theta[at]),
        float(state.theta[at + 1]),
        radius,
        depths,
        tuple(used),
        whole,
        tuple(kernels),
        tuple(last_std),
    )


def _find(
    curves: Sequence[LightCurves], white: Sequence[WhiteCurve | None], n_visit: int, params: TransitJointParams
) -> list[Transit | None]:
    transits: list[Transit | None] = []
    problems = []
    for visit in range(n_visit):
        given = [c.contacts for c in curves if c.visit == visit and c.contacts is not None]
        if params.contacts == "given" and given:
            transits.append(Transit(given[0]))
            continue
        usable = [w for c, w in zip(curves, white, strict=True) if c.visit == visit and w is not None]
        transit = None
        if params.contacts == "given":
            problems.append("contacts is 'given', but the data have no contact_time; use contacts: auto")
        elif usable:
            try:
                transit = find_transit(usable, _SEARCH_ORDER, params.min_significance, partial=True)
            except DataError as error:
                problems.append(str(error))
        else:
            problems.append(TOO_FEW_SAMPLES)
        transits.append(transit)
    if not any(transits):
        raise DataError("; ".join(dict.fromkeys(problems)))
    return transits


def _first_depth(nodes: Sequence[Curves], contacts: Sequence[NDArray[np.float64]]) -> float:
    """Return the depth of a box on a straight baseline, from the visit with the most light."""
    depths, weights = [], []
    for node in nodes:
        first, second, third, fourth = contacts[node.visit]
        inside = (node.time > second) & (node.time < third)
        outside = (node.time < first) | (node.time > fourth)
        if not inside.any():
            inside = (node.time > first) & (node.time < fourth)
        columns = np.column_stack([np.ones(len(node.time)), node.time - node.time.mean(), -inside.astype(float)])
        fitted = inside | outside
        depths.append(float(np.linalg.lstsq(columns[fitted], node.flux[0, fitted], rcond=None)[0][2]))
        weights.append(float(node.root_weight[0, 0] ** 2))
    return max(float(np.average(depths, weights=weights)), _MIN_DEPTH)


def _impact_starts(
    contacts: Sequence[NDArray[np.float64]], radius: float, params: TransitJointParams
) -> tuple[float, ...]:
    """Return b^2 that gives the contacts' ingress, and others in case that is misled by noise."""
    first, second, third, fourth = contacts[0]
    inner = max(third - second, 0.0) / (fourth - first)
    if params.shape == "trapezoid":
        return (float(np.clip(0.5 * (1.0 - inner), 0.01, 0.45)),)
    limit = (1.0 - radius) ** 2
    found = (limit - inner**2 * (1.0 + radius) ** 2) / max(1.0 - inner**2, 1e-3)
    return (float(np.clip(found, 0.0, 0.9 * limit)), *_IMPACT_STARTS)


def _kernel(model: JointModel, state: State, lin: Linearisation, node: int, params: TransitJointParams) -> Kernel:
    """Return the kernel of what is left of a node's white curve without its transit."""
    own, curves = lin.nodes[node], model.curves[node]
    scale = curves.root_weight[0] * own.transit[0] * own.star[0]
    drift = curves.flux[0] / (own.star[0] * own.transit[0]) - 1.0
    # what the transit could take up: depth, mid-transit, duration and impact parameter, and the star's level
    free = np.column_stack([np.ones(len(scale)), (own.columns[0, 1:5] / scale).T])
    free = free[:, np.any(free != 0.0, axis=0)]
    free = np.linalg.qr(free)[0]
    # a process faster than the transit would take it for drift
    shortest = 0.25 * float(model.geometry(state.theta, curves.visit).duration)
    return fit_kernel(params.kernel, curves.time, drift, 1.0 / scale, free, shortest)
