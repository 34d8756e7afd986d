"""The grids and the spectra that come with SPLAT, read in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_retrieval.splat.grid import SplatGrid
    from specframe_retrieval.splat.library import SplatLibrary

__getattr__, __dir__ = lazy_names(__name__, {"grid": ("SplatGrid",), "library": ("SplatLibrary",)})

__all__ = ["SplatGrid", "SplatLibrary"]
