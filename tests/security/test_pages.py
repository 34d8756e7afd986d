"""The report and the page of an exploration: what comes from data is text there, and no network is asked."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

from specframe.errors import printable
from specframe.explore import Section, write_exploration
from specframe.report import ReportFigure, write_report
from specframe.report.diagram import PipelineStep, diagram_svg
from specframe.report.parameters_svg import parameters_svg
from specframe.report.predicted import Predicted
from specframe.report.spectrum_svg import spectrum_svg

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HOSTILE = (
    "<script>alert(1)</script>",
    "</title></style></script><img src=http://127.0.0.1:9/x onerror=alert(1)>",
    '" onmouseover="alert(1)" style="background:url(http://127.0.0.1:9/x)',
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "]]><svg/onload=alert(1)>",
    "<!--",
    "&lt;b&gt;&#60;i&#62;",
    "<a href=//127.0.0.1:9>x</a>\x00\x1b[31m\u2028",
    "x" * 3000,
)


def prediction(names: Sequence[str], spectral: bool) -> xr.Dataset:
    """Return a Prediction of targets, outputs and units with these names."""
    shape = (len(names), len(names))
    values = np.add.outer(np.arange(shape[0]), np.arange(shape[1])) * 1e-4
    coords: dict[str, Any] = {"target": list(names), "output": list(names), "unit": ("output", list(names))}
    if spectral:
        coords = {"target": list(names), "output": list(names), "wavelength": ("output", np.arange(1.0, 1 + shape[1]))}
    arrays = {"mean": values, "std": np.full(shape, 1e-4), "truth": values + 5e-5}
    return xr.Dataset({name: (("target", "output"), array) for name, array in arrays.items()}, coords=coords)


STEPS = [PipelineStep(name, "model", "c", {"a": "b"}, residual=name == "c") for name in "abc"]
SPECTRA = Predicted.of(prediction("abc", spectral=True))
PARAMETERS = Predicted.of(prediction("abc", spectral=False))


class Page(HTMLParser):
    """Elements, attributes and styles of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.styles: list[str] = []
        self.text: list[str] = []
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        self.elements.add(tag)
        for name, value in attrs:
            self.attributes.add(f"{tag} {name}")
            if name in ("src", "href", "action", "srcset", "data", "poster", "xlink:href"):
                self.addresses.append(value or "")
            if name == "style":
                self.styles.append(value or "")

    def handle_data(self, data: str) -> None:
        (self.styles if self._open == "style" else self.text).append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_comment(self, data: str) -> None:
        self.elements.add(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        assert decl == "doctype html"

    def unknown_decl(self, data: str) -> None:
        self.elements.add(f"declaration {data}")


def templates(*packages: str) -> list[str]:
    folders = [files(package) / "templates" for package in packages]
    return [file.read_text("utf-8") for folder in folders for file in folder.iterdir() if file.name.endswith(".html")]


def own(*packages: str) -> Page:
    """Return all templates, and the drawings that are made by program, as a page: what stands there is ours."""
    drawings = [diagram_svg(STEPS), spectrum_svg(SPECTRA, 0, "a"), parameters_svg(PARAMETERS, 0, "a")]
    return Page(re.sub(r"{[%{].*?[%}]}", "", "".join([*templates("specframe.report", *packages), *drawings])))


def check(text: str, template: Page) -> Page:
    """Assert that a page has no elements and attributes but ours, runs our scripts only, and loads nothing."""
    page = Page(text)
    assert page.elements <= template.elements
    assert page.attributes <= template.attributes | {"td class", "th class", "details open"}
    assert not {"iframe", "object", "embed", "link", "base", "form"} & page.elements
    assert not any(name.split()[1].startswith("on") or name.split()[1] == "style" for name in page.attributes)
    for address in page.addresses:
        assert re.fullmatch(
            r"#[\w-]+|#target=[\w%/.~-]*|data:image/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=]*", address
        ), address[:80]
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    allowed = dict(part.split(" ", 1) for part in html.unescape(policy).split("; "))
    assert {name: allowed[name] for name in ("default-src", "img-src", "base-uri", "form-action")} == {
        "default-src": "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    for element, directive in (("script", "script-src"), ("style", "style-src")):
        inside = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in inside]
        assert allowed[directive].split() == [f"'sha256-{digest}'" for digest in digests]
    # every other script is data
    assert re.findall(r"<script ([^>]*)>", text) in ([], re.findall(r'<script (type="application/json" [^>]*)>', text))
    for style in page.styles:
        assert not re.search(r"url\(|@import|expression|image-set|//[\w.]", re.sub(r"/\*.*?\*/", "", style, flags=re.S))
    return page


@pytest.mark.parametrize("spectral", [True, False])
def test_the_report_of_hostile_texts_has_only_our_elements(tmp_path: Path, spectral: bool) -> None:
    names = dict.fromkeys(HOSTILE, 1.0)
    interval = dict.fromkeys(HOSTILE, (0.5, 1.5))
    words = {name: name for name in HOSTILE}
    scored = {"targets": 3, "scores": names, "intervals": interval, "unit": HOSTILE[1]}
    path = write_report(
        tmp_path / "report.html",
        title=HOSTILE[1],
        summary=words,
        scores=dict.fromkeys(HOSTILE, names),
        figures=[ReportFigure(name, name, b"\x89PNG") for name in HOSTILE],
        set_aside=[{"target": name, "step": name, "reason": name} for name in HOSTILE],
        provenance=dict.fromkeys(HOSTILE, words) | words,
        timings=names,
        reasons=words,
        description=HOSTILE[0],
        pipeline="\n".join(HOSTILE),
        flags=dict.fromkeys(HOSTILE, HOSTILE),
        quality=[
            dict.fromkeys(("name", "median", "lowest", "highest", "lowest_target", "highest_target"), name)
            for name in HOSTILE
        ],
        found=words,
        intervals=dict.fromkeys(HOSTILE, interval),
        interval_note=HOSTILE[1],
        classes={name: dict.fromkeys(HOSTILE, scored) for name in HOSTILE},
        parameters=dict.fromkeys(HOSTILE, scored),
        judged_on=HOSTILE[2],
        predicted=dict.fromkeys(HOSTILE, words),
        prediction=prediction(HOSTILE, spectral),
        steps=[PipelineStep(f"{name}", name, name, words) for name in HOSTILE],
        about=words,
        meanings=words,
        repeat=HOSTILE[0],
        drawn=words,
        numbers={name: [(name, name, name)] for name in HOSTILE},
    )
    page = check(path.read_text(encoding="utf-8"), own())
    shown = "".join(page.text)
    assert all(printable(name, lines=True) in shown for name in HOSTILE)
    assert "49{%" not in shown  # nobody evaluated 7 * 7


def test_the_page_of_an_exploration_has_only_our_elements(tmp_path: Path) -> None:
    sections = [Section(f"s{i}", name, findings=[name], missing=[name]) for i, name in enumerate(HOSTILE)]
    words = {name: name for name in HOSTILE}
    write_exploration(
        tmp_path,
        sections,
        title=HOSTILE[1],
        description=HOSTILE[2],
        summary=words,
        set_aside=[{"target": name, "step": name, "reason": name} for name in HOSTILE],
        provenance=words,
    )
    check((tmp_path / "explore.html").read_text(encoding="utf-8"), own("specframe.explore"))


def test_the_report_of_a_hostile_run_loads_nothing_and_shows_names_as_text(hostile_run: Path) -> None:
    page = check((hostile_run / "report.html").read_text(encoding="utf-8"), own())
    shown = " ".join(page.text)
    for text in ("<script>alert(2)</script>", "l_</script><script>alert(3)</script>", '"><svg onload=alert(4)>'):
        assert text in shown


def test_the_exploration_of_a_hostile_run_loads_nothing(hostile_run: Path, tmp_path: Path, specframe) -> None:
    assert specframe("explore", hostile_run, "--out", tmp_path / "explored", "--quiet").status == 0
    text = (tmp_path / "explored" / "explore.html").read_text(encoding="utf-8")
    check(text, own("specframe.explore"))


#: What is written as it is: our styles and scripts, drawings made by program, and JSON without any ``<``.
SAFE = {"style", "script", "diagram", "viewer.chart", "page.chart", "viewer.data"}


@pytest.mark.parametrize("package", ["specframe.report", "specframe.explore"])
def test_templates_mark_nothing_as_safe_but_what_is_our_own(package: str) -> None:
    for text in templates(package):
        assert set(re.findall(r"\{\{\s*([^}|]*?)\s*\|\s*safe[^}]*\}\}", text)) <= SAFE
        assert "autoescape false" not in text
        assert not re.search(r"https?://|@import|url\(", text)
        # an attribute without quotes would end at a blank
        assert not re.search(r"=\{\{", text.replace("#target={{", ""))
