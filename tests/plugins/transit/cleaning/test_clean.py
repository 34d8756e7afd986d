"""The detrender ``clean``: what it masks and why, what it says of errors, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.api import make_observation, nodes, validate_observation
from specframe.errors import DataError, ParameterError
from specframe_transit import Clean

ORBIT = np.repeat([0, 1, 2, 3], 25)
#: Four orbits of 25 exposures of 100 s, 95 minutes apart, in d.
TIME = 2_457_910.0 + ORBIT * 0.066 + np.tile(np.arange(25), 4) * 100.0 / 86400.0


def regressor(values):
    return "time", np.asarray(values, float), {"role": "regressor", "units": ""}


@pytest.fixture
def make(light_curves):
    """Return a function that makes an Observation of HST-like light curves in noise of 1e-3, errors as large."""

    def observation(n_channel=12, seed=0, **changes):
        flux = 1e6 * (1.0 + 1e-3 * np.random.default_rng(seed).standard_normal((n_channel, 100)))
        wavelength = np.linspace(1.1, 1.65, n_channel)
        data = light_curves(TIME, flux, 1e3, wavelength=wavelength, units="d")
        data = data.assign(orbit=regressor(ORBIT), airmass=regressor(np.linspace(1.0, 2.0, 100)))
        return make_observation("W", {"WFC3/0": data.assign(changes)}, period=5.7)

    return observation


def clean(observation, path="WFC3/0", **params):
    result = Clean(**params).apply(observation)
    validate_observation(result, "clean", ("light-curves",))
    return dict(nodes(result))[path]


def altered(observation, change, path="WFC3/0"):
    data = dict(nodes(observation))[path].copy(deep=True)
    change(data)
    return make_observation("W", {path: data})


def test_good_data_stay_as_they_are(make):
    given = make()
    got = clean(given)
    before = dict(nodes(given))["WFC3/0"]
    assert not got["mask"].values.any()
    assert np.array_equal(got["flux"].values, before["flux"].values)
    assert np.array_equal(got["flux_error"].values, before["flux_error"].values)
    assert np.median(got["error_ratio"].values) == pytest.approx(1.0, rel=0.1)
    assert "flags" not in got.attrs
    assert Clean().apply(given).attrs == {"target": "W", "period": 5.7}


@pytest.mark.parametrize(
    ("rule", "gone"),
    [
        ({"regressor": "orbit", "values": [0]}, range(25)),
        ({"regressor": "airmass", "above": 1.9, "below": 1.05}, [*range(5), *range(90, 100)]),
        ({"first_of_orbit": 1, "orbit": "orbit"}, [0, 25, 50, 75]),
        ({"first_of_orbit": 2}, [0, 1, 25, 26, 50, 51, 75, 76]),
        ({"time": [TIME[30], TIME[34]]}, range(30, 35)),
        ({"indices": [3, -1]}, [3, 99]),
    ],
)
def test_times_are_dropped_by_rule(make, rule, gone):
    removed = clean(make(), drop=[rule])
    assert np.array_equal(removed["time"].values, np.delete(TIME, list(gone)))
    assert removed.attrs["dropped_times"] == len(gone)
    assert int(removed["masked_dropped"]) == 0
    masked = clean(make(), drop=[{**rule, "action": "mask"}])
    assert masked.attrs["dropped_times"] == 0
    assert np.flatnonzero(masked["mask"].values.all(axis=0)).tolist() == list(gone)
    assert int(masked["masked_dropped"]) == 12 * len(gone)


def test_a_range_of_times_may_lie_in_one_visit_of_several(make):
    first = dict(nodes(make()))["WFC3/0"]
    second = first.assign_coords(time=("time", TIME + 10.0, first["time"].attrs))
    both = make_observation("W", {"WFC3/0": first, "WFC3/1": second})
    found = dict(nodes(Clean(drop=[{"time": [TIME[30], TIME[34]]}]).apply(both)))
    assert [found[path].attrs["dropped_times"] for path in ("WFC3/0", "WFC3/1")] == [5, 0]
    with pytest.raises(DataError, match=r"/WFC3/0 runs from .*/WFC3/1 runs from"):
        Clean(drop=[{"time": [1.0, 2.0]}]).apply(both)


def test_rules_read_the_data_as_they_came(make):
    """The first exposure of orbit 1 is still its first when orbit 0 is dropped by indices of the whole."""
    rules = [{"regressor": "orbit", "values": [0]}, {"first_of_orbit": 1}, {"indices": [30]}]
    got = clean(make(), drop=rules)
    assert np.array_equal(got["time"].values, np.delete(TIME, [*range(25), 25, 30, 50, 75]))


def test_channels_are_masked_by_wavelength_and_index(make):
    got = clean(make(), mask_channels=[{"wavelength": [1.1, 1.16]}, {"indices": [-1]}])
    assert np.flatnonzero(got["mask"].values.all(axis=1)).tolist() == [0, 1, 11]
    assert got.attrs["flags"] == "channels-lost"
    assert int(got["masked_channels"]) == 300
    assert np.isnan(got["error_ratio"].values[[0, 1, 11]]).all()


def test_what_cannot_be_used_is_masked_for_its_reason(make):
    def spoil(data):
        data["mask"].values[0, :10] = True
        data["flux"].values[1, 5] = np.nan
        data["flux"].values[2, 6] = np.inf
        data["flux_error"].values[3, 7:9] = 0.0
        data["flux_error"].values[4, 9] = np.nan
        data["flux"].values[5, 40] *= 1.02
        data["flux"].values[:, 60] *= 0.99

    got = clean(altered(make(), spoil))
    expected = np.zeros((12, 100), bool)
    expected[0, :10] = expected[1, 5] = expected[2, 6] = expected[3, 7:9] = expected[4, 9] = True
    expected[5, 40] = expected[:, 60] = True
    assert np.array_equal(got["mask"].values, expected)
    counts = {"masked_before": 10, "masked_unusable": 5, "clipped_exposures": 1, "clipped_time": 1}
    assert {name: int(got[name]) for name in counts} == counts
    assert float(got["clipped_fraction"]) == pytest.approx(13 / 1185)


def test_channels_with_too_few_good_samples_are_lost(make):
    def spoil(data):
        data["mask"].values[4, :60] = True
        data["mask"].values[5, :40] = True
        data["mask"].values[:, 90:] = True  # times that all miss count against no channel

    got = clean(altered(make(), spoil))
    assert np.flatnonzero(got["mask"].values.all(axis=1)).tolist() == [4]
    assert "channels-lost" in got.attrs["flags"]
    assert int(got["masked_lost_channels"]) == 30
    assert not clean(altered(make(), spoil), min_good=0.2)["mask"].values[4, 60:90].any()


def test_many_clipped_samples_carry_a_flag(make):
    def spoil(data):
        data["flux"].values[np.random.default_rng(1).random((12, 100)) < 0.08] *= 1.05

    assert "many-clipped" in clean(altered(make(), spoil)).attrs["flags"].split()


def test_flags_that_are_there_stay(make):
    given = altered(make(), lambda data: data.attrs.update(flags="saturated channels-lost"))
    assert clean(given, mask_channels=[{"indices": [0]}]).attrs["flags"] == "saturated channels-lost"


def test_both_limits_may_be_null(make):
    def spoil(data):
        data["flux"].values[5, 40] *= 1.5

    got = clean(altered(make(), spoil), clip_sigma_time=None, clip_sigma_wavelength=None)
    assert not got["mask"].values.any()
    for one in ("clip_sigma_time", "clip_sigma_wavelength"):
        assert clean(altered(make(), spoil), **{one: None})["mask"].values[5, 40]


@pytest.mark.parametrize(("factor", "flag"), [(20.0, "errors-overestimated"), (0.3, "errors-underestimated")])
def test_errors_are_rescaled_to_the_scatter(make, factor, flag):
    def spoil(data):
        data["flux_error"].values[:] *= factor * np.linspace(1.0, 1.2, 12)[:, None]
        data["flux_error"].values[:, :50] *= 1.01

    given = altered(make(), spoil)
    kept = clean(given)
    assert kept.attrs["flags"] == flag
    assert np.median(kept["error_ratio"].values) == pytest.approx(1.1 * factor, rel=0.1)
    scaled = clean(given, errors="rescale")
    # one factor per channel: how the errors change in time stays
    assert scaled["flux_error"].values[:, 0] / scaled["flux_error"].values[:, 99] == pytest.approx(np.full(12, 1.01))
    assert np.median(scaled["flux_error"].values) == pytest.approx(1e3, rel=0.05)
    assert "one factor per channel" in scaled["flux_error"].attrs["provenance"]
    assert scaled["error_ratio"].values == pytest.approx(kept["error_ratio"].values)
    assert scaled.attrs["flags"] == flag
    scatter = clean(given, errors="scatter")
    assert np.ptp(scatter["flux_error"].values, axis=1) == pytest.approx(np.zeros(12))
    assert np.median(scatter["flux_error"].values) == pytest.approx(1e3, rel=0.05)


def test_a_file_without_errors_gets_them_from_the_scatter(make):
    given = altered(make(n_channel=1), lambda data: data["flux_error"].values.fill(np.nan))
    with pytest.raises(DataError, match="set errors: scatter"):
        clean(given)
    got = clean(given, errors="scatter")
    assert got["flux_error"].values == pytest.approx(np.full((1, 100), 1e3), rel=0.3)
    assert got.attrs["flags"] == "errors-estimated"


def test_light_curves_that_do_not_scatter_have_no_scatter(make):
    given = altered(make(), lambda data: data["flux"].values.fill(1e6))
    got = clean(given)
    assert not got["mask"].values.any()
    assert np.isnan(got["error_ratio"].values).all()
    with pytest.raises(DataError, match="no channel's scatter is known"):
        clean(given, errors="rescale")


def test_scan_directions_do_not_inflate_the_scatter(make):
    direction = np.arange(100) % 2
    given = altered(make(), lambda data: data["flux"].values.__imul__(1.0 + 0.01 * direction))
    data = dict(nodes(given))["WFC3/0"].assign(scan_direction=regressor(direction))
    got = clean(make_observation("W", {"WFC3/0": data}))
    assert np.median(got["error_ratio"].values) == pytest.approx(1.0, rel=0.1)
    assert np.median(clean(given)["error_ratio"].values) < 0.2


def test_other_instruments_stay_as_they_are(make, light_curves):
    both = {"WFC3/0": dict(nodes(make()))["WFC3/0"], "STIS/0": dict(nodes(make(seed=1)))["WFC3/0"]}
    result = dict(nodes(Clean(instruments=["WFC3"], drop=[{"indices": [0]}]).apply(make_observation("W", both))))
    assert result["WFC3/0"].sizes["time"] == 99
    assert result["STIS/0"].identical(both["STIS/0"])


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (
            {"drop": [{"regressor": "fwhm", "above": 1.0}]},
            r"node /WFC3/0: no regressor 'fwhm'\. There are: airmass, orbit",
        ),
        ({"drop": [{"first_of_orbit": 1, "orbit": "visit"}]}, "no regressor 'visit'"),
        ({"drop": [{"regressor": "orbit", "values": [7]}]}, r"'orbit' is nowhere 7 \(there: 0, 1, 2, 3\)"),
        ({"drop": [{"time": [59000.0, 59001.0]}]}, r"no exposure lies in time .*runs from 2457910.0 to 2457910"),
        ({"drop": [{"indices": [100]}]}, "there is no exposure 100: it has 100, from 0 to 99"),
        ({"drop": [{"regressor": "airmass", "above": 0.5}]}, "0 of 100 exposures are left"),
        ({"mask_channels": [{"wavelength": [3.0, 4.0]}]}, r"no channel lies in \[3.0, 4.0\] um .*1.1 to 1.65 um"),
        ({"mask_channels": [{"indices": [12]}]}, "there is no channel 12"),
        ({"mask_channels": [{"wavelength": [1.0, 2.0]}]}, r"none of its 12 channels has 50% .* channels 100%"),
        ({"window": 100}, "window is 100 samples, but there are 100 exposures; set a smaller window"),
        ({"instruments": ["NIRISS"]}, r"there is no 'NIRISS' \(there: WFC3\)"),
    ],
)
def test_what_the_data_do_not_have_is_named(make, params, said):
    with pytest.raises(DataError, match=said):
        clean(make(), **params)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"drop": [{}]}, "one of regressor, first_of_orbit, time and indices, got none"),
        ({"drop": [{"regressor": "orbit"}]}, "needs values, above or below"),
        ({"drop": [{"regressor": "orbit", "values": [0], "indices": [1]}]}, "got regressor and indices"),
        ({"drop": [{"time": [2.0, 1.0]}]}, "a start of 2.0 after a stop of 1.0"),
        ({"mask_channels": [{}]}, "either wavelength"),
        ({"window": 3}, "window"),
        ({"clip_sigma_time": 0.5}, "clip_sigma_time"),
        ({"errors": "guess"}, "errors"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_runs(params, said):
    with pytest.raises(ParameterError, match=said):
        Clean(**params)
