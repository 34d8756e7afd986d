"""Light curves and spectra from common file formats and of JWST, and frames of ExoSim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_io.chromatic import Chromatic
    from specframe_io.curves import LightCurves
    from specframe_io.eureka import Eureka
    from specframe_io.exosim import ExosimNdr
    from specframe_io.export import (
        ChromaticLightCurves,
        EurekaLightCurves,
        ExoplanetArchive,
        PetitRadtrans,
        Poseidon,
        Taurex,
    )
    from specframe_io.fits_cube import FitsCube
    from specframe_io.spectrum_table import SpectrumTable
    from specframe_io.table import Table
    from specframe_io.tess_kepler import TessKepler
    from specframe_io.x1dints import JwstX1dints

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "chromatic": ("Chromatic",),
        "curves": ("LightCurves",),
        "eureka": ("Eureka",),
        "exosim": ("ExosimNdr",),
        "export": (
            "ChromaticLightCurves",
            "EurekaLightCurves",
            "ExoplanetArchive",
            "PetitRadtrans",
            "Poseidon",
            "Taurex",
        ),
        "fits_cube": ("FitsCube",),
        "spectrum_table": ("SpectrumTable",),
        "table": ("Table",),
        "tess_kepler": ("TessKepler",),
        "x1dints": ("JwstX1dints",),
    },
)

__all__ = [
    "Chromatic",
    "ChromaticLightCurves",
    "Eureka",
    "EurekaLightCurves",
    "ExoplanetArchive",
    "ExosimNdr",
    "FitsCube",
    "JwstX1dints",
    "LightCurves",
    "PetitRadtrans",
    "Poseidon",
    "SpectrumTable",
    "Table",
    "Taurex",
    "TessKepler",
]
