"""What the exporters can be tried on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

__all__ = ["measured_spectra"]


def measured_spectra(folder: Path) -> dict[str, Any]:
    """Return Predictions of measured depths with asymmetric errors in channels of two instruments."""
    del folder
    return {"examples": [_prediction(seed) for seed in (1, 2)]}


def _prediction(seed: int) -> xr.Dataset:
    import xarray as xr

    rng = np.random.default_rng(seed)
    targets, wavelength = ["WASP-107b", "HAT-P-18b"], np.array([0.7, 0.9, 1.2, 1.4, 1.6])
    shape = (len(targets), wavelength.size)
    dims = ("target", "output")
    error = rng.uniform(4e-5, 8e-5, shape)
    return xr.Dataset(
        {
            "mean": (dims, rng.normal(0.02, 1e-4, shape), {"units": "", "long_name": "transit depth (Rp/R*)^2"}),
            "std": (dims, error, {"units": ""}),
            "error_lower": (dims, 0.9 * error, {"units": ""}),
            "error_upper": (dims, 1.1 * error, {"units": ""}),
        },
        coords={
            "target": targets,
            "output": [f"channel_{i + 1}" for i in range(wavelength.size)],
            "wavelength": ("output", wavelength, {"units": "um"}),
            "wavelength_lower": ("output", wavelength - 0.1, {"units": "um"}),
            "wavelength_upper": ("output", wavelength + 0.1, {"units": "um"}),
            "instrument": ("output", ["NIRISS", "NIRISS", "WFC3", "WFC3", "WFC3"]),
        },
    )
