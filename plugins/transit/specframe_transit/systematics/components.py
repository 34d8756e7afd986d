"""Principal components, in time, of what a first fit leaves in all channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["principal_components"]

#: Rounds in which masked samples are replaced by what the components say, and the change at which that ends.
_ROUNDS, _CHANGE = 50, 1e-4


def principal_components(
    residual: Array, error: Array, use: NDArray[np.bool_], n_components: int
) -> tuple[Array, Array]:
    """Return the leading components and the part of the variance that each explains.

    Residuals of the full model, transit included, know no transit, so that a component holds none either. Channels are
    weighted by their errors. Masked samples take part as the components predict them, found by iteration.

    Parameters
    ----------
    residual, error, use
        Shape (n_channel, n_time); ``error`` in the units of the residuals, not read where ``use`` is False.
    n_components
        How many, at most one less than there are channels and times.

    Returns
    -------
    components
        Shape (n_components, n_time), mean 0 and standard deviation 1 each; the sign is that which most of the light
        follows. 0 at times at which no channel is used.
    explained
        Shape (n_components,), parts of the variance of the weighted residuals.

    Raises
    ------
    DataError
        When there are not more channels and times than components.
    """
    use = np.asarray(use, bool) & np.isfinite(residual)
    lit, seen = np.any(use, axis=1), np.any(use, axis=0)
    most = min(int(lit.sum()), int(seen.sum())) - 1
    if n_components > most:
        raise DataError(
            f"pca: {n_components} components of {int(lit.sum())} usable channels and {int(seen.sum())} times, at most "
            f"{max(most, 0)} are possible"
        )
    part = use[np.ix_(lit, seen)]
    weight = 1.0 / np.where(part, error[np.ix_(lit, seen)], 1.0)
    values = np.where(part, residual[np.ix_(lit, seen)] * weight, 0.0)
    filled = values
    for _ in range(_ROUNDS):
        centred = filled - filled.mean(axis=1, keepdims=True)
        left, singular, right = np.linalg.svd(centred, full_matrices=False)
        model = (left[:, :n_components] * singular[:n_components]) @ right[:n_components]
        predicted = np.where(part, values, model + filled.mean(axis=1, keepdims=True))
        change = np.abs(predicted - filled).max()
        filled = predicted
        if change <= _CHANGE:
            break
    sign = np.where(left[:, :n_components].sum(axis=0) >= 0, 1.0, -1.0)
    components = np.zeros((n_components, use.shape[1]))
    components[:, seen] = right[:n_components] * sign[:, None] * np.sqrt(right.shape[1])
    total = float(np.square(singular).sum())
    explained = np.square(singular[:n_components]) / (total if total > 0 else 1.0)
    return components, explained
