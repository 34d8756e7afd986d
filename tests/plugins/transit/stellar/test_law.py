"""Profiles of channels and the laws fitted to them, where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.errors import DataError, InputFileError
from specframe_transit.planet.orbit import Orbit
from specframe_transit.planet.transit import transit_flux, transit_flux_with_gradient
from specframe_transit.stellar.channel import Throughput, channel_profiles, read_throughput
from specframe_transit.stellar.grid import Intensities, Star, open_grid
from specframe_transit.stellar.law import disc_mean, fit_law, steepest_limb
from specframe_transit.stellar.params import LimbDarkeningParams

_MU = np.array([0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
_WAVELENGTH = np.linspace(0.9, 2.1, 601)


@pytest.mark.parametrize("mu_min", [0.0, 0.15, 0.5])
def test_a_quadratic_star_is_given_back(mu_min):
    """A spline through a parabola is the parabola."""
    profile = 7.0 * (1 - 0.4 * (1 - _MU) - 0.2 * (1 - _MU) ** 2)
    coefficients, rms = fit_law(_MU, profile[None], "quadratic", mu_min)
    assert coefficients[:, 0] == pytest.approx([0.4, 0.2], abs=1e-10)
    assert rms[0] < 1e-12


def test_a_four_parameter_star_is_given_back():
    """To what a spline between 60 angles knows of the square root at the limb."""
    mu = np.linspace(0.01, 1.0, 200)
    c = np.array([0.5, -0.2, 0.4, -0.1])
    profile = 1 - sum(c[n] * (1 - mu ** ((n + 1) / 2)) for n in range(4))
    coefficients, _ = fit_law(mu, profile[None], "nonlinear")
    assert coefficients[:, 0] == pytest.approx(c, abs=1e-4)


def test_a_spherical_star_ends_where_it_falls_most_steeply():
    """A quadratic disc out to 0.997 of the model's radius, then a rim of 1 %, which costs u2 0.1."""
    mu = np.linspace(0.005, 1.0, 400)
    radius = np.sqrt(1 - mu**2) / 0.997
    own = np.sqrt(np.clip(1 - radius**2, 0.0, None))
    profile = np.where(radius < 1, 1 - 0.4 * (1 - own) - 0.2 * (1 - own) ** 2, 0.01)[None]
    limb = steepest_limb(mu, profile)
    assert limb[0] == pytest.approx(0.997, abs=3e-4)
    given_back, _ = fit_law(mu, profile, "quadratic", 0.15, limb)
    assert given_back[:, 0] == pytest.approx([0.4, 0.2], abs=0.01)
    as_given, _ = fit_law(mu, profile, "quadratic", 0.0)
    assert abs(as_given[1, 0] - 0.2) > 0.1


def test_disc_mean_of_a_law():
    """1 - u1 / 3 - u2 / 6, of a quadratic law."""
    profile = 1 - 0.4 * (1 - _MU) - 0.2 * (1 - _MU) ** 2
    assert disc_mean(_MU, np.stack([profile, 5 * profile])) == pytest.approx((1 - 0.4 / 3 - 0.2 / 6) * np.array([1, 5]))


def test_channels_count_photons():
    """Energy S(x) = 1 / x has as many photons everywhere: u1 linear in wavelength has the mean of its ends."""
    u1 = 0.2 + 0.3 * (_WAVELENGTH - 0.9)
    star = Intensities(_WAVELENGTH, _MU, (1 - np.multiply.outer(1 - _MU, u1)) / _WAVELENGTH)
    profiles = channel_profiles(star, np.array([1.0, 1.4037]), np.array([1.2, 1.4071]))
    coefficients, _ = fit_law(_MU, profiles, "quadratic")
    assert coefficients[0] == pytest.approx(0.2 + 0.3 * (np.array([1.1, 1.4054]) - 0.9), abs=1e-6)
    assert profiles[:, -1] == pytest.approx([0.2, 0.0034], rel=1e-6)


def test_throughput_weighs_wavelengths():
    """A triangle from 1 to 1.6 um with its top at 1 um has its centre of mass at 1.2 um."""
    u1 = 0.2 + 0.3 * (_WAVELENGTH - 0.9)
    star = Intensities(_WAVELENGTH, _MU, (1 - np.multiply.outer(1 - _MU, u1)) / _WAVELENGTH)
    ramp = Throughput(np.array([1.0, 1.6]), np.array([0.7, 0.0]))
    profiles = channel_profiles(star, np.array([1.0]), np.array([2.0]), ramp)
    assert fit_law(_MU, profiles, "quadratic")[0][0, 0] == pytest.approx(0.2 + 0.3 * 0.3, abs=1e-5)
    with pytest.raises(DataError, match=r"channel 0 from 1.8 to 2 um.*no light through"):
        channel_profiles(star, np.array([1.8]), np.array([2.0]), ramp)


