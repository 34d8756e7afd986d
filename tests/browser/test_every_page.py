"""What holds for every page that specframe writes: complete in itself, safe, legible, usable by everybody."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.keys import Keys

if TYPE_CHECKING:
    from tests.browser.conftest import Tab

pytestmark = pytest.mark.xdist_group("browser")

KINDS = ("spectra", "parameters", "measured", "explored")

# Contrast of text as WCAG 2.2 has it: every text node that is seen against the first background behind it that is
# opaque. Colours are read from a canvas, whatever way they are written.
CONTRAST = """
const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
const pen = canvas.getContext("2d", {willReadFrequently: true});
const rgba = (text) => { pen.clearRect(0, 0, 1, 1); pen.fillStyle = text; pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data]; };
const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (element) => { for (; element; element = element.parentElement) {
  const colour = rgba(getComputedStyle(element).backgroundColor); if (colour[3] === 255) return colour; }
  return [255, 255, 255, 255]; };
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  if (!node.textContent.trim() || element.closest("script, style, noscript, title, desc, :disabled")) continue;
  if (!element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
  const style = getComputedStyle(element);
  const ink = light(rgba(element instanceof SVGElement ? style.fill : style.color)), paper = light(behind(element));
  found.push([(Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05), node.textContent.trim().slice(0, 40)]);
}
return found;
"""

# Short words of tables that stand on more than one line, because their column is narrower than they are.
BROKEN = """
const found = [], range = document.createRange();
for (const cell of document.querySelectorAll("th, td")) {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const word of node.textContent.matchAll(/[a-z0-9_]+/gi)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (word[0].length < 15 && range.getClientRects().length > 1) found.push(word[0]);
    }
  }
}
return found;
"""

# What Tab has to reach: everything that can be operated and is seen.
OPERABLE = """
return [...document.querySelectorAll("a[href], button, select, input, summary, [tabindex='0']")]
  .filter((element) => !element.disabled && !element.matches("a.skip"))
  .filter((element) => element.checkVisibility({visibilityProperty: true}))
  .map((element, i) => { element.dataset.place = i; return element.outerHTML.slice(0, 90); });
