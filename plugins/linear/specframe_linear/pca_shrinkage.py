"""The model ``pca-shrinkage``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe.errors import DataError
from specframe_linear.depth_noise import DepthNoise, Reported
from specframe_linear.params import PcaShrinkageParams
from specframe_linear.posterior import Posterior, posterior
from specframe_linear.spectrum_model import SpectrumModel, rounding
from specframe_linear.spectrum_prior import SpectrumPrior
from specframe_linear.unknown_features import unknown_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe.api import DepthSpectra

__all__ = ["PcaShrinkage"]

#: What ``auto`` tries.
_COMPONENTS = (0, 1, 2, 3, 4, 6, 8, 12)
_SHARED = (0, 1, 2, 3)
#: Folds within the training set.
_FOLDS = 5
#: No error is scaled by less, also where spectra are the same in all channels and have no shape.
_LEAST_SCALE = 1e-2
#: A target with more of its channels missing than this is mostly guessed.
_MAX_MISSING = 0.5


class PcaShrinkage(SpectrumModel):
    """Shrinks measured spectra towards what the training set's true spectra look like.

    The prior is learned from the labels: their mean shape, principal components and a small independent rest, with an
    amplitude that each target has for itself (:class:`~specframe_linear.spectrum_prior.SpectrumPrior`), around a mean
    depth of which nothing is assumed. The likelihood is learned from measured minus true depths: the reported errors
    times a common factor, a bias per channel, and a few modes of bias that vary from target to target
    (:class:`~specframe_linear.depth_noise.DepthNoise`). For a given amplitude the posterior mean is the best linear
    unbiased estimate, the Wiener filter (Rybicki & Press 1992, ApJ 398, 169). Where a channel's error is small against
    what spectra vary, it is left nearly as it is; where it is large, the other channels and the training set decide.

    The numbers of components and of bias modes are chosen by the likelihood of targets held out within the training
    set. There the posterior's errors are scaled, those of the mean depth and those around it each by their own factor,
    such that squared pulls average 1: an orbit that was fitted badly spoils the one and not the other. The factors are
    those of one split of the training set: of 60 targets they vary by up to a third from one seed to another, so let an
    ``uncertainty`` step have the last word on errors where the training set is small.

    With ``novelty`` the prior allows for features that no training spectrum had
    (:func:`~specframe_linear.unknown_features.unknown_features`), and each target's evidence decides whether there are
    any: a band of an unknown molecule that stands out of the noise is kept, and errors grow where one could hide.

    ``distance`` is the root of the misfit between a measurement and what prior and noise expect, in units of the
    largest of those held-out targets: of all channels, of blocks of neighbours, or of a single band, whichever is
    further out. Above 1 a target is ``extrapolating``.

    Notes
    -----
    With measurement d of covariance N (bias taken out) and prior ``N(mu, P)``: ``mean = mu + P (P + N)^-1 (d - mu)``,
    ``covariance = P - P (P + N)^-1 P``; the level of mu is free.

    References
    ----------
    - Rybicki & Press 1992, ApJ 398, 169, doi:10.1086/171845
    """

    name = "pca-shrinkage"
    Params: ClassVar[type[PcaShrinkageParams]] = PcaShrinkageParams
    params: PcaShrinkageParams

    @property
    def n_components(self) -> int:
        """How many principal components are used."""
        return int(self._of_fit("prior.components").shape[1])

    @property
    def n_shared(self) -> int:
        """How many modes of bias vary from target to target."""
        return int(self._of_fit("noise.shared").shape[1])

    @property
    def inflation(self) -> float:
        """By what ``depth_error`` has to be multiplied to hold, biases taken out."""
        return float(np.sqrt(self._of_fit("noise.inflation")))

    @property
    def std_scale(self) -> tuple[float, float]:
        """By what the posterior's errors of the mean depth, and around it, are multiplied to hold."""
        white, shape = self._of_fit("std_scale")
        return float(white), float(shape)

    def _of_fit(self, name: str) -> NDArray[np.float64]:
        if self._channels is None:
            raise self._not_fitted()
        return self._learned[name]

    def _learn(
        self, spectra: DepthSpectra, labels: NDArray[np.float64], weight: NDArray[np.float64], seed: int
    ) -> dict[str, NDArray[np.float64]]:
        default = _default_error(spectra, labels, weight)
        data = Reported.of(spectra, default)
        level = max(float(np.sqrt(np.average(np.square(data.white), weights=weight))), rounding(labels))
        folds = np.random.default_rng(seed).permutation(len(labels)) % min(_FOLDS, len(labels))
        n_shared, noises = self._choose_shared(data, labels, weight, folds)
        unknown = self._unknown(spectra)
        n_components, held_out = self._choose_components(data, labels, weight, folds, noises, level, unknown)
        prior = self._prior(labels, weight, n_components, unknown)
        noise = DepthNoise.fit(data, labels, weight, n_shared)
        return {
            **{f"prior.{name}": value for name, value in prior.state().items()},
            **{f"noise.{name}": value for name, value in noise.state().items()},
            "default_error": default,
            "level": np.array(level),
            "reach": _misfits(held_out).max(axis=0) * (1.0 + 1e-9),
            "std_scale": np.array(_scales(held_out, labels, weight)),
            "least": np.array(rounding(labels)),
        }

    def _say(
        self, spectra: DepthSpectra
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, Any], NDArray[np.bool_]]:
        learned = self._learned
        prior = SpectrumPrior.from_state(_part(learned, "prior."))
        noise = DepthNoise.from_state(_part(learned, "noise."))
        data = Reported.of(spectra, learned["default_error"])
        assert self._channels is not None
        wanted = self.params.covariance and not self._channels.single
        found = posterior(data, prior, noise, float(learned["level"]), wanted)
        white, shape = self.std_scale
        std = np.sqrt(np.maximum(found.scaled(white, shape), float(learned["least"]) ** 2))
        distance = np.sqrt((_misfits(found) / learned["reach"]).max(axis=1))
        beyond = (distance > 1.0) | ((~data.known).mean(axis=1) > _MAX_MISSING)
        further: dict[str, Any] = {"distance": (("target",), distance)}
        if found.covariance is not None:
            average = np.full(found.covariance.shape[1:], 1.0 / found.mean.shape[1])
            scale = shape * (np.eye(len(average)) - average) + white * average
            further["covariance"] = (("target", "output", "output_other"), scale @ found.covariance @ scale)
        return found.mean, std, further, beyond

    def _prior(
        self,
        labels: NDArray[np.float64],
        weight: NDArray[np.float64],
        n_components: int,
        unknown: NDArray[np.float64],
    ) -> SpectrumPrior:
        prior = SpectrumPrior.fit(labels, weight, n_components, self.params.amplitude)
        return prior.with_unknown(unknown, self.params.novelty)

    def _unknown(self, spectra: DepthSpectra) -> NDArray[np.float64]:
        if self.params.novelty == 0:
            return np.zeros((spectra.depth.shape[1], 0))
        if spectra.wavelength is None or not (np.isfinite(spectra.wavelength) & (spectra.wavelength > 0)).all():
            raise DataError(
                f"{self.name}: novelty={self.params.novelty:g} is about features that are smooth in wavelength, but "
                "the spectra have no wavelengths: give depths a coordinate 'wavelength', or set novelty: 0"
            )
        return unknown_features(spectra.wavelength)

    def _choose_shared(
        self, data: Reported, labels: NDArray[np.float64], weight: NDArray[np.float64], folds: NDArray[np.intp]
    ) -> tuple[int, list[DepthNoise]]:
        """Return the number of bias modes, and for each fold the noise learned without it."""
        wanted = self.params.bias_modes
        tried = []
        for count in _SHARED if wanted == "auto" else (wanted,):
            noises, likelihood = [], 0.0
            for fold in range(folds.max() + 1):
                rest, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
                if count > len(rest) - 2:
                    break
                noise = DepthNoise.fit(data.take(rest), labels[rest], weight[rest], count)
                noises.append(noise)
                likelihood += float(weight[out] @ noise.log_likelihood(data.take(out), labels[out]))
            else:
                tried.append((likelihood, count, noises))
        _, count, noises = max(tried, key=lambda one: (one[0], -one[1]))
        return count, noises

    def _choose_components(
        self,
        data: Reported,
        labels: NDArray[np.float64],
        weight: NDArray[np.float64],
        folds: NDArray[np.intp],
        noises: list[DepthNoise],
        level: float,
        unknown: NDArray[np.float64],
    ) -> tuple[int, Posterior]:
        """Return the number of components, and what was said of each target by the fit without it."""
        wanted = self.params.n_components
        tried = []
        for count in _COMPONENTS if wanted == "auto" else (wanted,):
            found = []
            for fold, noise in enumerate(noises):
                rest, out = folds != fold, np.flatnonzero(folds == fold)
                prior = self._prior(labels[rest], weight[rest], count, unknown)
                found.append(posterior(data.take(out), prior, noise, level))
            held_out = _joined(found, folds)
            least = rounding(labels) ** 2
            variance = np.maximum(held_out.scaled(*_scales(held_out, labels, weight)), least)
            each = np.mean(np.log(variance) + np.square(labels - held_out.mean) / variance, axis=1)
            likelihood = -float(np.average(each, weights=weight))
            tried.append((likelihood, -count, held_out))
        _, count, held_out = max(tried, key=lambda one: one[:2])
        return -count, held_out


