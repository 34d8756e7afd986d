"""SPLAT's grids and spectra, in a folder of its layout that the test writes."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import astropy.units as u
import numpy as np
import pytest

from specframe.errors import InputFileError, UsageError
from specframe_retrieval.splat import SplatGrid, SplatLibrary
from specframe_retrieval.splat.examples import splat_grid, splat_library

if TYPE_CHECKING:
    from pathlib import Path


def test_labels_have_splats_names(tmp_path: Path) -> None:
    loader = SplatGrid(**splat_grid(tmp_path)["params"])
    labels = loader.labels()
    assert labels["output"].values.tolist() == ["teff", "fsed"]  # logg and z are the same in all
    assert labels["unit"].values.tolist() == ["K", ""]
    assert labels.sel(target="teff1200-fsed8").values.tolist() == [1200, 8]
    assert set(loader.catalogue()) == {"teff", "logg", "z", "fsed", "duplicate"}
    node = loader.load("teff900-fsed1")["spectrum/0"]
    assert u.Unit(node["flux"].attrs["units"]) == u.Unit("erg s-1 cm-2 um-1")
    assert node["flux"].attrs["noise"] == "absent"


def test_a_cloud_that_is_a_word_is_no_label_but_in_the_catalogue(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "resources" / "SpectralModels" / "burrows06" / "SPEX-PRISM"
    folder.mkdir(parents=True)
    for teff in (700, 800):
        for cloud in ("nc", "f100"):
            name = f"burrows06_t{teff}_g5.00_z-0.50_cld{cloud}_SPEX-PRISM.txt"
            (folder / name).write_text(f"#wavelength\tsurface flux\n1.0\t{teff}\n1.5\t{len(cloud)}\n")
    (folder.parent / "info.txt").write_text("name\tBurrows 2006\ncitation\tBurrows et al. (2006)\n")
    loader = SplatGrid(path=str(tmp_path), grid="burrows06", select={"cld": "nc"})
    with caplog.at_level(logging.INFO):
        assert loader.labels().values.ravel().tolist() == [700, 800]
    assert "'cld' is text ('nc')" in caplog.text
    assert loader.load(loader.targets()[0]).attrs["reference"] == "Burrows et al. (2006)"


def test_a_grid_that_is_not_there(tmp_path: Path) -> None:
    splat_grid(tmp_path)
    with pytest.raises(InputFileError, match=r"has no grid 'sonora' for SPEX-PRISM \(there: toy24 \(SPEX-PRISM\)\)"):
        SplatGrid(path=str(tmp_path), grid="sonora").targets()
    with pytest.raises(InputFileError, match="holds no folder resources"):
        SplatGrid(path=str(tmp_path / "resources"), grid="toy24").targets()


def test_the_installed_package_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "splat").mkdir()
    (tmp_path / "splat" / "__init__.py").write_text("raise ImportError('numpy is too new')\n")
    splat_grid(tmp_path / "splat")
    monkeypatch.delitem(sys.modules, "splat", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert len(SplatGrid(grid="toy24").targets()) == 4
    assert "splat" not in sys.modules


def test_without_the_package_the_pip_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("specframe_retrieval.splat.package.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install --no-deps 'splat>=1.14'"):
        SplatGrid(grid="dback24").targets()


def test_a_library_knows_types_sources_and_distances(tmp_path: Path) -> None:
    loader = SplatLibrary(**splat_library(tmp_path)["params"])
    assert loader.targets() == ["10001", "10002", "10003"]
    labels = loader.labels()
    assert labels["target"].values.tolist() == ["10001", "10002", "10003"]
    assert labels.values.ravel().tolist() == [25, 25, 32]
    catalogue = loader.catalogue()
    assert catalogue["NAME"].values.tolist() == ["Toy A", "Toy A", "Toy B"]
    observation = loader.load("10001")
    assert observation.attrs["distance"] == 12.5
    assert observation.attrs["reference"] == "2004Test"
    assert observation["spectrum/0"].attrs["resolving_power"] == 120.0
    assert "distance" not in loader.load("10003").attrs
    np.testing.assert_allclose(observation["spectrum/0"]["flux_error"], 0.05)


def test_what_is_not_published_or_bad_is_left_out(tmp_path: Path) -> None:
    given = splat_library(tmp_path)["params"]
    table = tmp_path / "db" / "spectral_data.csv"
    table.write_text(
        table.read_text().replace(
            "10002,7,10002_1.fits,SPEX-PRISM,120,OK,Y", "10002,7,10002_1.fits,SPEX-PRISM,120,POOR,N"
        )
    )
    assert SplatLibrary(**given).targets() == ["10001", "10003"]
    assert len(SplatLibrary(**given, published=False, quality=["OK", "POOR"]).targets()) == 3
    assert SplatLibrary(**given, select={"DISTANCE": {"max": 20}}).targets() == ["10001"]
    with pytest.raises(InputFileError, match="holds no spectrum of SPEX-SXD"):
        SplatLibrary(**given, instrument="SPEX-SXD").targets()


def test_tables_that_are_not_there(tmp_path: Path) -> None:
    given = splat_library(tmp_path)["params"]
    (tmp_path / "db" / "source_data.csv").unlink()
    with pytest.raises(InputFileError, match=r"source_data.csv: no such file"):
        SplatLibrary(**given).targets()
