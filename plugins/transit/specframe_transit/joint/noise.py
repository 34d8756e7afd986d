"""Noise of a joint fit: outliers, scatter, what all channels have in common, and the covariance that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.api import MAD_TO_STD, masked_median
from specframe_transit.joint.normal_equations import SHAPE_COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.joint.joint_fit import JointModel
    from specframe_transit.joint.normal_equations import Linearisation

__all__ = ["CommonNoise", "clip", "coloured", "common_noise", "common_response", "leverage", "misfit", "red_noise_beta"]

#: A sample of the white curve needs this part of the node's usual information, else it is not judged.
_MIN_LIGHT = 0.1
#: Most samples in a bin when red noise is measured, and fewest bins.
_MAX_BIN, _MIN_BINS = 16, 10
#: Red noise is believed when beta exceeds 1 by this many of its own standard errors.
_SIGNIFICANT = 2.0
#: Functions of time in which a drift of another colour is looked for, and by how many standard deviations their
#: chi-square has to exceed its mean: of fits without any, one in a thousand does.
_COLOUR_FUNCTIONS, _COLOURED = 4, 5.0


@dataclass(frozen=True)
class CommonNoise:
    """Noise that a node's channels share: ``variance`` of each sample, relative to the flux, beyond flux_error.

    ``chi2_reduced`` of the white residual and ``beta`` (Winn et al. 2008, ApJ 683, 1076) lead to it, the latter if it
    is significant (``red``). ``residual`` (n_time,) is the white residual relative to the flux, NaN where there is too
    little light.
    """

    variance: float
    chi2_reduced: float
    beta: float
    red: bool
    residual: NDArray[np.float64]


def clip(lin: Linearisation, use: list[NDArray[np.bool_]], model: JointModel, sigma: float) -> list[NDArray[np.bool_]]:
    """Return which samples of each node (n_channel, n_time) stay: neither they nor their time are outliers.

    A sample is one when it lies ``sigma`` robust standard deviations of its channel off, a time when the mean over
    all channels, weighted by their light, does. Outliers are few: what would take more than half of a channel's transit
    or of its baseline, or of the times of either, is a model that does not fit, and stays.
    """
    kept: list[NDArray[np.bool_]] = []
    for curves, node, usable in zip(model.curves, lin.nodes, use, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            residual = curves.flux - node.model
        residual = np.where(usable, residual, 0.0)
        scatter = MAD_TO_STD * masked_median(np.abs(residual), usable)[:, None]
        # channels without noise (simulations) have nothing to clip but rounding
        rounding = 1e-9 * np.abs(node.star)[:, None]
        within = node.transit < 1.0
        good = usable & (np.abs(residual) <= np.maximum(sigma * scatter, rounding))
        good = np.where(_believed(good, usable, within)[:, None], good, usable)
        if len(residual) > 1:
            white, information = _white(lin, len(kept))
            lit = information > _MIN_LIGHT * np.median(information)
            normalised = np.where(lit, white * np.sqrt(information), 0.0)
            limit = sigma * MAD_TO_STD * np.median(np.abs(normalised[lit])) if lit.any() else np.inf
            ordinary = (np.abs(normalised) <= limit) | ~lit
            if _believed((ordinary & lit)[None, :], lit[None, :], np.any(within, axis=0)[None, :])[0]:
                good &= ordinary
        kept.append(good)
    return kept


def _believed(good: NDArray[np.bool_], usable: NDArray[np.bool_], within: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for which rows at least half of the usable samples stay, both in transit and out of it, (n_row,)."""
    believed = np.ones(len(good), bool)
    for part in (within, ~within):
        believed &= 2 * (good & part).sum(axis=1) >= (usable & part).sum(axis=1)
    return believed


def misfit(lin: Linearisation, use: list[NDArray[np.bool_]], sigma: float) -> bool:
    """Return whether in some node most of the light lies in samples that the model misses as outliers are.

    That is when more than half of a node's transit or of its baseline is ``sigma`` robust standard deviations off
    in the mean over channels, as :func:`clip` judges it.
    """
    for number, (node, usable) in enumerate(zip(lin.nodes, use, strict=True)):
        white, information = _white(lin, number)
        lit = usable.any(axis=0) & (information > _MIN_LIGHT * np.median(information))
        if not lit.any():
            continue
        normalised = np.abs(white * np.sqrt(information))
        good = lit & (normalised <= sigma * MAD_TO_STD * float(np.median(normalised[lit])))
        within = np.any(node.transit < 1.0, axis=0)
        if not _believed(good[None, :], lit[None, :], within[None, :])[0]:
            return True
    return False


def coloured(lin: Linearisation, model: JointModel, node: int, beyond: NDArray[np.float64]) -> bool:
    """Return whether the residuals hold a drift whose colour is ``beyond`` (n_channel,), which the fit does not have.

    The functions of time are the drift's first ones, orthogonal to each channel's star level and depth. Their
    chi-square then is at most that of as many degrees of freedom, unless there is such a drift.
    """
    own, curves = lin.nodes[node], model.curves[node]
    n_fitted = min(_COLOUR_FUNCTIONS, curves.drift.columns.shape[1])
    if n_fitted == 0:
        return False
    first = 2 + SHAPE_COLUMNS
    time = own.columns[:, first : first + n_fitted]
    known = own.columns[:, :2]
    gram = known @ known.transpose(0, 2, 1)
    time = time - (time @ known.transpose(0, 2, 1)) @ np.linalg.pinv(gram, hermitian=True) @ known
    design = (time * beyond[:, None, None]).transpose(1, 0, 2).reshape(n_fitted, -1)
    projected = design @ own.columns[:, -1].ravel()
    chi2 = float(projected @ np.linalg.pinv(design @ design.T, hermitian=True) @ projected)
    return bool(chi2 > n_fitted + _COLOURED * np.sqrt(2.0 * n_fitted))


