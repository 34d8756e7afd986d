"""Figures show the numbers they are given, with units, and leave matplotlib as it was."""

from __future__ import annotations

import sys
from subprocess import run

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib.container import ErrorbarContainer

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError, RunError
from specframe.report import (
    draw_allan,
    draw_calibration,
    draw_comparison,
    draw_light_curve,
    draw_posterior,
    draw_residual_image,
    draw_spectrum,
    png_bytes,
    save_figure,
)
from specframe.report.white_light import light_curve

WAVELENGTH = np.concatenate([[0.7], np.linspace(1.95, 3.9, 11)])


@pytest.fixture
def labels():
    values = 2e-3 + 1e-4 * np.random.default_rng(0).normal(size=(40, 12))
    return make_labels(values, [f"p{i}" for i in range(40)], [f"wl_{i}" for i in range(1, 13)], "", WAVELENGTH)


@pytest.fixture
def prediction(labels):
    std = np.full(labels.shape, 5e-5)
    return make_prediction(labels, labels.values + np.random.default_rng(1).normal(0, std), std)


@pytest.fixture
def node():
    """Three channels of a box transit with a slope; channel 1 is noisy, and some samples are masked."""
    hours = np.linspace(-2, 2, 200)
    transit = np.where(np.abs(hours) < 1, 0.99, 1.0)
    level = np.array([[100.0], [50.0], [200.0]])
    systematics = level * (1 + 0.01 * hours / 2)
    error = np.array([[0.1], [0.5], [0.2]]) * np.ones(200)
    flux = transit * systematics + error * np.random.default_rng(3).normal(size=(3, 200))
    mask = np.zeros((3, 200), bool)
    mask[2, :20] = True
    dims = ("wavelength", "time")
    return xr.Dataset(
        {
            "flux": (dims, flux, {"units": "electron"}),
            "flux_error": (dims, error, {"units": "electron"}),
            "mask": (dims, mask),
            "model": (dims, transit * systematics, {"units": "electron"}),
            "detrended_flux": (dims, flux / systematics, {"units": ""}),
            "contact_time": ("contact", 100 + np.array([-1.05, -0.95, 0.95, 1.05]) / 24, {"units": "d"}),
        },
        coords={
            "wavelength": ("wavelength", [1.0, 2.0, 3.0], {"units": "um"}),
            "time": ("time", 100 + hours / 24, {"units": "d", "time_system": "BJD_TDB", "time_reference": "0"}),
        },
    )


def error_bars(ax, number=0):
    """Points and half-lengths of the bars of an error-bar plot: (x, y, below, above)."""
    container = [c for c in ax.containers if isinstance(c, ErrorbarContainer)][number]
    x, y = container.lines[0].get_data()
    if not container.lines[2]:
        return x, y, None, None
    ends = np.array([segment[:, 1] for segment in container.lines[2][0].get_segments()])
    return x, y, y - ends[:, 0], ends[:, 1] - y


def test_spectrum_shows_mean_and_68_percent_interval_in_ppm(prediction, labels):
    ax, below = draw_spectrum(prediction, "p7", labels).axes
    x, y, down, up = error_bars(ax)
    np.testing.assert_allclose(x, WAVELENGTH)
    np.testing.assert_allclose(y, 1e6 * prediction["mean"].sel(target="p7"))
    np.testing.assert_allclose(down, 0.99446 * 50, rtol=1e-4)
    np.testing.assert_allclose(up, 0.99446 * 50, rtol=1e-4)
    assert ax.get_ylabel() == "Transit depth (ppm)"
    assert below.get_xlabel() == "Wavelength (µm)"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["truth", "prediction, 68 % interval"]
    np.testing.assert_allclose(error_bars(below)[1], 1e6 * (prediction["mean"] - labels).sel(target="p7"))


def test_spectrum_prefers_stated_bounds_and_takes_outputs_in_any_order(prediction, labels):
    stated = prediction.assign(
        lower=(("target", "output", "level"), prediction["mean"].values[..., None] - 1e-5),
        upper=(("target", "output", "level"), prediction["mean"].values[..., None] + 3e-5),
    ).assign_coords(level=[0.68])
    x, y, down, up = error_bars(draw_spectrum(stated.isel(output=slice(None, None, -1)), "p0", labels).axes[0])
    np.testing.assert_allclose(x, WAVELENGTH)
    np.testing.assert_allclose(y, 1e6 * prediction["mean"].sel(target="p0"))
    np.testing.assert_allclose(down, 10, rtol=1e-6)
    np.testing.assert_allclose(up, 30, rtol=1e-6)


