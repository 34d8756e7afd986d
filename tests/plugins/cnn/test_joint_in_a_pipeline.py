"""A joint posterior in whole runs: estimators after it keep its shape, and everything in a prediction agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr

from specframe import load_pipeline

if TYPE_CHECKING:
    from pathlib import Path

_PIPELINE = """
specframe: 1
seed: 3
steps:
  - id: grid
    load: model-grid
    with: {path: grid.npz, labels: [teff, logg], label_units: {teff: K}, flux_units: ""}
  - id: noise
    calibrate: observation-noise
    with: {relative: 0.05}
  - id: fit
    model: cnn1d
    with:
      inputs: [spectrum/flux]
      network: {blocks: [], dense: [16]}
      head: {type: gaussian, covariance: full, samples: 300, levels: [0.68, 0.95]}
      training: {epochs: 12, patience: 12}
      augment: {noise: 1}
  - id: sigma
    uncertainty: variance-scaling
evaluate:
  holdout: {fraction: 0.3}
  scores: [r2, coverage]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small grid in which hot and dense spectra look alike."""
    folder = tmp_path_factory.mktemp("joint")
    teff, logg = (axis.ravel() for axis in np.meshgrid(np.linspace(900, 2400, 14), np.linspace(3, 5.5, 8)))
    wavelength = np.linspace(1.0, 2.4, 12)
    shape = (teff[:, None] / 1500) ** 2 * np.exp(-(((wavelength - 1.5) / 0.5) ** 2))
    flux = shape + 0.3 * (logg[:, None] / 4) * np.exp(-(((wavelength - 1.6) / 0.4) ** 2)) + 0.5
    np.savez(folder / "grid.npz", wave_um=wavelength, flux=flux, teff=teff, logg=logg)
    return folder


def test_what_is_calibrated_is_calibrated_everywhere(folder: Path) -> None:
    file = folder / "joint.yaml"
    file.write_text(_PIPELINE)
    load_pipeline(file).run(folder / "run")
    found = xr.load_dataset(folder / "run" / "predictions.nc", engine="h5netcdf")
    assert found["samples"].dims == ("sample", "target", "output")
    std = found["std"].transpose("target", "output").values
    covariance = found["covariance"].transpose("target", "output", "output_other").values
    np.testing.assert_allclose(np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)), std, rtol=1e-6)
    # 300 draws: a standard deviation has an error of 4 %, a correlation one of up to 0.06
    spread = found["samples"].transpose("sample", "target", "output").values
    assert np.median(np.abs(spread.std(axis=0, ddof=1) / std - 1)) < 0.05
    drawn = np.array([np.corrcoef(spread[:, i].T)[0, 1] for i in range(spread.shape[1])])
    stated = covariance[:, 0, 1] / std.prod(axis=1)
    assert np.median(np.abs(drawn - stated)) < 0.06
    assert np.median(np.abs(spread.mean(axis=0) - found["mean"].values) / std) < 0.1