def leverage(lin: Linearisation, model: JointModel) -> list[NDArray[np.float64]]:
    """Return how many degrees of freedom the fit takes from each channel of each node, (n_channel,).

    That is the trace of the hat matrix: one for the star's level, the channel's share of its depth, and the part of
    the shared parameters that it determines.
    """
    taken = []
    for number, (curves, node) in enumerate(zip(model.curves, lin.nodes, strict=True)):
        columns = node.columns[:, :-1]
        gram = columns @ columns.transpose(0, 2, 1)
        star = np.where(gram[:, 0, 0] > 0, gram[:, 0, 0], 1.0)
        gram = gram[:, 1:, 1:] - gram[:, 1:, :1] * gram[:, :1, 1:] / star[:, None, None]
        # covariance of (depth, columns) of each channel
        index, expansion = model.indices(number), curves.expansion
        theta = lin.theta_covariance[:, index]
        shared = expansion @ theta[index] @ expansion.transpose(0, 2, 1)
        response = lin.response[curves.channel]
        crossed = -(expansion @ (theta.T @ response.T).T[:, :, None])[..., 0]
        information = lin.information[curves.channel]
        known = information > 0
        depth = np.where(known, 1.0 / np.where(known, information, 1.0), 0.0)
        depth = depth + np.einsum("cp,pq,cq->c", response, lin.theta_covariance, response, optimize=True)
        total = np.einsum("cij,cij->c", gram[:, 1:, 1:], shared)
        total += gram[:, 0, 0] * depth + 2.0 * np.einsum("ci,ci->c", gram[:, 0, 1:], crossed)
        taken.append(1.0 + total)
    return taken


def common_noise(lin: Linearisation, node: int, n_fitted: float, truncated: float) -> CommonNoise:
    """Measure what the white residual of a node scatters beyond the errors of its channels.

    ``n_fitted`` is the number of parameters that the white residual determines, ``truncated`` the variance that
    clipping leaves to normal noise of variance 1.
    """
    white, information = _white(lin, node)
    lit = information > _MIN_LIGHT * np.median(information)
    normalised = (white * np.sqrt(information))[lit]
    free = max(len(normalised) - n_fitted, 1.0)
    chi2 = float(normalised @ normalised) / free / truncated
    beta, error = red_noise_beta(normalised)
    red = beta > 1.0 + _SIGNIFICANT * error
    factor = beta**2 if red else 1.0
    excess = max(chi2 * factor - 1.0, 0.0) / float(np.median(information[lit])) if lit.any() else 0.0
    return CommonNoise(excess, chi2, beta, red, np.where(lit, white, np.nan))


def red_noise_beta(residual: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean ratio of the scatter of binned residuals to that of white noise, and its standard error.

    Winn et al. (2008, ApJ 683, 1076): beta = s_N sqrt(N) / s_1, s_N being the scatter of means of N samples; here
    averaged over N from 2 to 16, and not below 1.
    """
    sizes = [n for n in range(2, _MAX_BIN + 1) if len(residual) // n >= _MIN_BINS]
    scatter = float(np.sqrt(np.mean(residual**2))) if len(residual) else 0.0
    if not sizes or scatter == 0.0:
        return 1.0, np.inf
    ratios = []
    for n in sizes:
        bins = residual[: len(residual) // n * n].reshape(-1, n).mean(axis=1)
        ratios.append(np.sqrt(np.mean(bins**2) * n) / scatter)
    # the bins of one size tell little that those of another do not: the largest ones rule the error
    error = 1.0 / np.sqrt(2.0 * len(residual) / sizes[len(sizes) // 2])
    return max(1.0, float(np.mean(ratios))), float(error)


def common_response(lin: Linearisation, model: JointModel, node: int) -> NDArray[np.float64]:
    """Return by how much every depth changes when all channels of a node brighten at one time, (n_depth, n_time)."""
    curves, own = model.curves[node], lin.nodes[node]
    star_column = own.columns[:, 0]
    norm = np.einsum("ct,ct->c", star_column, star_column)
    brighter = star_column * own.star[:, None]
    columns = own.columns[:, 1:-1]
    along = np.einsum("cmt,ct->cm", columns, star_column)
    along = along / np.where(norm > 0, norm, 1.0)[:, None]
    # columns orthogonal to the star's level, times the brightening
    shape_part = (columns[:, 1:] - along[:, 1:, None] * star_column[:, None]) * brighter[:, None]
    depth_part = (columns[:, 0] - along[:, :1] * star_column) * brighter
    n_time = star_column.shape[1]
    by_theta = np.zeros((model.n_theta, n_time))
    flat = curves.expansion.reshape(-1, curves.expansion.shape[2])
    by_theta[model.indices(node)] = flat.T @ shape_part.reshape(-1, n_time)
    by_depth = np.zeros((model.n_depth, n_time))
    by_depth[curves.channel] = depth_part
    theta = lin.theta_covariance @ (by_theta - lin.response.T @ by_depth)
    known = lin.information > 0
    local = np.where(known, 1.0 / np.where(known, lin.information, 1.0), 0.0)[:, None] * by_depth
    return np.asarray(local - lin.response @ theta)


def _white(lin: Linearisation, node: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the white residual relative to the flux and one over its variance, (n_time,)."""
    own = lin.nodes[node]
    brighter = own.columns[:, 0] * own.star[:, None]
    information = np.einsum("ct,ct->t", brighter, brighter)
    residual = np.einsum("ct,ct->t", brighter, own.columns[:, -1])
    return residual / np.where(information > 0, information, 1.0), information
