"""Parameters of the Gaussian-process models."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Tag

from specframe.api import Field, Params

__all__ = [
    "GaussianProcessParams",
    "KernelParams",
    "LeafParams",
    "ProductParams",
    "SpectrumGpParams",
    "SumParams",
]

KernelName: TypeAlias = Literal["rbf", "matern-1/2", "matern-3/2", "matern-5/2", "periodic", "linear"]


def _form(value: Any) -> str | None:
    """Return which form a kernel is given in."""
    if isinstance(value, str):
        return "name"
    keys = set(type(value).model_fields) if isinstance(value, Params) else set(value) if isinstance(value, dict) else ()
    return next((key for key in ("kernel", "sum", "product") if key in keys), None)


class LeafParams(Params):
    """A kernel of one kind."""

    kernel: KernelName = Field(
        description="Form of the covariance. The Matern family goes from rough (1/2) over once (3/2) and twice (5/2) "
        "differentiable functions to smooth ones (rbf)."
    )
    ard: bool = Field(
        True, description="Give each input a scale of its own (automatic relevance determination), or all the same."
    )


class SumParams(Params):
    """A sum of kernels: functions that add up, each with its own variance."""

    sum: tuple[KernelParams, ...] = Field(min_length=2, description="The kernels that are added.")


class ProductParams(Params):
    """A product of kernels: a function that is similar only where all of them say so."""

    product: tuple[KernelParams, ...] = Field(min_length=2, description="The kernels that are multiplied.")


#: A kernel by its name, or as a mapping.
KernelParams: TypeAlias = Annotated[
    Annotated[KernelName, Tag("name")]
    | Annotated[LeafParams, Tag("kernel")]
    | Annotated[SumParams, Tag("sum")]
    | Annotated[ProductParams, Tag("product")],
    Discriminator(
        _form,
        custom_error_type="kernel",
        custom_error_message="expected a kernel's name, {kernel: NAME, ard: false}, {sum: [...]} or {product: [...]}",
    ),
]

SumParams.model_rebuild()
ProductParams.model_rebuild()


class GaussianProcessParams(Params):
    """Parameters of ``gp``."""

    inputs: tuple[str, ...] = Field(
        (),
        description=(
            "What it learns from: variables of the collated data, e.g. [depth, trend], [flux], [AIRS-CH0/flux] or "
            "[catalogue/Rs]. Empty: the depths where a detrender measured them, else the light curves."
        ),
    )
    n_inputs: Annotated[int, Field(ge=1)] | None = Field(
        10,
        description="A variable with more values than this (a light curve) is reduced to so many of its principal "
        "components; null takes every value as it is, which costs time and, with fewer targets than values, accuracy.",
    )
    noise: Literal["normal", "student-t"] = Field(
        "student-t",
        description="Distribution of what the inputs do not tell of the labels. 'student-t' learns how heavy its tails "
        "are: single targets with large errors then pull less at the fit, and predictions get intervals that are not "
        "those of a normal distribution.",
    )
    levels: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.68, 0.95), description="Coverage of the intervals that 'student-t' gives."
    )
    noise_errors: tuple[str, ...] = Field(
        (),
        description="Variables of the collated data that tell how noisy a target is, e.g. [depth_error]: the variance "
        "of the noise is a constant plus a learned multiple of their mean square.",
    )
    n_components: Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, lt=1)] | None = Field(
        10,
        description=(
            "Principal components of the labels, each of which is learned by a process of its own: how many (an "
            "integer, at most as many as there are), or the part of their variance to keep (between 0 and 1); null "
            "learns every output by itself, which is best for outputs of different units."
        ),
    )
    kernel: KernelParams = Field(
        SumParams(sum=("linear", "matern-5/2")),
        description="Covariance between targets: a name, {kernel: NAME, ard: false}, {sum: [...]} or {product: [...]}.",
    )
    mean: Literal["zero", "constant", "linear"] = Field(
        "constant",
        description="What labels tend to far from the training set: their mean, a constant or a linear function of "
        "the inputs that is fitted too, its uncertainty included in the errors.",
    )
    prior: Literal["weak", "none"] = Field(
        "weak",
        description="Prior of the logarithms of the kernel's parameters; 'none' maximises the marginal likelihood "
        "alone, which with many inputs and few targets overfits.",
    )
    outputs: Literal["pca", "lmc"] = Field(
        "pca",
        description="'pca': components of the labels (or outputs, see n_components) are processes independent of each "
        "other. 'lmc': they are mixtures of `latents` processes, a linear model of coregionalisation, so that each "
        "tells of the others; the time grows as the cube of targets times components.",
    )
    latents: int = Field(2, ge=1, le=20, description="Processes that outputs: lmc mixes.")
    inducing: Literal["auto"] | Annotated[int, Field(ge=1, le=5000)] | None = Field(
        "auto",
        description="Inducing inputs of a sparse process, whose time grows with the number of targets and the square "
        "of theirs: 'auto' takes 128 beyond 2000 targets, and the exact process below; null is always exact.",
    )
    optimizer: Literal["l-bfgs", "adam"] = Field("l-bfgs", description="How the likelihood is maximised.")
    restarts: int = Field(
        3, ge=0, le=100, description="Further starts of the maximisation, drawn at random; the best result is kept."
    )
    max_iterations: int = Field(200, ge=1, description="Most iterations of each maximisation.")
    dtype: Literal["float64", "float32"] = Field(
        "float64", description="Precision of the arithmetic; float32 takes half the memory."
    )
    covariance: bool = Field(False, description="Give the covariance between the outputs of each prediction too.")


class SpectrumGpParams(Params):
    """Parameters of ``spectrum-gp``."""

    kernel: KernelParams = Field(
        "matern-5/2",
        description="Covariance of a spectrum along wavelength, the same for all targets but for the amplitude: a "
        "name, {kernel: NAME}, {sum: [...]} or {product: [...]}, e.g. {sum: [matern-3/2, rbf]} for narrow and wide "
        "features.",
    )
    coordinate: Literal["log-wavelength", "wavelength"] = Field(
        "log-wavelength", description="What length scales are measured along: bands widen with their wavelength."
    )
    mean: Literal["shape", "flat"] = Field(
        "shape",
        description="What spectra vary around: the mean shape of the training labels, times the target's amplitude, "
        "or no feature at all. A level of its own that nothing is assumed of has every target with either. With "
        "learn_from: depths, or a single output, it is flat.",
    )
    amplitude: Literal["each", "depth", "common"] = Field(
        "each",
        description="Size of a target's features: 'each' has its own, from a log-normal prior that all share and whose "
        "width and dependence on the depth are learned; 'depth' takes it as proportional to the depth, 'common' as "
        "the same for all.",
    )
    novelty: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="Prior probability that a target has features narrower than those of the training set, as strong "
        "as its known ones and 1.5 % of the wavelength wide: a band of a new molecule is then not shrunk away. Needs "
        "wavelengths, and their logarithm for the coordinate.",
    )
    learn_from: Literal["both", "labels", "depths"] = Field(
        "both",
        description="'labels': the kernel is learned from known spectra, errors are taken as reported. 'both': "
        "besides, what measured and known spectra differ by tells how good the errors are. 'depths': the kernel and a "
        "factor of the errors are learned from the measured spectra alone; labels then say only where outputs are.",
    )
    jitter: bool = Field(
        True,
        description="Learn a noise that the errors do not tell of, independent in every channel, the same for all.",
    )
    systematics: bool = Field(
        True,
        description="With learn_from: both, also learn a bias of each channel, and errors that grow with the depth and "
        "that channels have in common: of the level, and smooth in wavelength.",
    )
    depth_covariance: bool = Field(
        False, description="Read depth_covariance too, which a joint fit gives, and not depth_error alone."
    )
    covariance: bool = Field(False, description="Give the covariance between the outputs of each prediction too.")
    prior: Literal["weak", "none"] = Field(
        "weak", description="Prior of the logarithms of the hyper-parameters; 'none' maximises the likelihood alone."
    )
    optimizer: Literal["l-bfgs", "adam"] = Field("l-bfgs", description="How the likelihood is maximised.")
    restarts: int = Field(
        0, ge=0, le=100, description="Further starts of the maximisation, drawn at random; the best result is kept."
    )
    max_iterations: int = Field(100, ge=1, description="Most iterations of each maximisation.")
    dtype: Literal["float64", "float32"] = Field(
        "float64", description="Precision of the training; the posterior is computed in double precision always."
    )
