"""Draw HD 3651B beside Sonora Diamondback, with the labels that chi2 alone allows.

Run from the repository's root: ``python docs/figures/grid_comparison.py``; needs ``$SPECFRAME_DATA`` or
``../shared/data``.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from specframe_retrieval import (
    ModelGrid,
    ObservedSpectra,
    Resample,
    SpectralGrid,
    compare_with_grid,
    draw_comparison,
    grid_posterior,
    physical_spectrum,
)

IMAGE = Path(__file__).parents[1] / "images" / "hd-3651b-grid.png"
DATA = Path(os.environ.get("SPECFRAME_DATA", Path(__file__).parents[3] / "shared" / "data")) / "browndwarf"
#: The published spectrum comes without errors: 2 % and a floor of half a percent of its highest value.
RELATIVE, FLOOR = 0.02, 0.005


def observed_file(folder: str) -> Path:
    """Write the spectrum as text and return the file."""
    with np.load(DATA / "telescopeml_tutorial2_hd3651b.npz", allow_pickle=False) as golden:
        wavelength, flux = golden["wl_obs"], golden["flam_obs"]
    kept = (wavelength > 0.85) & (wavelength < 2.42)
    error = np.hypot(RELATIVE * flux, FLOOR * flux.max())
    path = Path(folder) / "HD 3651B.txt"
    np.savetxt(path, np.c_[wavelength, flux, error][kept], header="wavelength flux error")
    return path


with tempfile.TemporaryDirectory() as directory:
    file = observed_file(directory)
    models = ModelGrid(
        path=DATA / "dback24.npz",
        labels=["teff", "logg", "z", "fsed"],
        rename={"extra": "fsed"},
        label_units={"teff": "K"},
        flux_units="erg s-1 cm-2 um-1",
    )
    onto = Resample(like=file)
    observations = (onto.apply(models.load(target)) for target in models.targets())
    grid = SpectralGrid.of(observations, models.labels())
    spectra = ObservedSpectra(path=file, distance=11.134, flux_units="erg s-1 cm-2 AA-1")
    observation = physical_spectrum(spectra.load("HD 3651B"))

posterior = grid_posterior(observation, grid)
comparison = compare_with_grid(observation, grid, posterior)
draw_comparison(comparison).savefig(IMAGE, dpi=110)
print(comparison.attrs["parameters"], comparison.attrs["notes"], sep="\n")
print(f"R = {float(comparison['radius_best']):.3f} RJup, reduced chi2 {float(comparison['chi2_reduced']):.1f}")
