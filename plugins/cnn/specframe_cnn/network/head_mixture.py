"""Mixture of Gaussians."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from specframe_cnn.network.head import Head, bounded
from specframe_cnn.network.head_gaussian import LOG_2_PI
from specframe_cnn.network.head_triangle import check_outputs, factor, n_coefficients, whitened

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Mixture"]

#: Halvings of the bracket around a quantile: to the last bit of double precision.
_HALVINGS = 60


class Mixture(Head):
    """Mixture of Gaussians for each output (Bishop 1994).

    With ``together`` the outputs of a target share the weights, so that a component is a solution for all of them,
    and the mixture has a covariance. With ``full``, which implies it, each component has one of its own (see
    :mod:`~specframe_cnn.network.head_triangle`). Mean, standard deviation and covariance are exact; bounds of the
    ``levels`` are quantiles of the mixture, by bisection. Components start side by side.
    """

    linear = False

    def __init__(
        self,
        n_output: int,
        components: int = 3,
        together: bool = False,
        full: bool = False,
        levels: tuple[float, ...] = (),
        convolutional: bool = False,
    ) -> None:
        together = together or full
        own, shared = (2, components) if together else (3, 0)
        if full:
            check_outputs(n_output, "a full covariance")
            shared += components * n_coefficients(n_output)
        super().__init__(n_output, own * components, shared, convolutional)
        self.components, self.together, self.full, self.levels = components, together, full, levels
        self.normals = n_output + (1 if together else n_output)
        self.start[:components] = torch.linspace(-1, 1, components)

    def per_target(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the negative log-likelihood, (target,), by output."""
        weight, mean, log_variance = self._mixture(raw)
        offset = labels[:, None] - mean
        if self.full:
            pull = whitened(offset, log_variance, self._coefficients(raw))
        else:
            pull = offset * (-log_variance / 2).exp()
        each = -(pull.square() + log_variance + LOG_2_PI) / 2  # (target, component, output)
        if self.together:
            return -torch.logsumexp(weight[..., 0] + each.sum(2), 1) / self.n_output
        return -torch.logsumexp(weight + each, 1).mean(1)

    def distribution(self, raw: Tensor) -> dict[str, Tensor]:
        """Return ``mean`` and ``std`` (target, output), ``lower`` and ``upper`` if there are levels.

        With shared weights, ``covariance`` (target, output, other output) too.
        """
        log_weight, means, log_variance = self._mixture(raw)
        weight, variance = log_weight.exp(), log_variance.exp()
        mean = (weight * means).sum(1)
        offset = means - mean[:, None]
        result = {"mean": mean}
        if self.together:
            spread = torch.einsum("nc,nco,ncp->nop", weight[..., 0], offset, offset)
            if self.full:
                triangle = self._triangles(raw)
                each = (triangle @ triangle.mT).to(mean)  # (target, component, output, other)
                variance = each.diagonal(dim1=2, dim2=3)
                covariance = spread + (weight[..., None] * each).sum(1)
            else:
                covariance = spread + torch.diag_embed((weight * variance).sum(1))
            result["std"] = covariance.diagonal(dim1=1, dim2=2).sqrt()
            result["covariance"] = covariance
        else:
            result["std"] = (weight * (variance + offset.square())).sum(1).sqrt()
        if self.levels:
            level = torch.tensor(self.levels, dtype=torch.float64, device=raw.device)
            bounds = [self._quantile(weight, means, variance.sqrt(), p) for p in ((1 - level) / 2, (1 + level) / 2)]
            result["lower"], result["upper"] = (bound.to(mean) for bound in bounds)
        return result

    def sample(self, raw: Tensor, normal: Tensor) -> Tensor:
        """Return (sample, target, output): the first numbers of ``normal`` choose the component, the others place."""
        log_weight, means, log_variance = self._mixture(raw)
        chance = torch.special.ndtr(normal[..., : -self.n_output].double())  # (sample, target, 1 or output)
        below = log_weight.double().exp().cumsum(1)[:, :-1]  # (target, component, 1 or output)
        chosen = (chance[:, :, None] > below).sum(2)  # (sample, target, 1 or output)
        place = normal[..., -self.n_output :].double()
        target = torch.arange(len(raw), device=raw.device)[:, None]
        if self.full:
            triangle = self._triangles(raw)[target[:, 0], chosen[..., 0]]  # (sample, target, output, other)
            offset = (triangle @ place[..., None])[..., 0]
            return means[target[:, 0], chosen[..., 0]] + offset
        output = torch.arange(self.n_output, device=raw.device)
        return means[target, chosen, output] + (log_variance[target, chosen, output] / 2).exp() * place

    def _mixture(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return log weights, means and log variances (target, component, output); shared weights are (..., 1).

        With ``full``, the variances are what is left of each output when those before it are known.
        """
        own, shared = self.parameters(raw)
        n = self.components
        weight = shared[:, :n, None] if self.together else own[:, 2 * n :]
        return weight.log_softmax(1), own[:, :n], bounded(own[:, n : 2 * n])

    def _coefficients(self, raw: Tensor) -> Tensor:
        """Return the coefficients of the triangles, (target, component, coefficient)."""
        shared = self.parameters(raw)[1][:, self.components :]
        return shared.reshape(len(raw), self.components, -1)

    def _triangles(self, raw: Tensor) -> Tensor:
        """Return the factors of the components' covariances, (target, component, output, other), doubly precise."""
        return factor(self._mixture(raw)[2].double(), self._coefficients(raw).double())

    def _quantile(self, weight: Tensor, mean: Tensor, std: Tensor, probability: Tensor) -> Tensor:
        """Return the quantiles (target, output, level) of the mixture, in double precision.

        A mixture's quantile lies between the least and the greatest quantile of its components.
        """
        weight, mean, std = (values.double().unsqueeze(-1) for values in (weight, mean, std))
        each = mean + std * torch.special.ndtri(probability)  # (target, component, output, level)
        low, high = each.amin(1), each.amax(1)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            reached = (weight * torch.special.ndtr((middle[:, None] - mean) / std)).sum(1) < probability
            low, high = torch.where(reached, middle, low), torch.where(reached, high, middle)
        quantile: Tensor = (low + high) / 2
        return quantile
