"""What measured depths differ from true ones: reported errors, and a bias that targets share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe.api import DepthSpectra

__all__ = ["DepthNoise", "Reported"]

#: Rounds of expectation maximisation, after which shared biases have settled to a few percent of the noise.
_ROUNDS = 60
#: Eigenvectors of a reported correlation matrix that are kept; the rest stays on its diagonal.
_CORRELATED = 6
#: Eigenvalue of a correlation matrix from which on it tells of something that channels have in common.
_COUNTS = 1.05
#: Rounds of splitting it, the change of a channel's own part at which it has settled, and the least that part may be.
_SPLITTING_ROUNDS, _SPLIT, _LEAST_OWN = 20, 1e-2, 1e-3
#: White depths below this part of the largest count as that: they scale biases, and none may divide by zero.
_LEAST_WHITE = 1e-6


@dataclass(frozen=True)
class Reported:
    """DepthSpectra with their reported errors, in the form that the algebra needs.

    ``depth`` and ``variance`` have shape (n_target, n_channel); the variance is infinite and the depth 0 where a
    channel was not measured. The covariance of a target is ``diag(variance) + modes @ modes.T`` with ``modes
    (n_target, n_channel, r)``, r = 0 where channels are independent. ``white (n_target,)`` scales what grows with the
    depth.
    """

    depth: NDArray[np.float64]
    variance: NDArray[np.float64]
    modes: NDArray[np.float64]
    white: NDArray[np.float64]

    @classmethod
    def of(cls, spectra: DepthSpectra, default_error: NDArray[np.float64]) -> Self:
        """Take measured spectra; ``default_error`` (n_channel,) where they have no errors."""
        known = spectra.known
        error = default_error if spectra.error is None else spectra.error
        variance = np.where(known, np.square(np.broadcast_to(error, known.shape)), np.inf)
        modes = np.zeros((*known.shape, 0))
        if spectra.covariance is not None:
            split = [_low_rank(c, k) for c, k in zip(spectra.covariance, known, strict=True)]
            variance = np.where(known, np.array([diagonal for diagonal, _ in split]), np.inf)
            modes = np.array([columns for _, columns in split])
        return cls(np.where(known, spectra.depth, 0.0), variance, modes, spectra.white())

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which channels were measured."""
        return np.isfinite(self.variance)

    def take(self, index: NDArray[np.intp]) -> Self:
        """Return some of the targets."""
        return type(self)(self.depth[index], self.variance[index], self.modes[index], self.white[index])