def test_spectrum_does_not_join_the_truth_over_a_gap_in_wavelength(prediction, labels):
    ax = draw_spectrum(prediction, "p7", labels).axes[0]
    truth = [line for line in ax.lines if line.get_color() == "#D55E00"]
    assert [line.get_xdata().size for line in truth] == [1, 11]


def test_spectrum_without_truth_has_one_panel(prediction, labels):
    assert len(draw_spectrum(prediction, "p7").axes) == 1
    assert len(draw_spectrum(prediction, "p7", labels.isel(target=slice(0, 5))).axes) == 1


def test_deep_transits_are_in_percent(labels):
    deep = labels * 10
    ax = draw_spectrum(make_prediction(deep, deep.values), "p7").axes[0]
    assert ax.get_ylabel() == "Transit depth (%)"
    np.testing.assert_allclose(error_bars(ax)[1], 1e3 * labels.sel(target="p7"))


def test_a_dollar_sign_in_a_name_is_no_formula(prediction):
    named = prediction.assign_coords(target=[r"$\nonsense$", *prediction["target"].values[1:]])
    assert png_bytes(draw_spectrum(named, r"$\nonsense$")).startswith(b"\x89PNG")


def test_spectrum_of_an_unknown_target_is_an_error(prediction):
    with pytest.raises(DataError, match="target 'WASP-39 b' is not among the 40 predicted ones"):
        draw_spectrum(prediction, "WASP-39 b")


def test_spectrum_needs_wavelengths(prediction):
    with pytest.raises(DataError, match="have no wavelengths"):
        draw_spectrum(prediction.drop_vars("wavelength"), "p7")


def test_measured_spectrum_has_the_errors_of_the_fit_and_the_channels(prediction):
    measured = prediction.isel(target=[7]).assign(
        error_lower=(("target", "output"), np.full((1, 12), 3e-5)),
        error_upper=(("target", "output"), np.full((1, 12), 6e-5)),
    )
    measured = measured.assign_coords(
        wavelength_lower=("output", WAVELENGTH - 0.05), wavelength_upper=("output", WAVELENGTH + 0.05)
    )
    measured.attrs["measured"] = 1
    measured["mean"].attrs["long_name"] = "eclipse depth Fp/F*"
    ax = draw_spectrum(measured, "p7").axes[0]
    _, _, down, up = error_bars(ax)
    np.testing.assert_allclose(down, 30)
    np.testing.assert_allclose(up, 60)
    assert ax.get_ylabel() == "Eclipse depth (ppm)"
    assert ax.get_legend().get_texts()[0].get_text() == "measured, 68 % interval"
    bars = [collection for collection in ax.collections if len(collection.get_segments()) == 12]
    widths = [np.ptp(segment[:, 0]) for segment in bars[-1].get_segments()]
    np.testing.assert_allclose(widths, 0.1)


def test_published_spectra_lie_over_the_measured_one(prediction):
    data = {"depth": ("wavelength", [0.002, 0.0021]), "depth_error": ("wavelength", [1e-5, 2e-5])}
    other = xr.Dataset(data, coords={"wavelength": [1.0, 2.0]})
    ax = draw_spectrum(prediction, "p7", published={"Somebody (2020)": other}).axes[0]
    x, y, down, up = error_bars(ax, 1)
    np.testing.assert_allclose(x, [1.0, 2.0])
    np.testing.assert_allclose(y, [2000, 2100])
    np.testing.assert_allclose(down, [10, 20])
    np.testing.assert_allclose(up, [10, 20])
    assert [text.get_text() for text in ax.get_legend().get_texts()][-1] == "Somebody (2020)"


