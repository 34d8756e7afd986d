"""Scores of intervals that a prediction states itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["quantile_scores", "stated_interval"]

#: Levels that differ by less are the same.
_SAME_LEVEL = 1e-6


def stated_interval(prediction: xr.Dataset, levels: Sequence[float], who: str) -> tuple[Array, Array]:
    """Return the bounds stated at ``levels``, both (n_target, n_output, n_level).

    Raises :class:`DataError` where there are none at one of them.
    """
    there = prediction["level"].values.astype(float) if "lower" in prediction else np.zeros(0)
    found = []
    for level in levels:
        at = np.flatnonzero(np.abs(there - level) < _SAME_LEVEL)
        if not at.size:
            stated = ", ".join(f"{one:g}" for one in there) or "none"
            raise DataError(
                f"{who}: method cqr needs bounds at level {level:g}, but the prediction states {stated}; use a model "
                "with a head for quantiles at these levels or the uncertainty 'quantile' before it, or method: split"
            )
        found.append(int(at[0]))
    dims = ("target", "output", "level")
    lower, upper = (prediction[name].transpose(*dims).values[..., found] for name in ("lower", "upper"))
    return np.asarray(lower, float), np.asarray(upper, float)


def quantile_scores(lower: Array, upper: Array, truth: Array) -> Array:
    """Return how far the truth (n_target, n_output) is outside of each interval, negative inside.

    ``max(lower - truth, truth - upper)`` of Romano, Patterson & Candes (2019, eq. 6), shape (n_target, n_output,
    n_level), NaN where the truth is not known.
    """
    return np.asarray(np.maximum(lower - truth[..., None], truth[..., None] - upper))
