"""What is known beforehand of a star's limb darkening, and how far a fit may correct it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.drift import scaled_legendre

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["correction_basis", "limb_darkening_law"]

#: Rough power laws of the size of the quadratic coefficients that model atmospheres give for main-sequence stars of
#: about 5500 K between 0.6 and 4 um (such as Claret & Bloemen 2011, A&A 529, A75), no fit to them: value at 1 um,
#: exponent. ATLAS9 intensities at 4000 and 4250 K differ by up to 0.12 in u1 and 0.15 in u2.
_U1, _U1_EXPONENT = 0.28, -1.1
_U2, _U2_EXPONENT = 0.20, -0.25
#: Effective temperature of that star in K, and the tables' relative change of u1 and u2 per 1000 K less.
_TEMPERATURE, _U1_COOLER, _U2_COOLER = 5500.0, 0.12, -0.04


def limb_darkening_law(wavelength: NDArray[np.float64], temperature: float = _TEMPERATURE) -> NDArray[np.float64]:
    """Return typical quadratic coefficients u1, u2 at ``wavelength`` (um), shape (2, n_channel).

    Stars cooler than ``temperature`` = 5500 K have darker limbs; between 4000 and 7000 K the trend is linear.
    """
    cooler = (_TEMPERATURE - min(max(temperature, 4000.0), 7000.0)) / 1000.0
    u1 = _U1 * (1.0 + _U1_COOLER * cooler) * wavelength**_U1_EXPONENT
    u2 = _U2 * (1.0 + _U2_COOLER * cooler) * wavelength**_U2_EXPONENT
    return np.stack([u1, u2])


def correction_basis(
    wavelength: NDArray[np.float64], order: int, use: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Return Legendre polynomials in ln wavelength, scaled to -1 ... 1 over the channels, (n_channel, order + 1).

    The channels that count are those of ``use`` (n_channel,). A single channel has a constant only; ``order`` -1 gives
    no columns: limb darkening is not corrected.
    """
    count = len(wavelength) if use is None or not use.any() else int(use.sum())
    return scaled_legendre(np.log(wavelength), min(order, count - 1), use)