def test_a_white_curve_that_was_fitted_is_the_white_light(node):
    time = node["time"].values
    white = 7.0 + 0.01 * np.sin(50 * time)
    fitted = node.drop_vars("contact_time").assign(
        white_flux=("time", white),
        white_flux_error=("time", np.full(200, 0.014)),
        white_model=("time", white + 0.007),
        white_systematics=("time", np.full(200, 7.0)),
        white_mask=("time", np.arange(200) == 3),
        mid_transit=((), 100.5, {"units": "d"}),
    )
    curve = light_curve(fitted)
    good = np.arange(200) != 3
    median = np.median(white[good])
    np.testing.assert_allclose(curve.flux[good], white[good] / median)
    assert np.isnan(curve.flux[3])
    assert curve.clipped[3] == pytest.approx(white[3] / median)
    np.testing.assert_allclose(curve.flux_error, 0.014 / median)
    np.testing.assert_allclose(curve.transit, (white + 0.007) / 7.0)
    np.testing.assert_allclose(curve.detrended[good], white[good] / 7.0)
    np.testing.assert_allclose(curve.hours, 24 * (time - 100.5))


def test_an_eclipse_is_called_so(node):
    axes = draw_light_curve(node.assign_attrs(quantity="eclipse depth Fp/F*")).axes
    assert axes[-1].get_xlabel() == "Time from mid-eclipse (h)"
    assert "eclipse" in [text.get_text() for text in axes[1].get_legend().get_texts()]


class TestPosterior:
    """The corner plot of the white-light fit."""

    @staticmethod
    def _node(draws, names=("mid_transit", "radius_ratio")):
        coords = {"white_parameter": list(names)}
        sample = xr.DataArray(draws, dims=("draw", "white_parameter"), coords=coords)
        return xr.Dataset({"white_sample": sample.assign_attrs(units_of='{"mid_transit": "d"}')})

    def test_each_parameter_has_a_row_and_dates_are_relative(self):
        rng = np.random.default_rng(5)
        draws = rng.normal([59787.0568, 0.146], [2e-5, 3e-4], (3000, 2))
        fig = draw_posterior(self._node(draws), "WASP-39b")
        assert len(fig.axes) == 4
        below = fig.axes[2]
        assert below.get_xlabel().startswith("mid transit\n- 59787.0568")
        assert below.get_xlabel().endswith(" d (s)")
        assert below.get_ylabel() == "radius ratio"
        low, high = below.get_xlim()
        assert low < 0 < 4 < high < 20  # 2e-5 d are 1.7 s
        assert png_bytes(fig).startswith(b"\x89PNG")

    def test_parameters_that_do_not_vary_are_left_out(self):
        draws = np.random.default_rng(6).normal(size=(500, 2)) * [0.0, 1.0]
        assert len(draw_posterior(self._node(draws)).axes) == 1
        with pytest.raises(DataError, match="no parameter varies"):
            draw_posterior(self._node(np.zeros((500, 2))))

    def test_it_needs_draws(self, node):
        with pytest.raises(DataError, match="no white_sample"):
            draw_posterior(node)


def test_comparison_of_one_output(prediction, labels):
    ax, below = draw_comparison(prediction, labels, "wl_3").axes
    x, y, down, _ = error_bars(ax)
    np.testing.assert_allclose(x, 1e6 * labels.sel(output="wl_3"))
    np.testing.assert_allclose(y, 1e6 * prediction["mean"].sel(output="wl_3"))
    np.testing.assert_allclose(down, 0.99446 * 50, rtol=1e-4)
    np.testing.assert_allclose(error_bars(below)[1], y - x)
    error = 1e6 * (prediction["mean"] - labels).sel(output="wl_3").values
    stated = f"rms {np.sqrt(np.mean(error**2)):.3g} ppm, median |residual| {np.median(np.abs(error)):.3g} ppm"
    assert below.texts[0].get_text() == stated


def test_comparison_of_spectra_is_of_their_mean(prediction, labels):
    ax = draw_comparison(prediction, labels).axes[0]
    x, y, down, _ = error_bars(ax)
    np.testing.assert_allclose(x, 1e6 * labels.mean("output"))
    np.testing.assert_allclose(y, 1e6 * prediction["mean"].mean("output"))
    assert down is None
    assert ax.get_title(loc="left") == "mean of 12 channels"


def test_comparison_takes_the_error_of_the_mean_from_the_covariance(prediction, labels):
    """Twelve independent errors of 50 ppm: their mean has 50 / sqrt(12)."""
    covariance = np.broadcast_to(np.eye(12) * 5e-5**2, (40, 12, 12))
    rich = prediction.assign(covariance=(("target", "output", "output_other"), covariance))
    np.testing.assert_allclose(error_bars(draw_comparison(rich, labels).axes[0])[2], 50 / np.sqrt(12), rtol=1e-6)


