"""Joint least-squares fit of star levels, one transit and a drift to many light curves, by exact normal equations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from specframe_transit.joint.normal_equations import (
    SHAPE_COLUMNS,
    Curves,
    Linearisation,
    NodeColumns,
    State,
    scaled_inverse,
)
from specframe_transit.joint.transit_model import Geometry, limb_darkened_dip, trapezoid_dip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["JointModel"]

ShapeName = Literal["limb-darkened", "trapezoid"]

#: The fit has converged when a step is expected to lower the chi-square by less: 0.01 sigma in any direction.
_CONVERGED = 1e-4
_MAX_DAMPING = 1e8
#: Bounds of b^2 below 0 and of T12 / T14, and smallest radius squared that shapes ingress, relative to the white one.
_MIN_IMPACT, _MIN_INGRESS, _MIN_SHAPE = -0.3, 0.005, 0.1


class JointModel:
    """Star level x transit x (1 + drift) for several nodes at once.

    The shared parameters ``theta`` are mid-transit of each visit, T14, b^2 (or T12 / T14 of a trapezoid), for each
    instrument the corrections of u1 and u2, and for each node the drift's coefficients. Star levels, which are linear,
    are eliminated exactly at every evaluation (variable projection), depths from every step (Schur complement).

    Parameters
    ----------
    curves
        Nodes.
    shape
        ``limb-darkened`` or ``trapezoid``.
    radius
        Radius ratio to which the duration refers.
    limb_darkening_std
        Standard deviation of the corrections of limb darkening.
    impact_prior, duration_prior
        Mean and standard deviation of b^2 (or T12 / T14) and of T14 in d.
    period
        Orbital period in d, infinite where it is not known.
    """

    def __init__(
        self,
        curves: Sequence[Curves],
        shape: ShapeName,
        radius: float,
        limb_darkening_std: float,
        impact_prior: tuple[float, float],
        duration_prior: tuple[float, float],
        period: float = np.inf,
    ) -> None:
        self.curves = tuple(curves)
        self.shape = shape
        self.radius = radius
        self.period = period
        self.n_depth = 1 + max(int(c.channel.max()) for c in curves)
        self.instrument_of = np.zeros(self.n_depth, int)
        for c in curves:
            self.instrument_of[c.channel] = c.instrument
        self.n_visit = 1 + max(c.visit for c in curves)
        self.limb_start: dict[int, int] = {}
        self.drift_start: list[int] = []
        at = self.n_visit + 2
        mean, std = [np.zeros(at)], [np.full(at, np.inf)]
        mean[0][self.n_visit :], std[0][self.n_visit :] = zip(duration_prior, impact_prior, strict=True)
        for c in self.curves:
            if c.instrument not in self.limb_start:
                self.limb_start[c.instrument] = at
                std.append(np.full(2 * c.limb_basis.shape[1], limb_darkening_std))
                at += len(std[-1])
        for c in self.curves:
            self.drift_start.append(at)
            std.append(np.repeat(c.drift.prior_std, c.drift_wavelength.shape[1]))
            at += len(std[-1])
        self.prior_std = np.concatenate(std)
        self.prior_mean = np.concatenate([mean[0], np.zeros(at - len(mean[0]))])
        self.n_theta = at
        # Which depth shapes the ingress of each channel: to begin with its own.
        self.shape_depth = self.shape_at = np.full(self.n_depth, radius**2)
        self.shape_slope = np.ones(self.n_depth)

    def start(self, depth: NDArray[np.float64], mid_transit: Sequence[float], duration: float, impact: float) -> State:
        """Return a state without drift and without corrections of limb darkening."""
        theta = np.zeros(self.n_theta)
        theta[: self.n_visit] = mid_transit
        theta[self.n_visit : self.n_visit + 2] = duration, impact
        return State(np.asarray(depth, float), theta)

    def geometry(self, theta: NDArray[np.float64], visit: int) -> Geometry:
        """Return the transit of a visit."""
        duration, impact = theta[self.n_visit : self.n_visit + 2]
        return Geometry(float(theta[visit]), float(duration), float(impact), self.radius, self.period)

    def limb_darkening(self, theta: NDArray[np.float64], node: int) -> NDArray[np.float64]:
        """Return u1, u2 of a node's channels, shape (2, n_channel)."""
        c = self.curves[node]
        start, n = self.limb_start[c.instrument], c.limb_basis.shape[1]
        return c.limb_darkening + theta[start : start + 2 * n].reshape(2, n) @ c.limb_basis.T

    def drift_coefficients(self, theta: NDArray[np.float64], node: int) -> NDArray[np.float64]:
        """Return the drift's coefficients of a node, shape (n_time_function, n_wavelength_function)."""
        c = self.curves[node]
        shape = (c.drift.columns.shape[1], c.drift_wavelength.shape[1])
        start = self.drift_start[node]
        return theta[start : start + shape[0] * shape[1]].reshape(shape)

    def indices(self, node: int) -> NDArray[np.intp]:
        """Return which of ``theta`` a node depends on, in the order of its expansion."""
        c = self.curves[node]
        limb, drift = self.limb_start[c.instrument], self.drift_start[node]
        n_limb, n_drift = 2 * c.limb_basis.shape[1], c.drift.columns.shape[1] * c.drift_wavelength.shape[1]
        shared = [c.visit, self.n_visit, self.n_visit + 1]
        return np.concatenate([shared, np.arange(limb, limb + n_limb), np.arange(drift, drift + n_drift)]).astype(
            np.intp
        )

    def with_weights(self, root_weights: Sequence[NDArray[np.float64]]) -> None:
        """Replace the weights of all nodes."""
        self.curves = tuple(_with_weight(c, weight) for c, weight in zip(self.curves, root_weights, strict=True))

    def set_shapes(self, lin: Linearisation, state: State) -> None:
        """Let each channel's depth shape its ingress as far as it is known better than that of its instrument.

        The shape's depth is the instrument's mean plus s (depth - mean), s = v / (v + noise variance) with v the
        variance of the spectrum beyond the noise: noise in a channel must not shape its ingress, which would bias
        depths towards one side.
        """
        shape_depth, shape_slope = self.shape_depth.copy(), self.shape_slope.copy()
        for instrument in set(self.instrument_of.tolist()):
            chosen = self.instrument_of == instrument
            weight = lin.information[chosen]
            if not weight.any():
                continue
            mean = float(np.average(state.depth[chosen], weights=weight))
            good = weight > 0
            noise = 1.0 / np.where(good, weight, 1.0)
            deviation = state.depth[chosen] - mean
            spread = 0.0
            if good.sum() > 1:
                spread = max(
                    0.0, float(np.average(deviation**2 - noise * (1.0 - weight / weight.sum()), weights=weight))
                )
            slope = np.where(good, spread / (spread + noise), 0.0) if good.sum() > 1 else np.ones(1)
            mean = max(mean, _MIN_SHAPE * self.radius**2)
            shape = mean + slope * (state.depth[chosen] - mean)
            low = shape < _MIN_SHAPE * mean
            shape_depth[chosen] = np.where(low, _MIN_SHAPE * mean, shape)
            shape_slope[chosen] = np.where(low, 0.0, slope)
        self.shape_depth, self.shape_slope, self.shape_at = shape_depth, shape_slope, state.depth

    def linearise(self, state: State) -> Linearisation:
        """Evaluate the model and its normal equations."""
        theta, depth = state.theta, state.depth
        shape_depth = self.shape_depth + self.shape_slope * (depth - self.shape_at)
        shape_depth = np.maximum(shape_depth, 0.5 * _MIN_SHAPE * self.radius**2)
        n_depth, n_theta = self.n_depth, self.n_theta
        information, depth_gradient = np.zeros((2, n_depth))
        cross = np.zeros((n_depth, n_theta))
        normal = np.diag(self.prior_std**-2.0)
        offset = self.prior_mean - theta
        gradient = offset * self.prior_std**-2.0
        cost = float(offset @ gradient)
        nodes = []
        for number, c in enumerate(self.curves):
            node = self._columns(number, theta, depth[c.channel], shape_depth[c.channel])
            gram = node.columns @ node.columns.transpose(0, 2, 1)
            star = gram[:, 0, 0]
            star = np.where(star > 0, star, 1.0)
            gram = gram[:, 1:, 1:] - gram[:, 1:, :1] * gram[:, :1, 1:] / star[:, None, None]
            index, expansion = self.indices(number), c.expansion
            information[c.channel] += gram[:, 0, 0]
            depth_gradient[c.channel] += gram[:, 0, -1]
            cross[c.channel[:, None], index] += (gram[:, 0, None, 1:-1] @ expansion)[:, 0]
            flat = expansion.reshape(-1, expansion.shape[2])
            normal[np.ix_(index, index)] += flat.T @ (gram[:, 1:-1, 1:-1] @ expansion).reshape(flat.shape)
            gradient[index] += flat.T @ gram[:, 1:-1, -1].ravel()
            cost += float(gram[:, -1, -1].sum())
            nodes.append(node)
        return Linearisation(cost, information, cross, normal, depth_gradient, gradient, tuple(nodes))

    def _columns(
        self, node: int, theta: NDArray[np.float64], depth: NDArray[np.float64], shape_depth: NDArray[np.float64]
    ) -> NodeColumns:
        c = self.curves[node]
        geometry = self.geometry(theta, c.visit)
        if self.shape == "trapezoid":
            dip = trapezoid_dip(c.time, c.exposure, geometry, depth)
        else:
            u1, u2 = self.limb_darkening(theta, node)
            slope = self.shape_slope[c.channel]
            dip = limb_darkened_dip(c.time, c.exposure, geometry, depth, shape_depth, slope, u1, u2)
        transit = 1.0 - dip.value
        coefficients = self.drift_coefficients(theta, node)
        drift = 1.0 + c.drift_wavelength @ (c.drift.columns @ coefficients).T
        n_drift = c.drift.columns.shape[1]
        columns = np.empty((len(depth), 2 + SHAPE_COLUMNS + n_drift + 1, len(c.time)))
        root = c.root_weight
        level = np.multiply(root, transit * drift, out=columns[:, 0])
        weighted = root * c.flux
        norm = np.einsum("ct,ct->c", level, level)
        star = np.divide(np.einsum("ct,ct->c", level, weighted), norm, out=np.zeros(len(norm)), where=norm > 0)
        falling = -(star[:, None] * root) * drift
        parts = (dip.by_depth, dip.by_mid_transit, dip.by_duration, dip.by_impact, dip.by_u1, dip.by_u2)
        for at, derivative in enumerate(parts, start=1):
            np.multiply(falling, derivative, out=columns[:, at])
        flat = (star[:, None] * root) * transit
        np.multiply(flat[:, None, :], c.drift.columns.T, out=columns[:, 2 + SHAPE_COLUMNS : -1])
        columns[:, -1] = weighted - star[:, None] * level
        return NodeColumns(star, transit, drift, columns)

    def fit(
        self, state: State, max_steps: int = 30, tolerance: float = _CONVERGED, linear: bool = False
    ) -> tuple[State, Linearisation]:
        """Minimise by Levenberg-Marquardt steps; return the best state and its linearisation.

        With ``linear`` only depths and drift move, orbit and limb darkening stay.
        """
        best, lin = state, self.linearise(state)
        damping = 0.0
        for _ in range(max_steps):
            step, expected = self._step(best, lin, damping, self.drift_start[0] if linear else 0)
            if expected < tolerance:
                break
            trial = self.linearise(step)
            if np.isfinite(trial.cost) and trial.cost <= lin.cost + tolerance:
                best, lin = step, trial
                damping = 0.0 if damping < 1e-3 else 0.1 * damping
            else:
                damping = max(1e-3, 10.0 * damping)
                if damping > _MAX_DAMPING:
                    break
        return best, lin

    def _step(self, state: State, lin: Linearisation, damping: float, first: int) -> tuple[State, float]:
        matrix = lin.reduced + damping * np.diag(np.diag(lin.normal))
        known = lin.information > 0
        inverse = np.where(known, 1.0 / np.where(known, lin.information, 1.0), 0.0)
        right = lin.gradient - lin.response.T @ lin.depth_gradient
        change = np.zeros(len(right))
        change[first:] = scaled_inverse(matrix[first:, first:]) @ right[first:]
        theta = self._bounded(state, change)
        change = theta - state.theta
        depth = state.depth + inverse * (lin.depth_gradient - lin.cross @ change)
        expected = float(change @ right + inverse @ lin.depth_gradient**2)
        return State(depth, theta), abs(expected)

    def _bounded(self, state: State, change: NDArray[np.float64]) -> NDArray[np.float64]:
        """Keep the geometry possible; a step that would more than halve or double the duration is cut."""
        theta = state.theta + change
        at = self.n_visit
        duration = state.theta[at]
        theta[at] = np.clip(theta[at], 0.5 * duration, 2.0 * duration)
        theta[:at] = np.clip(theta[:at], state.theta[:at] - 0.5 * duration, state.theta[:at] + 0.5 * duration)
        low, high = (_MIN_INGRESS, 0.5) if self.shape == "trapezoid" else (_MIN_IMPACT, 0.995 * (1 + self.radius) ** 2)
        theta[at + 1] = np.clip(theta[at + 1], low, high)
        return theta


def _with_weight(curves: Curves, root_weight: NDArray[np.float64]) -> Curves:
    changed = replace(curves, root_weight=root_weight)
    changed.__dict__["expansion"] = curves.expansion
    return changed
