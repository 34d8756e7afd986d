from __future__ import annotations

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from astropy.table import QTable
from matplotlib.image import imread

from specframe.api import Results
from specframe.errors import DataError
from specframe.testing import results_problem
from specframe_retrieval import (
    GridComparison,
    SpectralGrid,
    compare_with_grid,
    draw_comparison,
    physical_spectrum,
)


@pytest.fixture
def results(grid, observed, predicted) -> Results:
    """One observation within the grid and one below it."""
    prediction = xr.concat(
        [
            predicted("inner", teff=(1050.0, 20.0), logg=(4.6, 0.1)),
            predicted("outer/1", teff=(818.0, 15.0), logg=(4.6, 0.1)),
        ],
        dim="target",
    )
    seen = [observed("inner"), observed("outer/1", teff=905.0, logg=5.0)]
    return Results(prediction, lambda: iter(seen), lambda: iter(grid.spectra()), grid.labels)


def test_all_files_are_written(results, tmp_path):
    written = GridComparison().export_results(results, tmp_path)
    folder = tmp_path / "comparison"
    names = ["inner", "outer%2F1"]
    expected = {folder / "grid-comparison.ecsv"}
    expected |= {folder / f"{name}{suffix}" for name in names for suffix in (".ecsv", ".png")}
    expected |= {folder / "nearest" / f"{name}.ecsv" for name in names}
    assert set(written) == expected == {path for path in tmp_path.rglob("*") if path.is_file()}


def test_the_table_of_targets_says_who_lies_beyond_the_grid(results, tmp_path):
    GridComparison(figures=0).export_results(results, tmp_path)
    table = QTable.read(tmp_path / "comparison" / "grid-comparison.ecsv")
    assert list(table["target"]) == ["inner", "outer/1"]
    assert list(table["inside"]) == [True, False]
    assert list(table["teff_edge"]) == [0, -1]
    assert table["teff"].unit == "K"
    np.testing.assert_allclose(table["teff_shown"].value, [1050.0, 900.0])
    assert "beyond the lower edge of the grid: teff (900 K)" in table["notes"][1]
    assert table["radius_best"].to_value("R_jup")[0] == pytest.approx(0.9, rel=0.01)
    assert table["nearest"][1] == "teff900-logg5"
    assert table["nearest_teff"].value[1] == 900.0


def test_the_table_of_a_target_holds_spectra_and_numbers(results, tmp_path):
    GridComparison(figures=0).export_results(results, tmp_path)
    table = QTable.read(tmp_path / "comparison" / "inner.ecsv")
    assert table["wavelength"].unit == "um"
    assert table["observed"].unit == "W m-2 um-1"
    left = (table["observed"] - table["model"]).value
    np.testing.assert_allclose(table["residual"].value, left)
    assert np.sum((left / table["error"].value) ** 2) == pytest.approx(table.meta["chi2"])
    assert table.meta["parameters"]["teff"] == {"unit": "K", "mean": 1050.0, "std": 20.0, "shown": 1050.0, "at_edge": 0}
    assert table.meta["radius_from"] == "distance 10 pc"


def test_the_nearest_spectra_stand_with_their_labels(results, tmp_path):
    GridComparison(neighbours=3, figures=0).export_results(results, tmp_path)
    table = QTable.read(tmp_path / "comparison" / "nearest" / "inner.ecsv")
    assert len(table) == 3
    assert table["spectrum"][0] == f"teff{table['teff'][0].value:.0f}-logg{table['logg'][0]:.0f}"
    assert (np.diff(table["chi2"]) > 0).all()


def test_figures_and_tables_of_targets_can_be_few(results, tmp_path):
    GridComparison(figures=1, spectra=0, folder="beside").export_results(results, tmp_path)
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")}
    assert names == {"beside/grid-comparison.ecsv", "beside/inner.png"}
    assert len(QTable.read(tmp_path / "beside" / "grid-comparison.ecsv")) == 2


def test_of_very_many_targets_the_first_are_compared(results, tmp_path):
    GridComparison(targets=1, figures=0).export_results(results, tmp_path)
    table = QTable.read(tmp_path / "comparison" / "grid-comparison.ecsv")
    assert list(table["target"]) == ["inner"]
    assert table.meta["not_compared"] == 1


def test_a_target_that_cannot_be_compared_stands_in_the_table_with_the_reason(
    results, make_spectrum, surface_flux, tmp_path
):
    flux = surface_flux(1000.0, 4.5)
    far = make_spectrum("outer/1", flux, 0.01 * flux, wavelength=np.linspace(5.0, 12.0, 60))
    inner = next(results.observations())
    GridComparison(figures=0).export_results(replace(results, observations=lambda: iter([far, inner])), tmp_path)
    table = QTable.read(tmp_path / "comparison" / "grid-comparison.ecsv")
    assert list(table["target"]) == ["inner", "outer/1"]
    assert "do their wavelengths overlap" in table["notes"][1]
    assert np.isnan(table["chi2"][1])


