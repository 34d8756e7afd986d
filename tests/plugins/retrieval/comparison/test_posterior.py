from __future__ import annotations

import numpy as np
import pytest

from specframe.api import validate_prediction
from specframe.errors import DataError
from specframe_retrieval import SpectralGrid, agreement, grid_posterior, physical_spectrum


@pytest.fixture
def models(grid) -> SpectralGrid:
    return SpectralGrid.of(grid.spectra(), grid.labels)


def test_it_agrees_with_a_sum_over_a_fine_lattice(models, observed, surface_flux):
    """Mean to 0.2 and std to 15 % of a sigma: some thousand effective samples give 0.03 and 2 %."""
    spectrum = physical_spectrum(observed(noise=0.1))
    t, g = np.meshgrid(np.linspace(900, 1200, 151), np.linspace(4, 5, 101), indexing="ij")
    spectra = np.stack([surface_flux(a, b) for a, b in zip(t.ravel(), g.ravel(), strict=True)])
    found = agreement(spectrum.flux, spectrum.error, spectra)
    weight = np.exp(-0.5 * (found.chi2 - found.chi2.min()))
    weight /= weight.sum()
    values = np.stack([t.ravel(), g.ravel()], axis=1)
    mean = weight @ values
    std = np.sqrt(weight @ (values - mean) ** 2)
    posterior = grid_posterior(spectrum, models, widen=False)
    np.testing.assert_allclose((posterior["mean"].values[0] - mean) / std, 0.0, atol=0.2)
    np.testing.assert_allclose(posterior["std"].values[0] / std, 1.0, atol=0.15)


def test_errors_are_those_that_the_labels_really_have(models, observed):
    """Mahalanobis' squared distance of the truth, over 12 observations, is 2 within 4 standard errors."""
    distances = []
    for seed in range(12):
        posterior = grid_posterior(physical_spectrum(observed(seed=seed, noise=0.02)), models, widen=False)
        away = posterior["mean"].values[0] - [1050.0, 4.6]
        distances.append(away @ np.linalg.solve(posterior["covariance"].values[0], away))
    assert np.mean(distances) == pytest.approx(2.0, abs=4 * 2 / np.sqrt(12))


def test_it_is_a_prediction_with_samples_of_its_own_mean(models, observed):
    posterior = grid_posterior(physical_spectrum(observed()), models, draws=500)
    validate_prediction(posterior, "posterior")
    assert posterior["output"].values.tolist() == ["teff", "logg"]
    assert posterior["unit"].values.tolist() == ["K", ""]
    away = (posterior["samples"].mean("sample") - posterior["mean"]) / posterior["std"]
    np.testing.assert_allclose(away, 0.0, atol=0.3)


def test_the_same_seed_gives_the_same_draws(models, observed):
    spectrum = physical_spectrum(observed())
    first, again, other = (grid_posterior(spectrum, models, seed=seed) for seed in (1, 1, 2))
    assert first.identical(again)
    assert not first["samples"].equals(other["samples"])


def test_a_truth_below_the_grid_is_pressed_against_its_edge(models, observed):
    posterior = grid_posterior(physical_spectrum(observed(teff=860.0)), models)
    assert float(posterior["samples"].min("sample")[0, 0]) >= 900.0
    assert float(posterior["mean"][0, 0]) < 910.0
    assert int(posterior["at_edge"][0, 0]) == -1
    assert int(grid_posterior(physical_spectrum(observed()), models)["at_edge"][0, 0]) == 0


def test_a_grid_that_does_not_fit_makes_errors_larger(models, observed):
    observation = observed()
    observation["spectrum/0"]["flux"] *= 1.0 + 0.1 * np.sin(np.arange(60.0))
    spectrum = physical_spectrum(observation)
    plain, widened = (grid_posterior(spectrum, models, widen=widen) for widen in (False, True))
    assert widened.attrs["chi2_reduced"] > 20
    ratio = widened["std"] / plain["std"]
    np.testing.assert_allclose(ratio, np.sqrt(widened.attrs["chi2_reduced"]), rtol=0.25)


def test_what_has_no_posterior_is_refused(models, observed, grid):
    observation = observed()
    observation["spectrum/0"]["flux_error"][:] = 0.0
    with pytest.raises(DataError, match="T 8 has no errors, so chi2 is not defined"):
        grid_posterior(physical_spectrum(observation), models)
    with pytest.raises(DataError, match="no label of the grid varies"):
        grid_posterior(physical_spectrum(observed()), SpectralGrid.of(grid.spectra()))
