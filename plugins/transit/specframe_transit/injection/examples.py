"""What the conformance suite runs ``injection-recovery`` on: transits that ``transit-fit`` has measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

__all__ = ["fitted_transits"]

_ORBIT = {"period": 3.5, "mid_transit": {"normal": [2459000.5, 0.01]}, "semi_major_axis": 9.0, "inclination": 87.5}


def fitted_transits(_directory: Path) -> dict[str, Any]:
    """Return two targets with their fits, and parameters for few injections; it needs no files."""
    from specframe_transit.fit.transit_fit import TransitFit

    fit = TransitFit(orbit=_ORBIT, limb_darkening={"coefficients": [0.3, 0.1], "channels": "fixed"})
    return {"params": {"number": 20}, "examples": [fit.apply(_transit(name, seed)) for seed, name in enumerate("ab")]}


def _transit(target: str, seed: int) -> xr.DataTree:
    """Return five channels of 120 samples with white noise, two of them masked."""
    import numpy as np
    import xarray as xr

    from specframe.api import make_observation
    from specframe_transit.planet.orbit import Orbit
    from specframe_transit.planet.transit import transit_flux

    random = np.random.default_rng(seed)
    time, level, noise = np.linspace(-0.1, 0.1, 120), 1e4, 5e-4
    star = np.repeat([[0.3], [0.1]], 5, axis=1)
    flux = transit_flux(Orbit(3.5, 0.0, 9.0, 87.5), time, np.linspace(0.1, 0.102, 5), star)
    flux = level * flux * (1.0 + noise * random.standard_normal(flux.shape))
    mask = np.zeros(flux.shape, bool)
    mask[1, 7:9] = True
    grid, units = ("wavelength", "time"), {"units": "electron"}
    clock = {"units": "d", "time_system": "TDB", "time_reference": "JD 0"}
    data = xr.Dataset(
        {
            "flux": (grid, flux, units),
            "flux_error": (grid, np.full_like(flux, level * noise), units),
            "mask": (grid, mask),
        },
        coords={
            "wavelength": ("wavelength", np.linspace(1.0, 2.0, 5), {"units": "um"}),
            "time": ("time", time + 2459000.5, clock),
        },
    )
    return make_observation(target, {"NIR/0": data})
