"""Weights with which the predictions of several models make one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Method", "StackMoments", "StackWeights", "simplex_minimum"]

Method = Literal["simplex", "nnls", "ridge"]
#: Shrinkage below this could leave a singular matrix, of members that are equal.
_LEAST = 1e-9


@dataclass(frozen=True)
class StackWeights:
    """``weight`` and ``bias (n_member, n_output)``, to be taken off the members, and ``intercept (n_output,)``."""

    weight: Array
    bias: Array
    intercept: Array
    #: Whether weights are at least 0 and sum to 1.
    averages: bool

    def combine(self, values: Array, known: Array, relative: Array) -> tuple[Array, Array]:
        """Return the combination (n_target, n_output) and the members' shares in it (n_target, n_member, n_output).

        An average is over the members that are ``known``, with weights times ``relative``. Other combinations need all
        ``values``, so that one that is missing must have been filled, and take no relative weights. Shares are at
        least 0 and sum to 1.
        """
        weight = np.where(known, np.abs(self.weight) * (relative if self.averages else 1.0), 0.0)
        total = weight.sum(axis=1, keepdims=True)
        equal = known / np.maximum(known.sum(axis=1, keepdims=True), 1)
        share = np.where(total > 0, weight / np.where(total > 0, total, 1.0), equal)
        values = values - self.bias
        if self.averages:
            return (share * np.where(known, values, 0.0)).sum(axis=1), share
        return np.einsum("iko,ko->io", values, self.weight) + self.intercept, share


@dataclass(frozen=True)
class StackMoments:
    """What a training set says of the weights, for any shrinkage.

    Parameters
    ----------
    matrix, right
        Of the problems to solve, one for each output or one for all: the second moments of the members' errors
        (n_problem, n_member, n_member) and nothing, or those of the members and with the labels (n_problem, n_member).
    bias
        Mean error of each member (n_member, n_output), 0 where it is not to be removed.
    label_mean
        Mean of the labels (n_output,).
    method
        Which weights are looked for.
    """

    matrix: Array
    right: Array | None
    bias: Array
    label_mean: Array
    method: Method

    @classmethod
    def of(
        cls, values: Array, labels: Array, sample_weight: Array, method: Method, shared: bool, remove_bias: bool
    ) -> StackMoments:
        """Measure out-of-fold predictions ``values (n_target, n_member, n_output)``.

        Outputs that share weights count relative to their members' mean squared error.
        """
        share = sample_weight / sample_weight.sum()
        error = values - labels[:, None]
        mean_error = np.einsum("i,iko->ko", share, error)
        centred = method != "simplex"
        bias = mean_error if remove_bias or centred else np.zeros_like(mean_error)
        matrix = _moment(share, error - bias)
        size = np.maximum(np.einsum("okk->o", matrix) / values.shape[1], np.finfo(float).tiny)
        label_mean = share @ labels
        right = None
        if centred:
            members = values - np.einsum("i,iko->ko", share, values)
            matrix = _moment(share, members)
            right = np.einsum("i,iko,io->ok", share, members, labels - label_mean, optimize=True) / size[:, None]
        matrix = matrix / size[:, None, None]
        if shared:
            matrix = matrix.mean(axis=0, keepdims=True)
            right = None if right is None else right.mean(axis=0, keepdims=True)
        return cls(matrix, right, bias, label_mean, method)

    def weights(self, shrinkage: float) -> StackWeights:
        """Minimise the squared error of the combination plus a penalty on the weights' distance from equal ones.

        Members are out-of-fold predictions (Wolpert 1992, Neural Networks 5, 241), whose weights are best kept at
        least 0 (Breiman 1996, Machine Learning 24, 49). ``shrinkage`` is in units of their mean squared error.
        """
        shrinkage = max(shrinkage, _LEAST)
        if self.right is None:
            solved = [simplex_minimum(m, shrinkage) for m in self.matrix]
        else:
            pairs = zip(self.matrix, self.right, strict=True)
            solved = [_solved(matrix, right, shrinkage, self.method) for matrix, right in pairs]
        weight = np.broadcast_to(np.stack(solved, axis=1), self.bias.shape).copy()
        averages = self.right is None
        # with weights that do not sum to one, the intercept holds what is left of the labels' mean
        intercept = np.zeros(self.bias.shape[1]) if averages else (1.0 - weight.sum(axis=0)) * self.label_mean
        return StackWeights(weight, self.bias, intercept, averages)


def simplex_minimum(moment: Array, shrinkage: float) -> Array:
    """Return the weights of at least 0 that sum to 1 with the least ``w' (moment + shrinkage tr / n) w``, (n_member,).

    The conditions of a minimum are those of non-negative least squares without the sum, whose solution is
    proportional: ``L' z`` nearest to ``L^-1 1`` with ``moment = L L'``.
    """
    n = len(moment)
    scale = max(float(np.trace(moment)) / n, np.finfo(float).tiny)
    factor = np.linalg.cholesky(moment / scale + shrinkage * np.eye(n))
    solution, _ = nnls(factor.T, solve_triangular(factor, np.ones(n), lower=True))
    return np.asarray(solution / solution.sum())


def _moment(share: Array, values: Array) -> Array:
    """Return the second moments (n_output, n_member, n_member) of values (n_target, n_member, n_output)."""
    rows = np.moveaxis(values * np.sqrt(share)[:, None, None], 2, 0)  # (n_output, n_target, n_member)
    return np.asarray(np.matmul(np.swapaxes(rows, 1, 2), rows))


def _solved(matrix: Array, right: Array, shrinkage: float, method: Method) -> Array:
    n = len(right)
    matrix = matrix + shrinkage * np.eye(n)
    right = right + shrinkage / n
    if method == "ridge":
        return np.asarray(np.linalg.solve(matrix, right))
    factor = np.linalg.cholesky(matrix)
    return np.asarray(nnls(factor.T, solve_triangular(factor, right, lower=True))[0])