@pytest.mark.parametrize(("lower", "upper"), [(0.5, 1.0), (2.0, 2.5), (1.2, 1.2)])
def test_channels_beyond_the_model_star_are_refused(lower, upper):
    star = Intensities(_WAVELENGTH, _MU, np.ones((len(_MU), len(_WAVELENGTH))))
    with pytest.raises(DataError, match=r"channel 0 from .* within 0.9 to 2.1 um"):
        channel_profiles(star, np.array([lower]), np.array([upper]))


def test_a_throughput_table_is_read(tmp_path):
    path = tmp_path / "filter.txt"
    path.write_text("# um  electrons per photon\n1.0, 0.1\n1.2  0.4  # peak\n\n1.5 0.0\n")
    table = read_throughput(path)
    assert table.wavelength.tolist() == [1.0, 1.2, 1.5]
    assert table.throughput.tolist() == [0.1, 0.4, 0.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.0 0.1\nnan x\n", "line 2: expected wavelength"),
        ("1.0 0.1 5\n", "line 1"),
        ("1.0 0.1\n0.9 0.2\n", "ascending"),
        ("1.0 -0.1\n2.0 0.1\n", "at least 0"),
        ("", "at least two lines"),
    ],
)
def test_a_wrong_throughput_table_is_named(tmp_path, text, message):
    path = tmp_path / "filter.txt"
    path.write_text(text)
    with pytest.raises(InputFileError, match=rf"filter\.txt.*{message}"):
        read_throughput(path)


def test_coefficients_near_those_published_for_wasp_107(data_dir):
    """Kreidberg et al. (2018), printed to 0.01; the star has 4430 K and the grid ends at 4250 K."""
    table = np.loadtxt(data_dir / "hst_wasp107b" / "published_spectrum.csv", delimiter=",", skiprows=1)
    star = open_grid(data_dir / "atlas9_limb_darkening").intensities(Star(4250.0, 4.5, 0.0))
    profiles = channel_profiles(star, table[:, 0], table[:, 1])
    start = LimbDarkeningParams(grid=data_dir).fitted_from
    coefficients, rms = fit_law(star.mu, profiles, "quadratic", start)
    assert np.abs(coefficients - table[:, 4:6].T).max() < 0.015
    assert rms.max() < 0.005


@pytest.mark.parametrize("impact", [0.0, 0.3, 0.6])
def test_the_quadratic_law_keeps_the_depth_of_the_stars_own_transit(data_dir, impact):
    """To 0.12 % with the default, where a fit from the limb loses up to 0.6 %; noise-free, the orbit known."""
    lower, upper = np.array([[0.5, 0.9, 1.5, 2.0, 4.5], [0.55, 0.95, 1.53, 2.2, 5.0]])
    star = open_grid(data_dir / "atlas9_limb_darkening").intensities(Star(4250.0, 4.5, 0.0))
    profiles = channel_profiles(star, lower, upper)
    orbit = Orbit(5.72, 0.0, 18.164, np.degrees(np.arccos(impact / 18.164)))
    time, truth = np.linspace(-0.08, 0.08, 200), np.full(5, 0.144)
    flux = transit_flux(orbit, time, truth, fit_law(star.mu, profiles, "nonlinear")[0], "nonlinear")

    def bias(mu_min):
        coefficients, _ = fit_law(star.mu, profiles, "quadratic", mu_min)
        radii = truth.copy()
        for _ in range(4):
            model = transit_flux_with_gradient(orbit, time, radii, coefficients)
            for i in range(5):
                columns = np.stack([model.by_radius_ratio[i], model.value[i]], axis=1)
                radii[i] += np.linalg.lstsq(columns, flux[i] - model.value[i], rcond=None)[0][0]
        return np.abs((radii / truth) ** 2 - 1).max()

    assert bias(LimbDarkeningParams(grid=data_dir).fitted_from) < 0.0012
    assert bias(0.0) > 0.002


def test_the_profile_is_that_of_the_published_four_parameters(data_dir):
    """To 0.012 of the centre at every angle from mu = 0.05, in 20 channels."""
    columns = np.loadtxt(data_dir / "hst_wasp107b" / "LD_coefficients" / "W107_22bins.dat")[:20]
    star = open_grid(data_dir / "atlas9_limb_darkening").intensities(Star(4250.0, 4.5, 0.0))
    profiles = channel_profiles(star, columns[:, 0], columns[:, 1])
    ours, _ = fit_law(star.mu, profiles, "nonlinear")
    mu = np.linspace(0.05, 1.0, 50)
    basis = np.stack([1 - mu ** ((n + 1) / 2) for n in range(4)])
    assert np.abs((ours.T - columns[:, 8:12]) @ basis).max() < 0.012
