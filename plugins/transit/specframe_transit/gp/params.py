"""What YAML says about the kernels of Gaussian processes."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from specframe.api import Field, Params
from specframe_transit.inference.params import PriorParams

__all__ = [
    "ExponentialParams",
    "GridKernelParams",
    "KernelParams",
    "MaternParams",
    "RegressorKernelParams",
    "RotationParams",
    "ShoParams",
]

_AMPLITUDE = (
    "Standard deviation of the process, relative to the flux. By default log-uniform between a hundredth and a hundred "
    "times the scatter of the light curve."
)
_DEFAULT_TIMESCALE = "By default log-uniform between the median time step and the length of the data."


class ExponentialParams(Params):
    """A damped random walk: amplitude^2 exp(-dt / timescale). Rough: continuous, with corners everywhere."""

    kernel: Literal["exponential"] = "exponential"
    amplitude: PriorParams | None = Field(None, description=_AMPLITUDE)
    timescale: PriorParams | None = Field(None, description=f"Correlation time, d. {_DEFAULT_TIMESCALE}")


class MaternParams(Params):
    """Matern-3/2: amplitude^2 (1 + x) exp(-x), x = sqrt(3) dt / timescale. Smooth, with a continuous slope."""

    kernel: Literal["matern-3/2"] = "matern-3/2"
    amplitude: PriorParams | None = Field(None, description=_AMPLITUDE)
    timescale: PriorParams | None = Field(None, description=f"Length scale, d. {_DEFAULT_TIMESCALE}")


class ShoParams(Params):
    """A damped harmonic oscillator driven by noise (Foreman-Mackey et al. 2017): granulation, oscillations, ringing."""

    kernel: Literal["sho"] = "sho"
    amplitude: PriorParams | None = Field(None, description=_AMPLITUDE)
    timescale: PriorParams | None = Field(
        None, description=f"Period without damping, 2 pi / omega_0, d. {_DEFAULT_TIMESCALE}"
    )
    quality: PriorParams = Field(
        0.7071067811865476,
        description="Quality factor Q: 1/sqrt(2), the default, is granulation, 0.5 is critical damping, well above 1 "
        "oscillates.",
    )


class RotationParams(Params):
    """Stellar rotation: oscillators at the period and at half of it (as RotationTerm of celerite2)."""

    kernel: Literal["rotation"] = "rotation"
    amplitude: PriorParams | None = Field(None, description=_AMPLITUDE)
    timescale: PriorParams | None = Field(None, description=f"Rotation period, d. {_DEFAULT_TIMESCALE}")
    quality: PriorParams = Field(1.0, description="Quality factor, less 1/2, of the oscillator at half the period.")
    quality_difference: PriorParams = Field(
        1.0, description="Quality factor of the oscillator at the period, less that of the one at half the period."
    )
    mix: PriorParams = Field(0.5, description="Variance at half the period, relative to that at the period.")


#: A term of a Gaussian process in time, chosen by ``kernel``; a process is a sum of terms.
KernelParams: TypeAlias = Annotated[
    MaternParams | ExponentialParams | ShoParams | RotationParams, Field(discriminator="kernel")
]


class RegressorKernelParams(Params):
    """A Gaussian process over regressors, each with its own length scale."""

    kernel: Literal["matern-3/2", "matern-5/2", "squared-exponential"] = Field(
        "matern-3/2", description="Smoothness of the process."
    )
    amplitude: PriorParams | None = Field(None, description=_AMPLITUDE)
    lengthscale: PriorParams | None = Field(
        None,
        description="Length scale of every regressor, in standard deviations of the regressor. By default log-uniform "
        "from 0.1 to 100; a regressor with a long one hardly matters.",
    )
    inducing_points: int = Field(
        0,
        ge=0,
        le=5000,
        description="Points that stand for all samples, which makes the process an approximation and its cost linear "
        "in the number of samples. 0: none up to 1500 samples, where the process is exact, and 300 above.",
    )


class GridKernelParams(Params):
    """A Gaussian process over time and wavelength: the product of a kernel in each."""

    kernel: Literal["matern-3/2", "matern-5/2", "squared-exponential"] = Field(
        "matern-3/2", description="Smoothness of the process in time."
    )
    wavelength_kernel: Literal["matern-3/2", "matern-5/2", "squared-exponential"] = Field(
        "squared-exponential", description="Smoothness of the process in wavelength."
    )
    amplitude: PriorParams | None = Field(None, description=_AMPLITUDE)
    timescale: PriorParams | None = Field(None, description=f"Length scale in time, d. {_DEFAULT_TIMESCALE}")
    wavelength_scale: PriorParams | None = Field(
        None,
        description="Length scale in the logarithm of the wavelength: 0.1 is a tenth of the wavelength. By default "
        "log-uniform between the median step of the channels and ten times their range.",
    )
