"""A right pipeline becomes a spec; the rules between its parts hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from specframe.config import CrossValidation, PluginChoice, pipeline_from_data, read_pipeline, to_yaml
from specframe.errors import ConfigError, PluginError

if TYPE_CHECKING:
    from pathlib import Path


FULL = """\
# yaml-language-server: $schema=specframe.schema.json
specframe: 1
description: Simulated Ariel planets
seed: 7
plugins: {block: [gp], pin: [linear==1.0]}
steps:
  - id: data
    load: ariel-challenge
    with: {path: data/adc24, split: train}
  - calibrate: ariel/ariel-detector
    with: {background_rows: [[0, 8], [24, 32]], cutoff: 5300 nm}
  - id: transit
    detrend: transit-polynomial
  - id: fit
    model: ridge
    with: {alpha: 1e-3}
  - model: ridge
    from: fit
    learns: residual
  - uncertainty: conformal
  - export: table
evaluate:
  cross_validation: {folds: 4, group: star}
  scores: [r2, {score: coverage, with: {level: 0.95}}]
export: [submission-adc24, {export: table, with: {level: 0.5}}]
"""


def test_every_part_of_a_pipeline_is_read(read: Any, folder: Path) -> None:
    spec = read(FULL)
    assert (spec.description, spec.seed) == ("Simulated Ariel planets", 7)
    assert spec.plugins == PluginChoice(block=("gp",), pin=("linear==1.0",))
    assert [step.id for step in spec.steps] == ["data", "ariel-detector", "transit", "fit", "ridge", "conformal"]
    kinds = ["loader", "calibrator", "detrender", "model", "model", "uncertainty"]
    assert [step.component.component.kind for step in spec.steps] == kinds
    data, detector, transit, fit, residual, _ = spec.steps
    assert data.params.canonical() == {"path": str(folder / "data" / "adc24"), "split": "train"}
    assert detector.params.cutoff == pytest.approx(5.3)
    assert detector.params.background_rows == [(0, 8), (24, 32)]
    assert transit.params.order == 3
    assert fit.params.alpha == 0.001
    assert (fit.sources, fit.learns, fit.weights) == ((), "target", "equal")
    assert (residual.sources, residual.learns) == (("fit",), "residual")
    assert spec.cross_validation == CrossValidation(folds=4, group="star")
    scores = [(part.component.component.name, part.params.canonical()) for part in spec.scores]
    assert scores == [("r2", {}), ("coverage", {"level": 0.95})]
    exports = [(part.component.component.name, part.params.canonical()) for part in spec.exports]
    assert exports == [("table", {"level": 0.68}), ("submission-adc24", {}), ("table", {"level": 0.5})]
    assert spec.path == folder / "p.yaml"
    assert spec.origins == {}


def test_what_is_left_out_has_its_default(read: Any) -> None:
    spec = read("specframe: 1\nsteps: [load: table]\nevaluate:\nexport: null\n")
    assert (spec.seed, spec.description, spec.cross_validation) == (0, "", None)
    assert (spec.scores, spec.exports) == ((), ())


def test_cross_validation_without_options_has_five_folds_by_target(read: Any) -> None:
    spec = read("specframe: 1\nsteps: [load: table, model: flat]\nevaluate: {cross_validation: {}}\n")
    assert spec.cross_validation == CrossValidation(folds=5, group="target")


def test_resamples_and_classes_of_the_scores(read: Any) -> None:
    text = "specframe: 1\nsteps: [load: table]\nevaluate: {scores: [r2], bootstrap: 200, by: [star, truth]}\n"
    spec = read(text)
    assert (spec.bootstrap, spec.by) == (200, ("star", "truth"))
    assert read(to_yaml(spec)) == spec
    assert read("specframe: 1\nsteps: [load: table]\n").bootstrap == 1000
    assert read(to_yaml(read("specframe: 1\nsteps: [load: table]\nevaluate: {bootstrap: 0}\n"))).bootstrap == 0


def test_folds_within_training_sets(read: Any) -> None:
    spec = read("specframe: 1\nsteps: [load: table, model: flat]\nevaluate: {inner_folds: 10}\n")
    assert spec.inner_folds == 10
    assert read(to_yaml(spec)) == spec
    assert read("specframe: 1\nsteps: [load: table, model: flat]\n").inner_folds == 5


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("bootstrap: -1", "evaluate: bootstrap must be a whole number of at least 0, got"),
        ("inner_folds: 1", "evaluate: inner_folds must be a whole number of at least 2, got"),
        ("bootstrap: yes", "evaluate: bootstrap must be a whole number of at least 0, got the text 'yes'"),
        ("by: star", r"evaluate: by must be a list, got the text 'star'; write \[star\]"),
        ("by: [3]", "evaluate: by: an item must be text, got 3"),
        ("bootsrap: 10", "unknown key 'bootsrap' in evaluate; did you mean 'bootstrap'"),
    ],
)
def test_wrong_resamples_and_classes(read: Any, stated: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(f"specframe: 1\nsteps: [load: table]\nevaluate: {{{stated}}}\n")


def test_scores_need_no_model(read: Any) -> None:
    spec = read("specframe: 1\nsteps: [load: table, detrend: transit-polynomial]\nevaluate: {scores: [r2]}\n")
    assert len(spec.scores) == 1


def test_a_residual_needs_something_before_it(read: Any) -> None:
    with pytest.raises(ConfigError, match="no earlier model or detrend step whose residual"):
        read("specframe: 1\nsteps: [load: table, {model: ridge, learns: residual}]\n")


def test_a_model_cannot_build_on_a_later_step_or_itself(read: Any) -> None:
    text = "specframe: 1\nsteps: [load: table, {id: a, model: ridge, from: %s}, {id: b, model: ridge}]\n"
    for source in ("a", "b", "table"):
        with pytest.raises(ConfigError, match="from must be the id of an earlier model or detrend step"):
            read(text % source)


def test_steps_without_id_are_named_after_their_component(read: Any) -> None:
    steps = "[load: table, model: ridge, model: ridge, {id: ridge-3, model: linear/ridge}, model: mine/gp]"
    spec = read(f"specframe: 1\nsteps: {steps}\n")
    assert [step.id for step in spec.steps] == ["table", "ridge", "ridge-2", "ridge-3", "gp"]


def test_the_registry_is_made_of_what_the_pipeline_blocks_and_pins(folder: Path, make_registry: Any) -> None:
    (folder / "p.yaml").write_text(
        "specframe: 1\nplugins: {block: [linear], pin: [io==1.0]}\nsteps: [load: table, model: ridge]\n"
    )
    made = []

    def factory(block: tuple[str, ...], pin: tuple[str, ...]) -> Any:
        made.append((block, pin))
        return make_registry(block, pin)

    with pytest.raises(ConfigError, match=r"p\.yaml:3:29: no model is named 'ridge'"):
        read_pipeline("p.yaml", factory)
    assert made == [(("linear",), ("io==1.0",))]


def test_a_registry_that_cannot_be_made_is_a_problem_at_plugins(folder: Path) -> None:
    (folder / "p.yaml").write_text("specframe: 1\nplugins: {pin: [x==9]}\nsteps: [load: table]\nsed: 1\n")

    def factory(block: tuple[str, ...], pin: tuple[str, ...]) -> Any:
        raise PluginError("x==9 is pinned, but x 1.0 is installed")

    with pytest.raises(ConfigError) as caught:
        read_pipeline("p.yaml", factory)
    lines = [line for line in str(caught.value).splitlines() if line.startswith("p.yaml")]
    assert lines[0] == "p.yaml:2:1: x==9 is pinned, but x 1.0 is installed"
    assert lines[1].startswith("p.yaml:4:1: unknown key 'sed' in the pipeline")


def test_a_pin_that_is_not_met_is_a_problem_even_when_nothing_of_it_is_used(read: Any) -> None:
    with pytest.raises(ConfigError, match=r"^p\.yaml:2:17: gp is pinned to 9, installed is 1\.0\n"):
        read("specframe: 1\nplugins: {pin: [gp==9, io==1.0]}\nsteps: [load: table]\n")


def test_everything_wrong_is_told_at_once_in_file_order(read: Any) -> None:
    text = FULL.replace("seed: 7", "seed: x").replace("model: ridge\n    with", "model: rigde\n    with")
    text = text.replace("split: train", "split: tran").replace("folds: 4", "folds: 1").replace("[r2", "[r3")
    with pytest.raises(ConfigError) as caught:
        read(text, "transit.order=99")
    assert [problem.position.label for problem in caught.value.problems] == [
        "p.yaml:4:7",
        "p.yaml:9:37",
        "p.yaml:15:12",
        "p.yaml:23:29",
        "p.yaml:24:12",
        "--set transit.order=99",
    ]


def test_the_class_of_a_component_is_never_imported(read: Any) -> None:
    assert read(FULL).steps[0].component.component.target.startswith("no_such_package")


def test_python_data_are_read_as_yaml_would_be(read: Any, make_registry: Any, folder: Path) -> None:
    data = {
        "specframe": 1,
        "seed": np.int64(3),
        "steps": (
            {"id": "data", "load": "table", "with": {"paths": [folder / "data"], "note": "yes"}},
            {"id": "fit", "model": "ridge", "with": {"alpha": np.float64(0.5)}},
        ),
    }
    text = "specframe: 1\nseed: 3\nsteps:\n- {id: data, load: table, with: {paths: [data], note: 'yes'}}\n"
    assert pipeline_from_data(data, make_registry) == read(text + "- {id: fit, model: ridge, with: {alpha: 0.5}}\n")


def test_problems_of_python_data_name_their_place(make_registry: Any, folder: Path) -> None:
    data = {
        "specframe": 1,
        "steps": [
            {"load": "table", "with": {"paths": ["nowhere"]}},
            {"model": "ridge", "with": {"alpha": float("nan"), "components": "3"}},
            {"model": object()},
        ],
        3: 4,
    }
    with pytest.raises(ConfigError) as caught:
        pipeline_from_data(data, make_registry, ["seed=x"])
    assert str(caught.value).splitlines() == [
        "the pipeline: a key must be text, got 3",
        f"steps[0].with.paths[0]: table: paths[0]: no such file or folder: {folder}/nowhere",
        "steps[1].with.alpha: a number must be finite, got nan",
        "steps[1].with.components: ridge: components must be a whole number, got the text '3'; take the quotes away",
        "steps[2].model: expected plain data, got object",
        "3: unknown key '3' in the pipeline; "
        "it has: specframe, description, vars, seed, plugins, steps, evaluate, tune, predict, export",
        "--set seed=x: seed must be a whole number of at least 0, got the text 'x'",
        "7 problems",
    ]


def test_python_data_that_contain_themselves_are_refused(make_registry: Any) -> None:
    data: dict[str, Any] = {"specframe": 1}
    data["vars"] = data
    with pytest.raises(ConfigError, match="nested more than 60 levels deep"):
        pipeline_from_data(data, make_registry)


def test_a_validator_that_breaks_is_told_as_the_plugins_mistake(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from specframe.api import Params

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(Params, "validate_data", broken)
    with pytest.raises(
        ConfigError, match=r"ZeroDivisionError: division by zero; this is a mistake in specframe-io 1\.0"
    ):
        read("specframe: 1\nsteps: [load: table]\n")
