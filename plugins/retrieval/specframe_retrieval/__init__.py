"""Spectra to parameters: grids of model spectra, observed spectra, and how one is compared with the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_retrieval.observed import ObservedSpectra, read_spectrum

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "observed": ("ObservedSpectra", "read_spectrum"),
    },
)

__all__ = [
    "ObservedSpectra",
    "read_spectrum",
]
