"""Results in the formats of others: spectra for retrievals and archives, light curves for other pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_io.export.exoplanet_archive import ExoplanetArchive
    from specframe_io.export.light_curves import ChromaticLightCurves, EurekaLightCurves
    from specframe_io.export.retrievals import PetitRadtrans, Poseidon, Taurex

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "exoplanet_archive": ("ExoplanetArchive",),
        "light_curves": ("ChromaticLightCurves", "EurekaLightCurves"),
        "retrievals": ("PetitRadtrans", "Poseidon", "Taurex"),
    },
)

__all__ = [
    "ChromaticLightCurves",
    "EurekaLightCurves",
    "ExoplanetArchive",
    "PetitRadtrans",
    "Poseidon",
    "Taurex",
]
