"""Libraries of observed spectra: labels and groups from a table, errors, wavelengths of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from specframe.errors import InputFileError
from specframe_retrieval.library import SpectralLibrary, spectral_type_number

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("M0", 10),
        ("L0", 20),
        ("T0", 30),
        ("Y0", 40),
        ("L5", 25),
        ("M6.5", 16.5),
        ("T4.5:", 34.5),
        ("L2pec", 22),
        ("sdM8", 18),
        ("esdM4", 14),
        ("usdL0", 20),
        ("d/sdL7", 27),
        ("M8V", 18),
        ("M9.5III", 19.5),
        ("L1gamma", 21),
        ("L5+T5", 25),
        (" T8.0 ", 38),
        (">Y1", 41),
        ("K7", 7),
        ("", None),
        ("L", None),
        ("WD", None),
        ("DA", None),
        ("nan", None),
        ("5", None),
    ],
)
def test_spectral_types(text: str, number: float | None) -> None:
    assert spectral_type_number(text) == number


def library(folder: Path) -> tuple[str, str]:
    wave = np.linspace(1.0, 2.0, 6) + np.array([[0.0], [0.01], [0.02], [0.03]])
    flux, err = np.full((4, 6), 2.0), np.full((4, 6), 0.1)
    flux[1, 2], err[2, 3], err[2, 4], wave[3, 5] = np.nan, -np.inf, 0.0, np.nan
    np.savez(folder / "l.npz", wave=wave, flux=flux, err=err, id=[11, 12, 13, 14])
    rows = ["id,NAME,LIT_TYPE,SNR", "14,A,T4.5:,10", "12,B,,20", "13,A,sdM8,30", "11,C,L5,40"]
    (folder / "l.csv").write_text("\n".join(rows) + "\n")
    return str(folder / "l.npz"), str(folder / "l.csv")


def test_rows_of_the_table_are_found_by_a_key(tmp_path: Path) -> None:
    path, table = library(tmp_path)
    loader = SpectralLibrary(
        path=path, table=table, key="id", target="id", labels={"type": {"column": "LIT_TYPE", "as": "spectral-type"}}
    )
    assert loader.targets() == ["11", "12", "13", "14"]
    labels = loader.labels()
    assert labels["target"].values.tolist() == ["11", "13", "14"]  # nothing is known of 12
    assert labels.values.ravel().tolist() == [25, 18, 34.5]
    catalogue = loader.catalogue()
    assert catalogue["NAME"].values.tolist() == ["C", "B", "A", "A"]
    assert catalogue["SNR"].values.tolist() == [40, 20, 30, 10]


def test_rows_of_the_table_are_found_by_order(tmp_path: Path) -> None:
    path, table = library(tmp_path)
    loader = SpectralLibrary(path=path, table=table, target="NAME")
    with pytest.raises(InputFileError, match="'NAME' has 'A' in rows 1 and 3"):
        loader.targets()
    loader = SpectralLibrary(path=path, table=table, labels=["SNR"])
    assert loader.labels().values.ravel().tolist() == [10, 20, 30, 40]


def test_errors_and_wavelengths_of_each_row(tmp_path: Path) -> None:
    path, table = library(tmp_path)
    loader = SpectralLibrary(path=path, table=table, key="id", target="id", flux_units="Jy")
    first, second, third, fourth = (loader.load(target)["spectrum/0"] for target in loader.targets())
    assert first["flux"].attrs == {"units": "Jy"}  # with noise
    np.testing.assert_allclose(second["wavelength"] - first["wavelength"], 0.01)
    assert second["mask"].values.tolist() == [False, False, True, False, False, False]
    assert third["mask"].values.tolist() == [False, False, False, True, True, False]
    assert fourth.sizes["wavelength"] == 5
    assert fourth.attrs["comment"] == "1 pixels without a wavelength were left out"


def test_a_library_without_errors_says_so_or_takes_those_given(tmp_path: Path) -> None:
    flux = np.array([[1.0, 2.0, 3.0]])
    np.savez(tmp_path / "l.npz", wave=[1.0, 1.1, 1.2], flux=flux)
    path = str(tmp_path / "l.npz")

    def errors(**params: float) -> list[float]:
        loader = SpectralLibrary(path=path, **params)
        return loader.load(loader.targets()[0])["spectrum/0"]["flux_error"].values.tolist()

    assert np.isnan(errors()).all()
    assert errors(snr=20.0) == [0.1, 0.1, 0.1]
    np.testing.assert_allclose(errors(relative_error=0.1), [0.1, 0.2, 0.3])
    loader = SpectralLibrary(path=path)
    assert "unknown" in loader.load(loader.targets()[0])["spectrum/0"]["flux_error"].attrs["comment"]


def test_masks_and_variances_of_arrays(tmp_path: Path) -> None:
    flux, mask = np.full((2, 3), 2.0), np.array([[0, 0, 1], [0, 0, 0]])
    np.savez(tmp_path / "l.npz", wave=[1.0, 1.1, 1.2], flux=flux, ivar=np.array([4.0, 4.0, 0.0]), mask=mask)
    loader = SpectralLibrary(path=str(tmp_path / "l.npz"))
    first, second = (loader.load(target)["spectrum/0"] for target in loader.targets())
    assert first["mask"].values.tolist() == [False, False, True]
    assert second["mask"].values.tolist() == [False, False, True]  # no weight is no measurement
    assert second["flux_error"].values[:2].tolist() == [0.5, 0.5]


def test_nothing_is_a_label_unless_it_is_named(tmp_path: Path) -> None:
    path, table = library(tmp_path)
    assert SpectralLibrary(path=path, table=table).labels() is None


def test_good_spectra_are_selected_by_the_table(tmp_path: Path) -> None:
    path, table = library(tmp_path)
    loader = SpectralLibrary(path=path, table=table, key="id", target="id", select={"SNR": {"min": 25}, "NAME": "A"})
    assert loader.targets() == ["13"]


def test_spectra_are_selected_by_a_label_that_is_no_column(tmp_path: Path) -> None:
    np.savez(tmp_path / "spectra.npz", wave=[1.0, 1.5, 2.0], flux=np.ones((4, 3)), err=np.ones((4, 3)))
    (tmp_path / "spectra.csv").write_text("name,sptype,SNR\na,M2,10\nb,M8.5,20\nc,L3,30\nd,,40\n")
    labels = {"spectral_type": {"column": "sptype", "as": "spectral-type"}}
    library = SpectralLibrary(
        path=tmp_path / "spectra.npz",
        table=tmp_path / "spectra.csv",
        target="name",
        labels=labels,
        select={"spectral_type": {"min": 14}},
    )
    assert sorted(library.targets()) == ["b", "c"]
