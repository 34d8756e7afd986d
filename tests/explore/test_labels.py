"""Labels: what varies, what correlates, and which combinations of a grid are missing."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from specframe.api import make_labels
from specframe.errors import DataError
from specframe.explore import (
    grid_coverage,
    label_statistics,
    plot_label_boxes,
    plot_label_correlations,
    plot_label_coverage,
    plot_label_histograms,
)
from specframe.explore.correlation import pearson, spearman
from specframe.explore.label_section import label_section
from specframe.report import png_bytes


def labels(rows, names, units=""):
    return make_labels(rows, [f"t{i}" for i in range(len(rows))], names, units)


@pytest.fixture
def holed():
    """A grid of 4 x 3 x 2 without two of its 24 combinations, one of the others twice, and a label that is constant."""
    rows = [(*row, 7.0) for row in product([900, 1000, 1100, 1200], [4.0, 4.5, 5.0], [-0.5, 0.5])]
    rows.remove((1100, 4.5, 0.5, 7.0))
    rows.remove((1200, 5.0, -0.5, 7.0))
    return labels([*rows, rows[0]], ["temperature", "gravity", "metals", "clouds"], ["K", "", "", ""])


def test_holes_and_repeated_combinations_are_found(holed):
    found = grid_coverage(holed)
    assert list(found.axes) == ["temperature", "gravity", "metals"]  # clouds span nothing
    assert (found.possible, found.filled, found.repeated, found.missing) == (24, 22, 1, 2)
    assert found.holes.tolist() == [[1100, 4.5, 0.5], [1200, 5.0, -0.5]]


def test_the_section_tells_holes_and_constant_labels(holed):
    section = label_section(holed)
    text = " ".join(section.findings)
    assert "4 temperature x 3 gravity x 2 metals has 24 combinations; 22 have a target, 2 (8.33 %) are holes" in text
    assert "Holes: temperature 1100, gravity 4.5, metals 0.5; temperature 1200, gravity 5, metals -0.5." in text
    assert "Label clouds is 7 for every target" in text
    assert [table.name for table in section.tables] == ["labels", "holes"]


def test_continuous_labels_span_no_grid():
    values = np.random.default_rng(0).normal(size=(50, 2))
    assert grid_coverage(labels(values, ["a", "b"])) is None
    assert any("span no grid" in text for text in label_section(labels(values, ["a", "b"])).missing)


def test_statistics_leave_missing_labels_out():
    table = label_statistics(labels([[1.0], [np.nan], [3.0], [8.0]], ["x"], ["um"]))
    columns = {name: values[0] for name, values in table.columns.items()}
    assert (columns["known"], columns["lowest"], columns["median"], columns["highest"]) == (3, 1.0, 3.0, 8.0)
    assert columns["unit"] == "um"


def test_correlations_agree_with_scipy_where_values_are_missing():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(60, 3)), rng.normal(size=(60, 2))
    b[:, 0] += 2 * a[:, 1] ** 3
    a *= [1e-15, 1e15, 1.0]  # in whatever units
    a[5:20, 1] = np.nan
    linear, ranked = pearson(a, b), spearman(a, b)
    for i in range(3):
        for j in range(2):
            known = np.isfinite(a[:, i])
            assert linear[i, j] == pytest.approx(stats.pearsonr(a[known, i], b[known, j])[0], abs=1e-9)
            if known.all():  # ranks are those of whole columns
                assert ranked[i, j] == pytest.approx(stats.spearmanr(a[known, i], b[known, j])[0], abs=1e-9)


def test_a_constant_column_has_no_correlation():
    assert np.isnan(pearson(np.full((10, 1), 0.1), np.arange(10.0)[:, None])).all()


def test_every_figure_is_drawn(holed):
    for draw in (plot_label_histograms, plot_label_boxes, plot_label_correlations, plot_label_coverage):
        assert len(png_bytes(draw(holed))) > 3000


def test_the_corner_plot_marks_what_is_missing():
    rows = [row for row in product([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) if row != (2.0, 3.0)] * 2
    axes = plot_label_coverage(labels(rows, ["a", "b"])).axes
    crosses = [line.get_xydata().tolist() for ax in axes for line in ax.get_lines() if line.get_marker() == "x"]
    assert crosses == [[[1.0, 2.0]]]  # the second value of a with the third of b


def test_one_label_has_no_corner_and_says_so():
    one = labels([[1.0], [2.0], [3.0]], ["a"])
    with pytest.raises(DataError, match="at least two labels must vary, got 1"):
        plot_label_coverage(one)
    assert any("Fewer than two labels vary" in text for text in label_section(one).missing)


def test_without_labels_there_is_a_sentence():
    section = label_section(None)
    assert "The loader gives no labels" in section.missing[0]
    assert not section.drawings


def test_labels_that_are_channels_are_described_as_a_spectrum():
    values = 1e-3 + 1e-5 * np.random.default_rng(2).normal(size=(30, 20))
    channels = make_labels(
        values, [f"t{i}" for i in range(30)], [f"wl_{i}" for i in range(20)], "", np.linspace(1, 2, 20)
    )
    section = label_section(channels)
    assert "channels of a spectrum" in section.findings[0]
    assert "labels-all" in [drawing.name for drawing in section.drawings]
