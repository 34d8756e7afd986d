"""Light curves and spectra from common file formats and of JWST, and frames of ExoSim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_io.eureka import Eureka
    from specframe_io.exosim import ExosimNdr
    from specframe_io.table import Table
    from specframe_io.x1dints import JwstX1dints

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "eureka": ("Eureka",),
        "exosim": ("ExosimNdr",),
        "table": ("Table",),
        "x1dints": ("JwstX1dints",),
    },
)

__all__ = ["Eureka", "ExosimNdr", "JwstX1dints", "Table"]
