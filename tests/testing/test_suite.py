"""``check_component`` takes a component in each of its forms, and counts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from specframe.api import Component, Params, Score
from specframe.errors import DataError
from specframe.registry import Registry
from specframe.testing import MINIMUM, ConformanceError, ScoredPrediction, check_component, prediction_problem
from specframe.testing.advice import ADVICE, GROUPS
from specframe.testing.suite import check_name, checks_of

SCORES = Path(__file__).parents[1] / "broken_plugins" / "scores.py"


class Spread(Score):
    """Root mean square of the errors; wants the three outputs of the example at least."""

    name = "spread"

    def score(self, prediction: Any, truth: Any) -> float:
        if prediction.sizes["output"] not in (1, 7):
            raise DataError("needs 7 outputs")
        return float(((prediction["mean"] - truth) ** 2).mean() ** 0.5)


def test_the_registrys_form_runs_all_checks() -> None:
    registry = Registry.discover()
    report = check_component(registry.resolve("score", "evaluate/rmse-ppm"))
    report.raise_on_failure()
    assert report.component == "score evaluate/rmse-ppm"
    assert [result.name for result in report.skipped] == []
    static, data = checks_of("score")
    assert len(report.results) == 1 + len(static) + len(data)
    assert all(result.asks for result in report.results)


def test_a_plugins_record_is_enough() -> None:
    record = Registry.discover().resolve("score", "evaluate/rmse-ppm").component
    report = check_component(record)
    assert report.ok
    assert report.component == "score rmse-ppm"


def test_a_class_is_enough_but_for_its_plugins_module() -> None:
    cls = Registry.discover().resolve("score", "evaluate/rmse-ppm").load()
    report = check_component(cls)
    assert report.ok
    assert [result.name for result in report.skipped] == ["import-budget"]
    assert report.minimum == MINIMUM["score"] - 1


def test_a_component_that_refuses_the_reference_problem_needs_an_example() -> None:
    report = check_component(Spread)
    assert not report.failed
    assert "pass examples=" in {r.name: r.reason for r in report.skipped}["runs"]
    assert "needs 7 outputs" in {r.name: r.reason for r in report.skipped}["runs"]
    with pytest.raises(ConformanceError, match="at least 22 must"):
        report.raise_on_failure()
    problem = prediction_problem(n_target=1, n_new=30, n_output=7, heteroscedastic=True)
    example = ScoredPrediction(problem.new, problem.new_truth)
    check_component(Spread, examples=[example]).raise_on_failure()


def test_an_example_that_is_refused_is_a_failure() -> None:
    problem = prediction_problem(n_target=1, n_new=30, n_output=5, heteroscedastic=True)
    report = check_component(Spread, examples=[ScoredPrediction(problem.new, problem.new_truth)])
    assert [result.name for result in report.failed] == ["runs"]


OWN_EXAMPLE = """
from specframe.api import Component, Exporter, Field, InputPath, Params, hookimpl, make_labels, make_prediction
from specframe.errors import DataError

class CopyParams(Params):
    template: InputPath = Field(description="File whose text comes first.")

class Copy(Exporter):
    "Writes the mean of two outputs."
    name = "copy"
    Params = CopyParams

    def export(self, prediction, directory):
        if prediction.sizes["output"] != 2:
            raise DataError("needs two outputs")
        path = directory / "copy.txt"
        rows = zip(prediction["target"].values, prediction["mean"].values.tolist())
        path.write_text(self.params.template.read_text() + str(dict(rows)))
        return [path]

def example(directory):
    (directory / "template.txt").write_text("mean:")
    mean = [[1.0, 2.0], [3.0, 4.0]]
    prediction = make_prediction(make_labels(mean, ["a", "b"], ["x", "y"]), mean, mean)
    return {"params": {"template": str(directory / "template.txt")}, "examples": [prediction]}

