"""Parameters of the networks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from specframe.api import Field, Params
from specframe_cnn.network.params import (
    Activation,
    Dropout,
    FlattenBlock,
    GaussianHead,
    HeadParams,
    MeanHead,
    NetworkParams,
)
from specframe_cnn.training.params import AugmentationParams, TrainingParams

__all__ = ["Cnn1dParams", "Cnn2dParams", "MlpParams"]


class _NetworkParams(Params):
    auxiliary: tuple[str, ...] = Field(
        (),
        description=(
            "Further values of each target: variables of the collated data with a value or a few per target, e.g. "
            "[depth, trend, spectrum/white_depth_error, catalogue/Rs]. They join the network behind its blocks."
        ),
    )
    label_scale: Literal["output", "common"] = Field(
        "output",
        description=(
            "Whether each output is divided by its own standard deviation, or all by a common one: for spectra, whose "
            "channels are of one kind, 'common' keeps their weights in the loss what they are in the error."
        ),
    )
    label_components: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description=(
            "Predict so many principal components of the training labels in place of the outputs themselves; those "
            "that the training set does not have are left out."
        ),
    )
    head: HeadParams = Field(MeanHead(), description="What is stated of each output, and the loss.")
    training: TrainingParams = Field(TrainingParams(), description="How it is trained.")
    augment: AugmentationParams = Field(
        AugmentationParams(), description="Changes made to training targets each time they are seen."
    )


class _CnnParams(_NetworkParams):
    level: Literal["edges", "line", "contacts", "none"] = Field(
        "edges",
        description=(
            "Out-of-transit level that light curves are divided by: 'edges' takes the median of the first and last "
            "eighth of the samples; 'line' the straight line through the medians of both; 'contacts' the line through "
            "the medians of what was measured before the first and after the last contact that a detrender found; "
            "'none' takes curves as they are, already divided."
        ),
    )
    unit: Literal["training", "depth-error"] = Field(
        "training",
        description=(
            "What labels, and spectra among the inputs, are counted in: 'training' is their standard deviation over "
            "the training set; 'depth-error' is each target's own median depth_error, so that noise is the same for "
            "all targets and those with less of it count for more; it becomes an auxiliary value (its logarithm). "
            "Spectra relative to their own mean are then divided by their errors at each wavelength."
        ),
    )
    network: NetworkParams = Field(NetworkParams(), description="Blocks and layers.")


class _SpectraParams(Params):
    rows: Literal["none", "mean", "standardise"] = Field(
        "none",
        description=(
            "What is done to each spectrum by itself, in training after noise was added and bands were masked: 'mean' "
            "divides it by its own mean over wavelength; 'standardise' subtracts its mean and divides by its standard "
            "deviation, after `transform`. So only its shape counts. Not for errors among the inputs."
        ),
    )
    transform: Literal["none", "log"] = Field(
        "none",
        description=(
            "'log' takes logarithms of spectra, in training after noise was added. What is far below the training set "
            "at a wavelength, negative values too, counts as half of its first percentile there."
        ),
    )


class Cnn1dParams(_CnnParams, _SpectraParams):
    """Parameters of ``cnn1d``."""

    inputs: tuple[str, ...] = Field(
        (),
        description=(
            "Variables of the collated data that the network runs along, each a channel or several: along wavelength "
            "e.g. [depth, depth_error], [spectrum/flux], along time e.g. [flux], [AIRS-CH0/detrended_flux]. Empty: "
            "depth or flux."
        ),
    )
    axis: Literal["wavelength", "time"] = Field(
        "wavelength", description="What the convolutions run along: spectra, or light curves."
    )
    channels: int = Field(
        1,
        ge=1,
        description=(
            "Light curves per instrument: its wavelengths are averaged in so many groups, weighted by their errors; "
            "1 is the white light curve. Not used along wavelength."
        ),
    )
    centre: Literal["training", "target"] = Field(
        "training",
        description=(
            "What is subtracted from spectra: the mean over the training set, or each target's own mean over "
            "wavelength, weighted by its errors where they are read; that becomes an auxiliary value."
        ),
    )
    scaling: Literal["auto", "wavelength", "min-max", "common", "none"] = Field(
        "auto",
        description=(
            "How spectra are scaled, by what the training targets say: 'wavelength' standardises each wavelength by "
            "itself, 'min-max' brings each to between 0 and 1, 'common' standardises all by one mean and one standard "
            "deviation, 'none' takes them as they are. 'auto': wavelength for flux, common for anything else."
        ),
    )


class Cnn2dParams(_CnnParams):
    """Parameters of ``cnn2d``."""

    inputs: tuple[str, ...] = Field(
        (),
        description=(
            "Light curves (wavelength, time) that make the image, e.g. [AIRS-CH0/flux]; instruments of one variable "
            "are joined along wavelength, further variables are further channels. Empty: flux."
        ),
    )
    wavelength_bins: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Wavelengths of each instrument are averaged in so many groups, weighted by their errors.",
    )
    time_bins: Annotated[int, Field(ge=1)] | None = Field(None, description="Samples are averaged in so many groups.")


class MlpTrainingParams(TrainingParams):
    """How ``mlp`` is trained: see ``TrainingParams``, with defaults for grids of hundreds or thousands of spectra."""

    epochs: int = Field(200, ge=1, le=100_000, description="Most passes over the training targets.")
    patience: int = Field(
        200,
        ge=1,
        description="Training stops after so many epochs in which the loss of the targets held out did not improve.",
    )
    validation: float = Field(
        0.1,
        ge=0,
        lt=1,
        description=(
            "Part of the training targets, in whole groups, that is held out to choose the best weights. 0: none is; "
            "all epochs are run and the last weights kept."
        ),
    )
    judged_by: Literal["loss", "error"] = Field(
        "error",
        description=(
            "What the targets held out are judged by: the loss, or the mean squared error of the mean alone. A network "
            "that states errors grows too sure of them long before its mean stops to improve: 'error' gives the better "
            "mean, with errors that have to be calibrated (uncertainty: variance-scaling)."
        ),
    )
    batch_size: int = Field(64, ge=2, description="Targets in a step; batches are of about equal size.")
    learning_rate: float = Field(2e-3, gt=0, le=10, description="The largest learning rate of the schedule.")
    schedule: Literal["constant", "cosine", "plateau", "one-cycle"] = Field(
        "one-cycle",
        description=(
            "How the learning rate goes on: 'one-cycle' rises to its largest value at 30 % of all epochs and falls to "
            "almost zero; 'cosine' falls to zero at the last epoch; 'plateau' halves when the loss of the targets held "
            "out has not improved for a third of the patience."
        ),
    )
    ema: float = Field(
        0.998,
        ge=0,
        lt=1,
        description="Decay per step of the moving average of the weights, which is validated and kept; 0: none.",
    )


class MlpParams(_NetworkParams, _SpectraParams):
    """Parameters of ``mlp``."""

    inputs: tuple[str, ...] = Field(
        (),
        description=(
            "Variables of the collated data that the network reads, e.g. [flux], [depth, depth_error]: spectra of as "
            "many wavelengths as the first, and anything else with a value or many for each target. Empty: depth or "
            "flux."
        ),
    )
    scaling: Literal["wavelength", "min-max", "common", "none"] = Field(
        "wavelength",
        description=(
            "How spectra are scaled, by what the training targets say: 'wavelength' standardises each wavelength by "
            "itself, 'min-max' brings each to between 0 and 1, 'common' standardises all by one mean and one standard "
            "deviation, 'none' takes them as they are."
        ),
    )
    components: Annotated[int, Field(ge=1, le=4096)] | None = Field(
        80,
        description=(
            "The network reads so many principal components of the scaled spectra in place of the wavelengths, so that "
            "small differences between spectra count beside large ones. They are learned from the training targets, "
            "with noise. null: the wavelengths themselves."
        ),
    )
    whitening: float = Field(
        0.6,
        ge=0,
        le=1,
        description=(
            "How far the sizes of components are levelled: a score varies as the component does to the power of 1 "
            "minus this. With 1 all are of about unit variance, with 0 as they are."
        ),
    )
    hidden: tuple[Annotated[int, Field(ge=1, le=65536)], ...] = Field(
        (512, 512, 512), description="Features of each fully connected layer."
    )
    activation: Activation = Field("gelu", description="Activation behind each layer.")
    dropout: tuple[Dropout, ...] | Dropout = Field(
        0.0,
        description=(
            "Part of the features that dropout sets to 0 after each layer: one number, or one each. mc-dropout needs "
            "some, e.g. 0.1."
        ),
    )
    residual: bool = Field(
        False, description="Add what a layer gets to what it gives, wherever both have as many features."
    )
    initial_weights: float = Field(
        0.3,
        gt=0,
        le=10,
        description=(
            "Size of the weights that training starts from, in units of those of He et al. (2015). With smaller ones a "
            "network learns smoother functions."
        ),
    )
    head: HeadParams = Field(
        GaussianHead(type="gaussian"),
        description=(
            "What is stated of each output, and the loss. With stated errors each output counts as it can be known: "
            "with the head 'mean' one that nothing tells of spoils the others."
        ),
    )
    training: MlpTrainingParams = Field(MlpTrainingParams(), description="How it is trained.")

    @property
    def network(self) -> NetworkParams:
        """The same as blocks and layers."""
        return NetworkParams(
            blocks=(FlattenBlock(type="flatten"),),
            dense=self.hidden,
            dropout=self.dropout,
            activation=self.activation,
            residual=self.residual,
            initial_weights=self.initial_weights,
            direct=False,
        )

    @model_validator(mode="after")
    def _one_rate_each(self) -> MlpParams:
        if isinstance(self.dropout, tuple) and len(self.dropout) != len(self.hidden):
            raise ValueError(
                f"dropout is one number, or one for each hidden layer: expected {len(self.hidden)}, "
                f"got {len(self.dropout)}"
            )
        return self
