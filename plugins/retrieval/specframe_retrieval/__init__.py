"""Spectra to parameters: grids of model spectra, observed spectra, and how one is compared with the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_retrieval.comparison import (
        Agreement,
        GridComparison,
        GridInterpolator,
        Interpolated,
        PhysicalSpectrum,
        SpectralGrid,
        agreement,
        compare_with_grid,
        draw_comparison,
        grid_posterior,
        interpolate_grid,
        nearest,
        physical_spectrum,
        radius_of_scale,
        radius_scan,
        usable,
    )
    from specframe_retrieval.library import ModelGrid, SpectralLibrary
    from specframe_retrieval.observed import ObservedSpectra, read_spectrum
    from specframe_retrieval.preparation import FluxUnits, Normalise, ObservationNoise, Resample, SelectWavelengths
    from specframe_retrieval.splat import SplatGrid, SplatLibrary

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "comparison": (
            "Agreement",
            "GridComparison",
            "GridInterpolator",
            "Interpolated",
            "PhysicalSpectrum",
            "SpectralGrid",
            "agreement",
            "compare_with_grid",
            "draw_comparison",
            "grid_posterior",
            "interpolate_grid",
            "nearest",
            "physical_spectrum",
            "radius_of_scale",
            "radius_scan",
            "usable",
        ),
        "library": ("ModelGrid", "SpectralLibrary"),
        "observed": ("ObservedSpectra", "read_spectrum"),
        "preparation": ("FluxUnits", "Normalise", "ObservationNoise", "Resample", "SelectWavelengths"),
        "splat": ("SplatGrid", "SplatLibrary"),
    },
)

__all__ = [
    "Agreement",
    "FluxUnits",
    "GridComparison",
    "GridInterpolator",
    "Interpolated",
    "ModelGrid",
    "Normalise",
    "ObservationNoise",
    "ObservedSpectra",
    "PhysicalSpectrum",
    "Resample",
    "SelectWavelengths",
    "SpectralGrid",
    "SpectralLibrary",
    "SplatGrid",
    "SplatLibrary",
    "agreement",
    "compare_with_grid",
    "draw_comparison",
    "grid_posterior",
    "interpolate_grid",
    "nearest",
    "physical_spectrum",
    "radius_of_scale",
    "radius_scan",
    "read_spectrum",
    "usable",
]
