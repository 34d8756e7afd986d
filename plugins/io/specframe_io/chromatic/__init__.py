"""Light curves in the xarray convention of chromatic and of the JWST transiting exoplanet ERS program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_io.chromatic.loader import Chromatic

__getattr__, __dir__ = lazy_names(__name__, {"loader": ("Chromatic",)})

__all__ = ["Chromatic"]
