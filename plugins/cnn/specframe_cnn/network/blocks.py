"""The blocks of a network: from what YAML says to modules, and the shapes between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from specframe.errors import UsageError
from specframe_cnn.network.params import (
    Activation,
    ConvBlock,
    DenseBlock,
    DropoutBlock,
    FlattenBlock,
    MultiScaleBlock,
    NormaliseBlock,
    PoolBlock,
    ResidualBlock,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from specframe_cnn.network.params import BlockParams, Size

__all__ = ["Shape", "activation_layer", "build_block", "dropout_layer", "label"]

#: Channels and the lengths of the axes; of flat features the one number.
Shape: TypeAlias = tuple[int, ...]

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "none": nn.Identity,
}

#: Channels are normalised in so many groups at most.
_GROUPS = 8


def label(block: BlockParams) -> str:
    """Name a block as errors and summaries do: its type and what it does to the shape."""
    match block:
        case ConvBlock():
            words = [f"kernel {_spelled(block.kernel)}", f"padding {block.padding}"]
            words += [f"stride {_spelled(block.stride)}"] if block.stride != 1 else []
            words += [f"dilation {_spelled(block.dilation)}"] if block.dilation != 1 else []
            words += [f"pool {_spelled(block.pool)}"] if block.pool != 1 else []
            return f"conv {', '.join(words)}"
        case ResidualBlock():
            return f"residual kernel {_spelled(block.kernel)}, stride {_spelled(block.stride)}"
        case MultiScaleBlock():
            return f"multi-scale kernels {', '.join(map(_spelled, block.kernels))}"
        case PoolBlock():
            return f"pool {'to ' if block.pooling == 'adaptive' else ''}{_spelled(block.size)}"
        case DenseBlock():
            return f"dense {block.units}"
        case _:
            return block.type


def activation_layer(name: Activation) -> nn.Module:
    """Return the activation of this name."""
    return _ACTIVATIONS[name]()


def dropout_layer(rate: float, axes: int) -> nn.Module:
    """Return dropout of whole channels along ``axes`` axes, of single features where there are none."""
    return (nn.Dropout, nn.Dropout1d, nn.Dropout2d)[axes](rate) if rate else nn.Identity()


def build_block(block: BlockParams, shape: Shape, activation: Activation) -> tuple[nn.Module, Shape]:
    """Return the module of ``block`` for an input of ``shape``, and the shape of its result.

    ``activation`` is for blocks that state none. Raises :class:`~specframe.errors.UsageError` for a block that
    leaves nothing of such an input, or that cannot take it.
    """
    match block:
        case DenseBlock():
            width = _product(shape)
            layers = [nn.Linear(width, block.units), activation_layer(block.activation or activation)]
            return _chain(_flat(shape), *layers, dropout_layer(block.dropout, 0)), (block.units,)
        case FlattenBlock():
            return (_flat(shape), (_product(shape),)) if block.how == "all" else _collapsed(block.how, shape)
        case DropoutBlock():
            return dropout_layer(block.rate, len(shape) - 1 if block.channels else 0), shape
        case NormaliseBlock():
            return _normalisation(block.by, shape), shape
        case PoolBlock():
            return _pool(block, shape)
        case ConvBlock():
            return _conv(block, shape, activation)
        case ResidualBlock():
            return _residual(block, shape, activation)
        case MultiScaleBlock():
            return _multi_scale(block, shape, activation)


def _conv(block: ConvBlock, shape: Shape, activation: Activation) -> tuple[nn.Module, Shape]:
    axes = _axes(shape)
    convolution = Convolution(
        shape[0],
        block.filters,
        kernel=_sizes(block.kernel, axes),
        stride=_sizes(block.stride, axes),
        dilation=_sizes(block.dilation, axes),
        same=block.padding == "same",
    )
    inner = convolution.shape(shape)
    pool, outer = _pooling(block.pooling, _sizes(block.pool, axes), inner)
    normal = _normalisation(block.normalise, outer)
    first, last = (normal, nn.Identity()) if block.normalise_after == "convolution" else (nn.Identity(), normal)
    acts = activation_layer(block.activation or activation)
    return _chain(convolution, first, acts, pool, last, dropout_layer(block.dropout, axes)), outer


def _residual(block: ResidualBlock, shape: Shape, activation: Activation) -> tuple[nn.Module, Shape]:
    axes = _axes(shape)
    kernel, dilation = _sizes(block.kernel, axes), _sizes(block.dilation, axes)
    stride = _sizes(block.stride, axes)
    first = Convolution(shape[0], block.filters, kernel=kernel, stride=stride, dilation=dilation)
    inner = first.shape(shape)
    second = Convolution(block.filters, block.filters, kernel=kernel, dilation=dilation)
    acts = block.activation or activation
    branch = _chain(
        _normalisation(block.normalise, shape),
        activation_layer(acts),
        first,
        _normalisation(block.normalise, inner),
        activation_layer(acts),
        dropout_layer(block.dropout, axes),
        second,
    )
    return Sum(branch, second, _shortcut(shape, inner, stride)), inner


def _multi_scale(block: MultiScaleBlock, shape: Shape, activation: Activation) -> tuple[nn.Module, Shape]:
    axes = _axes(shape)
    one = (1,) * axes
    inner = (block.filters, *shape[1:])
    scales = [Convolution(shape[0], block.filters, kernel=_sizes(kernel, axes)) for kernel in block.kernels]
    projection = Convolution(block.filters * len(scales), block.filters, kernel=one)
    branch = _chain(
        Join(scales),
        _normalisation(block.normalise, (block.filters * len(scales), *shape[1:])),
        activation_layer(block.activation or activation),
        dropout_layer(block.dropout, axes),
        projection,
    )
    return (Sum(branch, projection, _shortcut(shape, inner, one)) if block.residual else branch), inner


def _pool(block: PoolBlock, shape: Shape) -> tuple[nn.Module, Shape]:
    axes = _axes(shape)
    size = _sizes(block.size, axes)
    if block.pooling != "adaptive":
        return _pooling(block.pooling, size, shape)
    left = tuple(map(min, size, shape[1:]))  # more samples than there are would be copies
    return (nn.AdaptiveAvgPool1d if axes == 1 else nn.AdaptiveAvgPool2d)(left), (shape[0], *left)


class Convolution(nn.Module):
    """Convolution along one or two axes whose padding keeps the length, divided by the stride, or that has none."""

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: tuple[int, ...],
        stride: tuple[int, ...] = (1, 1),
        dilation: tuple[int, ...] = (1, 1),
        same: bool = True,
    ) -> None:
        super().__init__()
        axes = len(kernel)
        layer = nn.Conv1d if axes == 1 else nn.Conv2d
        stride, dilation = stride[:axes], dilation[:axes]
        reach = [step * (width - 1) for step, width in zip(dilation, kernel, strict=True)]
        self.lost, self.stride = (0,) * axes if same else tuple(reach), stride
        even = all(total % 2 == 0 for total in reach)
        own = tuple(total // 2 for total in reach) if same and even else 0
        self.convolution = layer(channels, filters, kernel, stride=stride, dilation=dilation, padding=own)  # type: ignore[arg-type]
        # of an even width, which torch does not pad: one more at the end. Torch has the last axis first
        sides = [side for total in reversed(reach) for side in (total // 2, total - total // 2)]
        self.padding = tuple(sides) if same and not even else None

    def shape(self, shape: Shape) -> Shape:
        """Return the shape of the result for an input of ``shape``; raises where nothing is left of it."""
        lengths = [length - less for length, less in zip(shape[1:], self.lost, strict=True)]
        left = [(length - 1) // step + 1 for length, step in zip(lengths, self.stride, strict=True)]
        _check_left(left, shape)
        return (self.convolution.out_channels, *left)

    def forward(self, data: Tensor) -> Tensor:
        """Return the convolution of ``data`` (target, channel, ...)."""
        padded = data if self.padding is None else functional.pad(data, self.padding)
        result: Tensor = self.convolution(padded)
        return result


class Sum(nn.Module):
    """Branch plus shortcut; the branch's last convolution starts at zero, so that the block starts as the shortcut."""

    def __init__(self, branch: nn.Module, last: Convolution, shortcut: nn.Module) -> None:
        super().__init__()
        self.branch, self.shortcut = branch, shortcut
        self.last = (last,)  # in a tuple: no second owner of its weights

    def start(self) -> None:
        """Set the last convolution of the branch to zero."""
        nn.init.zeros_(self.last[0].convolution.weight)

    def forward(self, data: Tensor) -> Tensor:
        """Return the sum for ``data`` (target, channel, ...)."""
        result: Tensor = self.branch(data) + self.shortcut(data)
        return result


