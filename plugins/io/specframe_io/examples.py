"""What the conformance suite runs the loaders on: white light curves with labels, a few NDRs, and JWST spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["eureka_light_curves", "light_curves", "ndrs", "x1dints"]


def light_curves(directory: Path) -> dict[str, Any]:
    """Write four light curves with a box-shaped transit, their depths, and their stars."""
    rng = np.random.default_rng(1)
    names = np.array(["a", "b", "c", "d"])
    depth = np.array([0.001, 0.004, 0.010, 0.016])
    inside = (np.arange(60) >= 20) & (np.arange(60) < 40)
    path = directory / "light_curves.npz"
    np.savez(
        path,
        name=names,
        flux=1.0 - depth[:, None] * inside + rng.normal(0.0, 1e-4, (4, 60)),
        depth=depth,
        star=np.array([0, 0, 1, 1]),
    )
    labels, catalogue = {"columns": "depth"}, {"columns": "star"}
    return {"params": {"path": str(path), "target": "name", "labels": labels, "catalogue": catalogue}}


def ndrs(directory: Path) -> dict[str, Any]:
    """Write two files of NDRs as ExoSim does: four ramps of two groups of one spectrometer, with ADC."""
    import h5py

    rng = np.random.default_rng(2)
    reset, integration, n_ramp = 0.4, (0.1, 3.5), 4
    began = np.arange(n_ramp)[:, None] * (sum(integration) + reset)
    start = began + np.array([0.1, 0.1 + integration[0]])
    for name in ("a", "b"):
        light = rng.poisson(np.tile(np.cumsum(integration), n_ramp)[:, None, None] * np.full((3, 5), 200.0))
        with h5py.File(directory / f"{name}_ndr.h5", "w") as file:
            channel = file.create_group("channels/CH0")
            frames = channel.create_group("NDRs")
            frames["data"] = (0.5 * (light + 1000.0)).astype(np.uint16)
            frames["data_units"] = "adu"
            frames["time"], frames["time_units"] = start.ravel() / 3600.0, "h"
            frames["spectral"], frames["spectral_units"] = np.linspace(2.0, 1.0, 5), "um"
            frames["spatial"], frames["spatial_units"] = np.zeros(3), "um"
            frames["metadata/n_groups_per_ramp"] = 2
            frames["metadata/integration_times/value"] = np.tile(integration, n_ramp)
            frames["metadata/integration_times/unit"] = "s"
            frames["metadata/ADC/gain"], frames["metadata/ADC/offset"] = 0.5, -1000.0
            channel["simulation_data/dead_pixel_map/dead_pixel_map"] = np.eye(3, 5, dtype=bool)
    return {"params": {"path": str(directory)}}


def x1dints(directory: Path) -> dict[str, Any]:
    """Write two exposures of JWST as the pipeline does: a row for each of eight integrations, four channels."""
    from astropy.io import fits

    rng = np.random.default_rng(3)
    for exposure in ("00001", "00002"):
        columns = [
            fits.Column("INT_NUM", "J", array=np.arange(8) + 1),
            fits.Column("TDB-MID", "D", unit="d", array=59_787.0 + np.arange(8) / 100),
            fits.Column("WAVELENGTH", "4D", unit="um", array=np.tile([3.0, 3.1, 3.2, 3.3], (8, 1))),
            fits.Column("FLUX", "4D", unit="Jy", array=rng.normal(1.0, 1e-3, (8, 4))),
            fits.Column("FLUX_ERROR", "4D", unit="Jy", array=np.full((8, 4), 1e-3)),
            fits.Column("DQ", "4J", bzero=2**31, array=np.eye(8, 4, dtype=np.uint32)),
        ]
        primary = fits.PrimaryHDU(header=fits.Header({"INSTRUME": "NIRSPEC", "DETECTOR": "NRS1"}))
        name = f"jw01366004001_04101_{exposure}-seg001_nrs1_x1dints.fits"
        fits.HDUList([primary, fits.BinTableHDU.from_columns(columns, name="EXTRACT1D")]).writeto(directory / name)
    return {"params": {"path": str(directory)}}


def eureka_light_curves(directory: Path) -> dict[str, Any]:
    """Write two files of light curves as stage 4 of Eureka! does: three channels, a box-shaped transit."""
    import h5py

    rng = np.random.default_rng(3)
    time = 59787.0 + np.arange(60) / 300.0
    inside = (np.arange(60) >= 20) & (np.arange(60) < 40)
    wavelength = np.array([1.0, 2.0, 3.0])
    for name, depth in (("a", 0.010), ("b", 0.015)):
        flux = 1e5 * (1.0 - depth * inside) * np.ones((3, 1))
        variables = {
            "data": (flux + rng.normal(0.0, 20.0, flux.shape), "flux_units", "ELECTRONS"),
            "err": (np.full(flux.shape, 20.0), "flux_units", "ELECTRONS"),
            "mask": (np.zeros(flux.shape, np.int8), "flux_units", "None"),
            "time": (time, "time_units", "BMJD_TDB"),
            "wavelength": (wavelength, "wave_units", "microns"),
            "wave_low": (wavelength - 0.5, "wave_units", "microns"),
            "wave_hi": (wavelength + 0.5, "wave_units", "microns"),
        }
        with h5py.File(directory / f"{name}_LCData.h5", "w") as file:
            for key, (values, attribute, units) in variables.items():
                file[key] = values
                file[key].attrs[attribute] = units
    return {"params": {"path": str(directory)}}
