"""Whatever stands in the files or on the command line, the answer is a pipeline or a ConfigError."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specframe.config import to_yaml
from specframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from specframe.config import PipelineSpec

PIPELINE = """\
specframe: 1
description: ${vars.text}
seed: 7
vars: {text: a, order: 3, rows: [[0, 8]], more: {a: '${vars.order}'}}
plugins: {block: [x], pin: ["y==1.0"]}
steps:
  - id: data
    load: table
    with: {paths: [data], labels: data/labels.csv, columns: {a: {file: data, name: a}}, extra: [1]}
  - calibrate: ariel-detector
    with: {background_rows: '${vars.rows}', keep_hot: true}
  - {id: fit, model: ridge, with: {alpha: auto, components: 3}}
  - {model: ridge, from: fit, learns: residual}
  - uncertainty: conformal
evaluate:
  cross_validation: {folds: 5, group: target}
  scores: [r2, {score: coverage, with: {level: 0.95}}]
export: [submission-adc24]
"""

BASE = PIPELINE.replace("seed: 7", "seed: 8").replace("id: fit", "id: base")

# fmt: off
PIECES = st.sampled_from([
    "", " ", "\n", "null", "~", "[]", "{}", "[1]", "{a: 1}", "- ", ": ", ", ", "]", "}", "'", '"', "x", "1e-3", "-1",
    ".nan", "true", "&a ", "*a", "!x ", "#", "\t", "${vars.order}", "'${vars.more}'", "${env:NO}", "'${", "$${", "<<",
    "? ", "|", "extends: base.yaml\n", "extends: p.yaml\n", "steps:", "with:", "id: fit", "load:", "model:",
    "from: fit", "\0", "é",
])
TARGETS = st.sampled_from([
    "fit.alpha", "data.paths.0", "data.columns.a.file", "data.extra", "seed", "vars.rows", "vars", "evaluate", "export",
    "evaluate.scores.1.with", "plugins.pin", "description", "fit", "nope.x", "ariel-detector.background_rows.0.0", "",
])
# fmt: on
EDITS = st.lists(st.tuples(st.integers(0, len(PIPELINE)), st.integers(0, 30), PIECES), min_size=1, max_size=4)
OVERRIDES = st.lists(st.tuples(TARGETS, PIECES | st.text(max_size=8)).map("=".join), max_size=2)


def edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    return text


@pytest.fixture
def answer(read: Callable[..., Any]) -> Callable[..., PipelineSpec | None]:
    """Return the pipeline, or nothing after a ConfigError that says something."""

    def read_or_refuse(text: str | bytes, *overrides: str) -> PipelineSpec | None:
        try:
            return read(text, *overrides)  # type: ignore[no-any-return]
        except ConfigError as error:
            problems = error.problems
        if not problems or not all(problem.message and problem.position.label for problem in problems):
            raise AssertionError("a ConfigError without a problem")
        return None

    return read_or_refuse


def test_any_edit_of_a_pipeline_gives_a_pipeline_or_a_config_error(folder: Any, read: Any, answer: Any) -> None:
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(EDITS, EDITS, st.booleans(), OVERRIDES)
    def check(edits: Any, base_edits: Any, extends: bool, overrides: list[str]) -> None:
        (folder / "base.yaml").write_text(edited(BASE, base_edits), encoding="utf-8")
        text = edited(PIPELINE, edits)
        spec = answer(f"extends: base.yaml\n{text}" if extends else text, *overrides)
        assert spec is None or read(to_yaml(spec)) == spec

    check()


def test_any_bytes_give_a_config_error(answer: Any) -> None:
    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=60))
    def check(raw: bytes) -> None:
        assert answer(raw) is None

    check()
