"""The size of errors as a function of the std that is stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from specframe_uncertainty.log_variance import LogVariance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["SpreadCurve"]

#: Shrinkage of the power towards 1, in targets.
_SHRINKAGE = 10.0
#: Smallest value of the curve in units of its mean.
_LEAST = 0.1


@dataclass(frozen=True)
class SpreadCurve:
    """``typical * std / typical`` at its simplest; the ratio to the ``typical (n_output,)`` one may go through a curve.

    The curve is linear between ``knots`` (natural logarithms of the ratio), where it takes ``values`` (logarithms
    too); beyond them it goes on with slope 0. Without knots it is a power, ``power``.
    """

    typical: Array
    power: float
    knots: Array
    values: Array

    @classmethod
    def fit(cls, stated: Array, residuals: Array, follow: Literal["proportional", "power", "isotonic"]) -> Self:
        """Learn from stated std and residuals (n_target, n_output), NaN where the truth is not known."""
        typical = np.exp(np.mean(np.log(stated), axis=0))
        ratio, sizes = np.log(stated / typical), np.abs(residuals) / typical
        none = np.zeros(0)
        if follow == "proportional" or not np.any(np.ptp(ratio, axis=0) > 1e-9):
            return cls(typical, 1.0, none, none)
        if follow == "power":
            return cls(typical, _power(ratio, sizes), none, none)
        return cls(typical, 1.0, *_isotonic(ratio, sizes))

    def of(self, stated: Array) -> Array:
        """Return what a stated std (n_target, n_output) stands for, up to a factor."""
        ratio = np.log(stated / self.typical)
        if len(self.knots):
            return np.asarray(self.typical * np.exp(np.interp(ratio, self.knots, self.values)))
        if self.power == 1.0:
            return stated
        return np.asarray(self.typical * np.exp(self.power * ratio))

    def state(self) -> dict[str, NDArray[Any]]:
        """Return its arrays; :meth:`from_state` takes them back."""
        return {f"curve.{name}": np.asarray(value) for name, value in vars(self).items()}

    @classmethod
    def from_state(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Take what :meth:`state` returned, other arrays beside it."""
        typical, power, knots, values = (arrays[f"curve.{name}"] for name in ("typical", "power", "knots", "values"))
        return cls(typical, float(power), knots, values)


def _power(ratio: Array, sizes: Array) -> float:
    """Return the power of the std that errors follow, the same for all outputs, between 0 and 3.

    By the likelihood of Student's t, which follows typical errors and not the largest.
    """
    width = float(np.sqrt(np.mean(np.square(ratio))))
    terms = (ratio / width)[..., None]
    least = np.maximum(1e-9 * np.nanmean(sizes, axis=0), np.finfo(float).tiny)
    proportional = np.maximum(sizes / np.exp(ratio), least)
    fit = LogVariance.fit(
        terms, np.square(proportional), np.zeros(sizes.shape), _SHRINKAGE, True, np.zeros(len(sizes), np.intp), least
    )
    return float(np.clip(1.0 + 0.5 * fit.slopes[0, 0] / width, 0.0, 3.0))


def _isotonic(ratio: Array, sizes: Array) -> tuple[Array, Array]:
    """Return knots and values of the mean absolute error as a function of the stated one that never falls."""
    from sklearn.isotonic import IsotonicRegression

    level = np.nanmean(sizes / np.exp(ratio), axis=0)
    known = np.isfinite(sizes) & (level > 0)
    # rounded, so that equal ratios are one knot in whatever units
    x, y = np.round(ratio[known], 9), (sizes / np.where(level > 0, level, 1.0))[known]
    fit = IsotonicRegression(out_of_bounds="clip").fit(x, y)
    floor = _LEAST * float(np.mean(y))
    return np.asarray(fit.X_thresholds_, float), np.log(np.maximum(fit.y_thresholds_, floor))
