"""Normal equations of a joint fit: the light curves that enter, and what a linearisation of their model says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.drift import DriftBasis

__all__ = ["SHAPE_COLUMNS", "Curves", "Linearisation", "NodeColumns", "State", "scaled_inverse"]

#: Columns of a node before those of its drift: mid-transit, duration, impact parameter squared, u1, u2.
SHAPE_COLUMNS = 5


@dataclass(frozen=True)
class Curves:
    """Light curves of one instrument in one visit.

    ``time`` (n_time,) in d since a time that all instruments of the visit share; ``exposure`` in d; ``flux`` and
    ``root_weight`` (n_channel, n_time), the latter one over the error, 0 where a sample is not used; ``channel``
    (n_channel,) numbers the depths, which visits share; ``limb_darkening`` (2, n_channel) is known beforehand and
    ``limb_basis`` (n_channel, m) corrects it; ``drift_wavelength`` (n_channel, k) multiplies ``drift`` in time.
    """

    time: NDArray[np.float64]
    exposure: float
    flux: NDArray[np.float64]
    root_weight: NDArray[np.float64]
    channel: NDArray[np.intp]
    visit: int
    instrument: int
    limb_darkening: NDArray[np.float64]
    limb_basis: NDArray[np.float64]
    drift: DriftBasis
    drift_wavelength: NDArray[np.float64]

    @cached_property
    def expansion(self) -> NDArray[np.float64]:
        """How each channel's columns depend on the node's parameters: (n_channel, n_column, n_parameter)."""
        n_channel, n_limb = self.limb_basis.shape
        n_time, n_wavelength = self.drift.columns.shape[1], self.drift_wavelength.shape[1]
        matrix = np.zeros((n_channel, SHAPE_COLUMNS + n_time, 3 + 2 * n_limb + n_time * n_wavelength))
        matrix[:, [0, 1, 2], [0, 1, 2]] = 1.0
        matrix[:, 3, 3 : 3 + n_limb] = self.limb_basis
        matrix[:, 4, 3 + n_limb : 3 + 2 * n_limb] = self.limb_basis
        for j in range(n_time):
            start = 3 + 2 * n_limb + j * n_wavelength
            matrix[:, SHAPE_COLUMNS + j, start : start + n_wavelength] = self.drift_wavelength
        return matrix


@dataclass(frozen=True)
class State:
    """Where a fit stands: ``depth`` (n_depth,) and the shared parameters ``theta``.

    See :class:`~specframe_transit.joint.joint_fit.JointModel`.
    """

    depth: NDArray[np.float64]
    theta: NDArray[np.float64]


@dataclass(frozen=True)
class NodeColumns:
    """A node's model, linearised; everything weighted by one over the error.

    ``star`` (n_channel,): level of the star, ``transit`` and ``drift`` (n_channel, n_time): factors that multiply it.
    ``columns`` (n_channel, n_column, n_time): derivatives by star level, depth, shape and drift, then the residual.
    """

    star: NDArray[np.float64]
    transit: NDArray[np.float64]
    drift: NDArray[np.float64]
    columns: NDArray[np.float64]

    @property
    def model(self) -> NDArray[np.float64]:
        """Flux expected (n_channel, n_time)."""
        return self.star[:, None] * self.transit * self.drift


@dataclass(frozen=True)
class Linearisation:
    """Normal equations at a state, star levels eliminated.

    ``information`` (n_depth,), ``cross`` (n_depth, n_theta) and ``normal`` (n_theta, n_theta) are the blocks of the
    normal matrix, priors included; ``depth_gradient`` and ``gradient`` half the descent of ``cost``: chi-square and
    priors.
    """

    cost: float
    information: NDArray[np.float64]
    cross: NDArray[np.float64]
    normal: NDArray[np.float64]
    depth_gradient: NDArray[np.float64]
    gradient: NDArray[np.float64]
    nodes: tuple[NodeColumns, ...]

    @cached_property
    def response(self) -> NDArray[np.float64]:
        """By how much each depth falls when a shared parameter rises, (n_depth, n_theta)."""
        known = self.information > 0
        return np.where(known[:, None], self.cross / np.where(known, self.information, 1.0)[:, None], 0.0)

    @cached_property
    def reduced(self) -> NDArray[np.float64]:
        """Normal matrix of the shared parameters with every depth eliminated (Schur complement)."""
        return self.normal - self.cross.T @ self.response

    @cached_property
    def theta_covariance(self) -> NDArray[np.float64]:
        """Covariance of the shared parameters, marginal over depths and star levels."""
        return scaled_inverse(self.reduced)

    def depth_covariance(self) -> NDArray[np.float64]:
        """Covariance of the depths, marginal over all other parameters; infinite where there are no data."""
        local = np.divide(1.0, self.information, out=np.full(len(self.information), np.inf), where=self.information > 0)
        return np.diag(local) + self.response @ self.theta_covariance @ self.response.T


def scaled_inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Invert a symmetric matrix whose parameters have very different units; directions without data get 0."""
    scale = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    inverse: NDArray[np.float64] = np.linalg.pinv(matrix / np.outer(scale, scale), rcond=1e-13, hermitian=True)
    return np.asarray(inverse / np.outer(scale, scale))
