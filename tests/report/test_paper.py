"""Figures for papers: as wide as asked for, legible, without headlines, and files that journals take."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from specframe.api import make_labels, make_prediction
from specframe.errors import UsageError
from specframe.report import (
    column_width,
    draw_calibration,
    draw_comparison,
    draw_parameter_posterior,
    draw_parameters,
    draw_spectrum,
    figure_bytes,
    for_paper,
)

if TYPE_CHECKING:
    import xarray as xr

pytestmark = pytest.mark.usefixtures("rendered")

NAME = "WASP $39$ b"


@pytest.fixture(scope="module")
def prediction() -> xr.Dataset:
    rng = np.random.default_rng(1)
    truth = make_labels(
        0.01 + 1e-4 * rng.normal(size=(30, 8)), [NAME, *map(str, range(29))], list("abcdefgh"), "", np.arange(1.0, 9.0)
    )
    std = np.full(truth.shape, 2e-5)
    return make_prediction(truth, truth.values + std * rng.normal(size=truth.shape), std).assign(truth=truth)


@pytest.mark.parametrize(
    ("width", "inches"),
    [
        ("single", 3.4),
        ("double", 7.1),
        ("3.4in", 3.4),
        (" 90 mm", 90 / 25.4),
        ("9cm", 90 / 25.4),
        ("252pt", 3.487),
        (5.0, 5.0),
        (None, None),
    ],
)
def test_widths_are_columns_or_numbers_with_units(width: str | float | None, inches: float | None) -> None:
    found = column_width(width)
    assert found == inches or found == pytest.approx(inches, abs=1e-3)


@pytest.mark.parametrize("width", ["90", "wide", "-3in", "3.4 inch", "", "0.5in", "900mm", 200.0])
def test_other_widths_are_refused_with_what_is_expected(width: str | float) -> None:
    with pytest.raises(UsageError, match=r"width .*: expected"):
        column_width(width)


def test_a_figure_gets_the_width_and_loses_its_headline(prediction: xr.Dataset) -> None:
    figure = draw_spectrum(prediction, NAME, prediction["truth"])
    assert for_paper(figure, column_width("90mm")) == f"Target {NAME}"
    assert figure.get_figwidth() == pytest.approx(90 / 25.4)
    content = figure_bytes(figure, "png", 300)
    image = Image.open(BytesIO(content))
    assert image.width == int(90 / 25.4 * 300)
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    shown = [text.get_text() for text in figure.findobj(Text)]
    assert not any(NAME in text for text in shown)
    assert any("Wavelength" in text for text in shown)


def test_letters_can_be_read_in_a_column(prediction: xr.Dataset) -> None:
    for figure in (draw_spectrum(prediction, NAME), draw_comparison(prediction, prediction["truth"])):
        for_paper(figure, 3.4)
        sizes = [float(text.get_fontsize()) for text in figure.findobj(Text) if text.get_text()]
        assert min(sizes) >= 6.0
        assert max(sizes) <= 10.0


def test_without_a_width_a_figure_takes_one_column_or_two(prediction: xr.Dataset) -> None:
    narrow, wide = draw_comparison(prediction, prediction["truth"]), draw_spectrum(prediction, NAME)
    for_paper(narrow)
    for_paper(wide)
    assert (narrow.get_figwidth(), wide.get_figwidth()) == (3.4, 7.1)


def test_panels_that_would_be_squeezed_stand_below_each_other(prediction: xr.Dataset) -> None:
    figure = draw_calibration(prediction, prediction["truth"])
    for_paper(figure, 3.4)
    figure.draw_without_rendering()
    left, right = (ax.get_position() for ax in figure.axes)
    assert left.y0 > right.y1
    assert left.width > 0.6
    beside = draw_calibration(prediction, prediction["truth"])
    for_paper(beside, 7.1)
    beside.draw_without_rendering()
    assert beside.axes[0].get_position().x1 < beside.axes[1].get_position().x0


def test_nothing_is_drawn_outside_of_the_figure(prediction: xr.Dataset) -> None:
    figure = draw_spectrum(prediction, NAME, prediction["truth"])
    for_paper(figure, 2.2)
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    assert box.x0 > -0.02
    assert box.x1 < 2.22


def test_legends_fit_into_a_column(prediction: xr.Dataset) -> None:
    truth = prediction["truth"].isel(output=[0, 1]).drop_vars("wavelength")
    figure = draw_parameters(prediction.isel(output=[0, 1]).drop_vars("wavelength"), truth)
    for_paper(figure, 2.0)
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert legend.get_window_extent().x0 >= 0
    assert legend.get_window_extent().x1 <= figure.bbox.width


def test_corner_plots_stay_square() -> None:
    rng = np.random.default_rng(0)
    like = make_labels(np.zeros((1, 3)), [NAME], ["T", "log g", "Z"], ["K", "", ""])
    covariance = ("target", "output", "output_2"), np.diag([2.0, 1.0, 3.0])[None]
    prediction = make_prediction(like, rng.normal(size=(1, 3)), np.ones((1, 3)), covariance=covariance)
    figure = draw_parameter_posterior(prediction, NAME)
    assert for_paper(figure, 3.4) == NAME
    assert figure.get_size_inches().tolist() == [3.4, 3.4]


def test_pdf_embeds_truetype_and_says_no_date(prediction: xr.Dataset) -> None:
    content = []
    for _ in range(2):
        figure = draw_spectrum(prediction, NAME, prediction["truth"])
        for_paper(figure, 3.4)
        content.append(figure_bytes(figure, "pdf", 300))
    assert content[0] == content[1]
    assert b"/FontFile2" in content[0]  # TrueType; Type 3, which journals refuse, has no file
    assert b"/Type3" not in content[0]
    assert b"CreationDate" not in content[0]
    width = re.search(rb"/MediaBox \[\s*0 0 ([\d.]+) ", content[0])
    assert width is not None
    assert float(width[1]) == pytest.approx(3.4 * 72)


def test_svg_is_whole_and_the_same_each_time(prediction: xr.Dataset) -> None:
    content = []
    for _ in range(2):
        figure = draw_spectrum(prediction, NAME, prediction["truth"])
        for_paper(figure, 3.4)
        content.append(figure_bytes(figure, "svg", 300))
    assert content[0] == content[1]
    root = ElementTree.fromstring(content[0])
    assert root.get("width") == "244.8pt"
    assert b"<dc:date>" not in content[0]
    assert b"<text" not in content[0]  # letters are outlines: no font has to be there
