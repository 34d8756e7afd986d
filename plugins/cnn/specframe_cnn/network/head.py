"""What a network states of each target, and the loss that teaches it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from specframe_cnn.network.params import FlowHead, GaussianHead, LowRankHead, MeanHead, MixtureHead, QuantilesHead

if TYPE_CHECKING:
    from torch import Tensor, nn

    from specframe_cnn.network.params import HeadParams

__all__ = ["Head", "bounded", "make_head", "normal_bounds"]

#: Range of the logarithm of a variance, in units of the labels' variance: standard deviations of 1e-4 to 150.
_LOG_VARIANCE = (-18.0, 10.0)


class Head(ABC):
    """Meaning of a network's raw output.

    Everything is in units of standardised labels. Raw output is (target, width), in the order (parameter, output),
    and behind it ``shared`` columns for all outputs of a target together. Where ``linear``, the first ``n_output``
    columns are the mean (the median of quantiles), which so is linear in the network's features. ``start`` is what
    the parameters of an output begin with, (per_output,). ``normals`` is how many standard normal numbers a sample of
    a target is made of; 0 where the head states no distribution to draw from.
    """

    levels: tuple[float, ...] = ()
    linear: bool = True
    normals: int = 0

    def __init__(self, n_output: int, per_output: int, shared: int = 0, convolutional: bool = False) -> None:
        self.n_output = n_output
        self.per_output = per_output
        self.shared = shared
        self.convolutional = convolutional
        self.start = torch.zeros(per_output)

    @property
    def width(self) -> int:
        """Columns of the raw output."""
        return self.n_output * self.per_output + self.shared

    def loss(self, raw: Tensor, labels: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the mean over the targets of weight times loss, a scalar.

        ``raw`` (target, width), ``labels`` (target, output), ``weight`` (target,): 1 on average over all targets,
        so that the loss of a batch is unbiased whichever targets are in it.
        """
        each = self.to_learn(raw, labels)
        return each.mean() if weight is None else (weight * each).mean()

    def to_learn(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return what training makes small, (target,): by default the loss of each target."""
        return self.per_target(raw, labels)

    @abstractmethod
    def per_target(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the loss by which targets and networks are judged, (target,): its mean over the outputs."""

    @abstractmethod
    def distribution(self, raw: Tensor) -> dict[str, Tensor]:
        """Return ``mean`` (target, output), and what else the head states.

        ``std`` (target, output), ``lower`` and ``upper`` (target, output, level) of the ``levels``, ``covariance``
        (target, output, other output).
        """

    def sample(self, raw: Tensor, normal: Tensor) -> Tensor:
        """Return samples of the distribution, (sample, target, output), from ``normal`` (sample, target, normals)."""
        raise NotImplementedError(f"{type(self).__name__} states no distribution to draw from")

    def part(self) -> nn.Module | None:
        """Return a new part of the network that the head learns with it, behind the raw output; ``None`` for none."""
        return None

    def parameters(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Return the parameters of each output (target, parameter, output) and the shared ones (target, shared).

        They are at least of single precision, also where the network ran with less.
        """
        raw = raw if raw.dtype == torch.float64 else raw.float()
        own = raw[:, : self.n_output * self.per_output]
        return own.reshape(len(raw), self.per_output, self.n_output), raw[:, self.n_output * self.per_output :]


def bounded(log_variance: Tensor) -> Tensor:
    """Keep the logarithm of a variance in a range that exponents and gradients survive, with soft ends."""
    low, high = _LOG_VARIANCE
    return low + functional.softplus(high - functional.softplus(high - log_variance) - low)


def normal_bounds(mean: Tensor, std: Tensor, levels: tuple[float, ...]) -> dict[str, Tensor]:
    """Return ``lower`` and ``upper`` (target, output, level) of normal distributions; nothing without levels."""
    if not levels:
        return {}
    tails = (1 + torch.tensor(levels, dtype=torch.float64, device=mean.device)) / 2
    half = std[..., None] * torch.special.ndtri(tails).to(std)
    return {"lower": mean[..., None] - half, "upper": mean[..., None] + half}


def make_head(params: HeadParams, n_output: int) -> Head:
    """Return the head that ``params`` describe, for ``n_output`` outputs."""
    from specframe_cnn.network.head_flow import Flow
    from specframe_cnn.network.head_gaussian import Gaussian
    from specframe_cnn.network.head_joint import JointGaussian
    from specframe_cnn.network.head_low_rank import LowRank
    from specframe_cnn.network.head_mean import Mean
    from specframe_cnn.network.head_mixture import Mixture
    from specframe_cnn.network.head_quantiles import Quantiles

    convolutional = params.output == "convolutional"
    match params:
        case MeanHead():
            return Mean(n_output, loss=params.loss, delta=params.delta, convolutional=convolutional)
        case GaussianHead():
            beta = params.beta if params.loss == "beta-nll" else 0.0
            if params.covariance == "full":
                return JointGaussian(n_output, beta=beta, levels=params.levels)
            return Gaussian(n_output, beta=beta, levels=params.levels, convolutional=convolutional)
        case QuantilesHead():
            return Quantiles(n_output, levels=params.levels, convolutional=convolutional)
        case MixtureHead():
            return Mixture(
                n_output,
                components=params.components,
                together=params.shared,
                full=params.covariance == "full",
                levels=params.levels,
                convolutional=convolutional,
            )
        case LowRankHead():
            return LowRank(n_output, rank=params.rank, levels=params.levels, convolutional=convolutional)
        case FlowHead():
            return Flow(
                n_output,
                flow=params.flow,
                transforms=params.transforms,
                hidden=params.hidden,
                bins=params.bins,
                context=params.context,
                draws=params.draws,
                levels=params.levels,
            )
