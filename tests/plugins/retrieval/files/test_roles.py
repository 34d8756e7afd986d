"""What columns are, told by their names."""

from __future__ import annotations

import numpy as np

from specframe_retrieval import ModelGrid, read_spectrum
from specframe_retrieval.files.roles import error_pair, guess_names, unit_in_name


def test_units_of_depths_stand_in_names_too() -> None:
    names = ["wavelength_nm", "depth_ppm", "depth_error_ppm"]
    assert guess_names(names) == {"wavelength": "wavelength_nm", "depth": "depth_ppm", "error": "depth_error_ppm"}
    assert [unit_in_name(name) for name in names] == ["nm", "ppm", "ppm"]
    assert unit_in_name("transit_depth_percent") == "percent"


def test_an_observation_and_a_grid_whose_units_stand_in_names_are_on_the_same_scale(tmp_path) -> None:
    depths = np.array([[15000.0, 15300.0, 15100.0], [9000.0, 9200.0, 9100.0]])  # ppm
    text = tmp_path / "planet.txt"
    rows = np.column_stack([[2000.0, 1500.0, 1000.0], depths[0, ::-1], [30.0, 30.0, 30.0]])
    np.savetxt(text, rows, header="wavelength_nm depth_ppm depth_error_ppm", comments="")
    observed = read_spectrum(text)
    np.testing.assert_allclose(observed["wavelength"], [1.0, 1.5, 2.0])
    np.testing.assert_allclose(observed["depth"], depths[0] / 1e6)
    np.testing.assert_allclose(observed["depth_error"], 30e-6)
    grid = tmp_path / "grid.npz"
    np.savez(grid, transit_depth_ppm=depths, wavelength_um=[1.0, 1.5, 2.0], T=[1500.0, 900.0])
    loader = ModelGrid(path=grid)
    node = loader.load(loader.targets()[0])["spectrum/0"]
    np.testing.assert_allclose(node["depth"], depths[0] / 1e6)


def test_errors_that_differ_to_either_side_are_averaged(tmp_path) -> None:
    assert error_pair(["depth", "err_up", "err_low"]) == ("err_up", "err_low")
    assert error_pair(["depth_error_plus [ppm]", "depth_error_minus [ppm]"]) is not None
    assert error_pair(["wavelength_low", "wavelength_up", "err_up"]) is None
    text = tmp_path / "planet.csv"
    text.write_text("wavelength_um,depth_ppm,err_up,err_low\n1,15000,30,-50\n2,16000,20,-40\n")
    node = read_spectrum(text)
    np.testing.assert_allclose(node["depth_error"], [40e-6, 30e-6])
    assert node["depth_error"].attrs["comment"] == "mean of err_up and err_low"


def test_errors_in_ppm_of_a_depth_without_units_are_fractions(tmp_path) -> None:
    text = tmp_path / "planet.csv"
    text.write_text("wavelength_um,depth,depth_error_ppm\n1,0.015,30\n2,0.016,20\n")
    np.testing.assert_allclose(read_spectrum(text)["depth_error"], [30e-6, 20e-6])
