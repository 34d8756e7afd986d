"""The simulated frames: noise, response and reproducibility."""

from dataclasses import replace

import numpy as np
import pytest

from specframe_ariel.simulate.detector import detector_of, expose
from specframe_ariel.simulate.instrument import AIRS, FGS1
from specframe_ariel.simulate.orbit import Orbit
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import draw_planet
from specframe_ariel.simulate.star import airs_spectrum

#: A star at rest before an ideal telescope, so that only the detector's noise is left.
QUIET = {"drift": 0.0, "jitter": 0.0, "hot_fraction": 0.0, "dead_fraction": 0.0, "spectral_blur": 0.0}
NEVER = Orbit(5.0, 10.0, 60.0)  # misses the star


def _electrons(params, planet, instrument, visit=0):
    """Reads in e-, (pixel, pair, 2), linearised by the calibration; and the calibration."""
    calibration, converter = detector_of(params, planet, instrument, visit)
    reads = expose(params, planet, instrument, visit).astype(float) / converter.gain + converter.offset
    linearity = calibration.linear_corr.reshape(6, -1, 1)  # from low to high order
    linear = np.zeros_like(reads)
    for coefficient in linearity[::-1]:
        linear = linear * reads + coefficient
    return linear.reshape(len(reads), -1, 2), calibration, converter


def _rate(params, planet, instrument, calibration):
    """Expected e-/s per pixel outside transit."""
    share = instrument.point_spread()[0]
    if instrument is AIRS:
        star, sky = params.airs_flux * airs_spectrum(planet.star.temperature) * planet.star.brightness, params.airs_sky
    else:
        star, sky = params.fgs1_flux * planet.star.brightness, params.fgs1_sky
    return ((star * share + sky) * calibration.flat + calibration.dark).ravel()


@pytest.mark.parametrize("instrument", [AIRS, FGS1], ids=lambda instrument: instrument.name)
@pytest.mark.parametrize("year", [2024, 2025])
def test_noise_of_a_pair_is_photons_plus_two_reads(instrument, year):
    """Var(CDS) = rate x time + 2 read_noise^2, the converter's steps included in the read noise."""
    params = SimulatedParams(seed=2, year=year, airs_pairs=200, fgs1_pairs=2_000, **QUIET)
    planet = replace(draw_planet(params, 0), orbit=NEVER)
    linear, calibration, _ = _electrons(params, planet, instrument)
    cds = linear[:, :, 1] - linear[:, :, 0]
    readout = instrument.readout(params.pairs(instrument.name))
    rate = _rate(params, planet, instrument, calibration)
    mean, variance = rate * readout.long, rate * readout.long + 2 * calibration.read.ravel() ** 2
    n = cds.shape[1]
    # the mean over the pixels of sample variance / variance has a standard error of sqrt(2 / (n_pair n_pixel));
    # 1 % is left for the slope of the linearity correction, up to 2 % on the read noise of a few bright pixels
    dithered = calibration.analogue_read.ravel() > 0.5 / _gain(params, planet, instrument)
    ratio = (cds.var(axis=1, ddof=1) / variance)[dithered]
    assert ratio.mean() == pytest.approx(1.0, abs=0.01 + 5 * np.sqrt(2 / (n * dithered.sum())))
    pull = ((cds.mean(axis=1) - mean) / np.sqrt(variance / n))[dithered]
    assert abs(pull.mean()) < 5 / np.sqrt(pull.size) + 0.05
    assert pull.std() == pytest.approx(1.0, abs=0.05)


def _gain(params, planet, instrument):
    return detector_of(params, planet, instrument, 0)[1].gain


def test_photons_before_the_first_read_are_in_both_reads():
    """Reads of a pair share the charge collected before the first, so that their covariance is that charge."""
    params = SimulatedParams(seed=2, fgs1_pairs=5_000, fgs1_flux=3e6, read_noise=1.0, flat_scatter=0.0, **QUIET)
    planet = replace(draw_planet(params, 0), orbit=NEVER)
    linear, calibration, _ = _electrons(params, planet, FGS1)
    bright = np.argsort(_rate(params, planet, FGS1, calibration))[-10:]
    first, second = linear[bright, :, 0], linear[bright, :, 1]
    covariance = ((first - first.mean(axis=1, keepdims=True)) * (second - second.mean(axis=1, keepdims=True))).mean(
        axis=1
    )
    expected = _rate(params, planet, FGS1, calibration)[bright] * FGS1.readout(5_000).short
    # standard error of a covariance: sqrt(3 / n) of it here; ten pixels
    np.testing.assert_allclose(covariance / expected, 1.0, atol=5 * np.sqrt(3 / 5_000))


def test_fewer_pairs_keep_the_noise_per_hour():
    """White light per hour, from 187 pairs and from 748: the same within three standard errors."""
    noise = []
    for pairs in (187, 748):
        params = SimulatedParams(seed=4, airs_pairs=pairs, **QUIET)
        planet = replace(draw_planet(params, 0), orbit=NEVER)
        linear, *_ = _electrons(params, planet, AIRS)
        white = (linear[:, :, 1] - linear[:, :, 0]).sum(axis=0)
        noise.append(white.std() / white.mean() / np.sqrt(pairs / 7.5))
    assert noise[0] == pytest.approx(noise[1], rel=3 / np.sqrt(2 * 187))


