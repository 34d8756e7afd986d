"""Labels in standardised units, or as coefficients of their principal components, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LabelScale"]

#: A component with less than this part of the variance is rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class LabelScale:
    """``labels = unit * (centre + scale * (coefficients * component_scale) @ components.T)``.

    ``centre`` and ``scale`` have shape (n_output,). Without components coefficients are the standardised labels. With
    them, ``components (n_output, k)`` are orthonormal directions in standardised labels, and ``rest (n_output,)`` the
    variance of these that they leave. ``unit`` is a number for each target.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    components: NDArray[np.float64] | None = None
    component_scale: NDArray[np.float64] | None = None
    rest: NDArray[np.float64] | None = None

    @classmethod
    def fit(
        cls,
        labels: NDArray[np.float64],
        unit: NDArray[np.float64],
        weight: NDArray[Any],
        by: Literal["output", "common"],
        n_components: int | None,
    ) -> Self:
        """Learn it from labels (n_target, n_output), their units and weights (n_target,)."""
        counted = labels / unit[:, None]
        weight = np.asarray(weight, float)
        centre = np.average(counted, axis=0, weights=weight)
        deviation = counted - centre
        variance = np.average(np.square(deviation), axis=0, weights=weight)
        if by == "common":
            variance = np.full_like(variance, variance.mean())
        floor = np.finfo(float).eps * np.abs(counted).max(initial=0.0)
        scale = np.maximum(np.sqrt(variance), max(floor, np.finfo(float).tiny))
        if n_components is None:
            return cls(centre, scale)
        standard = deviation / scale
        rows = standard * np.sqrt(weight / weight.sum())[:, None]
        _, singular, axes = np.linalg.svd(rows, full_matrices=False)
        total = max(float(np.square(singular).sum()), np.finfo(float).tiny)
        keep = min(n_components, max(int(np.sum(np.square(singular) > _ROUNDING * total)), 1))
        # The sign of a component is arbitrary: the largest entry is positive, so that it does not hang on rounding.
        largest = np.abs(axes[:keep]).argmax(axis=1)
        components = (axes[:keep] * np.sign(axes[np.arange(keep), largest])[:, None]).T
        component_scale = np.maximum(singular[:keep], np.sqrt(np.finfo(float).tiny))
        if by == "common":
            component_scale = np.full(keep, np.sqrt(np.mean(np.square(component_scale))))
        rest = np.average(np.square(standard - (standard @ components) @ components.T), axis=0, weights=weight)
        return cls(centre, scale, components, component_scale, rest)

    @property
    def n_coefficient(self) -> int:
        """How many numbers stand for the labels of a target."""
        return len(self.centre) if self.components is None else self.components.shape[1]

    @property
    def offset(self) -> NDArray[np.float64]:
        """What coefficients lack to be proportional to labels."""
        return self._coefficients(self.centre / self.scale)

    def standard(self, labels: NDArray[np.float64], unit: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the coefficients of labels, (n_target, n_coefficient)."""
        return self._coefficients((labels / unit[:, None] - self.centre) / self.scale).astype(np.float32)

    def mean(self, coefficients: NDArray[Any], unit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return labels from coefficients (..., n_target, n_coefficient)."""
        standard = np.asarray(coefficients, float)
        if self.components is not None:
            assert self.component_scale is not None
            standard = (standard * self.component_scale) @ self.components.T
        return np.asarray(unit[:, None] * (self.centre + self.scale * standard))

    @property
    def n_left(self) -> int:
        """How many numbers stand for what components leave of the labels of a target."""
        return 0 if self.components is None else len(self.centre)

    def samples(
        self, coefficients: NDArray[Any], normal: NDArray[np.float64], unit: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return samples of labels from those of coefficients, both (sample, n_target, ...).

        Standard normal numbers ``normal`` (sample, n_target, n_left) stand for what components leave.
        """
        labels = self.mean(coefficients, unit)
        if self.components is None:
            return labels
        assert self.rest is not None
        return np.asarray(labels + unit[:, None] * self.scale * np.sqrt(self.rest) * normal)

    def std(self, std: NDArray[Any], unit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return standard deviations of labels from those of coefficients, taken as independent."""
        std = np.asarray(std, float)
        if self.components is not None:
            assert self.component_scale is not None
            assert self.rest is not None
            std = np.sqrt(np.square(std * self.component_scale) @ np.square(self.components.T) + self.rest)
        return np.asarray(unit[:, None] * self.scale * std)

    def covariance(self, covariance: NDArray[Any], unit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the covariance of labels (n_target, n_output, n_output) from that of coefficients."""
        covariance = np.asarray(covariance, float)
        if self.components is not None:
            assert self.component_scale is not None
            assert self.rest is not None
            loadings = self.components * self.component_scale
            covariance = loadings @ covariance @ loadings.T + np.diag(self.rest)
        return np.asarray(np.square(unit)[:, None, None] * (self.scale[:, None] * covariance * self.scale))

    def state(self) -> dict[str, np.ndarray]:
        """Return arrays to be saved; the constructor takes them back."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def _coefficients(self, standard: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.components is None or self.component_scale is None:
            return standard
        return np.asarray((standard @ self.components) / self.component_scale)
