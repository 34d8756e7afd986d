"""Hyper-parameters at the maximum of the marginal likelihood, from several starts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from scipy.optimize import minimize

from specframe.errors import DataError
from specframe_gp.arithmetic import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

__all__ = ["Optimizer", "Trainable", "train"]

_LOG = logging.getLogger(__name__)

Optimizer = Literal["l-bfgs", "adam"]

#: How far logarithms may go from the middle of their prior: a factor of 20,000, beyond which nothing changes any more.
_REACH = 10.0
#: Random starts are drawn from priors narrowed by this factor; far out the likelihood is flat.
_NARROWED = 0.5
#: Iterations after which starts are compared, where there are several, and the relative gain that is not worth another.
_TRIAL, _GAIN = 30, 1e-8
#: How far the first step of L-BFGS goes at most: a gradient of many data would take it to the bounds at once.
_FIRST_STEP = 1.0
#: Rounds of L-BFGS, each in units of the gradient it begins with, and the gain of one that is worth another.
_ROUNDS, _WORTH = 8, 0.5
#: Step of Adam in the logarithms, and the change of the objective per target at which it ends.
_STEP, _SETTLED = 0.05, 1e-7
#: Value of what cannot be factorised: a line search turns back from it.
_IMPOSSIBLE = 1e25


class Trainable(Protocol):
    """One or more processes with hyper-parameters, each an array whose first axis is the process."""

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """Return the hyper-parameters by name."""

    def priors(self) -> dict[str, tuple[torch.Tensor, float]]:
        """Return mean and standard deviation of the normal prior of each."""

    def hyper_parameters(self) -> dict[str, NDArray[Any]]:
        """Return copies of them by name."""

    def set_hyper_parameters(self, values: Mapping[str, NDArray[Any]]) -> Any:
        """Take what :meth:`hyper_parameters` returned."""

    def negative_log_likelihood(self) -> torch.Tensor | None:
        """Return minus the log likelihood of each process (b,), ``None`` where nothing can be factorised."""


def train(
    process: Trainable,
    *,
    optimizer: Optimizer,
    restarts: int,
    max_iterations: int,
    with_prior: bool,
    seed: int = 0,
    from_here: bool = False,
) -> None:
    """Set the hyper-parameters of a process to those that are most probable.

    Each process of the batch takes the best of all starts by itself, after a short climb from each, and climbs on from
    there. The first start is the middle of the priors, or with ``from_here`` what the process has; the others are
    drawn from the priors.

    Raises
    ------
    DataError
        When from no start a covariance could be factorised.
    """
    rng = np.random.default_rng([seed, 10])
    priors = process.priors()
    centre = np.concatenate([mean.numpy().ravel() for mean, _ in priors.values()]).astype(float)
    width = np.concatenate([np.full(mean.numel(), width) for mean, width in priors.values()])
    objective = _Objective(process, centre, width if with_prior else None)
    best: NDArray[np.float64] | None = None
    least: NDArray[np.float64] = np.array(np.inf)
    here = np.concatenate([value.ravel() for value in process.hyper_parameters().values()]).astype(float)
    for start in range(1 + restarts):
        begin = centre + rng.normal(0.0, _NARROWED * width) if start else here if from_here else centre
        begin = np.clip(begin, centre - _REACH, centre + _REACH)
        end = _climb(objective, begin, optimizer, min(max_iterations, _TRIAL) if restarts else max_iterations)
        each = objective.each(end)
        if each is None:
            continue
        if best is None:
            best, least = end, each
        better = each < least
        best = np.where(objective.belongs_to(better), end, best)
        least = np.minimum(each, least)
    if best is None:
        raise DataError(
            "the covariance of the training set cannot be factorised from any start, even with jitter: use dtype "
            "float64, remove targets that stand twice with different labels, or choose a rougher kernel (matern-3/2)"
        )
    objective.set(_climb(objective, best, optimizer, max_iterations) if restarts else best)


class _Objective:
    """Minus the log marginal likelihood, and minus the log prior, of a flat vector of logarithms."""

    def __init__(self, process: Trainable, centre: NDArray[np.float64], width: NDArray[np.float64] | None) -> None:
        self.process, self.centre, self.width = process, centre, width
        self.parameters = process.parameters()
        # which process of the batch a logarithm is of; all have that as their first axis
        self.owner = np.concatenate(
            [np.repeat(np.arange(len(p)), p.numel() // len(p)) for p in self.parameters.values()]
        )

    def set(self, vector: NDArray[np.float64]) -> None:
        sizes = np.cumsum([p.numel() for p in self.parameters.values()])[:-1]
        self.process.set_hyper_parameters(dict(zip(self.parameters, np.split(vector, sizes), strict=True)))

    def belongs_to(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which logarithms are of chosen processes."""
        return np.asarray(chosen[self.owner])

    def each(self, vector: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return the value of each process."""
        self.set(vector)
        with torch.no_grad():
            value = self.process.negative_log_likelihood()
        if value is None or not bool(torch.isfinite(value).all()):
            return None
        n_process = int(self.owner.max()) + 1
        return value.numpy().astype(float) + np.bincount(self.owner, self._penalty(vector), n_process)

    def __call__(self, vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return value and gradient."""
        self.set(vector)
        for parameter in self.parameters.values():
            parameter.grad = None
        value = self.process.negative_log_likelihood()
        if value is None:
            return _IMPOSSIBLE, np.zeros_like(vector)
        total = value.sum()
        total.backward()  # type: ignore[no-untyped-call]
        gradient = np.concatenate([_gradient(p) for p in self.parameters.values()])
        if not bool(torch.isfinite(total)) or not np.isfinite(gradient).all():
            return _IMPOSSIBLE, np.zeros_like(vector)
        if self.width is not None:
            gradient = gradient + (vector - self.centre) / np.square(self.width)
        return float(total.detach()) + float(self._penalty(vector).sum()), gradient

    def _penalty(self, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.width is None:
            return np.zeros_like(vector)
        return np.asarray(0.5 * np.square((vector - self.centre) / self.width))


def _scaled(objective: _Objective, size: float) -> Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]:
    def value_and_gradient(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, gradient = objective(vector)
        return value / size, gradient / size

    return value_and_gradient


def _gradient(parameter: torch.nn.Parameter) -> NDArray[np.float64]:
    if parameter.grad is None:
        return np.zeros(parameter.numel())
    return np.asarray(parameter.grad.numpy(), float).ravel()


def _climb(
    objective: _Objective, begin: NDArray[np.float64], optimizer: Optimizer, max_iterations: int
) -> NDArray[np.float64]:
    lower, upper = objective.centre - _REACH, objective.centre + _REACH
    if optimizer == "l-bfgs":
        # of many data the first gradient is thousands of times the last, and what was learned of curvature is of no use
        for _ in range(_ROUNDS):
            value, gradient = objective(begin)
            size = max(float(np.abs(gradient).max(initial=0.0)) / _FIRST_STEP, 1.0)
            result = minimize(
                _scaled(objective, size),
                begin,
                jac=True,
                method="L-BFGS-B",
                bounds=np.stack([lower, upper], axis=1),
                options={"maxiter": max_iterations, "ftol": _GAIN},
            )
            max_iterations -= int(result.nit)
            begin = np.asarray(result.x, float)
            if max_iterations <= 0:
                _LOG.info("gp: the maximisation ended after max_iterations")
                break
            if size == 1.0 or value - size * float(result.fun) < _WORTH:
                break
        return begin
    vector = torch.nn.Parameter(torch.as_tensor(begin.copy()))
    steps = torch.optim.Adam([vector], lr=_STEP)
    before = np.inf
    best, least = begin, np.inf
    for _ in range(max_iterations):
        at = np.clip(vector.detach().numpy(), lower, upper)
        value, gradient = objective(at)
        if value < least:
            best, least = at.copy(), value
        if abs(before - value) < _SETTLED * (1.0 + abs(value)):
            break
        before = value
        vector.grad = torch.as_tensor(gradient)
        steps.step()
    return best
