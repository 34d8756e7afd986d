"""Pipelines that learn nothing: what is written of measured depths, for targets with channels of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from astropy.table import QTable

from specframe import Pipeline
from specframe.pipeline.results import ExportError

if TYPE_CHECKING:
    from specframe.pipeline.result import Run

FILE = Path(__file__).with_name("fitted.py")


def run_fitted(folder: Path, export: str = "") -> Run:
    path = folder / "fitted.yaml"
    path.write_text("specframe: 1\nsteps:\n  - {id: data, load: fitted}\n" + export)
    return Pipeline.from_yaml(path, plugin_files=[FILE]).run(folder / "out", quiet=True)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("specframe.pipeline.results.draw_figures", lambda *_: ([], {}))
    return run_fitted(tmp_path)


def test_the_outputs_are_the_channels_of_all_targets(run: Run) -> None:
    prediction = run.predictions
    assert prediction["target"].values.tolist() == ["a", "b"]
    assert prediction["wavelength"].values.tolist() == [1.0, 2.0, 2.5, 3.0]
    np.testing.assert_array_equal(prediction["mean"], [[0.01, 0.02, np.nan, 0.03], [np.nan, 0.02, 0.025, np.nan]])
    np.testing.assert_array_equal(prediction["observed"], [[True, True, False, True], [False, True, True, False]])
    assert prediction["mean"].attrs["long_name"] == "transit depth (Rp/R*)^2"
    assert prediction["wavelength_upper"].values.tolist() == [1.1, 2.1, 2.6, 3.1]
    assert prediction["output_flags"].values.tolist() == [["", "red-noise", "", "red-noise"], ["", "", "red-noise", ""]]


def test_a_target_without_any_depth_is_set_aside(run: Run) -> None:
    assert {entry["target"] for entry in run.manifest["set_aside"]} == {"d"}


def test_each_target_has_a_table_of_its_own_channels(run: Run) -> None:
    table = QTable.read(run.path / "spectra" / "b.ecsv")
    assert table["wavelength"].to_value("um").tolist() == [2.0, 2.5]
    assert table["wavelength_lower"].to_value("nm").tolist() == pytest.approx([1900.0, 2400.0])
    assert table["depth"].value.tolist() == [0.02, 0.025]
    assert table["depth_error_lower"].value.tolist() == [0.8e-4, 0.8e-4]
    assert table["depth_error_upper"].value.tolist() == [1.2e-4, 1.2e-4]
    assert table["chi2_reduced"].tolist() == [1.25, 1.25]
    assert [str(flag) for flag in table["flags"].filled("")] == ["", "red-noise"]
    assert set(table["instrument"]) == {"WFC3"}
    assert table.meta["quantity"] == "transit depth (Rp/R*)^2"


def test_an_exporter_of_observations_writes_the_others_when_it_refuses_one(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="exporter 'lengths' wrote nothing of 1 of 2 targets: b: too few channels"):
        run_fitted(tmp_path, "export: [lengths]\n")
    assert (tmp_path / "out" / "lengths-a.txt").read_text() == "WFC3/0 3"


COMPARE = """
evaluate:
  compare:
    - load: published
      with: {target: a, offset: -5e-5}
    - load: published
      with: {target: b, fails: true}
"""


def test_the_result_is_compared_with_published_spectra_of_the_same_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_fitted(tmp_path, COMPARE)
    assert set(run.metrics["compare"]) == {"a"}
    numbers = run.metrics["compare"]["a"]["Somebody (2020)"]
    assert numbers["channels"] == 3
    assert numbers["offset-ppm"] == pytest.approx(50)
    assert numbers["shape-rms-ppm"] == pytest.approx(0, abs=1e-6)
    assert numbers["error-ratio"] == pytest.approx(0.5)
    table = QTable.read(run.path / "comparison.ecsv")
    assert table["difference"].value.tolist() == pytest.approx([5e-5] * 3)
    assert "a against Somebody (2020)" in (run.path / "report.html").read_text(encoding="utf-8")
    log = (run.path / "log.jsonl").read_text(encoding="utf-8")
    assert "not compared with b: spectrum.csv: has no column" in log
    assert (run.path / "figures" / "spectrum-1-a.png").is_file()


def test_spectra_of_one_name_stay_apart_and_one_of_no_target_is_told(tmp_path: Path) -> None:
    entry = "    - load: published\n      with: {{target: {}, offset: {}}}\n"
    run = run_fitted(
        tmp_path, "evaluate:\n  compare:\n" + entry.format("a", 1e-5) + entry.format("a", 2e-5) + entry.format("z", 0.0)
    )
    offsets = {label: round(numbers["offset-ppm"]) for label, numbers in run.metrics["compare"]["a"].items()}
    assert offsets == {"Somebody (2020)": -10, "Somebody (2020) (no. 2)": -20}
    log = (run.path / "log.jsonl").read_text(encoding="utf-8")
    assert "not compared with Somebody (2020) (no. 3): it is of 'z', there are a, b" in log


def test_the_resolved_pipeline_names_what_it_is_compared_with(tmp_path: Path) -> None:
    run = run_fitted(tmp_path, COMPARE)
    again = Pipeline.from_yaml(run.path / "pipeline.yaml", plugin_files=[FILE])
    assert [part.params.target for part in again.spec.compared] == ["a", "b"]
