"""How much slopes are shrunk, chosen by what targets that were held out say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import grouped_folds

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["SHRINKAGES", "chosen_shrinkage", "held_out_folds", "some_outputs"]

#: Penalties that are tried, in targets; the last one leaves no slopes.
SHRINKAGES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, np.inf)
_FOLDS = 5
#: Outputs on which a penalty is chosen: more take longer and say the same.
_OUTPUTS = 32


def some_outputs(count: int) -> NDArray[np.intp]:
    """Return which of ``count`` outputs a penalty is chosen on, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(_OUTPUTS, count)).astype(np.intp))


def held_out_folds(prediction: xr.Dataset, seed: int) -> NDArray[np.intp]:
    """Return the fold (n_target,) of each target: the prediction's own, which keep groups whole, else random ones.

    Which are together then follows from the targets' names and the seed, whatever their order.
    """
    if "fold" in prediction:
        fold = np.unique(prediction["fold"].values, return_inverse=True)[1]
        if fold.max() > 0:
            return np.asarray(fold.reshape(-1), np.intp)
    names = prediction["target"].values
    folds = np.zeros(len(names), np.intp)
    if len(names) > 1:
        for number, (_, test) in enumerate(grouped_folds(names, min(_FOLDS, len(names)), seed)):
            folds[test] = number
    return folds


def chosen_shrinkage(
    fit: Callable[[NDArray[np.bool_], float], Any],
    loss: Callable[[Any, NDArray[np.bool_]], NDArray[np.float64]],
    folds: NDArray[np.intp],
) -> float:
    """Return the penalty of :data:`SHRINKAGES` under which targets held out in turn have the least mean loss.

    ``fit(train, penalty)`` and ``loss(fit, test)``, which is one number per target, take masks of targets. Without a
    slope whenever none is better by more than the standard error of the difference.
    """
    n = len(folds)
    losses = np.full((len(SHRINKAGES), n), np.nan)
    for fold in range(int(folds.max()) + 1):
        test = folds == fold
        if test.all():
            return float("inf")
        for i, penalty in enumerate(SHRINKAGES):
            losses[i, test] = loss(fit(~test, penalty), test)
    mean = np.nanmean(losses, axis=1)
    best = int(np.argmin(mean))
    gain = losses[-1] - losses[best]
    error = np.nanstd(gain) / np.sqrt(max(n, 1))
    return float(SHRINKAGES[best] if np.nanmean(gain) > error else SHRINKAGES[-1])
