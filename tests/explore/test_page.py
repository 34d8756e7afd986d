"""The page is one safe file that shows what was found, and the files beside it can be read back."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from subprocess import run
from sys import executable

import numpy as np
import pytest
import xarray as xr
from astropy.table import Table

import specframe.explore
from specframe.api import make_labels, make_observation, make_prediction
from specframe.errors import DataError
from specframe.explore import Section, Statistics, explore, plot_predictions, plot_residuals, write_exploration
from specframe.explore.prediction_section import prediction_section
from specframe.report import png_bytes

NASTY = '<script>alert("x")</script>$a_b$ & é'
VOID = {"meta", "img", "br", "hr", "link"}


class Page(HTMLParser):
    """Collects tags and what would be loaded, and checks that tags are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.loaded, self.alts, self.text = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "img":
            self.alts.append(values["alt"])
        self.loaded += [values[key] for key in ("src", "href") if key in values]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)


def observations(names):
    wavelength = np.linspace(1, 2, 30)
    for i, name in enumerate(names):
        flux = 1 + 0.1 * i + np.sin(3 * wavelength + i)
        yield make_observation(
            name,
            {
                "spectrum/0": xr.Dataset(
                    {
                        "flux": ("wavelength", flux, {"units": "Jy"}),
                        "flux_error": ("wavelength", 0.01 + 0 * flux, {"units": "Jy"}),
                        "mask": ("wavelength", flux < -10),
                    },
                    coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
                )
            },
        )


@pytest.fixture(scope="module")
def sections():
    names = [f"{NASTY} {i}" for i in range(6)]
    labels = make_labels(np.arange(12.0).reshape(6, 2), names, [NASTY, "b"], ["K", ""])
    return explore(observations(names), labels)


@pytest.fixture(scope="module")
def written(sections, tmp_path_factory):
    """The page and all its files, written once."""
    aside = [{"target": NASTY, "step": "data", "reason": f"broken {NASTY}"}]
    folder = tmp_path_factory.mktemp("page")
    return write_exploration(folder, sections, title=NASTY, set_aside=aside, provenance={"data": NASTY})


def test_the_page_is_whole_and_loads_nothing(written):
    files = written
    html = files[0].read_text(encoding="utf-8")
    page = Page(html)
    assert html.count("<script") == page.tags.count("script") == 1  # light or dark
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in page.loaded)
    assert not re.search(r"url\(|@import|https?://", html)
    assert f"broken {NASTY}" in page.text
    assert len(page.alts) == len([file for file in files if file.parent.name == "figures"]) > 10
    assert all(len(alt) > 20 for alt in page.alts)
    assert "prefers-color-scheme: dark" in html
    embedded = [base64.b64decode(link.partition(",")[2]) for link in page.loaded if link.startswith("data:")]
    assert all(image.startswith(b"\x89PNG") for image in embedded)


def test_tables_are_ecsv_with_units(written):
    folder = written[0].parent
    table = Table.read(folder / "statistics" / "spectra-wavelengths.ecsv", format="ascii.ecsv")
    assert len(table) == 30
    assert str(table["wavelength"].unit) == "um"
    assert str(table["p50"].unit) == "Jy"
    labels = Table.read(folder / "statistics" / "labels.ecsv", format="ascii.ecsv")
    assert labels["label"].tolist() == [NASTY, "b"]
    assert labels["highest"].tolist() == [10.0, 11.0]


@pytest.mark.parametrize(("file_format", "magic"), [("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_figures_come_in_other_formats(sections, tmp_path, file_format, magic):
    few = [Section("a", "A", drawings=sections[0].drawings[:1])]
    for folder in ("1", "2"):
        write_exploration(tmp_path / folder, few, title="t", file_format=file_format)
    (first,), (second,) = ((tmp_path / folder / "figures").iterdir() for folder in ("1", "2"))
    assert first.suffix == f".{file_format}"
    assert first.read_bytes().startswith(magic)
    assert first.read_bytes() == second.read_bytes()
    assert "data:image/png" in (tmp_path / "1" / "explore.html").read_text()


def test_a_figure_that_fails_is_told_and_costs_nothing_else(tmp_path):
    section = Section("s", "S", findings=["found"], tables=[Statistics("s", "T", {"x": [1.0, np.nan]})])

    def fail():
        raise ValueError("no luck")

    section.draw("bad", "Bad figure", "It fails", fail)
    told = []
    write_exploration(tmp_path, [section], title="t", tell=told.append)
    text = " ".join(Page((tmp_path / "explore.html").read_text()).text)
    assert "Figure 'Bad figure' was not drawn: ValueError: no luck" in text
    assert "found" in text
    assert told == ["figure s-bad was not drawn: ValueError: no luck"]


def test_sections_of_alike_instruments_have_files_of_their_own():
    (one,) = observations(["t"])
    node = one["spectrum/0"].to_dataset()
    tree = make_observation("t", {"A/0": node, "a/0": node})
    names = [section.name for section in explore([tree])]
    assert names == ["labels", "spectra-a", "spectra-a-2"]


def test_predictions_are_set_against_the_truth():
    rng = np.random.default_rng(0)
    labels = make_labels(rng.normal(size=(50, 2)), [f"t{i}" for i in range(50)], ["a", "b"], ["K", ""])
    mean = labels.values + np.array([0.1, 0.0]) + 0.2 * rng.normal(size=(50, 2))
    prediction = make_prediction(labels, mean, np.full(mean.shape, 0.2)).assign(truth=labels)
    section = prediction_section(prediction, labels)
    table = section.tables[0].columns
    assert table["bias"][0] == pytest.approx(np.mean(mean[:, 0] - labels.values[:, 0]))
    assert table["r2"][1] == pytest.approx(1 - 0.04 / np.var(labels.values[:, 1]), abs=0.02)
    assert [drawing.name for drawing in section.drawings] == [
        "predictions-truth",
        "predictions-residuals",
        "predictions-residual-correlations",
    ]
    for drawing in section.drawings:
        png_bytes(drawing.draw())
    unknown = prediction.drop_vars("truth")
    assert "No truth is known" in prediction_section(unknown, None).missing[0]
    for draw in (plot_predictions, plot_residuals):
        with pytest.raises(DataError, match="no truth is known"):
            draw(unknown)


def test_public_names_are_imported_when_they_are_used():
    program = (
        "import sys, specframe.explore; print(*(n for n in ('matplotlib', 'xarray', 'scipy') if n in sys.modules))"
    )
    assert run([executable, "-c", program], capture_output=True, text=True, check=True).stdout.split() == []
    plots = [name for name in specframe.explore.__all__ if name.startswith("plot_")]
    assert len(plots) >= 25
    assert (
        "pyplot"
        not in run(
            [executable, "-c", "import sys; from specframe.explore import *; print(*sys.modules)"],
            capture_output=True,
            text=True,
            check=True,
        )
        .stdout.replace(".", " ")
        .split()
    )
