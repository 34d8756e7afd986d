"""The built documentation opens without an error, and loads nothing from other hosts."""

from __future__ import annotations

import json
import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

pytestmark = pytest.mark.xdist_group("browser")

PAGES = ("", "getting-started/", "tutorials/quickstart/", "gallery/", "how-to/figures/", "reference/components/")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of the documentation that lies in ``$SPECFRAME_SITE``, where tox has it built."""
    folder = Path(os.environ.get("SPECFRAME_SITE", ""))
    if not (folder / "index.html").is_file():
        reason = "no documentation to open: mkdocs build --site-dir SITE, and set SPECFRAME_SITE to it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_without_an_error_and_from_here_alone(site: str, driver: Chrome, page: str) -> None:
    driver.get("about:blank")
    for log in ("browser", "performance"):
        driver.get_log(log)
    driver.get(site + page)
    driver.execute_async_script("requestIdleCallback(arguments[0], {timeout: 500})")
    assert driver.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert site + page in asked
    assert [url for url in asked if not url.startswith((site, "data:", "blob:", "about:"))] == []
    assert driver.execute_script("return [...document.images].filter((image) => !image.alt.trim()).length") == 0
