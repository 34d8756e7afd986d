"""What the conformance suite runs ``limb-darkening`` on: a grid of two stars, made in the folder it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["small_grid"]


def small_grid(directory: Path) -> dict[str, Any]:
    """Return parameters of a star between two that are written into ``directory``; it needs no light curves."""
    mu = np.linspace(0.05, 1.0, 20)
    wavelength = np.linspace(1000.0, 300000.0, 3000)  # Angstrom
    for temperature in (4000, 5000):
        limb = 0.6 * (wavelength / 5000.0) ** -0.5 * (4500.0 / temperature)
        primary = fits.PrimaryHDU(np.maximum(1.0 - limb * (1.0 - mu[:, None]), 0.0) / wavelength**2)
        primary.header.update(PHXTEFF=temperature, PHXLOGG=4.5, PHXM_H=0.0)
        extensions = [fits.ImageHDU(mu, name="MU"), fits.ImageHDU(wavelength, name="WAVELENGTH")]
        fits.HDUList([primary, *extensions]).writeto(directory / f"star_{temperature}.fits")
    return {"params": {"grid": str(directory), "temperature": 4300.0, "gravity": 4.5}}
