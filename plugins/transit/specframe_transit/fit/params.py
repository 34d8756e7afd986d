"""Parameters of ``transit-fit``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Tag, field_validator, model_validator

from specframe.api import Field, Params, Unit
from specframe_transit.cleaning.params import TimeRule
from specframe_transit.inference.params import FreePrior, LaplaceParams, MethodParams, PriorParams
from specframe_transit.systematics.params import PolynomialTerm, TermParams

__all__ = [
    "AverageParams",
    "ChannelsParams",
    "ErrorsParams",
    "LimbDarkeningParams",
    "OrbitParams",
    "StdParams",
    "TargetParams",
    "TransitFitParams",
    "WhiteParams",
]


class OrbitParams(Params):
    """The orbit: each parameter a number (fixed) or a prior."""

    period: PriorParams = Field(description="Orbital period in d.")
    mid_transit: PriorParams | None = Field(
        None,
        description="Time of a mid-transit in d: any epoch, on the file's clock or as full (barycentric) Julian date. "
        "Needed, but for data on orbital phase, where it is 0 by default.",
    )
    semi_major_axis: PriorParams | None = Field(
        None, description="Semi-major axis in stellar radii. One of semi_major_axis, stellar_density and duration."
    )
    stellar_density: PriorParams | None = Field(
        None, description="Mean density of the star in g/cm3, from which the period gives the semi-major axis."
    )
    duration: PriorParams | None = Field(
        None, description="Duration from first to last contact (T14) in d, in place of the semi-major axis."
    )
    inclination: PriorParams | None = Field(
        None, description="Inclination in deg. One of inclination and impact_parameter."
    )
    impact_parameter: PriorParams | None = Field(None, description="Impact parameter at mid-transit in stellar radii.")
    eccentricity: PriorParams = Field(0.0, description="Eccentricity.")
    argument_of_periastron: PriorParams = Field(
        90.0,
        description="Argument of periastron in deg, as radial velocities of the star give it: the transit is at true "
        "anomaly 90 minus it.",
    )

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        for names in (("semi_major_axis", "stellar_density", "duration"), ("inclination", "impact_parameter")):
            given = [name for name in names if getattr(self, name) is not None]
            if len(given) != 1:
                raise ValueError(f"expected exactly one of {', '.join(names)}; got {' and '.join(given) or 'none'}")
        return self


class StdParams(Params):
    """A Gaussian prior around the given coefficients."""

    std: float = Field(gt=0.0, le=1.0, description="Standard deviation of the Gaussian prior on each coefficient.")


Freedom = Annotated[
    Annotated[Literal["auto", "fixed", "free"], Tag("word")] | Annotated[StdParams, Tag("std")],
    Discriminator(lambda value: "word" if isinstance(value, str) else "std"),
]


class LimbDarkeningParams(Params):
    """Where limb-darkening coefficients come from and how free they are."""

    coefficients: Literal["data"] | tuple[float, ...] = Field(
        "data",
        description="'data': limb_darkening of the data, as the step limb-darkening leaves it; or the same for all "
        "channels, [u1, u2] (quadratic law) or four numbers (nonlinear law of Claret 2000).",
    )
    white: Freedom = Field(
        "auto",
        description="Coefficients of the white curve: 'fixed'; 'free' (quadratic law, flat in Kipping's q1, q2); "
        "{std: 0.1}, a Gaussian prior around the given ones; 'auto': {std: 0.1} where coefficients are given, else "
        "free.",
    )
    channels: Freedom = Field("auto", description="The same for the channels.")

    @field_validator("coefficients")
    @classmethod
    def _two_or_four(cls, value: str | tuple[float, ...]) -> str | tuple[float, ...]:
        if not isinstance(value, str) and len(value) not in (2, 4):
            raise ValueError(f"expected two coefficients (quadratic) or four (nonlinear), got {len(value)}")
        if not isinstance(value, str) and sum(value) > 1.0:
            raise ValueError(
                f"{list(value)} make the limb darker than black: 1 less their sum is its brightness; expected a sum of "
                "at most 1"
            )
        return value


class WhiteParams(Params):
    """The fit of the white curves, all nodes together."""

    systematics: tuple[TermParams, ...] | None = Field(
        None, description="Systematics of the white curves; null: those of the whole step."
    )
    exclude: tuple[TimeRule, ...] = Field(
        (),
        description="Times that the white fit leaves out and the channels use, by the rules of drop of the step clean: "
        "{regressor: orbit, values: [3]}, {time: [start, stop]} ... What no fit may use, clean drops.",
    )
    channels: tuple[int, int] | None = Field(
        None,
        description="First channel and the one after the last, ascending in wavelength, that are summed; null: all.",
    )
    method: MethodParams = Field(
        LaplaceParams(), description="How the posterior is explored: laplace, emcee or dynesty."
    )

    @field_validator("channels")
    @classmethod
    def _a_range(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
        if value is not None and not 0 <= value[0] < value[1]:
            raise ValueError(f"expected [first, after the last] with 0 <= first < after the last, got {list(value)}")
        return value


class ChannelsParams(Params):
    """The fit of the channels, node by node."""

    systematics: tuple[TermParams, ...] | None = Field(
        None, description="Systematics of the channels; null: those of the whole step."
    )
    orbit: Literal["fixed", "prior"] = Field(
        "fixed",
        description="The orbit is that of the white fit; 'prior' adds what its uncertainty does to the depths to "
        "depth_covariance and depth_error.",
    )
    gp: Literal["own", "white"] = Field(
        "own",
        description="Hyper-parameters of Gaussian processes: optimised per channel, or those of the white fit.",
    )
    method: MethodParams = Field(
        LaplaceParams(), description="How each channel's posterior is explored: laplace, emcee or dynesty."
    )


class AverageParams(Params):
    """Average of the depths over models of the channels' systematics."""

    criterion: Literal["bic", "aic"] = Field("bic", description="Criterion whose differences give the weights.")
    models: dict[str, tuple[TermParams, ...]] = Field(
        description="Name of each model and its terms of systematics.", min_length=2
    )


