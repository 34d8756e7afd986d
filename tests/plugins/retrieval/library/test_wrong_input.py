"""Files and parameters that are wrong are told with what, where, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from specframe.errors import InputFileError, ParameterError, SpecframeError, UsageError
from specframe_retrieval.library import ModelGrid, SpectralLibrary

if TYPE_CHECKING:
    from pathlib import Path

ARRAYS: dict[str, Any] = {
    "wavelength": np.linspace(1.0, 2.0, 6),
    "flux": np.arange(24.0).reshape(4, 6) + 1,
    "teff": np.array([500.0, 600.0, 700.0, 800.0]),
}


def used(loader: ModelGrid | SpectralLibrary) -> None:
    for target in loader.targets():
        loader.load(target)
    loader.labels()
    loader.catalogue()


@pytest.mark.parametrize(
    ("change", "params", "message"),
    [
        ({}, {"flux": "fluxx"}, "has no 'fluxx'.*did you mean 'flux'"),
        ({}, {"wavelength": "wave"}, "has no 'wave'"),
        ({}, {"error": "err"}, "has no 'err'"),
        ({}, {"labels": ["logg"]}, "has no column or array 'logg' for label 'logg'"),
        ({}, {"target": "name"}, "target: no column 'name'"),
        ({}, {"rename": {"extra": "fsed"}}, "rename: no column 'extra'"),
        ({}, {"flux_units": "parsec"}, "expected a unit convertible to one of"),
        ({}, {"wavelength_units": "K"}, "expected a unit of wavelength"),
        ({}, {"quantity": "depth", "flux_units": "Jy"}, "expected a depth"),
        ({"wavelength": np.linspace(1, 2, 7)}, {}, r"shape \(4, 6\), but 'wavelength' has 7 wavelengths"),
        ({"wavelength": np.linspace(6450, 25500, 6)}, {}, "state wavelength_units"),
        ({"wavelength": np.array([1, 1.1, 1.1, 1.2, 1.3, 1.4])}, {}, "1 wavelengths stand twice, first 1.1 um"),
        ({"wavelength": None}, {}, "does not tell the wavelengths of the 6 pixels"),
        ({}, {"wavelength": [1.0, 2.0]}, "2 wavelengths in 'wavelength', but spectra of 6 pixels"),
        ({"flux": None}, {}, "no columns of one length"),
        ({"flux_error": np.ones((4, 5))}, {}, r"'flux_error' has shape \(4, 5\), but the spectra have \(4, 6\)"),
        ({"flux": np.array([["a"] * 6] * 4)}, {"flux": "flux"}, "'flux' holds text"),
        ({"other": np.ones((4, 6)), "flux": None, "spectra2": np.ones((4, 6))}, {}, "say which with flux"),
    ],
)
def test_arrays_and_parameters(tmp_path: Path, change: dict[str, Any], params: dict[str, Any], message: str) -> None:
    arrays = {name: array for name, array in (ARRAYS | change).items() if array is not None}
    np.savez(tmp_path / "g.npz", **arrays)
    with pytest.raises(InputFileError, match=f"g.npz: .*{message}"):
        used(ModelGrid(path=str(tmp_path / "g.npz"), **params))


def test_unit_of_a_label_that_nobody_knows(tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", **ARRAYS)
    with pytest.raises(UsageError, match="'teff' has 'kelvinn', which is no unit"):
        ModelGrid(path=str(tmp_path / "g.npz"), label_units={"teff": "kelvinn"}).labels()
    with pytest.raises(UsageError, match="'logg' is none of the labels teff"):
        ModelGrid(path=str(tmp_path / "g.npz"), label_units={"logg": ""}).labels()


@pytest.mark.parametrize("keep", [10, 200, 600])
def test_a_truncated_npz(tmp_path: Path, keep: int) -> None:
    np.savez(tmp_path / "g.npz", **ARRAYS)
    (tmp_path / "g.npz").write_bytes((tmp_path / "g.npz").read_bytes()[:keep])
    with pytest.raises(InputFileError, match=r"g.npz: .*fetch it again"):
        ModelGrid(path=str(tmp_path / "g.npz")).targets()


def test_python_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", **(ARRAYS | {"names": np.array([{}, None, 1, "a"], dtype=object)}))
    with pytest.raises(InputFileError, match="'names' holds Python objects, which are not read"):
        ModelGrid(path=str(tmp_path / "g.npz")).targets()
    (tmp_path / "g.pkl").write_bytes(b"\x80\x04N.")
    with pytest.raises(InputFileError, match="pickled Python objects"):
        ModelGrid(path=str(tmp_path / "g.pkl")).targets()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("teff,logg,name\n", "no numbers below"),
        ("teff,1.0,1.1,1.2\n900,1,2,3\n1000,1,2\n", "line 3 has 3 fields, expected 4"),
        ("teff,1.0,1.1,1.0\n900,1,2,3\n1000,1,2,4\n", "two columns are called '1.0'"),
        ("teff,logg,name\n900,4,a\n1000,5,b\n", "no columns hold wavelengths in their names"),
        ("wavelength,flux\n1.0,3\n1.1,3\n", "holds a single spectrum"),
        ("teff,1.0,1.1,1.2\n900,1,2,x\n1000,1,2,3\n", "'1.2' holds text .'x'., expected numbers"),
    ],
)
def test_tables(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "g.csv").write_text(content)
    with pytest.raises(InputFileError, match=message):
        used(ModelGrid(path=str(tmp_path / "g.csv")))


def test_a_wide_table_that_is_cut_off(tmp_path: Path) -> None:
    names = [f"{1 + i / 50:.2f}" for i in range(30)]
    rows = [",".join(["teff", *names]), *(",".join(["900", *["1.5"] * 30]) for _ in range(3))]
    (tmp_path / "g.csv").write_text("\n".join(rows)[:-40])
    with pytest.raises(InputFileError, match=r"line 4 has \d+ fields, expected 31: is the file cut off"):
        ModelGrid(path=str(tmp_path / "g.csv")).targets()


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "grid").mkdir()
    with pytest.raises(InputFileError, match="holds no file"):
        ModelGrid(path=str(tmp_path / "grid")).targets()
    (tmp_path / "grid" / "a1b2.txt").write_text("1 1\n2 1\n")
    (tmp_path / "grid" / "labels.csv").write_text("file,a\nother.txt,3\n")
    with pytest.raises(InputFileError, match="no column holds the names of the files"):
        ModelGrid(path=str(tmp_path / "grid"), table=str(tmp_path / "grid" / "labels.csv")).targets()
    with pytest.raises(InputFileError, match="has a row of none"):
        ModelGrid(path=str(tmp_path / "grid"), table=str(tmp_path / "grid" / "labels.csv"), key="file").targets()
    with pytest.raises(UsageError, match="must be a column's name"):
        ModelGrid(path=str(tmp_path / "grid"), wavelength=[1.0, 2.0]).targets()
    with pytest.raises(InputFileError, match="no such file"):
        ModelGrid(path=str(tmp_path / "nowhere")).targets()


def test_a_broken_file_in_a_folder_is_set_aside_and_the_rest_go_on(tmp_path: Path) -> None:
    for teff in (500, 600, 700):
        (tmp_path / f"t{teff}.txt").write_text("1 1\n2 1\n")
    (tmp_path / "t600.txt").write_text("1 1\n2\n")
    loader = ModelGrid(path=str(tmp_path), pattern="t{teff}.txt")
    assert loader.targets() == ["teff500", "teff600", "teff700"]
    assert loader.labels().values.ravel().tolist() == [500, 600, 700]
    assert loader.catalogue().sizes["target"] == 3
    loader.load("teff700")
    with pytest.raises(InputFileError, match=r"t600.txt: line 2 has 1 fields, expected 2"):
        loader.load("teff600")


def test_a_table_of_another_length(tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", **ARRAYS)
    (tmp_path / "t.csv").write_text("logg,z\n1,2\n2,3\n")
    with pytest.raises(InputFileError, match=r"has 2 rows, but .* has 4 spectra; see key"):
        SpectralLibrary(path=str(tmp_path / "g.npz"), table=str(tmp_path / "t.csv")).targets()


@pytest.mark.parametrize(
    "params",
    [
        {"pattern": "t{teff}{logg}"},
        {"wavelength_range": [2, 1]},
        {"key": "name"},
        {"labels": {"a": {"column": "b", "as": "word"}}},
        {"select": {"teff": {"minimum": 3}}},
        {"resolving_power": -3.0},
    ],
)
def test_parameters_that_cannot_be(params: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        ModelGrid(path="g.npz", **params)


def test_snr_and_relative_error_exclude_each_other() -> None:
    with pytest.raises(SpecframeError, match="not both"):
        SpectralLibrary(path="g.npz", snr=3.0, relative_error=0.1)
