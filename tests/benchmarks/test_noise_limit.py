"""What noise alone allows, against the textbook and against a fit of simulated light curves."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

_FILE = Path(__file__).parents[2] / "benchmarks" / "noise_limit.py"


@pytest.fixture(scope="module")
def noise_limit():
    spec = importlib.util.spec_from_file_location("noise_limit", _FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _box(n_time=200, depth=0.01, inside=slice(70, 130)):
    transit = np.ones((1, n_time))
    transit[:, inside] -= depth
    return transit


def test_a_box_has_the_error_of_two_means(noise_limit):
    """sigma sqrt(1 / n_in + 1 / n_out), up to the part of 1 % by which the light in transit is less."""
    transit = _box()
    limit = noise_limit.channel_limit(1e6 * transit, np.full(transit.shape, 1e3), transit, np.array([0.01]))
    assert limit[0] == pytest.approx(1e-3 * np.sqrt(1 / 60 + 1 / 140), rel=0.02)


def test_a_drift_makes_it_worse_by_what_a_fit_finds(noise_limit):
    """Least squares of simulated light curves with a cubic drift scatter as the limit says."""
    rng = np.random.default_rng(0)
    transit = _box()
    time = np.linspace(-1, 1, 200)
    flux = 1e6 * (1 + 1e-3 * time) * transit
    limit = noise_limit.channel_limit(flux, np.full(flux.shape, 1e3), transit, np.array([0.01]), order=3)[0]
    design = np.column_stack([np.vander(time, 4), (transit[0] - 1) / 0.01])
    noisy = np.log(flux + rng.normal(0, 1e3, (4000, 200)))
    found = np.linalg.lstsq(design, noisy.T, rcond=None)[0][-1]
    # 4,000 fits tell a standard deviation to 1.1 %
    assert found.std() == pytest.approx(limit, rel=0.04)
    assert limit > 1.2 * noise_limit.channel_limit(flux, np.full(flux.shape, 1e3), transit, np.array([0.01]))[0]


@pytest.mark.parametrize(("order", "factor"), [(1, 1.00), (2, 1.49), (3, 1.49), (4, 2.26)])
def test_a_drift_costs_what_it_resembles_the_transit(noise_limit, order, factor):
    """A box of 0.373 of the visit in continuous time: R^2 from the integrals of Legendre polynomials over it.

    With half-width h the box has the variance h (1 - h), and on P_n, whose mean square is 1 / (2n + 1), the projection
    (2n + 1) (P_{n-1}(h) - P_{n+1}(h))^2 / (2n + 1)^2 for even n, 0 for odd n.
    """
    h = 0.373
    legendre = [np.polynomial.legendre.Legendre.basis(n)(h) for n in range(6)]
    explained = sum((legendre[n - 1] - legendre[n + 1]) ** 2 / (2 * n + 1) for n in range(2, order + 1, 2))
    inflation = 1 / np.sqrt(1 - explained / (h * (1 - h)))
    assert inflation == pytest.approx(factor, abs=0.01)
    transit = _box(2000, 1e-4, slice(627, 1373))
    limits = [
        noise_limit.channel_limit(1e6 * transit, np.full(transit.shape, 1e3), transit, np.array([1e-4]), order=n)[0]
        for n in (0, order)
    ]
    assert limits[1] / limits[0] == pytest.approx(inflation, rel=0.01)


def test_the_limit_is_that_of_optimal_extraction(noise_limit):
    transit = _box()
    grid = ("wavelength", "time")
    node = xr.Dataset(
        {
            "flux": (grid, 1e6 * transit),
            "flux_error": (grid, np.full(transit.shape, 2e3)),
            "flux_error_optimal": (grid, np.full(transit.shape, 1e3)),
            "transit": (grid, transit),
            "depth": ("wavelength", [0.01]),
        },
        coords={"wavelength": [0.7]},
    )
    depth, limit = noise_limit.depth_limits(xr.DataTree.from_dict({"/FGS1/0": node}))
    assert depth.tolist() == [0.01]
    assert limit[0] == pytest.approx(1e-3 * np.sqrt(1 / 60 + 1 / 140), rel=0.02)


def test_channels_add_up(noise_limit):
    assert noise_limit.white_limit(np.full((2, 100), 1e-4)) == pytest.approx(1e-5)


def test_shrinkage_that_is_allowed_is_honest(noise_limit):
    rng = np.random.default_rng(1)
    band = np.exp(-0.5 * ((np.arange(50) - 20) / 6.0) ** 2)

    def spectra(n):
        return rng.uniform(0.002, 0.01, (n, 1)) + np.exp(rng.normal(-9, 0.7, (n, 1))) * band

    truth = spectra(200)
    error = np.full(truth.shape, 2e-4)
    depth = truth + error * rng.normal(size=truth.shape)
    mean, std = noise_limit.allowed_shrinkage(depth, error, spectra(1000), 3)
    assert np.sqrt(np.mean((mean - truth) ** 2)) < 0.3 * 2e-4
    assert np.mean(np.square((mean - truth) / std)) == pytest.approx(1.0, abs=0.2)
