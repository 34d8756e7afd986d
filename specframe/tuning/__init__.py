"""Searches the parameters of a pipeline that its ``tune`` section names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe.tuning.result import Search
    from specframe.tuning.search import tune_pipeline

__getattr__, __dir__ = lazy_names(__name__, {"result": ("Search",), "search": ("tune_pipeline",)})

__all__ = ["Search", "tune_pipeline"]
