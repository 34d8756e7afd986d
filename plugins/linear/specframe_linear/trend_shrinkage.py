"""The model ``trend-shrinkage``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from specframe.api import (
    MAD_TO_STD,
    FeatureSpace,
    Model,
    Outputs,
    design_matrix,
    label_matrix,
    target_order,
    training_weights,
)
from specframe.errors import DataError
from specframe_linear.drift_prior import DriftPrior
from specframe_linear.noise_classes import NoiseClasses
from specframe_linear.params import TrendShrinkageParams
from specframe_linear.ridge import Ridge

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["TrendShrinkage"]

_MIN_TARGETS = 5
_INPUTS = ("depth", "trend", "trend_covariance")


class TrendShrinkage(Model):
    """Learns which drifts light curves have, and measures the depth of each anew with that knowledge.

    Reads what ``transit-polynomial`` with ``trend_covariance: true`` measured on curves of one channel. A polynomial
    that is free takes part of the transit, or gives it some: its even terms look like one. How large these terms
    really are is learned from the trends of all training targets (:class:`~specframe_linear.drift_prior.DriftPrior`),
    for which no label is needed, and the depth follows as the mean of its posterior. What is left, limb darkening and
    a label that weighs wavelengths in another way than the light does, is a robust straight line per class of noise,
    learned from the labels.

    ``std`` is the posterior's standard deviation, and the scatter of the labels about the line that this does not
    explain, by its median: labels with heavy tails ask for an uncertainty step on top. Curves of a plain matrix, which
    have no trend, are learned from by a robust ridge regression.

    Notes
    -----
    For one amplitude of the drift, over which is averaged: with the measured depth and trend m of covariance C and the
    prior ``N(0, D)`` of the drift, ``depth = m_0 - C_01 (C_11 + D)^-1 m_1``: index 0 is the depth, 1 the terms of the
    trend.
    """

    name = "trend-shrinkage"
    Params: ClassVar[type[TrendShrinkageParams]] = TrendShrinkageParams
    params: TrendShrinkageParams

    _line: Ridge | None = None
    _outputs: Outputs
    _space: FeatureSpace
    _scatter: Array
    _label_std: Array
    _prior: DriftPrior | None = None
    _classes: NoiseClasses | None = None

    def inputs(self) -> tuple[str, ...]:
        """Return ``depth``, ``trend`` and ``trend_covariance``."""
        return _INPUTS

    def fit(
        self, X: Any, y: xr.DataArray | ArrayLike, *, sample_weight: ArrayLike | None = None, seed: int = 0
    ) -> Self:
        """Learn ``y`` from ``X`` and return self; see :class:`~specframe.api.Model`.

        Raises
        ------
        DataError
            When the curves have several channels, labels are missing or not finite, shapes differ, or fewer than five
            targets have inputs.
        """
        curves = _Measured.read(X)
        labels = label_matrix(y, curves.targets, named="target" in getattr(X, "coords", ()))
        weight = training_weights(self.name, curves.targets, curves.known, sample_weight, at_least=_MIN_TARGETS)
        order = target_order(curves.matrix, labels, weight.astype(np.float32))
        order = order[weight[order] > 0]
        curves, labels, weight = curves.take(order), labels[order], weight[order]
        self._prior = self._classes = None
        if curves.covariance is not None:
            self._prior = DriftPrior.fit(curves.trend, curves.covariance[:, 1:, 1:], weight)
            if self.params.noise_classes > 1:
                self._classes = NoiseClasses.fit(curves.log_noise, weight, self.params.noise_classes)
        self._space = FeatureSpace.fit(curves.matrix, weight)
        depth, spread = self._posterior(curves)
        features = self._features(curves, depth)
        self._line = Ridge(loss="huber").fit(features, labels, sample_weight=weight)
        mean = self._line.predict(features)["mean"].values
        rounding = np.finfo(float).eps * np.maximum(np.abs(labels).max(axis=0), np.finfo(float).tiny)
        scatter = np.square(MAD_TO_STD * np.median(np.abs(labels - mean), axis=0))
        explained = np.median(np.square(self._shift(curves, depth, spread, mean)), axis=0)
        self._scatter = np.sqrt(np.maximum(scatter - explained, np.square(rounding)))
        centre = np.average(labels, axis=0, weights=weight)
        self._label_std = np.sqrt(np.average(np.square(labels - centre), axis=0, weights=weight))
        self._outputs = Outputs.of(y)
        return self

    def predict(self, X: Any) -> xr.Dataset:
        """Return a Prediction with ``mean``, ``std``, ``extrapolating`` and ``distance``; see :class:`Model`."""
        if self._line is None:
            raise self._not_fitted()
        curves = _Measured.read(X)
        expected = len(self._space.mean)
        if curves.matrix.shape[1] != expected or (curves.covariance is None) != (self._prior is None):
            raise DataError(
                f"{self.name}: X has {curves.matrix.shape[1]} features, but it was fitted with {expected}: use the "
                "detrender, and its order, of the training set"
            )
        depth, spread = self._posterior(curves)
        mean = self._line.predict(self._features(curves, depth))["mean"].values
        std = np.hypot(self._scatter, self._shift(curves, depth, spread, mean))
        std = np.where(curves.known[:, None], std, np.hypot(self._scatter, self._label_std))
        return self._outputs.prediction(
            curves.targets,
            mean,
            std,
            extrapolating=("target", self._space.extrapolates(curves.matrix)),
            distance=("target", self._space.distance(curves.matrix)),
        )

    def _posterior(self, curves: _Measured) -> tuple[Array, Array]:
        """Return the depths (n_target,) that the prior of the drift leaves, and their standard deviations."""
        depth, variance = np.full((2, len(curves.matrix)), np.nan)
        if self._prior is not None and curves.covariance is not None:
            known = curves.known
            measured = (curves.depth[known], curves.trend[known], curves.covariance[known])
            depth[known], variance[known] = self._prior.depth(*measured)
        return depth, np.sqrt(variance)

    def _features(self, curves: _Measured, depth: Array) -> Array:
        """Return what the line is fitted to, (n_target, n_feature)."""
        if self._prior is None:
            return curves.matrix
        if self._classes is None:
            return depth[:, None]
        part = self._classes.membership(curves.log_noise)[:, 1:]
        return np.column_stack([depth, part, part * depth[:, None]])

    def _shift(self, curves: _Measured, depth: Array, spread: Array, mean: Array) -> Array:
        """Return by how much predictions change when the depth is a standard deviation larger, 0 where it has none."""
        assert self._line is not None
        if self._prior is None:
            return np.zeros_like(mean)
        moved = self._line.predict(self._features(curves, depth + spread))["mean"].values
        return np.asarray(np.abs(moved - mean))

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return what was learned and the outputs' names."""
        if self._line is None:
            raise self._not_fitted()
        line, values = self._line.get_state()
        parts: dict[str, Any] = {"line": line, "space": vars(self._space)}
        parts |= {name: vars(part) for name, part in (("prior", self._prior), ("classes", self._classes)) if part}
        arrays = {f"{part}.{name}": np.asarray(a) for part, found in parts.items() for name, a in found.items()}
        arrays |= {"scatter": self._scatter, "label_std": self._label_std}
        return arrays, {"outputs": self._outputs.values(), "line": values}

    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Take what :meth:`get_state` returned."""

        def part(name: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(f"{name}."): a for k, a in arrays.items() if k.startswith(f"{name}.")}

        self._outputs, self._scatter = Outputs.from_values(values["outputs"]), arrays["scatter"]
        self._label_std = arrays["label_std"]
        self._space = FeatureSpace(**part("space"))
        self._prior = DriftPrior(**part("prior")) if part("prior") else None
        self._classes = NoiseClasses(**part("classes")) if part("classes") else None
        line = Ridge(loss="huber")
        line.set_state(part("line"), values["line"])
        self._line = line


@dataclass(frozen=True)
class _Measured:
    """Depths (n_target,), trends (n_target, n_term) and the covariance of both; or a plain ``matrix`` without one.

    ``matrix`` (n_target, n_feature) is what the training set is compared with: depth, trend and the noise.
    """

    targets: tuple[str, ...]
    matrix: Array
    covariance: Array | None = None

    @classmethod
    def read(cls, X: Any) -> Self:
        import xarray as xr

        if isinstance(X, xr.Dataset):
            X = xr.DataTree(X)
        if not isinstance(X, xr.DataTree) or not _has(X, "trend_covariance"):
            matrix, targets = design_matrix(X)
            return cls(tuple(targets), matrix)
        depth, targets = design_matrix(X, ("depth",))
        trend, _ = design_matrix(X, ("trend",))
        covariance, _ = design_matrix(X, ("trend_covariance",))
        n_term = 1 + trend.shape[1]
        if depth.shape[1] != 1 or covariance.shape[1] != n_term**2:
            raise DataError(
                f"trend-shrinkage: it learns from curves of a single channel, got {depth.shape[1]} channels; average "
                "them (detrend: bin), or use pca-shrinkage for spectra"
            )
        covariance = covariance.reshape(-1, n_term, n_term)
        variance = np.diagonal(covariance, axis1=1, axis2=2)
        whole = np.isfinite(depth[:, 0]) & np.isfinite(trend).all(axis=1) & np.isfinite(covariance).all(axis=(1, 2))
        whole &= (variance > 0).all(axis=1)
        log_noise = 0.5 * np.log(np.where(whole, variance[:, min(1, n_term - 1)], 1.0))
        matrix = np.where(whole[:, None], np.column_stack([depth, trend, log_noise]), np.nan)
        return cls(tuple(targets), matrix, np.where(whole[:, None, None], covariance, np.nan))

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which targets have inputs; with a covariance, all of them."""
        return np.asarray(np.isfinite(self.matrix).any(axis=1))

    @property
    def depth(self) -> Array:
        return self.matrix[:, 0]

    @property
    def trend(self) -> Array:
        return self.matrix[:, 1:-1]

    @property
    def log_noise(self) -> Array:
        """Logarithm of the error of the first term of the trend, which no transit resembles: of a sample's noise."""
        return self.matrix[:, -1]

    def take(self, index: NDArray[Any]) -> Self:
        covariance = None if self.covariance is None else self.covariance[index]
        return type(self)(tuple(np.array(self.targets)[index].tolist()), self.matrix[index], covariance)


def _has(collection: xr.DataTree, name: str) -> bool:
    return any(name in node.to_dataset(inherit=False) for node in collection.subtree)
