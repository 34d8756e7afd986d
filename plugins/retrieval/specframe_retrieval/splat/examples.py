"""What the conformance suite runs the loaders on: a folder of the layout of SPLAT's package."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["splat_grid", "splat_library"]


def splat_grid(directory: Path) -> dict[str, Any]:
    """Write a grid of four models: two temperatures, two treatments of clouds."""
    folder = directory / "resources" / "SpectralModels" / "toy24" / "SPEX-PRISM"
    folder.mkdir(parents=True)
    wavelength = np.linspace(0.8, 2.4, 20)
    for teff in (900, 1200):
        for fsed in (1, 8):
            flux = 1e12 * wavelength**-5.0 * np.exp(-14_388.0 / (wavelength * teff)) * (1.0 + wavelength / fsed)
            lines = ["#wavelength\tsurface_flux", *(f"{w}\t{f}" for w, f in zip(wavelength, flux, strict=True))]
            name = f"toy24_t{teff}_g4.50_z-0.00_f{fsed:.2f}_SPEX-PRISM.txt.gz"
            (folder / name).write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    return {"params": {"path": str(directory), "grid": "toy24"}}


def splat_library(directory: Path) -> dict[str, Any]:
    """Write a library of three spectra of two sources, one of them with a distance."""
    from astropy.io import fits

    folder = directory / "resources" / "Spectra" / "Public" / "SPEX-PRISM"
    folder.mkdir(parents=True)
    (directory / "db").mkdir()
    rng = np.random.default_rng(8)
    wavelength = np.linspace(0.8, 2.4, 20)
    for key in (10001, 10002, 10003):
        rows = np.array([wavelength, rng.normal(1.0, 0.05, 20), np.full(20, 0.05)])
        fits.PrimaryHDU(rows).writeto(folder / f"{key}_1.fits")
    header = "DATA_KEY,SOURCE_KEY,DATA_FILE,INSTRUMENT,RESOLUTION,QUALITY_FLAG,PUBLISHED,BIBCODE"
    spectra = [f"{key},{source},{key}_1.fits,SPEX-PRISM,120,OK,Y,2004Test" for key, source in _SOURCE_OF.items()]
    (directory / "db" / "spectral_data.csv").write_text("\n".join([header, *spectra]) + "\n")
    sources = ("SOURCE_KEY,NAME,LIT_TYPE,DISTANCE", "7,Toy A,L5,12.5", "8,Toy B,T2:,")
    (directory / "db" / "source_data.csv").write_text("\n".join(sources) + "\n")
    return {"params": {"path": str(directory)}}


_SOURCE_OF = {10001: 7, 10002: 7, 10003: 8}
