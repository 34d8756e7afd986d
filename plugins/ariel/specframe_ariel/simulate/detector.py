"""Light to numbers: the frames that the detector and its electronics make of a planet's visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from specframe_ariel.simulate.calibration import (
    CalibrationSet,
    Converter,
    draw_calibration,
    draw_converter,
    measure_calibration,
)
from specframe_ariel.simulate.cosmic_rays import draw_cosmic_rays
from specframe_ariel.simulate.instrument import ROWS, Instrument
from specframe_ariel.simulate.light import light_of
from specframe_ariel.simulate.streams import Stream, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.simulate.params import SimulatedParams
    from specframe_ariel.simulate.planet import SimulatedPlanet

__all__ = ["detector_of", "expose", "true_detector"]


def true_detector(
    params: SimulatedParams, planet: SimulatedPlanet, instrument: Instrument, visit: int
) -> tuple[CalibrationSet, Converter]:
    """Return the detector and the converter with which a visit of ``planet`` is observed."""
    coadded = instrument.readout(params.pairs(instrument.name)).coadded
    converter = draw_converter(params, planet, instrument, coadded)
    return draw_calibration(params, planet.index, instrument, visit, converter, coadded), converter


def detector_of(
    params: SimulatedParams, planet: SimulatedPlanet, instrument: Instrument, visit: int
) -> tuple[CalibrationSet, Converter]:
    """Return what the files tell of the detector and the converter: the calibration set with its own errors."""
    true, converter = true_detector(params, planet, instrument, visit)
    coadded = instrument.readout(params.pairs(instrument.name)).coadded
    return measure_calibration(params, true, planet.index, instrument, visit, coadded), converter


def expose(params: SimulatedParams, planet: SimulatedPlanet, instrument: Instrument, visit: int) -> NDArray[np.uint16]:
    """Simulate all reads of a visit.

    Returns the time series of every pixel in adu, shape (32 * columns, 2 * pairs), pixels in C order of (row, column).

    Notes
    -----
    Per pixel: rate = (light x point spread at the pointing + sky) x flat + dark, with the light of
    :class:`~specframe_ariel.simulate.light.Light`. Both reads of a pair see the charge since the reset, with photon
    noise on what was added in between, and what cosmic rays left until then; the pixel holds no more than its full
    well; the response is not linear (the calibration's polynomial is its inverse); each read adds read noise of its
    own; the converter rounds and clips. Photon noise is Gaussian with the Poisson variance, which read noise makes
    indistinguishable where counts are few.
    """
    readout = instrument.readout(params.pairs(instrument.name))
    calibration, converter = true_detector(params, planet, instrument, visit)
    light = light_of(params, planet, instrument, visit)
    star = light.rate.astype(np.float32)
    share, slope_y, slope_x = instrument.point_spread()
    pointing = light.pointing.astype(np.float32)
    hits = draw_cosmic_rays(params, planet.index, instrument, visit, readout)
    electronics = np.array(
        [
            readout.short,
            readout.long,
            params.reset_level * readout.coadded,
            params.full_well * readout.coadded,
            converter.gain,
            converter.offset,
        ],
        np.float32,
    )
    response = calibration.response
    frames = np.empty((ROWS, instrument.columns, 2 * readout.pairs), np.uint16)
    normals = np.empty((4, instrument.columns, readout.pairs), np.float32)
    for row in range(ROWS):
        # a stream per row: rows could be made in any order, and memory holds the noise of one
        rng = stream(params.seed, Stream.NOISE, planet.index, instrument.index, visit, row)
        rng.standard_normal(out=normals, dtype=np.float32)
        flat = response[row]
        _read_out(
            star,
            light.channel,
            np.stack([share[row] * flat, slope_y[row] * flat, slope_x[row] * flat], axis=1).astype(np.float32),
            pointing,
            (light.sky * flat + calibration.dark[row]).astype(np.float32),
            calibration.analogue_read[row].astype(np.float32),
            np.ascontiguousarray(calibration.linear_corr[:, row].T, np.float32),
            electronics,
            normals,
            *hits.row(row, instrument.columns),
            frames[row],
        )
    return frames.reshape(-1, 2 * readout.pairs)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _read_out(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    star,
    channel,
    spread,
    pointing,
    background,
    read_noise,
    linearity,
    electronics,
    normals,
    column,
    pair,
    charge,
    frames,
):
    none = np.float32(0.0)
    for p in range(frames.shape[0]):
        light = star[channel[p]]
        share, slope_y, slope_x = spread[p, 0], spread[p, 1], spread[p, 2]
        for t in range(light.shape[0]):
            rate = max(light[t] * (share + slope_y * pointing[0, t] + slope_x * pointing[1, t]) + background[p], none)
            first, second = _pair(rate, none, none, electronics, linearity[p], read_noise[p], normals[:, p, t])
            frames[p, 2 * t], frames[p, 2 * t + 1] = first, second
    # again, with the same noise, where particles hit
    for k in range(len(column)):
        p, t = column[k], pair[k]
        weight = spread[p, 0] + spread[p, 1] * pointing[0, t] + spread[p, 2] * pointing[1, t]
        rate = max(star[channel[p], t] * weight + background[p], none)
        noise = normals[:, p, t]
        first, second = _pair(rate, charge[k, 0], charge[k, 1], electronics, linearity[p], read_noise[p], noise)
        frames[p, 2 * t], frames[p, 2 * t + 1] = first, second


@numba.njit(cache=True, nogil=True, fastmath=True, inline="always")
def _pair(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    rate, early, late, electronics, linearity, read_noise, normals
):
    """Return a pair of reads in adu; ``early`` and ``late`` charge came before the first read and between the two."""
    short, long, reset, full_well = electronics[0], electronics[1], electronics[2], electronics[3]
    gain, offset = electronics[4], electronics[5]
    lowest, highest = np.float32(0.0), np.float32(65535.0)
    first = rate * short + np.sqrt(rate * short) * normals[0] + reset + early
    second = first + rate * long + np.sqrt(rate * long) * normals[1] + late
    measured = _respond(min(first, full_well), linearity) + read_noise * normals[2]
    one = np.uint16(min(max(np.rint((measured - offset) * gain), lowest), highest))
    measured = _respond(min(second, full_well), linearity) + read_noise * normals[3]
    return one, np.uint16(min(max(np.rint((measured - offset) * gain), lowest), highest))


@numba.njit(cache=True, nogil=True, fastmath=True, inline="always")
def _respond(true, c):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Return the signal that linearity ``c`` corrects to ``true``, by three of Newton's steps (error below 1e-6)."""
    signal = true
    for _ in range(3):
        value = c[0] + signal * (c[1] + signal * (c[2] + signal * (c[3] + signal * (c[4] + signal * c[5]))))
        slope = c[1] + signal * (
            np.float32(2.0) * c[2]
            + signal * (np.float32(3.0) * c[3] + signal * (np.float32(4.0) * c[4] + signal * np.float32(5.0) * c[5]))
        )
        signal -= (value - true) / slope
    return signal
