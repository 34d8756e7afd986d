"""The detector as it is: dark current, flat field, bad pixels, read noise, linearity, and its converter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe_ariel.simulate.calibration_files import read_calibration
from specframe_ariel.simulate.instrument import ROWS, Instrument
from specframe_ariel.simulate.star import airs_spectrum
from specframe_ariel.simulate.streams import Stream, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.simulate.params import SimulatedParams
    from specframe_ariel.simulate.planet import SimulatedPlanet

__all__ = ["CalibrationSet", "Converter", "draw_calibration", "draw_converter", "measure_calibration"]

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
#: Frames that calibration files are measured from: exposure of a dark in s, levels of flat and linearity in e-.
_DARK_TIME = 1_000.0
_FLAT_LEVEL = 50_000.0
_LINEARITY_LEVEL = 60_000.0


@dataclass(frozen=True)
class Converter:
    """Analogue to digital: adu = round((electrons - offset) x gain), 16 bits."""

    #: adu/e- and e-.
    gain: float
    offset: float


@dataclass(frozen=True)
class CalibrationSet:
    """A detector, as it is or as calibration files describe it; images have shape (32, columns)."""

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

    @property
    def response(self) -> NDArray[np.float64]:
        """The flat as light meets it: dead pixels see none, whatever their flat says."""
        return np.where(self.dead, 0.0, self.flat)


def draw_calibration(
    params: SimulatedParams, index: int, instrument: Instrument, visit: int, converter: Converter, coadded: float
) -> CalibrationSet:
    """Return the detector of planet ``index`` in a visit as it is.

    It is that of ``params.calibration``, or drawn with the spreads of the real calibration sets.
    """
    rng = stream(params.seed, Stream.CALIBRATION, index, instrument.index, visit)
    shape = (ROWS, instrument.columns)
    if params.calibration is not None:
        images = read_calibration(params.calibration, instrument)
    else:
        images = _draw_images(params, instrument, rng, shape)
    read = images["read"] * np.sqrt(coadded)
    step = 1 / (converter.gain * np.sqrt(12.0))
    # below a third of a step noise no longer dithers the converter, whatever it was asked to be
    analogue = np.sqrt(np.maximum(read**2 - step**2, step**2))
    order = np.arange(6)[:, None, None]
    linear_corr = images["linear_corr"] * coadded ** (1.0 - order)
    return CalibrationSet(
        images["dark"], images["flat"], np.hypot(analogue, step), images["dead"], linear_corr, analogue
    )


def _draw_images(
    params: SimulatedParams, instrument: Instrument, rng: np.random.Generator, shape: tuple[int, int]
) -> dict[str, NDArray[Any]]:
    dead = rng.random(shape) < params.dead_fraction
    hot = rng.random(shape) < params.hot_fraction
    dark = params.dark * (1 + 0.2 * rng.standard_normal(shape))
    # half of the hot pixels of the real sets are below 0.05 e-/s, the others spread evenly in the logarithm
    dark[hot] = 10.0 ** (-1.7 + 2.7 * rng.random(int(hot.sum())) ** 3)
    flat = 1 + params.flat_scatter * rng.standard_normal(shape)
    # half of the dead pixels of the real sets have a flat around 0, the others one like any pixel
    dark_flat = dead & (rng.random(shape) < 0.5)
    flat[dark_flat] = 0.003 * rng.standard_normal(int(dark_flat.sum()))
    # most pixels read alike and a few are much noisier
    read = params.read_noise * (0.94 + 0.06 * rng.lognormal(0.0, 1.1, shape))
    linear_corr = np.broadcast_to(np.array(_LINEARITY[instrument.name])[:, None, None], (6, *shape)).copy()
    linear_corr[0] += 0.15 * rng.standard_normal(shape)
    linear_corr[1] += 0.005 * rng.standard_normal(shape)
    linear_corr[2] += 1e-7 * rng.standard_normal(shape)
    return {"dark": dark, "flat": flat, "read": read, "dead": dead, "linear_corr": linear_corr}


def measure_calibration(
    params: SimulatedParams, true: CalibrationSet, index: int, instrument: Instrument, visit: int, coadded: float
) -> CalibrationSet:
    """Return the ``true`` detector as ``params.calibration_frames`` frames of each kind would show it.

    Notes
    -----
    Errors with one standard deviation, N frames and the read noise r of a real read: dark from pairs of reads 1,000 s
    apart, sqrt((2 r^2 + dark t) / N) / t; flat at a level of L = 50,000 e-, sqrt(flat L + 2 r^2) / L / sqrt(N); read
    noise r / sqrt(2 N); linear and quadratic term of the linearity as the photon noise at 60,000 e- leaves them, 1 /
    sqrt(60,000 N) each, of the signal there. A share ``params.missed_fraction`` of the hot and dead pixels looks like
    any other.
    """
    rng = stream(params.seed, Stream.CALIBRATION_NOISE, index, instrument.index, visit)
    shape = true.dead.shape
    missed = rng.random(shape) < params.missed_fraction
    looks_well = rng.standard_normal((2, *shape))
    dark, flat, read, linear_corr = true.dark.copy(), true.flat.copy(), true.read.copy(), true.linear_corr.copy()
    typical = float(np.median(true.dark))
    hot = missed & (true.dark > 3 * typical)
    dark[hot] = typical * (1 + 0.2 * looks_well[0][hot])
    dead = missed & true.dead
    flat[dead] = 1 + params.flat_scatter * looks_well[1][dead]
    if params.calibration_frames > 0:
        n = params.calibration_frames
        one_read = true.read / np.sqrt(coadded)
        noise = rng.standard_normal((5, *shape))
        dark += noise[0] * np.sqrt((2 * one_read**2 + np.abs(dark) * _DARK_TIME) / n) / _DARK_TIME
        flat += noise[1] * np.sqrt((np.maximum(flat, 0.0) * _FLAT_LEVEL + 2 * one_read**2) / n) / _FLAT_LEVEL
        read += noise[2] * read / np.sqrt(2 * n)
        share = 1 / np.sqrt(_LINEARITY_LEVEL * n)
        linear_corr[1] += noise[3] * share
        linear_corr[2] += noise[4] * share / (_LINEARITY_LEVEL * coadded)
    return replace(true, dark=dark, flat=flat, read=np.abs(read), dead=true.dead & ~missed, linear_corr=linear_corr)


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
    if instrument.disperses:
        share, flux = share * airs_spectrum(planet.star.temperature), params.airs_flux
    brightest = flux * planet.star.brightness * float(share.max()) * (instrument.short + instrument.long)
    gain = _FILLED * _ADC_MAX / (brightest - mean) * (1 + 0.005 * float(rng.standard_normal()))
    return Converter(gain / coadded, float(rng.normal(mean, scatter)) * coadded)
