"""Any density over all outputs together: a normalising flow."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn

from specframe_cnn.network.head import Head, bounded
from specframe_cnn.network.head_gaussian import LOG_2_PI
from specframe_cnn.network.head_triangle import check_outputs

__all__ = ["Flow", "FlowTransforms"]

#: Rows (target times draw) that are drawn at a time.
_ROWS = 16_384
#: Of the quasi-random draws, the same for every target.
_SEED = 0


class Flow(Head):
    r"""Density over all outputs of a target by a normalising flow that depends on what the network saw.

    The network gives each output a centre :math:`m` and a scale :math:`s`, and ``context`` numbers :math:`c` to the
    flow :math:`f`, which turns the standardised label into a standard normal number:
    :math:`\log p(y) = \log N(f(u; c)) + \log |\partial f / \partial u| - \sum \log s`, :math:`u = (y - m) / s`. The
    flow starts as the identity, the density so as a Gaussian with independent outputs. Splines bend it within 5 scales
    of the centre.

    Mean, standard deviation, covariance and the bounds of the ``levels`` are those of ``draws`` quasi-random draws
    (scrambled Sobol points), the same ones for every target.
    """

    linear = False

    def __init__(
        self,
        n_output: int,
        flow: Literal["nsf", "maf"] = "nsf",
        transforms: int = 3,
        hidden: tuple[int, ...] = (64, 64),
        bins: int = 8,
        context: int = 16,
        draws: int = 256,
        levels: tuple[float, ...] = (),
    ) -> None:
        check_outputs(n_output, "a flow")
        super().__init__(n_output, 2, context)
        self.flow, self.transforms, self.hidden, self.bins = flow, transforms, hidden, bins
        self.draws, self.levels, self.normals = draws, levels, n_output
        self._transforms: FlowTransforms | None = None

    def part(self) -> nn.Module:
        """Return new transformations; the density is from now on theirs."""
        self._transforms = FlowTransforms(
            self.n_output, self.shared, self.flow, self.transforms, self.hidden, self.bins
        )
        return self._transforms

    def per_target(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the negative log-likelihood, (target,), divided by the number of outputs."""
        centre, log_variance, context = self._seen(raw)
        normal, stretch = self._at(context).call_and_ladj((labels - centre) * (-log_variance / 2).exp())
        each = (normal.square() + log_variance + LOG_2_PI).sum(1) / 2 - stretch
        total: Tensor = each / self.n_output
        return total

    def distribution(self, raw: Tensor) -> dict[str, Tensor]:
        """Return ``mean`` and ``std`` (target, output), ``covariance`` (target, output, other output), and bounds."""
        points = _normal_points(self.draws, self.n_output).to(raw.device)
        drawn = self.sample(raw, points[:, None].expand(-1, len(raw), -1)).double()
        mean = drawn.mean(0)
        offset = drawn - mean
        covariance = torch.einsum("dto,dtp->top", offset, offset) / len(drawn)
        result = {"mean": mean, "std": covariance.diagonal(dim1=1, dim2=2).sqrt(), "covariance": covariance}
        if self.levels:
            level = torch.tensor(self.levels, dtype=torch.float64, device=raw.device)
            for bound, tails in (("lower", (1 - level) / 2), ("upper", (1 + level) / 2)):
                result[bound] = torch.quantile(drawn, tails, dim=0).movedim(0, 2)
        dtype = raw.dtype if raw.dtype == torch.float64 else torch.float32
        return {name: value.to(dtype) for name, value in result.items()}

    def sample(self, raw: Tensor, normal: Tensor) -> Tensor:
        """Return (sample, target, output): ``normal`` through the inverse of the flow."""
        centre, log_variance, context = self._seen(raw)
        at_once = max(_ROWS // max(len(normal), 1), 1)
        parts = []
        for first in range(0, len(raw), at_once):
            some = slice(first, first + at_once)
            inverse = self._at(context[some]).inv
            parts.append(inverse(normal[:, some].to(centre)))
        return centre + (log_variance / 2).exp() * torch.cat(parts, 1)

    def _seen(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return centre and log variance (target, output), and the context (target, number)."""
        own, context = self.parameters(raw)
        return own[:, 0], bounded(own[:, 1]), context

    def _at(self, context: Tensor) -> Any:
        """Return the transformation of standardised labels at a context."""
        assert self._transforms is not None, "the head's part belongs to a network"
        return self._transforms(context)


class FlowTransforms(nn.Module):
    """Transformations of standardised labels to standard normal numbers, whose parameters follow from a context."""

    def __init__(
        self,
        n_output: int,
        context: int,
        flow: Literal["nsf", "maf"],
        transforms: int,
        hidden: tuple[int, ...],
        bins: int,
    ) -> None:
        super().__init__()
        from zuko import flows

        shape: dict[str, Any] = {"transforms": transforms, "hidden_features": hidden}
        self._described = f"{type(self).__name__}({flow}, {transforms} x {hidden}, {bins} bins)"
        built = (
            flows.NSF(n_output, context, bins=bins, **shape) if flow == "nsf" else flows.MAF(n_output, context, **shape)
        )
        self.steps = nn.ModuleList(built.transform.transforms)
        # layers and activations alternate
        self._last = [f"steps.{i}.hyper.{2 * len(hidden)}.weight" for i in range(transforms)]

    def start(self, generator: torch.Generator) -> None:
        """Let every transformation be the identity, with first layers as of any network (He et al. 2015)."""
        for name, weight in self.named_parameters():
            if name.endswith(".bias"):
                nn.init.zeros_(weight)
            else:
                nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)
        for name in self._last:
            nn.init.zeros_(self.get_parameter(name))

    def forward(self, context: Tensor) -> Any:
        """Return the transformation for a ``context`` (target, number)."""
        from zuko.transforms import ComposedTransform

        return ComposedTransform(*(step(context) for step in self.steps))

    def __repr__(self) -> str:
        # zuko's own draws from torch's global generator
        return self._described


def _normal_points(count: int, dimensions: int) -> Tensor:
    """Return quasi-random standard normal numbers (point, dimension), in double precision."""
    engine = torch.quasirandom.SobolEngine(dimensions, scramble=True, seed=_SEED)  # type: ignore[no-untyped-call]
    points: Tensor = engine.draw(count, dtype=torch.float64)
    tiny = math.ldexp(1.0, -31)  # the points have 30 bits, 0 among them
    normal: Tensor = torch.special.ndtri(points.clamp(tiny, 1 - tiny))
    return normal