def test_comparison_of_a_parameter_keeps_its_units():
    labels = make_labels([[1500.0], [2000.0], [2500.0]], list("abc"), ["teff"], "K")
    ax, below = draw_comparison(make_prediction(labels, [[1510.0], [1990.0], [2500.0]]), labels).axes
    assert ax.get_ylabel() == "Predicted teff (K)"
    assert below.get_ylabel() == "Pred. − true (K)"


def test_comparison_does_not_average_a_temperature_and_a_gravity():
    labels = make_labels([[1500.0, 4.5], [2000.0, 5.0]], list("ab"), ["teff", "logg"])
    prediction = make_prediction(labels, labels.values)
    with pytest.raises(DataError, match="choose one of the outputs teff, logg"):
        draw_comparison(prediction, labels)
    assert draw_comparison(prediction, labels, "logg").axes[0].get_ylabel() == "Predicted logg"


def test_comparison_without_any_truth_is_an_error(prediction, labels):
    with pytest.raises(DataError, match="no target has a known truth"):
        draw_comparison(prediction, labels * np.nan)


def test_calibration_shows_stated_intervals_and_pit(prediction, labels):
    stated = prediction.assign(
        lower=(("target", "output", "level"), np.repeat(labels.values[..., None] - 1e-5, 2, axis=2)),
        upper=(("target", "output", "level"), labels.values[..., None] + [-1e-6, 1e-5]),
    ).assign_coords(level=[0.68, 0.95])
    left, right = draw_calibration(stated, labels).axes
    points = [error_bars(left, i)[:2] for i in range(2)]
    assert [(float(x[0]), float(y[0])) for x, y in points] == [(68.0, 0.0), (95.0, 100.0)]
    heights = right.patches[-1].get_data().values
    assert heights.sum() == pytest.approx(100)
    assert heights.size == 20
    assert left.get_xlabel() == "Nominal coverage (%)"


def test_calibration_needs_errors(prediction, labels):
    with pytest.raises(DataError, match="neither std nor intervals"):
        draw_calibration(prediction.drop_vars("std"), labels)


def test_light_curve_panels_follow_what_there_is(node):
    assert [ax.get_ylabel() for ax in draw_light_curve(node).axes] == [
        "Relative flux",
        "Relative flux",
        "Residual (ppm)",
    ]
    assert len(draw_light_curve(node.drop_vars("detrended_flux")).axes) == 2
    assert len(draw_light_curve(node.drop_vars(["detrended_flux", "model"])).axes) == 1


def test_light_curve_residual_is_in_ppm_of_the_model(node):
    ax = draw_light_curve(node, channel=0).axes[-1]
    x, y, down, _ = error_bars(ax)
    np.testing.assert_allclose(x, np.linspace(-2, 2, 200), atol=1e-9)
    expected = 1e6 * (node["flux"] / node["model"] - 1).isel(wavelength=0)
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(down, 1e6 * (node["flux_error"] / node["model"]).isel(wavelength=0), rtol=1e-6)
    assert ax.get_xlabel() == "Time from mid-transit (h)"


def test_light_curve_without_contacts_counts_from_the_first_exposure(node):
    ax = draw_light_curve(node.drop_vars("contact_time")).axes[-1]
    assert ax.get_xlabel() == "Time from first exposure (h)"
    assert error_bars(ax)[0][[0, -1]] == pytest.approx([0, 4])


def test_transit_is_the_model_without_systematics(node):
    """The box of 1 % that was put in, the slope of 1 % taken out."""
    curve = light_curve(node, channel=0)
    np.testing.assert_allclose(curve.transit, np.where(np.abs(curve.hours) < 1, 0.99, 1.0), rtol=1e-9)


def test_white_light_leaves_out_masked_samples_and_weights_channels(node):
    wild = node.copy(deep=True)
    wild["flux"].values[2, :20] = 1e9  # masked
    curve = light_curve(wild)
    assert np.nanmax(np.abs(curve.flux / curve.model - 1)) < 6e-3
    # channels of 0.1 %, 1 % and 0.1 % (without the third at the start): errors of weighted means
    assert curve.flux_error[100] == pytest.approx(1e-3 * (1 + 0.01 + 1) ** -0.5, rel=0.02)
    assert curve.flux_error[0] == pytest.approx(1e-3 * (1 + 0.01) ** -0.5, rel=0.02)


