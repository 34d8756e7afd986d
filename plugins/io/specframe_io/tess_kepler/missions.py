"""What the light curves of TESS, Kepler and K2 do not say of themselves: bands, and what their quality bits mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MISSIONS", "Mission"]


def _bits(*numbers: int) -> int:
    """Return the sum of bits, which the manuals count from 1."""
    return sum(1 << (number - 1) for number in numbers)


@dataclass(frozen=True)
class Mission:
    """A mission: its band in um (middle, lower, upper), the Julian date of its clock's 0, and its quality bits.

    ``quality`` are the columns that may hold the bits; ``sets`` the sums that mask a sample; ``visit`` the keyword of
    the sector, quarter or campaign.
    """

    band: tuple[float, float, float]
    zero: float
    quality: tuple[str, ...]
    visit: str
    sets: Mapping[str, int]


#: Bits of TESS, counted from 1 (TESS Science Data Products Description Document, EXP-TESS-ARC-ICD-0014): 1 attitude
#: tweak, 2 safe mode, 3 coarse point, 4 Earth point, 5 Argabrightening, 6 reaction wheel desaturation, 7 cosmic ray in
#: aperture, 8 manual exclude, 9 discontinuity corrected, 10 impulsive outlier, 11 cosmic ray in collateral data, 12 and
#: 13 stray light, 14 planet search exclude, 15 bad calibration, 16 insufficient targets for the correction.
_TESS_USELESS = _bits(1, 2, 3, 4, 5, 6, 8, 10, 15)
#: Bits of Kepler (Kepler Archive Manual, KDMC-10008, table 2-3): 1 attitude tweak, 2 safe mode, 3 coarse point, 4 Earth
#: point, 5 zero crossing, 6 desaturation, 7 Argabrightening, 8 cosmic ray in aperture, 9 manual exclude, 11 sensitivity
#: dropout, 12 impulsive outlier, 13 Argabrightening on the CCD, 14 cosmic ray in collateral data, 15 detector anomaly,
#: 16 no fine point, 17 no data, 18 and 19 rolling band, 20 possible and 21 sure thruster firing (K2).
_KEPLER_USELESS = _bits(1, 2, 3, 4, 6, 9, 15, 17, 21)
_KEPLER_SETS = {
    "none": 0,
    "default": _KEPLER_USELESS,
    "hard": _KEPLER_USELESS | _bits(8, 11, 14, 20),
    "hardest": _bits(*range(1, 10), *range(11, 22)),
}
#: Response from 423 to 897 nm at 5 % of its maximum (Koch et al. 2010, ApJ 713, L79; Kepler Instrument Handbook,
#: KSCI-19033); its mean wavelength is about 0.64 um (SVO Filter Profile Service, Kepler/Kepler.K).
_KEPLER_BAND = (0.64, 0.42, 0.90)

MISSIONS: dict[str, Mission] = {
    #: 600 to 1000 nm, centred on 786.5 nm (Ricker et al. 2015, JATIS 1, 014003; TESS Instrument Handbook).
    "TESS": Mission(
        (0.7865, 0.60, 1.00),
        2_457_000.0,
        ("QUALITY",),
        "SECTOR",
        {
            "none": 0,
            "default": _TESS_USELESS,
            "hard": _TESS_USELESS | _bits(7, 11, 12, 13),
            "hardest": _bits(*range(1, 17)),
        },
    ),
    "Kepler": Mission(_KEPLER_BAND, 2_454_833.0, ("SAP_QUALITY", "QUALITY"), "QUARTER", _KEPLER_SETS),
    "K2": Mission(_KEPLER_BAND, 2_454_833.0, ("SAP_QUALITY", "QUALITY"), "CAMPAIGN", _KEPLER_SETS),
}
