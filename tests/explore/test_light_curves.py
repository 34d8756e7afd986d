"""Light curves: noise, drifts and periods that were put in are measured."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation
from specframe.errors import DataError
from specframe.explore import (
    Survey,
    channel_correlation,
    channel_noise,
    plot_channel_correlations,
    plot_light_curve_image,
    plot_masked_samples,
    plot_noise,
    plot_noise_of_targets,
    plot_power_spectrum,
    plot_red_noise,
    plot_regressors,
    plot_white_light,
    power_spectrum,
    trend_amplitude,
    white_residual,
)
from specframe.report import png_bytes

TIME = np.linspace(0.0, 0.25, 400)  # days
ELECTRONS = 4e6


def node(noise=500e-6, drift=0.0, depth=0.01, n_channel=5, common=0.0, seed=0, contacts=True, **more):
    """Return light curves of a box transit with white noise and a linear drift over the visit."""
    rng = np.random.default_rng(seed)
    inside = np.abs(TIME - 0.125) < 0.03
    light = (1 - depth * inside) * (1 + drift * (TIME / 0.25 - 0.5))
    flux = ELECTRONS * (
        light + noise * rng.normal(size=(n_channel, len(TIME))) + common * rng.normal(size=len(TIME))[None]
    )
    mask = np.zeros(flux.shape, bool)
    mask[0, :40] = True
    dims = ("wavelength", "time")
    data = {
        "flux": (dims, flux, {"units": "electron"}),
        "flux_error": (dims, np.full(flux.shape, 0.5 * noise * ELECTRONS), {"units": "electron"}),
        "mask": (dims, mask),
        "x": ("time", np.cumsum(rng.normal(size=len(TIME))), {"role": "regressor", "units": "pix"}),
    }
    if contacts:
        data["contact_time"] = ("contact", [0.095, 0.096, 0.154, 0.155], {"units": "d"})
    wavelength = np.linspace(1.0, 1.6, n_channel)
    return xr.Dataset(
        data,
        coords={
            "wavelength": ("wavelength", wavelength, {"units": "um"}),
            "time": ("time", TIME, {"units": "d", "time_system": "TDB", "time_reference": "JD 0"}),
        },
        **more,
    )


def test_noise_is_measured_beside_drift_and_transit():
    found = channel_noise(node(drift=0.02))
    # the median absolute deviation of 400 differences is known to about 5 %
    np.testing.assert_allclose(found.measured, 500.0, rtol=0.2)
    np.testing.assert_allclose(found.stated, 250.0, rtol=0.02)
    np.testing.assert_allclose(found.photon, 1e6 / np.sqrt(ELECTRONS), rtol=0.02)
    assert found.masked.tolist() == [0.1, 0, 0, 0, 0]


def test_the_drift_is_that_outside_of_the_transit():
    np.testing.assert_allclose(trend_amplitude(node(noise=1e-6, drift=0.02)), 0.02, rtol=0.12)
    assert np.all(trend_amplitude(node(noise=1e-6)) < 1e-5)
    assert np.all(trend_amplitude(node(noise=1e-6, contacts=False)) > 1e-3)  # the transit is part of it


def test_two_scan_directions_are_told_and_are_no_noise():
    data = node()
    data["flux"][:, ::2] *= 1.003
    np.testing.assert_allclose(channel_noise(data).measured, 500.0, rtol=0.2)
    survey = Survey()
    survey.add(make_observation("p", {"X/0": data}))
    assert any("alternate between two levels in 1 light curve" in text for text in survey.sections()[1].findings)


def test_photon_noise_needs_electrons():
    data = node()
    data["flux"].attrs["units"] = ""
    assert np.isnan(channel_noise(data).photon).all()
    data["flux"].attrs["units"] = "electron / s"
    assert np.isnan(channel_noise(data).photon).all()
    data.attrs["exposure_time"] = 4.0
    np.testing.assert_allclose(channel_noise(data).photon, 1e6 / np.sqrt(4 * ELECTRONS), rtol=0.02)


def test_a_period_has_its_frequency_and_amplitude():
    rng = np.random.default_rng(1)
    time = np.sort(rng.uniform(0, 50, 500))  # uneven
    frequency, amplitude = power_spectrum(time, 3.0 * np.sin(2 * np.pi * 1.3 * time + 0.4) + 0.1 * rng.normal(size=500))
    assert frequency[amplitude.argmax()] == pytest.approx(1.3, abs=0.01)
    assert amplitude.max() == pytest.approx(3.0, rel=0.05)


def test_long_series_keep_slow_periods():
    time = np.arange(60_000) * 0.1
    frequency, amplitude = power_spectrum(time, np.sin(2 * np.pi * 0.02 * time))
    assert frequency[amplitude.argmax()] == pytest.approx(0.02, rel=0.01)
    assert amplitude.max() == pytest.approx(1.0, rel=0.05)


def test_noise_in_common_correlates_channels():
    apart, common = channel_correlation(node()), channel_correlation(node(noise=1e-4, common=1e-4))
    off = ~np.eye(5, dtype=bool)
    assert np.abs(apart[off]).max() < 0.3
    np.testing.assert_allclose(common[off], 0.5, atol=0.15)


def test_what_is_left_has_no_transit_where_contacts_are_known():
    _, residual, what = white_residual(node(drift=0.01))
    assert what == "a parabola, outside of the transit"
    assert np.isnan(residual[np.abs(TIME - 0.125) < 0.03]).all()
    assert np.nanstd(residual) == pytest.approx(500 / np.sqrt(5), rel=0.2)
    data = node()
    data["model"] = data["flux"] * 0 + ELECTRONS * (1 - 0.01 * (np.abs(TIME - 0.125) < 0.03))
    assert white_residual(data)[2] == "the fitted model"


def test_figures_are_drawn():
    data = node()
    _, residual, _ = white_residual(data)
    hours = 24 * TIME
    for figure in (
        plot_white_light({"a": data, "b": node(seed=1)}),
        plot_light_curve_image(data),
        plot_noise(data),
        plot_noise_of_targets(np.array([10.0, 200.0]), np.array([10.0, np.nan]), np.array([0.0, 5.0])),
        plot_regressors(data),
        plot_power_spectrum({"a": (hours, residual)}),
        plot_red_noise({"a": (residual, 0.9)}),
        plot_channel_correlations(data),
        plot_masked_samples(data),
    ):
        assert len(png_bytes(figure)) > 4000


def test_what_is_missing_is_an_error_with_a_reason():
    one = node(n_channel=1).drop_vars("x")
    with pytest.raises(DataError, match="there is one channel"):
        plot_channel_correlations(one)
    with pytest.raises(DataError, match="the node has none"):
        plot_regressors(one)
    with pytest.raises(DataError, match="at least 16"):
        power_spectrum(np.arange(5.0), np.arange(5.0))


def test_the_section_tells_errors_that_are_too_small():
    survey = Survey()
    for i, noise in enumerate((200e-6, 500e-6, 900e-6)):
        survey.add(make_observation(f"p{i}", {"X/0": node(noise=noise, seed=i)}))
    (section,) = [section for section in survey.sections() if section.name == "light-curves-x"]
    text = " ".join(section.findings)
    assert "3 light curves with 5 channels and 400 samples, one every 54.14 s" in text
    assert "errors are too small: the scatter is more than 1.5 times as large in 3 light curves" in text
    assert "2 % of the samples are masked" in text
    rows = section.tables[0].columns
    np.testing.assert_allclose(rows["noise"], [200, 500, 900], rtol=0.15)
    names = [drawing.name for drawing in section.drawings]
    assert {"light-curves-x-noise", "light-curves-x-red-noise", "light-curves-x-regressors"} <= set(names)
    for drawing in section.drawings:
        drawing.draw()


def test_light_curves_of_few_samples_and_one_channel_make_a_section():
    data = node(n_channel=1).isel(time=slice(0, 6)).drop_vars(["x", "contact_time"])
    data["mask"][:] = False
    survey = Survey()
    survey.add(make_observation("p", {"X/0": data}))
    section = survey.sections()[1]
    assert any("one channel" in text for text in section.missing)
    assert any("Too few samples" in text for text in section.missing)


def test_a_target_without_usable_light_is_refused():
    data = node()
    data["mask"][:] = True
    with pytest.raises(DataError, match="every sample is masked"):
        Survey().add(make_observation("p", {"X/0": data}))
