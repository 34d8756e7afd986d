"""Targets whose instruments and visits were fitted together, from the fit to the files of a run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from astropy.table import QTable, Table

from specframe import Pipeline
from specframe.cli.summary import print_summary
from specframe.errors import InputFileError, UsageError
from specframe.pipeline import measured

FILE = Path(__file__).with_name("joint.py")
VARIANCE = 1.5e-10

Make = Callable[..., Pipeline]


@pytest.fixture
def joint_pipeline(tmp_path: Path) -> Make:
    """Return a function that makes the pipeline two-instruments > joint, with further steps."""

    def make(joint: Any = None, further: Any = (), scores: Any = ("rmse-ppm", "coverage"), **load: Any) -> Pipeline:
        steps = [
            {"id": "data", "load": "two-instruments", "with": load},
            {"id": "fit", "detrend": "joint", "with": joint or {}},
            *further,
        ]
        path = tmp_path / "joint.yaml"
        path.write_text(yaml.safe_dump({"specframe": 1, "steps": steps, "evaluate": {"scores": list(scores)}}))
        return Pipeline.from_yaml(path, plugin_files=[FILE])

    return make


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("specframe.pipeline.results.draw_figures", lambda *_: ([], {}))


@pytest.mark.usefixtures("no_figures")
def test_the_joint_depths_are_the_prediction_with_their_covariance(joint_pipeline: Make, tmp_path: Path) -> None:
    run = joint_pipeline().run(tmp_path / "out", quiet=True)
    prediction = run.predictions
    assert list(prediction["output"].values) == ["wl_1", "wl_2", "wl_3", "wl_4"]
    np.testing.assert_allclose(prediction["mean"].sel(target="t1"), 0.0101 + 1e-6 + 0.001 * np.arange(4), rtol=1e-12)
    np.testing.assert_allclose(prediction["std"], np.sqrt(VARIANCE))
    expected = np.full((4, 4), 0.5e-10) + 1e-10 * np.eye(4)
    np.testing.assert_allclose(prediction["covariance"].sel(target="t3"), expected)
    assert run.metrics["test"]["rmse-ppm"] == pytest.approx(1.0, rel=1e-6)


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("reason", ["one target has none", "too large"])
def test_without_all_covariances_there_is_none(
    joint_pipeline: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    joint = {"without_covariance": ["t3"]} if reason == "one target has none" else {}
    if reason == "too large":
        monkeypatch.setattr(measured, "_LARGEST_COVARIANCE", 6 * 4 * 4 * 8 - 1)
    run = joint_pipeline(joint).run(tmp_path / "out", quiet=True)
    assert "covariance" not in run.predictions
    assert run.predictions.sizes["target"] == 6
    matrix = run.observation("t0")["spectrum/joint/depth_covariance"]
    np.testing.assert_allclose(np.diag(matrix), VARIANCE)


@pytest.mark.usefixtures("no_figures")
def test_a_model_reads_what_the_joint_fit_left(joint_pipeline: Make, tmp_path: Path) -> None:
    """White depths alone determine the toy's spectra, which differ by a constant."""
    ridge = {"id": "learn", "model": "ridge", "with": {"inputs": ["spectrum/white_depth"]}}
    run = joint_pipeline(further=[ridge], scores=["rmse-ppm"], n_targets=12).run(tmp_path / "out", quiet=True)
    assert run.metrics["cv"]["rmse-ppm"] < 20  # the spectra scatter by 345 ppm


@pytest.mark.usefixtures("no_figures")
def test_quality_has_a_row_per_target(joint_pipeline: Make, tmp_path: Path) -> None:
    joint = {"fails": ["t2"], "saturated": ["t4", "t5"], "dead": ["t5"]}
    run = joint_pipeline(joint).run(tmp_path / "out", quiet=True)
    table = run.quality
    assert list(table["target"]) == ["t0", "t1", "t2", "t3", "t4", "t5"]
    assert list(table["status"]) == ["done", "done", "set aside", "done", "done", "done"]
    assert list(table["flags"]) == ["", "", "", "", "saturated transit-at-edge", "saturated transit-at-edge"]
    assert list(table["step"]) == ["", "", "fit", "", "", ""]
    assert table["reason"][2] == "target t2 has no transit"
    row = table[1]
    assert row["white_depth"] == pytest.approx(0.0116 + 1e-6)
    assert row["duration"].to_value("h") == pytest.approx(2.0, rel=1e-3)
    assert (row["beta"], row["iterations"], row["spectrum/joint/step"]) == (1.25, 3, 0.5)
    assert (row["chi2_reduced_median"], row["chi2_reduced_max"]) == pytest.approx((1.05, 1.6))
    assert [row[f"mid_transit/{i}"].to_value("d") for i in range(2)] == [0.125, 10.125]
    assert np.isnan(table["mid_transit/1"][0])
    assert np.isnan(table["beta"][2])
    assert list(table["unmeasured_channels"])[3:] == [0, 0, 1]
    assert run.manifest["flags"] == {"saturated": ["t4", "t5"], "transit-at-edge": ["t4", "t5"]}


