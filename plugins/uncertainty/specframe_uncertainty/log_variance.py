"""Variance of errors as a log-linear function of traits of the prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_uncertainty.shrinkage_choice import chosen_shrinkage, some_outputs

if TYPE_CHECKING:
    from typing import Literal

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["LogVariance"]

_ROUNDS, _SETTLED = 100, 1e-10
_EXACT = 1e-12
#: Of Student's t that slopes are fitted by: tails as heavy as those of real residuals.
_DEGREES = 4.0
#: What a target tells of the logarithm of the variance then, over what it tells if residuals are normal.
_INFORMATION = _DEGREES / (_DEGREES + 3.0)
#: Largest change of a log-variance in one round.
_STEP = 2.0


@dataclass(frozen=True)
class LogVariance:
    """``ln sigma^2 = intercept (n_output,) + terms @ slopes (n_output, n_term)``, beside a variance that is known."""

    intercept: Array
    slopes: Array
    shrinkage: float

    @classmethod
    def fit(
        cls,
        terms: Array,
        squares: Array,
        known: Array,
        shrinkage: float | Literal["auto"],
        shared: bool,
        folds: NDArray[np.intp],
        floor: Array,
    ) -> LogVariance:
        """Maximise the likelihood of squared residuals, less ``shrinkage / 4`` times the squared slopes.

        Slopes are those under which residuals in units of sigma are most likely as Student's t with four degrees of
        freedom (Lange, Little & Taylor 1989, J. Am. Stat. Assoc. 84, 881), so that the few targets that carry the
        squared error do not decide them. The intercepts are then those of normal residuals: sigma is a root mean
        square.

        Parameters
        ----------
        terms
            Shape (n_target, n_output, n_term), standardised.
        squares
            Squared residuals (n_target, n_output), NaN where the truth is not known.
        known
            Variance that is there besides (n_target, n_output): the model's part.
        shrinkage
            In targets: at 1 it counts as much as one more target without any slope. ``"auto"`` takes the value under
            which targets of held-out ``folds (n_target,)`` are the most likely.
        shared
            Whether all outputs have the same slopes.
        floor
            Smallest standard deviation of each output (n_output,).
        """
        if shrinkage == "auto":
            some = some_outputs(len(floor))
            x, y, z, least = terms[:, some], squares[:, some], known[:, some], floor[some]
            shrinkage = chosen_shrinkage(
                lambda train, alpha: _fisher_scoring(x[train], y[train], z[train], alpha, shared, least),
                lambda fit, test: _surprise(fit, x[test], z[test], y[test]),
                folds,
            )
        fit = _fisher_scoring(terms, squares, known, shrinkage, shared, floor)
        intercept, slopes = _as_root_mean_square(fit, terms, known, squares)
        return cls(np.maximum(intercept, 2.0 * np.log(floor)), slopes, shrinkage)

    def variance(self, terms: Array) -> Array:
        """Return the variance (n_target, n_output) beside the known one."""
        return np.asarray(np.exp(self.intercept + np.einsum("iok,ok->io", terms, self.slopes)))


def _variance(intercept: Array, slopes: Array, terms: Array, known: Array) -> Array:
    return np.asarray(np.exp(intercept + np.einsum("iok,ok->io", terms, slopes)) + known)


def _surprise(fit: tuple[Array, Array], terms: Array, known: Array, squares: Array) -> Array:
    """Return minus twice the log-likelihood of each target (n_target,), mean over its known outputs."""
    variance = _variance(*fit, terms, known)
    far = (_DEGREES + 1.0) * np.log1p(squares / variance / _DEGREES)
    return np.asarray(np.nanmean(np.where(np.isnan(squares), np.nan, np.log(variance) + far), axis=1))


def _as_root_mean_square(fit: tuple[Array, Array], terms: Array, known: Array, squares: Array) -> tuple[Array, Array]:
    """Return the fit with intercepts under which normal residuals are the most likely, slopes as they are."""
    intercept, slopes = fit
    use = ~np.isnan(squares)
    squares = np.where(use, squares, 0.0)
    for _ in range(_ROUNDS):
        own = np.exp(intercept + np.einsum("iok,ok->io", terms, slopes))
        share = own / (own + known)
        score = (share * (squares / (own + known) - 1.0) * use).sum(axis=0)
        step = np.clip(score / np.maximum((np.square(share) * use).sum(axis=0), 1e-6), -1.0, 1.0)
        intercept = intercept + step
        if float(np.abs(step).max()) < _EXACT:
            break
    return intercept, slopes


def _fisher_scoring(
    terms: Array, squares: Array, known: Array, shrinkage: float, shared: bool, floor: Array
) -> tuple[Array, Array]:
    """Return intercept and slopes.

    Where ``known`` is 0 it is a generalised linear model for the variance (Aitkin 1987, Appl. Stat. 36, 332). Each
    round solves for the step with the expected information, and halves it until it does no harm.
    """
    use = ~np.isnan(squares)
    squares = np.where(use, squares, 0.0)
    count = use.sum(axis=0)
    lowest = 2.0 * np.log(floor)
    rest = np.maximum(((squares - known) * use).sum(axis=0), 0.1 * squares.sum(axis=0)) / count
    intercept = np.maximum(np.log(np.maximum(rest, np.square(floor))), lowest)
    slopes = np.zeros(terms.shape[1:])
    if not np.isfinite(shrinkage):
        terms = np.zeros_like(terms)
        shrinkage = 1.0
    outputs = terms.shape[1] if shared else 1

    def loss(intercept: Array, slopes: Array) -> float:
        variance = _variance(intercept, slopes, terms, known)
        far = (_DEGREES + 1.0) * np.log1p(squares / variance / _DEGREES)
        fit = 0.5 * ((np.log(variance) + far) * use).sum() / outputs
        return float(fit + 0.25 * shrinkage * np.square(slopes).sum() / outputs)

    now = loss(intercept, slopes)
    for _ in range(_ROUNDS):
        own = np.exp(intercept + np.einsum("iok,ok->io", terms, slopes))
        variance = own + known
        share = own / variance
        weight = np.maximum(0.5 * _INFORMATION * np.square(share), 1e-6) * use / outputs
        counted = (_DEGREES + 1.0) * squares / (_DEGREES * variance + squares)
        score = 0.5 * share * (counted - 1.0) * use / outputs
        total = weight.sum(axis=0)
        centre = np.einsum("io,iok->ok", weight, terms) / total[:, None]
        centred = terms - centre
        information = np.einsum("io,iok,iol->okl", weight, centred, centred, optimize=True)
        pull = np.einsum("io,iok->ok", score, centred)
        if shared:
            information = information.sum(axis=0, keepdims=True)
            pull = pull.sum(axis=0, keepdims=True)
        penalty = 0.5 * shrinkage
        matrix = information + penalty * np.eye(terms.shape[2])
        step = np.linalg.solve(matrix, (pull - penalty * slopes[: len(pull)])[..., None])[..., 0]
        step = np.broadcast_to(step, slopes.shape)
        shift = score.sum(axis=0) / total - np.einsum("ok,ok->o", centre, step)
        change = float(np.abs(shift + np.einsum("iok,ok->io", terms, step)).max())
        length = min(1.0, _STEP / max(change, np.finfo(float).tiny))
        for _ in range(30):
            tried = np.maximum(intercept + length * shift, lowest), slopes + length * step
            then = loss(*tried)
            if then <= now:
                break
            length *= 0.5
        else:
            break
        intercept, slopes = tried
        gain, now = now - then, then
        if gain < _SETTLED * (1.0 + abs(now)) and length * change < 1e-6:
            break
    return intercept, slopes
