"""A headless Chromium, and the pages of small runs to open in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from specframe import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver import Chrome

    from specframe import Run

PLUGIN = Path(__file__).with_name("hostile.py")
_FLAGS = (
    "--headless",
    "--no-sandbox",  # which root cannot have
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--window-size=1200,900",
)
_FIT = [
    {"id": "fit", "model": "ridge", "with": {"inputs": ["depth"]}},
    {"id": "sigma", "uncertainty": "residual"},
]
_STEPS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "spectra": ("spectrum", _FIT),
    "parameters": ("parameters", _FIT),
    "measured": ("nothing", []),
}


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Return a function that gives a run: of ``spectra``, of ``parameters``, or ``measured`` without any model."""
    made: dict[str, Run] = {}

    def run(kind: str) -> Run:
        if kind not in made:
            outputs, more = _STEPS[kind]
            folder = tmp_path_factory.mktemp(kind)
            data = {"id": "data", "load": "sky", "with": {"outputs": outputs}}
            evaluate = (
                {"cross_validation": {"folds": 3}, "bootstrap": 200, "scores": ["r2", "coverage"]} if more else {}
            )
            recipe = {
                "specframe": 1,
                "description": f"<i>{kind}</i> & more",
                "steps": [data, {"id": "depths", "detrend": "halves"}, *more],
                **({"evaluate": evaluate} if evaluate else {}),
            }
            file = folder / "pipeline.yaml"
            file.write_text(yaml.safe_dump(recipe))
            made[kind] = Pipeline.from_yaml(file, plugin_files=[PLUGIN]).run(folder / "run", quiet=True)
        return made[kind]

    return run


@pytest.fixture(scope="session")
def page_of(finished_run: Callable[[str], Run], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives the page of a run, or with ``explored`` that of an exploration."""
    from specframe.explore.exploring import explore_path

    made: dict[str, Path] = {}

    def page(kind: str) -> Path:
        if kind == "explored" and kind not in made:
            run = finished_run("parameters")
            out = tmp_path_factory.mktemp("explored") / "page"
            made[kind] = Path(explore_path(run.path, out, plugin_files=(PLUGIN,), quiet=True).page)
        return made[kind] if kind == "explored" else finished_run(kind).path / "report.html"

    return page


def _executable(variable: str, *names: str) -> str:
    """Return an executable that a variable names or that is on the path; without one skip, or in CI fail."""
    found = os.environ.get(variable) or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        reason = f"no {' or '.join(names)}: install Debian's chromium and chromium-driver, or set {variable}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return found


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One browser for all tests, which may load files and nothing else."""
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = _executable("SPECFRAME_CHROMIUM", "chromium", "chromium-browser", "google-chrome")
    service = ChromeService(executable_path=_executable("SPECFRAME_CHROMEDRIVER", "chromedriver"))
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = Chrome(options=options, service=service)
    try:
        browser.set_page_load_timeout(60)
        browser.set_script_timeout(30)
        browser.execute_cdp_cmd("Network.enable", {})
        yield browser
    finally:
        browser.quit()


class Tab:
    """A page in the browser."""

    def __init__(self, driver: Chrome, page_of: Callable[[str], Path]) -> None:
        self.driver, self._page_of = driver, page_of

    def open(self, kind: str) -> Tab:
        """Load the page anew, without what the last one left."""
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get("about:blank")
        self.driver.get(self._page_of(kind).as_uri())
        return self

    def js(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def cdp(self, command: str, **parameters: Any) -> Any:
        return self.driver.execute_cdp_cmd(command, parameters)

    def emulate(self, media: str = "", scheme: str = "") -> None:
        """Let the page believe in a medium, and in a colour scheme that the system prefers."""
        features = [{"name": "prefers-reduced-motion", "value": "reduce"}]  # a page that glides cannot be clicked yet
        if scheme:
            features.append({"name": "prefers-color-scheme", "value": scheme})
        self.cdp("Emulation.setEmulatedMedia", media=media, features=features)

    def width(self, pixels: int) -> None:
        self.cdp("Emulation.setDeviceMetricsOverride", width=pixels, height=900, deviceScaleFactor=1, mobile=False)

    def text(self, selector: str) -> str:
        return str(self.js("return document.querySelector(arguments[0]).textContent", selector))

    def press(self, selector: str, *keys: str) -> None:
        self.driver.find_element("css selector", selector).send_keys(*keys)

    def click(self, selector: str) -> None:
        self.driver.find_element("css selector", selector).click()


@pytest.fixture
def tab(driver: Chrome, page_of: Callable[[str], Path]) -> Iterator[Tab]:
    """The browser's tab, in which nothing is left of the last test."""
    tab = Tab(driver, page_of)
    tab.emulate()
    yield tab
    tab.cdp("Emulation.clearDeviceMetricsOverride")
    tab.cdp("Emulation.setScriptExecutionDisabled", value=False)
    if driver.current_url.startswith("file:"):
        driver.execute_script("localStorage.clear()")
