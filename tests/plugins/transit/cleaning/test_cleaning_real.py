"""``clean`` and ``bin`` on light curves of HST, JWST and the ground, read here with a few lines each."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.stats import mad_std

from specframe.api import make_observation, nodes, validate_observation
from specframe_io import Eureka
from specframe_transit import Bin, Clean

ROLE = {"role": "regressor", "units": ""}


@pytest.fixture(scope="module")
def node(light_curves):
    def make(time, wavelength, flux, error, units="electron", **regressors):
        data = light_curves(time, flux, error, wavelength=wavelength, units="d")
        for name in ("flux", "flux_error"):
            data[name].attrs["units"] = units
        return data.assign({name: ("time", np.asarray(values, float), ROLE) for name, values in regressors.items()})

    return make


@pytest.fixture(scope="module")
def wasp107(data_dir, node):
    files = sorted((data_dir / "hst_wasp107b" / "spec_lc_22bin").glob("*.txt"))
    rows = np.array([np.loadtxt(file) for file in files])
    rows = rows[np.argsort(rows[:, 0, 3])]
    return node(
        rows[0, :, 5], rows[:, 0, 3], rows[:, :, 1], np.sqrt(rows[:, :, 2]), orbit=rows[0, :, 7],
        scan_direction=rows[0, :, 8],
    )  # fmt: skip


@pytest.fixture(scope="module")
def hatp18(data_dir, node):
    with fits.open(data_dir / "jwst_hatp18b" / "hat-p-18b-2022-06-niriss-o2.fits") as file:
        time, wavelength, data = (file[i].data.astype(float) for i in (1, 2, 3))
    return node(time, wavelength, data[0], data[1], units="")


@pytest.fixture(scope="module")
def wasp80(data_dir, node):
    rows = np.array([np.loadtxt(file) for file in sorted((data_dir / "gtc_wasp80b" / "n2nb").glob("*.dat"))])
    flux = rows[:, :, 1] / rows[:, :, 3]
    error = flux * np.hypot(rows[:, :, 2] / rows[:, :, 1], rows[:, :, 4] / rows[:, :, 3])
    return node(rows[0, :, 0], np.linspace(0.52, 0.92, len(rows)), flux, error, units="", airmass=rows[0, :, 9])


def cleaned(data, **params):
    result = Clean(**params).apply(make_observation("T", {"I/0": data}))
    validate_observation(result, "clean", ("light-curves",))
    return result, dict(nodes(result))["I/0"]


def binned(observation, **params):
    result = Bin(**params).apply(observation)
    validate_observation(result, "bin", ("light-curves",))
    return dict(nodes(result))["I/0"]


def out_of_transit(data, first, last):
    """Return the scatter of each channel among its last ``last - first`` exposures around a straight line."""
    time, flux = data["time"].values[first:last], data["flux"].values[:, first:last]
    line = np.polynomial.polynomial.polyfit(time - time[0], flux.T, 1)
    return mad_std(flux - np.polynomial.polynomial.polyval(time - time[0], line), axis=1)


def test_hatp18_errors_are_found_to_be_twenty_times_too_large(hatp18):
    _, kept = cleaned(hatp18)
    assert "errors-overestimated" in kept.attrs["flags"].split()
    assert 20.0 < np.median(kept["error_ratio"].values) < 28.0
    assert np.array_equal(kept["flux_error"].values, hatp18["flux_error"].values)
    _, scaled = cleaned(hatp18, errors="rescale")
    # an estimate of its own: scatter after the transit around a line; 120 samples are good to 7 % a channel
    ratio = np.median(scaled["flux_error"].values, axis=1) / out_of_transit(hatp18, 349, 469)
    assert np.median(ratio) == pytest.approx(1.0, abs=0.05)
    assert int(kept["clipped_time"]) + int(kept["clipped_wavelength"]) <= 3
    assert not kept["mask"].values.all(axis=0).any()


def test_wasp107_orbits_are_dropped_and_ingress_is_kept(wasp107):
    rules = [{"regressor": "orbit", "values": [0]}, {"first_of_orbit": 1, "orbit": "orbit"}]
    _, got = cleaned(wasp107, drop=rules)
    assert got.attrs["dropped_times"] == 22
    assert np.unique(got["orbit"].values).tolist() == [1.0, 2.0, 3.0, 4.0]
    # the transit begins in orbit 2, within 90 ppm noise of the white curve, and nothing is lost of it
    assert not got["mask"].values.any()
    assert 0.8 < np.median(got["error_ratio"].values) < 1.2
    assert "flags" not in got.attrs


def test_wasp107_orbits_are_the_stretches_between_gaps(wasp107):
    by_regressor = cleaned(wasp107, drop=[{"first_of_orbit": 1, "orbit": "orbit"}])[1]
    by_gaps = cleaned(wasp107, drop=[{"first_of_orbit": 1}])[1]
    assert np.array_equal(by_regressor["time"].values, by_gaps["time"].values)


def test_wasp80_errors_leave_out_what_the_channels_share(wasp80):
    _, got = cleaned(wasp80)
    assert 0.5 < np.median(got["error_ratio"].values) < 0.75
    assert got.attrs["flags"] == "errors-underestimated"
    assert float(got["clipped_fraction"]) < 1e-3


def test_wasp39_white_curve_has_no_errors_and_gets_them(data_dir, node):
    time, flux = np.load(data_dir / "jwst_wasp39b" / "WASP-39b_WhiteLight.npy")
    order = np.argsort(time)
    data = node(time[order], np.array([1.7]), flux[None, order], np.full((1, len(time)), np.nan))
    _, got = cleaned(data, errors="scatter")
    assert got.attrs["flags"] == "errors-estimated"
    # residuals of a fit, which has time-correlated noise besides, scatter by 135 ppm
    ppm = 1e6 * got["flux_error"].values[0, 0] / np.median(flux)
    assert 95.0 < ppm < 135.0
    assert got["mask"].values.sum() <= 3


def test_outliers_put_into_real_light_curves_are_found(wasp80, hatp18):
    for data in (wasp80, hatp18):
        spoilt = data.copy(deep=True)
        rng = np.random.default_rng(4)
        bad = rng.random(data["flux"].shape) < 0.002
        scatter = mad_std(np.diff(data["flux"].values, axis=1), axis=1)[:, None] / np.sqrt(2.0)
        spoilt["flux"].values[bad] += (12.0 * scatter * np.sign(rng.standard_normal(bad.shape)))[bad]
        mask = cleaned(spoilt)[1]["mask"].values
        before = cleaned(data)[1]["mask"].values
        assert (mask & bad).sum() >= 0.95 * bad.sum()
        assert (mask & ~bad & ~before).sum() <= 1


def test_white_noise_of_bins_falls_with_their_size_and_red_noise_is_seen(hatp18):
    observation, fine = cleaned(hatp18, errors="rescale")
    coarse = binned(observation, resolution=20.0)
    assert coarse.sizes["wavelength"] == 9
    scatter = out_of_transit(coarse, 349, 469)
    quieter = np.median(fine["flux_error"].values) / np.median(coarse["flux_error"].values)
    assert quieter > 2.0
    # channels of NIRISS share noise: bins scatter by 1.5 times what independent ones would, and the ratio says so
    assert np.median(coarse["error_ratio"].values) == pytest.approx(
        np.median(np.median(coarse["flux_error"].values, axis=1) / scatter), rel=0.2
    )
    assert np.median(coarse["error_ratio"].values) < 0.8


def test_bins_of_real_counts_conserve_them(wasp107):
    observation, fine = cleaned(wasp107)
    coarse = binned(observation, edges=[1.12, 1.2, 1.33, 1.5, 1.68])
    inside = coarse["flux"].values.sum(axis=0)
    assert inside == pytest.approx(fine["flux"].values.sum(axis=0), rel=0.01)
    depth = [1.0 - np.median(n["flux"].values[:, 50:54], axis=1) / np.median(n["flux"].values[:, -10:], axis=1)
             for n in (fine, coarse)]  # fmt: skip
    assert depth[1].mean() == pytest.approx(depth[0].mean(), rel=0.01)


def test_eureka_light_curves_are_cleaned_and_binned(data_dir):
    loader = Eureka(path=str(data_dir / "eureka_h5"), pattern="**/*Data.h5", target="{folder}-{stem}")
    for target in loader.targets():
        observation = loader.load(target)
        if next(iter(dict(nodes(observation)).values())).sizes["time"] < 3:
            continue
        # the files hold 3 to 24 integrations: too few for neighbours
        result = Clean(clip_sigma_time=None, clip_sigma_wavelength=None).apply(observation)
        validate_observation(result, "clean", ("light-curves",))
        for path, data in nodes(result):
            if data.sizes["wavelength"] > 3:
                coarse = dict(nodes(Bin(channels=3).apply(result)))[path]
                assert coarse.sizes["wavelength"] == pytest.approx(data.sizes["wavelength"] / 3, abs=1)
                assert np.all(np.diff(coarse["wavelength_lower"].values) > 0)
