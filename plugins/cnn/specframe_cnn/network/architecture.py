"""The blocks that ``auto`` stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe_cnn.network.params import ConvBlock, PoolBlock, ResidualBlock

if TYPE_CHECKING:
    from specframe_cnn.network.blocks import Shape
    from specframe_cnn.network.params import BlockParams

__all__ = ["automatic_blocks"]

#: Axes are halved while they are longer than this.
_LONG = 16
#: Filters of the convolutions one after the other; the last number for all further ones.
_FILTERS = (16, 32, 32, 64)
_FILTERS_IMAGE = (16, 32, 32)
#: Filters where the length is kept, and how far apart the samples of the kernels are: 65 positions to either side.
_FILTERS_KEEPING = 24
_DILATIONS = (1, 2, 4, 8, 16)
#: Averages of each channel of an image that the dense layers read, along wavelength and time.
_LEFT_IMAGE = (8, 4)


def automatic_blocks(shape: Shape, outputs: int | None = None) -> tuple[BlockParams, ...]:
    """Return blocks for a series or image of ``shape`` (channel, length) or (channel, wavelength, time).

    Nothing is normalised on the way: what is to be learned, a depth, is a scale of the input. Pooling averages, since
    what remains is noise. With ``outputs``, the number of outputs that a convolutional head reads at their positions,
    no block shortens the axis of the positions; widening steps between the kernel's samples let each output see its
    surroundings.
    """
    if outputs is not None and shape[1] == outputs:
        return _keeping(shape)
    image = len(shape) == 3
    sequence = _FILTERS_IMAGE if image else _FILTERS
    lengths = list(shape[1:])
    blocks: list[BlockParams] = []
    while not blocks or max(lengths) > _LONG:
        step = [2 if length > _LONG else 1 for length in lengths]
        lengths = [length // one for length, one in zip(lengths, step, strict=True)]
        blocks.append(
            ConvBlock(
                type="conv",
                filters=sequence[min(len(blocks), len(sequence) - 1)],
                kernel=5,
                pool=(step[0], step[1]) if image else step[0],
                pooling="average",
            )
        )
    if image:
        blocks.append(PoolBlock(type="pool", size=_LEFT_IMAGE, pooling="adaptive"))
    return tuple(blocks)


def _keeping(shape: Shape) -> tuple[BlockParams, ...]:
    image = len(shape) == 3
    time = shape[2] if image else 1
    first = max(1, time // _LONG)
    blocks: list[BlockParams] = [
        ConvBlock(
            type="conv",
            filters=_FILTERS_KEEPING,
            kernel=(5, first + 4) if image else 7,
            stride=(1, first) if image else 1,
        )
    ]
    time = -(-time // first)
    for dilation in _DILATIONS:
        step = 2 if time > _LEFT_IMAGE[1] else 1
        time = -(-time // step)
        blocks.append(
            ResidualBlock(
                type="residual",
                filters=_FILTERS_KEEPING,
                stride=(1, step) if image else 1,
                dilation=(dilation, 1) if image else dilation,
            )
        )
    return tuple(blocks)
