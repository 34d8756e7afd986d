"""The posterior of a spectrum, given a measurement of it and a process along wavelength."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.linalg import LinAlgError, cholesky, eigh, solve_triangular

from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DepthErrors", "Posterior", "SpectrumProcess"]

#: White depths below this part of the typical one count as that: they scale errors and amplitudes.
_LEAST_WHITE = 1e-3
_TINY = float(np.finfo(float).tiny)


def _nothing() -> NDArray[np.float64]:
    return np.zeros((0, 0))


@dataclass(frozen=True)
class Posterior:
    """``mean (n_output,)`` and ``covariance (n_output, n_output)`` of the true depths.

    ``misfit`` is the squared Mahalanobis distance of the measurement from what prior and noise expect, per degree of
    freedom: about 1.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    misfit: float


@dataclass(frozen=True)
class DepthErrors:
    """Measured minus true depth: ``white * bias`` and errors of covariance ``N``.

    ``N = inflation * C + jitter * I + white^2 (level + smooth * k)`` with the reported covariance ``C`` and a squared
    exponential ``k`` of ``length`` along the positions ``centre (n_channel,)`` of the channels. ``jitter`` is in
    squared depths, ``level`` and ``smooth`` are relative to the white depth.
    """

    centre: NDArray[np.float64]
    bias: NDArray[np.float64]
    inflation: float = 1.0
    jitter: float = 0.0
    level: float = 0.0
    smooth: float = 0.0
    length: float = 1.0

    def covariance(self, reported: NDArray[np.float64], known: NDArray[np.bool_], white: float) -> NDArray[np.float64]:
        """Return N (k, k) of the channels that are known, from ``reported (k, k)``."""
        centre = self.centre[known]
        apart = (centre[:, None] - centre[None, :]) / self.length
        common = self.level + self.smooth * np.exp(-0.5 * np.square(apart))
        own = self.jitter * np.eye(len(centre))
        return np.asarray(self.inflation * reported + own + white**2 * common)

    def state(self) -> dict[str, NDArray[np.float64]]:
        """Return arrays to be saved."""
        return {name: np.asarray(value, float) for name, value in vars(self).items()}

    @classmethod
    def from_state(cls, arrays: dict[str, NDArray[np.float64]]) -> Self:
        """Take what :meth:`state` returned."""
        return cls(**{k: a if a.ndim else float(a) for k, a in arrays.items()})  # type: ignore[arg-type]


