"""Observed spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_retrieval.observed.air import air_to_vacuum, vacuum_to_air
    from specframe_retrieval.observed.loader import ObservedSpectra
    from specframe_retrieval.observed.spectrum import read_spectrum

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "air": ("air_to_vacuum", "vacuum_to_air"),
        "loader": ("ObservedSpectra",),
        "spectrum": ("read_spectrum",),
    },
)

__all__ = ["ObservedSpectra", "air_to_vacuum", "read_spectrum", "vacuum_to_air"]