class ErrorsParams(Params):
    """How the errors of the light curves become errors of the depths."""

    scale: Literal["file", "scatter", "jitter"] = Field(
        "scatter",
        description="'file' takes flux_error as it is; 'scatter' multiplies it, curve by curve, so that the reduced "
        "chi-square is 1; 'jitter' adds a constant in quadrature until it is 1, where it is above.",
    )
    red_noise: bool = Field(
        True,
        description="Multiply errors by beta, what noise correlated in time adds over 10 to 30 minutes: those of "
        "depths, channel by channel, and those of the white fit.",
    )


class TargetParams(Params):
    """What is told of one target in place of what is told of all."""

    orbit: OrbitParams | None = Field(None, description="The orbit of this target, complete.")
    radius_ratio: PriorParams | None = Field(None, description="Rp/R* of this target.")
    depth: PriorParams | None = Field(None, description="Fp/F* of this target.")


class TransitFitParams(Params):
    """Parameters of ``transit-fit``."""

    signal: Literal["transit", "eclipse"] = Field(
        "transit", description="What is measured: the planet in front of its star, or behind it."
    )
    orbit: OrbitParams = Field(description="The orbit, shared by all light curves of the target.")
    radius_ratio: PriorParams = Field(
        FreePrior(free=0.1),
        description="Rp/R* of the white curve, one per instrument. A number where the signal is an eclipse.",
    )
    depth: PriorParams = Field(
        FreePrior(free=0.0), description="Fp/F* of the white curve, one per instrument (signal: eclipse)."
    )
    targets: dict[str, TargetParams] = Field(
        default_factory=dict,
        description="Orbit and size of targets that have others than those above, by the name of the target: "
        "{WASP-6b: {orbit: {period: 3.361, ...}, radius_ratio: {free: 0.14}}}.",
    )
    timing: Literal["shared", "visit"] = Field(
        "shared", description="One mid-transit and period for all visits, or a mid-transit for each."
    )
    limb_darkening: LimbDarkeningParams = Field(LimbDarkeningParams(), description="Limb darkening.")
    exposure_time: Annotated[float, Unit("s")] | None = Field(
        None, ge=0, description="Time over which a sample averages; null: the node's exposure_time, else the cadence."
    )
    systematics: tuple[TermParams, ...] = Field(
        (PolynomialTerm(term="polynomial"),), description="Terms of systematics: flux = transit x (sum of terms)."
    )
    white: WhiteParams = Field(WhiteParams(), description="The fit of the white curves.")
    channels: ChannelsParams = Field(ChannelsParams(), description="The fit of the channels.")
    average: AverageParams | None = Field(
        None, description="Average over models of the channels' systematics, in place of channels.systematics."
    )
    errors: ErrorsParams = Field(ErrorsParams(), description="Errors of the results.")
    clip_sigma: float | None = Field(
        5.0, ge=2.0, description="Samples beyond this many robust sigma of their curve are left out; null: none are."
    )
    seed: int = Field(0, ge=0, description="Seed of posterior draws.")

    def of_target(self, target: str) -> Self:
        """Return the parameters of one target, what ``targets`` says of it put in its place."""
        own = self.targets.get(target, TargetParams())
        told = {name: getattr(own, name) for name in TargetParams.model_fields if getattr(own, name) is not None}
        return self.model_copy(update={**told, "targets": {}})

    @model_validator(mode="after")
    def _eclipse_has_a_radius(self) -> Self:
        every: dict[str, TransitFitParams | TargetParams] = {"": self, **self.targets}
        for name, told in every.items():
            where = f"targets.{name}." if name else ""
            if self.signal == "eclipse" and not isinstance(told.radius_ratio, float | None):
                raise ValueError(
                    f"{where}radius_ratio must be a number where the signal is an eclipse: it sets ingress and egress"
                )
            if self.signal == "transit" and told.depth not in (None, FreePrior(free=0.0)):
                raise ValueError(
                    f"{where}depth is that of an eclipse, but the signal is a transit; give radius_ratio, or write "
                    "signal: eclipse"
                )
        return self
