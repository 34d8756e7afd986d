"""How spectra vary, learned from true ones: principal components, and an amplitude for each target."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["SpectrumPrior"]

#: Amplitudes at which the prior is mixed, over the range of the training set and a bit beyond (in ln).
_GRID, _BEYOND = 15, 0.3
#: A spectrum that varies less than this part of the typical one is flat but for rounding: it says nothing of shapes.
_FLAT = 1e-3
#: Parts of the training set held out in turn, to learn what the components leave of spectra that did not make them.
_FOLDS = 5
#: Factor of Silverman's rule for the width of a Gaussian kernel (Silverman 1986, Density Estimation, eq. 3.28).
_SILVERMAN = 1.06


@dataclass(frozen=True)
class SpectrumPrior:
    """A prior for spectra, relative to their own mean over channels: ``amplitude * (mean + components @ z + rest)``.

    ``z`` is standard normal, ``rest`` independent noise of variance ``rest_variance`` in every channel. Spectra differ
    far more in how strong their features are than in which they are: an extended atmosphere shows ten times the
    features of a dense one. So shapes are learned from spectra divided by their own standard deviation over channels,
    and the amplitude has a prior of its own: ``amplitudes (n,)`` with ``probabilities (n,)``, a kernel estimate over
    the logarithms of the training set's. This is a scale mixture of normals (Andrews & Mallows 1974, J. R. Stat.
    Soc. B 36, 99). With one amplitude for all it is the normal prior of the Wiener filter.

    ``mean`` has shape (n_channel,), ``components`` (n_channel, k) are the principal components times the standard
    deviation along them. With the probability ``novelty`` a spectrum has features besides that no training spectrum
    had: ``amplitude * unknown @ u``, ``u`` standard normal, with the columns ``unknown (n_channel, m)``.
    """

    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    rest_variance: float
    amplitudes: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    unknown: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    novelty: float = 0.0

    @classmethod
    def fit(
        cls,
        spectra: NDArray[np.float64],
        weight: NDArray[np.float64],
        n_components: int,
        amplitude: Literal["each", "common"] = "each",
    ) -> Self:
        """Learn it from true spectra (n_target, n_channel) and weights (n_target,)."""
        shapes = spectra - spectra.mean(axis=1, keepdims=True)
        size = shapes.std(axis=1)
        typical = float(np.sqrt(np.average(np.square(size), weights=weight)))
        n_channel = spectra.shape[1]
        if typical <= 1e-12 * np.abs(spectra).max():
            return cls(np.zeros(n_channel), np.zeros((n_channel, 0)), 0.0, np.zeros(1), np.ones(1))
        if amplitude == "common":
            amplitudes, probabilities = np.array([typical]), np.ones(1)
            shapes = shapes / typical
        else:
            size = np.maximum(size, _FLAT * typical)
            amplitudes, probabilities = _kernel_estimate(size, weight)
            shapes = shapes / size[:, None]
            varies = size > _FLAT * typical
            shapes, weight = shapes[varies], weight[varies]
        mean, components = _principal(shapes, weight, n_components)
        return cls(mean, components, _left_over(shapes, weight, n_components), amplitudes, probabilities)

    def with_unknown(self, unknown: NDArray[np.float64], novelty: float) -> Self:
        """Return the prior under which spectra have unknown features with a probability of ``novelty``."""
        return replace(self, unknown=unknown, novelty=novelty)

    def alternatives(self) -> Iterator[tuple[float, float, NDArray[np.float64], bool]]:
        """Yield amplitude, probability and columns (n_channel, k) of each normal prior, and whether it is a known one.

        Those without unknown features come first.
        """
        for amplitude, probability in zip(self.amplitudes, self.probabilities, strict=True):
            yield float(amplitude), float((1.0 - self.novelty) * probability), self.components, True
        if self.novelty > 0:
            columns = np.concatenate([self.components, self.unknown], axis=1)
            for amplitude, probability in zip(self.amplitudes, self.probabilities, strict=True):
                yield float(amplitude), float(self.novelty * probability), columns, False

    def state(self) -> dict[str, np.ndarray]:
        """Return arrays to be saved; the constructor takes them back."""
        return {name: np.asarray(value) for name, value in vars(self).items()}

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray]) -> Self:
        """Take what :meth:`state` returned."""
        values: dict[str, Any] = dict(arrays)
        for name in ("rest_variance", "novelty"):
            values[name] = float(values[name])
        return cls(**values)


def _kernel_estimate(
    size: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return amplitudes, evenly spaced in their logarithm, and their probabilities."""
    logs = np.log(size)
    centre = np.average(logs, weights=weight)
    spread = float(np.sqrt(np.average(np.square(logs - centre), weights=weight)))
    effective = weight.sum() ** 2 / np.sum(np.square(weight))
    grid = np.linspace(logs.min() - _BEYOND, logs.max() + _BEYOND, _GRID)
    # A kernel narrower than the grid's steps would fall between them.
    width = max(_SILVERMAN * spread * effective**-0.2, float(grid[1] - grid[0]))
    density = (weight[:, None] * np.exp(-0.5 * np.square((grid - logs[:, None]) / width))).sum(axis=0)
    return np.exp(grid), density / density.sum()


def _principal(
    shapes: NDArray[np.float64], weight: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weighted mean and leading principal components (n_channel, k), scaled by their standard deviations."""
    mean = np.average(shapes, axis=0, weights=weight)
    rows = (shapes - mean) * np.sqrt(weight / weight.sum())[:, None]
    # from the smaller Gram matrix, which takes a fraction of the time of a singular value decomposition
    wide = rows.shape[1] > rows.shape[0]
    values, vectors = np.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
    keep = np.flatnonzero(values > 1e-12 * max(values[-1], np.finfo(float).tiny))[::-1][:count]
    if wide:
        return mean, rows.T @ vectors[:, keep]
    return mean, vectors[:, keep] * np.sqrt(values[keep])


def _left_over(shapes: NDArray[np.float64], weight: NDArray[np.float64], count: int) -> float:
    """Return the mean square that mean and components leave of spectra that they were not made of."""
    folds = np.arange(len(shapes)) % min(_FOLDS, len(shapes))
    square = 0.0
    for fold in range(folds.max() + 1):
        out = folds == fold
        if out.all() or weight[~out].sum() <= 0:
            return 0.0
        mean, components = _principal(shapes[~out], weight[~out], count)
        axes, _ = np.linalg.qr(components)
        rest = shapes[out] - mean
        rest = rest - (rest @ axes) @ axes.T
        square += float((weight[out] * np.square(rest).mean(axis=1)).sum())
    return square / float(weight.sum())
