"""The detrender ``out-of-transit`` for specframe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import lazy_names

if TYPE_CHECKING:
    from specframe_out_of_transit.detrender import OutOfTransit

# Imported when first used, so that listing the plugin stays fast.
__getattr__, __dir__ = lazy_names(__name__, {"detrender": ("OutOfTransit",)})

__all__ = ["OutOfTransit"]
