"""The loader ``observed-spectra``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from specframe.errors import InputFileError, ParameterError
from specframe_retrieval import ObservedSpectra

if TYPE_CHECKING:
    from pathlib import Path


def folder(path: Path) -> Path:
    for name, level in (("b", 2.0), ("a", 1.0)):
        np.savetxt(path / f"{name}.txt", np.column_stack([np.linspace(1, 2, 5), np.full((5, 2), level)]))
    (path / "night2").mkdir()
    (path / "night2" / "a.dat").write_text("1 3\n2 3\n")
    (path / ".hidden").write_text("")
    return path


def test_each_file_of_a_folder_is_a_target(tmp_path: Path) -> None:
    loader = ObservedSpectra(path=str(folder(tmp_path)))
    assert loader.targets() == ["a", "b"]
    assert loader.load("b")["spectrum/0"]["flux"].values.tolist() == [2.0] * 5
    assert loader.files("a") == [tmp_path / "a.txt"]
    assert loader.labels() is None
    assert ObservedSpectra(path=str(tmp_path), targets=["b"]).targets() == ["b"]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    path = str(folder(tmp_path))
    with pytest.raises(InputFileError, match="would both be target 'a'; the parameter target tells them apart"):
        ObservedSpectra(path=path, pattern="**/*").targets()
    names = ObservedSpectra(path=path, pattern="**/*", target="{folder}-{stem}").targets()
    assert sorted(names)[-1] == f"{tmp_path.name}-b"
    assert "night2-a" in names


def test_a_number_at_the_end_of_a_name_is_no_suffix(tmp_path: Path) -> None:
    for name in ("sp_t1000_m0.0", "sp_t1000_m0.5", "x.spec.gz"):
        (tmp_path / name).write_text("1 3\n2 3\n")
    assert ObservedSpectra(path=str(tmp_path)).targets() == ["sp_t1000_m0.0", "sp_t1000_m0.5", "x"]


def test_what_is_known_of_the_object_is_in_the_roots_attrs(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("1 3\n2 3\n")
    loader = ObservedSpectra(
        path=str(tmp_path / "s.txt"), target="HD 3651B", distance="36.314 lyr", radius="53619 km", reference="Luhman"
    )
    observation = loader.load("HD 3651B")
    assert observation.attrs["distance"] == pytest.approx(11.134, rel=1e-4)
    assert observation.attrs["radius"] == pytest.approx(0.75, rel=1e-4)  # 71492 km is Jupiter's
    assert observation.attrs["reference"] == "Luhman"


def test_another_spectrum_has_its_own_name_and_a_warning_about_the_distance(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("1 3\n2 3\n")
    loader = ObservedSpectra(path=str(tmp_path / "a.txt"), target="HD 3651B", distance=11.1)
    moved = loader.relocated(tmp_path / "b.txt")
    assert moved.targets() == ["b"]
    assert "b.txt is taken to have the same distance as a.txt" in caplog.text
    assert loader.relocated(tmp_path / "a.txt").targets() == ["HD 3651B"]


def test_wrong_parameters(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="quantity in 'pc'"):
        ObservedSpectra(path="s.txt", distance="3 kg")
    with pytest.raises(InputFileError, match="holds no file"):
        ObservedSpectra(path=str(tmp_path)).targets()
    (tmp_path / "s.txt").write_text("1 3\n2 3\n")
    with pytest.raises(InputFileError, match="has no target 'x'; there: s"):
        ObservedSpectra(path=str(tmp_path), targets=["x"]).targets()


def test_the_golden_spectrum_of_hd_3651b(data_dir: Path) -> None:
    """F_lambda in erg s-1 cm-2 A-1; the reference has its first pixel as 1.216085e-27 erg s-1 cm-2 Hz-1."""
    import astropy.units as u

    loader = ObservedSpectra(
        path=str(data_dir / "browndwarf" / "telescopeml_tutorial2_hd3651b.npz"),
        columns={"wavelength": "wl_obs", "flux": "flam_obs"},
        flux_units="erg s-1 cm-2 A-1",
        distance=11.134,
        radius=0.75,
    )
    node = loader.load(loader.targets()[0])["spectrum/0"]
    flux = float(node["flux"][0]) * u.Unit(node["flux"].attrs["units"])
    wavelength = float(node["wavelength"][0]) * u.um
    per_frequency = flux.to_value("erg s-1 cm-2 Hz-1", equivalencies=u.spectral_density(wavelength))
    assert per_frequency == pytest.approx(1.216085e-27, rel=1e-5)
