"""The noise-free light curves, against batman and against geometry."""

from collections import Counter

import batman
import numpy as np
import polars as pl
import pytest

from specframe_ariel.simulate.orbit import (
    Orbit,
    draw_orbit,
    orbit_of_crossing,
    semi_major_axis,
    transit_light_curves,
)
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import draw_planet

HOURS = np.linspace(-3.5, 3.5, 1401) * 3_600


def _batman(orbit, depth, u1, u2):
    params = batman.TransitParams()
    params.t0, params.per, params.rp = 0.0, orbit.period, np.sqrt(depth)
    params.a, params.inc, params.ecc, params.w = orbit.semi_major_axis, orbit.inclination, 0.0, 90.0
    params.u, params.limb_dark = [u1, u2], "quadratic"
    return batman.TransitModel(params, HOURS / 86_400).light_curve(params)


@pytest.mark.parametrize(
    ("orbit", "depth", "u1", "u2"),
    [
        (Orbit(3.5, 9.0, 88.0), 0.0144, 0.42, 0.22),
        (Orbit(5.2, 11.0, 89.9), 0.0004, 0.13, 0.17),
        (Orbit(7.0, 17.0, 87.6), 0.05, 0.06, 0.14),
    ],
)
def test_light_curve_agrees_with_batman_below_1_ppm(orbit, depth, u1, u2):
    ours = transit_light_curves(orbit, HOURS, np.array([depth]), (np.array([u1]), np.array([u2])))[0]
    expected = _batman(orbit, depth, u1, u2)
    # at the contacts themselves the two codes round differently where the curve's slope is infinite
    separation, radius = orbit.separation(HOURS), np.sqrt(depth)
    away = (np.abs(separation - (1 + radius)) > 1e-3) & (np.abs(separation - (1 - radius)) > 1e-3)
    assert away.mean() > 0.95
    assert np.abs(ours - expected)[away].max() < 1e-6
    assert ours.min() < 1 - depth


def test_dark_disc_on_uniform_star_takes_exactly_its_area():
    depth = np.array([0.001, 0.01, 0.04])
    flux = transit_light_curves(Orbit(4.0, 10.0, 90.0), np.zeros(1), depth, (np.zeros(3), np.zeros(3)))
    np.testing.assert_allclose(1 - flux[:, 0], depth, rtol=1e-12)


def test_exposure_averages_the_instantaneous_curve():
    orbit, depth, u = Orbit(4.0, 10.0, 88.5), np.array([0.01]), (np.array([0.3]), np.array([0.2]))
    time = np.arange(-9_000.0, 9_000.0, 144.0)
    fine = time[:, None] + (np.arange(144) + 0.5 - 72)
    expected = transit_light_curves(orbit, fine.ravel(), depth, u)[0].reshape(fine.shape).mean(axis=1)
    averaged = transit_light_curves(orbit, time, depth, u, exposure=144.0)[0]
    # five mid-points instead of 144: the contacts' kinks cost 8 ppm of a depth of 10,000
    assert np.abs(averaged - expected).max() < 1.5e-5
    assert np.abs(transit_light_curves(orbit, time, depth, u)[0] - expected).max() > 2e-5


def test_planet_behind_its_star_takes_no_light():
    orbit = Orbit(1.0, 4.0, 90.0)
    flux = transit_light_curves(orbit, np.array([43_200.0]), np.array([0.01]), (np.zeros(1), np.zeros(1)))
    assert flux[0, 0] == 1.0


def test_duration_is_the_time_between_outer_contacts():
    orbit, ratio = Orbit(3.5, 9.0, 88.0), 0.12
    half = orbit.duration(ratio) / 2
    before, after = orbit.separation(np.array([half - 0.5, half + 0.5]))
    assert before < 1 + ratio < after
    assert Orbit(3.5, 9.0, 80.0).duration(ratio) == 0.0