@dataclass(frozen=True)
class SpectrumProcess:
    """The prior ``level + amplitude * (mean + f)`` of spectra on measured channels and on outputs.

    ``measured (c, c)``, ``cross (o, c)`` and ``outputs (o, o)`` are covariances of ``f`` in squared depths;
    ``measured_mean (c,)`` and ``output_mean (o,)`` its mean shape. Amplitudes are ``(white / typical_white)^exponent *
    amplitudes`` with ``probabilities (j,)``: a scale mixture of normals (Andrews & Mallows 1974, J. R. Stat. Soc. B
    36, 99). Of the level nothing is assumed. With the probability ``novelty`` a spectrum has features besides that no
    training spectrum had, of the covariances ``unknown_measured``, ``unknown_cross`` and ``unknown_outputs``.
    """

    measured: NDArray[np.float64]
    cross: NDArray[np.float64]
    outputs: NDArray[np.float64]
    measured_mean: NDArray[np.float64]
    output_mean: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    exponent: float
    typical_white: float
    novelty: float = 0.0
    unknown_measured: NDArray[np.float64] = field(default_factory=_nothing)
    unknown_cross: NDArray[np.float64] = field(default_factory=_nothing)
    unknown_outputs: NDArray[np.float64] = field(default_factory=_nothing)

    def with_unknown(
        self,
        novelty: float,
        measured: NDArray[np.float64],
        cross: NDArray[np.float64],
        outputs: NDArray[np.float64],
    ) -> Self:
        """Return the prior under which spectra have unknown features, of these covariances, with this probability."""
        return replace(self, novelty=novelty, unknown_measured=measured, unknown_cross=cross, unknown_outputs=outputs)

    def relative_white(self, white: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return white depths over the typical one, positive."""
        return np.maximum(white / self.typical_white, _LEAST_WHITE)

    def posterior(
        self, depth: NDArray[np.float64], known: NDArray[np.bool_], noise: NDArray[np.float64], white: float
    ) -> Posterior:
        """Return the posterior of a target measured in the channels ``known (c,)``.

        ``depth (k,)`` are those, biases taken out, and ``noise (k, k)`` is the covariance of their errors. With ``K +
        N`` made diagonal once (generalised eigenvalues of K and N), every amplitude costs a few sums. For a given one
        this is generalised least squares for the level and Kriging around it (Rasmussen & Williams 2006, Gaussian
        Processes for Machine Learning, eq. 2.41-2.42 with B infinite).

        Raises
        ------
        DataError
            When ``noise`` is no covariance.
        """
        try:
            root = cholesky(noise, lower=True)
        except LinAlgError:
            raise DataError(
                "spectrum-gp: a covariance of measured depths is not positive definite; set depth_covariance: false"
            ) from None
        scale = float(self.relative_white(np.array([white]))[0]) ** self.exponent
        alternatives = [_Alternative.of(self, depth, known, root, scale)]
        if self.novelty > 0:
            wider = replace(
                self,
                measured=self.measured + self.unknown_measured,
                cross=self.cross + self.unknown_cross,
                outputs=self.outputs + self.unknown_outputs,
            )
            alternatives.append(_Alternative.of(wider, depth, known, root, scale))
        prior = (1.0 - self.novelty, self.novelty)[: len(alternatives)]
        logs = np.stack([a.evidence + np.log(max(p, _TINY)) for a, p in zip(alternatives, prior, strict=True)])
        weights = np.exp(logs - logs.max())
        weights /= weights.sum()
        mean = np.asarray(sum(w @ a.means for w, a in zip(weights, alternatives, strict=True)))
        covariance = np.asarray(sum(a.covariance(w, mean) for w, a in zip(weights, alternatives, strict=True)))
        # how badly it fits is told by what is known of spectra
        fits = np.exp(logs[0] - logs[0].max())
        misfit = float(fits @ alternatives[0].distance / fits.sum()) / max(len(depth) - 1, 1)
        return Posterior(mean, 0.5 * (covariance + covariance.T), misfit)

    def state(self) -> dict[str, NDArray[np.float64]]:
        """Return arrays to be saved."""
        return {name: np.asarray(value, float) for name, value in vars(self).items()}

    @classmethod
    def from_state(cls, arrays: dict[str, NDArray[np.float64]]) -> Self:
        """Take what :meth:`state` returned."""
        return cls(**{k: a if a.ndim else float(a) for k, a in arrays.items()})  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Alternative:
    """A measured spectrum under one prior, for every amplitude.

    ``evidence (j,)`` is the logarithm of its probability times that of the amplitude, ``distance (j,)`` its squared
    Mahalanobis distance, ``means (j, o)`` the posterior mean of outputs; the rest makes their covariance.
    """

    evidence: NDArray[np.float64]
    distance: NDArray[np.float64]
    means: NDArray[np.float64]
    square: NDArray[np.float64]
    precision: NDArray[np.float64]
    unsure: NDArray[np.float64]
    reach: NDArray[np.float64]
    outputs: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        process: SpectrumProcess,
        depth: NDArray[np.float64],
        known: NDArray[np.bool_],
        root: NDArray[np.float64],
        scale: float,
    ) -> Self:
        """Condition on depths whose noise has the Cholesky factor ``root``; ``scale`` multiplies all amplitudes."""
        shape, mean = process.measured[np.ix_(known, known)], process.measured_mean[known]
        half = solve_triangular(root, shape, lower=True)
        whitened = solve_triangular(root, half.T, lower=True)
        values, vectors = eigh(0.5 * (whitened + whitened.T))
        values = np.maximum(values, 0.0)
        columns = np.stack([np.ones_like(depth), depth, mean], axis=1)
        one, data, shape_mean = (vectors.T @ solve_triangular(root, columns, lower=True)).T
        # covariance of f at outputs with the measurement, in the same basis: shape (o, k)
        reach = process.cross[:, known] @ solve_triangular(root, vectors, lower=True, trans="T")

        amplitude = (scale * process.amplitudes)[:, None]  # shape: (j, 1)
        square = np.square(amplitude)
        precision = 1.0 / (square * values + 1.0)
        residual = data - amplitude * shape_mean
        of_level = (precision * np.square(one)).sum(axis=1)
        level = (precision * one * residual).sum(axis=1) / of_level
        left = residual - level[:, None] * one
        distance = (precision * np.square(left)).sum(axis=1)
        evidence = 0.5 * (np.log(precision).sum(axis=1) - np.log(of_level) - distance)
        evidence += np.log(np.maximum(process.probabilities, _TINY))
        means = level[:, None] + amplitude * process.output_mean + (square * precision * left) @ reach.T
        unsure = (1.0 - (square * precision * one) @ reach.T) / np.sqrt(of_level)[:, None]  # shape: (j, o)
        return cls(evidence, distance, means, square[:, 0], precision, unsure, reach, process.outputs)

    def covariance(self, weight: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what amplitudes of these weights (j,) add to the covariance around ``mean (o,)``."""
        told = (weight[:, None] * np.square(self.square)[:, None] * self.precision).sum(axis=0)
        apart = self.means - mean
        covariance = float(weight @ self.square) * self.outputs - (self.reach * told) @ self.reach.T
        spread = (weight[:, None] * self.unsure).T @ self.unsure + (weight[:, None] * apart).T @ apart
        return np.asarray(covariance + spread)