@hookimpl
def specframe_components():
    yield Component(kind="exporter", name="copy", target="mine:Copy", params=CopyParams, summary="Copy",
                    example="mine:example")
"""


def test_the_records_own_example_is_used(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OWN_EXAMPLE)
    check_component(Registry.discover(files=[path]).resolve("exporter", "copy")).raise_on_failure()


def test_an_example_that_fails_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OWN_EXAMPLE.replace("def example(directory):", "def example(directory):\n    1 / 0"))
    report = check_component(Registry.discover(files=[path]).resolve("exporter", "copy"))
    assert [result.name for result in report.failed] == ["loads"]
    assert f"ZeroDivisionError: division by zero at {path}:" in report.failed[0].reason


def test_a_minimum_of_ones_own() -> None:
    report = check_component(Spread, min_checks=3)
    assert report.ok
    assert not check_component(Spread, min_checks=30).ok


def test_parameters_without_default_are_given() -> None:
    registry = Registry.discover(files=[SCORES])
    needs = registry.resolve("score", "needs-a-parameter")
    (failed,) = check_component(needs).failed  # what follows from it is not told as a fault of its own
    assert failed.name == "parameters-valid"
    assert "power has no default: pass params=" in failed.reason
    (failed,) = check_component(needs, params={"powr": 2.0}).failed
    assert "did you mean 'power'?" in failed.reason
    check_component(needs, params={"power": 2.0}).raise_on_failure()


def test_a_component_that_cannot_be_imported_is_reported() -> None:
    record = Component(kind="score", name="absent", target="no_such_module:Absent", params=Params, summary="Absent")
    report = check_component(record)
    assert [(result.name, result.outcome) for result in report.results] == [("loads", "failed")]
    assert "No module named 'no_such_module'" in report.failed[0].reason
    assert report.failed[0].mend.startswith("Correct target and example")
    assert not report.ok


def test_a_package_that_is_missing_is_to_be_installed(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        OWN_EXAMPLE.replace("def example(directory):", "def example(directory):\n    import no_such_library")
    )
    (failed,) = check_component(Registry.discover(files=[path]).resolve("exporter", "copy")).failed
    assert failed.mend.startswith("Install the package that has this module")


def test_what_specframe_says_of_a_component_is_not_told_with_a_line_of_specframe(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OWN_EXAMPLE.replace("summary=", "requires=('no-such-torch>=2',), summary="))
    (failed,) = check_component(Registry.discover(files=[path]).resolve("exporter", "copy")).failed
    assert failed.reason.endswith('run: pip install "no-such-torch>=2"')
    assert failed.mend == "Do what is said here, then check again."


def test_what_is_no_component_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a component's class"):
        check_component(dict)  # type: ignore[arg-type]


#: How many checks correct components of a kind may skip, if not 4: inputs in a collection are not changed in every way.
FEW = {"model": 8}


def test_every_check_has_a_group_and_tells_how_to_mend_it() -> None:
    names = {check_name(check) for kind in MINIMUM for checks in checks_of(kind) for check in checks}
    assert names | {"loads"} == set(ADVICE)
    assert {advice.group for advice in ADVICE.values()} == set(GROUPS)
    assert all(advice.mend.endswith((".", ":", "'", "?")) for advice in ADVICE.values())


def test_what_was_measured_is_noted() -> None:
    report = check_component(Registry.discover().resolve("uncertainty", "conformal"))
    notes = {result.name: result.note for result in report.results}
    assert re.fullmatch(r"specframe_uncertainty.plugin takes 0\.\d\d s to import", notes["import-budget"])
    assert re.match(r"\d\d% intervals hold \d\d\.\d% to \d\d\.\d%", notes["coverage"])


@pytest.mark.parametrize("kind", MINIMUM)
def test_the_minimum_leaves_room_for_few_skips(kind: str) -> None:
    static, data = checks_of(kind)
    total = 1 + len(static) + len(data)
    assert total - FEW.get(kind, 4) <= MINIMUM[kind] <= total
