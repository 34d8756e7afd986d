"""The pipeline of the page on preparing spectra does what the page says, on a part of the grid."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import xarray as xr

from specframe import load_pipeline

PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "prepare-spectra.md"


def test_the_pipeline_of_the_page_prepares_grid_and_observation_alike(data_dir, tmp_path, monkeypatch) -> None:
    code = re.search(r'(?s)```yaml title="hd-3651b.yaml"\n(.*?)```', PAGE.read_text())[1]
    # every third temperature, one gravity: the page's own grid has 1440 spectra
    code = code.replace("labels: [teff", "select: {teff: [900, 1200, 1500], logg: 5.0}\n      labels: [teff")
    pipeline = tmp_path / "hd-3651b.yaml"
    pipeline.write_text(code)
    with np.load(data_dir / "browndwarf" / "spex_published.npz") as archive:
        columns = [archive[name][257] for name in ("wave", "flux", "err")]  # HD 3651B, DATA_KEY 10703
    header = "wavelength (um),flux (erg s-1 cm-2 um-1),flux_error (erg s-1 cm-2 um-1)"
    np.savetxt(tmp_path / "hd-3651b.csv", np.transpose(columns), delimiter=",", header=header, comments="")
    monkeypatch.setenv("SPECFRAME_DATA", str(data_dir))

    run = load_pipeline(pipeline).run(tmp_path / "run", quiet=True)
    predicted = xr.open_dataset(next((run.path / "predictions").rglob("predictions.nc")))
    values = dict(zip(predicted["output"].values.astype(str), predicted["mean"].values[0], strict=True))
    # a T7.5 dwarf of 818 K (Leggett et al. 2007): the coolest models that there are, 900 K, come nearest
    assert 900.0 <= values["teff"] < 1200.0
