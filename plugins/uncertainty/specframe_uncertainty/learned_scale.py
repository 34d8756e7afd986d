"""How large errors are as a function of what a prediction tells, learned so that a few bad targets do not decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe_uncertainty.log_variance import LogVariance
from specframe_uncertainty.traits import TraitSpace, traits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["LearnedScale", "held_out_scale"]

#: Shrinkage of the slopes, in targets; terms of first and second degree.
_SHRINKAGE, _DEGREE = 10.0, 2


@dataclass(frozen=True)
class LearnedScale:
    """Size of the error of a prediction: its logarithm is a quadratic in what the prediction tells.

    That is its value, the scatter over its outputs, the distance from the training set, a std that is stated, and the
    error that the detrender measured. Outputs share their slopes, which are those under which errors are the likeliest
    as Student's t (:class:`~specframe_uncertainty.log_variance.LogVariance`).
    """

    space: TraitSpace
    fit: LogVariance

    @classmethod
    def learn(cls, prediction: xr.Dataset, residuals: Array, floor: Array) -> Self:
        """Learn from ``residuals`` (n_target, n_output), NaN where unknown, none below ``floor`` (n_output,)."""
        traits = traits_of(prediction)
        space = TraitSpace.fit(traits, _DEGREE)
        fit = LogVariance.fit(
            space.terms(traits),
            np.square(np.maximum(np.abs(residuals), floor)),
            np.zeros(residuals.shape),
            _SHRINKAGE,
            True,
            np.zeros(len(residuals), np.intp),
            floor,
        )
        return cls(space, fit)

    def of(self, prediction: xr.Dataset, who: str) -> Array:
        """Return the size of the error to be expected, shape (n_target, n_output)."""
        return np.sqrt(self.fit.variance(self.space.terms(traits_of(prediction, self.space.names, who))))

    def state(self) -> dict[str, NDArray[Any]]:
        """Return its arrays; :meth:`from_state` takes them back, with the names of the traits."""
        return {"intercept": self.fit.intercept, "slopes": self.fit.slopes, **self.space.arrays()}

    @classmethod
    def from_state(cls, names: Sequence[str], arrays: dict[str, NDArray[Any]]) -> Self:
        """Take what :meth:`state` returned, other arrays beside it."""
        space = TraitSpace.from_arrays(names, arrays, _DEGREE)
        return cls(space, LogVariance(arrays["intercept"], arrays["slopes"], _SHRINKAGE))


def held_out_scale(prediction: xr.Dataset, residuals: Array, floor: Array, folds: NDArray[np.intp], who: str) -> Array:
    """Return the scale of each target as learned from the targets of other folds, shape (n_target, n_output).

    Scores of targets that shaped their own scale would be too small.
    """
    scale = np.empty(residuals.shape)
    for fold in range(int(folds.max()) + 1):
        out = folds == fold
        learned = LearnedScale.learn(prediction.isel(target=~out), residuals[~out], floor)
        scale[out] = learned.of(prediction.isel(target=out), who)
    return scale
