"""Stacks: many blocks of a network stated by a few numbers, so that a search can vary how many there are."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

from specframe.api import Field, Params

__all__ = ["ConvStack", "DenseStack", "StackParams", "unstacked"]

Growth: TypeAlias = Literal["none", "linear", "square", "double"]

_GROWTH = (
    "How much more each layer has than the first one: layer l of block b, both counted from 1, has n = b + l - 1 times "
    "as many with 'linear', n^2 with 'square', 2^(n - 1) with 'double', as many with 'none'."
)
_LAYERS = Annotated[int, Field(ge=1, le=16)]
_SIZE = Annotated[int, Field(ge=1)]


class _Stack(Params):
    blocks: _LAYERS = Field(1, description="Number of blocks.")
    layers: _LAYERS = Field(1, description="Layers of each block.")
    growth: Growth = Field("none", description=_GROWTH)
    dropout: float = Field(0.0, ge=0, lt=1, description="Part that dropout sets to 0 after each layer.")

    def factors(self) -> list[list[int]]:
        """Return by block and layer how many times as large as the first a layer is."""
        return [[_factor(self.growth, b + layer + 1) for layer in range(self.layers)] for b in range(self.blocks)]


def _factor(growth: Growth, n: int) -> int:
    factors: dict[Growth, int] = {"none": 1, "linear": n, "square": n * n, "double": 1 << (n - 1)}
    return factors[growth]


class ConvStack(_Stack):
    """Blocks of convolutions, each with pooling at its end."""

    type: Literal["conv-stack"]
    filters: int = Field(ge=1, le=4096, description="Filters of the first layer.")
    kernel: _SIZE | tuple[_SIZE, _SIZE] = Field(3, description="Width of all kernels.")
    pool: _SIZE | tuple[_SIZE, _SIZE] = Field(1, description="Samples pooled into one at the end of each block.")
    pooling: Literal["max", "average"] = Field("max", description="What pooling keeps of its samples.")
    normalise: Literal["batch", "layer", "group", "none"] = Field("none", description="Normalisation of each layer.")

    def written(self) -> list[dict[str, Any]]:
        """Return the blocks as they would be written one by one."""
        shared = {"type": "conv", "kernel": self.kernel, "normalise": self.normalise, "dropout": self.dropout}
        made = []
        for block in self.factors():
            for layer, factor in enumerate(block, 1):
                last = {"pool": self.pool, "pooling": self.pooling} if layer == self.layers else {}
                made.append({**shared, "filters": self.filters * factor, **last})
        return made


class DenseStack(_Stack):
    """Blocks of fully connected layers."""

    type: Literal["dense-stack"]
    units: int = Field(ge=1, le=65536, description="Features of the first layer.")

    def written(self) -> list[dict[str, Any]]:
        """Return the blocks as they would be written one by one."""
        factors = [factor for block in self.factors() for factor in block]
        return [{"type": "dense", "units": self.units * factor, "dropout": self.dropout} for factor in factors]


#: One stack, chosen by ``type``.
StackParams: TypeAlias = Annotated[ConvStack | DenseStack, Field(discriminator="type")]

_STACKS = ("conv-stack", "dense-stack")
_STACK: TypeAdapter[ConvStack | DenseStack] = TypeAdapter(StackParams)


def unstacked(blocks: Any) -> Any:
    """Return blocks with each stack written out; what is no list is left to be refused."""
    if not isinstance(blocks, list | tuple):
        return blocks
    made: list[Any] = []
    for block in blocks:
        if not (isinstance(block, dict) and block.get("type") in _STACKS):
            made.append(_with_tuples(block))
            continue
        try:
            stack = _STACK.validate_python(block)
        except ValidationError as error:
            told = [f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors()]
            raise ValueError(f"{block['type']}: {'; '.join(told)}") from None
        made += stack.written()
    return tuple(made)


def _with_tuples(value: Any) -> Any:
    """Let lists stand for tuples: behind a validator of ours pydantic does not know any more that data are JSON."""
    if isinstance(value, dict):
        return {key: _with_tuples(inner) for key, inner in value.items()}
    return tuple(_with_tuples(inner) for inner in value) if isinstance(value, list) else value
