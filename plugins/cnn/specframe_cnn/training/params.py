"""Parameters of training and augmentation."""

from __future__ import annotations

from typing import Annotated, Literal

from specframe.api import Field, Params

__all__ = ["AugmentationParams", "TrainingParams"]


class TrainingParams(Params):
    """How a network is trained."""

    epochs: int = Field(300, ge=1, le=100_000, description="Most passes over the training targets.")
    patience: int = Field(
        40,
        ge=1,
        description="Training stops after so many epochs in which the loss of the targets held out did not improve.",
    )
    validation: float = Field(
        0.15,
        ge=0,
        lt=1,
        description=(
            "Part of the training targets, in whole groups, that is held out to stop training early and to choose the "
            "best weights. 0: none is; all epochs are run and the last weights kept."
        ),
    )
    judged_by: Literal["loss", "error"] = Field(
        "loss",
        description=(
            "What the targets held out are judged by: the loss, or the mean squared error of the mean alone. A network "
            "that states errors grows too sure of them long before its mean stops to improve: 'error' gives the better "
            "mean, with errors that have to be calibrated (uncertainty: variance-scaling)."
        ),
    )
    batch_size: int = Field(
        32,
        ge=2,
        description=(
            "Targets in a step. An epoch is cut into batches of about equal size, of at least two targets each (and so "
            "rarely of one more than this), which batch normalisation needs."
        ),
    )
    optimiser: Literal["adamw", "adam", "sgd"] = Field(
        "adamw", description="'adam' adds weight decay to the gradient, 'adamw' takes it apart; 'sgd' has momentum 0.9."
    )
    learning_rate: float = Field(1e-3, gt=0, le=10, description="The largest learning rate of the schedule.")
    schedule: Literal["constant", "cosine", "plateau", "one-cycle"] = Field(
        "cosine",
        description=(
            "How the learning rate goes on: 'cosine' falls to zero at the last epoch; 'plateau' halves when the loss "
            "of the targets held out has not improved for a third of the patience; 'one-cycle' rises to its largest "
            "value at 30 % of all epochs and falls to almost zero."
        ),
    )
    warmup: float = Field(
        2.0,
        ge=0,
        description="Epochs, or parts of one, in which the learning rate rises from zero; not used by 'one-cycle'.",
    )
    weight_decay: float = Field(
        1e-2, ge=0, le=10, description="Weight decay; biases and the parameters of normalisations are spared."
    )
    clip_norm: Annotated[float, Field(gt=0)] | None = Field(
        1.0, description="Largest norm of the gradient of all weights together; null does not clip."
    )
    ema: float = Field(
        0.0,
        ge=0,
        lt=1,
        description=(
            "Decay per step of the moving average of the weights, which is then validated and kept in their place, "
            "e.g. 0.99; 0 does not average."
        ),
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description=(
            "Of the network's arithmetic while it learns: 'auto' is float32 on a processor and mixed (bfloat16, on "
            "older cards float16) on a CUDA GPU. bfloat16 on a processor without AVX-512 is refused: it would be ten "
            "times slower."
        ),
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto",
        description="Where to train; 'auto' takes a GPU where there is one. Predictions are always made on the CPU.",
    )
    threads: int = Field(
        1,
        ge=1,
        le=256,
        description=(
            "Processor threads of a training. Sums split over threads end in other bits: the number is therefore "
            "fixed here and not taken from the machine. Small networks are fastest with one."
        ),
    )
    checkpoint_every: float = Field(
        30.0,
        ge=0,
        description="Seconds between two checkpoints, from which a training that was killed goes on; 0: every epoch.",
    )


class AugmentationParams(Params):
    """Changes made anew to each training target each time it is seen; all are off by default."""

    time_flip: float = Field(
        0.0, ge=0, le=1, description="Probability that time runs backwards: a transit is symmetric, a drift is not."
    )
    noise: float = Field(
        0.0,
        ge=0,
        le=10,
        description=(
            "White noise added to inputs with errors, in units of these: 1 doubles the variance of the noise of what "
            "was measured, and gives what holds none (spectra of models) that of an observation."
        ),
    )
    drift: float = Field(
        0.0,
        ge=0,
        le=1,
        description=(
            "Standard deviation, in relative flux, of a drift added to inputs with a time axis: a random sum of "
            "Legendre polynomials in time."
        ),
    )
    drift_order: int = Field(3, ge=1, le=12, description="Highest order of the drift's polynomials; the lowest is 1.")
    drift_colour: float = Field(
        0.2,
        ge=0,
        le=1,
        description=(
            "Part of the drift's standard deviation that changes with wavelength: from one end to the other "
            "linearly through zero in the middle. Channels drift alike with 0."
        ),
    )
    channel_masking: float = Field(
        0.0, ge=0, lt=1, description="Probability that a channel of wavelength is taken for missing."
    )
    band_masking: float = Field(
        0.0,
        ge=0,
        le=1,
        description=(
            "Probability that a band of neighbouring wavelengths is taken for missing, so that spectra with gaps can "
            "be told from."
        ),
    )
    band_width: float = Field(
        0.2,
        gt=0,
        lt=1,
        description="Width of the widest band, as a part of all wavelengths; each is uniform between none and this.",
    )
    depth_scaling: float = Field(
        0.0,
        ge=0,
        le=10,
        description=(
            "Depths, of inputs and labels alike, are multiplied by a factor between 1 / (1 + this) and 1 + this, "
            "uniform in its logarithm. Where noise shrinks with the depth, it is topped up to its true level."
        ),
    )
