"""Networks and heads, as YAML has them."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BeforeValidator, model_validator

from specframe.api import Field, Params
from specframe_cnn.network.stacks import StackParams, unstacked

__all__ = [
    "Activation",
    "BlockParams",
    "ConvBlock",
    "DenseBlock",
    "DropoutBlock",
    "FlattenBlock",
    "GaussianHead",
    "HeadParams",
    "LowRankHead",
    "MeanHead",
    "MixtureHead",
    "MultiScaleBlock",
    "NetworkParams",
    "NormaliseBlock",
    "PoolBlock",
    "QuantilesHead",
    "ResidualBlock",
    "Size",
]

Activation: TypeAlias = Literal["relu", "leaky-relu", "elu", "gelu", "silu", "tanh", "none"]
Normalisation: TypeAlias = Literal["batch", "layer", "group", "none"]
Dropout: TypeAlias = Annotated[float, Field(ge=0, lt=1)]

#: Width along the series; of images one number for both axes or [wavelength, time].
Size: TypeAlias = Annotated[int, Field(ge=1)] | tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]

_OF_BOTH = "of images one number for both axes or [wavelength, time]"


class _Convolution(Params):
    filters: int = Field(ge=1, le=4096, description="Filters, that is channels of the result.")
    normalise: Normalisation = Field(
        "none",
        description=(
            "Normalisation before the activation: 'batch' of each channel over the targets of a batch; 'layer' and "
            "'group' (of up to 8 channels) by the scatter of the target itself, which takes from the network how "
            "strong its signal is."
        ),
    )
    activation: Activation | None = Field(None, description="Activation; by default that of the network.")
    dropout: Dropout = Field(0.0, description="Part of the channels that dropout sets to 0 at the end of the block.")


class ConvBlock(_Convolution):
    """Convolution, normalisation, activation and pooling."""

    type: Literal["conv"]
    kernel: Size = Field(3, description=f"Width of the kernel; {_OF_BOTH}.")
    stride: Size = Field(1, description=f"Step of the kernel; {_OF_BOTH}.")
    dilation: Size = Field(1, description=f"Distance between the kernel's samples; {_OF_BOTH}.")
    padding: Literal["same", "valid"] = Field(
        "same", description="'same' pads with zeros, so that only stride and pooling shorten; 'valid' does not pad."
    )
    pool: Size = Field(1, description=f"Samples pooled into one; {_OF_BOTH}.")
    pooling: Literal["max", "average"] = Field("max", description="What pooling keeps of its samples.")
    normalise_after: Literal["convolution", "pooling"] = Field(
        "convolution", description="Whether normalisation comes before the activation, or at the end after pooling."
    )


class ResidualBlock(_Convolution):
    """Two convolutions added to their input (normalisation and activation before each, He et al. 2016)."""

    type: Literal["residual"]
    kernel: Size = Field(3, description=f"Width of the kernels; {_OF_BOTH}.")
    stride: Size = Field(1, description=f"Step of the first kernel; {_OF_BOTH}.")
    dilation: Size = Field(1, description=f"Distance between the kernels' samples; {_OF_BOTH}.")


class MultiScaleBlock(_Convolution):
    """Convolutions of several widths side by side, joined and projected (as in InceptionTime)."""

    type: Literal["multi-scale"]
    kernels: tuple[Size, ...] = Field(
        (3, 9, 27), min_length=1, max_length=8, description=f"Widths of the kernels; {_OF_BOTH}."
    )
    residual: bool = Field(True, description="Add the block's input to its result.")


class PoolBlock(Params):
    """Pooling."""

    type: Literal["pool"]
    size: Size = Field(2, description=f"Samples pooled into one, or with 'adaptive' samples left; {_OF_BOTH}.")
    pooling: Literal["max", "average", "adaptive"] = Field(
        "max", description="'adaptive' averages to a length of `size`, however long the series is."
    )


class NormaliseBlock(Params):
    """Normalisation."""

    type: Literal["normalise"]
    by: Literal["batch", "layer", "group"] = Field("batch", description="What mean and variance are taken of.")


class DropoutBlock(Params):
    """Dropout."""

    type: Literal["dropout"]
    rate: Dropout = Field(0.1, description="Part of the values, or of the channels, that are set to 0.")
    channels: bool = Field(False, description="Drop whole channels.")


class FlattenBlock(Params):
    """From channels along the axes to one vector of features."""

    type: Literal["flatten"]
    how: Literal["all", "average", "max"] = Field(
        "all", description="'all' values one after the other, or each channel's average or greatest value."
    )


class DenseBlock(Params):
    """Fully connected layer on the features; before the first one the data are flattened."""

    type: Literal["dense"]
    units: int = Field(ge=1, le=65536, description="Features of the result.")
    activation: Activation | None = Field(None, description="Activation; by default that of the network.")
    dropout: Dropout = Field(0.0, description="Part of the values that dropout sets to 0.")


#: One block of a network, chosen by ``type``.
BlockParams: TypeAlias = Annotated[
    ConvBlock | ResidualBlock | MultiScaleBlock | PoolBlock | NormaliseBlock | DropoutBlock | FlattenBlock | DenseBlock,
    Field(discriminator="type"),
]


#: Blocks, among which stacks may be written.
_Blocks: TypeAlias = Annotated[
    Literal["auto"] | tuple[BlockParams, ...],
    BeforeValidator(unstacked, json_schema_input_type=Literal["auto"] | tuple[BlockParams | StackParams, ...]),
]


class NetworkParams(Params):
    """Blocks from the inputs to the features that the head reads."""

    blocks: _Blocks = Field(
        "auto",
        description=(
            "Blocks that a series or image goes through, one after the other. 'auto': convolutions of width 5, each "
            "of which halves the axes with more than 16 samples by averages; for a convolutional head residual blocks "
            "that keep the length. 'conv-stack' and 'dense-stack' stand for many blocks, which they are replaced by."
        ),
    )
    dense: tuple[Annotated[int, Field(ge=1, le=65536)], ...] = Field(
        (64,), description="Features of each fully connected layer between the blocks and the head."
    )
    dropout: tuple[Dropout, ...] | Dropout = Field(
        0.0,
        description=(
            "Part of the features that dropout sets to 0 after each dense layer: one number, or one each. mc-dropout "
            "needs some, e.g. 0.1."
        ),
    )
    activation: Activation = Field("gelu", description="Activation of every block and layer that states none.")
    fusion: Literal["concatenate", "film"] = Field(
        "concatenate",
        description=(
            "How auxiliary values come in: 'concatenate' puts them beside the features that the blocks leave; 'film' "
            "scales and shifts each channel, or each feature, by what a small network makes of them (Perez et al. "
            "2018)."
        ),
    )
    direct: Literal["auto"] | bool = Field(
        "auto",
        description=(
            "Let the last layer read the series and the auxiliary values themselves too, besides the features: the "
            "network then adds to a linear model. 'auto' does so where it takes at most 5,000 weights."
        ),
    )
    residual: bool = Field(
        False,
        description=(
            "Add what a dense layer gets to what it gives, wherever both have as many features (He et al. 2016): many "
            "layers then learn as easily as a few."
        ),
    )
    initial_weights: float = Field(
        1.0,
        gt=0,
        le=10,
        description=(
            "Size of the weights that training starts from, in units of those of He et al. (2015). With smaller ones a "
            "network learns smoother functions."
        ),
    )
    auxiliary: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = Field(
        (), description="Features of the fully connected layers that auxiliary values go through first."
    )

    @property
    def has_dropout(self) -> bool:
        """Whether any block or dense layer drops something."""
        rates = list(self.dropout) if isinstance(self.dropout, tuple) else [self.dropout] * len(self.dense)
        if self.blocks != "auto":
            for block in self.blocks:
                rates.append(getattr(block, "rate" if block.type == "dropout" else "dropout", 0.0))
        return any(rate > 0 for rate in rates)

    @model_validator(mode="after")
    def _one_rate_each(self) -> NetworkParams:
        if isinstance(self.dropout, tuple) and len(self.dropout) != len(self.dense):
            raise ValueError(
                f"dropout is one number, or one for each dense layer: expected {len(self.dense)}, "
                f"got {len(self.dropout)}"
            )
        return self


class _Head(Params):
    output: Literal["dense", "convolutional"] = Field(
        "dense",
        description=(
            "'dense' lets every output read all features; 'convolutional' reads each output from its own position "
            "of a series, or wavelength of an image, which must have as many as there are outputs."
        ),
    )


def _as_tuple(value: Any) -> Any:
    """Let a list stand for a tuple, also behind :func:`_named`, where data are no longer known to be JSON."""
    return tuple(value) if isinstance(value, list) else value


def _ascending(levels: tuple[float, ...]) -> tuple[float, ...]:
    if any(after <= before for before, after in pairwise(levels)):
        raise ValueError("levels must ascend")
    return levels


Levels: TypeAlias = Annotated[
    tuple[Annotated[float, Field(gt=0, lt=1)], ...],
    AfterValidator(_ascending),
    BeforeValidator(_as_tuple),
    Field(max_length=20, description="Nominal coverages of the intervals, e.g. [0.68, 0.95]."),
]


class MeanHead(_Head):
    """One number for each output."""

    type: Literal["mean"] = "mean"
    loss: Literal["mse", "huber", "mae"] = Field(
        "mse", description="Squared error, absolute error, or Huber's: squared up to `delta`, absolute beyond."
    )
    delta: float = Field(1.0, gt=0, description="Where Huber's loss turns, in standard deviations of the labels.")


class _Distribution(_Head):
    levels: Levels = ()
    samples: int = Field(
        0,
        ge=0,
        le=100_000,
        description=(
            "Draws of all outputs of a target together that predictions carry, (sample, target, output); 0: none. They "
            "follow from the seed and from what was measured of the target alone."
        ),
    )


def _refuse_convolutional(head: _Head, what: str) -> None:
    if head.output == "convolutional":
        raise ValueError(
            f"{what} states how all outputs of a target hang together and cannot be read at their positions: take "
            "'output: dense', or the head low-rank"
        )


class GaussianHead(_Distribution):
    """Mean and standard deviation of each output, or the covariance of all of them."""

    type: Literal["gaussian"]
    covariance: Literal["diagonal", "full"] = Field(
        "diagonal",
        description=(
            "'diagonal' states the standard deviation of each output; 'full' the covariance of all outputs of a target "
            "together, by a triangular factor, of 64 outputs at most."
        ),
    )
    loss: Literal["nll", "beta-nll"] = Field(
        "beta-nll",
        description=(
            "'nll' is the negative log-likelihood; 'beta-nll' weighs it by variance^beta, which keeps the mean from "
            "giving up where it fits badly (Seitzer et al. 2022)."
        ),
    )
    beta: float = Field(
        0.5, ge=0, le=1, description="beta of beta-nll: 0 is nll, 1 gives the mean the gradient of mse."
    )

    @model_validator(mode="after")
    def _full_is_dense(self) -> GaussianHead:
        if self.covariance == "full":
            _refuse_convolutional(self, "'covariance: full'")
        return self


class QuantilesHead(_Head):
    """Median and intervals of each output; the quantiles never cross."""

    type: Literal["quantiles"]
    loss: Literal["pinball"] = Field("pinball", description="Loss whose least expectation is at the quantile.")
    levels: Levels = Field((0.68, 0.95), min_length=1)


class MixtureHead(_Distribution):
    """Mixture of Gaussians: for several solutions, or tails heavier than a Gaussian's."""

    type: Literal["mixture"]
    loss: Literal["nll"] = Field("nll", description="Negative log-likelihood.")
    components: int = Field(3, ge=2, le=20, description="Gaussians of the mixture.")
    shared: bool = Field(
        False,
        description="One set of weights for all outputs of a target, which ties them together, in place of one each.",
    )
    covariance: Literal["diagonal", "full"] = Field(
        "diagonal",
        description=(
            "Of each Gaussian: 'full' lets outputs hang together within it too, by a triangular factor, and shares the "
            "weights whatever `shared` says; for 64 outputs at most."
        ),
    )

    @model_validator(mode="after")
    def _full_is_dense(self) -> MixtureHead:
        if self.covariance == "full":
            _refuse_convolutional(self, "'covariance: full'")
        return self


