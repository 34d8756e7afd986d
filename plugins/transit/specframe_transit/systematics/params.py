"""Terms of a systematics model, as YAML has them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import model_validator

from specframe.api import Field, Params
from specframe_transit.gp.params import KernelParams, MaternParams, RegressorKernelParams
from specframe_transit.inference.params import PriorParams

__all__ = [
    "CommonModeTerm",
    "ExponentialTerm",
    "GaussianProcessTerm",
    "OrbitRampTerm",
    "PolynomialTerm",
    "PrincipalComponentsTerm",
    "RegressorProcessTerm",
    "RegressorsTerm",
    "ScanDirectionTerm",
    "SinusoidTerm",
    "StepTerm",
    "TermParams",
]


class PolynomialTerm(Params):
    """Polynomial in time: slow drifts of star, detector or airmass."""

    term: Literal["polynomial"]
    order: int = Field(1, ge=1, le=10, description="Order of the polynomial in time; 1 is a straight line.")


class ExponentialTerm(Params):
    """Exponential ramp ``exp(-(t - t_start) / timescale)``: a detector that settles; its amplitude has either sign."""

    term: Literal["exponential"]
    timescale: PriorParams | None = Field(
        None,
        description="Time in d in which the ramp falls to 1/e. By default fitted, log-uniform from three sampling "
        "intervals to the length of the data; several such terms divide that range between them.",
    )


class StepTerm(Params):
    """Sudden change of level: a tilt of a mirror segment, a high-gain antenna move."""

    term: Literal["step"]
    times: tuple[float, ...] = Field((), description="Times of the steps, in d on the clock of the data.")
    n: int = Field(
        0,
        ge=0,
        le=10,
        description="Number of further steps whose times are searched in the residuals of the white light curve.",
    )

    @model_validator(mode="after")
    def _has_a_step(self) -> StepTerm:
        if not self.times and not self.n:
            raise ValueError("a step needs times: [...] (in d, on the clock of the data) or n: 1 to search for one")
        if len(set(self.times)) < len(self.times):
            raise ValueError(f"the times of steps must differ, got {list(self.times)}")
        return self


class RegressorsTerm(Params):
    """Linear decorrelation against measured quantities: position, width, airmass, rotator angle ..."""

    term: Literal["regressors"]
    names: tuple[str, ...] = Field((), description="Names of regressors of the light curves.")
    angles: tuple[str, ...] = Field(
        (), description="Names of regressors that are angles in degrees: their cosine and sine are taken."
    )
    order: int = Field(1, ge=1, le=4, description="Order of the polynomial in each of the names.")
    cross: bool = Field(False, description="Also the products of each two of the names (x times y).")

    @model_validator(mode="after")
    def _names_differ(self) -> RegressorsTerm:
        both = self.names + self.angles
        if not both:
            raise ValueError("regressors needs names: [...] or angles: [...]")
        twice = sorted({name for name in both if both.count(name) > 1})
        if twice:
            raise ValueError(f"regressors named twice: {', '.join(twice)}")
        if self.cross and len(self.names) < 2:
            raise ValueError(f"cross: true needs at least two names, got {', '.join(self.names) or 'none'}")
        return self


class ScanDirectionTerm(Params):
    """Own level for each direction of a spatial scan (HST/WFC3)."""

    term: Literal["scan-direction"]
    name: str = Field("scan_direction", description="Regressor that has one value per direction (0 and 1).")
    slope: bool = Field(False, description="Also an own slope in time for each direction.")


class OrbitRampTerm(Params):
    """Exponential in the time since each orbit of HST began, and optionally a polynomial in its orbital phase."""

    term: Literal["orbit-ramp"]
    orbit: str = Field(
        "auto",
        description="Regressor that numbers the orbits; 'auto' takes 'orbit' where the data have it, else the gaps.",
    )
    timescale: PriorParams | None = Field(
        None,
        description="Time in d in which the ramp falls to 1/e. By default fitted, log-uniform from 1 to 60 minutes.",
    )
    amplitude: Literal["shared", "per-orbit"] = Field(
        "shared", description="One amplitude for all orbits, or one each."
    )
    first_orbit: bool = Field(
        True,
        description="The first orbit that is used has an amplitude of its own (amplitude: shared): its ramp is larger.",
    )
    phase_order: int = Field(
        0,
        ge=0,
        le=4,
        description="Order of a polynomial in the telescope's orbital phase (thermal breathing); 0: none.",
    )
    orbital_period: float | None = Field(
        None,
        gt=0.0,
        description="Orbital period of the telescope in d; null takes the median interval between the beginnings of "
        "its orbits (HST: 95.4 minutes in June 2017, a little less each year).",
    )


class SinusoidTerm(Params):
    """Sine and cosine of one period: thermal cycles, rotation of the star."""

    term: Literal["sinusoid"]
    period: PriorParams = Field(description="Period in d, fixed or with a prior.")


class CommonModeTerm(Params):
    """What the white light curve has beside its transit, which all channels share (divide-white)."""

    term: Literal["common-mode"]
    how: Literal["divide", "fit"] = Field(
        "divide",
        description="'divide': every channel is divided by white flux / white transit model; 'fit': that is a "
        "regressor whose amplitude is fitted channel by channel.",
    )
    wavelength: tuple[float, float] | None = Field(
        None, description="Channels between these wavelengths (um) make the white curve of the common mode; null: all."
    )

    @model_validator(mode="after")
    def _wavelengths_ascend(self) -> CommonModeTerm:
        if self.wavelength is not None and self.wavelength[0] >= self.wavelength[1]:
            raise ValueError(f"expected wavelength: [lowest, highest] in um, got {list(self.wavelength)}")
        return self


class PrincipalComponentsTerm(Params):
    """Principal components, in time, of the residuals of all channels after a first fit without them."""

    term: Literal["pca"]
    n_components: int = Field(1, ge=1, le=10, description="Number of components.")


class GaussianProcessTerm(Params):
    """Gaussian process in time: correlated noise whose form is not known."""

    term: Literal["gp"]
    kernels: tuple[KernelParams, ...] = Field(
        (MaternParams(),), min_length=1, description="Kernels of the process, which are added."
    )


class RegressorProcessTerm(RegressorKernelParams):
    """Gaussian process over regressors: a dependence on them whose form is not known (needs ``specframe[gp]``)."""

    term: Literal["gp-regressors"]
    names: tuple[str, ...] = Field(min_length=1, description="Regressors it is a function of; 'time' may be one.")


#: One term of a systematics model, chosen by ``term``.
TermParams: TypeAlias = Annotated[
    PolynomialTerm
    | ExponentialTerm
    | StepTerm
    | RegressorsTerm
    | ScanDirectionTerm
    | OrbitRampTerm
    | SinusoidTerm
    | CommonModeTerm
    | PrincipalComponentsTerm
    | GaussianProcessTerm
    | RegressorProcessTerm,
    Field(discriminator="term"),
]
