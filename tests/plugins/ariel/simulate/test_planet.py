"""Drawn planets: reproducible, each for itself, and like the real ones."""

from functools import cache

import numpy as np
import polars as pl
import pytest
from astropy.io import fits

from specframe_ariel.simulate.atmosphere import MOLECULES, Atmosphere
from specframe_ariel.simulate.instrument import AIRS, FGS1, label_wavelengths
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import draw_planet, planet_name
from specframe_ariel.simulate.star import airs_spectrum, draw_star, limb_darkening

PARAMS = SimulatedParams(seed=11)


def test_planet_does_not_depend_on_the_others():
    many = SimulatedParams(seed=11, n_targets=500, airs_pairs=64)
    assert draw_planet(PARAMS, 7) == draw_planet(many, 7)
    np.testing.assert_array_equal(draw_planet(PARAMS, 7).labels(), draw_planet(many, 7).labels())
    assert draw_planet(PARAMS, 7) != draw_planet(PARAMS, 8)
    assert draw_planet(PARAMS, 7) != draw_planet(SimulatedParams(seed=12), 7)


def test_names_are_unique_32_bit_numbers():
    names = [planet_name(SimulatedParams(seed=5), index) for index in range(20_000)]
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


def _air(log_methane=-9.0, log_cloud=0.0, **changes):
    """Air of one radius and scale height with nothing in it but methane and a cloud."""
    abundances = tuple(log_methane if molecule == "CH4" else -9.0 for molecule in MOLECULES)
    return Atmosphere(0.1, 0.001, abundances, log_cloud=log_cloud, log_haze=-9.0, **changes)


def test_grey_opacity_makes_a_flat_spectrum():
    np.testing.assert_allclose(_air(log_cloud=2.0).depth(label_wavelengths(2024)), 0.01, rtol=1e-6)


def test_one_more_decade_of_opacity_is_2_3_scale_heights():
    """R = R_0 + H ln kappa: where a molecule dominates, ten times as much of it adds H ln 10 to its band."""
    at = np.array([3.32, 2.06])
    thin, thick = (np.sqrt(_air(a).depth(at)) for a in (4.0, 5.0))
    contrast = (thick[0] - thick[1]) - (thin[0] - thin[1])
    assert contrast == pytest.approx(0.0, abs=1e-6)  # both places are this molecule's, so both rise alike
    low, high = (np.sqrt(_air(a, log_cloud=8.0).depth(at)) for a in (6.0, 7.0))
    # over a cloud of 10^8 only the band, from 10^9.4 to 10^10.4, rises; its far wing reaches 10^7.2
    assert (high[0] - high[1]) - (low[0] - low[1]) == pytest.approx(0.001 * np.log(10), rel=0.1)


def test_bands_vary_in_height_and_width():
    at = np.linspace(1.95, 3.9, 400)
    plain = _air(2.0, log_cloud=2.0)
    count = len(draw_planet(PARAMS, 0).atmosphere.band_heights)
    tall = _air(2.0, log_cloud=2.0, band_heights=(1.2,) * count)
    wide = _air(2.0, log_cloud=2.0, band_widths=(1.3,) * count)
    radius = [np.sqrt(air.depth(at)) - 0.1 for air in (plain, tall, wide)]
    # the highest of its bands, of 2.6 + 0.9 decades at 3.33 um, grows by a fifth; the cloud is where it was
    growth = (radius[1].max() - radius[1].min()) / (radius[0].max() - radius[0].min())
    assert growth == pytest.approx(1.2, abs=0.05)
    half = [(r > (r.max() + r.min()) / 2).mean() for r in radius]
    assert half[2] > 1.1 * half[0]


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


@pytest.mark.parametrize("year", [2024, 2025])
def test_limb_darkening_of_every_star_is_physical_and_its_own(year):
    """Kipping (2013): 0 < u1 + u2 < 1, u1 > 0, u1 + 2 u2 > 0, out to the largest scatter that is allowed."""
    wavelength = np.linspace(0.69, 4.1, 60)
    params = SimulatedParams(seed=2, year=year, limb_darkening_scatter=0.2)
    for index in range(300):
        u1, u2 = draw_star(params, index).limb_darkening(wavelength)
        assert (u1 > 0).all()
        assert (u1 + 2 * u2 > 0).all()
        assert (u1 + u2 < 1).all()


def test_limb_darkening_scatters_around_the_law():
    wavelength = np.array([0.7, 2.0, 3.9])
    ratios = []
    for index in range(400):
        star = draw_star(SimulatedParams(seed=2, year=2025), index)
        ratios.append(np.array(star.limb_darkening(wavelength)) / limb_darkening(wavelength, star.temperature))
    mean, std = np.mean(ratios, axis=0), np.std(ratios, axis=0)
    np.testing.assert_allclose(mean, 1.0, atol=0.04)
    # 0.15 cut at 1.5 times that, and 0.075 ln(wavelength / 0.7) from the exponent
    assert std[:, 0] == pytest.approx(0.13, abs=0.015)
    assert (std[:, 2] > 1.2 * std[:, 0]).all()
    exact = draw_star(SimulatedParams(limb_darkening_scatter=0.0), 0)
    np.testing.assert_array_equal(exact.limb_darkening(wavelength), limb_darkening(wavelength, exact.temperature))


