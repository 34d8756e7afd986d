"""Noise of simulated frames against that of the real ones: pairs of the real length, and the real detector."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation
from specframe_ariel.calibrator import ArielDetector
from specframe_ariel.loader import ArielChallenge
from specframe_ariel.simulate.detector import detector_of, expose, true_detector
from specframe_ariel.simulate.instrument import AIRS, FGS1, SCIENCE
from specframe_ariel.simulate.light import light_of
from specframe_ariel.simulate.noise import aperture_flux, flux_error
from specframe_ariel.simulate.orbit import Orbit
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import draw_planet

NEVER = Orbit(5.0, 10.0, 60.0)  # misses the star
#: The reduction that the real noise was measured with: a box, minus the mean of the rows around it.
BOX = {"extraction": "box", "background": "mean", "cosmic_ray_sigma": None}


def _planet(params, **star):
    planet = draw_planet(params, 0)
    return replace(planet, orbit=NEVER, star=replace(planet.star, **{"brightness": 1.0, **star}))


def _curves(params, planet, instrument, **calibrator):
    """Reduced light curves of pairs as long as the real ones, which are those of a visit that is cut short."""
    short = replace(instrument, full_pairs=params.pairs(instrument.name))
    calibration, converter = detector_of(params, planet, short, 0)
    readout = short.readout(short.full_pairs)
    assert readout.coadded == 1
    frames = expose(params, planet, short, 0).reshape(32, short.columns, -1).transpose(2, 0, 1)
    pixel = ("y", "x")
    time = {"units": "d", "time_system": "relative", "time_reference": "start of the visit"}
    node = xr.Dataset(
        {
            "frames": (("time", *pixel), frames, {"units": "adu"}),
            "integration_time": ("time", readout.integration_time, {"units": "s"}),
            "dark": (pixel, calibration.dark, {"units": "electron / s"}),
            "flat": (pixel, calibration.flat, {"units": ""}),
            "read_noise": (pixel, calibration.read, {"units": "electron"}),
            "dead": (pixel, calibration.dead),
            "linearity": (("coefficient", *pixel), calibration.linear_corr),
        },
        coords={"time": ("time", readout.time / 86_400, time)},
        attrs={"instrument": short.name, "visit": "0", "gain": converter.gain, "offset": converter.offset},
    )
    if short.disperses:
        node = node.assign_coords(wavelength=("x", short.wavelength, {"units": "um"}))
    else:
        node = node.assign_attrs(wavelength=0.7, wavelength_lower=0.6, wavelength_upper=0.8)
    path = f"{short.name}/0"
    return ArielDetector(**{**BOX, **calibrator}).apply(make_observation("1", {path: node}))[path]


def _relative(flux):
    return flux.std("time", ddof=1) / flux.mean("time")


@pytest.mark.parametrize(("year", "sky"), [(2024, {}), (2025, {"background_rows": []})])
def test_white_light_noise_is_that_of_the_real_data(year, sky):
    """152 ppm per 5 pairs of AIRS-CH0 and 304 ppm per 50 pairs of FGS1 within 20 %, for a star of mean brightness.

    Statistics of 160 and 100 bins take 6 and 7 % of it at one standard deviation; jitter is in it.
    """
    params = SimulatedParams(seed=11, year=year, airs_pairs=800, fgs1_pairs=5_000, drift=0.0)
    planet = _planet(params)
    airs = _curves(params, planet, AIRS, pairs_per_bin=5, **sky)["flux"]
    assert float(_relative(airs.sum("wavelength"))) == pytest.approx(152e-6, rel=0.2)
    fgs1 = _curves(params, planet, FGS1, pairs_per_bin=50, **sky)["flux"]
    assert float(_relative(fgs1.sum("wavelength"))) == pytest.approx(304e-6, rel=0.2)


def test_channel_noise_is_that_of_the_real_data():
    """0.17 to 1.0 % per 5 pairs within 20 %: the hundredths of the channels, for noisy pixels are beyond.

    The noise limit, which other tests hold against the scatter of frames.
    """
    params = SimulatedParams(seed=11, airs_pairs=64, drift=0.0)
    planet, short = _planet(params), replace(AIRS, full_pairs=64)
    light = light_of(params, planet, short, 0)
    calibration, _ = true_detector(params, planet, short, 0)
    relative = flux_error(light, calibration)[SCIENCE] / aperture_flux(light, calibration)[SCIENCE]
    low, high = np.quantile(relative.mean(axis=1) / np.sqrt(5), [0.01, 0.99])
    assert low == pytest.approx(0.0017, rel=0.2)
    assert high == pytest.approx(0.010, rel=0.2)


@pytest.mark.parametrize("calibrator", [{}, {"background_rows": []}, {"extraction": "optimal"}])
def test_noise_of_the_real_frames_on_the_real_detector(data_dir, calibrator):
    """25 pairs of planet 342072318, and as many simulated ones on its own detector, of a star as bright and as hot."""
    root = data_dir / "adc25"
    settings = {**BOX, "pairs_per_bin": 1, **calibrator}
    real = ArielDetector(**settings).apply(ArielChallenge(path=str(root)).load("342072318"))
    params = SimulatedParams(
        seed=2, year=2025, airs_pairs=100, fgs1_pairs=100, drift=0.0, calibration=root / "train/342072318"
    )
    light = {"AIRS-CH0": (3.54e6, params.airs_flux), "FGS1": (2.14e6, params.fgs1_flux)}
    for instrument in (AIRS, FGS1):
        measured = real[f"{instrument.name}/0"]["flux"]
        bright, typical = light[instrument.name]
        planet = _planet(params, temperature=4_798.0, brightness=bright / typical)
        simulated = _curves(params, planet, instrument, **settings)["flux"]
        level = [float(one.sum("wavelength").mean()) for one in (simulated, measured)]
        assert level[0] == pytest.approx(level[1], rel=0.06)
        if instrument is AIRS:
            # 25 pairs of 282 channels
            middle = [float(np.median(_relative(one))) for one in (simulated, measured)]
            assert middle[0] == pytest.approx(middle[1], rel=0.1)
            # white light of 25 pairs has its noise to 14 %
            white = [float(_relative(one.sum("wavelength"))) for one in (simulated, measured)]
            assert white[0] == pytest.approx(white[1], rel=0.3)
