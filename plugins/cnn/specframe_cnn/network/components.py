"""Principal components of spectra as the first, fixed layer of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Components", "principal_components"]

#: Components with less than this part of the variance are rounding.
_ROUNDING = 1e-10
#: How often missing values are filled with what the components say of them.
_FILLINGS = 10


class Components(nn.Module):
    """Scores of principal components in place of the values at each wavelength; nothing of it is learned further.

    The scores are the expectation of probabilistic principal components (Tipping & Bishop 1999, JRSS B 61, 611),
    those that hardly rise above the noise count for less. Their sizes are levelled by ``size``: so a network sees
    the many small differences between spectra as well as the few large ones. Missing values are filled with what
    the components say of them (expectation-maximisation, Roweis 1998). Where gaps are ``told``, because training
    has some, the part of each component that is missing stands behind the scores.

    ``loadings`` (component, channel * wavelength) with norms of the components' signal, ``weights`` (channel *
    wavelength, component) that make scores of unit variance of values, and ``size (component,)`` of the scores are
    what :func:`principal_components` found; they are no part of the network's state. The second half of the
    channels marks what is missing in the first.
    """

    loadings: Tensor
    weights: Tensor
    size: Tensor

    def __init__(self, loadings: NDArray[Any], weights: NDArray[Any], size: NDArray[Any], told: bool) -> None:
        super().__init__()
        self.told = told
        for name, values in (("loadings", loadings), ("weights", weights), ("size", size)):
            self.register_buffer(name, torch.from_numpy(values.astype(np.float32)), persistent=False)

    @property
    def width(self) -> int:
        """How many numbers it gives of each target."""
        return len(self.loadings) * (2 if self.told else 1)

    def extra_repr(self) -> str:
        """Say how many components there are."""
        return f"{len(self.loadings)} of {self.loadings.shape[1]} values"

    def forward(self, series: Tensor) -> Tensor:
        """Return the scores (target, width) of series (target, channel, wavelength), 0 where missing."""
        values, marks = (half.flatten(1) for half in series.chunk(2, 1))
        missing = marks > 0
        if bool(missing.any()):
            for _ in range(_FILLINGS):
                values = torch.where(missing, (values @ self.weights) @ self.loadings, values)
        scores = values @ self.weights * self.size
        if not self.told:
            return scores
        squared = self.loadings.square()
        lost = missing.to(values.dtype) @ (squared / squared.sum(1, keepdim=True).clamp(min=1e-12)).T
        return torch.cat([scores, lost], 1)


def principal_components(
    standard: NDArray[Any], count: int, whitening: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return loadings (component, feature), weights (feature, component) and sizes of at most ``count`` components.

    ``standard`` (n, feature) is the training set around its mean, 0 where a value is missing. The variance that is left
    to the further components is that of the noise, which is taken from what each component has. A score has a standard
    deviation proportional to that of its component to the power 1 - ``whitening``; their mean square is 1.
    """
    n, n_feature = standard.shape
    rows = np.asarray(standard, float)
    wide = n_feature > n
    gram = (rows @ rows.T if wide else rows.T @ rows) / n
    variance, vectors = np.linalg.eigh(gram)
    variance, vectors = variance[::-1], vectors[:, ::-1]
    total = max(float(np.trace(gram)), np.finfo(float).tiny)
    keep = max(min(count, int(np.sum(variance > _ROUNDING * total))), 1)
    left = total - float(variance[:keep].sum())
    variance, vectors = np.maximum(variance[:keep], np.finfo(float).tiny), vectors[:, :keep]
    if wide:
        vectors = rows.T @ vectors / np.sqrt(variance * n)
    # the sign of a component is arbitrary: the largest entry is positive, so that it does not hang on rounding
    largest = np.abs(vectors).argmax(axis=0)
    signs = np.sign(vectors[largest, np.arange(keep)])
    vectors = vectors * np.where(signs == 0, 1.0, signs)
    noise = max(left / max(n_feature - keep, 1), 0.0)
    signal = np.sqrt(np.maximum(variance - noise, 0.0))
    size = variance ** (0.5 * (1.0 - whitening))
    return (vectors * signal).T, vectors * signal / variance, size / np.sqrt(np.mean(np.square(size)))
