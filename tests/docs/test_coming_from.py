"""What stands beside the functions of other packages, in the second column of the tables, exists and is valid."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from specframe.config import pipeline_from_data
from specframe.config.spec import STEP_KEYS
from specframe.errors import ConfigError
from specframe.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

PAGES = ("coming-from-eureka", "coming-from-chromatic", "coming-from-challenge-notebooks")
#: Kinds of steps, and what stands before them in a pipeline of that kind.
_BEFORE: dict[str, list[dict[str, Any]]] = {
    "load": [],
    "calibrate": [{"load": "ariel-simulated"}],
    "detrend": [{"load": "eureka", "with": {"path": "Stage4"}}],
    "model": [{"load": "ariel-simulated"}, {"calibrate": "ariel-detector"}, {"detrend": "transit-joint"}],
}
_BEFORE["uncertainty"] = [*_BEFORE["model"], {"id": "net", "model": "cnn1d", "with": {"network": {"dropout": 0.1}}}]


@cache
def registry() -> Registry:
    return Registry.discover()


@cache
def names() -> set[str]:
    """Return the names of components, of their parameters at any depth, and of the choices that they have."""
    found: set[str] = set()
    for registered in registry().components():
        found.add(registered.component.name)
        schema = json.dumps(registered.component.params.model_json_schema())
        found |= set(re.findall(r'"([\w-]+)": \{"', schema)) | set(re.findall(r'"const": "([\w-]+)"', schema))
    return found


def spans(page: Path) -> list[tuple[str, str]]:
    """Return what is shown as code in the second cell of each row, with the first cell."""
    rows = [line.strip("| \n").split(" | ") for line in page.read_text("utf-8").splitlines() if line.startswith("|")]
    return [(row[0], span) for row in rows if len(row) > 1 for span in re.findall(r"`([^`]+)`", row[1])]


def refused(span: str) -> str:
    """Return why a step or a name is wrong, or nothing."""
    if re.fullmatch(r"[a-z][a-z0-9_-]+", span):
        return "" if span in names() else "no such component, parameter or choice"
    key = re.match(r"\{(\w+): ", span)
    if not key or key[1] not in {*STEP_KEYS, "evaluate"}:
        return ""
    shown = yaml.safe_load(span)
    steps, rest = ([*_BEFORE["model"], {"model": "ridge"}], shown) if key[1] == "evaluate" else ([], {})
    if shown.get("learns") == "residual":
        steps = [*_BEFORE["model"], {"model": "flat"}, shown]
    elif not steps:
        steps = [*_BEFORE[key[1]], shown]
    try:
        pipeline_from_data({"specframe": 1, "steps": steps, **rest}, lambda block, pin: registry(), check_paths=False)
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", PAGES)
def test_what_stands_beside_another_package_exists(name: str, docs: Path) -> None:
    shown = spans(docs / "how-to" / f"{name}.md")
    assert len(shown) > 20
    wrong = [f"{first}: {span}: {why}" for first, span in shown if (why := refused(span))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("span", ["transit-fits", "{detrend: clean, with: {clip: 5}}", "{load: chromatics}"])
def test_what_does_not_exist_would_be_noticed(span: str) -> None:
    assert refused(span)
