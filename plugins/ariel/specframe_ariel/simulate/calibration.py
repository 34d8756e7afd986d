"""The detector as it is: dark current, flat field, bad pixels, read noise, linearity, and its converter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_ariel.simulate.instrument import AIRS, ROWS, Instrument
from specframe_ariel.simulate.star import airs_spectrum
from specframe_ariel.simulate.streams import Stream, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.simulate.params import SimulatedParams
    from specframe_ariel.simulate.planet import SimulatedPlanet

__all__ = ["CalibrationSet", "Converter", "draw_calibration", "draw_converter"]

#: Median linearity coefficients c_0 .. c_5 of the real calibration sets, true = sum c_k measured^k, in e-.
_LINEARITY = {
    "AIRS-CH0": (0.12, 1.0, 0.0, 1.17e-11, -6.03e-17, 1.33e-22),
    "FGS1": (0.28, 1.0, 0.0, 8.60e-12, -3.64e-17, 7.2e-23),
}
#: The one converter of 2025: gain in adu/e-, offset in e-.
_CONVERTER_2025 = (0.4369, -1000.0)
#: Share of the converter's range that the brightest pixel of a star fills in 2024.
_FILLED = 0.88
_ADC_MAX = 65_535


@dataclass(frozen=True)
class Converter:
    """Analogue to digital: adu = round((electrons - offset) x gain), 16 bits."""

    #: adu/e- and e-.
    gain: float
    offset: float


@dataclass(frozen=True)
class CalibrationSet:
    """What the calibration files hold, here without errors; images have shape (32, columns)."""

    #: e-/s.
    dark: NDArray[np.float64]
    flat: NDArray[np.float64]
    #: e- per read, the converter's steps included, as it would be measured.
    read: NDArray[np.float64]
    dead: NDArray[np.bool_]
    #: Coefficients from low to high order, shape (6, 32, columns).
    linear_corr: NDArray[np.float64]
    #: e- per read before the converter; not in the files.
    analogue_read: NDArray[np.float64]


def draw_calibration(
    params: SimulatedParams, index: int, instrument: Instrument, visit: int, converter: Converter, coadded: float
) -> CalibrationSet:
    """Draw the detector of planet ``index`` in a visit; the spreads are those of the real calibration sets."""
    rng = stream(params.seed, Stream.CALIBRATION, index, instrument.index, visit)
    shape = (ROWS, instrument.columns)
    dead = rng.random(shape) < params.dead_fraction
    hot = rng.random(shape) < params.hot_fraction
    dark = params.dark * (1 + 0.2 * rng.standard_normal(shape))
    dark[hot] = 10.0 ** rng.uniform(-1.0, 1.0, int(hot.sum()))
    flat = 1 + params.flat_scatter * rng.standard_normal(shape)
    flat[dead] = 0.003 * rng.standard_normal(int(dead.sum()))
    # most pixels read alike and a few are much noisier
    read = params.read_noise * (0.94 + 0.06 * rng.lognormal(0.0, 1.1, shape)) * np.sqrt(coadded)
    step = 1 / (converter.gain * np.sqrt(12.0))
    # below a third of a step noise no longer dithers the converter, whatever it was asked to be
    analogue = np.sqrt(np.maximum(read**2 - step**2, step**2))
    order = np.arange(6)[:, None, None]
    coefficients = np.array(_LINEARITY[instrument.name])[:, None, None] * coadded ** (1.0 - order)
    linear_corr = np.broadcast_to(coefficients, (6, *shape)).copy()
    linear_corr[0] += 0.15 * coadded * rng.standard_normal(shape)
    linear_corr[1] += 0.005 * rng.standard_normal(shape)
    linear_corr[2] += 1e-7 / coadded * rng.standard_normal(shape)
    return CalibrationSet(dark, flat, np.hypot(analogue, step), dead, linear_corr, analogue)


def draw_converter(
    params: SimulatedParams, planet: SimulatedPlanet, instrument: Instrument, coadded: float
) -> Converter:
    """Draw the converter of a planet: fitted to its star in 2024, the same for all in 2025.

    ``coadded`` real pairs in one widen the range and the steps alike.
    """
    if params.year == 2025:
        gain, offset = _CONVERTER_2025
        return Converter(gain / coadded, offset * coadded)
    rng = stream(params.seed, Stream.ADC, planet.index, instrument.index)
    mean, scatter = instrument.adc_offset
    share, flux = instrument.point_spread()[0], params.fgs1_flux
    if instrument is AIRS:
        share, flux = share * airs_spectrum(planet.star.temperature), params.airs_flux
    brightest = flux * planet.star.brightness * float(share.max()) * (instrument.short + instrument.long)
    gain = _FILLED * _ADC_MAX / (brightest - mean) * (1 + 0.005 * float(rng.standard_normal()))
    return Converter(gain / coadded, float(rng.normal(mean, scatter)) * coadded)
