"""Light curves of a node as plain arrays."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.errors import DataError
from specframe_transit.curves import curves_of, julian_date_offset
from specframe_transit.scatter import point_to_point_scatter


def _node(n_channel=4, n_time=30, **variables):
    rng = np.random.default_rng(1)
    level = 1e4 * np.arange(1, n_channel + 1)[:, None]
    flux = level * (1.0 + 1e-3 * rng.standard_normal((n_channel, n_time)))
    dims = ("wavelength", "time")
    attrs = {"units": "d", "time_system": "TDB", "time_reference": "JD 2400000.5"}
    return xr.Dataset(
        {
            "flux": (dims, flux, {"units": "electron"}),
            "flux_error": (dims, np.full(flux.shape, 1e-3) * level, {"units": "electron"}),
            "mask": (dims, np.zeros(flux.shape, bool)),
            **variables,
        },
        coords={
            "wavelength": ("wavelength", np.linspace(1.0, 2.0, n_channel), {"units": "um"}),
            "time": ("time", 59000.0 + np.linspace(0.0, 0.2, n_time), attrs),
        },
    )


def test_a_white_curve_is_the_sum_of_the_channels():
    node = _node()
    white = curves_of("A/0", node).white()
    total = node["flux"].values.sum(axis=0)
    np.testing.assert_allclose(white.flux[0], total / np.median(node["flux"].values, axis=1).sum(), rtol=1e-12)
    np.testing.assert_allclose(white.flux_error[0] / 1e-3, np.sqrt(30.0) / 10.0, rtol=2e-3)


def test_a_masked_sample_leaves_no_dip_in_the_white_curve():
    node = _node()
    mask = np.zeros((4, 30), bool)
    mask[3, 7] = True
    mask[1:, 9] = True
    white = curves_of("A/0", node.assign(mask=(("wavelength", "time"), mask))).white()
    assert abs(white.flux[0, 7] - 1) < 4e-3
    assert white.use[0, 7]
    # 90 % of the light is gone
    assert not white.use[0, 9]


def test_white_curves_of_some_channels_are_those_channels_alone():
    node = _node()
    part = curves_of("A/0", node).white([0, 2])
    np.testing.assert_allclose(part.level[0] * part.flux[0], node["flux"].values[[0, 2]].sum(axis=0), rtol=1e-12)


def test_regressors_are_what_the_data_call_so():
    role = {"role": "regressor", "units": "pix"}
    node = _node(x=("time", np.arange(30.0), role), y=("time", np.arange(30.0), {}))
    assert list(curves_of("A/0", node).regressors) == ["x"]
    with pytest.raises(DataError, match="'z' must have dims"):
        curves_of("A/0", _node(z=("wavelength", np.arange(4.0), role)))


def test_missing_errors_are_the_scatter_of_the_data():
    node = _node(n_time=400)
    curves = curves_of("A/0", node.assign(flux_error=node["flux_error"] * np.nan))
    assert not curves.error_known.any()
    np.testing.assert_allclose(curves.flux_error[:, 0], 1e-3, rtol=0.2)


def test_clocks_are_told_by_their_reference():
    assert curves_of("A/0", _node()).jd_offset == 2400000.5
    assert julian_date_offset("JD 2457000") == 2457000.0
    assert julian_date_offset("start of the visit") is None


def test_exposures_are_the_nodes_or_the_cadence():
    assert curves_of("A/0", _node()).exposure == pytest.approx(0.2 / 29)
    assert curves_of("A/0", _node().assign_attrs(exposure_time=86.4)).exposure == pytest.approx(1e-3)


def test_scatter_knows_neither_slopes_nor_outliers():
    rng = np.random.default_rng(0)
    flux = 1e-3 * rng.standard_normal((1, 4000)) + np.linspace(0, 5, 4000)
    flux[0, ::97] += 1.0
    use = np.ones(flux.shape, bool)
    np.testing.assert_allclose(point_to_point_scatter(flux, use), 1e-3, rtol=0.08)


def test_nothing_usable_is_refused():
    node = _node()
    with pytest.raises(DataError, match="no usable sample"):
        curves_of("A/0", node.assign(flux=-node["flux"].assign_attrs(units="electron")))
    with pytest.raises(DataError, match="at least three times"):
        curves_of("A/0", node.isel(time=slice(0, 2)))
    with pytest.raises(DataError, match="law 'cubic'"):
        curves_of("A/0", _node(limb_darkening=(("coefficient", "wavelength"), np.zeros((2, 4)), {"law": "cubic"})))
