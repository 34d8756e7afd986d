"""The shipped pipeline for HD 3651 B, on a part of the grid: from files to parameters, comparison and a flag."""

from __future__ import annotations

from pathlib import Path

import xarray as xr
from astropy.table import QTable

from specframe import load_pipeline

CONFIG = Path(__file__).parents[3] / "configs" / "hd-3651b.yaml"

#: 72 of the 1440 spectra, and a network that learns them in a second.
SMALL = [
    "grid.select={teff: [900, 1000, 1100, 1300], logg: {min: 4.5}, fsed: [4, 8]}",
    "fit.hidden=[64, 64]",
    "fit.training.epochs=50",
]


def test_hd_3651b_comes_out_at_the_edge_of_the_grid_and_says_so(data_dir: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SPECFRAME_DATA", str(data_dir))
    run = load_pipeline(CONFIG, SMALL).run(tmp_path / "run", quiet=True)

    (folder,) = (run.path / "predictions").iterdir()
    row = QTable.read(folder / "parameters.ecsv")[0]
    assert row["target"] == "HD 3651 B"
    # 818 K in the literature, below the grid's 900 K
    assert row["teff"].to_value("K") < 1050.0
    assert row["teff_at_edge"] == -1
    assert "teff-at-lower-edge" in row["flags"].split()
    assert (folder / "comparison" / "HD 3651 B.png").is_file()
    found = QTable.read(folder / "comparison" / "grid-comparison.ecsv")
    assert found["target"].tolist() == ["HD 3651 B"]
    with xr.open_dataset(folder / "predictions.nc") as prediction:
        assert prediction["output"].values.tolist() == ["teff", "logg", "z", "fsed"]
        assert prediction["unit"].values.tolist() == ["K", "", "", ""]
