"""What the report says of a pipeline's components."""

from __future__ import annotations

import pytest

from specframe import Pipeline
from specframe.pipeline.captions import figure_place
from specframe.pipeline.drawn_steps import drawn_steps, score_meanings
from specframe.registry import Registry

STEPS = [
    {"id": "data", "load": "ariel-simulated", "with": {"n_targets": 3}},
    {"id": "curves", "calibrate": "ariel-detector"},
    {
        "id": "transit",
        "detrend": "transit-fit",
        "with": {"orbit": {"period": 3.5, "duration": 0.1, "impact_parameter": 0.2}, "errors": {"red_noise": False}},
    },
    {"id": "first", "model": "ridge", "with": {"alpha": 2.0}},
    {"id": "second", "model": "ridge", "from": "first", "learns": "residual"},
]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.discover()


def test_parameters_are_those_that_differ_from_their_defaults(registry: Registry) -> None:
    resolved = Pipeline(STEPS, evaluate={"scores": ["rmse-ppm", "coverage"]}).spec.to_data()
    assert len(resolved["steps"][0]["with"]) > 10  # defaults are written out
    steps = {step.id: step for step in drawn_steps(resolved, registry)}
    assert steps["data"].parameters == {"n_targets": "3"}
    assert steps["curves"].parameters == {}
    assert steps["transit"].parameters["errors"] == "(red_noise false)"
    assert steps["transit"].parameters["orbit"].startswith("(period 3.5")
    assert steps["first"].parameters == {"alpha": "2.0"}
    assert (steps["second"].kind, steps["second"].sources, steps["second"].residual) == ("model", ("first",), True)


def test_a_component_that_is_gone_has_no_parameters(registry: Registry) -> None:
    data = {"steps": [{"id": "data", "load": "of-another-machine", "with": {"path": "x"}}]}
    (step,) = drawn_steps(data, registry)
    assert (step.component, step.parameters) == ("of-another-machine", {})


def test_scores_of_several_numbers_have_the_meaning_of_their_component(registry: Registry) -> None:
    pipeline = {"evaluate": {"scores": ["r2", {"score": "coverage", "with": {}}]}}
    found = score_meanings(pipeline, ["r2", "coverage-68", "crps"], registry)
    assert found.keys() == {"r2", "coverage-68"}
    assert "determination" in found["r2"]
    assert "intervals" in found["coverage-68"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("calibration", ("calibration", "")),
        ("parameter-histograms", ("calibration", "")),
        ("parameters", ("scores", "")),
        ("training-fit", ("scores", "")),
        ("predicted-parameters", ("result", "")),
        ("light-curve-b-AIRS-0", ("target", "b")),
        ("allan-gone", ("scores", "")),
    ],
)
def test_figures_stand_where_they_are_looked_for(name: str, place: tuple[str, str]) -> None:
    assert figure_place(name, {"b": "worst"}) == place
