"""The model ``spectrum-gp``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from specframe.api import Model, Outputs, label_matrix, target_order, training_weights
from specframe.errors import DataError
from specframe_gp.arithmetic import one_thread
from specframe_gp.params import SpectrumGpParams
from specframe_gp.spectra import Channels, Spectra
from specframe_gp.spectrum_learning import Learned, learn
from specframe_gp.spectrum_posterior import DepthErrors, SpectrumProcess

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    from specframe_gp.spectrum_posterior import Posterior

__all__ = ["SpectrumGp"]

#: A target with more of its channels missing than this is mostly guessed.
_MAX_MISSING = 0.5


class SpectrumGp(Model):
    """A Gaussian process along wavelength, shared by all targets, that takes the noise out of fitted depths.

    A spectrum is a level of which nothing is assumed, and around it ``amplitude * (mean shape + f)``: ``f`` a process
    along wavelength whose kernel all targets share, the amplitude each target's own, from a log-normal prior that all
    share. Hyper-parameters maximise the marginal likelihood of known spectra, of measured ones with their errors, or
    of both (``learn_from``). What is predicted is the posterior mean, with the posterior's covariance, at the labels'
    wavelengths, which need not be those of the depths. Since the kernel tells only how smooth spectra are, a feature
    that the training set never had is kept like any other.

    A single output is the mean depth over channels. A target without any depth is left out of the fit, with a warning
    in the log, and predicted as the training mean with the training scatter, flagged as ``extrapolating``; so is one
    that misses most of its channels, or whose measurement fits with prior and noise worse than any of the training
    set (``distance`` above 1).

    Notes
    -----
    ``spectrum = level + amplitude (mean shape + f)``, ``f ~ GP(0, k(lambda, lambda'))``; given the amplitude, mean and
    covariance are those of the normal distribution conditioned on the measured depths.

    References
    ----------
    - Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, doi:10.7551/mitpress/3206.001.0001
    - Gardner et al. 2018, NeurIPS 31 (GPyTorch), arXiv:1809.11165
    """

    name = "spectrum-gp"
    Params: ClassVar[type[SpectrumGpParams]] = SpectrumGpParams
    params: SpectrumGpParams

    _channels: Channels | None = None
    _outputs: Outputs
    _learned: Learned
    _reach: float
    _label_mean: NDArray[np.float64]
    _label_std: NDArray[np.float64]

    def inputs(self) -> tuple[str, ...]:
        """Return ``depth`` and ``depth_error``, with ``depth_covariance`` where the parameters ask for it."""
        return ("depth", "depth_error", *(("depth_covariance",) if self.params.depth_covariance else ()))

    def fit(
        self,
        X: Any,
        y: xr.DataArray | ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        seed: int = 0,
    ) -> Self:
        """Learn from measured spectra ``X`` and known ones ``y`` and return self; see :class:`~specframe.api.Model`.

        Raises
        ------
        DataError
            When labels are missing or not finite, wavelengths are needed and missing, no output is at a measured
            channel with ``learn_from: both``, or fewer than three targets have depths.
        """
        spectra = Spectra.read(X, self.params.depth_covariance)
        labels = label_matrix(y, spectra.targets, named="target" in getattr(X, "coords", ()))
        outputs = Outputs.of(y)
        known = spectra.known.any(axis=1)
        weight = training_weights(self.name, spectra.targets, known, sample_weight, needs="depths")
        channels = Channels.match(spectra, outputs, self.params.coordinate, self.name)
        order = target_order(*spectra.measured(), labels, weight.astype(np.float32))
        order = order[weight[order] > 0]
        spectra, labels, weight = spectra.take(order), labels[order], weight[order]

        self._label_mean = np.average(labels, axis=0, weights=weight)
        spread = np.sqrt(np.average(np.square(labels - self._label_mean), axis=0, weights=weight))
        self._label_std = np.maximum(spread, _rounding(labels))
        with one_thread():
            self._learned = learn(spectra, labels, weight, channels, self.params, seed)
        self._channels, self._outputs = channels, outputs
        self._reach = float(max(1.0, *self._learned.misfits)) * (1.0 + 1e-9)
        return self

    def predict(self, X: Any) -> xr.Dataset:
        """Return a Prediction with ``mean``, ``std``, ``extrapolating``, ``distance`` and, if asked, ``covariance``."""
        if self._channels is None:
            raise self._not_fitted()
        spectra = Spectra.read(X, self.params.depth_covariance)
        n_channel = len(self._channels.measured.average)
        if spectra.depth.shape[1] != n_channel:
            raise DataError(
                f"{self.name}: the spectra have {spectra.depth.shape[1]} channels, but it was fitted with "
                f"{n_channel}: bring the data to the wavelengths of the training set"
            )
        n_target, n_output = len(spectra.depth), len(self._outputs.names)
        mean = np.broadcast_to(self._label_mean, (n_target, n_output)).copy()
        std = np.broadcast_to(self._label_std, (n_target, n_output)).copy()
        covariance = np.zeros((n_target, n_output, n_output)) if self.params.covariance else None
        distance = np.full(n_target, np.inf)
        spectra = spectra.with_errors(self._learned.default_error)
        white = spectra.white()
        least = _rounding(self._label_mean) ** 2
        with one_thread():
            for target in range(n_target):
                found = self._posterior(spectra, white, target)
                if found is not None:
                    variance = np.diagonal(found.covariance) + least
                    mean[target], std[target] = found.mean, np.sqrt(np.maximum(variance, least))
                    distance[target] = found.misfit / self._reach
                if covariance is not None:
                    covariance[target] = np.diag(std[target] ** 2) if found is None else found.covariance
        beyond = (distance > 1.0) | ((~spectra.known).mean(axis=1) > _MAX_MISSING)
        further: dict[str, Any] = {"distance": ("target", distance), "extrapolating": ("target", beyond)}
        if covariance is not None:
            further["covariance"] = (("target", "output", "output_other"), covariance)
        return self._outputs.prediction(spectra.targets, mean, std, **further)

    def hyper_parameters(self) -> dict[str, float]:
        """Return what was learned, by name.

        ``feature`` is the typical size of features, ``amplitude_spread`` the standard deviation of its logarithm
        between targets and ``amplitude_exponent`` how it grows with the depth; of the errors ``inflation`` is the
        factor of the reported variance, ``jitter`` a standard deviation in depths, ``level`` and ``smooth`` standard
        deviations relative to the depth. Logarithms of the kernel's parameters are named as GPyTorch does; lengths
        are in fiftieths of the range of the channels.
        """
        if self._channels is None:
            raise self._not_fitted()
        return dict(self._learned.hyper)

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return prior, noise, the channels, and the outputs' names."""
        if self._channels is None:
            raise self._not_fitted()
        parts = {
            "channels": self._channels.state(),
            "process": self._learned.process.state(),
            "errors": self._learned.errors.state(),
        }
        arrays = {f"{part}.{name}": np.asarray(a) for part, found in parts.items() for name, a in found.items()}
        arrays |= {"label_mean": self._label_mean, "label_std": self._label_std, "misfits": self._learned.misfits}
        arrays |= {"reach": np.array(self._reach), "default_error": np.array(self._learned.default_error)}
        return arrays, {"outputs": self._outputs.values(), "hyper": self._learned.hyper}

    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Take what :meth:`get_state` returned."""

        def part(name: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(f"{name}."): a for k, a in arrays.items() if k.startswith(f"{name}.")}

        self._label_mean, self._label_std = arrays["label_mean"], arrays["label_std"]
        self._learned = Learned(
            SpectrumProcess.from_state(part("process")),
            DepthErrors.from_state(part("errors")),
            float(arrays["default_error"]),
            arrays["misfits"],
            {name: float(value) for name, value in values["hyper"].items()},
        )
        self._reach = float(arrays["reach"])
        self._outputs = Outputs.from_values(values["outputs"])
        self._channels = Channels.from_state(part("channels"))

    def _posterior(self, spectra: Spectra, white: NDArray[np.float64], target: int) -> Posterior | None:
        assert self._channels is not None
        found = self._learned.posterior(spectra, white, target)
        if found is None or not self._channels.single:
            return found
        return replace(found, mean=found.mean.mean(keepdims=True), covariance=found.covariance.mean(keepdims=True))


def _rounding(labels: NDArray[np.float64]) -> float:
    """Return a standard deviation that is nothing but rounding: positive, and so is its square."""
    return float(max(np.finfo(float).eps * np.abs(labels).max(), np.sqrt(np.finfo(float).tiny)))
