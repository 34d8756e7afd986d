"""What the page "Coming from TelescopeML" names of specframe exists, and takes the parameters that it shows."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

from specframe.config import pipeline_from_data
from specframe.config.recipe import STEP_OPTIONS
from specframe.config.spec import STEP_KEYS
from specframe.errors import ConfigError
from specframe.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

#: Where the functions and classes of the tables are looked for.
_PACKAGES = (
    "specframe",
    "specframe.explore",
    "specframe.report",
    "specframe.tuning",
    "specframe_retrieval",
    "specframe_cnn",
)
#: TelescopeML's modules, and the oldest of their public classes, each of which must stand in a row.
_THEIRS = {
    "DataMaster": "DataProcessor",
    "DeepTrainer": "TrainRegressorCNN",
    "DeepTuner": "KerasWorker",
    "Predictor": "ObserveParameterPredictor",
    "StatVisAnalyzer": "plot_regression_report",
    "IO_utils": "LoadSave",
    "LIMEXplainer": "LIMEXplainer",
    "Unsupervised": "UnsupervisedML",
}


@cache
def registry() -> Registry:
    return Registry.discover()


def rows(page: Path) -> list[tuple[int, list[str]]]:
    """Return the cells of every row of the tables about TelescopeML, with the lines they stand in."""
    found, inside = [], False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        inside = line.startswith("| in TelescopeML |") or (inside and line.startswith("|"))
        if inside and not line.startswith(("| in TelescopeML |", "|---")):
            found.append((number, [cell.strip() for cell in line.strip("|").split(" | ")]))
    return found


def spans(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def unknown(span: str, root: Path) -> str:
    """Return what is wrong with a name, or nothing."""
    if span.startswith("{"):
        return _wrong_pipeline(span)
    if span.startswith("specframe "):
        return _wrong_command(span.split()[1:])
    if "/" in span or span.endswith((".ecsv", ".html")):
        return "" if (root / span).exists() or _is_a_documented_file(span, root) else "no such file"
    if any(span == registered.component.name for registered in registry().components()):
        return ""
    name, *members = span.split(".")
    for package in map(import_module, _PACKAGES):
        if name in package.__all__ and all(hasattr(getattr(package, name), member) for member in members):
            return ""
    return "no such component, function or class"


def _wrong_command(words: list[str]) -> str:
    from specframe.cli.main import _group

    command = _group.get_command(click.Context(_group), words[0])
    if command is None:
        return "no such command"
    options = {option for parameter in command.params for option in parameter.opts}
    missing = [word for word in words[1:] if word.startswith("--") and word not in options]
    return f"no option {missing}" if missing else ""


def _wrong_pipeline(span: str) -> str:
    """Return why a step, or a section, is refused within an otherwise valid pipeline."""
    shown = yaml.safe_load(span)
    steps: list[dict[str, Any]] = [{"load": "ariel-simulated"}, {"id": "fit", "model": "ridge"}]
    evaluate = {"cross_validation": {"folds": 3}, "scores": ["r2"]}
    if set(shown) <= {*STEP_KEYS, *STEP_OPTIONS, "with", "id"}:
        kind = STEP_KEYS[next(key for key in shown if key in STEP_KEYS)]
        # a loader takes the place of ours, a model too; a calibrator stands between
        places = {"loader": [shown, steps[1]], "calibrator": [steps[0], shown, steps[1]], "model": [steps[0], shown]}
        steps = places[kind]
        shown = {}
    data = {"specframe": 1, "steps": steps, "evaluate": evaluate, **shown}
    try:
        pipeline_from_data(data, lambda block, pin: registry(), check_paths=False)
    except ConfigError as error:
        return str(error)
    return ""


def _is_a_documented_file(name: str, root: Path) -> bool:
    pages = ("reference/run-directory.md", "how-to/tune.md")
    return any(f"`{name}`" in (root / "docs" / page).read_text(encoding="utf-8") for page in pages)


def test_what_stands_beside_telescopeml_exists(docs: Path) -> None:
    table = rows(docs / "how-to" / "coming-from-telescopeml.md")
    named = [(line, span) for line, cells in table for span in spans(cells[1])]
    assert len(named) > 70
    wrong = [f"line {line}: {span}: {why}" for line, span in named if (why := unknown(span, docs.parent))]
    assert not wrong, "\n".join(wrong)


def test_every_row_says_what_does_it_or_that_nothing_does(docs: Path) -> None:
    for line, cells in rows(docs / "how-to" / "coming-from-telescopeml.md"):
        assert len(cells) == 3, f"line {line} has {len(cells)} cells"
        assert spans(cells[1]) or cells[1] in {"not there", "not needed"}, f"line {line}: {cells[1]}"


@pytest.mark.parametrize(("module", "name"), _THEIRS.items())
def test_every_module_has_its_table(module: str, name: str, docs: Path) -> None:
    page = docs / "how-to" / "coming-from-telescopeml.md"
    assert f"\n## {module}" in page.read_text(encoding="utf-8")
    assert any(name in cells[0] for _, cells in rows(page))


@pytest.mark.parametrize(
    "span",
    [
        "no-such-component",
        "plot_nothing",
        "Pipeline.fly",
        "specframe fly",
        "specframe tune --fast",
        "configs/none.yaml",
        "{calibrate: normalise, with: {by: magic}}",
        "{model: mlp, with: {layers: 3}}",
        "{evaluate: {holdout: {part: 0.1}}}",
    ],
)
def test_a_wrong_name_would_be_noticed(span: str, docs: Path) -> None:
    assert unknown(span, docs.parent)
