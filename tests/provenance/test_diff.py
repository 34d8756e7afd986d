"""What changed between two runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from specframe.cli import main
from specframe.provenance import diff_runs
from specframe.provenance.configuration import configuration_changes
from specframe.provenance.inputs import compare_inputs
from specframe.provenance.versions import Change

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from specframe import Run


def diff(*args: object) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["diff", *map(str, args)])
    return int(caught.value.code or 0)


def test_what_was_changed_is_told_and_nothing_else(
    run_toy: Callable[..., Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run_toy("first")
    second = run_toy("second", halves={"scale": 2.0, "fails": ["p3"]}, fit={"alpha": 5.0}, seed=3)
    found = diff_runs(first, second)
    assert found.configuration == (
        Change("seed", 2, 3),
        Change("depths.scale", 1.0, 2.0),
        Change("depths.fails", [], ["p3"]),
        Change("fit.alpha", "auto", 5.0),
    )
    assert found.versions == ()
    assert found.hardware == ()
    assert found.inputs.removed_targets == ("p3",)
    assert [(entry.target, entry.before, entry.now) for entry in found.set_aside] == [
        ("p3", None, "step 'depths': target p3 has no transit")
    ]
    assert found.predictions.common == 11
    assert found.predictions.only_before == ("p3",)
    # the largest change, from the predictions themselves
    a = first.predictions.drop_sel(target="p3")
    b = second.predictions
    change = np.abs(b["mean"].values - a["mean"].values) / a["std"].values
    assert found.predictions.changed == np.count_nonzero(change.any(axis=1))
    assert found.predictions.largest_in_std == pytest.approx(change.max(), rel=1e-12)
    score = next(score for score in found.scores if score.name == "rmse-ppm")
    assert score.difference == pytest.approx(second.metrics["cv"]["rmse-ppm"] - first.metrics["cv"]["rmse-ppm"])
    assert not found.same_results

    capsys.readouterr()
    assert diff(first.path, second.path) == 0
    told = capsys.readouterr().out
    assert "fit.alpha     auto  ->  5.0" in told
    assert "Versions: the same" in told
    assert "set aside p3: no -> step 'depths': target p3 has no transit" in told
    assert diff(first.path, second.path, "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["configuration"][0] == {"key": "seed", "before": 2, "now": 3}
    assert data["predictions"]["largest_target"] == found.predictions.largest_target


def test_a_run_that_is_made_again_differs_in_nothing(run_toy: Callable[..., Run]) -> None:
    found = diff_runs(run_toy("first"), run_toy("second"))
    assert found.same_results
    assert [*found.configuration, *found.versions, *found.hardware] == []
    assert not found.inputs
    assert found.predictions.changed == 0


def test_steps_and_components_are_told_by_their_names() -> None:
    before = {
        "seed": 0,
        "steps": [{"id": "a", "load": "x"}, {"id": "b", "detrend": "y"}, {"id": "c", "model": "ridge"}],
        "evaluate": {"scores": ["r2"], "cross_validation": {"folds": 5}},
    }
    now = {
        "seed": 0,
        "steps": [
            {"id": "c", "model": "mlp", "learns": "residual"},
            {"id": "a", "load": "x"},
            {"id": "d", "detrend": "z"},
        ],
        "evaluate": {"scores": [{"score": "coverage", "with": {"levels": [0.5]}}], "cross_validation": {"folds": 3}},
    }
    assert configuration_changes(before, now) == [
        Change("evaluate.scores (r2)", "default", None),
        Change("evaluate.cross_validation.folds", 5, 3),
        Change("evaluate.scores (coverage)", None, {"levels": [0.5]}),
        Change("b (step)", "detrend: y", None),
        Change("c (component)", "model: ridge", "model: mlp"),
        Change("c (learns)", None, "residual"),
        Change("d (step)", None, "detrend: z"),
        Change("steps (order)", "a > c", "c > a"),
    ]


def test_inputs_that_moved_are_told_from_new_ones() -> None:
    before = {"inputs": {"p1": {"/a/1": "x"}, "p2": {"/a/2": "y"}, "p3": {"/a/3": "z"}}}
    now = {"inputs": {"p1": {"/b/1": "x"}, "p2": {"/a/2": "changed"}, "p4": {"/b/4": "w"}}}
    found = compare_inputs(before, now)
    assert found.moved == (("/a/1", "/b/1"),)
    assert found.changed == ("/a/2",)
    assert found.removed == ("/a/3",)
    assert found.added == ("/b/4",)
    assert (found.added_targets, found.removed_targets) == (("p4",), ("p3",))
