"""A fit as minimisers and samplers see it: free parameters, priors, and batches of curves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.fit.minimum import Minimum, minimise
from specframe_transit.fit.prior_table import PriorTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.fit.batch import CurveBatch
    from specframe_transit.fit.noise import Noise
    from specframe_transit.inference.prior import Parameter

    Array = NDArray[np.float64]
    Rows = NDArray[np.intp]

__all__ = ["CurvePosterior", "Problem"]


@dataclass(frozen=True)
class Problem:
    """Either one batch whose curves have parameters of their own, or batches of one curve that share parameters.

    ``parameters`` holds the free parameters of each row: one per curve of the batch, or one for all batches.
    ``picks`` says, for each batch, which of a row's parameters are its signal's and systematics'.
    """

    batches: tuple[CurveBatch, ...]
    picks: tuple[Rows, ...]
    parameters: tuple[tuple[Parameter, ...], ...]
    prior: PriorTable

    @classmethod
    def of(
        cls, batches: Sequence[CurveBatch], picks: Sequence[Rows], parameters: Sequence[Sequence[Parameter]]
    ) -> Problem:
        """Return the problem with the priors of the parameters of each row."""
        return cls(tuple(batches), tuple(picks), tuple(map(tuple, parameters)), PriorTable.of(parameters))

    def with_noise(self, noises: Sequence[Noise]) -> Problem:
        """Return the problem with other noise."""
        batches = tuple(replace(batch, noise=noise) for batch, noise in zip(self.batches, noises, strict=True))
        return replace(self, batches=batches)

    def evaluate(self, values: Array, rows: Rows) -> tuple[Array, Array, Array]:
        """Return chi2 (n_row,), gradient of -chi2 / 2 (n_row, n) and information (n_row, n, n) of all batches.

        Infinite chi2 where the parameters belong to no orbit.
        """
        chi2 = np.zeros(len(values))
        gradient = np.zeros(values.shape)
        information = np.zeros((*values.shape, values.shape[1]))
        for batch, pick in zip(self.batches, self.picks, strict=True):
            try:
                own_chi2, own_gradient, own_information = batch.evaluate(values[:, pick], rows)
            except DataError:
                return np.full(len(values), np.inf), gradient, information
            chi2 += own_chi2
            gradient[:, pick] += own_gradient
            information[:, pick[:, None], pick[None, :]] += own_information
        return chi2, gradient, information

    def minimise(self, start: Array | None = None) -> Minimum:
        """Return where the posterior density is largest, from ``start`` (n_row, n) or where parameters start."""
        return minimise(self.evaluate, self.prior.start if start is None else start, self.prior)

    def covariance(self, minimum: Minimum) -> Array:
        """Return the covariance (n_row, n, n) of the parameters, linear coefficients marginalised, with priors.

        A flat prior with two bounds counts as a Gaussian of its variance: no posterior is wider than its prior.
        """
        extra = self.prior.weight + self.prior.flat_information
        information = minimum.information + extra[:, :, None] * np.eye(extra.shape[1])
        scale = np.sqrt(np.maximum(np.einsum("kii->ki", information), 1e-300))
        correlation = information / (scale[:, :, None] * scale[:, None, :])
        correlation = correlation + 1e-13 * np.eye(extra.shape[1])
        return np.asarray(np.linalg.inv(correlation) / (scale[:, :, None] * scale[:, None, :]))

    def log_likelihood(self, values: Array, row: int, hyper: Sequence[Array | None] | None = None) -> Array:
        """Return the log likelihood (n_sample,) of samples of one row's parameters (n_sample, n)."""
        rows = np.full(len(values), row)
        total = np.zeros(len(values))
        for at, (batch, pick) in enumerate(zip(self.batches, self.picks, strict=True)):
            total += batch.log_likelihood(values[:, pick], rows, None if hyper is None else hyper[at])
        return total


@dataclass(frozen=True)
class CurvePosterior:
    """The posterior of one row's parameters, as samplers take it; Gaussian processes' hyper-parameters come last."""

    problem: Problem
    row: int
    parameters: tuple[Parameter, ...]
    optimum: Array
    covariance: Array

    def log_likelihood(self, values: Array) -> Array:
        """Return the log likelihood (n_sample,) of values (n_sample, n); -inf where they belong to no orbit."""
        n = len(self.problem.parameters[self.row])
        hyper: list[Array | None] = []
        for batch in self.problem.batches:
            n_hyper = 0 if batch.noise.kernel is None else len(batch.noise.kernel.parameters)
            hyper.append(values[:, n : n + n_hyper] if n_hyper else None)
            n += n_hyper
        own = values[:, : len(self.problem.parameters[self.row])]
        try:
            return self.problem.log_likelihood(own, self.row, hyper)
        except DataError:
            return np.concatenate([self._one(own, hyper, i) for i in range(len(values))])

    def _one(self, values: Array, hyper: list[Array | None], at: int) -> Array:
        part = [None if h is None else h[at : at + 1] for h in hyper]
        try:
            return self.problem.log_likelihood(values[at : at + 1], self.row, part)
        except DataError:
            return np.array([-np.inf])
