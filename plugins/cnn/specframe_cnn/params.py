"""Parameters of the convolutional networks."""

from __future__ import annotations

from typing import Annotated, Literal

from specframe.api import Field, Params
from specframe_cnn.network.params import HeadParams, MeanHead, NetworkParams
from specframe_cnn.training.params import AugmentationParams, TrainingParams

__all__ = ["Cnn1dParams", "Cnn2dParams"]


class _CnnParams(Params):
    auxiliary: tuple[str, ...] = Field(
        (),
        description=(
            "Further values of each target: variables of the collated data with a value or a few per target, e.g. "
            "[depth, trend, spectrum/white_depth_error, catalogue/Rs]. They join the network behind its blocks."
        ),
    )
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
    network: NetworkParams = Field(NetworkParams(), description="Blocks and layers.")
    head: HeadParams = Field(MeanHead(), description="What is stated of each output, and the loss.")
    training: TrainingParams = Field(TrainingParams(), description="How it is trained.")
    augment: AugmentationParams = Field(
        AugmentationParams(), description="Changes made to training targets each time they are seen."
    )


class Cnn1dParams(_CnnParams):
    """Parameters of ``cnn1d``."""

    inputs: tuple[str, ...] = Field(
        (),
        description=(
            "Variables of the collated data that the network runs along, each a channel or several: along wavelength "
            "e.g. [depth, depth_error], along time e.g. [flux], [AIRS-CH0/detrended_flux]. Empty: depth or flux."
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
