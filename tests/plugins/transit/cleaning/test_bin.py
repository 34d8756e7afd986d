"""The detrender ``bin``: grids that users ask for, all that hangs on them, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.api import make_observation, nodes, validate_observation
from specframe.errors import DataError, InputFileError, ParameterError
from specframe_transit import Bin, Clean

N_TIME = 120


@pytest.fixture
def make(light_curves):
    """Return a function that makes an Observation of 50 channels of 0.02 um from 1 um on, 120 exposures of 90 s."""

    def observation(units="electron", level=None, instruments=("NRS1",), **changes):
        lower = 1.0 + 0.02 * np.arange(50)
        level = np.linspace(1e5, 4e5, 50) if level is None else level
        rng = np.random.default_rng(0)
        relative = 1e-3 * np.sqrt(1e5 / np.linspace(1e5, 4e5, 50))[:, None]
        flux = level[:, None] * (1.0 + relative * rng.standard_normal((50, N_TIME)))
        time = 59_787.0 + np.arange(N_TIME) / 960.0
        data = light_curves(time, flux, level[:, None] * relative, wavelength=lower + 0.01, units="d")
        for name in ("flux", "flux_error"):
            data[name].attrs["units"] = units
        role = {"role": "regressor", "units": ""}
        data = data.assign(
            x=("time", np.linspace(-1.0, 1.0, N_TIME), role),
            background=(("wavelength", "time"), np.outer(np.arange(50.0), np.ones(N_TIME)), role),
            limb_darkening=(("coefficient", "wavelength"), np.outer([1.0, 0.5], lower + 0.01), {"law": "quadratic"}),
            white_depth=((), 0.02, {"units": ""}),
        )
        data.attrs["exposure_time"] = 80.0
        return make_observation("W", {f"{name}/0": data.assign(changes) for name in instruments}, period=4.0)

    return observation


def binned(observation, path="NRS1/0", **params):
    result = Bin(**params).apply(observation)
    validate_observation(result, "bin", ("light-curves", "depths"))
    assert result.attrs == observation.attrs
    return dict(nodes(result))[path]


def node(observation, path="NRS1/0"):
    return dict(nodes(observation))[path]


def edges(data):
    return data["wavelength_lower"].values, data["wavelength_upper"].values


def test_constant_resolution(make):
    got = binned(make(), resolution=20.0)
    lower, upper = edges(got)
    power = got["wavelength"].values / (upper - lower)
    assert power[:-1] == pytest.approx(np.full(len(power) - 1, 20.0))
    assert power[-1] >= 20.0  # cut off at the last channel
    assert (lower[0], upper[-1]) == pytest.approx((1.0, 2.0))
    assert lower[1:] == pytest.approx(upper[:-1])
    assert got["flux"].values.sum() == pytest.approx(node(make())["flux"].values.sum())


def test_constant_width_leaves_out_a_last_bin_that_is_less_than_half_full(make):
    got = binned(make(), width="120 nm")
    lower, upper = edges(got)
    assert upper - lower == pytest.approx(np.full(8, 0.12))
    assert int(got["channels_left_out"]) == 2  # from 1.96 um on
    fuller = binned(make(), width=0.13)
    assert len(edges(fuller)[0]) == 8
    assert edges(fuller)[1][-1] == pytest.approx(2.0)


def test_a_range_anchors_the_bins(make):
    lower, upper = edges(binned(make(), width=0.1, range=[1.15, 1.55]))
    assert lower == pytest.approx([1.15, 1.25, 1.35, 1.45])
    assert upper[-1] == pytest.approx(1.55)
    # bins before the first channel are not made
    assert edges(binned(make(), width=0.1, range=[0.5, 1.2]))[0] == pytest.approx([1.0, 1.1])


def test_groups_of_channels(make):
    got = binned(make(), channels=4)
    assert got.sizes["wavelength"] == 13  # the last one of two
    assert binned(make(), channels=8).sizes["wavelength"] == 6
    assert got["flux"].values[0] == pytest.approx(node(make())["flux"].values[:4].sum(axis=0))
    same = binned(make(), channels=1)
    assert same["flux"].values == pytest.approx(node(make())["flux"].values)


def test_edges_in_yaml_touching_or_not(make):
    assert edges(binned(make(), edges=[1.0, 1.1, 1.3]))[1].tolist() == [1.1, 1.3]
    got = binned(make(), edges=[[1.0, 1.1], [1.5, 1.55]])
    assert edges(got)[0].tolist() == [1.0, 1.5]
    assert got["flux"].values[1] == pytest.approx(
        node(make())["flux"].values[25:27].sum(axis=0) + 0.5 * node(make())["flux"].values[27]
    )
    assert int(got["channels_left_out"]) == 42


def test_edges_from_a_table_in_any_unit(make, tmp_path):
    from astropy.table import Table

    ecsv = Table({"low": [1500.0, 1000.0], "high": [1600.0, 1200.0]}, units={"low": "nm", "high": "nm"})
    ecsv.write(tmp_path / "bins.ecsv")
    got = binned(make(), edges={"path": str(tmp_path / "bins.ecsv"), "lower": "low", "upper": "high"})
    assert np.stack(edges(got)) == pytest.approx(np.array([[1.0, 1.5], [1.2, 1.6]]))
    (tmp_path / "bins.csv").write_text("wavelength_lower,wavelength_upper\n10000,12000\n")
    got = binned(make(), edges={"path": str(tmp_path / "bins.csv"), "units": "Angstrom"})
    assert np.stack(edges(got)) == pytest.approx(np.array([[1.0], [1.2]]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("low,high\n1,2\n", "has no column 'wavelength_lower' .there: low, high"),
        ("wavelength_lower,wavelength_upper\n1.2,1.1\n", "row 0 runs from 1.2 to 1.1 um"),
        ("wavelength_lower,wavelength_upper\na,b\n", "holds text"),
        ("wavelength_lower,wavelength_upper\n", "has no rows|holds text"),
        ("wavelength_lower,wavelength_upper\n1.0,1.4\n1.1,1.3\n", "two bins have the same centre, 1.2 um"),
    ],
)
def test_bad_tables_of_edges_are_named(make, tmp_path, text, said):
    (tmp_path / "bins.csv").write_text(text)
    with pytest.raises(InputFileError, match=said):
        binned(make(), edges={"path": str(tmp_path / "bins.csv")})


def test_flux_density_is_averaged_and_counts_are_summed(make):
    level = np.full(50, 3.0)
    density = binned(make("W m-2 um-1", level), width=0.1)
    assert density["flux"].values.mean() == pytest.approx(3.0, rel=1e-3)
    rate = binned(make("electron / s", level), width=0.1)
    assert rate["flux"].values.mean() == pytest.approx(15.0, rel=1e-3)
    relative = binned(make("", level), width=0.1)
    assert relative["flux"].values.mean() == pytest.approx(3.0, rel=1e-3)
    # brighter channels scatter less and weigh more
    assert (relative["flux_error"].values < binned(make("", level), width=0.1, average="width")["flux_error"]).all()


def test_noise_averages_as_the_errors_say(make):
    for units in ("electron", "", "W m-2 um-1"):
        got = binned(make(units), channels=10, time_samples=2)
        pulls = (got["flux"] - got["flux"].mean("time")) / got["flux_error"]
        # 300 samples: the standard deviation is known to 4 %
        assert float(pulls.std()) == pytest.approx(1.0, abs=0.15)


def test_what_hangs_on_wavelength_and_time_follows(make):
    given = node(make())
    got = binned(make(), channels=5, time_samples=3)
    assert got["time"].values == pytest.approx(given["time"].values.reshape(40, 3).mean(axis=1), abs=1e-9)
    assert got["time"].attrs == given["time"].attrs
    assert got["x"].values == pytest.approx(given["x"].values.reshape(40, 3).mean(axis=1))
    assert got["x"].attrs["role"] == "regressor"
    light = np.median(given["flux"].values, axis=1).reshape(10, 5)
    by_light = (light * np.arange(50.0).reshape(10, 5)).sum(axis=1) / light.sum(axis=1)
    assert got["background"].values[:, 7] == pytest.approx(by_light, rel=1e-4)
    assert got["background"].attrs["role"] == "regressor"
    by_light = (light * given["wavelength"].values.reshape(10, 5)).sum(axis=1) / light.sum(axis=1)
    assert got["limb_darkening"].values == pytest.approx(np.outer([1.0, 0.5], by_light), rel=1e-5)
    assert got["limb_darkening"].attrs["law"] == "quadratic"
    assert float(got["white_depth"]) == 0.02
    # from the start of the first exposure to the end of the third
    assert got.attrs["exposure_time"] == pytest.approx(2 * 90.0 + 80.0)
    assert got["coverage"].values == pytest.approx(np.ones(10))


def test_a_regressor_among_the_coordinates_is_kept(make):
    given = make()
    data = node(given).set_coords(["x", "background"])
    got = binned(make_observation("W", {"NRS1/0": data}, period=4.0), channels=5, time_samples=3)
    assert {"x", "background"} <= set(got.variables)


def test_bins_in_time_do_not_reach_over_gaps(make):
    data = node(make())
    time = data["time"].values + 0.05 * (np.arange(N_TIME) >= 50)
    data = data.assign_coords(time=("time", time, data["time"].attrs))
    got = binned(make_observation("W", {"NRS1/0": data}, period=4.0), time=600.0)
    members = [np.flatnonzero(np.abs(time - t) < 300.0 / 86400.0) for t in got["time"].values]
    assert all(len(set(m >= 50)) == 1 for m in members)
    assert got.sizes["time"] == 8 + 10  # 50 exposures are 4500 s, 70 are 6300 s
    joined = binned(make_observation("W", {"NRS1/0": data}, period=4.0), time=600.0, gap=86400.0)
    assert joined["time"].values[0] == pytest.approx(got["time"].values[0], abs=1e-3)
    assert joined.sizes["time"] < round((120 * 90.0 + 0.05 * 86400.0) / 600.0)  # empty bins are not made


def test_masked_samples_leave_no_dip_and_all_masked_stay_masked(make):
    data = node(make()).copy(deep=True)
    data["mask"].values[40, 30:90] = True
    data["flux"].values[40, 30:90] = np.nan
    data["mask"].values[:, 5] = True
    data["mask"].values[20:25] = True
    got = binned(make_observation("W", {"NRS1/0": data}, period=4.0), channels=5)
    mask = got["mask"].values
    assert mask[:, 5].all()
    assert mask[4].all()
    assert mask.sum() == 10 + N_TIME - 1
    whole = binned(make(), channels=5)["flux"].values[8]
    assert got["flux"].values[8, 30:90] / whole[30:90] == pytest.approx(np.ones(60), abs=2e-3)
    assert np.mean(got["flux"].values[8, 30:90] / whole[30:90]) == pytest.approx(1.0, abs=2e-4)
    assert np.isfinite(got["flux"].values[~mask]).all()


def test_a_lost_channel_shows_in_the_coverage(make):
    data = node(make()).copy(deep=True)
    data["mask"].values[:3] = True
    got = binned(make_observation("W", {"NRS1/0": data}, period=4.0), channels=5)
    assert got["coverage"].values[:2] == pytest.approx([0.4, 1.0])
    assert got.attrs["flags"] == "bins-partly-covered"


def test_errors_are_held_against_the_scatter_again_where_they_were(make):
    """Noise that all channels share does not average out: the errors of bins are too small, and it shows."""
    data = node(make())
    common = 1.0 + 6e-4 * np.random.default_rng(1).standard_normal(N_TIME)
    data = data.assign(flux=(data["flux"].dims, data["flux"].values * common, data["flux"].attrs))
    cleaned = Clean(errors="rescale").apply(make_observation("W", {"NRS1/0": data}, period=4.0))
    got = binned(cleaned, channels=10)
    assert np.median(got["error_ratio"].values) < 0.6
    assert "errors-underestimated" in got.attrs["flags"]
    assert "error_ratio" not in binned(make(), channels=10)


def test_instruments_have_bins_of_their_own(make):
    two = make(instruments=("NRS1", "NRS2"))
    result = dict(nodes(Bin(instruments=["NRS2"], channels=5).apply(two)))
    assert [result[p].sizes["wavelength"] for p in ("NRS1/0", "NRS2/0")] == [50, 10]
    own = {"NRS1": {"channels": 2}, "NRS2": {"width": 0.1, "time_samples": 2}}
    result = dict(nodes(Bin(instruments=own).apply(two)))
    assert [result[p].sizes["wavelength"] for p in ("NRS1/0", "NRS2/0")] == [25, 10]
    assert [result[p].sizes["time"] for p in ("NRS1/0", "NRS2/0")] == [120, 60]
    rest = dict(nodes(Bin(channels=10, instruments={"NRS1": {"channels": 2}}).apply(two)))
    assert [rest[p].sizes["wavelength"] for p in ("NRS1/0", "NRS2/0")] == [25, 5]


@pytest.fixture
def depths(make):
    rng = np.random.default_rng(2)
    error = rng.uniform(5e-5, 2e-4, 50)
    shared = 4e-5**2
    data = node(make()).assign(
        depth=("wavelength", 0.02 + 1e-3 * np.linspace(0, 1, 50) + error * rng.standard_normal(50), {"units": ""}),
        depth_error=("wavelength", error, {"units": ""}),
        depth_error_lower=("wavelength", 0.9 * error, {"units": ""}),
        depth_error_upper=("wavelength", 1.1 * error, {"units": ""}),
        depth_covariance=(("wavelength", "wavelength_other"), np.diag(error**2 - shared) + shared, {"units": ""}),
        chi2_reduced=("wavelength", np.ones(50)),
        channel_flags=("wavelength", np.array(["at-bound" if i == 7 else "" for i in range(50)])),
        model=(("wavelength", "time"), node(make())["flux"].values, {"units": "electron"}),
        detrended_flux=(("wavelength", "time"), np.ones((50, N_TIME)), {"units": ""}),
        clipped=(("wavelength", "time"), np.zeros((50, N_TIME), bool)),
        white_sample=(("draw", "white_parameter"), np.zeros((7, 2))),
    )
    data = data.assign_coords(white_parameter=["radius_ratio", "inclination"])
    return make_observation("W", {"NRS1/0": data}, period=4.0)


def test_spectra_of_depths_are_binned_with_their_covariance(depths):
    given, got = node(depths), binned(depths, channels=10)
    weight = 1.0 / np.square(given["depth_error"].values).reshape(5, 10)
    mean = (weight * given["depth"].values.reshape(5, 10)).sum(axis=1) / weight.sum(axis=1)
    assert got["depth"].values == pytest.approx(mean)
    covariance = given["depth_covariance"].values
    w = weight[0] / weight[0].sum()
    assert got["depth_error"].values[0] == pytest.approx(np.sqrt(w @ covariance[:10, :10] @ w))
    assert got["depth_covariance"].values[0, 1] == pytest.approx(4e-5**2)
    assert got["depth_error_upper"].values == pytest.approx(1.1 * got["depth_error"].values)
    assert got["channel_flags"].values.tolist() == ["at-bound", "", "", "", ""]
    assert set(got.attrs["not_binned"].split()) == {"chi2_reduced", "clipped"}
    assert got["white_sample"].identical(given["white_sample"])
    assert got["model"].values == pytest.approx(got["flux"].values)
    assert got["detrended_flux"].values == pytest.approx(np.ones((5, N_TIME)))


def test_errors_of_binned_depths_hold_noise_that_channels_share(depths):
    data = node(depths).drop_vars("depth_covariance")
    common = 1.0 + 6e-4 * np.random.default_rng(3).standard_normal(N_TIME)
    shaken = data.assign(
        flux=(data["flux"].dims, data["flux"].values * common, data["flux"].attrs),
        model=data["flux"].mean("time").broadcast_like(data["flux"]).assign_attrs(units="electron"),
    )
    observation = make_observation("W", {"NRS1/0": shaken}, period=4.0)
    got = binned(observation, channels=10)
    assert (got["shared_noise"].values > 1.5).all()
    apart = binned(observation, channels=10, shared_noise="ignore")
    assert "shared_noise" not in apart
    assert got["depth_error"].values == pytest.approx((apart["depth_error"] * got["shared_noise"]).values)
    assert got["depth_error_lower"].values == pytest.approx(0.9 * got["depth_error"].values)


def test_depths_without_light_curves(depths):
    data = node(depths)[["depth", "depth_error"]]
    got = binned(make_observation("W", {"NRS1/0": data}, period=4.0), resolution=10.0)
    assert set(got.data_vars) == {"depth", "depth_error", "coverage", "channels_left_out"}
    assert (got["depth_error"].values < 8e-5).all()


def test_depths_cannot_be_binned_in_time(depths):
    with pytest.raises(DataError, match="time can only be binned before they are fitted"):
        binned(depths, time_samples=2)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"edges": [[1.0, 1.1], [2.5, 2.6]]}, r"no channel lies in 1 of 2 bins \(2.5-2.6 um\); .* 1 to 2 um"),
        ({"width": 5.0}, "are 0.2 bins long; make bins narrower"),
        ({"resolution": 0.6}, "bins long; make bins narrower"),
        ({"resolution": 0.4}, "wider than twice their wavelength"),
        ({"width": 1e-7}, "make bins wider"),
        ({"width": 0.1, "range": [3.0, 4.0]}, "holds no channel; they run from 1 to 2 um"),
        ({"channels": 51}, "bins of 51 channels, but there are 50"),
        ({"time": 30.0}, "time bins of 30 s are shorter than the 90 s between exposures"),
        ({"time_samples": 100}, "time bins of 100 exposures leave 1 of 120"),
        ({"time": 1e6}, "leave 1 of 120 exposures"),
        ({"channels": 2, "instruments": ["NRS2"]}, r"there is no 'NRS2' \(there: NRS1\)"),
        ({"channels": 2, "instruments": {"MIRI": {"channels": 4}}}, "there is no 'MIRI'"),
    ],
)
def test_what_cannot_be_done_is_said(make, params, said):
    with pytest.raises(DataError, match=said):
        binned(make(), **params)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "nothing says how to bin"),
        ({"instruments": ["NRS1"]}, "nothing says how to bin"),
        ({"resolution": 100, "width": 0.1}, "resolution and width all say how wide bins are"),
        ({"time": 60, "time_samples": 3}, "time and time_samples both"),
        ({"resolution": 0}, "greater than 0"),
        ({"width": -0.1}, "greater than 0"),
        ({"edges": [1.0, 1.2, 1.1]}, "edges must ascend, but 1.1 follows 1.2"),
        ({"edges": [[1.0, 1.2], [0.8, 0.9]]}, r"bin 1 \[0.8, 0.9\] lies before"),
        ({"edges": [[1.2, 1.0]]}, "bin 0 must have a lower edge below"),
        ({"edges": [1.0]}, "at least two edges"),
        ({"channels": 2, "range": [1.0, 2.0]}, "range goes with resolution or width"),
        ({"width": 0.1, "range": [2.0, 1.0]}, "range is"),
        ({"width": "3 s"}, "expected a number or a quantity in 'um'"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_runs(params, said):
    with pytest.raises(ParameterError, match=said):
        Bin(**params)


def test_one_channel_of_unknown_width_is_binned_in_time_only(make):
    one = make_observation("W", {"NRS1/0": node(make()).isel(wavelength=[3])}, period=4.0)
    assert binned(one, time_samples=4).sizes["time"] == 30
    with pytest.raises(DataError, match="one channel has no wavelength_lower"):
        binned(one, width=0.1)


def test_wrong_edges_of_channels_are_named(make):
    data = node(make())
    wavelength = data["wavelength"].values
    data = data.assign_coords(
        wavelength_lower=("wavelength", wavelength + 0.1, {"units": "um"}),
        wavelength_upper=("wavelength", wavelength - 0.1, {"units": "um"}),
    )
    with pytest.raises(DataError, match=r"channel 0 at 1\.01 um has wavelength_lower 1\.11"):
        binned(make_observation("W", {"NRS1/0": data}), channels=2)


def test_more_bins_than_channels_carry_a_flag(make):
    assert binned(make(), width=0.01).attrs["flags"] == "oversampled"


@pytest.mark.parametrize("params", [{"channels": 5}, {"time_samples": 4}])
def test_light_curves_without_light_are_refused_rather_than_masked(make, params):
    data = node(make())
    dark = data.assign(flux=data["flux"] - 5e5)
    dark["flux"].attrs = data["flux"].attrs
    with pytest.raises(DataError, match="node /NRS1/0: every bin would be masked"):
        binned(make_observation("W", {"NRS1/0": dark}, period=4.0), **params)


def test_a_bin_that_is_lost_carries_a_flag(make):
    data = node(make()).copy(deep=True)
    data["mask"].values[:5] = True
    got = binned(make_observation("W", {"NRS1/0": data}, period=4.0), channels=5)
    assert got["mask"].values.all(axis=1).tolist() == [True] + [False] * 9
    assert got.attrs["flags"] == "bins-lost bins-partly-covered"
