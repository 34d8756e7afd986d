"""Flux-conserving rebinning, against polynomials, Gaussians and SpectRes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spectres import spectres

from specframe_retrieval.preparation import rebinning_between
from specframe_retrieval.preparation.node import bin_edges


def edges(first, last, count, seed=0):
    """Return the edges of pixels of uneven width without gaps."""
    inner = np.sort(np.random.default_rng(seed).uniform(first, last, count - 1))
    all_edges = np.concatenate([[first], inner, [last]])
    return all_edges[:-1], all_edges[1:]


def mean_of_polynomial(coefficients, lower, upper):
    """Return the exact mean of a polynomial over pixels."""
    integral = np.polynomial.Polynomial(coefficients).integ()
    return (integral(upper) - integral(lower)) / (upper - lower)


def applied(onto, values, errors=None):
    good = np.isfinite(values)
    covered = onto.covered(good)
    mean = onto.mean(values, good, covered)
    return mean if errors is None else (mean, onto.error(errors, good, covered))


@pytest.mark.parametrize("counts", [(400, 37), (37, 400), (100, 100)])
def test_the_integral_of_a_polynomial_is_conserved(counts) -> None:
    given_edges, wanted = edges(0.6, 2.6, counts[0], 1), edges(0.6, 2.6, counts[1], 2)
    value = mean_of_polynomial([1.0, -2.0, 0.5, 0.3], *given_edges)
    found = applied(rebinning_between(given_edges, wanted), value)
    exact = np.polynomial.Polynomial([1.0, -2.0, 0.5, 0.3]).integ()
    assert found @ (wanted[1] - wanted[0]) == pytest.approx(exact(2.6) - exact(0.6), rel=1e-12)


def test_pixels_made_of_whole_pixels_have_the_exact_mean() -> None:
    fine = edges(0.6, 2.6, 300, 3)
    wanted = fine[0][::5], fine[1][4::5]
    found = applied(rebinning_between(fine, wanted), mean_of_polynomial([0.2, 1.0, -0.7], *fine))
    np.testing.assert_allclose(found, mean_of_polynomial([0.2, 1.0, -0.7], *wanted), rtol=1e-12)


def test_the_integral_over_frequency_is_conserved_where_asked_for() -> None:
    given_edges, wanted = edges(0.6, 2.6, 50, 4), edges(0.6, 2.6, 11, 5)
    value = np.random.default_rng(6).uniform(1.0, 2.0, 50)
    found = applied(rebinning_between(given_edges, wanted, frequency=True), value)
    width, out = 1.0 / given_edges[0] - 1.0 / given_edges[1], 1.0 / wanted[0] - 1.0 / wanted[1]
    assert found @ out == pytest.approx(value @ width, rel=1e-12)


@pytest.mark.parametrize("count", [104, 900])
def test_it_agrees_with_spectres_on_values_and_errors(count) -> None:
    rng = np.random.default_rng(7)
    wavelength = np.cumsum(rng.uniform(0.003, 0.005, 500)) + 0.6
    value, error = rng.uniform(1.0, 2.0, 500), rng.uniform(0.1, 0.2, 500)
    wanted = np.linspace(wavelength[3], wavelength[-4], count)
    theirs, their_errors = spectres(wanted, wavelength, value, error)
    found, errors = applied(rebinning_between(bin_edges(wavelength), bin_edges(wanted)), value, error)
    np.testing.assert_allclose(found, theirs, rtol=1e-12)
    np.testing.assert_allclose(errors, their_errors, rtol=1e-12)


@pytest.mark.parametrize("count", [20, 200])
def test_errors_are_the_scatter_of_resampled_noise(count) -> None:
    rng = np.random.default_rng(8)
    given_edges, wanted = edges(0.6, 2.6, 80, 9), edges(0.7, 2.5, count, 10)
    sigma = rng.uniform(0.5, 1.5, 80)
    onto = rebinning_between(given_edges, wanted)
    _, errors = applied(onto, np.zeros(80), sigma)
    scatter = np.std([applied(onto, noise) for noise in rng.normal(0.0, sigma, (4000, 80))], axis=0)
    np.testing.assert_allclose(errors, scatter, rtol=0.06)  # 4000 draws know a scatter to 1.1 %


@given(st.integers(1, 40), st.integers(0, 1000))
def test_a_constant_stays_a_constant_and_nothing_lies_beyond_its_neighbours(count, seed) -> None:
    given_edges, wanted = edges(1.0, 2.0, 30, seed), edges(1.1, 1.9, count + 1, seed + 1)
    np.testing.assert_allclose(applied(rebinning_between(given_edges, wanted), np.full(30, 3.7)), 3.7, rtol=1e-13)
    value = np.random.default_rng(seed).normal(0.0, 1.0, 30)
    found = applied(rebinning_between(given_edges, wanted), value)
    assert found.min() >= value.min() - 1e-12
    assert found.max() <= value.max() + 1e-12


def test_a_line_blurred_is_the_gaussian_that_it_shall_be() -> None:
    """Two Gaussians make one whose variances are added; pixels add theirs, width^2 / 12."""
    lower, upper = bin_edges(np.arange(1.0, 1.2, 1e-5))
    centre, sigma, fwhm = 1.1, 2e-4, 2e-3
    line = np.exp(-0.5 * ((0.5 * (lower + upper) - centre) / sigma) ** 2)
    out = bin_edges(np.arange(1.05, 1.15, 1e-4))
    found = applied(rebinning_between((lower, upper), out, np.full(len(out[0]), fwhm)), line)
    total = np.hypot(sigma, fwhm / np.sqrt(8 * np.log(2)))
    middle = 0.5 * (out[0] + out[1])
    variance = found @ (middle - centre) ** 2 / found.sum()
    assert variance == pytest.approx(total**2 + 1e-4**2 / 12, rel=2e-3)  # 4 sigma hold all but 1.1e-3 of it
    assert found.max() == pytest.approx(sigma / total, rel=1e-3)  # 2e-4 for pixels, 6e-5 for the cut
    assert found.sum() * 1e-4 == pytest.approx(line.sum() * 1e-5, rel=1e-6)


def test_blurring_does_not_depend_on_how_finely_a_spectrum_is_sampled() -> None:
    """Each fine pixel has the value of the coarse one it lies in, so it is the same spectrum."""
    coarse = edges(1.0, 2.0, 60, 11)
    split = np.sort(np.concatenate([coarse[0], 0.5 * (coarse[0] + coarse[1]), [2.0]]))
    value = np.random.default_rng(12).uniform(0.0, 1.0, 60)
    wanted = edges(1.2, 1.8, 25, 13)
    fwhm = np.full(25, 0.02)
    one = applied(rebinning_between(coarse, wanted, fwhm), value)
    two = applied(rebinning_between((split[:-1], split[1:]), wanted, fwhm), np.repeat(value, 2))
    np.testing.assert_allclose(one, two, rtol=1e-11)


def test_a_blur_much_narrower_than_pixels_changes_nothing() -> None:
    given_edges, wanted = edges(1.0, 2.0, 60, 14), edges(1.2, 1.8, 25, 15)
    value = np.random.default_rng(16).uniform(0.5, 1.0, 60)
    sharp = applied(rebinning_between(given_edges, wanted), value)
    np.testing.assert_allclose(
        applied(rebinning_between(given_edges, wanted, np.full(25, 1e-9)), value), sharp, atol=1e-6
    )


def test_the_same_pixels_but_for_single_precision_are_a_selection() -> None:
    wavelength = np.linspace(0.8, 2.5, 400)
    again = wavelength.astype(np.float32).astype(float)
    onto = rebinning_between(bin_edges(wavelength), bin_edges(again))
    np.testing.assert_array_equal(onto.selection, np.arange(400))
    some = tuple(edge[40:90] for edge in bin_edges(again))
    np.testing.assert_array_equal(rebinning_between(bin_edges(wavelength), some).selection, np.arange(40, 90))


def test_edges_lie_half_way_and_a_gap_belongs_to_nobody() -> None:
    lower, upper = bin_edges(np.array([1.0, 2.0, 3.0, 5.0, 6.0, 7.0]))  # the row at 4 was taken out
    np.testing.assert_array_equal(lower, [0.5, 1.5, 2.5, 4.5, 5.5, 6.5])
    np.testing.assert_array_equal(upper, [1.5, 2.5, 3.5, 5.5, 6.5, 7.5])
    lower, upper = bin_edges(np.geomspace(0.7, 12.0, 40))
    np.testing.assert_array_equal(lower[1:], upper[:-1])  # pixels that only grow leave none


def test_what_is_covered_is_the_part_that_good_pixels_make_up() -> None:
    given_edges = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])
    onto = rebinning_between(given_edges, (np.array([0.5, 1.5, 2.5]), np.array([1.5, 2.5, 4.5])))
    np.testing.assert_allclose(onto.covered(np.ones(3, bool)), [0.5, 1.0, 0.75])
    np.testing.assert_allclose(onto.covered(np.array([True, False, True])), [0.5, 0.5, 0.5])
