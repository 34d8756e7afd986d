"""A published spectrum of a planet: depths with errors by wavelength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Published"]


@dataclass(frozen=True)
class Published:
    """A spectrum: arrays (channel,), wavelengths in um and ascending, depths as fractions.

    ``depth`` is (Rp/R*)^2, of an eclipse Fp/F*; NaN where the table has none. ``error`` is half the 68 % interval,
    ``error_lower`` and ``error_upper`` its parts where the table has both. ``planet`` and ``instrument`` are empty
    where the file does not name them.
    """

    path: Path
    wavelength: NDArray[np.float64]
    lower: NDArray[np.float64] | None
    upper: NDArray[np.float64] | None
    depth: NDArray[np.float64]
    error: NDArray[np.float64]
    error_lower: NDArray[np.float64] | None
    error_upper: NDArray[np.float64] | None
    eclipse: bool
    planet: str
    instrument: str

    def node(self) -> xr.Dataset:
        """Return the spectrum as a node at level depths."""
        unknown = {} if np.isfinite(self.error).any() else {"comment": "unknown: the table has no errors"}
        variables: dict[str, Any] = {
            "depth": ("wavelength", self.depth, {"units": ""}),
            "depth_error": ("wavelength", self.error, {"units": "", **unknown}),
        }
        coords: dict[str, Any] = {"wavelength": ("wavelength", self.wavelength, {"units": "um"})}
        for side in ("lower", "upper"):
            error, edge = getattr(self, f"error_{side}"), getattr(self, side)
            if error is not None:
                variables[f"depth_error_{side}"] = ("wavelength", error, {"units": ""})
            if edge is not None:
                coords[f"wavelength_{side}"] = ("wavelength", edge, {"units": "um"})
        quantity = "eclipse depth Fp/F*" if self.eclipse else "transit depth (Rp/R*)^2"
        return xr.Dataset(variables, coords=coords, attrs={"quantity": quantity, "method": f"table {self.path.name}"})