def test_white_light_tells_how_many_channels_are_in_it(node):
    n = node.sizes["wavelength"]
    assert draw_light_curve(node).get_suptitle().endswith(f"white light of {n} channels")
    node["mask"][0] = True
    assert draw_light_curve(node).get_suptitle().endswith(f"white light of {n - 1} of {n} channels")


def test_light_curve_of_a_channel_that_does_not_exist(node):
    with pytest.raises(DataError, match=r"channel 3 of 3 \(0 to 2\) does not exist"):
        draw_light_curve(node, channel=3)


def test_light_curve_that_is_all_masked(node):
    with pytest.raises(DataError, match="every sample is masked"):
        draw_light_curve(node.assign(mask=node["mask"] | True))


def test_clipped_samples_are_shown_apart_and_the_model_runs_through_them(node):
    alone = node.isel(wavelength=[0])
    clipped = np.zeros((1, 200), bool)
    clipped[0, [50, 120]] = True
    wild = alone.assign(clipped=(("wavelength", "time"), clipped), flux=alone["flux"].where(~clipped, 500.0))
    curve = light_curve(wild)
    assert np.flatnonzero(np.isfinite(curve.clipped)).tolist() == [50, 120]
    assert np.flatnonzero(np.isnan(curve.flux)).tolist() == [50, 120]
    np.testing.assert_allclose(curve.model, light_curve(alone).model, rtol=1e-3)
    names = [text.get_text() for text in draw_light_curve(wild).axes[0].get_legend().get_texts()]
    assert "left out" in names


def test_a_channel_that_could_not_be_fitted_costs_the_others_nothing(node):
    failed = node.copy(deep=True)
    failed["model"].values[1] = np.nan
    failed["detrended_flux"].values[1] = np.nan
    curve, alone = light_curve(failed), light_curve(node.isel(wavelength=[0, 2]))
    np.testing.assert_allclose(curve.model, alone.model)
    np.testing.assert_allclose(curve.transit, alone.transit)


def test_allan_curve_has_a_panel_per_fitted_node(node):
    axes = draw_allan({"A/0": node, "A/1": node, "B/0": node, "B/1": node.drop_vars("model")}, "planet").axes
    assert [ax.get_title(loc="left") for ax in axes] == ["A/0", "A/1", "B/0"]
    with pytest.raises(DataError, match="no node has a model; it is drawn after detrending"):
        draw_allan({"B/1": node.drop_vars("model")})


def test_allan_curve_shows_scatter_in_ppm_over_minutes(node):
    """White noise: 0.1 % in the best channel, and the residuals start where flux_error says."""
    (ax,) = draw_allan({"A/0": node.isel(wavelength=[0])}).axes
    lines = {line.get_label(): line.get_data() for line in ax.lines}
    minutes, scatter = lines["residuals"]
    assert minutes[0] == pytest.approx(4 * 60 / 199)
    assert scatter[0] == pytest.approx(1000, rel=0.1)
    assert lines["from flux_error"][1][0] == pytest.approx(1000, rel=0.02)
    white = lines["white noise"][1]
    np.testing.assert_allclose(white, scatter[0] / np.sqrt(minutes / minutes[0]))
    assert ax.texts[0].get_text().startswith("β = ")
    assert ax.get_xlabel() == "Bin size (min)"


@pytest.mark.parametrize(("unit", "label"), [("sigma", "Residual / flux error"), ("ppm", "Residual (ppm)")])
def test_residual_image_shows_every_sample_that_is_not_masked(node, unit, label):
    above, ax, _, bar = draw_residual_image(node, unit=unit).axes
    relative = 100 * (node["flux"] / node["flux"].where(~node["mask"]).median("time") - 1).transpose(
        "wavelength", "time"
    )
    shown = above.collections[0].get_array()
    np.testing.assert_array_equal(np.ma.getmaskarray(shown), node["mask"].values)
    np.testing.assert_allclose(shown[~shown.mask], relative.values[~node["mask"].values], rtol=1e-9, atol=1e-9)
    image = ax.collections[0].get_array()
    difference = node["flux"] - node["model"]
    expected = difference / node["flux_error"] if unit == "sigma" else 1e6 * difference / node["model"]
    np.testing.assert_array_equal(np.ma.getmaskarray(image), node["mask"].values)
    np.testing.assert_allclose(image[~image.mask], expected.values[~node["mask"].values], rtol=1e-9, atol=1e-6)
    assert bar.get_ylabel() == label


