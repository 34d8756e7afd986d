"""What the conformance suite runs the loaders on: a few small spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["observed_spectra"]


def observed_spectra(directory: Path) -> dict[str, Any]:
    """Write two spectra as text with errors: one of Wien's law at 900 K, one at 1200 K."""
    wavelength = np.linspace(1.0, 2.4, 30)
    for temperature in (900, 1200):
        flux = wavelength**-5.0 * np.exp(-14_388.0 / (wavelength * temperature))
        columns = np.column_stack([wavelength, flux / flux.max(), np.full(30, 0.02)])
        np.savetxt(directory / f"dwarf{temperature}.txt", columns, header="wavelength_um flux flux_error")
    return {"params": {"path": str(directory), "flux_units": "W m-2 um-1"}}
