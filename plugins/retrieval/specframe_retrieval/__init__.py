"""Spectra to parameters: grids of model spectra, observed spectra, and how one is compared with the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_retrieval.observed import ObservedSpectra, read_spectrum
    from specframe_retrieval.preparation import FluxUnits, Normalise, ObservationNoise, Resample, SelectWavelengths

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "observed": ("ObservedSpectra", "read_spectrum"),
        "preparation": ("FluxUnits", "Normalise", "ObservationNoise", "Resample", "SelectWavelengths"),
    },
)

__all__ = [
    "FluxUnits",
    "Normalise",
    "ObservationNoise",
    "ObservedSpectra",
    "Resample",
    "SelectWavelengths",
    "read_spectrum",
]
