"""What a search finds, and that it neither repeats nor loses anything."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gains import N_TARGET, rmse_ppm

from specframe import Pipeline
from specframe.errors import RunError, UsageError, WriteError
from specframe.tuning import Search

if TYPE_CHECKING:
    from collections.abc import Callable

    from astropy.table import QTable

GAINS = Path(__file__).with_name("gains.py")
GAIN = {"fit.gain": {"low": 0.1, "high": 10.0, "log": True}}


def rows(table: QTable) -> list[tuple[Any, ...]]:
    """Return the table without what takes another time each time."""
    return [tuple(str(row[name]) for name in table.colnames if name != "duration") for row in table]


def journal(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "stages" / "trials.jsonl").read_text().splitlines()]


def cut_after(out: Path, ended: int, half: str = "") -> None:
    """Leave the folder as if the process had been killed after so many trials, in the middle of a line."""
    lines = (out / "stages" / "trials.jsonl").read_text().splitlines(keepends=True)
    kept, count = [], 0
    for line in lines:
        kept.append(line)
        count += json.loads(line)["event"] == "ended"
        if count == ended:
            break
    (out / "stages" / "trials.jsonl").write_text("".join(kept) + half)


def test_it_finds_the_known_optimum_and_every_score_is_that_of_its_values(
    gain_pipeline: Callable[..., Pipeline], tmp_path: Path
) -> None:
    search = gain_pipeline(GAIN, trials=16).tune(tmp_path / "out", quiet=True)
    assert len(search.trials) == 16
    for row in search.trials:
        assert row["rmse-ppm"] == pytest.approx(rmse_ppm(float(row["fit.gain"])), rel=1e-9)
    assert float(search.trials["fit.gain"][0]) == 2.0  # first what the pipeline itself states
    assert search.best_score < 0.2 * rmse_ppm(2.0)
    assert search.best["fit.gain"] == pytest.approx(1.0, abs=0.2)


def test_more_is_better_of_a_score_that_is_known_to_be_so(
    gain_pipeline: Callable[..., Pipeline], tmp_path: Path
) -> None:
    search = gain_pipeline({"fit.gain": [0.5, 1.0, 3.0]}, trials=5, score="r2").tune(tmp_path / "out", quiet=True)
    assert search.maximise
    assert search.best == {"fit.gain": 1.0}
    assert search.best_score == pytest.approx(1.0)


def test_a_run_of_the_best_pipeline_has_the_score_that_the_search_states(
    gain_pipeline: Callable[..., Pipeline], tmp_path: Path
) -> None:
    pipeline = gain_pipeline(GAIN, trials=3, top={"vars": {"scale": 1.3}}, scale={"scale": "${vars.scale}"})
    search = pipeline.tune(tmp_path / "out", quiet=True)
    text = (tmp_path / "out" / "best.yaml").read_text()
    assert text.startswith("# The best of 3 trials by specframe tune of ")
    best = Pipeline.from_yaml(tmp_path / "out" / "best.yaml", plugin_files=[GAINS])
    assert best.spec.tuning is None
    run = best.run(tmp_path / "run", quiet=True)
    assert run.metrics["cv"]["rmse-ppm"] == search.best_score


def test_a_hold_out_judges_trials_too(gain_pipeline: Callable[..., Pipeline], tmp_path: Path) -> None:
    evaluate = {"holdout": {"fraction": 0.25}, "scores": ["rmse-ppm"]}
    pipeline = gain_pipeline({"fit.gain": [1.5, 3.0]}, sampler="grid", top={"evaluate": evaluate})
    search = pipeline.tune(tmp_path / "out", quiet=True)
    run = pipeline.run(tmp_path / "run", quiet=True)
    state = {float(row["fit.gain"]): float(row["rmse-ppm"]) for row in search.trials}
    # the errors of the same held-out targets are proportional to |gain - 1|
    assert state[3.0] == pytest.approx(4 * state[1.5])
    assert run.metrics["test"]["rmse-ppm"] == pytest.approx(2 * state[1.5])
    low, high = float(search.trials["rmse-ppm_lower"][0]), float(search.trials["rmse-ppm_upper"][0])
    assert low < float(search.trials["rmse-ppm"][0]) < high or low != low


class TestGoingOn:
    @pytest.mark.parametrize("tune", [{"trials": 12}, {"trials": 12, "pruner": "hyperband"}], ids=["tpe", "bohb"])
    def test_a_search_that_was_killed_ends_as_one_in_a_single_piece(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path, tune: dict[str, Any]
    ) -> None:
        space = {**GAIN, "fit.limit": {"low": 10.0, "high": 90.0}, "fit.shape": [[8], [8, 8]]}
        pipeline = gain_pipeline(space, **tune)
        whole = rows(pipeline.tune(tmp_path / "whole", quiet=True).trials)
        shutil.copytree(tmp_path / "whole", tmp_path / "cut")
        cut_after(tmp_path / "cut", 8, '{"event": "ended", "number": 12, "sco')  # the sampler begins to choose at 10
        assert rows(pipeline.tune(tmp_path / "cut", quiet=True).trials) == whole

    def test_a_trial_that_was_under_way_is_run_again_with_its_values(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        pipeline = gain_pipeline(GAIN, trials=4)
        before = pipeline.tune(tmp_path / "out", quiet=True).trials
        cut_after(tmp_path / "out", 2)
        with (tmp_path / "out" / "stages" / "trials.jsonl").open("a") as file:
            file.write(json.dumps({"event": "begun", "trial": 2, "values": {"fit.gain": 4.25}}) + "\n")
        after = pipeline.tune(tmp_path / "out", quiet=True).trials
        assert float(after["fit.gain"][2]) == 4.25
        assert float(after["rmse-ppm"][2]) == pytest.approx(rmse_ppm(4.25))
        assert rows(after)[:2] == rows(before)[:2]

    def test_no_finished_trial_is_fitted_again_after_sigkill(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        fits, out = tmp_path / "fits", tmp_path / "out"
        gain_pipeline(GAIN, trials=6, gain={"fits": str(fits), "seconds": 0.1})
        command = [sys.executable, "-m", "specframe", "tune", str(tmp_path / "gains.yaml")]
        command += ["--plugin", str(GAINS), "--out", str(out), "--quiet"]
        with subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}) as process:
            deadline = time.monotonic() + 240
            while time.monotonic() < deadline:
                file = out / "stages" / "trials.jsonl"
                if file.is_file() and file.read_text().count('"ended"') >= 2:
                    break
                time.sleep(0.02)
            os.kill(process.pid, signal.SIGKILL)
        ended = {entry["number"] for entry in journal(out) if entry["event"] == "ended"}
        assert 2 <= len(ended) < 6
        before = fits.read_text().splitlines()
        search = Pipeline.from_yaml(tmp_path / "gains.yaml", plugin_files=[GAINS]).tune(out, quiet=True)
        again = fits.read_text().splitlines()[len(before) :]
        finished = {repr(float(search.trials["fit.gain"][number])) for number in ended}
        assert not finished & set(again)
        assert len(search.trials) == 6

    def test_more_trials_go_on_with_the_same_search(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        first = rows(gain_pipeline(GAIN, trials=2).tune(tmp_path / "out", quiet=True).trials)
        more = rows(gain_pipeline(GAIN, trials=4).tune(tmp_path / "out", quiet=True).trials)
        assert more[:2] == first
        assert len(more) == 4

    @pytest.mark.parametrize(
        ("space", "gain", "what"),
        [
            ({"fit.gain": {"low": 0.2, "high": 10.0, "log": True}}, None, "the space, score, sampler or pruner"),
            (GAIN, {"limit": 500.0}, "the pipeline"),
        ],
    )
    def test_another_search_is_refused_and_begun_anew_when_asked_to(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path, space: Any, gain: Any, what: str
    ) -> None:
        gain_pipeline(GAIN, trials=2).tune(tmp_path / "out", quiet=True)
        other = gain_pipeline(space, gain=gain, trials=1)
        with pytest.raises(UsageError, match=f"holds a search with 2 trials, but {what} changed since") as caught:
            other.tune(tmp_path / "out", quiet=True)
        assert "--fresh" in str(caught.value)
        assert len(other.tune(tmp_path / "out", fresh=True, quiet=True).trials) == 1

    def test_a_trial_that_takes_the_process_with_it_is_given_up_after_three_times(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        pipeline = gain_pipeline(GAIN, trials=2)
        pipeline.tune(tmp_path / "out", quiet=True)
        cut_after(tmp_path / "out", 1)
        file = tmp_path / "out" / "stages" / "trials.jsonl"
        begun = json.dumps({"event": "begun", "trial": 1, "values": {"fit.gain": 0.7}}) + "\n"
        file.write_text(file.read_text() + 3 * begun)
        search = pipeline.tune(tmp_path / "out", quiet=True)
        assert list(search.trials["state"]) == ["complete", "failed"]
        assert "took the process with it" in str(search.trials["reason"][1])

    def test_a_full_disk_fails_no_trial(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pipeline = gain_pipeline(GAIN, trials=4)
        whole = pipeline.tune(tmp_path / "whole", quiet=True)

        def full(*arguments: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr("specframe.tuning.objective.evaluate_scores", full)
        with pytest.raises(WriteError, match=r"No space left on device .* Make room and run the same command"):
            pipeline.tune(tmp_path / "out", quiet=True)
        monkeypatch.undo()
        assert "failed" not in {entry.get("state") for entry in journal(tmp_path / "out")}
        assert journal(tmp_path / "out")[-1]["event"] == "interrupted"  # nor is it to blame for being begun
        assert rows(pipeline.tune(tmp_path / "out", quiet=True).trials) == rows(whole.trials)

    def test_one_that_was_interrupted_by_hand_is_not(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        pipeline = gain_pipeline(GAIN, trials=2)
        pipeline.tune(tmp_path / "out", quiet=True)
        cut_after(tmp_path / "out", 1)
        file = tmp_path / "out" / "stages" / "trials.jsonl"
        begun = json.dumps({"event": "begun", "trial": 1, "values": {"fit.gain": 0.7}}) + "\n"
        file.write_text(file.read_text() + 4 * (begun + '{"event": "interrupted"}\n'))
        assert list(pipeline.tune(tmp_path / "out", quiet=True).trials["state"]) == ["complete", "complete"]


class TestTrials:
    def test_a_combination_that_is_refused_fails_its_trial_alone(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        space = {"fit.gain": [0.5, 2.0, 4.0], "fit.limit": [3.0, 1000.0]}
        search = gain_pipeline(space, sampler="grid").tune(tmp_path / "out", quiet=True)
        failed = [row for row in search.trials if row["state"] == "failed"]
        assert [(float(row["fit.gain"]), float(row["fit.limit"])) for row in failed] == [(4.0, 3.0)]
        assert "gain 4 is above limit 3" in str(failed[0]["reason"])
        assert search.counts == {"complete": 5, "failed": 1}

    def test_a_model_that_fails_fails_its_trial_alone(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        search = gain_pipeline({"fit.kind": ["plain", "broken"]}, sampler="grid").tune(tmp_path / "out", quiet=True)
        assert list(search.trials["state"]) == ["complete", "failed"]
        assert str(search.trials["reason"][1]) == "step 'fit': a broken model cannot learn"

    def test_a_search_without_any_result_says_why(self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path) -> None:
        pipeline = gain_pipeline(GAIN, trials=2, gain={"kind": "broken"})
        with pytest.raises(RunError, match=r"none of 2 trials came to an end; trial 0: step 'fit': a broken model"):
            pipeline.tune(tmp_path / "out", quiet=True)
        assert (tmp_path / "out" / "trials.ecsv").is_file()

    def test_a_search_is_given_up_when_every_trial_fails_alike(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        evaluate = {"cross_validation": {"folds": 3}, "scores": ["rmse-ppm", "crps"]}
        pipeline = gain_pipeline(GAIN, trials=50, score="crps", top={"evaluate": evaluate})
        with pytest.raises(RunError, match=r"the first 5 trials all failed alike: crps: .* std"):
            pipeline.tune(tmp_path / "out", quiet=True)

    def test_a_grid_has_every_combination_once(self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path) -> None:
        space = {"fit.gain": {"low": 1.0, "high": 2.0, "step": 0.5}, "fit.shape": [[8], [16, 8]]}
        search = gain_pipeline(space, sampler="grid", trials=None).tune(tmp_path / "out", quiet=True)
        found = [(float(row["fit.gain"]), str(row["fit.shape"])) for row in search.trials]
        assert found == [(g, s) for g in (1.0, 1.5, 2.0) for s in ("[8]", "[16, 8]")]
        assert search.best["fit.shape"] == [8]

    def test_a_space_that_is_exhausted_ends_the_search_and_nothing_is_fitted_twice(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        fits = tmp_path / "fits"
        pipeline = gain_pipeline({"fit.gain": [0.5, 1.0, 3.0]}, trials=100, gain={"fits": str(fits)})
        search = pipeline.tune(tmp_path / "out", quiet=True)
        assert len(fits.read_text().splitlines()) == 3 * 2
        assert set(map(float, search.trials["fit.gain"])) == {0.5, 1.0, 3.0}
        twins = [row for row in search.trials if row["same_as"] >= 0]
        assert all(float(row["rmse-ppm"]) == pytest.approx(rmse_ppm(float(row["fit.gain"]))) for row in twins)

    def test_trials_that_are_worse_are_broken_off(self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path) -> None:
        fits = tmp_path / "fits"
        evaluate = {"cross_validation": {"folds": 3}, "scores": ["rmse-ppm"], "bootstrap": 0}
        top = {"evaluate": evaluate}
        pipeline = gain_pipeline(GAIN, trials=20, pruner="hyperband", gain={"fits": str(fits)}, top=top)
        search = pipeline.tune(tmp_path / "out", quiet=True)
        assert search.counts["pruned"] >= 5
        assert len(fits.read_text().splitlines()) == sum(map(int, search.trials["folds"])) < 20 * 3
        assert search.best_score < min(
            float(row["rmse-ppm"]) for row in search.trials if row["state"] == "pruned" and int(row["folds"]) == 1
        )

    def test_no_trial_begins_after_the_timeout_and_the_next_call_goes_on(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        pipeline = gain_pipeline(GAIN, trials=None, timeout="1 s", gain={"seconds": 0.4})
        first = len(pipeline.tune(tmp_path / "out", quiet=True).trials)
        assert 1 <= first <= 3
        assert len(pipeline.tune(tmp_path / "out", quiet=True).trials) > first

    def test_what_models_read_is_made_once(self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path) -> None:
        calls = tmp_path / "calls"
        gain_pipeline(GAIN, trials=3, scale={"calls": str(calls)}).tune(tmp_path / "out", quiet=True)
        assert len(calls.read_text().splitlines()) == N_TARGET

    def test_of_mapping_steps_each_value_is_made_once(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        calls = tmp_path / "calls"
        pipeline = gain_pipeline(
            {"depths.scale": [0.5, 1.0], "fit.gain": [1.0, 2.0, 3.0]}, sampler="grid", scale={"calls": str(calls)}
        )
        search = pipeline.tune(tmp_path / "out", quiet=True)
        assert len(calls.read_text().splitlines()) == 2 * N_TARGET
        for row in search.trials:
            expected = rmse_ppm(float(row["fit.gain"]), float(row["depths.scale"]))
            assert float(row["rmse-ppm"]) == pytest.approx(expected, abs=1e-6)

    def test_processes_judge_as_this_one_does(self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path) -> None:
        calls = tmp_path / "calls"
        space = {**GAIN, "fit.kind": ["plain", "broken"]}
        pipeline = gain_pipeline(space, trials=6, pruner="median", scale={"calls": str(calls)})
        search = pipeline.tune(tmp_path / "out", workers=2, quiet=True)
        assert len(search.trials) == 6
        for row in search.trials:
            assert (row["state"] == "failed") == (row["fit.kind"] == "broken")
            if row["state"] == "complete":
                assert float(row["rmse-ppm"]) == pytest.approx(rmse_ppm(float(row["fit.gain"])))
        assert len(calls.read_text().splitlines()) == N_TARGET

    def test_variables_make_values_that_depend_on_each_other(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        variables = {"width": 8, "one": ["${vars.width}"], "two": ["${vars.width}", "${vars.width}"]}
        space = {"vars.width": [8, 16], "vars.layers": ["${vars.one}", "${vars.two}"]}
        top = {"vars": {**variables, "layers": "${vars.one}"}}
        pipeline = gain_pipeline(space, sampler="grid", top=top, gain={"shape": "${vars.layers}"})
        pipeline.tune(tmp_path / "out", quiet=True)
        best = Pipeline.from_yaml(tmp_path / "out" / "best.yaml", plugin_files=[GAINS])
        assert best.spec.steps[-1].params.shape == (8,)
        from specframe.config import tuned_pipeline

        values = {"vars.width": 16, "vars.layers": "${vars.two}"}
        spec = tuned_pipeline(pipeline.spec, values, lambda block, pin: pipeline._registry)
        assert spec.steps[-1].params.shape == (16, 16)


class TestRefusals:
    def test_a_score_that_is_not_there_is_named_with_those_that_are(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        pipeline = gain_pipeline(GAIN, score="rmse-teff")
        with pytest.raises(UsageError, match=r"no score 'rmse-teff'; metrics.json has rmse-ppm, r2"):
            pipeline.tune(tmp_path / "out", quiet=True)

    def test_without_a_section_there_is_nothing_to_search(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        pipeline = gain_pipeline(GAIN, top={"tune": None})
        with pytest.raises(UsageError, match="no 'tune' section"):
            pipeline.tune(tmp_path / "out")

    def test_a_missing_optuna_is_answered_with_the_pip_line(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = metadata.version

        def version(name: str) -> str:
            if name == "optuna":
                raise metadata.PackageNotFoundError(name)
            return real(name)

        monkeypatch.setattr(metadata, "version", version)
        with pytest.raises(UsageError, match=r'needs optuna>=4: pip install "'):
            gain_pipeline(GAIN).tune(tmp_path / "out", quiet=True)

    def test_runs_and_searches_do_not_share_a_folder(
        self, gain_pipeline: Callable[..., Pipeline], tmp_path: Path
    ) -> None:
        pipeline = gain_pipeline({"fit.gain": [1.0, 2.0]}, trials=2)
        pipeline.tune(tmp_path / "search", quiet=True)
        pipeline.run(tmp_path / "run", quiet=True)
        with pytest.raises(UsageError, match="holds a search, which a run would replace"):
            pipeline.run(tmp_path / "search", quiet=True)
        with pytest.raises(UsageError, match="holds a run, which a search would replace"):
            pipeline.tune(tmp_path / "run", quiet=True)
        with pytest.raises(UsageError, match="holds a run, not a search"):
            Search(tmp_path / "run")


def test_nothing_of_optuna_is_printed(
    gain_pipeline: Callable[..., Pipeline], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    gain_pipeline(GAIN, trials=2).tune(tmp_path / "out")
    out, err = capfd.readouterr()
    assert out == ""
    begins = [line.partition(":")[0] for line in err.splitlines()]
    assert begins == ["[1/2] data > depths", "trial 0", "trial 1", "[2/2] trials"]


@pytest.mark.usefixtures("figures")
def test_the_folder_holds_table_pipeline_figures_and_manifest(
    gain_pipeline: Callable[..., Pipeline], tmp_path: Path
) -> None:
    space = {**GAIN, "depths.scale": {"low": 0.5, "high": 1.5}}
    search = gain_pipeline(space, trials=6).tune(tmp_path / "out", quiet=True)
    names = {
        file.relative_to(search.path).as_posix() for file in search.path.rglob("*.*") if "stages" not in file.parts
    }
    assert names == {
        ".lock",
        "best.yaml",
        "figures/history.png",
        "figures/importances.png",
        "figures/parallel.png",
        "figures/slices.png",
        "log.jsonl",
        "manifest.json",
        "trials.ecsv",
    }
    tuned = search.manifest["tuned"]
    assert tuned["trials"] == {"complete": 6}
    assert tuned["best"]["values"] == search.best
    assert search.manifest["components"].keys() >= {"gains/gain", "gains/scale"}
    assert not list((tmp_path / "out" / "stages" / "trials").iterdir())
