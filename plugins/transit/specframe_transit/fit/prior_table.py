"""Priors of a batch of curves as arrays, for minimisers that step all curves at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.inference.prior import LogFlat, Normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.inference.prior import Parameter

__all__ = ["PriorTable"]

#: Variance of a flat density over its squared width.
_FLAT_VARIANCE = 1.0 / 12.0


@dataclass(frozen=True)
class PriorTable:
    """Priors of ``n`` parameters of each curve, all arrays (n_curve, n); weight 0 is flat."""

    start: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    mean: NDArray[np.float64]
    weight: NDArray[np.float64]
    logarithmic: NDArray[np.bool_]

    @classmethod
    def of(cls, parameters: Sequence[Sequence[Parameter]]) -> PriorTable:
        """Return the table of the parameters of each curve."""
        shape = (len(parameters), len(parameters[0]))
        table = {name: np.zeros(shape) for name in ("start", "lower", "upper", "mean", "weight")}
        logarithmic = np.zeros(shape, bool)
        for row, own in enumerate(parameters):
            for column, parameter in enumerate(own):
                prior = parameter.prior
                table["start"][row, column] = parameter.start
                table["lower"][row, column], table["upper"][row, column] = prior.lower, prior.upper
                if isinstance(prior, Normal):
                    table["mean"][row, column], table["weight"][row, column] = prior.mean, prior.std**-2
                logarithmic[row, column] = isinstance(prior, LogFlat)
        return cls(**table, logarithmic=logarithmic)

    def only(self, rows: NDArray[np.intp]) -> PriorTable:
        """Return the priors of some curves."""
        return PriorTable(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def penalty(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return minus the log density (n_curve,), up to a constant."""
        log = np.log(np.where(self.logarithmic, values, 1.0))
        return np.asarray((0.5 * self.weight * np.square(values - self.mean) + log).sum(axis=1))

    def gradient(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the derivatives of the log density (n_curve, n)."""
        return self.weight * (self.mean - values) - self.logarithmic / np.where(self.logarithmic, values, 1.0)

    @property
    def flat_information(self) -> NDArray[np.float64]:
        """1 / variance of flat priors with two bounds, 0 of others: no posterior is wider than its prior."""
        width = self.upper - self.lower
        with np.errstate(divide="ignore"):
            flat = np.where(np.isfinite(width) & (self.weight == 0), 1.0 / (_FLAT_VARIANCE * np.square(width)), 0.0)
        return np.asarray(flat)
