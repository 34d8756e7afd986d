"""Light curves and spectra from common file formats, and frames of ExoSim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_io.exosim import ExosimNdr
    from specframe_io.table import Table

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "exosim": ("ExosimNdr",),
        "table": ("Table",),
    },
)

__all__ = ["ExosimNdr", "Table"]
