"""A run whose outputs are parameters tells each of them by itself, in its unit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml
from astropy import units
from astropy.table import QTable, Table
from sklearn.metrics import r2_score, root_mean_squared_error

from specframe import Pipeline
from specframe.api import make_labels, make_prediction
from specframe.pipeline.parameters import parameter_lines, parameter_table
from specframe.pipeline.targets.quality import Quality

if TYPE_CHECKING:
    import xarray as xr

    from specframe.pipeline.result import Run

GRID = Path(__file__).with_name("odd_grid.py")
NAMES = ("teff", "C/O", "flags")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("grid")
    steps = [
        {"id": "grid", "load": "odd-grid"},
        {"id": "fit", "model": "ridge"},
        {"id": "sigma", "uncertainty": "conformal"},
    ]
    evaluate = {"cross_validation": {"folds": 4}, "scores": ["r2", "crps", "rmse-ppm"], "by": ["teff"]}
    (folder / "grid.yaml").write_text(yaml.safe_dump({"specframe": 1, "seed": 1, "steps": steps, "evaluate": evaluate}))
    return Pipeline.from_yaml(folder / "grid.yaml", plugin_files=[GRID]).run(folder / "run", quiet=True)


@pytest.fixture(scope="module")
def predicted(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("new") / "new.txt"
    np.savetxt(path, [[1500, 0.8, 0.0], [400, 0.8, 0.0]])
    return run.predict(path, plugin_files=[GRID], quiet=True)


def few(**variables: object) -> xr.Dataset:
    labels = make_labels([[900.0, 0.2]], ["HD 3651B"], ["teff", "logg"], ["K", ""])
    return make_prediction(labels, [[921.4, 5.013]], **variables)


def test_the_table_has_a_row_for_each_target_with_units(run: Run) -> None:
    table = QTable.read(run.path / "parameters.ecsv")
    prediction = run.predictions
    assert list(table["target"]) == list(prediction["target"].values)
    assert table["teff"].unit == units.K
    assert table["teff_upper_95"].unit == units.K
    np.testing.assert_allclose(table["teff_true"].value, prediction["truth"].values[:, 0])
    np.testing.assert_allclose(table["C/O_error"], prediction["std"].values[:, 1])
    np.testing.assert_allclose(table["C/O_lower_68"], prediction["lower"].sel(level=0.68).values[:, 1])
    np.testing.assert_array_equal(table["teff_at_edge"], prediction["at_edge"].values[:, 0])
    np.testing.assert_allclose(table["distance"], prediction["distance"].values)
    np.testing.assert_allclose(table["chi2_match"], np.arange(40.0))


def test_the_table_is_opened_with_the_run(predicted: Run) -> None:
    assert predicted.parameters["teff"].unit == units.K
    assert list(predicted.parameters["flags_"]) == ["", "extrapolating teff-at-lower-edge"]


def test_a_parameter_keeps_its_name_whatever_it_is(run: Run) -> None:
    """One is called ``flags``, as a column of the table is."""
    table = Table.read(run.path / "parameters.ecsv")
    assert table["flags"].dtype.kind == "f"
    assert "flags_" in table.colnames


def test_metrics_tell_each_parameter_without_being_asked(run: Run) -> None:
    prediction = run.predictions
    parameters = run.metrics["parameters"]
    assert [found["unit"] for found in parameters.values()] == ["K", "", "dex"]
    for j, name in enumerate(NAMES):
        true, mean = prediction["truth"].values[:, j], prediction["mean"].values[:, j]
        assert parameters[name]["scores"]["r2"] == pytest.approx(r2_score(true, mean))
        rmse = root_mean_squared_error(true, mean)
        assert parameters[name]["scores"]["rmse"] == pytest.approx(rmse)
        low, high = parameters[name]["intervals"]["rmse"]
        assert low < rmse < high
    assert run.metrics["cv"]["crps"] is None
    assert "teff in K" in run.metrics["missing"]["crps"]


def test_scores_by_a_parameter_are_those_of_its_true_values(run: Run) -> None:
    classes = run.metrics["by"]["teff"]
    assert all(label.endswith(" K") for label in classes)
    assert sum(found["targets"] for found in classes.values()) == 40


def test_figures_are_those_of_parameters(run: Run) -> None:
    assert sorted(file.stem for file in (run.path / "figures").glob("*.png")) == [
        "parameter-calibration", "parameter-correlations", "parameter-histograms", "parameter-residuals", "parameters",
        "scores-by-teff",
    ]  # fmt: skip
    assert not (run.path / "spectra").exists()


def test_the_report_begins_with_parameters(run: Run) -> None:
    html = (run.path / "report.html").read_text()
    assert html.index('id="parameters"') < html.index('id="viewer"') < html.index('id="scores"')
    rmse = run.metrics["parameters"]["teff"]["scores"]["rmse"]
    assert '<td>K</td><td class="number">' in html
    assert f">{rmse:.4g}<span" in html


def test_outputs_of_the_model_have_their_units(run: Run) -> None:
    assert json.loads((run.path / "model" / "outputs.json").read_text())["unit"] == ["K", "", "dex"]


def test_a_prediction_tells_what_lies_at_the_edge(predicted: Run) -> None:
    table = Table.read(predicted.path / "parameters.ecsv")
    assert list(table["teff_at_edge"]) == [0, -1]
    assert "teff_true" not in table.colnames
    assert table["flags_"][1].split() == ["extrapolating", "teff-at-lower-edge"]
    html = (predicted.path / "report.html").read_text()
    assert "(at lower edge)" in html
    assert html.count('class="warn">(unlike the training set)<') == 1
    assert "parameters" not in predicted.metrics


def test_numbers_have_the_digits_that_their_errors_know() -> None:
    assert parameter_lines(few(std=[[23.2, 0.181]])) == {"HD 3651B": {"teff": "921 +- 23 K", "logg": "5.01 +- 0.18"}}
    assert parameter_lines(few())["HD 3651B"]["teff"] == "921.4 K"


def test_errors_to_both_sides_are_told_where_they_differ() -> None:
    edges = ("target", "output", "level")
    prediction = few(
        std=[[23.2, 0.181]],
        lower=(edges, [[[901.0], [4.9]]]),
        upper=(edges, [[[951.0], [5.12]]]),
        at_edge=(("target", "output"), np.array([[-1, 0]], np.int8)),
    ).assign_coords(level=[0.68])
    assert parameter_lines(prediction)["HD 3651B"] == {
        "teff": "921 +30 -20 K (at lower edge)",
        "logg": "5.01 +- 0.11",
    }


def test_samples_make_bounds_and_unknown_units_are_kept() -> None:
    samples = np.random.default_rng(0).normal(size=(999, 1, 2))
    prediction = few(samples=(("sample", "target", "output"), samples)).assign_coords(
        unit=("output", ["Zork", "dex(cm / s2)"])
    )
    table = parameter_table(prediction, {"HD 3651B": Quality({"a/chi2": 1.0, "b/chi2": 2.0, "mean": 3.0})})
    assert str(table["teff"].unit) == "Zork"
    # ranks 160 and 840 of 999 draws
    ordered = np.sort(samples[:, 0, 0])
    assert table["teff_lower_68"][0] == pytest.approx(ordered[159])
    assert table["teff_upper_68"][0] == pytest.approx(ordered[839])
    assert table["b/chi2"][0] == 2.0
    assert "mean" not in table.colnames
