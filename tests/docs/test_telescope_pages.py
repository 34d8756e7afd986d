"""The tutorials on real telescopes: each shows a file of configs/ as it is, and what came of running it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from astropy.table import Table

from specframe import load_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIGS = Path(__file__).parents[2] / "configs"
PAGES = ("wasp-107b-hst", "wasp-39b-niriss", "hat-p-18b-niriss", "wasp-80b-gtc", "wasp-43b-hst")


def without_head(text: str) -> str:
    """Return a pipeline without the comments before its first line."""
    return text[text.index("specframe: 1") :].strip()


def numbers_of(run: Any) -> dict[str, float]:
    """Return the numbers of a run of one target by their last name, those of a comparison, and medians of channels."""
    table = Table.read(run.path / "quality.ecsv")
    found = {
        name.rpartition("/")[2]: float(table[name][0]) for name in table.colnames if table[name].dtype.kind in "fi"
    }
    for by_label in run.metrics.get("compare", {}).values():
        for values in by_label.values():
            found |= values
    prediction = run.predictions
    found["channels"] = prediction.sizes["output"]
    found["median-error-ppm"] = 1e6 * float(np.nanmedian(prediction["std"].values))
    return found


@pytest.mark.parametrize("name", PAGES)
def test_the_page_shows_the_pipeline_and_its_numbers(
    name: str, docs: Path, blocks: Callable[..., Any], tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPECFRAME_DATA", str(data_dir))
    page = docs / "tutorials" / f"{name}.md"
    (shown,) = (block.code for block in blocks(page, "yaml") if block.title == f"configs/{name}.yaml")
    config = CONFIGS / f"{name}.yaml"
    assert without_head(shown) == without_head(config.read_text(encoding="utf-8"))

    run = load_pipeline(config).run(tmp_path / "run", quiet=True)
    got = numbers_of(run)
    (text,) = (block.code for block in blocks(page, "text") if block.title == "what the run finds")
    stated = re.findall(r"^(\S+) +(-?[\d.]+)$", text, flags=re.MULTILINE)
    assert len(stated) >= 4
    for key, value in stated:
        last_digit = 10.0 ** -len(value.partition(".")[2])
        assert got[key] == pytest.approx(float(value), abs=1.01 * last_digit), f"the page says {key} is {value}"
    figures = {path.stem.partition("-")[0] for path in (run.path / "figures").iterdir()}
    assert {"light", "allan", "posterior"} <= figures
