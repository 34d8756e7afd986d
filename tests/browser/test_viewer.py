"""The viewer of a report: what it draws and lists of a target is what the run predicted of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

if TYPE_CHECKING:
    from collections.abc import Callable

    from specframe import Run
    from tests.browser.conftest import Tab

pytestmark = pytest.mark.xdist_group("browser")

ROWS = (
    "return [...document.querySelectorAll('#target-table tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))"
)
#: Centres of the points of the mean, which come before those of the residuals.
POINTS = (
    "return [...document.querySelectorAll('svg#spectrum-plot circle.point')].map((c) => Number(c.getAttribute('cy')))"
)
TICKS = "return [...document.querySelectorAll('svg#spectrum-plot text.tick.middle')].map((t) => Number(t.textContent))"
CURRENT = "return document.querySelector('select#target').selectedOptions[0].textContent"


def picker(tab: Tab) -> Select:
    return Select(tab.driver.find_element("css selector", "select#target"))


def test_it_lists_all_targets_by_name(tab: Tab, finished_run: Callable[[str], Run]) -> None:
    names = [str(name) for name in finished_run("spectra").predictions["target"].values]
    tab.open("spectra")
    assert [option.get_attribute("textContent") for option in picker(tab).options] == names
    assert "</script><!--" in names


@pytest.mark.parametrize("row", [0, 2, 9])
def test_what_is_chosen_is_drawn_and_listed(tab: Tab, finished_run: Callable[[str], Run], row: int) -> None:
    prediction = finished_run("spectra").predictions
    name = str(prediction["target"].values[row])
    mean, std = (1e6 * prediction[what].values[row] for what in ("mean", "std"))
    tab.open("spectra")
    picker(tab).select_by_index(row)
    rows = tab.js(ROWS)
    assert [line[0] for line in rows] == prediction["output"].values.tolist()
    assert np.allclose([float(line[1]) for line in rows], prediction["wavelength"].values, atol=1e-6)
    shown = np.array([float(line[2].replace("−", "-")) for line in rows])
    assert np.all(np.abs(shown - mean) < 0.02 * std)  # rounded to 1 % of the error
    heads = tab.js("return [...document.querySelectorAll('#target-table thead th')].map((cell) => cell.textContent)")
    truth = np.array([float(line[heads.index("Truth")].replace("−", "-")) for line in rows])
    assert np.all(np.abs(truth - 1e6 * prediction["truth"].values[row]) < 0.02 * std)
    # the vertical axis points down in pixels and is linear
    drawn = np.array(tab.js(POINTS)[: mean.size])
    slope, offset = np.polyfit(mean, drawn, 1)
    assert slope < 0
    assert np.allclose(slope * mean + offset, drawn, atol=0.5)
    assert tab.text("#viewer-target") == name
    assert name in tab.text("svg#spectrum-plot title")
    assert name in tab.text("#target-table caption")


def test_next_and_previous_go_through_the_list_and_end_with_it(tab: Tab) -> None:
    tab.open("spectra")
    names = [option.get_attribute("textContent") for option in picker(tab).options]
    picker(tab).select_by_index(0)
    assert not tab.driver.find_element("css selector", "button#previous").is_enabled()
    tab.click("button#next")
    assert tab.js(CURRENT) == names[1]
    tab.click("button#previous")
    assert tab.js(CURRENT) == names[0]
    picker(tab).select_by_index(len(names) - 1)
    assert not tab.driver.find_element("css selector", "button#next").is_enabled()


def test_search_leaves_the_targets_that_match(tab: Tab) -> None:
    tab.open("spectra")
    tab.press("input#search", "onerror")
    assert [option.get_attribute("textContent") for option in picker(tab).options] == [
        '"><img src=x onerror="window.pwned=2">'
    ]
    tab.press("input#search", Keys.CONTROL + "a")
    tab.press("input#search", "no such target")
    assert picker(tab).options == []
    tab.press("input#search", Keys.CONTROL + "a")
    tab.press("input#search", Keys.DELETE)
    assert len(picker(tab).options) == 13
    assert tab.driver.get_log("browser") == []


def test_keys_on_the_chart_choose_targets_and_values(tab: Tab, finished_run: Callable[[str], Run]) -> None:
    prediction = finished_run("spectra").predictions
    tab.open("spectra")
    picker(tab).select_by_index(3)
    tab.press("svg#spectrum-plot", Keys.ARROW_DOWN)
    assert tab.text("#viewer-target") == str(prediction["target"].values[4])
    tab.press("svg#spectrum-plot", Keys.ARROW_UP)
    assert tab.text("#viewer-target") == str(prediction["target"].values[3])
    tab.press("svg#spectrum-plot", Keys.ARROW_RIGHT)
    said = tab.text("#readout")
    # the first channel: its wavelength, value and unit
    value = float(re.search(r": (-?[\d.]+) ", said.replace("−", "-"))[1])
    assert said.startswith("1 µm")
    assert value == pytest.approx(1e6 * prediction["mean"].values[3, 0], abs=1e6 * prediction["std"].values[3, 0])
    assert "ppm" in said
    assert tab.driver.find_element("css selector", "#readout").get_attribute("aria-live") == "polite"


def test_zoom_shows_a_part_and_reset_all_of_it(tab: Tab) -> None:
    tab.open("spectra")
    whole, points = tab.js(TICKS), len(tab.js(POINTS))
    assert not tab.driver.find_element("css selector", "button#zoom-reset").is_enabled()
    tab.click("button#zoom-in")
    tab.click("button#zoom-in")
    part = tab.js(TICKS)
    assert max(part) - min(part) < 0.7 * (max(whole) - min(whole))
    assert 0 < len(tab.js(POINTS)) < points
    tab.click("button#zoom-out")
    wider = tab.js(TICKS)
    assert max(wider) - min(wider) > max(part) - min(part)
    tab.click("button#zoom-reset")
    assert tab.js(TICKS) == whole
    assert len(tab.js(POINTS)) == points


def test_parameters_have_a_viewer_too(tab: Tab, finished_run: Callable[[str], Run]) -> None:
    prediction = finished_run("parameters").predictions
    tab.open("parameters")
    picker(tab).select_by_index(5)
    rows = tab.js(ROWS)
    assert [line[:2] for line in rows] == [["temperature", "K"], ["log g", ""]]
    shown = np.array([float(line[2].replace("−", "-")) for line in rows])
    assert np.all(np.abs(shown - prediction["mean"].values[5]) < 0.02 * prediction["std"].values[5])


def test_names_that_spreadsheets_take_for_formulas_are_text_in_the_csv(tab: Tab) -> None:
    tab.open("spectra")
    data = {"kind": "parameters", "what": "predicted", "outputs": ["=A1", "-1+A1", "-2"], "units": ["+K", "", ""]}
    values = {"name": "@star", "mean": [-1.5, 2, 3e-5]}
    csv = tab.js("return specframe.targetTable(null, arguments[0]).csv(arguments[1])", data, values)
    assert csv.splitlines() == [
        "Target,Parameter,Unit,Predicted",
        "'@star,'=A1,'+K,-1.5",
        "'@star,'-1+A1,,2",
        "'@star,-2,,0.00003",
    ]


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (1234.567, 1.2, "1234.6"),
        (-0.012345, 2e-4, "-0.01235"),
        (3.21e-15, 1e-16, "3.21e-15"),  # a flux in W m-2 um-1
        (1e-17, 2e-15, "1e-17"),
        (0, 1e-15, "0.000000000000"),
    ],
)
def test_numbers_have_the_digits_that_their_error_knows(tab: Tab, value: float, error: float, text: str) -> None:
    tab.open("spectra")
    assert tab.js("return specframe.shown(arguments[0], arguments[1])", value, error) == text


def test_measured_depths_are_shown_without_a_truth(tab: Tab, finished_run: Callable[[str], Run]) -> None:
    prediction = finished_run("measured").predictions
    tab.open("measured")
    picker(tab).select_by_index(4)
    rows = tab.js(ROWS)
    shown = np.array([float(line[2].replace("−", "-")) for line in rows])
    assert np.all(np.abs(shown - 1e6 * prediction["mean"].values[4]) < 2e4 * prediction["std"].values[4])
    assert "Truth" not in tab.text("#target-table thead")


def test_the_sections_that_a_referee_looks_for_are_there(tab: Tab) -> None:
    tab.open("spectra")
    ids = tab.js("return [...document.querySelectorAll('main section[id]')].map((section) => section.id)")
    wanted = ["result", "scores", "calibration", "targets", "quality", "set-aside", "timings", "provenance"]
    assert [name for name in ids if name in wanted] == [name for name in wanted if name in ids]
    assert set(wanted) <= set(ids)
    assert len(tab.js("return [...document.querySelectorAll('section.target-page')]")) >= 2
    assert tab.js("return document.querySelector('svg#pipeline-diagram').getBoundingClientRect().height") > 30
