"""Running a pipeline: what is computed, kept, set aside and written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from specframe import Pipeline, Run, make
from specframe.errors import DataError, InputFileError, RunError, UsageError
from specframe.pipeline.directory import RunDirectory
from specframe_linear import Ridge

MakePipeline = Callable[..., Pipeline]


def _calls(path: Path) -> list[str]:
    return sorted(path.read_text().split()) if path.exists() else []


def test_a_run_recovers_the_injected_depths(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    run = toy_pipeline().run(tmp_path / "out", quiet=True)
    # each half has 4 samples of 10 ppm noise, so a depth is known to 10 * sqrt(2 / 4) = 7.1 ppm
    assert 4 < run.metrics["cv"]["rmse-ppm"] < 12
    assert run.exit_status == 0
    assert sorted(np.unique(run.predictions["fold"])) == [0, 1, 2, 3]


def test_a_run_directory_holds_what_the_contract_says(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    out = tmp_path / "out"
    toy_pipeline(description="toys").run(out, quiet=True)
    names = {path.name for path in out.iterdir()}
    assert names >= {
        "manifest.json",
        "pipeline.yaml",
        "metrics.json",
        "predictions.nc",
        "model",
        "figures",
        "log.jsonl",
    }
    assert "report.html" in names
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["pipeline"]["description"] == "toys"
    assert set(manifest["components"]) == {"toy/toy", "toy/halves", "linear/ridge", "uncertainty/residual"} | {
        "evaluate/rmse-ppm",
        "evaluate/coverage",
    }
    assert set(manifest["outputs"]) >= {"metrics.json", "predictions.nc", "model/fit/state.safetensors"}
    assert not list(out.rglob("*.pkl"))
    for line in (out / "log.jsonl").read_text().splitlines():
        assert {"time", "event"} <= set(json.loads(line))


def test_the_resolved_pipeline_runs_again_to_the_same_numbers(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    first = toy_pipeline().run(tmp_path / "first", quiet=True)
    toy = Path(__file__).with_name("toy.py")
    again = Pipeline.from_yaml(tmp_path / "first" / "pipeline.yaml", plugin_files=[toy])
    second = again.run(tmp_path / "second", quiet=True)
    xr.testing.assert_identical(first.predictions, second.predictions)


def test_processes_give_the_same_bits_as_one_process(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    serial = toy_pipeline().run(tmp_path / "serial", quiet=True)
    several = toy_pipeline().run(tmp_path / "process", executor="process", workers=2, quiet=True)
    xr.testing.assert_identical(serial.predictions, several.predictions)


def test_a_second_run_computes_nothing_again(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    pipeline = toy_pipeline(halves={"calls": str(calls)})
    first = pipeline.run(tmp_path / "out", quiet=True)
    second = pipeline.run(tmp_path / "out", quiet=True)
    assert len(_calls(calls)) == 20
    assert second.manifest["timings"]["targets_from_store"] == 20
    xr.testing.assert_identical(first.predictions, second.predictions)


def test_what_is_not_worth_a_file_is_stored_only_where_nothing_follows(
    toy_pipeline: MakePipeline, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    quick = {"id": "quick", "detrend": "quick-halves", "with": {"calls": str(calls)}}
    rest = [{"id": "depths", "detrend": "halves"}, {"id": "fit", "model": "ridge"}]
    pipeline = toy_pipeline(steps=[{"id": "data", "load": "toy"}, quick, *rest])
    first = pipeline.run(tmp_path / "out", quiet=True)
    assert not (tmp_path / "out" / "stages" / "quick").exists()
    second = pipeline.run(tmp_path / "out", quiet=True)
    assert second.manifest["timings"]["targets_from_store"] == 20
    assert len(_calls(calls)) == 20
    xr.testing.assert_identical(first.predictions, second.predictions)
    alone = toy_pipeline(steps=[{"id": "data", "load": "toy"}, quick, rest[1]])
    alone.run(tmp_path / "alone", quiet=True)
    assert len(list((tmp_path / "alone" / "stages" / "quick").iterdir())) == 20


def test_fresh_computes_everything_again(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    pipeline = toy_pipeline(halves={"calls": str(calls)})
    pipeline.run(tmp_path / "out", quiet=True)
    pipeline.run(tmp_path / "out", fresh=True, quiet=True)
    assert len(_calls(calls)) == 40


def test_a_run_that_was_broken_off_goes_on_from_what_is_stored(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    pipeline = toy_pipeline(halves={"calls": str(calls)})
    whole = pipeline.run(tmp_path / "out", quiet=True).predictions
    stored = sorted((tmp_path / "out" / "stages" / "depths").iterdir())
    for path in stored[:7]:
        path.unlink()
    stored[7].write_bytes(b"half a file")
    calls.unlink()
    again = pipeline.run(tmp_path / "out", quiet=True)
    assert len(_calls(calls)) == 8  # 7 lost and 1 damaged
    xr.testing.assert_identical(whole, again.predictions)


def test_a_changed_parameter_or_input_is_computed_again(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    source, calls = tmp_path / "labels.txt", tmp_path / "calls"
    source.write_text("\n".join(f"{0.001 * (i + 1)}" for i in range(12)))
    load = {"path": str(source)}
    toy_pipeline(load, {"calls": str(calls)}).run(tmp_path / "out", quiet=True)
    toy_pipeline(load, {"calls": str(calls), "scale": 2.0}).run(tmp_path / "out", quiet=True)
    assert len(_calls(calls)) == 24
    source.write_text("\n".join(f"{0.002 * (i + 1)}" for i in range(12)))
    toy_pipeline(load, {"calls": str(calls), "scale": 2.0}).run(tmp_path / "out", quiet=True)
    assert len(_calls(calls)) == 36


def test_failing_targets_are_set_aside_with_their_reasons(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    load = {"broken": ["t1"], "buggy": ["t2"], "nan_label": ["t3"], "without_label": ["t4"]}
    run = toy_pipeline(load, {"fails": ["t5"]}).run(tmp_path / "out", quiet=True)
    reasons = {entry["target"]: (entry["step"], entry["reason"]) for entry in run.set_aside}
    assert reasons == {
        "t1": ("data", "target t1: the file is broken"),
        "t2": ("data", "ZeroDivisionError: a bug in the loader"),
        "t3": ("data", "its label is not finite: depth is nan"),
        "t4": ("data", "it has no label to learn from"),
        "t5": ("depths", "target t5 has no transit"),
    }
    assert run.exit_status == 3
    assert run.predictions.sizes["target"] == 15
    log = (tmp_path / "out" / "log.jsonl").read_text()
    assert "Traceback" in log  # of the bug, for whoever mends it


def test_labels_missing_for_training_stop_the_run(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="step 'data': the pipeline has a model to train, but loader 'toy' has no labels"
    ):
        toy_pipeline({"labelled": False}).run(tmp_path / "out", quiet=True)
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_run_without_any_usable_target_says_why(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    everyone = [f"t{i}" for i in range(20)]
    with pytest.raises(RunError, match="all 20 targets were set aside; the first, t0: target t0 has no transit"):
        toy_pipeline(halves={"fails": everyone}).run(tmp_path / "out", quiet=True)


def test_a_loader_without_targets_is_an_error(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="step 'data': the loader 'toy/toy' found no targets"):
        toy_pipeline({"n_targets": 0}).run(tmp_path / "out", quiet=True)


def test_a_failed_run_leaves_the_results_of_the_one_before(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    before = toy_pipeline().run(tmp_path / "out", quiet=True)
    with pytest.raises(DataError):
        toy_pipeline({"labelled": False}).run(tmp_path / "out", quiet=True)
    assert Run(tmp_path / "out").manifest == before.manifest


def test_a_failing_exporter_costs_no_other_result(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="exporter 'failing' wrote nothing: the format needs a std"):
        toy_pipeline(export=["failing"]).run(tmp_path / "out", quiet=True)
    assert Run(tmp_path / "out").predictions.sizes["target"] == 20


def test_groups_of_the_catalogue_stay_in_one_fold(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    evaluate = {"cross_validation": {"folds": 4, "group": "star"}, "scores": ["rmse-ppm"]}
    run = toy_pipeline(evaluate=evaluate).run(tmp_path / "out", quiet=True)
    folds = {
        (int(t[1:]) % 4, int(f)) for t, f in zip(run.predictions["target"].values, run.predictions["fold"], strict=True)
    }
    assert len(folds) == 4


def test_an_unknown_group_names_those_there_are(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    evaluate = {"cross_validation": {"group": "period"}, "scores": ["rmse-ppm"]}
    with pytest.raises(DataError, match=r"group 'period', but .* no such variable \(there: target, star\)"):
        toy_pipeline(evaluate=evaluate).run(tmp_path / "out", quiet=True)


def test_without_a_model_the_measured_depths_are_the_result(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    steps = [{"id": "data", "load": "toy"}, {"id": "depths", "detrend": "halves"}]
    run = toy_pipeline(steps=steps, evaluate={"scores": ["rmse-ppm", "coverage"]}).run(tmp_path / "out", quiet=True)
    assert run.metrics["cv"] == {}
    assert 4 < run.metrics["test"]["rmse-ppm"] < 12
    assert 0.4 < run.metrics["test"]["coverage-68"] < 0.95


def test_an_output_folder_with_other_files_is_not_touched(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("precious")
    with pytest.raises(UsageError, match="thesis holds other files and no run of specframe"):
        toy_pipeline().run(tmp_path / "thesis", quiet=True)
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]


def test_plan_tells_what_is_stored_and_why_the_rest_is_not(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    plan = {step.id: step for step in toy_pipeline().plan(tmp_path / "out")}
    assert (plan["depths"].to_run, plan["depths"].stored) == (20, 0)
    assert plan["depths"].why == "not run yet (20)"
    assert not (tmp_path / "out").exists()
    toy_pipeline().run(tmp_path / "out", quiet=True)
    assert {s.id: s.stored for s in toy_pipeline().plan(tmp_path / "out")}["depths"] == 20
    changed = {step.id: step for step in toy_pipeline(halves={"scale": 3.0}).plan(tmp_path / "out")}
    assert changed["depths"].why == "its input, parameters or code changed (20)"


class TestPredict:
    """Applying a fitted run to data without labels."""

    @staticmethod
    def _run(toy_pipeline: MakePipeline, tmp_path: Path) -> tuple[Run, Path]:
        run = toy_pipeline().run(tmp_path / "out", quiet=True)
        new = tmp_path / "new.txt"
        new.write_text("0.0035\n0.0072\n")
        return run, new

    def test_new_targets_are_predicted(self, toy_pipeline: MakePipeline, tmp_path: Path) -> None:
        run, new = self._run(toy_pipeline, tmp_path)
        predicted = run.predict(new, plugin_files=[Path(__file__).with_name("toy.py")], quiet=True)
        mean = predicted.predictions["mean"].values[:, 0]
        np.testing.assert_allclose(mean, [0.0035, 0.0072], atol=4e-5)  # 5 sigma of 7.1 ppm
        assert predicted.path == tmp_path / "out" / "predictions" / "new.txt"
        assert "std" in predicted.predictions

    def test_a_model_that_was_changed_since_is_refused(self, toy_pipeline: MakePipeline, tmp_path: Path) -> None:
        run, new = self._run(toy_pipeline, tmp_path)
        state = run.path / "model" / "fit" / "state.safetensors"
        state.write_bytes(state.read_bytes()[:-1] + b"\x01")
        with pytest.raises(InputFileError, match=r"state\.safetensors: differs from what the run wrote"):
            run.predict(new, plugin_files=[Path(__file__).with_name("toy.py")], quiet=True)

    def test_missing_data_are_named(self, toy_pipeline: MakePipeline, tmp_path: Path) -> None:
        run, _ = self._run(toy_pipeline, tmp_path)
        with pytest.raises(UsageError, match=r"gone\.txt: no such file or folder"):
            run.predict(tmp_path / "gone.txt", quiet=True)

    def test_a_folder_that_is_no_run_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="there is no complete run here"):
            Run(tmp_path)

    def test_the_training_data_may_be_gone(self, toy_pipeline: MakePipeline, tmp_path: Path) -> None:
        source = tmp_path / "labels.txt"
        source.write_text("\n".join(f"{0.001 * (i + 1)}" for i in range(12)))
        run = toy_pipeline({"path": str(source)}).run(tmp_path / "out", quiet=True)
        new = source.rename(tmp_path / "moved.txt")
        predicted = run.predict(new, plugin_files=[Path(__file__).with_name("toy.py")], quiet=True)
        assert predicted.predictions.sizes["target"] == 12


def test_hooks_of_plugins_are_told_of_every_step(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    pipeline = toy_pipeline({"n_targets": 8, "broken": ["t1"]})
    seen = pipeline.spec.steps[0].component.load().__module__
    observer = sys.modules[seen].Observer
    observer.seen.clear()
    pipeline.run(tmp_path / "out", quiet=True)
    assert observer.seen.count(("after", "depths", "t0")) == 1
    assert ("error", "data", "t1") in observer.seen
    assert ("after", "depths", "t1") not in observer.seen
    phases = [step for when, step, target in observer.seen if when == "after" and target is None]
    assert phases == ["targets", "collate", "cross-validation", "fit", "scores", "write", "export", "figures"]


def test_when_no_target_can_be_loaded_the_first_reason_is_told(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    everyone = [f"t{i}" for i in range(20)]
    steps = [{"id": "data", "load": "toy", "with": {"broken": everyone}}, {"id": "fit", "model": "ridge"}]
    with pytest.raises(RunError, match="all 20 targets were set aside; the first, t0: target t0: the file is broken"):
        toy_pipeline(steps=steps).run(tmp_path / "out", quiet=True)


def test_a_pipeline_that_measures_nothing_leaves_light_curves(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    steps = [{"id": "data", "load": "toy", "with": {"n_targets": 3}}]
    run = toy_pipeline(steps=steps, evaluate={}).run(tmp_path / "out", quiet=True)
    curve = xr.load_datatree(run.path / "light_curves" / "t2.nc")
    assert curve["toy/0/flux"].shape == (1, 8)
    assert not (run.path / "predictions.nc").exists()
    assert run.exit_status == 0


def test_many_targets_set_aside_are_not_all_printed(
    toy_pipeline: MakePipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unlabelled = [f"t{i}" for i in range(30)]
    run = toy_pipeline({"n_targets": 50, "without_label": unlabelled}).run(tmp_path / "out")
    printed = capsys.readouterr().err
    assert printed.count("it has no label to learn from") == 20
    assert printed.count("manifest.json lists all") == 1
    assert [entry["target"] for entry in run.set_aside] == unlabelled


def test_a_prediction_does_not_replace_a_run(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    run = toy_pipeline().run(tmp_path / "out", quiet=True)
    new = tmp_path / "new.txt"
    new.write_text("0.004\n")
    toy = [Path(__file__).with_name("toy.py")]
    with pytest.raises(UsageError, match="holds a run, which a prediction would replace"):
        run.predict(new, run.path, plugin_files=toy, quiet=True)
    predicted = run.predict(new, plugin_files=toy, quiet=True)
    with pytest.raises(UsageError, match="holds a prediction, which a run would replace"):
        toy_pipeline().run(predicted.path, quiet=True)
    assert run.predict(new, plugin_files=toy, quiet=True).predictions.sizes["target"] == 1


def test_two_runs_do_not_work_in_one_folder(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    pipeline = toy_pipeline()
    pipeline.run(tmp_path / "out", quiet=True)
    with (
        RunDirectory(tmp_path / "out").locked(),
        pytest.raises(UsageError, match="another specframe is working in"),
    ):
        pipeline.run(tmp_path / "out", fresh=True, quiet=True)
    assert Run(tmp_path / "out").predictions.sizes["target"] == 20


def test_a_manifest_that_was_changed_is_named(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    toy_pipeline().run(tmp_path / "out", quiet=True)
    (tmp_path / "out" / "manifest.json").write_text("{}")
    with pytest.raises(InputFileError, match=r"manifest\.json: lacks outputs, pipeline"):
        Run(tmp_path / "out")


def test_scores_without_labels_say_why_they_are_missing(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    steps = [{"id": "data", "load": "toy", "with": {"labelled": False}}, {"id": "depths", "detrend": "halves"}]
    metrics = toy_pipeline(steps=steps, evaluate={"scores": ["rmse-ppm"]}).run(tmp_path / "out", quiet=True).metrics
    assert metrics["test"] == {"rmse-ppm": None}
    assert metrics["missing"] == {"rmse-ppm": "the loader has no labels to compare with"}
    assert metrics["targets"]["unlabelled"] == 20


def test_an_error_in_a_model_names_the_step(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    recipe = [{"id": "data", "load": "toy"}, {"id": "fit", "model": "buggy"}]
    with pytest.raises(RunError, match=r"step 'fit': Buggy raised ValueError: boo \(.*toy\.py:\d+\)"):
        toy_pipeline(steps=recipe).run(tmp_path / "out", quiet=True)
    assert "ValueError: boo" in (tmp_path / "out" / "log.jsonl").read_text()


def test_targets_on_another_grid_than_the_model_learned_on_are_set_aside(
    toy_pipeline: MakePipeline, tmp_path: Path
) -> None:
    run = toy_pipeline().run(tmp_path / "out", quiet=True)
    new = tmp_path / "new.txt"
    new.write_text("0.004\n0.005\n0.006\n")
    toy = [Path(__file__).with_name("toy.py")]
    shifted = ["data.shifted=[p0, p1]"]
    predicted = run.predict(new, plugin_files=toy, overrides=shifted, quiet=True)
    assert [entry["target"] for entry in predicted.set_aside] == ["p0", "p1"]
    assert "the model was fitted on" in predicted.set_aside[0]["reason"]
    assert list(predicted.predictions["target"].values) == ["p2"]


def test_a_changed_label_unit_is_not_answered_from_the_store(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    toy_pipeline().run(tmp_path / "out", quiet=True)
    again = toy_pipeline({"units": "percent"}).run(tmp_path / "out", quiet=True)
    assert again.predictions["mean"].attrs["units"] == "percent"


def test_files_of_others_in_a_run_directory_are_kept(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    toy_pipeline().run(tmp_path / "out", quiet=True)
    mine = tmp_path / "out" / "figures" / "mine.png"
    mine.write_bytes(b"precious")
    toy_pipeline(description="again").run(tmp_path / "out", quiet=True)
    assert mine.read_bytes() == b"precious"


def test_a_damaged_fit_is_made_again(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    first = toy_pipeline().run(tmp_path / "out", quiet=True)
    (state,) = (tmp_path / "out" / "stages" / "fit").glob("*/fit/state.safetensors")
    state.write_bytes(state.read_bytes()[:20])
    second = toy_pipeline().run(tmp_path / "out", quiet=True)
    assert (
        second.manifest["outputs"]["model/fit/state.safetensors"]
        == (first.manifest["outputs"]["model/fit/state.safetensors"])
    )


def test_a_file_named_by_a_parameter_is_part_of_the_key(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    factor = tmp_path / "factor.txt"
    factor.write_text("1.0")
    toy_pipeline(halves={"factor": str(factor)}).run(tmp_path / "out", quiet=True)
    factor.write_text("3.0")
    (step,) = [s for s in toy_pipeline(halves={"factor": str(factor)}).plan(tmp_path / "out") if s.id == "depths"]
    assert step.to_run == 20


def test_a_subclass_does_not_stand_in_for_the_component_of_its_name() -> None:
    class Mine(Ridge):
        """Another ridge."""

    with pytest.raises(UsageError, match=r"no plugin offers the model .*Mine"):
        Pipeline([make("loader", "ariel-simulated"), Mine()])


def test_a_full_disk_is_an_error_and_nothing_else(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    path = tmp_path / "toy.yaml"
    toy_pipeline()
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000)); "
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "from specframe.cli import main; main(sys.argv[1:])"
    )
    toy = str(Path(__file__).with_name("toy.py"))
    # -B: the interpreter would leave truncated bytecode files behind, which break every later import
    args = [sys.executable, "-B", "-c", program, "run", str(path), "--plugin", toy, "--out", str(tmp_path / "out")]
    done = subprocess.run(args, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert "File too large" in done.stderr
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_target_that_the_catalogue_lacks_matters_only_where_the_catalogue_is_used(
    toy_pipeline: MakePipeline, tmp_path: Path
) -> None:
    load = {"uncatalogued": ["t3"]}
    assert toy_pipeline(load).run(tmp_path / "unused", quiet=True).exit_status == 0
    evaluate = {"cross_validation": {"folds": 4, "group": "star"}, "scores": ["rmse-ppm"]}
    grouped = toy_pipeline(load, evaluate=evaluate).run(tmp_path / "grouped", quiet=True)
    (entry,) = grouped.set_aside
    assert (entry["target"], entry["reason"]) == ("t3", "the catalogue has no 'star' to group it by")
    steps = [
        {"id": "data", "load": "toy", "with": load},
        {"id": "depths", "detrend": "halves"},
        {"id": "fit", "model": "ridge", "with": {"inputs": ["depth", "catalogue/star"]}},
    ]
    read = toy_pipeline(steps=steps).run(tmp_path / "read", quiet=True)
    assert [entry["reason"] for entry in read.set_aside] == ["target t3 is not in the loader's catalogue"]


def test_scores_come_with_intervals_from_whole_groups(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    evaluate = {"cross_validation": {"folds": 4}, "scores": ["rmse-ppm", "pit"], "bootstrap": 300}
    metrics = toy_pipeline(evaluate=evaluate).run(tmp_path / "out", quiet=True).metrics
    found = metrics["intervals"]
    low, high = found["cv"]["rmse-ppm"]
    # 20 errors of a normal distribution: the interval of their rms is about 1 +- 0.3
    assert 0.5 < low / metrics["cv"]["rmse-ppm"] < 0.95 < 1.05 < high / metrics["cv"]["rmse-ppm"] < 1.6
    assert (found["level"], found["resamples"], found["resampled"], found["groups"]) == (0.95, 300, "target", 20)
    assert list(found["missing"]) == ["pit-ks"]

    evaluate["cross_validation"] = {"folds": 4, "group": "star"}
    run = toy_pipeline(evaluate=evaluate).run(tmp_path / "stars", quiet=True)
    assert set(run.predictions["group"].values.astype(str)) == {"0", "1", "2", "3"}
    assert run.metrics["intervals"]["cv"] == {}
    assert "at least 8 independent targets or groups, there are 4" in run.metrics["intervals"]["missing"]["rmse-ppm"]
    assert "No interval for rmse-ppm, pit-ks, pit-mean, pit-std: an interval" in (run.path / "report.html").read_text()


def test_without_resamples_there_are_no_intervals(toy_pipeline: MakePipeline, tmp_path: Path) -> None:
    run = toy_pipeline(evaluate={"scores": ["rmse-ppm"], "bootstrap": 0}).run(tmp_path / "out", quiet=True)
    assert "intervals" not in run.metrics


def test_scores_by_class(toy_pipeline: MakePipeline, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    evaluate = {"scores": ["rmse-ppm"], "bootstrap": 50, "by": ["star", "truth", "stra"]}
    run = toy_pipeline(evaluate=evaluate).run(tmp_path / "out")
    by = run.metrics["by"]
    assert list(by) == ["star", "truth"]
    assert "no scores by 'stra': neither the catalogue nor the quality table has it; did you mean 'star'?" in (
        capfd.readouterr().err
    )
    assert {label: found["targets"] for label, found in by["star"].items()} == dict.fromkeys(("0", "1", "2", "3"), 5)
    # mean squares of equally large classes average to that of all
    squares = [found["scores"]["rmse-ppm"] ** 2 for found in by["truth"].values()]
    assert np.sqrt(np.mean(squares)) == pytest.approx(run.metrics["cv"]["rmse-ppm"], rel=1e-9)
    assert [found["targets"] for found in by["truth"].values()] == [5, 5, 5, 5]
    assert "By star" in (run.path / "report.html").read_text()
