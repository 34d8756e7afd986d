"""What the models have in common that start from a measured spectrum."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe.api import DepthSpectra, Model, Outputs, label_matrix, target_order, training_weights
from specframe_linear.channels import Channels

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

__all__ = ["SpectrumModel"]


class SpectrumModel(Model):
    """A model that reads ``depth`` and ``depth_error`` and whose outputs are the depths themselves.

    Outputs are matched with the measured channels by wavelength; a single output is the mean depth, which all
    channels measure. A subclass says in :meth:`_learn` and :meth:`_say` what it makes of them. Targets without any
    depth are left out of the fit, with a warning in the log, and are predicted as the training mean with the
    training standard deviation, flagged as ``extrapolating``; their ``distance``, where a model states one, is NaN.
    """

    _channels: Channels | None = None
    _outputs: Outputs
    _label_mean: NDArray[np.float64]
    _label_std: NDArray[np.float64]
    _learned: dict[str, NDArray[np.float64]]

    def inputs(self) -> tuple[str, ...]:
        """Return ``depth`` and ``depth_error``, with ``depth_covariance`` where the parameters ask for it."""
        covariance = ("depth_covariance",) if self._reads_covariance() else ()
        return ("depth", "depth_error", *covariance)

    @abstractmethod
    def _learn(
        self, spectra: DepthSpectra, labels: NDArray[np.float64], weight: NDArray[np.float64], seed: int
    ) -> dict[str, NDArray[np.float64]]:
        """Return what is learned; ``labels`` (n_target, n_channel) are those of the channels, or all the same."""

    @abstractmethod
    def _say(
        self, spectra: DepthSpectra
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, Any], NDArray[np.bool_]]:
        """Return mean and std (n_target, n_channel), further variables, and which targets are extrapolated to."""

    def _reads_covariance(self) -> bool:
        return bool(getattr(self.params, "depth_covariance", False))

    def fit(
        self,
        X: Any,
        y: xr.DataArray | ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        seed: int = 0,
    ) -> Self:
        """Learn from measured spectra ``X`` and true ones ``y`` and return self; see :class:`~specframe.api.Model`.

        Raises
        ------
        DataError
            When labels are missing or not finite, an output is at a wavelength where nothing was measured, or fewer
            than three targets have depths.
        """
        spectra = DepthSpectra.read(X, self._reads_covariance())
        labels = label_matrix(y, spectra.targets, named="target" in getattr(X, "coords", ()))
        outputs = Outputs.of(y)
        channels = Channels.match(spectra, outputs, self.name)
        spectra = channels.select(spectra, self.name)
        known = spectra.known.any(axis=1)
        weight = training_weights(self.name, spectra.targets, known, sample_weight, needs="depths")
        order = target_order(*spectra.measured(), labels, weight.astype(np.float32))
        order = order[weight[order] > 0]
        labels, weight = labels[order], weight[order]
        self._label_mean = np.average(labels, axis=0, weights=weight)
        spread = np.sqrt(np.average(np.square(labels - self._label_mean), axis=0, weights=weight))
        self._label_std = np.maximum(spread, rounding(labels))
        on_channels = np.broadcast_to(labels, (len(labels), len(channels.index))) if channels.single else labels
        learned = self._learn(spectra.take(order), on_channels, weight, seed)
        # In the order in memory that it has once loaded: sums in another order differ in their last bits.
        self._learned = {name: np.array(value, order="C") for name, value in learned.items()}
        self._outputs, self._channels = outputs, channels
        return self

    def predict(self, X: Any) -> xr.Dataset:
        """Return a Prediction with ``mean``, ``std`` and ``extrapolating``; see :class:`~specframe.api.Model`."""
        if self._channels is None:
            raise self._not_fitted()
        spectra = self._channels.select(DepthSpectra.read(X, self._reads_covariance()), self.name)
        known = np.asarray(spectra.known.any(axis=1))
        shape = (len(known), len(self._outputs.names))
        mean = np.broadcast_to(self._label_mean, shape).copy()
        std = np.broadcast_to(self._label_std, shape).copy()
        extrapolating = ~known
        further: dict[str, Any] = {}
        if known.any():
            means, stds, more, beyond = self._say(spectra.take(known))
            mean[known], std[known] = self._on_outputs(means, stds)
            extrapolating[known] = beyond
            for name, (dims, values) in more.items():
                full = np.zeros((len(known), *values.shape[1:]))
                full[known] = values
                if name == "covariance":
                    full[~known] = np.diag(np.square(self._label_std))
                if name == "distance":
                    full[~known] = np.nan
                further[name] = (dims, full)
        return self._outputs.prediction(spectra.targets, mean, std, extrapolating=("target", extrapolating), **further)

    def _on_outputs(
        self, mean: NDArray[np.float64], std: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Average over channels where they all measure the same output."""
        assert self._channels is not None
        if not self._channels.single:
            return mean, std
        return mean.mean(axis=1, keepdims=True), np.sqrt(np.mean(np.square(std), axis=1, keepdims=True))

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return what was learned, the channels, and the outputs' names."""
        if self._channels is None:
            raise self._not_fitted()
        arrays = {f"learned.{name}": np.asarray(value) for name, value in self._learned.items()}
        arrays |= {f"channels.{name}": value for name, value in self._channels.state().items()}
        arrays |= {"label_mean": self._label_mean, "label_std": self._label_std}
        return arrays, {"outputs": self._outputs.values()}

    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Take what :meth:`get_state` returned."""

        def part(prefix: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}

        self._label_mean, self._label_std = arrays["label_mean"], arrays["label_std"]
        self._learned = part("learned.")
        self._channels = Channels.from_state(part("channels."))
        self._outputs = Outputs.from_values(values["outputs"])


def rounding(labels: NDArray[np.float64]) -> float:
    """Return a standard deviation that is nothing but rounding: positive, so that a likelihood exists."""
    return float(max(np.finfo(float).eps * np.abs(labels).max(), np.finfo(float).tiny))
