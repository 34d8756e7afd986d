"""Light curves in image extensions of FITS files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_io.fits_cube.loader import FitsCube

__getattr__, __dir__ = lazy_names(__name__, {"loader": ("FitsCube",)})

__all__ = ["FitsCube"]