def test_earths_orbit_around_the_sun():
    """1 au is 215.03 solar radii."""
    assert semi_major_axis(365.256, 1.0, 1.0) == pytest.approx(215.03, rel=1e-4)


def test_crossing_time_and_impact_parameter_make_the_orbit():
    """The planet's centre moves by the star's diameter in P / (pi a), and Kepler's law holds."""
    orbit = orbit_of_crossing(10_000.0, 0.4, mass=1.1, radius=1.3)
    assert orbit.period * 86_400 / (np.pi * orbit.semi_major_axis) == pytest.approx(10_000.0, rel=1e-12)
    assert orbit.impact_parameter == pytest.approx(0.4, rel=1e-12)
    assert orbit.semi_major_axis == pytest.approx(semi_major_axis(orbit.period, 1.1, 1.3), rel=1e-12)


def test_planets_of_a_star_share_its_orbit_but_for_some():
    planets = [draw_planet(SimulatedParams(seed=3), index) for index in range(400)]
    for star in (0, 1):
        orbits = Counter(planet.orbit for planet in planets if planet.star_index == star)
        (shared, count), (_, second) = orbits.most_common(2)
        assert 0.82 < count / orbits.total() < 0.94  # 0.12 have their own
        assert second == 1
        late = [p.mid_transit[0] - 13_500 for p in planets if p.orbit == shared]
        assert 8 < np.std(late) < 12
    assert len({draw_planet(SimulatedParams(seed=3, own_orbit=1.0), index).orbit for index in range(50)}) == 50
    shared = {draw_planet(SimulatedParams(seed=3, own_orbit=0.0, stars=3), index).orbit for index in range(50)}
    assert len(shared) == 3
    assert len({draw_planet(SimulatedParams(seed=3, year=2025), index).orbit for index in range(50)}) == 50


def test_transits_of_2024_last_as_long_as_the_real_ones():
    """Fits to the real white light curves give T14 of 0.363-0.393 of the visit where the orbit is shared, 0.30-0.46."""
    planets = [draw_planet(SimulatedParams(seed=seed), index) for seed in range(20) for index in range(30)]
    durations = np.array([planet.orbit.duration(planet.atmosphere.radius) for planet in planets]) / 27_000
    assert np.median(durations) == pytest.approx(0.376, abs=0.01)
    low, high = np.percentile(durations, [10, 90])
    assert 0.34 < low < 0.37
    assert 0.38 < high < 0.41
    assert durations.min() > 0.29
    assert durations.max() < 0.47


def test_transits_of_2025_last_as_long_as_the_real_ones(data_dir):
    """Durations follow from the real orbits and labels; 3 % of the real transits exceed our limit of 6 h."""
    info = pl.read_csv(data_dir / "adc25/train_star_info.csv").join(
        pl.read_csv(data_dir / "adc25/train.csv"), on="planet_id"
    )
    ratios = np.sqrt(info.select([f"wl_{k}" for k in range(2, 284)]).to_numpy().mean(axis=1))
    real = [Orbit(p, a, i).duration(r) for p, a, i, r in zip(info["P"], info["sma"], info["i"], ratios, strict=True)]
    planets = [draw_planet(SimulatedParams(year=2025), index) for index in range(500)]
    ours = [planet.orbit.duration(planet.atmosphere.radius) for planet in planets]
    np.testing.assert_allclose(*(np.percentile(t, [10, 25, 50, 75, 90]) for t in (ours, real)), rtol=0.08)


def test_drawn_orbits_leave_star_on_both_sides():
    rng = np.random.default_rng(3)
    orbits = [draw_orbit(rng, 1.0, 1.0, 0.1) for _ in range(200)]
    durations = np.array([orbit.duration(0.1) for orbit in orbits])
    assert durations.min() >= 3_600
    assert durations.max() <= 21_600
    assert max(orbit.impact_parameter for orbit in orbits) <= 0.8
