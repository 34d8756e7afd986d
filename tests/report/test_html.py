"""The report is one safe file that shows what it was given."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import unquote

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure
from PIL import Image

from specframe.report import ReportFigure, save_figure, write_report
from specframe.report.diagram import PipelineStep

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Collects what a browser would show and load, and checks that tags are closed in order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.sources, self.links, self.ids, self.rows, self.text = [], [], [], [], [], []
        self.tags = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "src" in values:
            self.sources.append(values["src"])
        if "href" in values:
            self.links.append(values["href"])
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script") and data.strip():
            self.text.append(data.strip())
            if "tr" in self.open:
                self.rows[-1].append(data.strip())


@pytest.fixture
def figure():
    fig = Figure(figsize=(2, 1))
    fig.subplots().plot([1, 2])
    return fig


def spectra(n_target, n_output, seed=1):
    rng = np.random.default_rng(seed)
    truth = 0.002 + 1e-4 * rng.normal(size=(n_target, n_output))
    std = 2e-5 * rng.uniform(0.5, 1.5, (n_target, n_output))
    arrays = {"mean": truth + std * rng.normal(size=truth.shape), "std": std, "truth": truth}
    coords = {
        "target": [f"t{i}" for i in range(n_target)],
        "output": [f"wl_{i}" for i in range(n_output)],
        "wavelength": ("output", np.linspace(1.0, 3.0, n_output)),
    }
    return xr.Dataset({name: (("target", "output"), values) for name, values in arrays.items()}, coords=coords)


def report(tmp_path, **changes):
    given = {
        "title": "ADC24 white light curves",
        "summary": {"Targets": 538, "Model": "ridge"},
        "scores": {"cv": {"rmse-ppm": 41.7163, "coverage-68": 0.6896, "coverage-68-error": 0.01996, "crps": None}},
    } | changes
    return Page(write_report(tmp_path / "report.html", **given).read_text(encoding="utf-8"))


def test_scores_stand_with_their_errors(tmp_path):
    rows = report(tmp_path).rows
    assert ["rmse-ppm", "41.716"] in rows
    assert ["coverage-68", "0.690 ± 0.020"] in rows
    assert not any("coverage-68-error" in row for row in rows)


def test_a_score_that_is_missing_says_why(tmp_path):
    page = report(tmp_path, reasons={"crps": "the prediction has no std"})
    assert ["crps", "none"] in page.rows
    assert "crps: the prediction has no std" in page.text


def test_parts_are_columns(tmp_path):
    rows = report(tmp_path, scores={"cv": {"r2": 0.9, "rmse-ppm": 40.0}, "test": {"r2": 0.8}}).rows
    assert ["Score", "cv", "test"] in rows
    assert ["r2", "0.9", "0.8"] in rows
    assert ["rmse-ppm", "40", "none"] in rows


def test_images_are_inside_the_file_from_every_source(tmp_path, figure):
    path = save_figure(figure, tmp_path / "a.png")
    figures = [
        ReportFigure(f"Figure {i}", "It shows.", image) for i, image in enumerate((path, path.read_bytes(), figure))
    ]
    sources = report(tmp_path, figures=figures).sources
    assert len(sources) == 3
    drawn = np.asarray(Image.open(path).convert("RGB"), int)
    for source in sources:
        kind, _, content = source.partition(",")
        assert kind == "data:image/png;base64"
        shown = np.asarray(Image.open(BytesIO(base64.b64decode(content))).convert("RGB"), int)
        assert np.abs(shown - drawn).max() < 32  # of 255, at the edges of letters
        assert np.abs(shown - drawn).mean() < 0.5
        assert len(base64.b64decode(content)) < path.stat().st_size


def test_images_that_would_make_the_file_too_large_are_named(tmp_path):
    for name in "abcd":
        (tmp_path / f"{name}.jpg").write_bytes(b"\xff" * 900_000)
    figures = [ReportFigure(name, "White.", tmp_path / f"{name}.jpg") for name in "abcd"]
    page = report(tmp_path, figures=figures)
    assert len(page.sources) == 2
    assert (tmp_path / "report.html").stat().st_size < 5e6
    assert any("figures/d.jpg" in text for text in page.text)


def test_of_a_hundred_targets_with_spectra_all_are_in_five_megabytes(tmp_path):
    page = report(tmp_path, prediction=spectra(100, 283))
    assert (tmp_path / "report.html").stat().st_size < 1e6  # images take up to 3 MB
    assert "Table of all 100 targets, the worst first" in page.text


def test_of_thousands_of_targets_a_selection_is_stated(tmp_path):
    page = report(tmp_path, prediction=spectra(2000, 283))
    assert (tmp_path / "report.html").stat().st_size < 5e6
    (said,) = [text for text in page.text if text.startswith("The viewer has")]
    assert "of 2000 targets" in said
    assert "largest and the smallest root mean square error, a fifth each, and evenly spaced ones between" in said


def test_the_worst_and_the_best_have_a_page(tmp_path):
    prediction = spectra(30, 20)
    errors = np.sqrt(np.mean(np.square(prediction["mean"] - prediction["truth"]), axis=1)).values
    order = [str(name) for name in prediction["target"].values[np.argsort(errors)]]
    page = report(tmp_path, prediction=prediction, drawn={order[15]: "median"}, flags={"odd": [order[-1]]})
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    titles = re.findall(r'<h3 id="page-\d+-title">(\S+) <span class="badge">(.*?)</span>', html)
    assert titles == [
        (order[-1], "worst: largest error"),
        (order[-2], "worst but 1"),
        (order[0], "best: smallest error"),
        (order[1], "best but 1"),
        (order[15], "median"),
    ]
    assert page.text.count("Flags: odd") == 1
    rows = page.rows
    rmse = next(row for row in rows if row[0] == "Rms error (ppm)" and len(row) == 3)
    assert float(rmse[1]) == pytest.approx(1e6 * errors.max(), rel=0.01)
    assert float(rmse[2]) == pytest.approx(1e6 * np.median(errors), rel=0.01)


def test_without_scripts_a_typical_target_is_drawn(tmp_path):
    prediction = spectra(9, 20)
    errors = np.sqrt(np.mean(np.square(prediction["mean"] - prediction["truth"]), axis=1)).values
    median = prediction["target"].values[np.argsort(errors)[4]]
    report(tmp_path, prediction=prediction)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    chart = re.search(r'<svg id="spectrum-plot".*?</svg>', html)[0]
    assert f"<title>Target {median}. Transit depth in 20 channels from 1 to 3 micrometres" in chart
    assert chart.count('class="dots"') == 2  # the spectrum, and its residual
    assert [len(re.findall("h0", dots)) for dots in re.findall(r'class="dots"[^>]* d="(.*?)"', chart)] == [20, 20]


def test_of_very_many_channels_only_some_are_drawn_and_it_is_said(tmp_path):
    page = report(tmp_path, prediction=spectra(12, 9000))
    assert (tmp_path / "report.html").stat().st_size < 5e6
    assert page.text.count("1 of 6 channels is drawn") == 5  # the viewer's chart, two of the worst, two of the best


def test_sections_come_in_the_order_in_which_they_are_read(tmp_path, figure):
    page = report(
        tmp_path,
        prediction=spectra(4, 5),
        steps=[PipelineStep("data", "loader", "files")],
        figures=[ReportFigure("Coverage", "It holds.", figure, "calibration")],
        flags={"odd": ["t0"]},
        timings={"fit": 1.0},
        provenance={"seed": 1},
    )
    sections = ["run", "result", "scores", "calibration", "targets", "quality", "set-aside", "timings", "provenance"]
    assert [name for name in page.ids if name in sections] == sections
    assert [link.removeprefix("#") for link in page.links if link.removeprefix("#") in sections][:9] == sections
    assert len(page.ids) == len(set(page.ids))
    controls = {"target", "search", "previous", "next", "zoom-in", "zoom-out", "zoom-reset", "readout", "theme"}
    assert controls <= set(page.ids)


def test_how_to_repeat_the_run_is_said(tmp_path):
    page = report(tmp_path, provenance={"seed": 1}, repeat="specframe replay RUN")
    assert "specframe replay RUN" in page.text


def test_links_to_targets_name_them_as_the_viewer_does(tmp_path):
    prediction = spectra(3, 5).assign_coords(target=["a\u202eb", "</script>", "c\udc80"])
    page = report(tmp_path, prediction=prediction)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    names = json.loads(re.search(r'id="viewer-data"[^>]*>(.*?)</script>', html)[1])["names"]
    links = {unquote(link.removeprefix("#target=")) for link in page.links if link.startswith("#target=")}
    assert links == set(names) == {r"a\u202eb", "</script>", r"c\udc80"}


def test_names_that_turn_letters_round_can_be_read(tmp_path):
    page = report(tmp_path, set_aside=[{"target": "a\u202egnp.b", "step": "s", "reason": "r"}])
    assert ["a\\u202egnp.b", "s", "r"] in page.rows


def test_nothing_is_loaded_from_elsewhere(tmp_path, figure):
    page = report(
        tmp_path,
        figures=[ReportFigure("A", "B", figure)],
        pipeline="specframe: 1",
        timings={"fit": 1.0},
        prediction=spectra(3, 5),
    )
    assert all(source.startswith("data:") for source in page.sources)
    own = [link for link in page.links if not link.startswith("#target=")]
    assert all(link.startswith("#") and link[1:] in page.ids for link in own)
    assert not {"link", "iframe"} & set(page.tags)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_text_from_outside_is_escaped(tmp_path):
    attack = "<script>alert('x')</script>"
    page = report(
        tmp_path,
        title=attack,
        summary={attack: attack},
        scores={attack: {attack: None}},
        reasons={attack: attack},
        figures=[ReportFigure(f'"{attack}', attack, b"")],
        set_aside=[{"target": attack, "step": attack, "reason": attack}],
        provenance={attack: {attack: attack}},
        timings={attack: 1.0},
        pipeline=attack,
        description=attack,
    )
    assert page.tags.count("script") == 1  # that of light and dark
    assert sum(attack in text for text in page.text) > 10


def test_targets_set_aside_stand_with_step_and_reason(tmp_path):
    entries = [{"target": "785834", "step": "curves", "reason": "all pixels are dead"}]
    page = report(tmp_path, set_aside=entries)
    assert ["785834", "curves", "all pixels are dead"] in page.rows
    assert "1 target was left out of everything above." in page.text


def test_flags_stand_with_their_targets(tmp_path):
    page = report(tmp_path, flags={"saturated": [f"t{i}" for i in range(22)], "absent": ["a"]})
    assert ["saturated", "22", f"{', '.join(f't{i}' for i in range(20))} and 2 more"] in page.rows
    assert ["absent", "1", "a"] in page.rows
    assert "#quality" in page.links


def test_numbers_of_the_steps_name_the_extreme_targets(tmp_path):
    row = {
        "name": "beta",
        "median": "1.1",
        "lowest": "1",
        "highest": "2.5",
        "lowest_target": "a",
        "highest_target": "b",
    }
    page = report(tmp_path, quality=[row])
    assert ["beta", "1.1", "1", "a", "2.5", "b"] in page.rows
    assert "No target carries a flag." in page.text
    assert "#quality" not in report(tmp_path).links


def test_no_target_set_aside_is_said(tmp_path):
    assert "None: every target went through every step." in report(tmp_path).text


def test_provenance_is_flattened_into_tables(tmp_path):
    page = report(
        tmp_path,
        provenance={
            "seed": 7,
            "packages": {"numpy": "2.4.6"},
            "hardware": {"cpus": 2, "memory": None},
            "a": {"b": {"c": True}},
        },
    )
    for row in (["seed", "7"], ["numpy", "2.4.6"], ["memory", "–"], ["c", "yes"]):
        assert row in page.rows
    assert "A / b" in page.text


def test_timings_have_their_share(tmp_path):
    rows = report(tmp_path, timings={"fit": 3.0, "write": 1.0}).rows
    assert ["fit", "3.00", "75.0 %"] in rows
    assert ["write", "1.00", "25.0 %"] in rows


def test_the_same_run_gives_the_same_file(tmp_path, figure):
    for name in "ab":
        report(tmp_path / name, figures=[ReportFigure("A", "B", figure)])
    assert (tmp_path / "a" / "report.html").read_bytes() == (tmp_path / "b" / "report.html").read_bytes()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["report.html"]


def test_colours_follow_the_readers_scheme_and_paper(tmp_path):
    report(tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "@media (prefers-color-scheme: dark)" in html
    assert "@media print" in html


def test_scores_stand_with_their_intervals(tmp_path):
    scores = {"cv": {"rmse-ppm": 41.716, "coverage-68": 0.69, "coverage-68-error": 0.02, "pit-ks": 0.1}}
    intervals = {"cv": {"rmse-ppm": [38.25, 46.5], "coverage-68": [0.651, 0.727]}}
    page = report(tmp_path, scores=scores, intervals=intervals, interval_note="By a bootstrap.")
    assert ["rmse-ppm", "41.716 [38.25, 46.5]"] in page.rows
    assert ["coverage-68", "0.69 [0.651, 0.727]"] in page.rows
    assert ["pit-ks", "0.1"] in page.rows
    assert "By a bootstrap." in page.text


def test_scores_by_class_are_a_table_each(tmp_path):
    star = {
        "0": {"targets": 12, "scores": {"r2": 0.9, "crps": None}, "intervals": {"r2": [0.8, 0.95]}},
        "1": {"targets": 3, "scores": {"r2": 0.7}, "intervals": {}},
    }
    page = report(tmp_path, classes={"star": star})
    assert "By star" in page.text
    assert ["Score", "0", "1"] in page.rows
    assert ["targets", "12", "3"] in page.rows
    assert ["r2", "0.9 [0.8, 0.95]", "0.7"] in page.rows
    assert ["crps", "none", "none"] in page.rows


def test_parameters_stand_before_the_scores_with_their_units(tmp_path):
    found = {
        "unit": "K",
        "scores": {"r2": 0.99571, "rmse": 30.15, "coverage-68": 0.698, "pull": 1.02, "skew": None},
        "intervals": {"r2": [0.99402, 0.99661], "coverage-68": [0.641, 0.75]},
    }
    page = report(tmp_path, parameters={"teff": found}, judged_on="288 targets, hold-out")
    assert page.ids.index("parameters") < page.ids.index("scores")
    assert page.rows[0] == ["Parameter", "Unit", "R²", "RMSE", "Skew", "Within 68 %"]
    assert page.rows[1] == ["teff", "K", "0.9957", "[0.994, 0.9966]", "30.15", "69.8 %", "[64.1, 75]"]
    assert ["pull", "1.02"] in page.rows
    assert any("288 targets, hold-out" in text for text in page.text)


def test_predicted_parameters_of_a_few_targets(tmp_path):
    page = report(tmp_path, predicted={"HD <b>": {"teff": "921 +- 23 K (at lower edge)", "logg": "4.90 +- 0.18"}})
    assert page.rows[:2] == [["Target", "teff", "logg"], ["HD <b>", "921 ± 23 K (at lower edge)", "4.90 ± 0.18"]]


def test_without_parameters_there_is_no_such_section(tmp_path):
    assert "parameters" not in report(tmp_path).ids
