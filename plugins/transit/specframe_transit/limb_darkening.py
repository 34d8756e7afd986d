"""What is known beforehand of a star's limb darkening, and how far a fit may correct it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.drift import scaled_legendre

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["correction_basis", "limb_darkening_law"]

#: Power laws through the quadratic coefficients that model atmospheres give for main-sequence stars of about 5500 K
#: between 0.6 and 4 um (Claret & Bloemen 2011, A&A 529, A75): value at 1 um, exponent.
_U1, _U1_EXPONENT = 0.28, -1.1
_U2, _U2_EXPONENT = 0.20, -0.25


def limb_darkening_law(wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return typical quadratic coefficients u1, u2 at ``wavelength`` (um), shape (2, n_channel)."""
    return np.stack([_U1 * wavelength**_U1_EXPONENT, _U2 * wavelength**_U2_EXPONENT])


def correction_basis(wavelength: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return Legendre polynomials in ln wavelength, scaled to -1 ... 1 over the channels, (n_channel, order + 1).

    A single channel has a constant only; ``order`` -1 gives no columns: limb darkening is not corrected.
    """
    order = min(order, len(wavelength) - 1)
    return scaled_legendre(np.log(wavelength), order)
