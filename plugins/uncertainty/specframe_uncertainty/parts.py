"""What a prediction states of its own error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Parts", "resolution", "stated_bounds", "stated_std"]

#: Bounds belong to a level if they are stated for one this close to it: 0.68 and 0.6827 are not the same.
_SAME_LEVEL = 1e-6
_SIGMA_LEVEL = 0.6827


@dataclass(frozen=True)
class Parts:
    """``std`` and what it is made of, all (n_target, n_output): ``std^2 = aleatoric^2 + epistemic^2``."""

    std: Array
    aleatoric: Array
    epistemic: Array

    @classmethod
    def of(cls, prediction: xr.Dataset) -> Parts:
        """Read them; zeros where nothing is stated. A std that is not told apart counts as aleatoric."""
        std = stated_std(prediction)
        if std is None:
            zero = np.zeros(prediction["mean"].shape)
            return cls(zero, zero, zero)
        if "epistemic" not in prediction:
            return cls(std, std, np.zeros_like(std))
        epistemic = np.minimum(np.asarray(prediction["epistemic"].values, float), std)
        return cls(std, np.sqrt(np.maximum(np.square(std) - np.square(epistemic), 0.0)), epistemic)


def stated_std(prediction: xr.Dataset) -> Array | None:
    """Return the std that a prediction states itself, by its covariance or by its bounds; ``None`` for none.

    Of bounds it is half the width at the level that is closest to that of one sigma, over the normal distribution's.
    """
    if "std" in prediction:
        return np.asarray(prediction["std"].values, float)
    if "covariance" in prediction:
        return np.asarray(np.sqrt(np.diagonal(prediction["covariance"].values, axis1=1, axis2=2)))
    if "lower" not in prediction:
        return None
    levels = prediction["level"].values.astype(float)
    at = int(np.abs(levels - _SIGMA_LEVEL).argmin())
    width = (prediction["upper"] - prediction["lower"]).transpose("target", "output", "level").values[..., at]
    return np.asarray(np.maximum(0.5 * width / ndtri(0.5 + 0.5 * levels[at]), resolution(prediction)))


def stated_bounds(prediction: xr.Dataset, level: float) -> tuple[Array, Array] | None:
    """Return how far the bounds that it states at ``level`` are below and above the mean; ``None`` for none.

    Shapes are (n_target, n_output). A bound on the wrong side of the mean counts as 0.
    """
    if "lower" not in prediction:
        return None
    at = np.flatnonzero(np.abs(prediction["level"].values.astype(float) - level) < _SAME_LEVEL)
    if not len(at):
        return None
    mean = prediction["mean"].values
    lower, upper = (
        prediction[name].transpose("target", "output", "level").values[..., at[0]] for name in ("lower", "upper")
    )
    return np.maximum(mean - lower, 0.0), np.maximum(upper - mean, 0.0)


def resolution(prediction: xr.Dataset) -> Array:
    """Return the smallest std that makes sense: the resolution of the numbers themselves (n_target, n_output)."""
    size = np.abs(np.asarray(prediction["mean"].values, float))
    return np.asarray(np.maximum(np.finfo(float).eps * size, np.sqrt(np.finfo(float).tiny)))
