"""How a process along wavelength, and the errors of measured depths, are learned from a training set."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import DataError
from specframe_gp.arithmetic import torch
from specframe_gp.bins import Binned
from specframe_gp.spectra import Axis
from specframe_gp.spectrum_likelihoods import Difference, KnownSpectra, MeasuredSpectra, amplitude_nodes
from specframe_gp.spectrum_posterior import DepthErrors, SpectrumProcess
from specframe_gp.training import train

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_gp.params import SpectrumGpParams
    from specframe_gp.spectra import Channels, Spectra
    from specframe_gp.spectrum_likelihoods import Likelihood
    from specframe_gp.spectrum_posterior import Posterior

__all__ = ["Learned", "learn"]

#: Amplitudes of the final mixture, and the targets that the log-normal prior of amplitudes counts as beside those seen.
_AMPLITUDES, _PRIOR_TARGETS = 25, 10.0
#: A spectrum that varies less than this part of the typical one is flat but for rounding.
_FLAT = 1e-3
#: Channels of known spectra from which a kernel is learned at most.
_MOST_CHANNELS = 300
#: Correlation length of novel features in ln(wavelength): molecular bands in the near infrared are 1 to 4 % wide.
_NOVEL_WIDTH = 0.015
#: Training targets of which the posterior is computed to learn how well measurements fit, evenly among them.
_JUDGED = 100
#: The least unit of features, in units of depths.
_LEAST_UNIT = 1e-9


@dataclass(frozen=True)
class Learned:
    """Prior and noise; the error where none is known; ``misfits (n,)`` of the training set; and what was learned."""

    process: SpectrumProcess
    errors: DepthErrors
    default_error: float
    misfits: NDArray[np.float64]
    hyper: dict[str, float] = field(default_factory=dict)

    def posterior(self, spectra: Spectra, white: NDArray[np.float64], target: int) -> Posterior | None:
        """Return the posterior of a target of spectra with errors, ``None`` when no channel of it was measured."""
        known = spectra.known[target]
        if not known.any():
            return None
        relative = max(float(white[target]), _FLAT * self.process.typical_white)
        noise = self.errors.covariance(spectra.noise(target), known, relative)
        depth = spectra.depth[target][known] - relative * self.errors.bias[known]
        return self.process.posterior(depth, known, noise, float(white[target]))


@dataclass(frozen=True)
class _Prior:
    """What labels or depths say of spectra: a trained likelihood, its unit, and the mean shape at the outputs."""

    likelihood: KnownSpectra | MeasuredSpectra
    unit: float
    mean: NDArray[np.float64]


def learn(
    spectra: Spectra,
    labels: NDArray[np.float64],
    weight: NDArray[np.float64],
    channels: Channels,
    params: SpectrumGpParams,
    seed: int,
) -> Learned:
    """Learn from measured spectra, labels (n_target, n_output) and weights (n_target,), as the parameters say."""
    default = spectra.typical_error()
    spectra = spectra.with_errors(default)
    white = spectra.white()
    typical = max(float(np.median(np.abs(white))), float(np.sqrt(np.finfo(float).tiny)))
    log_white = np.log(np.maximum(white / typical, _FLAT))
    from_labels = params.learn_from != "depths" and not channels.single
    if from_labels:
        prior = _of_labels(labels, weight, log_white, channels, params, seed)
    else:
        prior = _of_depths(spectra, weight, log_white, channels, params, seed)
    process, hyper = _process(prior, channels, typical, weight)
    if params.novelty > 0:
        process = _with_unknown(process, channels, prior.unit, params.novelty)
    errors = DepthErrors(channels.measured.centre, np.zeros(spectra.depth.shape[1]))
    if not from_labels:
        errors = _errors(prior.likelihood, errors, prior.unit, typical)
    elif params.learn_from == "both":
        errors = _of_difference(spectra, labels, weight, channels, params, typical, errors, seed)
    learned = Learned(process, errors, default, np.zeros(len(labels)))
    judged = np.unique(np.linspace(0, len(labels) - 1, min(len(labels), _JUDGED)).round().astype(int))
    found = {int(target): learned.posterior(spectra, white, target) for target in judged}
    said = {target: posterior for target, posterior in found.items() if posterior is not None}
    if channels.single and params.systematics and params.learn_from == "both":
        chosen = list(said)
        squares = [np.square(labels[t, 0] - p.mean.mean()) - p.covariance.mean() for t, p in said.items()]
        excess = np.average(squares, weights=weight[chosen])
        level = max(float(excess / np.average(np.square(white[chosen]), weights=weight[chosen])), 0.0)
        learned = replace(learned, errors=replace(learned.errors, level=level))
    misfits = np.array([posterior.misfit for posterior in said.values()])
    of_errors = {name: float(getattr(learned.errors, name)) for name in ("inflation", "length")}
    of_errors |= {name: float(np.sqrt(getattr(learned.errors, name))) for name in ("jitter", "level", "smooth")}
    return replace(learned, misfits=misfits, hyper={**hyper, **of_errors})


def _of_labels(
    labels: NDArray[np.float64],
    weight: NDArray[np.float64],
    log_white: NDArray[np.float64],
    channels: Channels,
    params: SpectrumGpParams,
    seed: int,
) -> _Prior:
    """Learn the prior of spectra from known ones."""
    shapes = labels - labels.mean(axis=1, keepdims=True)
    size = shapes.std(axis=1)
    least = max(_LEAST_UNIT * float(np.abs(labels).max()), float(np.sqrt(np.finfo(float).tiny)))
    size = np.maximum(size, max(_FLAT * float(np.sqrt(np.average(np.square(size), weights=weight))), least))
    unit = float(np.exp(np.average(np.log(size), weights=weight)))
    mean = np.zeros(labels.shape[1])
    if params.mean == "shape":
        # relative to the amplitude that the prior gives each target, its own where it has one
        own = size if params.amplitude == "each" else unit * np.exp(log_white * (params.amplitude == "depth"))
        share = weight if params.amplitude == "each" else weight * np.square(own / unit)
        mean = np.average(shapes / own[:, None], axis=0, weights=share)
    some = np.unique(np.linspace(0, len(mean) - 1, min(len(mean), _MOST_CHANNELS)).round().astype(int))
    likelihood = KnownSpectra(
        params.kernel,
        Axis(channels.outputs.points, channels.outputs.average[some]),
        shapes[:, some] / unit,
        mean[some],
        weight,
        log_white,
        params.amplitude,
        getattr(torch, params.dtype),
    )
    _train(likelihood, params, seed)
    return _Prior(likelihood, unit, mean)


def _of_depths(
    spectra: Spectra,
    weight: NDArray[np.float64],
    log_white: NDArray[np.float64],
    channels: Channels,
    params: SpectrumGpParams,
    seed: int,
) -> _Prior:
    """Learn the prior of spectra, and how good errors are, from measured ones."""
    assert spectra.error is not None
    counts = np.maximum(spectra.known.sum(axis=1), 1)
    middle = np.where(spectra.known, spectra.depth, 0.0).sum(axis=1) / counts
    residual = np.where(spectra.known, spectra.depth - middle[:, None], 0.0)
    error = np.sqrt(np.median(np.square(spectra.error[spectra.known])))
    # of bins, whose noise is small enough for features to show
    binned = Binned.of(spectra, residual, channels.measured, 1.0)
    variance = np.median(np.square(binned.depth).mean(axis=1) - np.square(binned.depth.mean(axis=1)))
    noise = np.median(np.diagonal(binned.noise, axis1=1, axis2=2))
    unit = float(np.sqrt(max(variance - noise, 0.1 * noise, (_FLAT * error) ** 2)))
    likelihood = MeasuredSpectra(
        params.kernel,
        Binned.of(spectra, residual, channels.measured, unit),
        weight,
        log_white,
        params.amplitude,
        params.jitter,
        getattr(torch, params.dtype),
    )
    _train(likelihood, params, seed)
    return _Prior(likelihood, unit, np.zeros(len(channels.outputs.average)))


def _of_difference(
    spectra: Spectra,
    labels: NDArray[np.float64],
    weight: NDArray[np.float64],
    channels: Channels,
    params: SpectrumGpParams,
    typical: float,
    errors: DepthErrors,
    seed: int,
) -> DepthErrors:
    """Learn the errors of measured depths from what they differ from known ones."""
    output = np.flatnonzero(channels.same >= 0)
    if not output.size:
        raise DataError(
            "spectrum-gp: no output is at the wavelength of a measured channel, so that measured and known depths "
            "cannot be compared: set learn_from: labels"
        )
    channel = channels.same[output]
    residual = np.full_like(spectra.depth, np.nan)
    residual[:, channel] = spectra.depth[:, channel] - labels[:, output]
    both = replace(spectra, depth=residual)
    known = both.known
    white = np.maximum(spectra.white(), _FLAT * typical)
    assert spectra.error is not None
    bias = np.zeros(spectra.depth.shape[1])
    if params.systematics:
        precision = np.where(known, weight[:, None] * np.square(white[:, None] / spectra.error), 0.0)
        total = precision.sum(axis=0)
        relative = np.where(known, residual / white[:, None], 0.0)
        bias = (precision * relative).sum(axis=0) / np.where(total > 0, total, 1.0)
    left = np.where(known, residual - white[:, None] * bias, 0.0)
    unit = float(np.sqrt(np.median(np.square(spectra.error[known]))))
    likelihood = Difference(
        Binned.of(both, left, channels.measured, unit),
        weight,
        white / typical,
        params.jitter,
        params.systematics,
        getattr(torch, params.dtype),
    )
    _train(likelihood, params, seed)
    return _errors(likelihood, replace(errors, bias=bias), unit, typical)


def _errors(likelihood: Likelihood, errors: DepthErrors, unit: float, typical: float) -> DepthErrors:
    """Return the errors with what a likelihood learned of them in its unit."""
    value = {name: float(np.exp(array[0])) for name, array in likelihood.hyper_parameters().items() if array.ndim == 1}
    return replace(
        errors,
        inflation=value["log_inflation"],
        jitter=value.get("log_jitter", 0.0) * unit**2,
        level=value.get("log_level", 0.0) * (unit / typical) ** 2,
        smooth=value.get("log_smooth", 0.0) * (unit / typical) ** 2,
        length=value.get("log_smooth_length", 1.0),
    )


def _process(
    prior: _Prior, channels: Channels, typical: float, weight: NDArray[np.float64]
) -> tuple[SpectrumProcess, dict[str, float]]:
    """Return the prior on channels and outputs in depths, and its hyper-parameters."""
    likelihood, unit = prior.likelihood, prior.unit
    measured, outputs = channels.measured, channels.outputs
    points = np.concatenate([measured.points, outputs.points])
    n_channel, n_point = measured.average.shape
    everything = likelihood.kernel(points)
    rest = float(likelihood.rest().detach())
    same = np.equal(channels.same[:, None], np.arange(n_channel)[None, :]).astype(float)
    spread, exponent = float(likelihood.spread().detach()), float(likelihood.exponent().detach())
    nodes, probabilities = amplitude_nodes(_AMPLITUDES if spread > 0 else 1)
    if len(nodes) > 1:
        # the amplitudes that targets have, with the log-normal prior for some more
        belongs = likelihood.responsibilities(nodes, probabilities)
        probabilities = (weight @ belongs + _PRIOR_TARGETS * probabilities) / (weight.sum() + _PRIOR_TARGETS)
    process = SpectrumProcess(
        measured=unit**2 * (_between(measured, measured, everything[:n_point, :n_point]) + rest * np.eye(n_channel)),
        cross=unit**2 * (_between(outputs, measured, everything[n_point:, :n_point]) + rest * same),
        outputs=unit**2 * (_between(outputs, outputs, everything[n_point:, n_point:]) + rest * np.eye(len(same))),
        measured_mean=_on_channels(unit * prior.mean, channels),
        output_mean=unit * prior.mean,
        amplitudes=np.exp(spread * nodes),
        probabilities=probabilities,
        exponent=exponent,
        typical_white=typical,
    )
    hyper = {"feature": unit, "amplitude_spread": spread, "amplitude_exponent": exponent, "rest": rest}
    for name, values in likelihood.hyper_parameters().items():
        if name.startswith("kernel."):
            hyper |= {name: float(np.ravel(values)[0])}
    return process, hyper


def _with_unknown(process: SpectrumProcess, channels: Channels, unit: float, novelty: float) -> SpectrumProcess:
    """Return the prior with features that no training spectrum had: a squared exponential of unit amplitude."""
    if channels.unit == 0.0:
        raise DataError("spectrum-gp: novelty needs wavelengths, and coordinate: log-wavelength")
    measured, outputs = channels.measured, channels.outputs

    def covariance(first: Axis, second: Axis) -> NDArray[np.float64]:
        apart = np.subtract.outer(first.points, second.points) * channels.unit / _NOVEL_WIDTH
        return unit**2 * _between(first, second, np.exp(-0.5 * np.square(apart)))

    return process.with_unknown(
        novelty, covariance(measured, measured), covariance(outputs, measured), covariance(outputs, outputs)
    )


def _between(first: Axis, second: Axis, covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(first.average @ covariance @ second.average.T)


def _on_channels(shape: NDArray[np.float64], channels: Channels) -> NDArray[np.float64]:
    """Return the mean shape on measured channels: that of the output there, between outputs interpolated."""
    centre = channels.outputs.centre
    order = np.argsort(centre, kind="stable")
    found: NDArray[np.float64] = np.interp(channels.measured.centre, centre[order], shape[order])
    there = np.flatnonzero(channels.same >= 0)
    found[channels.same[there]] = shape[there]
    return found


def _train(likelihood: Likelihood, params: SpectrumGpParams, seed: int) -> Any:
    train(
        likelihood,
        optimizer=params.optimizer,
        restarts=params.restarts,
        max_iterations=params.max_iterations,
        with_prior=params.prior == "weak",
        seed=seed,
    )
