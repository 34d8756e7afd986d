"""Intervals of the jackknife+ family: from residuals of each fold and what its model says of the new target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_uncertainty.ranks import rank_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["cross_bounds", "fold_predictions"]


def fold_predictions(prediction: xr.Dataset, who: str) -> NDArray[np.intp]:
    """Return by which fold's model each prediction was made (n_target,); raise :class:`DataError` if it is not said."""
    if "fold" not in prediction:
        raise DataError(
            f"{who}: method cv+ needs out-of-fold predictions that say their fold (target); a pipeline's do, "
            "or use method: split"
        )
    return np.asarray(prediction["fold"].values, np.intp)


def cross_bounds(
    prediction: xr.Dataset, sigma: Array, scores: Array, fold: NDArray[np.intp], levels: Sequence[float], who: str
) -> tuple[Array, Array]:
    """Return the CV+ interval (Barber et al. 2021, Ann. Stat. 49, 486, eq. 9), both (n_target, n_output, n_level).

    With ``R_i`` the calibration score of target ``i`` times the new target's ``sigma (n_target, n_output)``, and
    ``m_k`` what the model without fold ``k`` says of the new target (its ``samples``), the upper bound is the
    ``ceil((n + 1) level)``-th smallest of ``m_k(i) + R_i`` and the lower the ``floor((n + 1) (1 - level))``-th
    smallest of ``m_k(i) - R_i``. With as many folds as targets that is the jackknife+.

    ``scores (n_calibration, n_output)`` are NaN where there are none; ``fold`` (n_calibration,).
    """
    if "samples" not in prediction or prediction.sizes["sample"] <= fold.max():
        raise DataError(
            f"{who}: method cv+ needs what the model of each of the {int(fold.max()) + 1} folds predicts, as samples; "
            "a pipeline gives them, or use method: split"
        )
    models = prediction["samples"].transpose("sample", "target", "output").values
    known = np.isfinite(scores)
    count = known.sum(axis=0)
    ranks = [rank_of(count, level, who) for level in levels]
    reach = np.where(known, scores, np.inf).T  # (n_output, n_calibration)
    lower, upper = np.empty((2, *sigma.shape, len(levels)))
    for i in range(len(sigma)):
        said = models[fold, i].T  # (n_output, n_calibration)
        step = sigma[i][:, None] * reach
        above = np.sort(said + step, axis=1)
        below = np.sort(step - said, axis=1)
        for j, rank in enumerate(ranks):
            upper[i, :, j] = np.take_along_axis(above, rank[:, None] - 1, axis=1)[:, 0]
            lower[i, :, j] = -np.take_along_axis(below, rank[:, None] - 1, axis=1)[:, 0]
    # At low levels, where models disagree more than they err, the bounds may cross: the interval is then empty.
    middle = 0.5 * (lower + upper)
    return np.minimum(lower, middle), np.maximum(upper, middle)
