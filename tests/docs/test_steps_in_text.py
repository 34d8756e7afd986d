"""Steps and sections that stand in one line of a text or a table are valid in a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from snippets import ROOT, pages_of, steps_in_tables

from specframe.config import pipeline_from_data
from specframe.config.spec import STEP_KEYS
from specframe.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = [(page, line, text) for page in pages_of(ROOT) for line, text in steps_in_tables(page)]


def around(step: dict[str, Any]) -> dict[str, Any]:
    """Return a pipeline with a step, or a section, where it belongs."""
    load, model = {"load": "ariel-simulated"}, {"id": "fit", "model": "ridge"}
    found = next((key for key in step if key in STEP_KEYS), None)
    if found is None or found == "export":
        return {"specframe": 1, "steps": [load, model], **step}
    if "learns" in step:
        return {"specframe": 1, "steps": [load, {"id": "fitted", "model": "pca-shrinkage"}, step | {"from": "fitted"}]}
    places = {"load": [step, model], "model": [load, step], "uncertainty": [load, model, step]}
    return {"specframe": 1, "steps": places.get(found, [load, step, model])}


@pytest.mark.parametrize(("page", "line", "text"), SHOWN, ids=[f"{page.stem}-{line}" for page, line, _ in SHOWN])
def test_a_step_of_one_line_is_valid(page: Path, line: int, text: str) -> None:
    registry = Registry.discover()
    pipeline_from_data(around(yaml.safe_load(text)), lambda block, pin: registry, check_paths=False)


def test_there_are_such_steps() -> None:
    assert len(SHOWN) > 20
