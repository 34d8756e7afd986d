"""The spectrum of a target from what the fits left in its nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation, measured_spectrum
from specframe.errors import ContainerError


def node(wavelength: list[float], depth: float, error: float, **more: Any) -> xr.Dataset:
    n = len(wavelength)
    data = xr.Dataset(
        {
            "depth": ("wavelength", np.full(n, depth), {"units": ""}),
            "depth_error": ("wavelength", np.full(n, error), {"units": ""}),
        },
        coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
        attrs={"quantity": "transit depth (Rp/R*)^2"},
    )
    return data.assign({name: ("wavelength", np.broadcast_to(values, n)) for name, values in more.items()})


def test_light_curves_alone_make_no_spectrum() -> None:
    data = xr.Dataset({"flux": (("wavelength", "time"), np.ones((1, 2)))})
    assert measured_spectrum(make_observation("b", {"NIRISS/0": data})) is None


def test_instruments_are_joined_in_ascending_wavelength() -> None:
    red = node([3.0, 4.0], 0.02, 1e-4, chi2_reduced=1.1, depth_error_lower=9e-5, depth_error_upper=1.1e-4)
    blue = node([1.0, 3.5], 0.01, 2e-4, depth_error_lower=2e-4, depth_error_upper=2e-4, channel_flags="masked")
    spectrum = measured_spectrum(make_observation("b", {"NIRSpec/0": red, "WFC3/0": blue}))
    assert spectrum is not None
    assert spectrum["wavelength"].values.tolist() == [1.0, 3.0, 3.5, 4.0]
    assert spectrum["instrument"].values.tolist() == ["WFC3", "NIRSpec", "WFC3", "NIRSpec"]
    assert spectrum["depth"].values.tolist() == [0.01, 0.02, 0.01, 0.02]
    assert spectrum["depth_error_lower"].values.tolist() == pytest.approx([2e-4, 9e-5, 2e-4, 9e-5])
    np.testing.assert_array_equal(spectrum["chi2_reduced"], [np.nan, 1.1, np.nan, 1.1])
    assert spectrum["channel_flags"].values.tolist() == ["masked", "", "masked", ""]
    assert spectrum.attrs["quantity"] == "transit depth (Rp/R*)^2"


def test_edges_that_one_instrument_lacks_are_left_out() -> None:
    known = node([3.0], 0.02, 1e-4, wavelength_lower=2.9, wavelength_upper=3.1)
    both = {"A/0": known, "B/0": node([1.0], 0.02, 1e-4)}
    alone = measured_spectrum(make_observation("b", {"A/0": known}))
    joined = measured_spectrum(make_observation("b", both))
    assert alone is not None
    assert joined is not None
    assert alone["wavelength_upper"].values.tolist() == [3.1]
    assert "wavelength_upper" not in joined


def test_visits_are_averaged_with_their_errors() -> None:
    # weights 1 : 4, so the mean is 0.8 x 0.02 + 0.2 x 0.01, its errors those of that sum of independent depths
    first = node([2.0], 0.01, 2e-4, depth_error_lower=1e-4, depth_error_upper=3e-4, chi2_reduced=1.0)
    second = node([2.0], 0.02, 1e-4, depth_error_lower=1e-4, depth_error_upper=1e-4, chi2_reduced=2.0)
    spectrum = measured_spectrum(make_observation("b", {"A/0": first, "A/1": second}))
    assert spectrum is not None
    assert spectrum["depth"].item() == pytest.approx(0.018)
    assert spectrum["depth_error"].item() == pytest.approx(np.sqrt(1 / (1 / 4e-8 + 1 / 1e-8)))
    assert spectrum["depth_error_lower"].item() == pytest.approx(np.hypot(0.2 * 1e-4, 0.8 * 1e-4))
    assert spectrum["depth_error_upper"].item() == pytest.approx(np.hypot(0.2 * 3e-4, 0.8 * 1e-4))
    assert spectrum["chi2_reduced"].item() == 1.5


def test_a_joint_fit_stands_for_all() -> None:
    observation = make_observation("b", {"A/0": node([2.0], 0.01, 1e-4), "spectrum/joint": node([2.0], 0.03, 1e-4)})
    spectrum = measured_spectrum(observation)
    assert spectrum is not None
    assert spectrum["depth"].values.tolist() == [0.03]


def test_covariances_of_separate_fits_stand_in_blocks() -> None:
    covariance = np.array([[4.0, 1.0], [1.0, 4.0]]) * 1e-8
    red = node([3.0, 5.0], 0.02, 2e-4).assign(depth_covariance=(("wavelength", "wavelength_other"), covariance))
    spectrum = measured_spectrum(make_observation("b", {"R/0": red, "B/0": node([4.0], 0.01, 1e-4)}), covariance=True)
    assert spectrum is not None
    expected = np.array([[4.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 4.0]]) * 1e-8
    np.testing.assert_allclose(spectrum["depth_covariance"], expected)


def test_visits_with_other_channels_cannot_be_averaged() -> None:
    observation = make_observation("b", {"A/0": node([2.0], 0.01, 1e-4), "A/1": node([2.0, 3.0], 0.01, 1e-4)})
    with pytest.raises(ContainerError, match="bring the visits to one grid"):
        measured_spectrum(observation)