"""


@pytest.mark.parametrize("kind", KINDS)
def test_it_loads_without_an_error_and_asks_no_network(tab: Tab, kind: str) -> None:
    tab.open(kind)
    tab.js("return new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    assert tab.driver.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in tab.driver.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert any(url.startswith("file:") and url.endswith(".html") for url in asked)
    elsewhere = [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))]
    assert elsewhere == []
    assert sum(url.startswith("file:") for url in asked) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_targets_are_text_and_run_nothing(tab: Tab, kind: str) -> None:
    tab.open(kind)
    assert tab.js("return typeof window.pwned") == "undefined"
    assert tab.js("return document.querySelectorAll('img[src=\"x\"], i, b').length") == 0
    text = tab.js("return document.body.innerText")
    assert "<i>" in text
    if kind != "explored":
        assert "<b>the file is broken</b>" in text
    assert "49" not in tab.js("return document.title")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_text_has_enough_contrast(tab: Tab, kind: str, scheme: str) -> None:
    tab.emulate(scheme=scheme)
    tab.open(kind)
    page = tab.js("return getComputedStyle(document.body).backgroundColor")
    assert (page == "rgb(255, 255, 255)") == (scheme == "light")
    contrasts = tab.js(CONTRAST)
    assert len(contrasts) > 20
    assert [entry for entry in contrasts if entry[0] < 4.5] == []


@pytest.mark.parametrize("kind", ["spectra", "explored"])
def test_the_reader_chooses_light_or_dark_and_the_choice_is_kept(tab: Tab, kind: str) -> None:
    tab.emulate(scheme="light")
    tab.open(kind)
    background = "return getComputedStyle(document.body).backgroundColor"
    light = tab.js(background)
    tab.click("button#theme")
    dark = tab.js(background)
    assert dark != light
    tab.driver.refresh()
    assert tab.js(background) == dark
    tab.click("button#theme")
    assert tab.js(background) == light


@pytest.mark.parametrize("kind", KINDS)
def test_it_prints_on_white_without_controls(tab: Tab, kind: str) -> None:
    tab.emulate(scheme="dark")
    tab.open(kind)
    assert base64.b64decode(tab.cdp("Page.printToPDF")["data"]).startswith(b"%PDF")
    tab.emulate(media="print", scheme="dark")
    assert tab.js("return getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    shown = (
        "return [...document.querySelectorAll('button, select, input, nav')].filter((e) => e.checkVisibility()).length"
    )
    assert tab.js(shown) == 0
    assert [entry for entry in tab.js(CONTRAST) if entry[0] < 4.5] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_narrow_window_scrolls_in_one_direction_only(tab: Tab, kind: str) -> None:
    tab.width(400)
    tab.open(kind)
    width = tab.js("return document.documentElement.scrollWidth")
    assert width <= 400
    assert tab.js(BROKEN) == []


@pytest.mark.parametrize("kind", KINDS)
def test_everything_has_a_name_for_those_who_do_not_see_it(tab: Tab, kind: str) -> None:
    tab.open(kind)
    assert tab.js("return [...document.images].filter((image) => !image.alt.trim()).length") == 0
    named = {
        "button",
        "link",
        "combobox",
        "searchbox",
        "textbox",
        "checkbox",
        "radio",
        "slider",
        "image",
        "img",
        "region",
    }
    nodes: list[dict[str, Any]] = tab.cdp("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
    assert {"link", "heading", "main", "navigation"} <= set(roles)
    nameless = [
        node["role"]["value"]
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in named and not node.get("name", {}).get("value", "").strip()
    ]
    assert nameless == []


@pytest.mark.parametrize("kind", KINDS)
def test_headings_skip_no_level(tab: Tab, kind: str) -> None:
    tab.open(kind)
    levels = tab.js("return [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((h) => Number(h.tagName[1]))")
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert [(a, b) for a, b in pairwise(levels) if b > a + 1] == []
    assert (
        tab.js(
            "const all = [...document.querySelectorAll('[id]')].map((e) => e.id); return all.length - new Set(all).size"
        )
        == 0
    )
    dangling = (
        "return [...document.querySelectorAll('nav a')].filter((a) => !document.getElementById(a.hash.slice(1))).length"
    )
    assert tab.js(dangling) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_tab_key_reaches_every_control(tab: Tab, kind: str) -> None:
    tab.open(kind)
    wanted = tab.js(OPERABLE)
    assert len(wanted) > 3
    reached = set()
    body = tab.driver.find_element("css selector", "body")
    body.send_keys(Keys.TAB)
    assert tab.js("return document.activeElement.matches('a.skip')")
    key = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
    for _ in range(len(wanted) + 5):
        tab.cdp("Input.dispatchKeyEvent", type="rawKeyDown", **key)
        tab.cdp("Input.dispatchKeyEvent", type="keyUp", **key)
        reached.add(tab.js("return document.activeElement.dataset.place"))
    missed = [html for place, html in enumerate(wanted) if str(place) not in reached]
    assert missed == []


@pytest.mark.parametrize("kind", KINDS)
def test_without_scripts_the_main_result_is_still_there(tab: Tab, kind: str) -> None:
    tab.open(kind)
    tab.cdp("Emulation.setScriptExecutionDisabled", value=True)
    tab.cdp("Page.reload")
    root = tab.cdp("DOM.getDocument", depth=1)["root"]["nodeId"]

    def height(selector: str) -> float:
        node = tab.cdp("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        try:
            return float(tab.cdp("DOM.getBoxModel", nodeId=node)["model"]["height"]) if node else 0.0
        except WebDriverException:  # it is not laid out
            return 0.0

    assert height("h1") > 10
    if kind == "explored":
        assert height("figure img") > 0
    else:
        assert height("#result svg#spectrum-plot") > 100
        assert height("button#next") == 0  # nothing is offered that would do nothing