@pytest.mark.usefixtures("no_figures")
def test_spectra_carry_depths_errors_and_quality(joint_pipeline: Make, tmp_path: Path) -> None:
    joint_pipeline({"saturated": ["t4"]}).run(tmp_path / "out", quiet=True)
    table = QTable.read(tmp_path / "out" / "spectra" / "t4.ecsv")
    np.testing.assert_allclose(table["depth"], 0.0104 + 1e-6 + 0.001 * np.arange(4))
    np.testing.assert_allclose(table["depth_error"], np.sqrt(VARIANCE))
    assert table.meta["flags"] == "saturated transit-at-edge"
    assert table.meta["quality"]["beta"] == 1.25


@pytest.mark.usefixtures("no_figures")
def test_targets_without_a_depth_in_some_channel_are_not_judged(joint_pipeline: Make, tmp_path: Path) -> None:
    run = joint_pipeline({"dead": ["t2"]}).run(tmp_path / "out", quiet=True)
    assert run.metrics["targets"]["judged"] == 5
    assert run.metrics["targets"]["incomplete"] == 1
    assert run.metrics["test"]["rmse-ppm"] == pytest.approx(1.0, rel=1e-6)
    assert np.isnan(run.predictions["mean"].sel(target="t2", output="wl_4"))
    log = (tmp_path / "out" / "log.jsonl").read_text()
    assert "not judged, because some output has no value: t2" in log
    assert len(Table.read(tmp_path / "out" / "spectra" / "t2.ecsv", format="ascii.ecsv")) == 4


@pytest.mark.usefixtures("no_figures")
def test_all_of_them_incomplete_is_said(joint_pipeline: Make, tmp_path: Path) -> None:
    everyone = [f"t{i}" for i in range(6)]
    run = joint_pipeline({"dead": everyone}).run(tmp_path / "out", quiet=True)
    assert run.metrics["test"]["rmse-ppm"] is None
    assert run.metrics["missing"]["rmse-ppm"] == "none of the 6 labelled targets was measured in every channel"


def test_figures_and_report_show_each_visit_and_the_flagged_targets(
    joint_pipeline: Make, tmp_path: Path, rendered: None
) -> None:
    run = joint_pipeline({"saturated": ["t4"]}, scores=[], n_targets=5).run(tmp_path / "out", quiet=True)
    why = run.manifest["drawn"]
    assert set(why.values()) >= {"best", "median", "worst"}
    assert "t4" in why
    names = {path.stem for path in (tmp_path / "out" / "figures").iterdir()}
    for target in why:
        assert {f"allan-{target}", f"light-curve-{target}-FGS1-0", f"residuals-{target}-AIRS-0"} <= names
    assert not any("spectrum-joint" in name for name in names)
    report = (tmp_path / "out" / "report.html").read_text()
    assert "transit-at-edge" in report
    assert "Allan curve of target t4" in report
    assert "holds the covariance of all depths" in report
    assert "predicted best" not in report  # nothing is predicted where nothing was learned


def test_the_flags_are_counted_when_a_run_is_done(
    joint_pipeline: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], no_figures: None
) -> None:
    flagged = {"saturated": ["t1", "t2", "t3", "t4"]}
    print_summary(joint_pipeline(flagged).run(tmp_path / "out", quiet=True))
    assert "saturated 4 (t1, t2, t3, ...); transit-at-edge 4 (t1, t2, t3, ...)" in capsys.readouterr().out


def test_what_a_run_does_not_hold_is_said(joint_pipeline: Make, tmp_path: Path, no_figures: None) -> None:
    run = joint_pipeline({"fails": ["t2"]}).run(tmp_path / "out", quiet=True)
    with pytest.raises(UsageError, match="target 't2' was set aside: target t2 has no transit"):
        run.observation("t2")
    with pytest.raises(UsageError, match="target 'x' is not in the run"):
        run.observation("x")
    shutil.rmtree(tmp_path / "out" / "stages")
    with pytest.raises(InputFileError, match="is not there any more; run the pipeline again"):
        run.observation("t1")
