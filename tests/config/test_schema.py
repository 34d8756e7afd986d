"""The JSON schema lets an editor accept what we accept and mark what is misspelt."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from specframe.config import json_schema

PIPELINE = """\
specframe: 1
description: Simulated planets
seed: 7
vars: {order: 3}
plugins: {block: [x], pin: ["linear==0.1.0"]}
steps:
  - id: data
    load: ariel-challenge
    with: {path: "${env:DATA:-data}/adc24", split: train}
  - calibrate: ariel/ariel-detector
    with: {background_rows: [[0, 8], [24, 32]], cutoff: 5300 nm, keep_hot: "${vars.hot}"}
  - id: transit
    detrend: transit-polynomial
    with: {order: "${vars.order}"}
  - id: fit
    model: ridge
    with: {alpha: auto, components: 4, max_iterations: null}
  - {model: mine/gp, from: fit, learns: residual}
  - {model: "${vars.model}", with: {anything: 1}}
  - uncertainty: conformal
    with:
evaluate:
  cross_validation: {folds: 5, group: target}
  scores: [r2, {score: coverage, with: {level: 0.95}}]
export: [submission-adc24, {export: table, with: {level: 0.5}}]
"""


@pytest.fixture
def validator(registry: Any) -> Draft202012Validator:
    return Draft202012Validator(json_schema(registry))


def test_it_is_a_schema(registry: Any) -> None:
    Draft202012Validator.check_schema(json_schema(registry))


def test_a_right_pipeline_is_valid(validator: Draft202012Validator) -> None:
    assert list(validator.iter_errors(yaml.safe_load(PIPELINE))) == []


def test_nested_models_and_unions_are_valid(validator: Draft202012Validator) -> None:
    options = {
        "paths": ["a", "${vars.p}"],
        "columns": {"x": {"file": "a", "name": "x", "scale": "${vars.s}"}, "y": "${vars.y}"},
        "extra": [1, "${vars.i}"],
        "options": {"free": {"x": 1}},
    }
    assert validator.is_valid({"specframe": 1, "steps": [{"load": "table", "with": options}]})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed: 7", "sead: 7"),
        ("seed: 7", "seed: -1"),
        ("seed: 7", "seed: seven"),
        ("specframe: 1", "specframe: 2"),
        ("specframe: 1\n", ""),
        ("load: ariel-challenge", "load: ariel-chalenge"),
        ("load: ariel-challenge", "lod: ariel-challenge"),
        ("split: train", "split: tran"),
        ("split: train", "splt: train"),
        ('path: "${env:DATA:-data}/adc24", ', ""),
        ("[[0, 8], [24, 32]]", "[[0, 8, 9]]"),
        ("[[0, 8], [24, 32]]", "[[0, a]]"),
        ("keep_hot: ", "hot: "),
        ("alpha: auto", "alpha: manual"),
        ("components: 4", "components: 0"),
        ("components: 4", "components: 4.5"),
        ("model: ridge", "model: cnn"),
        ("model: mine/gp", "model: gp"),
        ("model: ridge", "model: conformal"),
        ("model: ridge", "model: ridge\n    detrend: transit-polynomial"),
        ("model: ridge", "alpha: 3\n    model: ridge"),
        ("    model: ridge\n", ""),
        ("uncertainty: conformal", "uncertainty: conformal\n    from: fit"),
        ("learns: residual", "learns: residuals"),
        ("folds: 5", "folds: 1"),
        ("group: target", "grup: target"),
        ("[r2, ", "[r3, "),
        ("level: 0.95", "level: 95"),
        ("score: coverage", "scor: coverage"),
        ("[submission-adc24, ", "[submission, "),
        ("block: [x]", "blok: [x]"),
    ],
)
def test_a_mistake_is_marked(validator: Draft202012Validator, old: str, new: str) -> None:
    assert PIPELINE.count(old) == 1
    data = yaml.safe_load(PIPELINE.replace(old, new))
    assert not validator.is_valid(data)


def test_a_file_that_extends_another_may_leave_out_what_that_states(validator: Draft202012Validator) -> None:
    patch = {"extends": "base.yaml", "steps": [{"id": "fit", "with": {"alpha": 2}}, {"load": "ariel-challenge"}]}
    assert validator.is_valid(patch)
    assert not validator.is_valid({key: value for key, value in patch.items() if key != "extends"})
    assert not validator.is_valid({"extends": "base.yaml", "steps": [{"model": "ridge", "with": {"alpah": 2}}]})


def test_descriptions_and_defaults_are_where_editors_look(registry: Any) -> None:
    schema = json_schema(registry)
    order = schema["$defs"]["detrender.linear.transit-polynomial"]["properties"]["order"]
    assert (order["description"], order["default"]) == ("Order.", 3)
    models = schema["$defs"]["step"]["properties"]["model"]["anyOf"]
    assert {"const": "ridge", "description": "The ridge model."} in models


def test_every_reference_within_the_schema_leads_somewhere(registry: Any) -> None:
    schema = json_schema(registry)

    def references(node: Any) -> Any:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    found = set(references(schema))
    assert len(found) > 10
    for reference in found:
        target: Any = schema
        for piece in reference.removeprefix("#/").split("/"):
            target = target[piece]


def test_making_the_schema_changes_no_component(registry: Any) -> None:
    before = [copy.deepcopy(r.component.params.model_json_schema()) for r in registry.components()]
    first = json_schema(registry)
    assert json_schema(registry) == first
    assert [r.component.params.model_json_schema() for r in registry.components()] == before
