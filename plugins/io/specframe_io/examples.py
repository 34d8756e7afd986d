"""What the conformance suite runs the loaders on: a few small files of each format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "channel_tables",
    "chromatic_light_curves",
    "eureka_light_curves",
    "fits_cubes",
    "light_curves",
    "ndrs",
    "published_spectra",
    "tess_light_curves",
    "x1dints",
]


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


def channel_tables(directory: Path) -> dict[str, Any]:
    """Write the light curves of two planets, a text file for each of three channels, with a box-shaped transit."""
    rng = np.random.default_rng(5)
    time = 2_459_787.0 + np.arange(60) / 300.0
    airmass = np.linspace(1.4, 1.1, 60)
    for name, depth in (("a", 0.010), ("b", 0.015)):
        (directory / name).mkdir()
        for wavelength in ("0.55", "0.65", "0.75"):
            transit = 1.0 - depth * ((np.arange(60) >= 20) & (np.arange(60) < 40))
            flux = 1e6 * transit * (1.0 - 0.01 * airmass) + rng.normal(0.0, 300.0, 60)
            table = np.column_stack([time, flux, np.full(60, 300.0), airmass])
            np.savetxt(directory / name / f"{wavelength}.txt", table, "%.8f", header="BJD_TDB flux error airmass")
    return {
        "params": {
            "path": str(directory),
            "pattern": "{target}/{wavelength}.txt",
            "columns": {"time": "BJD_TDB", "flux": "flux", "flux_error": "error"},
            "regressors": {"airmass": "airmass"},
            "flux_units": "electron",
        }
    }


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


def chromatic_light_curves(directory: Path) -> dict[str, Any]:
    """Write two files of raw light curves as chromatic does: three channels, eight times, one bad sample."""
    import xarray as xr

    rng = np.random.default_rng(4)
    wavelength = np.array([3.0, 3.5, 4.1])
    good = np.ones((3, 8), bool)
    good[1, 2] = False
    for name in ("a", "b"):
        grid = ("wavelength", "time")
        xr.Dataset(
            {
                "raw_flux": (grid, rng.normal(1.0, 1e-3, (3, 8)), {"units": ""}),
                "raw_flux_error": (grid, np.full((3, 8), 1e-3), {"units": ""}),
                "quality_flag": (grid, good, {"units": ""}),
                "start_wavelength": ("wavelength", wavelength - 0.2, {"units": "micron"}),
                "end_wavelength": ("wavelength", wavelength + 0.2, {"units": "micron"}),
                "x": ("time", rng.normal(0.0, 0.01, 8), {"units": "pix"}),
            },
            coords={
                "wavelength": ("wavelength", wavelength, {"units": "micron"}),
                "time": ("time", 59_787.0 + np.arange(8) / 100, {"units": "d"}),
            },
            attrs={"code": '"chromatic"', "author": '"A. N. Observer"', "data_origin": '"simulated"'},
        ).to_netcdf(directory / f"{name}-raw-light-curves.xc", engine="h5netcdf")
    return {"params": {"path": str(directory), "time_system": "BMJD_TDB"}}


def fits_cubes(directory: Path) -> dict[str, Any]:
    """Write two files of cubes, each of two spectral orders: planes of flux and error."""
    from astropy.io import fits

    rng = np.random.default_rng(5)
    time = 59_743.2 + np.arange(12) / 1500
    for name in ("a", "b"):
        hdus: list[Any] = [fits.PrimaryHDU()]
        for order, wavelength in (("O1", np.linspace(0.9, 2.8, 4)), ("O2", np.linspace(0.6, 0.9, 3))):
            shape = (len(wavelength), len(time))
            images = {
                "TIME": time,
                "WAVE": wavelength,
                "DATA": np.array([rng.normal(1.0, 1e-3, shape), np.full(shape, 1e-3)]),
                "OOTM": np.ones(len(time), np.int64),
                "MASK": np.ones(shape, np.int64),
            }
            hdus += [fits.ImageHDU(image, name=f"{kind}_NIRISS-{order}") for kind, image in images.items()]
        fits.HDUList(hdus).writeto(directory / f"{name}.fits")
    return {"params": {"path": str(directory)}}


def tess_light_curves(directory: Path) -> dict[str, Any]:
    """Write two sectors of one star and one of another as the TESS pipeline (SPOC) does, 20 cadences each."""
    from astropy.io import fits

    rng = np.random.default_rng(6)
    for tic, sector in ((25_155_310, 1), (25_155_310, 2), (38_846_515, 1)):
        time = 1_325.0 + 27.0 * sector + np.arange(20) / 720
        time[3] = np.nan
        columns = [
            fits.Column("TIME", "D", unit="BJD - 2457000, days", array=time),
            fits.Column("SAP_FLUX", "E", unit="e-/s", array=rng.normal(1e4, 10.0, 20)),
            fits.Column("PDCSAP_FLUX", "E", unit="e-/s", array=rng.normal(1e4, 10.0, 20)),
            fits.Column("PDCSAP_FLUX_ERR", "E", unit="e-/s", array=np.full(20, 10.0)),
            fits.Column("QUALITY", "J", array=np.where(np.arange(20) == 7, 128, 0)),
            fits.Column("POS_CORR1", "E", unit="pixels", array=rng.normal(0.0, 1e-3, 20)),
        ]
        star = {"TELESCOP": "TESS", "OBJECT": f"TIC {tic}", "TICID": tic, "SECTOR": sector, "TEFF": 5746.0}
        table = fits.BinTableHDU.from_columns(columns, name="LIGHTCURVE")
        table.header.update({"BJDREFI": 2_457_000, "BJDREFF": 0.0, "TIMESYS": "TDB", "FRAMETIM": 2.0, "NUM_FRM": 60})
        primary = fits.PrimaryHDU(header=fits.Header(star))
        fits.HDUList([primary, table]).writeto(directory / f"tess-s{sector:04d}-{tic:016d}-s_lc.fits")
    return {"params": {"path": str(directory)}}


def published_spectra(directory: Path) -> dict[str, Any]:
    """Write the spectrum of a planet with two instruments: Rp/R* with asymmetric errors, and edges of channels."""
    rows = {"PRISM": (0.6, 0.1450), "G395H": (2.9, 0.1460)}
    for name, (start, ratio) in rows.items():
        lines = ["wave,wave_low,wave_high,rp/rs,rp/rs_err_low,rp/rs_err_high"]
        for i in range(5):
            middle = start + 0.1 * i
            lines.append(f"{middle:.2f},{middle - 0.05:.2f},{middle + 0.05:.2f},{ratio + 1e-4 * i:.4f},0.0004,0.0005")
        (directory / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {"params": {"path": str(directory), "target": "WASP-39b"}}
