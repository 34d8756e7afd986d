"""Light curves made ready for a fit: what must not be fitted masked, errors compared with the scatter, and bins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_transit.cleaning.bin import Bin
    from specframe_transit.cleaning.clean import Clean
    from specframe_transit.cleaning.rebinning import rebin_matrix

__getattr__, __dir__ = lazy_names(__name__, {"bin": ("Bin",), "clean": ("Clean",), "rebinning": ("rebin_matrix",)})

__all__ = ["Bin", "Clean", "rebin_matrix"]
