"""Drawn planets: reproducible, each for itself, and like the real ones."""

import numpy as np
import polars as pl
import pytest

from specframe_ariel.simulate.atmosphere import Atmosphere
from specframe_ariel.simulate.instrument import AIRS, FGS1, label_wavelengths
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import draw_planet, planet_name
from specframe_ariel.simulate.star import airs_spectrum, limb_darkening

PARAMS = SimulatedParams(seed=11)


def test_planet_does_not_depend_on_the_others():
    many = SimulatedParams(seed=11, n_targets=500, airs_pairs=64)
    assert draw_planet(PARAMS, 7) == draw_planet(many, 7)
    np.testing.assert_array_equal(draw_planet(PARAMS, 7).labels(), draw_planet(many, 7).labels())
    assert draw_planet(PARAMS, 7) != draw_planet(PARAMS, 8)
    assert draw_planet(PARAMS, 7) != draw_planet(SimulatedParams(seed=12), 7)


def test_names_are_unique_32_bit_numbers():
    names = [planet_name(5, index) for index in range(20_000)]
    assert len(set(names)) == len(names)
    assert max(map(int, names)) < 2**32


def test_labels_are_fgs1_then_airs_ascending():
    planet = draw_planet(PARAMS, 0)
    labels = planet.labels()
    assert labels.shape == (283,)
    assert labels[0] == planet.depth(FGS1)[0]
    assert labels[1] == planet.depth(AIRS)[320]
    assert labels[282] == planet.depth(AIRS)[39]
    np.testing.assert_allclose(labels, planet.atmosphere.depth(label_wavelengths(2024)), rtol=1e-12)


def test_planets_of_a_star_share_its_light():
    planets = [draw_planet(PARAMS, index) for index in range(40)]
    assert {planet.star_index for planet in planets} == {0, 1}
    assert len({planet.star for planet in planets}) == 2
    assert len({draw_planet(SimulatedParams(year=2025), index).star for index in range(40)}) == 40
    assert len({draw_planet(SimulatedParams(year=2025, stars=3), index).star for index in range(40)}) == 3


def test_star_is_bright_outside_transit_and_dimmed_by_the_depth_inside():
    planet = draw_planet(PARAMS, 2)
    readout = AIRS.readout(187)
    flux = planet.light_curves(AIRS, readout, visit=0)
    assert flux.shape == (356, 187)
    outside = (
        np.abs(readout.pair_time - planet.mid_transit[0]) > planet.orbit.duration(planet.atmosphere.radius) / 2 + 200
    )
    assert outside.mean() > 0.3
    assert (flux[:, outside] == 1).all()
    # limb darkening deepens the middle of the transit, by no more than the mean star is fainter than its centre
    middle = 1 - flux.min(axis=1)
    assert (middle > 0.8 * planet.depth(AIRS)).all()
    assert (middle < 1.3 * planet.depth(AIRS)).all()


def test_grey_opacity_makes_a_flat_spectrum():
    atmosphere = Atmosphere(0.1, 0.001, (-9.0, -9.0, -9.0, -9.0), log_cloud=2.0, log_haze=-9.0)
    np.testing.assert_allclose(atmosphere.depth(label_wavelengths(2024)), 0.01, rtol=1e-6)


def test_one_more_decade_of_opacity_is_2_3_scale_heights():
    """R = R_0 + H ln kappa: where a molecule dominates, ten times as much of it adds H ln 10 to its band."""
    at = np.array([3.32, 2.06])
    thin, thick = (
        np.sqrt(Atmosphere(0.1, 0.001, (-9.0, a, -9.0, -9.0), log_cloud=0.0, log_haze=-9.0).depth(at))
        for a in (4.0, 5.0)
    )
    contrast = (thick[0] - thick[1]) - (thin[0] - thin[1])
    assert contrast == pytest.approx(0.0, abs=1e-6)  # both places are this molecule's, so both rise alike
    low, high = (
        np.sqrt(Atmosphere(0.1, 0.001, (-9.0, a, -9.0, -9.0), log_cloud=8.0, log_haze=-9.0).depth(at))
        for a in (6.0, 7.0)
    )
    # over a cloud of 10^8 only the band, from 10^9.6 to 10^10.6, rises; its far wing reaches 10^7.2
    assert (high[0] - high[1]) - (low[0] - low[1]) == pytest.approx(0.001 * np.log(10), rel=0.1)