@dataclass(frozen=True)
class DepthNoise:
    """Measured minus true depth: ``white * (bias + shared @ c) + e``, ``c`` standard normal, ``e`` as reported.

    A fit that takes the star for a uniform disc, or a trend for part of a transit, is wrong by a part of the depth
    that varies slowly with wavelength: by ``bias (n_channel,)`` on average, and by a few ``shared (n_channel, l)``
    modes to a different degree for each target. The reported covariance is multiplied by ``inflation``.
    """

    bias: NDArray[np.float64]
    shared: NDArray[np.float64]
    inflation: float

    @classmethod
    def fit(cls, data: Reported, truth: NDArray[np.float64], weight: NDArray[np.float64], n_shared: int) -> Self:
        """Learn it by expectation maximisation: factor analysis whose noise is known but for its size.

        The steps are those of Rubin & Thayer (1982, Psychometrika 47, 69), for data with an error each.
        ``truth`` has shape (n_target, n_channel), ``weight`` (n_target,).
        """
        known = data.known
        white = scale_of(data.white)[:, None]
        residual = np.where(known, data.depth - truth, 0.0) / white
        precision = np.where(known, np.square(white) / np.where(known, data.variance, 1.0), 0.0)
        modes = data.modes / white[:, :, None]
        counted = precision * weight[:, None]
        total = counted.sum(axis=0)
        bias = (counted * residual).sum(axis=0) / np.where(total > 0, total, 1.0)
        shared = _start(np.where(known, residual - bias, 0.0), weight, n_shared)
        n_channel, inflation = len(bias), 1.0
        # Coefficients that each channel spends on the targets' residuals.
        freedom = max(1.0 - (1.0 + n_shared) / max(known.sum(axis=0).mean(), 1.0), 0.1)
        for _ in range(_ROUNDS):
            own = np.sqrt(inflation) * modes
            design = np.concatenate([np.broadcast_to(shared, (len(white), n_channel, n_shared)), own], axis=2)
            scaled = design * (precision / inflation)[:, :, None]
            covariance = np.linalg.inv(np.eye(design.shape[2]) + np.swapaxes(design, 1, 2) @ scaled)
            amplitude = np.einsum("nkl,nl->nk", covariance, np.einsum("nmk,nm->nk", scaled, residual - bias))
            second = amplitude[:, :, None] * amplitude[:, None, :] + covariance
            factor = np.concatenate([amplitude[:, :n_shared], np.ones((len(white), 1))], axis=1)
            square = factor[:, :, None] * factor[:, None, :]
            square[:, :n_shared, :n_shared] += covariance[:, :n_shared, :n_shared]
            left = np.einsum("nm,nkl->mkl", counted, square)
            left += 1e-12 * (counted.mean() + np.finfo(float).tiny) * np.eye(n_shared + 1)
            right = np.einsum("nm,nk->mk", counted * residual, factor)
            if own.shape[2]:
                cross = np.concatenate([second[:, n_shared:, :n_shared], amplitude[:, n_shared:, None]], axis=2)
                right -= np.einsum("nm,nmr,nrk->mk", counted, own, cross, optimize=True)
            solved = np.linalg.solve(left, right[:, :, None])[:, :, 0]
            shared, bias = solved[:, :n_shared], solved[:, n_shared]
            design[:, :, :n_shared] = shared
            rest = residual - bias - np.einsum("nmk,nk->nm", design, amplitude)
            spread = ((design @ covariance) * design).sum(axis=2)
            mean_square = (counted * (np.square(rest) + spread)).sum() / (weight[:, None] * known).sum()
            inflation = float(max(mean_square / freedom, np.finfo(float).eps))
        return cls(bias, shared, inflation)

    def log_likelihood(self, data: Reported, truth: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logarithm of the probability of each target's measurement, given its true spectrum."""
        known, white = data.known, data.white[:, None]
        precision = np.where(known, 1.0 / (self.inflation * np.where(known, data.variance, 1.0)), 0.0)
        residual = np.where(known, data.depth - truth - white * self.bias, 0.0)
        design = np.concatenate([white[:, :, None] * self.shared, np.sqrt(self.inflation) * data.modes], axis=2)
        scaled = design * precision[:, :, None]
        inner = np.eye(design.shape[2]) + np.swapaxes(design, 1, 2) @ scaled
        projected = np.einsum("nmk,nm->nk", scaled, residual)
        solved = np.linalg.solve(inner, projected[:, :, None])[:, :, 0]
        distance = (precision * np.square(residual)).sum(axis=1) - (projected * solved).sum(axis=1)
        scale = np.log(np.where(known, precision / (2 * np.pi), 1.0)).sum(axis=1) - np.linalg.slogdet(inner)[1]
        return np.asarray(0.5 * (scale - distance))

    def state(self) -> dict[str, np.ndarray]:
        """Return arrays to be saved."""
        return {name: np.asarray(value) for name, value in vars(self).items()}

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray]) -> Self:
        """Take what :meth:`state` returned."""
        return cls(arrays["bias"], arrays["shared"], float(arrays["inflation"]))


def scale_of(white: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return white depths that may divide: those next to nothing replaced."""
    least = _LEAST_WHITE * max(float(np.abs(white).max()), np.finfo(float).tiny)
    return np.where(np.abs(white) < least, least, white)


def _start(residual: NDArray[np.float64], weight: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    if count == 0:
        return np.zeros((residual.shape[1], 0))
    rows = residual * np.sqrt(weight / weight.sum())[:, None]
    _, singular, components = np.linalg.svd(rows, full_matrices=False)
    start = np.zeros((residual.shape[1], count))
    start[:, : len(singular)] = (components[:count].T * singular[:count])[:, : len(singular)]
    return start


def _low_rank(
    covariance: NDArray[np.float64], known: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split a covariance into a diagonal and at most :data:`_CORRELATED` columns, its variances kept.

    By iterated principal factors (Harman 1976, Modern Factor Analysis, 8.4).
    """
    deviation = np.sqrt(np.where(known, np.diagonal(covariance), 1.0))
    both = known[:, None] & known[None, :]
    correlation = np.where(both, covariance / (deviation[:, None] * deviation[None, :]), np.eye(len(known)))
    correlation = 0.5 * (correlation + correlation.T)
    # Independent noise has eigenvalues of 1: only what is above is correlated.
    count = min(int(np.sum(np.linalg.eigvalsh(correlation) > _COUNTS)), _CORRELATED)
    modes = np.zeros((len(known), _CORRELATED))
    if count == 0:
        return np.square(deviation), modes
    own = np.ones(len(known))
    for _ in range(_SPLITTING_ROUNDS):
        root = np.sqrt(own)
        values, vectors = np.linalg.eigh(correlation / (root[:, None] * root[None, :]))
        columns = root[:, None] * vectors[:, -count:] * np.sqrt(np.maximum(values[-count:] - 1.0, 0.0))
        before, own = own, np.clip(1.0 - np.square(columns).sum(axis=1), _LEAST_OWN, 1.0)
        if np.max(np.abs(own - before)) < _SPLIT:
            break
    columns[~known] = 0.0
    modes[:, :count] = deviation[:, None] * columns
    return np.square(deviation) * own, modes
