"""A measured spectrum beside a published one."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.errors import DataError
from specframe.evaluate import compare_spectra


def spectrum(wavelength, depth, error, half_width=None) -> xr.Dataset:
    wavelength = np.asarray(wavelength, float)
    ones = np.ones(wavelength.size)
    data = {"depth": ("wavelength", depth * ones), "depth_error": ("wavelength", error * ones)}
    if half_width is not None:
        data["wavelength_lower"] = ("wavelength", wavelength - half_width)
        data["wavelength_upper"] = ("wavelength", wavelength + half_width)
    return xr.Dataset(data, coords={"wavelength": wavelength})


def test_offset_and_shape_on_one_grid() -> None:
    wavelength = [1.0, 1.1, 1.2, 1.3]
    published = spectrum(wavelength, 0.02, 5e-5, 0.05)
    measured = spectrum(wavelength, 0.02 + 8e-5 + 1e-5 * np.array([1, -1, 1, -1]), 6e-5, 0.05)
    found = compare_spectra(measured, published)
    assert found.offset == pytest.approx(8e-5)
    assert found.shape_rms == pytest.approx(1e-5)
    assert found.offset_error == pytest.approx(np.hypot(5e-5, 6e-5) / 2)
    assert found.error_ratio == pytest.approx(1.2)
    assert found.chi2_reduced == pytest.approx(4 / 3 * 1e-10 / (25e-10 + 36e-10))


def test_the_offset_is_weighted_by_the_errors() -> None:
    measured = spectrum([1.0, 2.0], np.array([0.01, 0.013]), np.array([1e-4, 2e-4]))
    found = compare_spectra(measured, spectrum([1.0, 2.0], 0.01, 1e-9))
    assert found.offset == pytest.approx(0.003 * 0.2, rel=1e-4)


@pytest.mark.parametrize("measured_is_finer", [True, False])
def test_the_finer_spectrum_is_averaged_on_the_channels_of_the_other(measured_is_finer: bool) -> None:
    depth, error = np.array([0.010, 0.016, 0.03, 0.03]), np.array([1e-4, 2e-4, 1e-4, 1e-4])
    fine = spectrum([1.0, 1.1, 1.5, 1.6], depth, error, 0.05)
    coarse = spectrum([1.05, 1.55, 2.05], 0.0, 1e-5, 0.25)
    measured, published = (fine, coarse) if measured_is_finer else (coarse, fine)
    found = compare_spectra(measured, published)
    assert found.wavelength.tolist() == [1.05, 1.55]
    mean, spread = (found.measured, found.measured_error)
    if not measured_is_finer:
        mean, spread = found.published, found.published_error
    np.testing.assert_allclose(mean, [(4 * 0.010 + 0.016) / 5, 0.03])
    np.testing.assert_allclose(spread, [(1e8 + 0.25e8) ** -0.5, 1e-4 / np.sqrt(2)])


def test_channels_without_a_value_are_left_out() -> None:
    measured = spectrum([1.0, 1.1, 1.2], np.array([0.01, np.nan, 0.01]), 1e-4)
    assert compare_spectra(measured, spectrum([1.0, 1.1, 1.2], 0.01, 1e-4)).wavelength.tolist() == [1.0, 1.2]


def test_spectra_that_do_not_overlap_are_refused() -> None:
    with pytest.raises(
        DataError, match=r"only 0 channels .* measured are 2 from 1 to 1.1 um, published 2 from 3 to 4 um"
    ):
        compare_spectra(spectrum([1.0, 1.1], 0.01, 1e-4), spectrum([3.0, 4.0], 0.01, 1e-4))


def test_a_spectrum_without_any_error_is_refused() -> None:
    with pytest.raises(DataError, match=r"only 0 channels .* published none with a value and an error"):
        compare_spectra(spectrum([1.0, 1.1], 0.01, 1e-4), spectrum([1.0, 1.1], 0.01, np.nan))