@pytest.mark.parametrize("temperature", [4_300.0, 5_800.0, 7_000.0])
def test_limb_darkening_is_physical(temperature):
    """Kipping (2013): q1 and q2 in 0..1 mean a positive, monotonically darkening disc."""
    u1, u2 = limb_darkening(np.linspace(0.6, 4.1, 100), temperature)
    assert (u1 + u2 < 1).all()
    assert (u1 > 0).all()
    assert (u1 + 2 * u2 > 0).all()


def test_limb_darkening_passes_through_the_tabulated_values():
    """5,500 K on the main sequence: 0.42, 0.22 at 0.7 um and 0.13, 0.17 at 2 um, as documented."""
    u1, u2 = limb_darkening(np.array([0.7, 2.0]), 5_500.0)
    np.testing.assert_allclose(u1, [0.42, 0.13], atol=0.005)
    np.testing.assert_allclose(u2, [0.22, 0.17], atol=0.005)


@pytest.mark.parametrize("wavelength", [0.7, 2.0, 4.0])
def test_limbs_of_cooler_stars_are_darker(wavelength):
    """The limb's intensity is 1 - u1 - u2; 12 % and -4 % per 1,000 K in the two coefficients."""
    temperatures = np.array([4_300.0, 5_500.0, 6_900.0])
    u1, u2 = (np.array(u) for u in zip(*(limb_darkening(wavelength, t) for t in temperatures), strict=True))
    assert (np.diff(1 - u1 - u2) > 0).all()
    np.testing.assert_allclose(u1 / u1[1], [1.144, 1.0, 0.832], rtol=1e-12)
    np.testing.assert_allclose(u2 / u2[1], [0.952, 1.0, 1.056], rtol=1e-12)


def test_star_spectrum_is_the_real_one_in_shape(data_dir):
    """Columns of planet 342072318 (2025) from 3.8 to 1.96 um: within 20 % after one scale factor."""
    frames = pl.read_parquet(data_dir / "adc25/train/342072318/AIRS-CH0_signal_0.parquet").to_numpy()
    electrons = frames.reshape(-1, 32, 356).astype(float) / 0.4369 - 1000.0
    real = (electrons[1::2] - electrons[::2]).mean(axis=0).sum(axis=0)[56:320]
    ours = airs_spectrum(5_800.0)[56:320]
    ratio = ours / real
    assert np.percentile(np.abs(ratio / np.median(ratio) - 1), 80) < 0.20


@pytest.mark.parametrize(("year", "file"), [(2024, "adc24/train_labels.csv"), (2025, "adc25/train.csv")])
def test_depths_are_distributed_like_the_real_ones(data_dir, year, file):
    real = pl.read_csv(data_dir / file).to_numpy()[:, 1:]
    params = SimulatedParams(seed=0, year=year, stars=None if year == 2025 else 8)
    ours = np.array([draw_planet(params, index).labels() for index in range(300)])
    # medians within a factor of 2: the first simulator's aim, not a fit to these labels
    assert 0.5 < np.median(ours.mean(axis=1)) / np.median(real.mean(axis=1)) < 2
    contrast, real_contrast = (np.median(np.std(d[:, 1:], axis=1) / d[:, 1:].mean(axis=1)) for d in (ours, real))
    assert 0.5 < contrast / real_contrast < 2
    shapes = ours - ours.mean(axis=1, keepdims=True)
    variance = np.linalg.svd(shapes - shapes.mean(axis=0), compute_uv=False) ** 2
    # as in the real labels three components carry nearly everything, and one alone does not
    assert variance[:3].sum() / variance.sum() > 0.93
    assert variance[0] / variance.sum() < 0.93
