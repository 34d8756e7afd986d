"""The interval that a prediction states at a level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.evaluate.diagnostics import normal_interval

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["interval"]


def interval(prediction: xr.Dataset, level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the bounds at ``level``, each (n_target, n_output).

    They are the prediction's own ``lower`` and ``upper`` where it has them at this level, else the central interval
    of its ``samples``, else that of a normal distribution with its ``std``; ``None`` when it has none of these.

    The quantile ``p`` of ``n`` samples is at rank ``p (n + 1)``, below which one more sample lies with probability
    ``p`` (Weibull's plotting position); beyond the ranks there are it is the smallest or largest sample.
    """
    if "lower" in prediction:
        at = np.flatnonzero(np.isclose(prediction["level"].values, level, rtol=0, atol=1e-6))
        if at.size:
            return prediction["lower"].values[..., at[0]], prediction["upper"].values[..., at[0]]
    if "samples" in prediction:
        tails = (0.5 - 0.5 * level, 0.5 + 0.5 * level)
        lower, upper = np.quantile(prediction["samples"].values, tails, axis=0, method="weibull")
        return lower, upper
    if "std" not in prediction:
        return None
    return normal_interval(prediction["mean"].values, prediction["std"].values, level)
