"""Figures of errors: by wavelength, against predicted errors, by class, and of several runs."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import colors

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError
from specframe.evaluate import compare_predictions, evaluate_scores
from specframe.evaluate.scores import BiasPpm, Coverage, RmsePpm
from specframe.report import (
    PALETTE,
    draw_classes,
    draw_error_by_sigma,
    draw_error_spectrum,
    draw_paired_scores,
    png_bytes,
)

WAVELENGTH = np.concatenate([[0.7], np.linspace(1.95, 3.9, 11)])


@pytest.fixture
def labels():
    values = 2e-3 + 1e-4 * np.random.default_rng(0).normal(size=(200, 12))
    return make_labels(values, [f"p{i}" for i in range(200)], [f"wl_{i}" for i in range(1, 13)], "", WAVELENGTH)


def with_errors(labels, std, shift=0.0):
    std = std * np.ones(labels.shape)
    return make_prediction(labels, labels.values + std * np.random.default_rng(1).normal(size=std.shape) + shift, std)


def lines(ax, colour):
    """Return the points of all lines of a colour, joined."""
    found = [line for line in ax.lines if colors.to_hex(line.get_color()).upper() == PALETTE[colour]]
    return tuple(np.concatenate([getattr(line, get)() for line in found]) for get in ("get_xdata", "get_ydata"))


def test_errors_by_wavelength_show_what_was_injected(labels):
    std = np.linspace(20e-6, 80e-6, 12)
    above, below = draw_error_spectrum(with_errors(labels, std, shift=30e-6), labels).axes
    wavelength, rms = lines(above, "blue")
    assert list(wavelength) == pytest.approx(list(WAVELENGTH))
    # the rms of 200 values is known to 1 / sqrt(2 * 200) = 5 %
    assert rms == pytest.approx(1e6 * np.hypot(std, 30e-6), rel=0.15)
    assert lines(above, "vermillion")[1] == pytest.approx(1e6 * std)
    assert lines(below, "blue")[1] == pytest.approx(np.full(12, 30.0), abs=20.0)
    assert above.get_ylabel() == "Error (ppm)"
    assert below.get_xlabel() == "Wavelength (µm)"


def test_bands_are_as_wide_as_the_standard_error(labels):
    _, below = draw_error_spectrum(with_errors(labels, 50e-6), labels).axes
    (band,) = below.collections  # one for the channels of AIRS; FGS1 alone is a bar
    low, high = band.get_paths()[0].get_extents().intervaly
    bar = next(line for line in below.lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) == 2)
    # 50 ppm / sqrt(200) = 3.5 ppm to each side
    assert np.ptp(bar.get_ydata()) == pytest.approx(2 * 3.5, rel=0.2)
    assert low < 0 < high


def test_few_targets_have_no_bands(labels):
    few = labels.isel(target=slice(5))
    above, _ = draw_error_spectrum(with_errors(few, 5e-5), few).axes
    assert not above.collections


def test_outputs_without_wavelengths_have_no_error_spectrum():
    labels = make_labels(np.ones((9, 2)), [f"p{i}" for i in range(9)], ["a", "b"])
    with pytest.raises(DataError, match="error spectrum: the outputs have no wavelengths"):
        draw_error_spectrum(make_prediction(labels, labels.values), labels)


def test_calibrated_errors_lie_on_the_diagonal(labels):
    std = np.random.default_rng(3).uniform(2e-5, 2e-4, labels.shape)
    (ax,) = draw_error_by_sigma(with_errors(labels, std), labels).axes
    (bars,) = ax.containers
    sigma, rms = bars.lines[0].get_data()
    assert sigma.size == 12
    assert np.all(np.diff(sigma) > 0)
    # 200 values in each bin
    assert rms == pytest.approx(sigma, rel=0.2)
    png_bytes(ax.figure)


def test_errors_that_know_nothing_are_level(labels):
    claimed = np.random.default_rng(3).uniform(2e-5, 2e-4, labels.shape)
    prediction = with_errors(labels, 1e-4).assign(std=(("target", "output"), claimed))
    (bars,) = draw_error_by_sigma(prediction, labels).axes[0].containers
    assert bars.lines[0].get_ydata() == pytest.approx(np.full(12, 100.0), rel=0.2)


def test_equal_sigmas_are_one_point(labels):
    (bars,) = draw_error_by_sigma(with_errors(labels, 5e-5), labels).axes[0].containers
    assert bars.lines[0].get_xdata() == pytest.approx([50.0])


def test_error_by_sigma_needs_errors(labels):
    with pytest.raises(DataError, match="no std; add an uncertainty step"):
        draw_error_by_sigma(with_errors(labels, 5e-5).drop_vars("std"), labels)


def test_unknown_truths_are_left_out_of_both(labels):
    prediction = with_errors(labels, 5e-5)
    holed = labels.copy(deep=True)
    holed[:100, 3] = np.nan
    above, _ = draw_error_spectrum(prediction, holed).axes
    assert np.isfinite(lines(above, "blue")[1]).all()
    (bars,) = draw_error_by_sigma(prediction, holed).axes[0].containers
    assert np.isfinite(bars.lines[0].get_ydata()).all()


def test_classes_have_a_point_and_an_interval_for_each_score(labels):
    prediction = with_errors(labels, 5e-5)
    classes = {
        name: evaluate_scores([RmsePpm(), Coverage()], prediction.isel(target=rows), labels.isel(target=rows), 50)
        for name, rows in {"cool": slice(0, 50), "hot": slice(50, 200)}.items()
    }
    axes = draw_classes("star", classes).axes
    assert [ax.get_title("left") for ax in axes] == ["rmse-ppm", "coverage-68", "coverage-95"]
    points = [line for line in axes[0].lines if line.get_marker() == "o"]
    values = [found.values["rmse-ppm"] for found in classes.values()]
    assert [line.get_ydata()[0] for line in points] == pytest.approx(values)
    assert [label.get_text() for label in axes[-1].get_xticklabels()] == ["cool\n(50)", "hot\n(150)"]
    with pytest.raises(DataError, match="scores by star: no class has a score"):
        draw_classes("star", {})


def test_runs_side_by_side(labels):
    pairs = {"one": (with_errors(labels, 5e-5), labels), "two": (with_errors(labels, 5e-5, shift=1e-4), labels)}
    paired = compare_predictions(pairs, [RmsePpm(), BiasPpm()], draws=50)
    axes = draw_paired_scores(paired).axes
    assert [ax.get_title("left") for ax in axes] == ["rmse-ppm", "minus one", "bias-ppm", ""]
    (point,) = [line for line in axes[3].lines if line.get_marker() == "o"]
    assert point.get_xdata() == pytest.approx([100.0])
    assert colors.to_hex(point.get_markerfacecolor()).upper() == PALETTE["vermillion"]  # it leaves out zero
    with pytest.raises(DataError, match="none of the predictions has any of the scores"):
        draw_paired_scores(paired, ["crps"])
