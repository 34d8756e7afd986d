"""Linear components: ridge regression, principal components and the naive reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_linear.flat import Flat
    from specframe_linear.pca_ridge import PcaRidge
    from specframe_linear.ridge import Ridge

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "flat": ("Flat",),
        "pca_ridge": ("PcaRidge",),
        "ridge": ("Ridge",),
    },
)

__all__ = ["Flat", "PcaRidge", "Ridge"]
