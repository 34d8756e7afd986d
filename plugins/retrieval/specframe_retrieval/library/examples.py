"""What the conformance suite runs the loaders on: a few small spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["model_grid", "spectral_library"]


def model_grid(directory: Path) -> dict[str, Any]:
    """Write a grid of six spectra: three temperatures and two slopes."""
    wavelength = np.linspace(1.0, 2.4, 20)
    teff, slope = (axis.ravel() for axis in np.meshgrid([900.0, 1200.0, 1500.0], [-1.0, 1.0]))
    flux = np.exp(-14_388.0 / (wavelength * teff[:, None])) * wavelength ** (slope[:, None] - 5.0)
    path = directory / "grid.npz"
    np.savez(path, wavelength=wavelength, flux=flux, teff=teff, slope=slope)
    return {"params": {"path": str(path), "label_units": {"teff": "K"}, "flux_units": "W m-2 um-1"}}


def spectral_library(directory: Path) -> dict[str, Any]:
    """Write a library of four spectra with errors, and a table with their spectral types."""
    rng = np.random.default_rng(6)
    wavelength = np.linspace(1.0, 2.4, 20) + np.array([[0.0], [0.001], [0.002], [0.003]])
    np.savez(
        directory / "library.npz",
        wave=wavelength,
        flux=rng.normal(1.0, 0.02, wavelength.shape),
        err=np.full(wavelength.shape, 0.02),
    )
    rows = ("name,source,sptype", "a,1,M8", "b,1,L5.5:", "c,2,T2pec", "d,2,")
    (directory / "library.csv").write_text("\n".join(rows) + "\n")
    return {
        "params": {
            "path": str(directory / "library.npz"),
            "table": str(directory / "library.csv"),
            "labels": {"type": {"column": "sptype", "as": "spectral-type"}},
            "target": "name",
        }
    }
