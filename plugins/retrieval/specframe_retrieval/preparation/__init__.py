"""What is done to spectra before anything is learned from them: units, wavelengths, resolution, noise and scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_retrieval.preparation.flux_units import FluxUnits
    from specframe_retrieval.preparation.normalise import Normalise
    from specframe_retrieval.preparation.observation_noise import ObservationNoise
    from specframe_retrieval.preparation.rebinning import Rebinning, rebinning_between
    from specframe_retrieval.preparation.resample import Resample
    from specframe_retrieval.preparation.select_wavelengths import SelectWavelengths

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "flux_units": ("FluxUnits",),
        "normalise": ("Normalise",),
        "observation_noise": ("ObservationNoise",),
        "rebinning": ("Rebinning", "rebinning_between"),
        "resample": ("Resample",),
        "select_wavelengths": ("SelectWavelengths",),
    },
)

__all__ = [
    "FluxUnits",
    "Normalise",
    "ObservationNoise",
    "Rebinning",
    "Resample",
    "SelectWavelengths",
    "rebinning_between",
]
