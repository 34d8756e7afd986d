"""Screenshots of the quickstart's report for the page "Read the report": ``python docs/figures/report.py RUN``.

Needs selenium, Chromium and its driver.
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By

IMAGES = Path(__file__).parents[1] / "images"
WIDTH = 1000
#: Which part of the page goes into which picture: the heading it begins with, that before which it ends, and how many
#: pixels of it are shown at most.
PARTS = {
    "report-result": ("run-title", "scores-title", 1402),
    "report-calibration": ("calibration-title", "targets-title", 1270),
    "report-worst": ("page-1-title", "page-2-title", 1500),
    "report-quality": ("quality-title", "provenance-title", 1500),
}


def main(run: Path) -> None:
    """Write a picture of each part."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    with tempfile.TemporaryDirectory() as profile:
        for flag in ("headless", "no-sandbox", "disable-gpu", "hide-scrollbars", "disable-background-networking"):
            options.add_argument(f"--{flag}")
        options.add_argument(f"--user-data-dir={profile}")
        options.add_argument(f"--window-size={WIDTH},16000")
        browser = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
        try:
            browser.get((run / "report.html").resolve().as_uri())
            for name, (*ends, most) in PARTS.items():
                top, bottom = (browser.find_element(By.ID, end).rect["y"] - 12 for end in ends)
                clip = {"x": 0, "y": top, "width": WIDTH, "height": min(bottom - top, most), "scale": 1}
                taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
                write(IMAGES / f"{name}.png", taken["data"])
        finally:
            browser.quit()


def write(path: Path, data: str) -> None:
    """Write a screenshot with 160 colours, which is a third of its size."""
    image = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
    image.quantize(160, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path, f"{path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