def _misfits(found: Posterior) -> NDArray[np.float64]:
    """Return the three misfits of each target, shape (n_target, 3)."""
    return np.stack([found.misfit, found.broad_misfit, found.band_misfit], axis=1)


def _joined(parts: list[Posterior], folds: NDArray[np.intp]) -> Posterior:
    """Return the posteriors of all folds in the order of the targets."""
    order = np.argsort(np.concatenate([np.flatnonzero(folds == fold) for fold in range(len(parts))]))
    return Posterior(
        *(
            np.concatenate([getattr(part, name) for part in parts])[order]
            for name in ("mean", "variance", "with_white", "misfit", "broad_misfit", "band_misfit")
        )
    )


def _scales(held_out: Posterior, labels: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    """Return root mean square pulls of the mean depth, and of the depths around it, of held-out targets."""
    error = labels - held_out.mean
    white = error.mean(axis=1)
    least = rounding(labels) ** 2
    pulls = (
        np.square(white) / np.maximum(held_out.white_variance(), least),
        np.mean(np.square(error - white[:, None]) / np.maximum(held_out.shape_variance(), least), axis=1),
    )
    scales = (float(np.sqrt(np.average(pull, weights=weight))) for pull in pulls)
    white_scale, shape_scale = (max(scale, _LEAST_SCALE) for scale in scales)
    return white_scale, shape_scale


def _default_error(
    spectra: DepthSpectra, labels: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the scatter of measured minus true depth of each channel, for spectra without errors."""
    known = spectra.known
    counts = np.where(known, weight[:, None], 0.0)
    total = np.maximum(counts.sum(axis=0), np.finfo(float).tiny)
    residual = np.where(known, spectra.depth - labels, 0.0)
    mean = (counts * residual).sum(axis=0) / total
    scatter = np.sqrt((counts * np.square(residual - mean)).sum(axis=0) / total)
    overall = float(np.sqrt(np.average(np.square(scatter))))
    # A channel without data or without scatter: the others' scatter, as far as it is any.
    return np.maximum(np.where(scatter > 1e-3 * overall, scatter, overall), rounding(labels))


def _part(arrays: dict[str, NDArray[np.float64]], prefix: str) -> dict[str, NDArray[np.float64]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
