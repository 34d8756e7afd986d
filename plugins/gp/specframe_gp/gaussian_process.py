"""The model ``gp``."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from specframe.api import Model, Outputs, label_matrix, target_order, training_weights
from specframe.errors import DataError
from specframe_gp.arithmetic import one_thread, torch
from specframe_gp.coefficients import Coefficients
from specframe_gp.coregional import CoregionalProcess
from specframe_gp.params import GaussianProcessParams
from specframe_gp.process import Process, Training
from specframe_gp.reduction import Features, Reduction
from specframe_gp.sparse import SparseProcess
from specframe_gp.tails import half_widths, precisions, updated_degrees
from specframe_gp.training import train

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

__all__ = ["GaussianProcess"]

_LOG = logging.getLogger(__name__)
#: Beyond so many targets a fit takes the better part of an hour and more memory than a laptop has.
_MANY_TARGETS = 4000
#: Up to so many targets ``inducing: auto`` is exact; beyond, it takes so many inducing inputs.
_EXACT_TARGETS, _INDUCING = 2000, 128
#: Targets times components that ``outputs: lmc`` takes: a step of the fit then takes some ten seconds.
_MOST_VALUES = 5000
#: Targets on which the starts of a sparse process are compared.
_COMPARED = 400
#: Rounds in which the weights of targets and the function adapt to each other, and the change at which they have.
_ROUNDS, _SETTLED = 20, 0.02
#: Iterations of the maximisation in each of these rounds: the next one goes on where it ends.
_ITERATIONS = 15
#: Degrees of freedom of Student's t to begin with.
_DEGREES = 4.0


class GaussianProcess(Model):
    """Exact Gaussian-process regression; each prediction carries the standard deviation of its posterior.

    Labels become standardised coefficients of their principal components, each of which is a process of its own over
    standardised inputs (Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, ch. 2 and 5): covariances
    from ``kernel``, noise that is constant up to ``sample_weight`` or grows with ``noise_errors``. Hyper-parameters
    maximise the marginal likelihood times a weak prior. ``std`` is that of a new label: the function's uncertainty,
    the noise, and what the components leave of the labels.

    Inputs that are missing (NaN or masked) take the training mean; a target without any input is left out of the fit,
    with a warning in the log. ``extrapolating`` and ``distance`` are those of :class:`~specframe.api.FeatureSpace`.
    Targets are put in an order of their own before the fit, so that theirs changes nothing, not even the last bit. Time
    grows with the cube of the number of targets, memory with its square, times the number of components.

    Notes
    -----
    With K the kernel between training targets and k that to the new one: ``mean = k^T (K + S)^-1 y``, ``variance = k(x,
    x) - k^T (K + S)^-1 k + noise``, S the diagonal of the noise.

    References
    ----------
    - Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, doi:10.7551/mitpress/3206.001.0001
    - Gardner et al. 2018, NeurIPS 31 (GPyTorch), arXiv:1809.11165
    """

    name = "gp"
    Params: ClassVar[type[GaussianProcessParams]] = GaussianProcessParams
    params: GaussianProcessParams

    _process: Process | None = None
    _degrees: float
    _training: Training
    _reduction: Reduction
    _coefficients: Coefficients
    _outputs: Outputs

    def inputs(self) -> tuple[str, ...]:
        """Return the inputs and the errors that tell of the noise."""
        errors = self.params.noise_errors
        return ((*(self.params.inputs or ("depth",)), *errors)) if errors else self.params.inputs

    def fit(
        self,
        X: Any,
        y: xr.DataArray | ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        seed: int = 0,
    ) -> Self:
        """Learn ``y`` from ``X`` and return self; see :class:`~specframe.api.Model`.

        The variance of a target's noise is divided by its weight. ``seed`` draws the starts of the maximisation.

        Raises
        ------
        DataError
            When labels are missing or not finite, shapes differ, fewer than three targets have inputs, or the
            covariance cannot be factorised.
        """
        features = Features.read(X, self.params.inputs, self.params.noise_errors)
        labels = label_matrix(y, features.targets, named="target" in getattr(X, "coords", ()))
        known = np.isfinite(features.matrix).any(axis=1)
        weight = training_weights(self.name, features.targets, known, sample_weight)
        if np.count_nonzero(weight) > _MANY_TARGETS and self.params.inducing is None:
            _LOG.warning(
                "%s: %d targets are many for an exact process, n^3 operations: set inducing: auto",
                self.name,
                np.count_nonzero(weight),
            )
        order = target_order(features.matrix, features.squared_error, labels, weight.astype(np.float32))
        order = order[weight[order] > 0]
        features, labels = features.take(order), labels[order]
        weight = weight[order]

        reduction = Reduction.fit(features, weight, self.params.n_inputs)
        coefficients = Coefficients.fit(labels, weight, self.params.n_components)
        training = Training(
            reduction.inputs(features), coefficients.of(labels), weight, reduction.squared_errors(features)
        )
        if self.params.outputs == "lmc" and training.y.size > _MOST_VALUES:
            raise DataError(
                f"{self.name}: outputs: lmc has to factorise a matrix of {training.y.size} values at once, "
                f"{len(training.y)} components of {len(order)} targets, and takes at most {_MOST_VALUES}: set "
                "n_components to fewer, or outputs: pca"
            )
        process = self._made(training)
        with one_thread():
            options = {"max_iterations": self.params.max_iterations, "seed": seed}
            if isinstance(process, SparseProcess):
                # starts are compared on some of the targets, and inducing inputs chosen for the kernel found there
                some = np.unique(np.linspace(0, len(order) - 1, min(len(order), _COMPARED)).round().astype(int))
                first = Process(self.params.kernel, self.params.mean, training.take(some), process.dtype)
                self._train(first, restarts=self.params.restarts, **options)
                process.set_hyper_parameters(first.hyper_parameters()).choose()
                self._train(process, restarts=0, from_here=True, **options)
            else:
                self._train(process, restarts=self.params.restarts, **options)
            if self.params.noise == "student-t":
                training, self._degrees = self._reweighted(process, training)
        self._process, self._training = process, training
        self._reduction, self._coefficients, self._outputs = reduction, coefficients, Outputs.of(y)
        return self

    def predict(self, X: Any) -> xr.Dataset:
        """Return a Prediction with ``mean``, ``std``, ``extrapolating``, ``distance`` and, if asked, ``covariance``."""
        if self._process is None:
            raise self._not_fitted()
        features = Features.read(X, self.params.inputs, self.params.noise_errors)
        expected = len(self._reduction.space.mean)
        if features.matrix.shape[1] != expected:
            raise DataError(
                f"{self.name}: X has {features.matrix.shape[1]} features, but it was fitted with {expected}: bring the "
                "data to the wavelengths and times of the training set"
            )
        with one_thread():
            posterior = self._process.posterior(
                self._reduction.inputs(features), self._reduction.squared_errors(features)
            )
        if posterior is None:
            raise DataError(f"{self.name}: the covariance of the training set cannot be factorised; fit it again")
        # the variance of Student's t is larger than its squared scale
        heavier = self._degrees / (self._degrees - 2.0) if self.params.noise == "student-t" else 1.0
        variance = posterior.variance + heavier * posterior.noise
        between = posterior.between
        own = self._coefficients.variance(posterior.variance, between) + self._coefficients.rest
        mean = self._coefficients.labels(posterior.mean)
        more: dict[str, Any] = {}
        if self.params.covariance:
            covariance = self._coefficients.covariance(variance, between)
            more["covariance"] = (("target", "output", "output_other"), covariance)
        if self.params.noise == "student-t":
            normal = own
            noise = self._coefficients.variance(posterior.noise)
            half = half_widths(normal, noise, self._degrees, self.params.levels)
            dims, units = ("target", "output", "level"), {"units": self._outputs.units}
            more["level"] = ("level", np.asarray(self.params.levels, float))
            more |= {"lower": (dims, mean[:, :, None] - half, units), "upper": (dims, mean[:, :, None] + half, units)}
        return self._outputs.prediction(
            features.targets,
            mean,
            np.sqrt(own + self._coefficients.variance(heavier * posterior.noise)),
            extrapolating=("target", self._reduction.space.extrapolates(features.matrix)),
            distance=("target", self._reduction.space.distance(features.matrix)),
            **more,
        )

    def hyper_parameters(self) -> dict[str, NDArray[np.float64]]:
        """Return logarithms of the kernel's and the noise's parameters by name, the component of the labels first.

        All are in standardised units: of inputs of unit variance and coefficients of unit variance.
        """
        if self._process is None:
            raise self._not_fitted()
        return self._process.hyper_parameters()

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return hyper-parameters, standardised training data and how to get there, and the outputs' names."""
        if self._process is None:
            raise self._not_fitted()
        parts = {
            "hyper": self._process.hyper_parameters(),
            "training": vars(self._training),
            "reduction": self._reduction.state(),
            "coefficients": self._coefficients.state(),
            "sparse": {"inducing": self._process.inducing} if isinstance(self._process, SparseProcess) else {},
        }
        arrays = {f"{part}.{name}": np.asarray(a) for part, found in parts.items() for name, a in found.items()}
        if self.params.noise == "student-t":
            arrays["degrees"] = np.array(self._degrees)
        return arrays, {"outputs": self._outputs.values()}

    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Take what :meth:`get_state` returned."""

        def part(name: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(f"{name}."): a for k, a in arrays.items() if k.startswith(f"{name}.")}

        self._reduction = Reduction.from_state(part("reduction"))
        self._coefficients = Coefficients(**part("coefficients"))
        self._outputs = Outputs.from_values(values["outputs"])
        self._training = Training(**part("training"))
        if self.params.noise == "student-t":
            self._degrees = float(arrays["degrees"])
        inducing = part("sparse").get("inducing")
        self._process = self._made(self._training, inducing).set_hyper_parameters(part("hyper"))

    def _train(self, process: Process, **start: Any) -> None:
        train(
            process,
            optimizer=self.params.optimizer,
            with_prior=self.params.prior == "weak",
            **start,
        )

    def _reweighted(self, process: Process, training: Training) -> tuple[Training, float]:
        """Let targets and Student's t adapt to each other; return final weights and the degrees of freedom."""
        degrees, precision = _DEGREES, np.ones(len(training.weight))
        for _ in range(_ROUNDS):
            squares = process.residual_squares()
            if squares is None:
                break
            count = len(squares)
            before = precision
            precision = precisions(training.weight * squares.sum(axis=0), count, degrees)
            degrees = updated_degrees(precision, training.weight, count, degrees)
            process.set_weight(training.weight * precision)
            self._train(process, restarts=0, from_here=True, max_iterations=_ITERATIONS)
            if np.max(np.abs(precision - before)) < _SETTLED:
                break
        return replace(training, weight=training.weight * precision), degrees

    def _made(self, training: Training, inducing: NDArray[np.int64] | None = None) -> Process:
        given = (self.params.kernel, self.params.mean, training, getattr(torch, self.params.dtype))
        wanted = self.params.inducing
        if wanted == "auto":
            wanted = _INDUCING if len(training.x) > _EXACT_TARGETS else None
        if self.params.outputs == "lmc" and len(training.y) > 1:
            return CoregionalProcess(*given, n_latent=self.params.latents)
        if wanted is None or wanted >= len(training.x):
            return Process(*given)
        return SparseProcess(*given, n_inducing=wanted, inducing=inducing)