class Join(nn.Module):
    """Layers side by side, their channels one after the other."""

    def __init__(self, layers: list[Convolution]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, data: Tensor) -> Tensor:
        """Return the channels of every layer for ``data`` (target, channel, ...)."""
        return torch.cat([layer(data) for layer in self.layers], 1)


class Collapse(nn.Module):
    """Average or greatest value of each channel."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def forward(self, data: Tensor) -> Tensor:
        """Return (target, channel) of ``data`` (target, channel, ...)."""
        flat = data.flatten(2)
        return flat.mean(2) if self.how == "average" else flat.amax(2)


def _shortcut(before: Shape, after: Shape, stride: tuple[int, ...]) -> nn.Module:
    if before == after:
        return nn.Identity()
    return Convolution(before[0], after[0], kernel=(1,) * (len(before) - 1), stride=stride)


def _pooling(how: str, size: tuple[int, ...], shape: Shape) -> tuple[nn.Module, Shape]:
    if all(one == 1 for one in size):
        return nn.Identity(), shape
    left = [length // one for length, one in zip(shape[1:], size, strict=True)]
    _check_left(left, shape)
    layer: nn.Module
    if len(size) == 1:
        layer = nn.MaxPool1d(size[0]) if how == "max" else nn.AvgPool1d(size[0])
    else:
        layer = (nn.MaxPool2d if how == "max" else nn.AvgPool2d)((size[0], size[1]))
    return layer, (shape[0], *left)


def _normalisation(by: str, shape: Shape) -> nn.Module:
    channels = shape[0]
    if by == "none":
        return nn.Identity()
    if by == "batch":
        return (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d)[len(shape) - 1](channels)
    groups = 1 if by == "layer" else next(n for n in range(_GROUPS, 0, -1) if channels % n == 0)
    if groups == channels and _product(shape) == channels:
        groups = 1  # a value by itself would be normalised to zero
    return nn.GroupNorm(groups, channels)


def _collapsed(how: str, shape: Shape) -> tuple[nn.Module, Shape]:
    return (Collapse(how) if len(shape) > 1 else nn.Identity()), (shape[0],)


def _flat(shape: Shape) -> nn.Module:
    return nn.Flatten() if len(shape) > 1 else nn.Identity()


def _chain(*layers: nn.Module) -> nn.Module:
    """Put layers one after the other, less those that do nothing."""
    return nn.Sequential(*(layer for layer in layers if not isinstance(layer, nn.Identity)))


def _axes(shape: Shape) -> int:
    if len(shape) == 1:
        raise UsageError("its input is flat there: put it before the blocks that flatten")
    return len(shape) - 1


def _sizes(size: Size, axes: int) -> tuple[int, ...]:
    if isinstance(size, int):
        return (size,) * axes
    if axes == 1:
        raise UsageError(f"{_spelled(size)} is for images; a series takes one number")
    return size


def _check_left(left: list[int], shape: Shape) -> None:
    if min(left) < 1:
        lengths = " x ".join(map(str, shape[1:]))
        where = "the length is" if len(shape) == 2 else "wavelength x time is"
        raise UsageError(f"{where} {lengths} there, which leaves nothing")


def _spelled(size: Size) -> str:
    return str(size) if isinstance(size, int) else f"[{size[0]}, {size[1]}]"


def _product(shape: Shape) -> int:
    product = 1
    for length in shape:
        product *= length
    return product