def test_limb_darkening_is_that_of_model_atmospheres(data_dir):
    """ATLAS9 intensities at 4,000 and 4,250 K: light missing from the disc within 25 % on average over the models.

    The disc's mean intensity is 1 - u1 / 3 - u2 / 6. The law was made for 5,500 K, so this tests its trend as well;
    single models scatter around their mean by 15 to 20 %, which the scatter from star to star stands for.
    """
    wavelength = np.array([0.7, 0.8, 1.3, 2.0, 2.8, 3.6])
    missing, scatter = [], []
    for path in sorted((data_dir / "atlas9_limb_darkening").glob("*.fits")):
        with fits.open(path) as file:
            intensity, mu, at = file[0].data, file["MU"].data, file["WAVELENGTH"].data / 1e4
        disc = []
        for centre in wavelength:
            band = intensity[:, np.abs(at / centre - 1) < 0.03].mean(axis=1)
            # mean over the disc: integral of 2 mu I(mu) d mu
            disc.append(np.trapezoid(2 * mu * band, mu) / band[np.argmax(mu)] + mu.min() ** 2 * band[0] / band[-1])
        missing.append(1 - np.array(disc))
    expected, scatter = np.mean(missing, axis=0), np.std(missing, axis=0)
    u1, u2 = limb_darkening(wavelength, 4_125.0)
    np.testing.assert_allclose(u1 / 3 + u2 / 6, expected, rtol=0.25)
    assert 0.02 < np.median(scatter / expected) < 0.2


@cache
def _labels(year):
    """Labels of 538 planets each of three seeds."""
    return [
        np.array([draw_planet(SimulatedParams(seed=seed, year=year), index).labels() for index in range(538)])
        for seed in range(3)
    ]


def _shares(spectra):
    """Cumulative shares of variance of the first three principal components, in per cent."""
    variance = np.linalg.svd(spectra - spectra.mean(axis=0), compute_uv=False) ** 2
    return 100 * np.cumsum(variance)[:3] / variance.sum()


_FILES = {2024: "adc24/train_labels.csv", 2025: "adc25/train.csv"}
#: What is done to the labels before their principal components are taken. Depths alone tell nothing: 99.8 % of their
#: variance is the mean depth.
_DEFINITIONS = {
    "depth minus its mean": lambda d: d - d.mean(axis=1, keepdims=True),
    "depth over its mean": lambda d: d / d.mean(axis=1, keepdims=True),
    "standardised": lambda d: (d - d.mean(axis=1, keepdims=True)) / d.std(axis=1, keepdims=True),
}
#: Tolerances on the three shares. The real ones have a standard error of 5.6, 1.2 and 0.5 for depth minus its mean
#: (bootstrap over planets): 1 % of the planets carry 46 % of this variance.
_TOLERANCE = {
    (2024, "depth minus its mean"): (10.0, 2.5, 1.0),
    (2024, "depth over its mean"): (10.0, 3.0, 1.5),
    (2024, "standardised"): (4.0, 2.0, 2.5),
    (2025, "depth minus its mean"): (12.0, 5.0, 3.0),
    (2025, "depth over its mean"): (14.0, 8.0, 4.0),
    (2025, "standardised"): (6.0, 6.0, 6.0),
}


@pytest.mark.parametrize(("year", "definition"), list(_TOLERANCE))
def test_principal_components_carry_what_the_real_ones_do(data_dir, year, definition):
    change = _DEFINITIONS[definition]
    real = _shares(change(pl.read_csv(data_dir / _FILES[year]).to_numpy()[:, 1:]))
    ours = np.mean([_shares(change(labels)) for labels in _labels(year)], axis=0)
    assert (np.abs(ours - real) < _TOLERANCE[year, definition]).all(), (ours, real)


@pytest.mark.parametrize("year", [2024, 2025])
def test_depths_and_contrasts_are_distributed_like_the_real_ones(data_dir, year):
    real = pl.read_csv(data_dir / _FILES[year]).to_numpy()[:, 1:]
    ours = np.concatenate(_labels(year))
    assert ours.mean() == pytest.approx(real.mean(), rel=0.15)
    assert ours.mean(axis=1).std() == pytest.approx(real.mean(axis=1).std(), rel=0.2)
    contrast, expected = (np.std(d, axis=1) / d.mean(axis=1) for d in (ours, real))
    assert np.median(contrast) == pytest.approx(np.median(expected), rel=0.2)
    # most of the planets vary by less than 2 %, a few by more than 8 %
    np.testing.assert_allclose(*(np.percentile(c, [25, 75, 95]) for c in (contrast, expected)), rtol=0.35)
