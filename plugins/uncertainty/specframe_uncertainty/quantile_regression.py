"""Quantiles of errors as linear functions of traits of the prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_uncertainty.shrinkage_choice import chosen_shrinkage, some_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["ConditionalQuantiles", "pinball_loss"]

#: Rounds of the minimisation, and the residual below which the pinball loss is rounded off, in units of the errors.
_ROUNDS, _ROUNDED = 60, 1e-3
#: Curvature of the mean pinball loss of a normal variable is its density, 0.4 at the median and 0.24 at one sigma.
_CURVATURE = 0.25


@dataclass(frozen=True)
class ConditionalQuantiles:
    """Quantile at each of ``n_tail`` probabilities: ``intercept (n_tail, n_output) + terms @ slopes``.

    ``slopes`` have the shape (n_tail, n_output, n_term).
    """

    intercept: Array
    slopes: Array
    shrinkage: float

    @classmethod
    def fit(
        cls,
        terms: Array,
        values: Array,
        tails: Sequence[float],
        shrinkage: float | Literal["auto"],
        folds: NDArray[np.intp],
    ) -> ConditionalQuantiles:
        """Minimise the pinball loss (Koenker & Bassett 1978, Econometrica 46, 33) with shrunk slopes.

        ``terms (n_target, n_output, n_term)`` are standardised, ``values (n_target, n_output)`` of unit size, NaN where
        not known. ``shrinkage`` is in targets, or chosen by the loss of held-out ``folds (n_target,)``. scikit-learn
        solves a linear programme for each output and probability; here all outputs are solved at once.

        The intercept is the order statistic at rank ``tail (n + 1)`` of what the slopes leave, so that without
        slopes the bounds hold exactly for exchangeable errors, as those of ``residual`` do.
        """
        if shrinkage == "auto":
            some = some_outputs(values.shape[1])
            few_terms, few = terms[:, some], values[:, some]
            shrinkage = chosen_shrinkage(
                lambda train, alpha: _fit(few_terms[train], few[train], tails, alpha),
                lambda fit, test: _loss(fit, few_terms[test], few[test], tails),
                folds,
            )
        return cls(*_fit(terms, values, tails, shrinkage), shrinkage)

    def at(self, terms: Array) -> Array:
        """Return the quantiles (n_tail, n_target, n_output)."""
        return _quantiles(self.intercept, self.slopes, terms)


def pinball_loss(error: Array, tail: float) -> Array:
    """Return the loss whose mean is least for the quantile at ``tail``; ``error`` is value minus quantile."""
    return np.asarray(np.maximum(tail * error, (tail - 1.0) * error))


def _quantiles(intercept: Array, slopes: Array, terms: Array) -> Array:
    return np.asarray(intercept[:, None] + np.einsum("iok,tok->tio", terms, slopes))


def _loss(fit: tuple[Array, Array], terms: Array, values: Array, tails: Sequence[float]) -> Array:
    found = _quantiles(*fit, terms)
    loss = sum(pinball_loss(values - q, tail) for q, tail in zip(found, tails, strict=True))
    return np.asarray(np.nanmean(loss, axis=1))


def _fit(terms: Array, values: Array, tails: Sequence[float], shrinkage: float) -> tuple[Array, Array]:
    slopes = np.zeros((len(tails), *terms.shape[1:]))
    if np.isfinite(shrinkage):
        for t, tail in enumerate(tails):
            slopes[t] = _slopes(terms, values, tail, shrinkage)
    intercept = np.empty(slopes.shape[:2])
    for t, tail in enumerate(tails):
        rest = values - np.einsum("iok,ok->io", terms, slopes[t])
        intercept[t] = np.nanquantile(rest, tail, axis=0, method="weibull")
    return intercept, slopes


def _slopes(terms: Array, values: Array, tail: float, shrinkage: float) -> Array:
    """Return slopes (n_output, n_term), by majorisation (Hunter & Lange 2000, J. Comput. Graph. Stat. 9, 60)."""
    use = ~np.isnan(values.T)
    known = np.where(use, values.T, 0.0)
    # outputs first: matrices of one output lie together, so that rounds over few targets are not all bookkeeping
    rows = np.ascontiguousarray(np.concatenate([np.ones((*values.shape, 1)), terms], axis=-1).transpose(1, 0, 2))
    columns = np.ascontiguousarray(rows.transpose(0, 2, 1))
    penalty = np.diag([0.0, *[2.0 * _CURVATURE * shrinkage] * terms.shape[-1]])
    coefficients = np.zeros((len(known), rows.shape[-1], 1))
    coefficients[:, 0, 0] = np.nanquantile(values, tail, axis=0)
    pull = (2.0 * tail - 1.0) * (columns @ use[..., None].astype(float))
    for _ in range(_ROUNDS):
        rest = known - (rows @ coefficients)[..., 0]
        weighted = columns * (use / (_ROUNDED + np.abs(rest)))[:, None]
        matrix, right = weighted @ rows + penalty, weighted @ known[..., None] + pull
        before, coefficients = coefficients, np.linalg.solve(matrix, right)
        if float(np.abs(coefficients - before).max()) < 1e-6:
            break
    return np.asarray(coefficients[:, 1:, 0])
