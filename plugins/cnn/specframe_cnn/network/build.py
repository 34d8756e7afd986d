"""From blocks to a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from specframe.errors import UsageError
from specframe_cnn.network.architecture import automatic_blocks
from specframe_cnn.network.blocks import Sum, activation_layer, build_block, dropout_layer, label
from specframe_cnn.network.head_flow import FlowTransforms

if TYPE_CHECKING:
    from specframe_cnn.network.blocks import Shape
    from specframe_cnn.network.components import Components
    from specframe_cnn.network.head import Head
    from specframe_cnn.network.params import BlockParams, NetworkParams

__all__ = ["Network", "Shapes", "build_network"]

#: With ``direct: auto`` the last layer reads the inputs themselves where that takes no more weights than this.
_DIRECT = 5000
#: The last layer starts so much smaller than the others: the first prediction is close to the mean of the labels.
_QUIET = 0.1


@dataclass(frozen=True)
class Shapes:
    """Shapes of the inputs of one target: those that there are."""

    series: tuple[int, int] | None = None  # channel, length
    image: tuple[int, int, int] | None = None  # channel, wavelength, time
    auxiliary: int = 0


class Network(nn.Module):
    """Blocks for the series and for the image, fusion with the auxiliary values, dense layers, and a linear layer.

    Made by :func:`build_network`. ``last`` is the linear layer; ``head`` is there when the head has to learn, too.
    """

    def __init__(self, params: NetworkParams, shapes: Shapes, head: Head, components: Components | None = None) -> None:
        super().__init__()
        self.per_output, self.shared = head.per_output, head.shared
        self.outputs = head.n_output if head.convolutional else None
        self.auxiliary, width = _auxiliary(params, shapes.auxiliary)
        inputs = {"series": shapes.series, "image": shapes.image}
        film = width if params.fusion == "film" else 0
        self.branches = nn.ModuleDict(
            {
                name: Branch(params, name, shape, self.outputs, film, components if name == "series" else None)
                for name, shape in inputs.items()
                if shape
            }
        )
        branches = [branch for branch in self.branches.values() if isinstance(branch, Branch)]
        if not branches and not width:
            raise UsageError("network: expected a series, an image or auxiliary values as input, got none")
        if self.outputs is not None and not any(branch.positions for branch in branches):
            raise UsageError(_without_positions(branches, self.outputs))
        self.concatenate = bool(width) and not (film and branches)
        features = sum(branch.width for branch in branches) + (width if self.concatenate else 0)
        layers: list[nn.Module] = []
        rates = params.dropout if isinstance(params.dropout, tuple) else (params.dropout,) * len(params.dense)
        for units, rate in zip(params.dense, rates, strict=True):
            made = [nn.Linear(features, units), activation_layer(params.activation), dropout_layer(rate, 0)]
            layers += [Residual(*made)] if params.residual and units == features else made
            features = units
        self.dense = nn.Sequential(*(layer for layer in layers if not isinstance(layer, nn.Identity)))
        width = head.width if self.outputs is None else head.per_output + head.shared
        inputs_wide = self._wide(shapes)
        allowed = width * inputs_wide <= _DIRECT if params.direct == "auto" else params.direct
        self.wide = inputs_wide if allowed else 0
        self.last = nn.Linear(features + self.wide, width)
        part = head.part()
        if part is not None:
            self.head = part

    def features(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return the penultimate layer, (target, feature), or (target, output, feature) if convolutional.

        ``inputs`` has ``series`` (target, channel, length), ``image`` (target, channel, wavelength, time) and
        ``auxiliary`` (target, feature), as many of them as the network was built for.
        """
        auxiliary = self.auxiliary(inputs["auxiliary"]) if self.auxiliary is not None else None
        parts = [branch(inputs[name], auxiliary) for name, branch in self.branches.items()]
        if auxiliary is not None and self.concatenate:
            parts.append(auxiliary)
        if self.outputs is not None:  # what has no positions is the same at each of them
            parts = [_spread(part, self.outputs) for part in parts]
        features: Tensor = self.dense(torch.cat(parts, -1))
        return torch.cat([features, *self._direct(inputs)], -1) if self.wide else features

    def _wide(self, shapes: Shapes) -> int:
        """Return how many values :meth:`_direct` gives to each output."""
        if shapes.series is None:
            return shapes.auxiliary
        channels, length = shapes.series
        return shapes.auxiliary + (channels if length == self.outputs else channels * length)

    def _direct(self, inputs: dict[str, Tensor]) -> list[Tensor]:
        """Return series and auxiliary values as the last layer reads them, at their positions where it has any."""
        parts = []
        if "series" in self.branches:
            series = inputs["series"]
            parts.append(series.transpose(1, 2) if series.shape[2] == self.outputs else series.flatten(1))
        if self.auxiliary is not None:
            parts.append(inputs["auxiliary"])
        return parts if self.outputs is None else [_spread(part, self.outputs) for part in parts]

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return the raw output, (target, width of the head)."""
        raw: Tensor = self.last(self.features(inputs))
        if self.outputs is None:
            return raw
        own = raw[..., : self.per_output].transpose(1, 2).flatten(1)  # (target, parameter * output)
        return torch.cat([own, raw[..., self.per_output :].mean(1)], 1) if self.shared else own

    @property
    def n_parameters(self) -> int:
        """Number of weights that are learned."""
        return sum(weight.numel() for weight in self.parameters() if weight.requires_grad)

    def summary(self) -> str:
        """Return a table of the blocks: what they are, the shape after each, and the number of weights."""
        rows: list[tuple[str, str, int]] = []
        for name, branch in self.branches.items():
            if isinstance(branch, Branch):
                rows += [(f"{name}: {words}", shape, weights) for words, shape, weights in branch.rows]
        rows += [
            (f"dense {layer.out_features}", str(layer.out_features), _weights(layer))
            for layer in self.dense.modules()
            if isinstance(layer, nn.Linear)
        ]
        rows.append(("output", str(self.last.out_features), _weights(self.last)))
        if hasattr(self, "head"):
            rows.append((repr(self.head), "", _weights(self.head)))
        wide, high = max(len(row[0]) for row in rows), max(len(row[1]) for row in rows)
        lines = [f"{words:<{wide}}  {shape:>{high}}  {weights:>12,}" for words, shape, weights in rows]
        return "\n".join([*lines, f"{'weights':<{wide}}  {'':>{high}}  {self.n_parameters:>12,}"])


class Branch(nn.Module):
    """Blocks that one input goes through, and its features or channels at the positions of the outputs."""

    def __init__(
        self,
        params: NetworkParams,
        name: str,
        shape: Shape,
        outputs: int | None,
        film: int,
        components: Components | None = None,
    ) -> None:
        super().__init__()
        if components is not None:
            shape = (components.width,)
        blocks = automatic_blocks(shape, outputs) if params.blocks == "auto" else params.blocks
        modules, self.rows, after = _blocks(blocks, name, shape, params)
        if components is not None:
            modules.insert(0, components)
            self.rows.insert(0, ("components", str(components.width), 0))
        self.name, self.after = name, after
        self.positions = len(after) > 1 and after[1] == outputs
        self.blocks = nn.Sequential(*modules)
        self.film = Film(film, after[0]) if film else None
        self.width = after[0]
        for length in () if self.positions else after[1:]:
            self.width *= length

    def forward(self, data: Tensor, auxiliary: Tensor | None) -> Tensor:
        """Return the features (target, feature), or (target, output, channel) where positions are outputs."""
        result: Tensor = self.blocks(data)
        if self.film is not None and auxiliary is not None:
            result = self.film(result, auxiliary)
        if not self.positions:
            return result.flatten(1)
        return (result.mean(3) if result.ndim == 4 else result).transpose(1, 2)


class Residual(nn.Module):
    """Layers whose result is added to their input."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, data: Tensor) -> Tensor:
        """Return ``data`` and what the layers make of it, added."""
        result: Tensor = data + self.layers(data)
        return result


