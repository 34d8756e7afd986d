"""Mean and covariance between the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from specframe_cnn.network.head import Head, bounded, normal_bounds
from specframe_cnn.network.head_gaussian import LOG_2_PI

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["LowRank"]


class LowRank(Head):
    r"""Gaussian over all outputs of a target, with covariance ``D + V V^T``: a diagonal and ``rank`` patterns.

    With :math:`W = D^{-1/2} V` and :math:`A = 1 + W^T W` (rank x rank), the determinant is
    :math:`|D||A|`. The square form is evaluated as :math:`|D^{-1/2} r - W z|^2 + |z|^2` at its minimum
    :math:`z = A^{-1} W^T D^{-1/2} r`: what Woodbury's identity gives, as a sum without cancellation.
    """

    def __init__(
        self, n_output: int, rank: int = 4, levels: tuple[float, ...] = (), convolutional: bool = False
    ) -> None:
        super().__init__(n_output, 2 + rank, convolutional=convolutional)
        self.rank, self.levels, self.normals = rank, levels, n_output + rank

    def per_target(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the negative log-likelihood, (target,), divided by the number of outputs."""
        mean, log_diagonal, factor = self._gaussian(raw)
        dtype = mean.dtype
        if raw.device.type != "mps":  # which has no double precision; A may have a condition number of 1e8
            mean, log_diagonal, factor, labels = (t.double() for t in (mean, log_diagonal, factor, labels))
        shrink = (-log_diagonal / 2).exp()
        pull = (labels - mean) * shrink
        scaled = factor * shrink[:, None]  # W^T: (target, rank, output)
        small = scaled @ scaled.mT + torch.eye(self.rank, dtype=scaled.dtype, device=scaled.device)
        root = torch.linalg.cholesky(small)
        share = torch.cholesky_solve(scaled @ pull[..., None], root)  # z: (target, rank, 1)
        left = pull - (scaled.mT @ share)[..., 0]
        square = left.square().sum(1) + share.square().sum((1, 2))
        log_determinant = log_diagonal.sum(1) + 2 * root.diagonal(dim1=1, dim2=2).log().sum(1)
        total: Tensor = (square + log_determinant) / (2 * self.n_output) + LOG_2_PI / 2
        return total.to(dtype)

    def distribution(self, raw: Tensor) -> dict[str, Tensor]:
        """Return ``mean`` and ``std`` (target, output), ``covariance`` (target, output, other output), and bounds."""
        mean, log_diagonal, factor = self._gaussian(raw)
        covariance = factor.mT @ factor + torch.diag_embed(log_diagonal.exp())
        std = covariance.diagonal(dim1=1, dim2=2).sqrt()
        return {"mean": mean, "std": std, "covariance": covariance, **normal_bounds(mean, std, self.levels)}

    def sample(self, raw: Tensor, normal: Tensor) -> Tensor:
        """Return (sample, target, output): the mean, what each output errs by itself, and the patterns."""
        mean, log_diagonal, factor = self._gaussian(raw)
        own, together = normal.to(mean)[..., : self.n_output], normal.to(mean)[..., self.n_output :]
        return mean + (log_diagonal / 2).exp() * own + (together[..., None, :] @ factor)[..., 0, :]

    def _gaussian(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return mean and log diagonal (target, output) and the factor V^T (target, rank, output)."""
        own = self.parameters(raw)[0]
        return own[:, 0], bounded(own[:, 1]), own[:, 2:]
