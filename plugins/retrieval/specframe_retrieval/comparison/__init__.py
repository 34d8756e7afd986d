"""Observed spectra against a grid of model spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_retrieval.comparison.chi2 import Agreement, agreement, nearest, usable
    from specframe_retrieval.comparison.comparison import compare_with_grid
    from specframe_retrieval.comparison.exporter import GridComparison
    from specframe_retrieval.comparison.figure import draw_comparison
    from specframe_retrieval.comparison.grid import SpectralGrid, interpolate_grid
    from specframe_retrieval.comparison.interpolation import GridInterpolator, Interpolated
    from specframe_retrieval.comparison.posterior import grid_posterior
    from specframe_retrieval.comparison.radius import radius_of_scale, radius_scan
    from specframe_retrieval.comparison.spectrum import PhysicalSpectrum, physical_spectrum

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "chi2": ("Agreement", "agreement", "nearest", "usable"),
        "comparison": ("compare_with_grid",),
        "exporter": ("GridComparison",),
        "figure": ("draw_comparison",),
        "grid": ("SpectralGrid", "interpolate_grid"),
        "interpolation": ("GridInterpolator", "Interpolated"),
        "posterior": ("grid_posterior",),
        "radius": ("radius_of_scale", "radius_scan"),
        "spectrum": ("PhysicalSpectrum", "physical_spectrum"),
    },
)

__all__ = [
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
]
