"""Grids of model spectra and libraries of observed ones, with labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_retrieval.library.checks import GridReport, LabelRange, duplicate_groups, grid_report, missing_nodes
    from specframe_retrieval.library.loader import ModelGrid, SpectralLibrary
    from specframe_retrieval.library.spectral_type import spectral_type_number

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "checks": ("GridReport", "LabelRange", "duplicate_groups", "grid_report", "missing_nodes"),
        "loader": ("ModelGrid", "SpectralLibrary"),
        "spectral_type": ("spectral_type_number",),
    },
)

__all__ = [
    "GridReport",
    "LabelRange",
    "ModelGrid",
    "SpectralLibrary",
    "duplicate_groups",
    "grid_report",
    "missing_nodes",
    "spectral_type_number",
]
