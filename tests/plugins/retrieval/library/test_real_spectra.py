"""The grids and the library of brown dwarfs that SPLAT ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_retrieval.library import ModelGrid, SpectralLibrary

if TYPE_CHECKING:
    from pathlib import Path


def test_sonora_diamondback_needs_no_parameters(data_dir: Path) -> None:
    path = data_dir / "browndwarf" / "dback24.npz"
    loader = ModelGrid(path=str(path), rename={"extra": "fsed"})
    report = loader.report()
    assert list(report.labels) == ["teff", "logg", "z", "fsed"]
    assert [one.n_distinct for one in report.labels.values()] == [16, 5, 3, 6]
    assert (report.n_nodes, report.n_missing, report.duplicates) == (1440, 0, ())
    assert report.findings() == []
    assert report.notes() == ["labels with few values: z (-0.5, 0, 0.5)"]
    with np.load(path) as archive:
        node = loader.load("teff2400-logg5.5-z0.5-fsed10")["spectrum/0"]
        row = np.flatnonzero(
            (archive["teff"] == 2400)
            & (archive["logg"] == 5.5)
            & (archive["z"] == 0.5)
            & (archive["extra"] == "f10.00")
        )
        np.testing.assert_array_equal(node["flux"], archive["flux"][row[0]])
        np.testing.assert_array_equal(node["wavelength"], archive["wave_um"])


def test_bt_settl_has_holes(data_dir: Path) -> None:
    report = ModelGrid(path=str(data_dir / "browndwarf" / "btsettl08.npz"), labels=["teff", "logg", "z"]).report()
    assert (report.n_nodes, report.n_missing) == (31 * 6 * 7, 31 * 6 * 7 - 485 + _twice(data_dir))


def _twice(data_dir: Path) -> int:
    """How many spectra share teff, logg and z with another one, and differ in the enhancement alone."""
    with np.load(data_dir / "browndwarf" / "btsettl08.npz") as archive:
        nodes = np.column_stack([archive[name] + 0.0 for name in ("teff", "logg", "z")])
    return len(nodes) - len(np.unique(nodes, axis=0))


def test_published_spex_spectra(data_dir: Path) -> None:
    folder = data_dir / "browndwarf"
    loader = SpectralLibrary(
        path=str(folder / "spex_published.npz"),
        table=str(folder / "spex_published.csv"),
        target="DATA_KEY",
        labels={"sptype": {"column": "LIT_TYPE", "as": "spectral-type"}},
    )
    assert len(loader.targets()) == 1522
    labels = loader.labels()
    assert labels.sel(target="10001").item() == 25.0  # L5
    assert labels.sel(target="10033").item() == 16.5  # M6.5
    catalogue = loader.catalogue()
    assert catalogue["NAME"].sel(target="10001").item() == "SDSSp J053951.99-005902.0"
    node = loader.load("10001")["spectrum/0"]
    assert np.isfinite(node["flux"].where(~node["mask"], drop=True)).all()
    assert (node["flux_error"].where(~node["mask"], drop=True) > 0).all()
