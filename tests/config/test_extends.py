"""``extends``: a file states only what differs from another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specframe.config import read_pipeline
from specframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BASE = """\
specframe: 1
seed: 7
steps:
  - {id: data, load: table, with: {paths: [../data/labels.csv], note: base, options: {a: 1, b: {c: 2}}}}
  - {id: fit, model: ridge, with: {alpha: 0.5, components: 4}}
  - uncertainty: conformal
evaluate:
  cross_validation: {folds: 3, group: star}
  scores: [r2, coverage]
"""


@pytest.fixture
def extend(folder: Path, read: Callable[..., Any]) -> Callable[..., Any]:
    """Read a pipeline that extends ``bases/base.yaml``."""
    (folder / "bases").mkdir()
    (folder / "bases" / "base.yaml").write_text(BASE)

    def read_text(text: str, *overrides: str) -> Any:
        return read(f"extends: bases/base.yaml\n{text}", *overrides)

    return read_text


def params(spec: Any) -> dict[str, Any]:
    return {step.id: step.params.canonical() for step in spec.steps}


def test_a_file_that_changes_nothing_is_its_base(extend: Any, folder: Path, make_registry: Any) -> None:
    assert extend("") == read_pipeline(folder / "bases" / "base.yaml", make_registry)


def test_a_path_is_relative_to_the_file_that_states_it(extend: Any, folder: Path) -> None:
    spec = extend("steps: [{id: data, with: {labels: data/labels.csv}}]")
    assert params(spec)["data"]["paths"] == [str(folder / "data/labels.csv")]
    assert params(spec)["data"]["labels"] == str(folder / "data/labels.csv")


def test_mappings_are_merged_and_lists_replaced(extend: Any) -> None:
    spec = extend("seed: 8\nevaluate: {scores: [coverage], cross_validation: {folds: 2}}")
    assert (spec.seed, spec.cross_validation.folds, spec.cross_validation.group) == (8, 2, "star")
    assert [part.component.component.name for part in spec.scores] == ["coverage"]


def test_a_step_of_the_same_id_changes_its_parameters_deeply(extend: Any) -> None:
    spec = extend("steps: [{id: data, with: {options: {b: {d: 3}}}}, {id: fit, with: {alpha: 9}}]")
    assert params(spec)["data"]["options"] == {"a": 1, "b": {"c": 2, "d": 3}}
    assert params(spec)["data"]["note"] == "base"
    assert (params(spec)["fit"]["alpha"], params(spec)["fit"]["components"]) == (9.0, 4)


def test_another_component_drops_the_parameters_of_the_old_one(extend: Any) -> None:
    spec = extend("steps: [{id: fit, model: mine/gp, with: {components: 2}}]")
    assert params(spec)["fit"] == {"alpha": 1.0, "components": 2, "max_iterations": None}


def test_the_qualified_name_of_the_same_component_keeps_them(extend: Any) -> None:
    spec = extend("steps: [{id: fit, model: linear/ridge}]")
    assert params(spec)["fit"]["alpha"] == 0.5


def test_null_drops_all_parameters(extend: Any) -> None:
    assert params(extend("steps: [{id: fit, with: null}]"))["fit"]["alpha"] == 1.0


def test_a_step_is_found_by_the_id_that_it_was_given_by_default(extend: Any) -> None:
    assert params(extend("steps: [{id: conformal, with: {level: 0.9}}]"))["conformal"] == {"level": 0.9}


def test_a_new_step_goes_where_the_recipe_has_its_kind(extend: Any) -> None:
    spec = extend("steps: [{detrend: transit-polynomial}, {id: second, model: flat}, {calibrate: ariel-detector}]")
    ids = ["data", "ariel-detector", "transit-polynomial", "fit", "second", "conformal"]
    assert [step.id for step in spec.steps] == ids


def test_a_chain_is_merged_from_its_end(folder: Path, make_registry: Any) -> None:
    for name, text in {
        "a": "extends: b.yaml\nseed: 1\n",
        "b": "extends: c.yaml\nseed: 2\ndescription: b\n",
        "c": "specframe: 1\nseed: 3\ndescription: c\nsteps: [load: table]\n",
    }.items():
        (folder / f"{name}.yaml").write_text(text)
    spec = read_pipeline("a.yaml", make_registry)
    assert (spec.seed, spec.description) == (1, "b")
    assert spec.origins == {"description": "b.yaml:3", "specframe": "c.yaml:1"}


def test_the_base_may_be_named_by_the_environment(extend: Any, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASES", "bases")
    assert read("extends: ${env:BASES}/base.yaml\n") == extend("")


def message(call: Callable[..., Any], text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        call(text)
    return str(caught.value)


def test_a_circle_is_drawn(folder: Path, read: Any) -> None:
    (folder / "b.yaml").write_text("seed: 1\nextends: c.yaml\n")
    (folder / "c.yaml").write_text("extends: ./p.yaml\n")
    assert message(read, "extends: b.yaml\n").splitlines()[0] == (
        "c.yaml:1:10: 'extends' leads back to where it began: p.yaml -> b.yaml -> c.yaml -> p.yaml"
    )


def test_a_file_that_extends_itself_is_a_circle(read: Any) -> None:
    assert "p.yaml -> p.yaml" in message(read, "extends: p.yaml\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "extends: none.yaml",
            "p.yaml:1:10: extends: no such file: {folder}/none.yaml; the path is relative to this file",
        ),
        ("extends: data", "p.yaml:1:10: extends: no such file: {folder}/data; the path is relative to this file"),
        ("extends: [a.yaml]", "p.yaml:1:10: extends: expected the path of one YAML file, got a list of 1"),
        ("extends:", "p.yaml:1:9: extends: expected the path of one YAML file, got nothing"),
        ("extends: ${vars.x}", "p.yaml:1:10: ${vars.x} cannot be used here; use ${env:NAME}"),
        ("extends: list.yaml", "list.yaml:1:1: a pipeline is a mapping, got a list of 1"),
        ("extends: bad.yaml", "bad.yaml:1:4: this list is not closed; expected ',' or ']' before line 2"),
    ],
)
def test_a_base_that_cannot_be_read_is_the_only_problem(read: Any, folder: Path, text: str, expected: str) -> None:
    (folder / "list.yaml").write_text("- 1\n")
    (folder / "bad.yaml").write_text("a: [1\nb: 2\n")
    told = message(read, text + "\nsed: 1\n")
    assert [line for line in told.splitlines() if ".yaml:" in line] == [expected.replace("{folder}", str(folder))]


def test_a_misspelt_id_suggests_the_step_of_the_base(extend: Any) -> None:
    told = message(extend, "steps: [{id: fti, with: {alpha: 9}}]")
    assert told.splitlines()[0] == "p.yaml:2:14: the step names no component; did you mean 'fit'?"


def test_two_steps_of_one_id_in_a_file_are_a_mistake_not_a_change(extend: Any) -> None:
    assert "duplicate id 'fit'" in message(extend, "steps: [{id: fit, model: ridge}, {id: fit, model: flat}]")


def test_a_problem_of_the_base_is_shown_there(folder: Path, extend: Any) -> None:
    (folder / "bases" / "base.yaml").write_text(BASE.replace("components: 4", "components: 0"))
    assert message(extend, "seed: 1") == (
        "bases/base.yaml:5:60: ridge: components must be at least 1, got 0\n"
        "  5 |   - {id: fit, model: ridge, with: {alpha: 0.5, components: 0}}\n"
        "    |                                                            ^"
    )
