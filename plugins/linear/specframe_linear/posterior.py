"""The best estimate of a spectrum from a noisy measurement and what is known of spectra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_linear.depth_noise import DepthNoise, Reported
    from specframe_linear.spectrum_prior import SpectrumPrior

__all__ = ["Posterior", "posterior"]

#: At most so many blocks of neighbouring channels, and channels that each has at least.
_MAX_BLOCKS, _CHANNELS_PER_BLOCK = 24, 4
#: Widths of a band, in blocks.
_BANDS = (1, 2, 4)
#: Keeps the information on blocks invertible, relative to its diagonal.
_RIDGE = 1e-9


@dataclass(frozen=True)
class Posterior:
    """``mean`` and ``variance`` of the true depths, both (n_target, n_channel).

    ``with_white (n_target, n_channel)`` is the covariance of each depth with the mean depth over channels.
    ``misfit (n_target,)`` is the squared Mahalanobis distance of the measurement from what prior and noise expect, per
    measured channel: about 1 for a target like those of the training set. A band that the prior does not know is lost
    among the noise of 283 channels, so there are two more: ``broad_misfit (n_target,)`` is by how much that distance,
    not per channel but per block, would fall if the levels of up to 24 blocks of neighbouring channels were free, also
    about 1; ``band_misfit (n_target,)`` by how much at most if one band were, of one, two or four blocks.
    ``covariance (n_target, n_channel, n_channel)`` is there when asked for.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    with_white: NDArray[np.float64]
    misfit: NDArray[np.float64]
    broad_misfit: NDArray[np.float64]
    band_misfit: NDArray[np.float64]
    covariance: NDArray[np.float64] | None = None

    def scaled(self, white: float, shape: float) -> NDArray[np.float64]:
        """Return the variance when errors of the mean depth, and errors around it, are so many times as large."""
        mean = self.with_white.mean(axis=1, keepdims=True)
        around = shape**2 * self.shape_variance() + 2 * shape * white * (self.with_white - mean)
        return np.asarray(around + white**2 * mean)

    def white_variance(self) -> NDArray[np.float64]:
        """Return the variance of the mean depth over channels, shape (n_target,)."""
        return np.asarray(self.with_white.mean(axis=1))

    def shape_variance(self) -> NDArray[np.float64]:
        """Return the variance of the depths around their mean over channels, shape (n_target, n_channel)."""
        mean = self.with_white.mean(axis=1, keepdims=True)
        return np.asarray(np.maximum(self.variance - 2 * self.with_white + mean, 0.0))


