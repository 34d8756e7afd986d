"""The two instruments of the challenges: geometry, wavelengths, point spread and timing of the reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AIRS", "FGS1", "FGS1_WAVELENGTH", "INSTRUMENTS", "SCIENCE", "Instrument", "Readout", "label_wavelengths"]

#: Duration of a visit in s, the same for both instruments.
VISIT = 27_000.0
ROWS = 32
#: AIRS columns that the labels describe; reversed they are wl_2 .. wl_283.
SCIENCE = slice(39, 321)
#: Wavelength that stands for FGS1 in the challenges' wavelengths.csv, in um.
FGS1_WAVELENGTH = {2024: 0.705, 2025: 0.7}
#: Wavelength of an AIRS column as polynomial in (column - 177.5) / 177.5, low to high, in um. A fit to the challenges'
#: axis_info, which it meets to the last digit but one.
_AIRS_DISPERSION = (3.0736755124, -1.2226052102, -0.2178175818)


@dataclass(frozen=True)
class Readout:
    """When a visit's pairs of reads are made, each standing for ``coadded`` real ones.

    Times count from the start of the visit. In the files of the challenges the reads of a pair carry the times 0.1 s
    and 0.2 s after the pair's begin, whatever their integration time. Added up they carry the mean of those times,
    and are as many times 0.1 s apart.
    """

    pairs: int
    coadded: float
    #: Charge collected at the first read, and between the two, in s.
    short: float
    long: float

    @cached_property
    def time(self) -> NDArray[np.float64]:
        """Time stamps of all reads in s, shape (2 * pairs,)."""
        return np.asarray(self.pair_time[:, None] + np.array([-0.05, 0.05]) * self.coadded).reshape(-1)

    @cached_property
    def pair_time(self) -> NDArray[np.float64]:
        """Mean time stamp of each pair in s, shape (pairs,)."""
        cadence = VISIT / self.pairs
        return np.arange(self.pairs, dtype=np.float64) * cadence + 0.5 * (cadence - cadence / self.coadded) + 0.15

    @property
    def integration_time(self) -> NDArray[np.float64]:
        """Time since the reset of each read in s, shape (2 * pairs,)."""
        return np.tile([self.short, self.short + self.long], self.pairs)


@dataclass(frozen=True)
class Instrument:
    """A detector of 32 rows with a star on it."""

    name: str
    index: int
    columns: int
    full_pairs: int
    short: float
    long: float
    #: Row (and column, where the light is not dispersed) of the star's centre.
    centre: tuple[float, float]
    #: Offset of the 2024 converters in e-, mean and standard deviation.
    adc_offset: tuple[float, float]
    #: Standard deviation of the pointing in a real pair along rows and columns, in pixels: from the first 25 pairs of
    #: planet 342072318.
    jitter: tuple[float, float]

    @property
    def disperses(self) -> bool:
        """Whether a column is a wavelength."""
        return self.columns > ROWS

    @property
    def wavelength(self) -> NDArray[np.float64]:
        """Wavelength of each column in um, descending, shape (columns,); only where the columns disperse."""
        place = (np.arange(self.columns) - 177.5) / 177.5
        return np.asarray(np.polynomial.polynomial.polyval(place, _AIRS_DISPERSION))

    def readout(self, pairs: int) -> Readout:
        """Return the timing of ``pairs`` pairs of reads in a visit."""
        coadded = self.full_pairs / pairs
        return Readout(pairs, coadded, self.short * coadded, self.long * coadded)

    def point_spread(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the share of a channel's light in each pixel and its change per pixel of pointing in y and in x.

        A Gaussian core that widens with wavelength and 10 % in wide Gaussian wings, integrated over the pixel. Each
        array has shape (32, columns). Along dispersed columns see :meth:`spectral_blend`.
        """
        if self.disperses:
            spread, slope = _profile(self.centre[0], self._core(), wings=7.0)
            return spread, slope, np.zeros_like(spread)
        y, dy = _profile(self.centre[0], np.array([1.25]), wings=4.0)
        x, dx = _profile(self.centre[1], np.array([1.25]), wings=4.0)
        return y * x.T, dy * x.T, y * dx.T

    def spectral_blend(self, blur: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the share of each column's light that falls on each column, and its change per pixel of pointing.

        Shape (columns, columns), first the column that the light falls on. A Gaussian, ``blur`` times as wide as the
        point spread's core across the columns, integrated over the pixel; 0 leaves each column its own light. What
        would come from beyond the detector is missing in its last columns, far from the science columns.
        """
        from scipy.special import erf

        columns = np.arange(self.columns)
        width = np.maximum(blur * self._core(), 1e-3)
        edges = np.arange(self.columns + 1)[:, None] - 0.5 - columns
        share = np.diff(0.5 * erf(edges / (np.sqrt(2.0) * width)), axis=0)
        density = np.exp(-0.5 * (edges / width) ** 2) / (np.sqrt(2.0 * np.pi) * width)
        return share, -np.diff(density, axis=0)

    def _core(self) -> NDArray[np.float64]:
        """Return the standard deviation of the point spread's core in each dispersed column, in pixels."""
        return 0.40 + 0.315 * self.wavelength


#: Share of the light in the wings, and the widths above: from the real frames of planet 342072318.
_WINGS = 0.10


def _profile(centre: float, core: NDArray[np.float64], wings: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the share of the light in each of 32 pixels and its derivative to ``centre``, shape (32, len(core))."""
    from scipy.special import erf

    edges = np.arange(ROWS + 1)[:, None] - 0.5 - centre

    def one(width: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        cumulative = 0.5 * erf(edges / (np.sqrt(2.0) * width))
        density = np.exp(-0.5 * (edges / width) ** 2) / (np.sqrt(2.0 * np.pi) * width)
        return np.diff(cumulative, axis=0), -np.diff(density, axis=0)

    (near, near_slope), (far, far_slope) = one(core), one(np.full_like(core, wings))
    return (1 - _WINGS) * near + _WINGS * far, (1 - _WINGS) * near_slope + _WINGS * far_slope


AIRS = Instrument("AIRS-CH0", 0, 356, 5_625, 0.1, 4.5, (15.58, 0.0), (-850.0, 70.0), (0.014, 0.006))
FGS1 = Instrument("FGS1", 1, 32, 67_500, 0.1, 0.1, (15.3, 15.4), (-358.0, 23.0), (0.11, 0.09))
INSTRUMENTS = {instrument.name: instrument for instrument in (AIRS, FGS1)}


def label_wavelengths(year: int) -> NDArray[np.float64]:
    """Return the wavelengths of wl_1 .. wl_283 in um: FGS1, then AIRS ascending."""
    return np.concatenate([[FGS1_WAVELENGTH[year]], AIRS.wavelength[SCIENCE][::-1]])
