"""What the conformance suite runs the calibrators of spectra on, where its own problem or the defaults do not do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

__all__ = ["model_spectra", "new_pixels", "without_water"]


def new_pixels(_directory: Path) -> dict[str, Any]:
    """Return parameters of ``resample`` that the suite's own spectra fit."""
    return {"params": {"range": [1.0, 2.3], "step": 0.04}}


def without_water(_directory: Path) -> dict[str, Any]:
    """Return parameters of ``select-wavelengths`` that leave out a band."""
    return {"params": {"drop": [[1.35, 1.42]]}}


def model_spectra(_directory: Path) -> dict[str, Any]:
    """Return noise-free spectra, one with a masked pixel, and the noise they shall have."""
    return {"params": {"relative": 0.02, "realise": True}, "examples": [_model("a", 0.3), _model("b", 0.6)]}


def _model(target: str, depth: float) -> xr.DataTree:
    """Return a spectrum without noise and without errors, with one band."""
    import xarray as xr

    from specframe.api import make_observation

    wavelength = np.linspace(0.9, 2.4, 60)
    flux = 1e-14 * (1.0 - depth * np.exp(-0.5 * ((wavelength - 1.4) / 0.08) ** 2))
    units = {"units": "W m-2 um-1"}
    data = xr.Dataset(
        {
            "flux": ("wavelength", flux, {**units, "noise": "absent"}),
            "flux_error": ("wavelength", np.zeros(60), units),
            "mask": ("wavelength", np.arange(60) == 7),
        },
        coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
    )
    return make_observation(target, {"spectrum/0": data})
