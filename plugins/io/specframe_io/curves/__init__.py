"""Light curves in plain files, described by a map of their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_io.curves.loader import LightCurves

__getattr__, __dir__ = lazy_names(__name__, {"loader": ("LightCurves",)})

__all__ = ["LightCurves"]
