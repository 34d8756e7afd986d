"""Parameters of ``limb-darkening``."""

from __future__ import annotations

from typing import Literal

from specframe.api import Field, InputPath, Params

__all__ = ["LimbDarkeningParams"]

#: Where transits with the quadratic law come nearest to those with the model star's own profile: of ATLAS9 at 4250 K,
#: 0.5 to 5 um, depths are then right to 0.1 % at impact parameters up to 0.6; from mu = 0 they are 0.6 % too small.
_QUADRATIC_FROM = 0.2


class LimbDarkeningParams(Params):
    """Parameters of ``limb-darkening``."""

    grid: InputPath = Field(
        description="Folder of a grid of stellar intensities, a FITS file for each model star (header PHXTEFF, "
        "PHXLOGG, PHXM_H; extensions MU and WAVELENGTH), subfolders included."
    )
    law: Literal["quadratic", "nonlinear"] = Field(
        "quadratic", description="quadratic has u1, u2; nonlinear has c1 ... c4 of Claret (2000)."
    )
    temperature: float | None = Field(
        None,
        gt=0.0,
        description="Effective temperature of the star in K; null takes stellar_temperature of the data.",
    )
    gravity: float | None = Field(
        None,
        description="log10 of the star's surface gravity in cm/s2; null takes stellar_gravity of the data, or else "
        "stellar_mass and stellar_radius.",
    )
    metallicity: float | None = Field(
        None, description="[M/H] of the star; null takes stellar_metallicity of the data, or else the Sun's, 0."
    )
    outside: Literal["error", "nearest"] = Field(
        "error",
        description="What happens to a star outside the grid: an error that says what the grid holds, or the nearest "
        "star that it holds, with the flag star-outside-grid.",
    )
    mu_min: float | None = Field(
        None,
        ge=0.0,
        lt=0.8,
        description="The law is fitted from this mu to 1; null is 0.2 for the quadratic law, which bends away from "
        "the limb of real stars and else costs the depth, and 0 for the nonlinear one.",
    )
    limb: Literal["as-given", "steepest"] = Field(
        "as-given",
        description="Where mu is 0: as the grid has it (plane-parallel stars such as ATLAS9), or where the profile of "
        "each channel falls most steeply (spherical ones such as PHOENIX, whose disc ends in a thin dark rim).",
    )
    throughput: InputPath | None = Field(
        None,
        description="Text table of wavelength (um) and throughput in any unit, by which photons within a channel "
        "count; null is a constant. It also is the band of a node of one channel without edges.",
    )
    instruments: tuple[str, ...] | None = Field(
        None, min_length=1, description="Only nodes of these instruments get coefficients; null: all."
    )

    @property
    def fitted_from(self) -> float:
        """The least mu that the law is fitted to."""
        if self.mu_min is not None:
            return self.mu_min
        return _QUADRATIC_FROM if self.law == "quadratic" else 0.0
