"""What is done to each spectrum by itself, against numpy on whole arrays."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from specframe_cnn.preparation import Preparation


def _spectra(n=40, channels=2, length=30, seed=0):
    """Return fluxes of the order of 1e-15, as those of stars in SI units are, some of them missing."""
    rng = np.random.default_rng(seed)
    values = 1e-15 * rng.lognormal(0.0, 0.5, (n, 1, 1)) * rng.uniform(0.2, 2.0, (n, channels, length))
    values[rng.random(values.shape) < 0.1] = np.nan
    return values.astype(np.float32)


def _fitted(values, rows="none", transform="none", prepared=None):
    prepared = np.ones(values.shape[1], bool) if prepared is None else prepared
    return Preparation.fit(values, prepared, rows, transform)


def test_rows_by_the_mean_are_the_values_over_the_mean_of_what_is_there():
    values = _spectra()
    expected = values / np.nanmean(values, axis=2, keepdims=True)
    np.testing.assert_allclose(_fitted(values, "mean").numpy(values), expected, rtol=1e-5)  # single precision


def test_rows_are_standardised_by_what_is_there():
    values = _spectra().astype(float)
    expected = (values - np.nanmean(values, axis=2, keepdims=True)) / np.nanstd(values, axis=2, keepdims=True)
    found = _fitted(values.astype(np.float32), "standardise").numpy(values.astype(np.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rows", ["mean", "standardise"])
@pytest.mark.parametrize("transform", ["none", "log"])
def test_with_rows_only_the_shape_counts(rows, transform):
    """A brighter star of the same spectrum is the same to the network, in logarithms too."""
    values = _spectra()
    preparation = _fitted(values, rows, transform)
    scale = np.random.default_rng(1).uniform(0.5, 2.0, (len(values), 1, 1)).astype(np.float32)
    # floors are learned from the spectra relative to their mean, so that they do not move
    mean_first = rows == "mean" or transform == "none"
    if mean_first:
        np.testing.assert_allclose(preparation.numpy(values * scale), preparation.numpy(values), rtol=1e-4, atol=1e-5)
    else:
        inner = preparation.numpy(values)
        np.testing.assert_allclose(np.nanmean(inner, axis=2), 0.0, atol=1e-5)
        np.testing.assert_allclose(np.nanstd(inner, axis=2), 1.0, rtol=1e-4)


def test_logarithms_have_a_floor_below_the_training_set():
    """Half of the first percentile at each wavelength; a pixel that noise made negative is as dark as that."""
    values = _spectra(n=400, channels=1)
    preparation = _fitted(values, transform="log")
    level = np.nanmean(values)
    np.testing.assert_allclose(preparation.numpy(values[5:6]), np.log(values[5:6] / level), atol=1e-5)
    dark = values[:1].copy()
    dark[:, :, :3] = -1e-16
    floor = 0.5 * np.nanpercentile(values[:, 0, :3].astype(float), 1.0, axis=0) / level
    np.testing.assert_allclose(preparation.numpy(dark)[0, 0, :3], np.log(floor), rtol=1e-4)


def test_what_is_not_a_spectrum_is_left_alone():
    values = _spectra()
    values[:, 1] = -4.0  # logarithms of errors
    found = _fitted(values, "mean", "log", np.array([True, False])).numpy(values)
    np.testing.assert_array_equal(found[:, 1], values[:, 1])
    assert np.nanstd(found[:, 0]) > 0


def test_masked_values_do_not_count_in_the_mean_and_marks_stay():
    values = np.nan_to_num(_spectra(channels=1), nan=1e-15)
    preparation = _fitted(values, "mean")
    counted, missing = preparation.counted(values)
    missing[:, :, 10:20] = True
    marks = missing.to(counted.dtype)
    both = preparation(torch.cat([counted, marks], 1), torch.cat([missing, torch.zeros_like(missing)], 1))
    kept = np.r_[0:10, 20:30]
    expected = values[:, :, kept] / values[:, :, kept].mean(axis=2, keepdims=True)
    np.testing.assert_allclose(both[:, :1, kept].numpy(), expected, rtol=1e-5)
    assert bool((both[:, :1, 10:20] == 0).all())
    assert torch.equal(both[:, 1:], marks)


def test_a_spectrum_without_light_is_no_error():
    values = _spectra()
    values[3] = 0.0
    for rows in ("mean", "standardise"):
        found = _fitted(values, rows, "log" if rows == "mean" else "none").numpy(values)
        assert np.isfinite(found[3]).all()