def posterior(
    data: Reported, prior: SpectrumPrior, noise: DepthNoise, level: float, with_covariance: bool = False
) -> Posterior:
    """Return the posterior of the true spectra, under a normal prior for each amplitude and noise that is normal.

    The spectrum is ``white + level * l + amplitude * (mean + components @ z + rest)`` with a wide normal prior on its
    mean depth (``level``, the standard deviation), and the measurement is that plus :class:`DepthNoise`. Given the
    amplitude everything is jointly normal, and the posterior mean is the best linear unbiased estimate. Channels that
    were not measured have no weight, which marginalises over them exactly. Over amplitudes, and over whether there are
    features that the training set does not know, it is averaged with the evidence of each. Misfits are those with what
    is known, so that unknown features show in them.
    """
    n_target, n_channel = data.depth.shape
    white = data.white
    unit = np.full((n_channel, 1), level)
    means, variances, with_whites, evidences, misfits = [], [], [], [], []
    covariances, local = [], []
    blocks = _blocks(n_channel)
    alternatives = list(prior.alternatives())
    for i in range(n_target):
        likeliest = -np.inf
        known = np.isfinite(data.variance[i])
        errors = noise.inflation * np.where(known, data.variance[i], 1.0)
        disturbance = np.concatenate([white[i] * noise.shared, np.sqrt(noise.inflation) * data.modes[i]], axis=1)
        offset = np.where(known, data.depth[i] - white[i] * (1.0 + noise.bias), 0.0)
        for amplitude, probability, components, is_known in alternatives:
            own = amplitude**2 * prior.rest_variance
            features = np.concatenate([unit, amplitude * components], axis=1)
            design = np.concatenate([features, disturbance], axis=1)  # shape: (n_channel, K)
            precision = np.where(known, 1.0 / (own + errors), 0.0)
            residual = np.where(known, offset - amplitude * prior.mean, 0.0)
            # Woodbury: all that is correlated lies in K columns.
            inverse = np.eye(design.shape[1]) + (design * precision[:, None]).T @ design
            cholesky = np.linalg.cholesky(inverse)
            projected = design.T @ (precision * residual)
            solved = np.linalg.solve(inverse, projected)
            gain = own * precision
            transfer = -gain[:, None] * design
            transfer[:, : features.shape[1]] += features
            root = np.linalg.solve(cholesky, transfer.T)  # shape: (K, n_channel)
            rest = own * (1.0 - gain)
            distance = float((precision * residual * residual).sum() - projected @ solved)
            scale = -2.0 * np.log(np.diagonal(cholesky)).sum() + np.log(precision[known]).sum()
            means.append(white[i] + amplitude * prior.mean + transfer @ solved + gain * residual)
            variances.append(np.square(root).sum(axis=0) + rest)
            with_whites.append(root.mean(axis=1) @ root + rest / n_channel)
            evidences.append(np.log(max(probability, np.finfo(float).tiny)) + 0.5 * (scale - distance))
            if is_known and evidences[-1] > likeliest:
                likeliest = evidences[-1]
                weighted = design * precision[:, None]
                left = precision * residual - weighted @ solved  # shape: (n_channel,), S^-1 r of the whole covariance S
                told = (precision, weighted, inverse, left)
            if is_known:
                misfits.append(distance / max(int(known.sum()), 1))
            if with_covariance:
                covariances.append(root.T @ root + np.diag(rest))
        local.append(_local_misfits(blocks, *told))
    shape = (n_target, len(alternatives))
    log_weight = np.reshape(evidences, shape)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    each = np.reshape(means, (*shape, n_channel))
    mean = np.einsum("na,nam->nm", weight, each)
    apart = each - mean[:, None, :]
    variance = np.einsum("na,nam->nm", weight, np.reshape(variances, each.shape) + np.square(apart))
    with_white = np.einsum(
        "na,nam->nm", weight, np.reshape(with_whites, each.shape) + apart * apart.mean(axis=2)[..., None]
    )
    covariance = None
    if with_covariance:
        within = np.reshape(covariances, (*each.shape, n_channel))
        covariance = np.einsum("na,namk->nmk", weight, within)
        covariance += np.einsum("na,nam,nak->nmk", weight, apart, apart)
    # Where unknown features explain nearly all, the weights of the others may be nothing but rounding.
    familiar = log_weight[:, : len(prior.amplitudes)]
    share = np.exp(familiar - familiar.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    misfit = np.einsum("na,na->n", share, np.reshape(misfits, share.shape))
    broad, band = np.reshape(local, (n_target, 2)).T
    return Posterior(mean, variance, with_white, misfit, broad, band, covariance)


def _blocks(n_channel: int) -> NDArray[np.float64]:
    """Return up to :data:`_MAX_BLOCKS` blocks of neighbouring channels as columns of ones, (n_channel, n_block)."""
    count = max(min(_MAX_BLOCKS, n_channel // _CHANNELS_PER_BLOCK), 1)
    return np.asarray((np.arange(n_channel) * count // n_channel)[:, None] == np.arange(count), dtype=float)


def _local_misfits(
    blocks: NDArray[np.float64],
    precision: NDArray[np.float64],
    weighted: NDArray[np.float64],
    inverse: NDArray[np.float64],
    left: NDArray[np.float64],
) -> tuple[float, float]:
    """Return the score statistics of deviations that are constant within blocks: of all per block, of the best band.

    ``u^T V^-1 u`` with ``u = B^T S^-1 r`` and ``V = B^T S^-1 B`` for blocks ``B`` and the covariance ``S`` of prior and
    noise: by how much the fit would gain if the blocks' levels were free (Rao 1948, Proc. Camb. Phil. Soc. 44, 50).
    """
    there = (blocks * precision[:, None]).sum(axis=0) > 0
    if not there.any():
        return 1.0, 1.0
    blocks = blocks[:, there]
    coupled = blocks.T @ weighted
    information = np.diag(blocks.T @ precision) - coupled @ np.linalg.solve(inverse, coupled.T)
    score = blocks.T @ left
    size = np.sqrt(np.maximum(np.diagonal(information), np.finfo(float).tiny))
    unit = information / (size[:, None] * size[None, :]) + _RIDGE * np.eye(len(size))
    broad = float(score / size @ np.linalg.solve(unit, score / size)) / len(size)
    band = 0.0
    for width in _BANDS:
        first = np.arange(len(size) - width + 1)[:, None]
        band_of = ((first <= np.arange(len(size))) & (np.arange(len(size)) < first + width)).astype(float)
        variance = np.einsum("bi,ij,bj->b", band_of, information, band_of)
        gain = np.square(band_of @ score) / np.maximum(variance, np.finfo(float).tiny)
        band = max(band, float(gain.max(initial=0.0)))
    return broad, band