def test_gaps_between_orbits_stay_empty(node):
    time = node["time"].values + np.where(np.arange(200) >= 80, 0.5, 0.0)
    parted = node.assign_coords(time=("time", time, node["time"].attrs)).drop_vars("contact_time")
    mesh = draw_residual_image(parted).axes[1].collections[0]
    image = mesh.get_array()
    assert image.shape == (3, 201)
    assert np.ma.getmaskarray(image)[:, 80].all()
    edges = mesh.get_coordinates()[0, :, 0]
    assert np.all(np.diff(edges) > 0)
    assert edges[81] - edges[80] == pytest.approx(12, rel=1e-6)
    line = next(line for line in draw_light_curve(parted).axes[0].lines if line.get_label() == "model")
    assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [80]


def test_residual_image_before_detrending_is_an_error(node):
    with pytest.raises(DataError, match="the node has no model; it is drawn after detrending"):
        draw_residual_image(node.drop_vars("model"))


def test_a_figure_is_the_same_bytes_every_time(prediction, labels, tmp_path):
    first, second = (save_figure(draw_spectrum(prediction, "p7", labels), tmp_path / f"{i}.png") for i in "ab")
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"\x89PNG")
    assert b"matplotlib" not in first.read_bytes().lower()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def settings():
    """All of matplotlib's settings but the backend, which is chosen when it is looked at."""
    return {name: matplotlib.rcParams[name] for name in matplotlib.rcParams if name != "backend"}


def test_figures_do_not_depend_on_the_users_settings_and_leave_them(prediction):
    expected = png_bytes(draw_spectrum(prediction, "p7"))
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "xtick.labelsize": 4}):
        before = settings()
        assert png_bytes(draw_spectrum(prediction, "p7")) == expected
        assert settings() == before


def test_a_file_that_cannot_be_written_is_said(prediction, tmp_path):
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(RunError, match="cannot write"):
        save_figure(draw_spectrum(prediction, "p7"), tmp_path / "folder" / "a.png")


def test_figures_use_no_pyplot_and_the_package_is_light():
    code = (
        "import sys, specframe.report as report; assert 'matplotlib' not in sys.modules; "
        "from specframe.api import make_labels, make_prediction; "
        "labels = make_labels([[1.0, 2.0]], ['A'], ['a', 'b'], '', [1.0, 2.0]); "
        "report.png_bytes(report.draw_spectrum(make_prediction(labels, labels.values), 'A')); "
        "assert 'matplotlib.figure' in sys.modules; assert 'matplotlib.pyplot' not in sys.modules"
    )
    run([sys.executable, "-c", code], check=True)


@pytest.fixture
def numbered(tmp_path, node):
    """The node as the loader ``table`` gives it from an array of fluxes alone."""
    from specframe.api import nodes
    from specframe_io import Table

    np.savez(tmp_path / "curves.npz", flux=node["flux"].values[None])
    loader = Table(path=tmp_path / "curves.npz", flux="flux", instrument="MIRI")
    ((_, data),) = nodes(loader.load(loader.targets()[0]))
    return data


def test_channels_and_samples_without_coordinates_are_numbered(numbered):
    fig = draw_light_curve(numbered, 1, "planet")
    assert fig.get_suptitle() == "planet, channel 2"
    assert fig.axes[-1].get_xlabel() == "Sample"
    np.testing.assert_array_equal(error_bars(fig.axes[0])[0], np.arange(200))
    assert draw_light_curve(numbered.isel(wavelength=[0])).get_suptitle() == "channel 1"


def test_contacts_of_numbered_samples_are_samples(numbered):
    contacts = numbered.assign(contact_time=("contact", [20.0, 30.0, 170.0, 180.5], {"units": "s"}))
    np.testing.assert_allclose(light_curve(contacts).contacts, [20.0, 30.0, 170.0, 180.5])


def test_residual_image_of_numbered_channels_says_so(numbered):
    modelled = numbered.assign(model=numbered["flux"] * 1.001)
    ax = draw_residual_image(modelled).axes[1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Sample", "Channel")