class Film(nn.Module):
    """Scale and shift of each channel from auxiliary values (Perez et al. 2018, AAAI 32, 3942); starts as none."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 2 * channels)

    def start(self) -> None:
        """Let the scale be 1 and the shift 0, whatever the auxiliary values."""
        nn.init.zeros_(self.linear.weight)

    def forward(self, data: Tensor, auxiliary: Tensor) -> Tensor:
        """Return ``data`` (target, channel, ...), scaled and shifted."""
        both = self.linear(auxiliary)
        scale, shift = both.reshape(*both.shape, *(1,) * (data.ndim - 2)).chunk(2, 1)
        result: Tensor = data * (1 + scale) + shift
        return result


def build_network(
    params: NetworkParams, shapes: Shapes, head: Head, seed: int = 0, components: Components | None = None
) -> Network:
    """Return the network that ``params`` describe, with initial weights that depend on ``seed`` alone.

    With ``components`` these are what the blocks of a series get in its place.

    Weights are normal, with the variance of He et al. (2015): 2 over the number of inputs, times ``initial_weights``
    squared. Torch's global random state is left as it was. Raises :class:`~specframe.errors.UsageError` that names the
    block which cannot be, with the shape that its input has there.
    """
    with torch.random.fork_rng(devices=[]):
        network = Network(params, shapes, head, components)
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if params.initial_weights != 1.0:
                with torch.no_grad():
                    module.weight *= params.initial_weights
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in network.modules():
        if isinstance(module, Sum | Film):
            module.start()
        elif isinstance(module, FlowTransforms):
            module.start(generator)
    with torch.no_grad():
        network.last.weight *= _QUIET
        network.last.weight[:, network.last.in_features - network.wide :] = 0.0
        bias = head.start.repeat_interleave(head.n_output) if network.outputs is None else head.start
        network.last.bias[: bias.numel()] = bias
    return network


def _auxiliary(params: NetworkParams, width: int) -> tuple[nn.Module | None, int]:
    """Return the layers that auxiliary values go through, and how many features they give."""
    if not width:
        return None, 0
    layers: list[nn.Module] = []
    for units in params.auxiliary:
        layers += [nn.Linear(width, units), activation_layer(params.activation)]
        width = units
    return nn.Sequential(*layers), width


def _blocks(
    blocks: tuple[BlockParams, ...], name: str, shape: Shape, params: NetworkParams
) -> tuple[list[nn.Module], list[tuple[str, str, int]], Shape]:
    modules: list[nn.Module] = []
    rows: list[tuple[str, str, int]] = []
    for number, block in enumerate(blocks, 1):
        try:
            module, shape = build_block(block, shape, params.activation)
        except UsageError as error:
            raise UsageError(f"network: block {number} ({label(block)}), {name}: {error}") from None
        modules.append(module)
        rows.append((label(block), " x ".join(map(str, shape)), _weights(module)))
    return modules, rows, shape


def _spread(values: Tensor, outputs: int) -> Tensor:
    """Return ``values`` (target, feature) at each output, (target, output, feature), as which they may come."""
    return values if values.ndim == 3 else values.unsqueeze(1).expand(-1, outputs, -1)


def _weights(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def _without_positions(branches: list[Branch], outputs: int) -> str:
    got = " and ".join(
        f"{branch.name} ends {'flat' if len(branch.after) == 1 else f'with {branch.after[1]}'}" for branch in branches
    )
    return (
        f"head: 'output: convolutional' needs one position for each of the {outputs} outputs after the blocks, but "
        f"{got or 'there is no series or image'}; leave out what shortens it, or take 'output: dense'"
    )
