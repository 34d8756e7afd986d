"""``specframe tune`` from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

GAINS = Path(__file__).parents[1] / "tuning" / "gains.py"

PIPELINE = """specframe: 1
steps:
  - {id: data, load: exact}
  - {id: depths, detrend: scale}
  - {id: fit, model: gain}
evaluate: {cross_validation: {folds: 2}, scores: [rmse-ppm], bootstrap: 200}
tune:
  sampler: grid
  space:
    fit.gain: [0.5, 1.1, 3.0]
    fit.limit: [2.0, 1000.0]
"""


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gains.yaml").write_text(PIPELINE)
    return tmp_path / "gains.yaml"


def test_the_best_trials_are_printed_and_the_folder_is_named_after_the_file(
    specframe: Callable[..., Any], pipeline: Path
) -> None:
    done = specframe("tune", "gains.yaml", "--plugin", GAINS, "--set", "fit.kind=plain")
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "6 trials: 5 complete, 1 failed. The best by rmse-ppm:"
    assert lines[1].split() == ["trial", "rmse-ppm", "fit.gain", "fit.limit"]
    assert [line.split()[-2:] for line in lines[2:4]] == [["1.1", "2"], ["1.1", "1000"]]
    assert lines[-1] == "Results: runs/gains-tune"
    assert "trial 4: failed: " in done.err
    assert "gain 3 is above limit 2" in done.err
    again = specframe("tune", "gains.yaml", "--plugin", GAINS, "--set", "fit.kind=plain")
    assert again.out.splitlines()[:-2] == lines[:-2]  # all but the time
    assert "6 trials are done already" in again.err


def test_another_pipeline_in_the_same_folder_is_refused(specframe: Callable[..., Any], pipeline: Path) -> None:
    options = ("--plugin", GAINS, "--out", "out", "--quiet", "--set", "evaluate.bootstrap=0")
    assert specframe("tune", "gains.yaml", *options).status == 0
    other = specframe("tune", "gains.yaml", *options, "--set", "depths.scale=2")
    assert other.status == 2
    assert "but the pipeline changed since" in other.err
    assert specframe("tune", "gains.yaml", *options, "--set", "depths.scale=2", "--fresh").status == 0


def test_run_and_check_take_a_pipeline_with_a_search(specframe: Callable[..., Any], pipeline: Path) -> None:
    assert specframe("check", "gains.yaml", "--plugin", GAINS).status == 0
    assert specframe("run", "gains.yaml", "--plugin", GAINS, "--out", "run", "--quiet").status == 0
    assert "tune" not in (pipeline.parent / "run" / "pipeline.yaml").read_text()


def test_the_best_pipeline_runs(specframe: Callable[..., Any], pipeline: Path) -> None:
    assert specframe("tune", "gains.yaml", "--plugin", GAINS, "--quiet", "--out", "out").status == 0
    done = specframe("run", "out/best.yaml", "--plugin", GAINS, "--out", "run", "--quiet")
    assert done.status == 0, done.err


def test_a_pipeline_without_the_section_is_told(specframe: Callable[..., Any], pipeline: Path) -> None:
    pipeline.write_text(PIPELINE[: PIPELINE.index("tune:")])
    done = specframe("tune", "gains.yaml", "--plugin", GAINS)
    assert (done.status, done.err) == (
        2,
        "error: the pipeline has no 'tune' section, which says what is to be searched\n",
    )


def test_a_search_is_not_a_run(specframe: Callable[..., Any], pipeline: Path) -> None:
    assert specframe("tune", "gains.yaml", "--plugin", GAINS, "--quiet", "--out", "out").status == 0
    for command in (("report", "out"), ("predict", "out", "--data", "gains.yaml")):
        done = specframe(*command)
        assert done.status == 2
        assert "holds a search" in done.err