def test_a_label_may_be_called_as_a_column_is(tmp_path):
    """The suite's problem with its parameters renamed to what the tables use themselves."""
    results = results_problem()
    names = ["chi2", "radius"]
    renamed = Results(
        results.prediction.assign_coords(output=names),
        results.observations,
        results.training,
        results.labels.assign_coords(output=names),
    )
    GridComparison(figures=0).export_results(renamed, tmp_path)
    table = QTable.read(tmp_path / "comparison" / "grid-comparison.ecsv")
    assert table["chi2"].unit == "K"
    assert 0 < float(table["chi2_"][0]) < 200


def test_without_a_grid_nothing_is_written(results, tmp_path):
    with pytest.raises(DataError, match="a grid needs at least one spectrum"):
        GridComparison().export_results(replace(results, training=lambda: iter(())), tmp_path)
    with pytest.raises(DataError, match="no target can be compared"):
        GridComparison().export_results(replace(results, observations=lambda: iter(())), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_figure_names_parameters_edges_and_units(results, grid):
    comparison = GridComparison().compare(
        list(results.observations())[1], SpectralGrid.of(grid.spectra(), grid.labels), results.prediction
    )
    figure = draw_comparison(comparison)
    texts = [text.get_text().replace("\N{NO-BREAK SPACE}", " ") for ax in figure.axes for text in ax.texts]
    assert "teff = 818 ± 15 K" in texts
    assert "teff (900 K)" in " ".join(texts)
    spectra, residuals, _, radius = figure.axes
    assert spectra.get_ylabel() == "Flux (10⁻¹⁵ W m⁻² µm⁻¹)"
    assert residuals.get_ylabel() == "Obs. − model\n(σ)"
    assert "Radius" in radius.get_xlabel()
    labels = [text.get_text() for text in spectra.get_legend().get_texts()]
    assert labels == ["observed", "nearest of the grid", "model as predicted"]


def test_a_figure_needs_neither_prediction_nor_errors(grid, observed):
    observation = observed()
    observation["spectrum/0"]["flux_error"][:] = np.nan
    found = compare_with_grid(physical_spectrum(observation), SpectralGrid.of(grid.spectra(), grid.labels))
    figure = draw_comparison(found)
    assert figure.axes[1].get_ylabel() == "Obs. − nearest\n(as above)"


def test_drawing_leaves_matplotlib_as_it_was(results, tmp_path, rendered):
    mpl.rcParams["font.size"] = 23.0
    try:
        GridComparison(figures=1).export_results(results, tmp_path)
        assert mpl.rcParams["font.size"] == 23.0
    finally:
        mpl.rcParams["font.size"] = mpl.rcParamsDefault["font.size"]
    assert imread(tmp_path / "comparison" / "inner.png").shape[:2] == (810, 1500)


def test_the_pipeline_runs_it(data_dir, tmp_path):
    """Diamondback in a few labels, and HD 3651B beside it: the nearest spectrum is at the grid's lowest temperature."""
    from specframe import Pipeline

    with np.load(data_dir / "browndwarf" / "telescopeml_tutorial2_hd3651b.npz") as golden:
        wavelength, flux = golden["wl_obs"], golden["flam_obs"]
    kept = (wavelength > 0.9) & (wavelength < 2.4)
    columns = np.c_[wavelength, flux, np.hypot(0.05 * flux, flux.max() / 100)][kept][::4]
    np.savetxt(tmp_path / "HD3651B.txt", columns, header="wavelength flux error")
    (tmp_path / "pipeline.yaml").write_text(f"""
specframe: 1
seed: 0
steps:
  - id: grid
    load: model-grid
    with:
      path: {data_dir / "browndwarf" / "dback24.npz"}
      labels: [teff, logg]
      label_units: {{teff: K}}
      flux_units: erg s-1 cm-2 um-1
      select: {{teff: {{max: 1200}}, extra: {{values: [f8.00]}}, z: {{values: [0]}}}}
  - {{id: onto, calibrate: resample, with: {{like: HD3651B.txt}}}}
  - {{id: noise, calibrate: observation-noise, with: {{like: HD3651B.txt}}}}
  - {{id: shape, calibrate: normalise}}
  - {{id: fit, model: ridge, with: {{inputs: [spectrum/flux]}}}}
evaluate: {{holdout: {{fraction: 0.25}}, scores: [r2]}}
predict: {{load: observed-spectra, with: {{path: HD3651B.txt, distance: 11.134, flux_units: erg s-1 cm-2 AA-1}}}}
export: [{{export: grid-comparison, with: {{figures: 1}}}}]
""")
    Pipeline.from_yaml(tmp_path / "pipeline.yaml").run(tmp_path / "run")
    found = list((tmp_path / "run" / "predictions").rglob("grid-comparison.ecsv"))
    assert len(found) == 1
    table = QTable.read(found[0])
    assert table["nearest_teff"].value[0] == 900.0
    assert 0.5 < table["nearest_radius"].to_value("R_jup")[0] < 0.8