class LowRankHead(_Distribution):
    """Mean and covariance between the outputs: a low-rank matrix plus a diagonal."""

    type: Literal["low-rank"]
    loss: Literal["nll"] = Field("nll", description="Negative log-likelihood.")
    rank: int = Field(4, ge=1, le=64, description="Rank: how many patterns outputs may err in together.")


class FlowHead(_Distribution):
    """Any density over all outputs of a target together, as a normalising flow; needs the extra ``flow``."""

    type: Literal["flow"]
    loss: Literal["nll"] = Field("nll", description="Negative log-likelihood.")
    flow: Literal["nsf", "maf"] = Field(
        "nsf",
        description=(
            "'nsf': autoregressive rational-quadratic splines (Durkan et al. 2019), which can have several solutions; "
            "'maf': autoregressive shifts and scales (Papamakarios et al. 2017), which bend a Gaussian."
        ),
    )
    transforms: int = Field(3, ge=1, le=20, description="Transformations one after the other.")
    hidden: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], BeforeValidator(_as_tuple)] = Field(
        (64, 64), min_length=1, max_length=8, description="Units of the layers that give a transformation's parameters."
    )
    bins: int = Field(8, ge=2, le=64, description="Pieces of each spline; not used by 'maf'.")
    context: int = Field(16, ge=1, le=4096, description="Numbers by which the network tells the flow what it saw.")
    draws: int = Field(
        256,
        ge=32,
        le=65_536,
        description="Draws from which mean, standard deviation, covariance and bounds are taken: quasi-random ones.",
    )

    @model_validator(mode="after")
    def _can_be(self) -> FlowHead:
        _refuse_convolutional(self, "a flow")
        if find_spec("zuko") is None:
            raise ValueError(
                'a flow needs zuko>=1.3, which is not installed: pip install "specframe[flow]"; the heads mixture and '
                "gaussian with 'covariance: full' need nothing more"
            )
        return self


_HeadName: TypeAlias = Literal["mean", "gaussian", "quantiles", "mixture", "low-rank", "flow"]
_AnyHead: TypeAlias = Annotated[
    MeanHead | GaussianHead | QuantilesHead | MixtureHead | LowRankHead | FlowHead, Field(discriminator="type")
]


def _named(value: Any) -> Any:
    """Let the type alone stand for a head of that type."""
    return {"type": value} if isinstance(value, str) and value in get_args(_HeadName) else value


#: What a network states, chosen by ``type``; the name alone will do, for JSON schema too.
HeadParams: TypeAlias = Annotated[_AnyHead, BeforeValidator(_named, json_schema_input_type=_AnyHead | _HeadName)]
