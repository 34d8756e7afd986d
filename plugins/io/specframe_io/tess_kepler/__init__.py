"""Light-curve files of TESS and Kepler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_io.tess_kepler.loader import TessKepler

__getattr__, __dir__ = lazy_names(__name__, {"loader": ("TessKepler",)})

__all__ = ["TessKepler"]
