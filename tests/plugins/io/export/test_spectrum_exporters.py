"""Spectra in the formats of retrieval codes and of the archive, read back as those read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from astropy.table import Table as AstropyTable

from specframe.errors import DataError
from specframe_io import ExoplanetArchive, PetitRadtrans, Poseidon, Taurex
from specframe_io.export.examples import measured_spectra

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def prediction(tmp_path: Path):
    return measured_spectra(tmp_path)["examples"][0]


def test_taurex_has_depth_error_and_full_width(prediction, tmp_path) -> None:
    files = Taurex().export(prediction, tmp_path)
    assert [file.name for file in files] == ["WASP-107b-taurex.txt", "HAT-P-18b-taurex.txt"]
    columns = np.loadtxt(files[1]).T
    np.testing.assert_allclose(columns[0], [0.7, 0.9, 1.2, 1.4, 1.6])
    np.testing.assert_allclose(columns[1], prediction["mean"].values[1], rtol=1e-8)
    np.testing.assert_allclose(columns[2], prediction["std"].values[1], rtol=1e-8)
    np.testing.assert_allclose(columns[3], 0.2)


def test_poseidon_has_the_half_width_second(prediction, tmp_path) -> None:
    columns = np.loadtxt(Poseidon().export(prediction, tmp_path)[0]).T
    np.testing.assert_allclose(columns[1], 0.1)
    np.testing.assert_allclose(columns[2], prediction["mean"].values[0], rtol=1e-8)
    np.testing.assert_allclose(columns[3], prediction["std"].values[0], rtol=1e-8)


def test_petitradtrans_has_three_columns(prediction, tmp_path) -> None:
    assert np.loadtxt(PetitRadtrans().export(prediction, tmp_path)[0]).shape == (5, 3)


def test_one_file_per_instrument(prediction, tmp_path) -> None:
    files = Taurex(split=True, instruments=["WFC3"]).export(prediction.isel(target=[0]), tmp_path)
    assert [file.name for file in files] == ["WASP-107b-WFC3-taurex.txt"]
    np.testing.assert_allclose(np.loadtxt(files[0])[:, 0], [1.2, 1.4, 1.6])


def test_an_unknown_instrument_names_those_that_are_there(prediction, tmp_path) -> None:
    with pytest.raises(DataError, match="WASP-107b has no instrument 'MIRI'; there: NIRISS, WFC3"):
        Taurex(instruments=["MIRI"]).export(prediction, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_channels_without_a_depth_are_left_out(prediction, tmp_path) -> None:
    prediction["mean"][0, 2] = np.nan
    assert len(np.loadtxt(Taurex().export(prediction, tmp_path)[0])) == 4


def test_edges_that_are_not_known_are_half_way(prediction, tmp_path) -> None:
    bare = prediction.drop_vars(["wavelength_lower", "wavelength_upper"])
    columns = np.loadtxt(Taurex().export(bare, tmp_path)[0]).T
    np.testing.assert_allclose(columns[3], [0.2, 0.25, 0.25, 0.2, 0.2])


def test_the_archives_table_is_in_percent_with_a_negative_lower_error(prediction, tmp_path) -> None:
    files = ExoplanetArchive(facility="HST").export(prediction, tmp_path)
    table = AstropyTable.read(files[0], format="ascii.ipac")
    np.testing.assert_allclose(table["PL_TRANDEP"], 100 * prediction["mean"].values[0], rtol=1e-7)
    np.testing.assert_allclose(table["PL_TRANDEPERR1"], 110 * prediction["std"].values[0], rtol=1e-7)
    np.testing.assert_allclose(table["PL_TRANDEPERR2"], -90 * prediction["std"].values[0], rtol=1e-7)
    np.testing.assert_allclose(table["BANDWIDTH"], 0.2)
    assert str(table["CENTRALWAVELNG"].unit) == "micron"
    assert table.meta["keywords"]["FACILITY"]["value"] == "HST"
    assert table.meta["keywords"]["PL_NAME"]["value"] == "WASP-107b"


def test_eclipses_have_columns_of_their_own(prediction, tmp_path) -> None:
    prediction["mean"].attrs["long_name"] = "eclipse depth Fp/F*"
    table = AstropyTable.read(ExoplanetArchive().export(prediction, tmp_path)[0], format="ascii.ipac")
    assert "ESPECLIPDEP" in table.colnames


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.drop_vars("std"), "no errors"),
        (lambda p: p.drop_vars("wavelength"), "no wavelengths"),
        (lambda p: p.assign(mean=p["mean"].assign_attrs(units="Jy")), "must be dimensionless, .* 'Jy'"),
        (lambda p: p.assign(mean=p["mean"] * np.nan), "WASP-107b has no channel"),
    ],
)
def test_what_is_no_spectrum_with_errors_is_refused(prediction, tmp_path, change, message) -> None:
    with pytest.raises(DataError, match=message):
        Poseidon().export(change(prediction), tmp_path)
    assert list(tmp_path.iterdir()) == []