def test_fewer_pairs_keep_the_noise_per_hour_with_jitter():
    """Half of the star's image, which jitter moves light in and out of: it is most of the noise there."""
    noise = {}
    for jitter in (0.0, 4.0):
        for pairs in (187, 748):
            params = SimulatedParams(seed=4, airs_pairs=pairs, **{**QUIET, "jitter": jitter})
            planet = replace(draw_planet(params, 0), orbit=NEVER)
            linear, *_ = _electrons(params, planet, AIRS)
            half = (linear[:, :, 1] - linear[:, :, 0]).reshape(32, 356, -1)[:16, 39:321].sum(axis=(0, 1))
            noise[jitter, pairs] = half.std() / half.mean() / np.sqrt(pairs / 7.5)
    assert noise[4.0, 187] > 5 * noise[0.0, 187]
    assert noise[4.0, 187] == pytest.approx(noise[4.0, 748], rel=3 / np.sqrt(2 * 187))


def test_frames_are_the_same_every_time_and_differ_between_planets_and_visits():
    params = SimulatedParams(seed=9, airs_pairs=40, fgs1_pairs=40, year=2025, second_visit=1.0)
    planet, other = draw_planet(params, 3), draw_planet(params, 4)
    frames = expose(params, planet, FGS1, 0)
    expose(params, other, FGS1, 0)
    np.testing.assert_array_equal(frames, expose(params, planet, FGS1, 0))
    assert (frames != expose(params, other, FGS1, 0)).mean() > 0.5
    assert len(planet.mid_transit) == 2
    assert (frames != expose(params, planet, FGS1, 1)).mean() > 0.3  # few steps of the converter in dark pixels


def test_reset_level_cancels_in_the_pairs_difference():
    base = {"seed": 3, "airs_pairs": 64, **QUIET}
    planet = replace(draw_planet(SimulatedParams(**base), 0), orbit=NEVER)
    plain, *_ = _electrons(SimulatedParams(**base), planet, AIRS)
    raised, *_ = _electrons(SimulatedParams(**base, reset_level=500.0), planet, AIRS)
    coadded = AIRS.readout(64).coadded
    assert np.median(raised[:, :, 0] - plain[:, :, 0]) == pytest.approx(500.0 * coadded, rel=0.01)
    shift = (raised[:, :, 1] - raised[:, :, 0]) - (plain[:, :, 1] - plain[:, :, 0])
    assert abs(np.median(shift)) < 1.0 * coadded  # the same noise was drawn: only the converter's steps are left


def test_dead_pixels_see_nothing_and_hot_pixels_glow():
    params = SimulatedParams(seed=6, airs_pairs=64, dead_fraction=0.02, hot_fraction=0.02, drift=0.0)
    planet = replace(draw_planet(params, 0), orbit=NEVER)
    linear, calibration, _ = _electrons(params, planet, AIRS)
    signal = (linear[:, :, 1] - linear[:, :, 0]).mean(axis=1).reshape(32, 356)
    dead, hot = calibration.dead, calibration.dark > 0.0185
    assert 150 < dead.sum() < 310
    assert 150 < hot.sum() < 310
    trace = np.zeros_like(dead)
    trace[14:17, 60:320] = True
    assert np.abs(signal[dead & trace]).max() < 0.05 * np.median(signal[trace])
    edge = np.zeros_like(dead)
    edge[:, :8] = True  # no starlight below 4.04 um
    glow = hot & edge & (calibration.dark > 1)
    others = np.median(signal[edge & ~hot & ~dead])
    expected = calibration.dark[glow] * AIRS.readout(64).long
    np.testing.assert_allclose((signal[glow] - others) / expected, 1.0, atol=0.15)


def test_too_bright_a_star_saturates_the_converter():
    params = SimulatedParams(seed=1, year=2025, airs_pairs=32, airs_flux=3e7, full_well=1e6)
    assert expose(params, draw_planet(params, 0), AIRS, 0).max() == 65_535


@pytest.mark.parametrize("year", [2024, 2025])
def test_too_bright_a_star_fills_the_pixels(year):
    """At 100,000 e- per real pair, whatever the converter could hold; pixels that are less bright are as they were."""
    coadded = AIRS.readout(40).coadded
    params = SimulatedParams(seed=1, year=year, airs_pairs=40, airs_flux=2e7, **QUIET)
    planet = replace(draw_planet(params, 0), orbit=NEVER)
    linear, calibration, _ = _electrons(params, planet, AIRS)
    expected = _rate(params, planet, AIRS, calibration) * (0.1 + 4.5) * coadded
    full = expected > 1.05e5 * coadded
    assert full.sum() > 100
    # read noise of a few pixels is large: the median over time
    np.testing.assert_allclose(np.median(linear[full, :, 1], axis=1), 1e5 * coadded, rtol=2e-3)
    below = (expected < 0.9e5 * coadded) & (expected > 1e4 * coadded)
    np.testing.assert_allclose(np.median(linear[below, :, 1], axis=1), expected[below], rtol=5e-3)
